# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of results and what narrows it, prepared for the page; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from ledger.directory.labels import category_labels, code_labels, label_in
from ledger.directory.query import join_values
from ledger.directory.work import WORK
from ledger.places.geography import distance_m
from node.directory.asked import Asked
from node.web.languages import Text, choose
from node.web.words import Words, date_text, is_past

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ledger.directory.query import Circle

DESCRIPTION_CHARACTERS = 260
FACETS = ("kind", "direction", "terms", "category", "log", "country", "licence", "status")
VALUES_SHOWN, VALUES_MAX = 10, 60
STALE_S = 365 * 86_400
WIDER_KM = (10, 25, 50, 100, 250)


class Reader(NamedTuple):
    """Who reads: the languages they want, the words of the page, the time (UTC seconds)."""

    languages: tuple[str, ...]
    words: Words
    now: int


class Link(NamedTuple):
    """A text that leads somewhere."""

    text: str
    url: str


class Checked(NamedTuple):
    """When somebody last looked: the date in words (empty: never), and whether that is too long ago to rely on."""

    text: str
    stale: bool


class Result(NamedTuple):
    """One record in the list."""

    name: Text
    url: str
    kind: str
    mark: str
    status: str
    locality: str
    distance: str
    description: Text | None
    categories: list[Link]
    source: str
    licence: str
    log: Text
    checked: Checked
    labels: list[str]
    grey: bool


class Value(NamedTuple):
    """A value of a facet, how many records have it, and the view with it, or without it if it is chosen."""

    text: str
    number: str
    url: str
    chosen: bool


class Facet(NamedTuple):
    """A property by which records can be narrowed down: what is shown at once, and the rest."""

    title: str
    values: list[Value]
    more: list[Value]


def result(record: Mapping[str, Any], log: Text, asked: Asked, circle: Circle | None, reader: Reader) -> Result:
    """A record object (ledger.directory.present) as an item of the list."""
    words = reader.words
    description = choose(record["description"], reader.languages) if record.get("description") else None
    source: Mapping[str, Any] = next(iter(record.get("sources", ())), {})
    over = "valid_until" in record and is_past(record["valid_until"], reader.now)
    status = "" if record["status"] == "active" else words.label("status", record["status"])
    return Result(
        name=choose(record["name"], reader.languages),
        url=record_url(record["log"], record["id"]),
        kind=words.label("kind", record["kind"]),
        mark=record["kind"] if words.has_label("kind", record["kind"]) else "",
        status=status or (words("Over") if over else ""),
        locality=record.get("address", {}).get("locality", ""),
        distance=distance_text(record, circle, words),
        description=Text(cut(description.text, DESCRIPTION_CHARACTERS), description.lang) if description else None,
        categories=category_links(record.get("categories", ()), asked, words),
        source=source.get("attribution") or source.get("set", ""),
        licence=record["licence"],
        log=log,
        checked=checked(record.get("checked_at"), reader),
        labels=label_texts(record, words),
        grey=is_past(record["entry"]["seen_at"] + STALE_S, reader.now),
    )


def label_texts(record: Mapping[str, Any], words: Words) -> list[str]:
    """The labels on a record, each with who put it there."""
    return [
        words("“{label}”, says {by}", label=label["label"], by=label["by_name"]) for label in record.get("labels", ())
    ]


def record_url(log: str, record_id: str) -> str:
    """The address of a record's page."""
    return f"/record/{log}/{record_id}"


def checked(at: int | None, reader: Reader) -> Checked:
    """When somebody last looked."""
    if at is None:
        return Checked("", stale=True)
    return Checked(date_text(at, reader.words), is_past(at + STALE_S, reader.now))


def category_text(category: str, words: Words) -> str:
    """A category as people read it: its label, else the code without its scheme, blanks for underscores."""
    label = label_in(category_labels(category), words.language)
    if label:
        return label
    if category == WORK:
        return words.label("category", "work")
    code = category.partition(":")[2] or category
    key, equals, value = code.partition("=")
    if equals and value == "yes":
        code = key
    elif equals:
        code = value
    if code.isdecimal():  # a number says nothing without its list
        return f"{category.partition(':')[0].upper()} {code}"
    return code.replace("_", " ")


def code_text(group: str, code: str, words: Words) -> str:
    """A code of `structure`, `membership` or `country` as people read it: its label, else the code itself."""
    return label_in(code_labels(group, code), words.language) or code


def category_links(categories: list[str] | tuple[str, ...], asked: Asked, words: Words) -> list[Link]:
    """Categories, each with the view that is narrowed down to it."""
    return [
        Link(category_text(category, words), asked.with_value("category", join_values([category])).url())
        for category in categories
    ]


