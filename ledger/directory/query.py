# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be asked of the directory: one query language for the command line, the API and the pages."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.places import gazetteer
from ledger.places.geography import box_around, degrees, parse_box, parse_distance
from ledger.text import words
from protocol.errors import Malformed
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

LIMIT_MAX = 100
ARCHIVED_S = 2 * 365 * 86_400
"""What nobody has put or checked for so long is not shown unless one asks for it (spec 10 §6)."""
RADIUS_DEFAULT_M = 10_000
RADIUS_MAX_M = 1_000_000
_AGE = re.compile(r"([0-9]{1,5}) ?(d|w|m|y|)")
_PART, _ESCAPED, _TO_ESCAPE = re.compile(r"(?:\\[\\,]|[^,])+"), re.compile(r"\\([\\,])"), re.compile(r"[\\,]")
_AGE_DAYS = {"": 1, "d": 1, "w": 7, "m": 30, "y": 365}
PARAMETERS = (
    "q", "kind", "category", "status", "bbox", "near", "lat", "lon", "radius", "licence", "country",
    "checked_within", "open", "direction", "terms", "over", "set", "log", "archived", "limit", "cursor",
)  # fmt: skip
"""The names under which a query is asked, everywhere."""


class QueryError(ValueError):
    """A query that cannot be answered; the text says which part is wrong and what would do."""


@dataclass(frozen=True)
class Circle:
    """Around a point in 1e-7 degrees; radius in metres; the name of the place it was asked by, if any."""

    lat: int
    lon: int
    radius_m: int
    place: str = ""


@dataclass(frozen=True)
class Query:
    """A search over the records of all logs held: the public ones, or instead of them those that are not.

    Every part narrows it. `open_at`: open at that moment. `valid_at`: not over by then. `seen_since`,
    `seen_before`: last put or checked then. (UTC seconds)
    """

    words: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    licences: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    logs: tuple[bytes, ...] = ()
    countries: tuple[str, ...] = ()
    box: tuple[int, int, int, int] | None = None
    circle: Circle | None = None
    checked_since: int | None = None
    open_at: int | None = None
    directions: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    valid_at: int | None = None
    seen_since: int | None = None
    seen_before: int | None = None
    limit: int = 20
    cursor: tuple[int, ...] = ()
    private: bool = False


def parse_query(parameters: Mapping[str, Sequence[str]], now: int, *, private: bool = False) -> Query:
    """The query that named texts spell; `now` in UTC seconds, for what depends on it. Raises QueryError.

    Whether it is for what is not public is no text: the caller says so, who knows that the asker may.
    """
    unknown = sorted(set(parameters) - set(PARAMETERS))
    if unknown:
        raise QueryError(f"no search parameter {', '.join(unknown)[:100]}; there are {', '.join(PARAMETERS)}")
    one = {name: values[-1].strip() for name, values in parameters.items() if values and values[-1].strip()}
    try:
        return Query(
            words=tuple(words(one.get("q", ""), query=True)),
            kinds=_several(parameters, "kind"),
            categories=_several(parameters, "category"),
            statuses=_several(parameters, "status"),
            licences=_several(parameters, "licence"),
            sets=_several(parameters, "set"),
            logs=tuple(map(_log, _several(parameters, "log"))),
            countries=_several(parameters, "country"),
            box=parse_box(one["bbox"]) if "bbox" in one else None,
            circle=_circle(one),
            checked_since=now - _age(one["checked_within"]) if "checked_within" in one else None,
            open_at=now if _switch(one, "open", "now") else None,
            directions=_several(parameters, "direction"),
            terms=_several(parameters, "terms"),
            valid_at=None if _switch(one, "over", "include") else now,
            **_archived(one, now),
            limit=_limit(one.get("limit", "20")),
            cursor=read_cursor(one.get("cursor", "")),
            private=private,
        )
    except QueryError:
        raise
    except ValueError as error:
        raise QueryError(str(error)) from None