def facets(
    counts: Mapping[str, Mapping[str, int]], asked: Asked, words: Words, names: Mapping[str, Text]
) -> list[Facet]:
    """The facets worth showing: those where a choice is left, or was made. `names` are those of logs."""
    shown = []
    for name in FACETS:
        chosen = asked.chosen(name)
        left = [] if chosen else list(counts.get(name, {}).items())
        if not chosen and ((len(left) < 2 and name != "category") or not left):
            continue
        values = [
            Value(facet_text(name, value, words, names), "", asked.without(name, value).url(), chosen=True)
            for value in chosen
        ] + [
            Value(
                facet_text(name, value, words, names),
                words.number(count),
                asked.with_filter(name, value).url(),
                chosen=False,
            )
            for value, count in left[:VALUES_MAX]
        ]
        split = max(VALUES_SHOWN, len(chosen))
        shown.append(Facet(words.label("facet", name), values[:split], values[split:]))
    return shown


def facet_text(facet: str, value: str, words: Words, names: Mapping[str, Text]) -> str:
    """A value of a facet as people read it."""
    if facet == "log":
        return names[value].text if value in names else value[:8]
    if facet == "category":
        text = category_text(value, words)
        # The same word may be a category and a skill, each with its own number.
        return words("{skill} (skill)", skill=text) if value.startswith("skill:") else text
    return code_text(facet, value, words) if facet == "country" else words.label(facet, value)


def filters(asked: Asked, circle: Circle | None, words: Words, names: Mapping[str, Text]) -> list[Link]:
    """What narrows the view, in words, each with the view without it."""
    links = []
    for name in asked.filters():
        value = asked.get(name)
        if name in FACETS:
            links += [
                Link(
                    words(
                        "{facet}: {value}", facet=words.label("facet", name), value=facet_text(name, each, words, names)
                    ),
                    asked.without(name, each).url(),
                )
                for each in asked.chosen(name)
            ]
        elif name in {"near", "lat"}:
            links.append(Link(_around(asked, circle, words), asked.without(name).url()))
        else:
            text = {
                "q": words("Words: {words}", words=value),
                "bbox": words("Inside a box on the map"),
                "open": words("Open now"),
                "over": words("With what is over"),
                "archived": words("Only what is archived") if value == "only" else words("With what is archived"),
                "checked_within": words("Checked within {time}", time=value),
                "set": words("From the data set {name}", name=value),
            }[name]
            links.append(Link(text, asked.without(name).url()))
    return links


def wider(
    asked: Asked, shown: Sequence[Link], circle: Circle | None, words: Words, count: Callable[[Asked], int]
) -> list[Link]:
    """Views that hold something when this one does not, each with how much; `shown` are the filters of this one."""

    def link(text: str, view: Asked) -> list[Link]:
        found = count(view)
        told = words("{category} ({number})", category=text, number=words.number(found))
        return [Link(told, view.url())] if found else []

    links: list[Link] = []
    for kilometres in WIDER_KM if circle else ():
        if not links and circle and kilometres * 1000 > circle.radius_m:
            farther = asked.with_value("radius", f"{kilometres}km")
            links += link(words("Look within {km} km", km=str(kilometres)), farther)
    if not asked.get("status"):
        links += link(words("Include what has closed"), asked.with_value("status", "active,planned,paused,closed"))
    if not asked.get("over"):
        links += link(words("Include offers and needs that are over"), asked.with_value("over", "include"))
    if not asked.get("archived"):
        links += link(words("Include what nobody has checked for two years"), asked.with_value("archived", "include"))
    for one in shown[:6]:
        view = Asked.read(parse_qsl(one.url.partition("?")[2]))
        links += link(words("Without “{filter}”", filter=one.text), view)
    return links


def cut(text: str, characters: int) -> str:
    """The beginning of a text, cut between words, with an ellipsis if anything is left out."""
    text = " ".join(text.split())
    if len(text) <= characters:
        return text
    head = text[:characters]
    space = head.rfind(" ")
    return head[: space if space > characters // 2 else characters].rstrip(" ,;:.-") + "…"


def _around(asked: Asked, circle: Circle | None, words: Words) -> str:
    if circle is None:
        return asked.get("near")
    place = circle.place or f"{circle.lat / 1e7:.4f}, {circle.lon / 1e7:.4f}"
    return words("Within {distance} of {place}", distance=words.distance(circle.radius_m), place=place)


def distance_text(record: Mapping[str, Any], circle: Circle | None, words: Words) -> str:
    """How far a record is from the middle of a circle; empty where that is not known."""
    point = record.get("point")
    if circle is None or point is None:
        return ""
    lat, lon = round(point["lat"] * 1e7), round(point["lon"] * 1e7)
    return words.distance(distance_m(lat, lon, circle.lat, circle.lon))