def circle_box(circle: Circle) -> tuple[int, int, int, int]:
    """The box (south, west, north, east) around a circle; west > east if it crosses the antimeridian."""
    return box_around(circle.lat, circle.lon, circle.radius_m)


def split_values(text: str) -> list[str]:
    """Several values with commas between them; a comma that belongs to one has a backslash before it."""
    return [_ESCAPED.sub(r"\1", part) for part in _PART.findall(text)]


def join_values(values: Iterable[str]) -> str:
    """Several values as `split_values` reads them."""
    return ",".join(_TO_ESCAPE.sub(r"\\\g<0>", value) for value in values)


def _several(parameters: Mapping[str, Sequence[str]], name: str) -> tuple[str, ...]:
    values = [part.strip() for value in parameters.get(name, ()) for part in split_values(value)]
    return tuple(dict.fromkeys(value for value in values if value))


def _log(text: str) -> bytes:
    try:
        return parse_log_id(text)
    except Malformed as error:
        raise QueryError(f"log: {error.text}") from None


def _circle(one: Mapping[str, str]) -> Circle | None:
    radius = parse_distance(one["radius"]) if "radius" in one else RADIUS_DEFAULT_M
    if not 0 < radius <= RADIUS_MAX_M:
        raise QueryError(f"radius: up to {RADIUS_MAX_M // 1000} km")
    if "near" in one:
        place = gazetteer.find(one["near"])
        if place is None:
            close = ", ".join(gazetteer.suggest(one["near"])[:3])
            raise QueryError(
                f"near: no town {one['near'][:60]!r} in the gazetteer" + (f"; perhaps {close}?" if close else "")
            )
        return Circle(place.lat, place.lon, radius, f"{place.name}, {place.country}")
    if "lat" in one and "lon" in one:
        lat, lon = degrees(one["lat"]), degrees(one["lon"])
        if not (abs(lat) <= 900_000_000 and abs(lon) <= 1_800_000_000):
            raise QueryError("lat, lon: not a place on earth")
        return Circle(lat, lon, radius)
    if "radius" in one or "lat" in one or "lon" in one:
        raise QueryError("radius: say around what: near=TOWN, or lat and lon")
    return None


def _archived(one: Mapping[str, str], now: int) -> dict[str, int]:
    """What is archived is left out, but where one asks for it, or for records in some state."""
    asked = one.get("archived", "include" if "status" in one else "")
    if asked not in {"", "include", "only"}:
        raise QueryError(f"archived: include or only, or leave it out; not {asked[:40]!r}")
    bound = now - ARCHIVED_S
    return {"": {"seen_since": bound}, "only": {"seen_before": bound}}.get(asked, {})


def _switch(one: Mapping[str, str], name: str, on: str) -> bool:
    if one.get(name, on) != on:
        raise QueryError(f"{name}: {on}, or leave it out; not {one[name][:40]!r}")
    return name in one


def _age(text: str) -> int:
    match = _AGE.fullmatch(text)
    if not match:
        raise QueryError(f"checked_within: {text[:40]!r} is not a time such as 90d, 12w, 6m or 1y")
    return int(match[1]) * _AGE_DAYS[match[2]] * 86_400


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= LIMIT_MAX:
        raise QueryError(f"limit: a number from 1 to {LIMIT_MAX}, not {text[:40]!r}")
    return int(text)


def write_cursor(key: Sequence[int]) -> str:
    """A place in the order of results as opaque text."""
    return urlsafe_b64encode(b"".join(part.to_bytes(8, "big") for part in key)).decode().rstrip("=")


def read_cursor(text: str) -> tuple[int, ...]:
    """What `write_cursor` was given; empty for empty text. Raises QueryError."""
    if not text:
        return ()
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Base64Error, ValueError):
        data = b"?"
    if len(data) != 8 * KEY_PARTS:
        raise QueryError("cursor: take it from `next` of the page before")
    return tuple(int.from_bytes(data[n : n + 8], "big") for n in range(0, len(data), 8))


KEY_PARTS = 7
"""Of the order of results: rank or distance, three parts of the folded name, two of the id, the row id."""
