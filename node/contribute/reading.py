# SPDX-License-Identifier: AGPL-3.0-or-later
"""From what somebody wrote into the form to the record that they propose, and back. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.directory.licences import licence_meant
from ledger.importing.countries import parse_country
from ledger.places.gazetteer import find
from ledger.text import fold
from node.contribute.work import read_work, work_texts
from node.web.words import message
from protocol.amounts import parse_day, show_day
from protocol.errors import Malformed
from protocol.record import DIRECTED_KINDS, KINDS, STATUSES, TERMS, check_record, is_language_tag, is_web_url

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES_MAX, CATEGORIES_MAX = 12, 32
PRECISIONS = (20, 100, 1_000)
"""Metres that can be chosen for a point set by hand: at the door, about a hundred metres, about a kilometre."""
_TOWN_PRECISION, _TOWN_M = "town", 5_000
_DAY_S = 86_400
_CATEGORY = re.compile(r"[a-z0-9-]{1,32}:.{1,100}")
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(?:[.,][0-9]{1,12})?")
_MAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,130}")
_ADDRESS = ("street", "postcode", "locality", "region")
_LIMITS = {"name": 300, "description": 8_000, "hours_note": 500, "conditions": 500, "audience": 500, "hours": 500}
_SHORT_MAX = 200


class Written(NamedTuple):
    """What somebody wrote: by field; `base` is the record that they change, `language` that of the page.

    `categories` are codes by what they are called here (folded).
    """

    texts: Mapping[str, str]
    base: dict[str, Any] | None
    language: str
    categories: Mapping[str, str] = {}


class Read(NamedTuple):
    """The record, and by field what does not do: messages. There is a record only where there is no fault."""

    record: dict[str, Any]
    faults: dict[str, str]


_NEEDED, _LONG = message("This is needed."), message("That is too long.")
_LICENCE = message("Write the licence as SPDX does, such as CC-BY-4.0 or ODbL-1.0.")


def languages_of(texts: Mapping[str, str]) -> list[str]:
    """The languages for which the form has fields, in their order."""
    tags = [name.removeprefix("name_") for name in texts if name.startswith("name_")]
    return [tag for tag in dict.fromkeys(tags) if is_language_tag(tag)][:LANGUAGES_MAX]


def texts_of(record: dict[str, Any], language: str) -> dict[str, str]:
    """The texts of the fields for a record."""
    access, contact = record.get("access", {}), record.get("contact", {})
    texts = {"kind": record["kind"], "licence": record["licence"], "status": record.get("status", "active")}
    names, told = record["name"], record.get("description", {})
    for tag in [*names, *(tag for tag in told if tag not in names)][:LANGUAGES_MAX]:
        texts |= {f"name_{tag}": names.get(tag, ""), f"description_{tag}": told.get(tag, "")}
    texts |= {name: record.get("address", {}).get(name, "") for name in (*_ADDRESS, "country")}
    point = record.get("point")
    if point is not None:
        texts |= {"lat": f"{point['lat'] / 1e7:.7g}", "lon": f"{point['lon'] / 1e7:.7g}"}
        near = [metres for metres in PRECISIONS if point["precision"] <= metres]
        texts["precision"] = str(near[0] if near else PRECISIONS[-1])
    texts |= {f"category_{number}": one for number, one in enumerate(record.get("categories", ()))}
    texts |= {name: access.get(name, "") for name in ("wheelchair", "fee")}
    texts |= {name: _in(access.get(name, {}), language) for name in ("conditions", "audience")}
    texts |= {"hours": record.get("hours", ""), "hours_note": _in(record.get("hours_note", {}), language)}
    texts |= {name: contact.get(name, "") for name in ("email", "phone")}
    texts |= {"visibility": contact.get("visibility", "public"), "url": record.get("url", "")}
    texts |= {f"term_{term}": "yes" for term in record.get("terms", ()) if term in TERMS}
    texts["item"] = record.get("item", "")
    if record.get("valid_until") is not None:
        texts["valid_until"] = show_day(record["valid_until"] // _DAY_S)
    return texts | work_texts(record.get("work", {}))


def _in(texts: Mapping[str, str], language: str) -> str:
    """The text that a field in the language of the page shows."""
    return texts.get(language) or (texts.get("und", "") if language not in texts else "")


def read_record(written: Written, record_id: bytes) -> Read:
    """The record that somebody proposes: what the form has no field for stays as it is."""
    texts, faults = written.texts, dict[str, str]()
    kept = {key: value for key, value in (written.base or {}).items() if key not in _FORMED}
    kind = texts.get("kind", "")
    if kind not in KINDS:
        faults["kind"] = _NEEDED
    made: dict[str, Any] = kept | {"id": record_id, "kind": kind}
    made |= _languages(written, faults)
    made |= {"address": _address(texts, faults), "point": _point(written, faults)}
    made |= {"categories": _categories(written), "url": _url(texts, faults), "access": _access(written, faults)}
    made |= {"hours": _text(texts, "hours", faults), "hours_note": _texts(written, "hours_note", faults)}
    made |= {"contact": _contact(texts, faults), "item": _text(texts, "item", faults)}
    made |= _offered(written, kind, faults)
    made["work"] = read_work(texts, (written.base or {}).get("work", {}), kind, faults)
    status, before = texts.get("status", ""), (written.base or {}).get("status", "active")
    made["status"] = status if status in STATUSES and status != "active" else None
    if status == before == "active" and "status" in (written.base or {}):
        made["status"] = "active"
    licence, licence_before = texts.get("licence", "").strip(), (written.base or {}).get("licence", "")
    made["licence"] = licence_before if licence in {"", licence_before} else licence_meant(licence)
    if licence and not made["licence"]:
        faults["licence"] = _LICENCE
    if source := _text(texts, "source", faults):
        made["sources"] = [*made.get("sources", ()), {"set": "told", "licence": made["licence"], "attribution": source}]
    made = {key: value for key, value in made.items() if value not in (None, "", [], {})}
    if not faults:
        try:
            check_record(made)
        except Malformed as error:
            faults[_field_of(error.text)] = error.text
    return Read({} if faults else made, faults)


_FORMED = frozenset(
    {"kind", "name", "description", "address", "point", "categories", "url", "access", "hours", "hours_note", "contact",
     "item", "direction", "terms", "valid_until", "work", "status", "licence", "id"}
)  # fmt: skip


def _field_of(text: str) -> str:
    """The field that an error of the record is about, as far as it says."""
    named = text.partition(":")[0]
    return named if named in {"licence", "url", "country"} else ""


def _text(texts: Mapping[str, str], name: str, faults: dict[str, str]) -> str:
    text = texts.get(name, "").strip()
    if len(text) > _LIMITS.get(name, _SHORT_MAX):
        faults[name] = _LONG
    return text


def _texts(written: Written, name: str, faults: dict[str, str], inside: str = "") -> dict[str, str]:
    """A text for which the form has one field, in the language of the page; other languages stay."""
    base = written.base or {}
    before = (base.get(inside, {}) if inside else base).get(name, {})
    text = _text(written.texts, name, faults)
    if text == _in(before, written.language):
        return dict(before)
    others = {tag: one for tag, one in before.items() if tag not in {written.language, "und"}}
    return others | ({written.language: text} if text else {})


def _languages(written: Written, faults: dict[str, str]) -> dict[str, dict[str, str]]:
    """Name and description, language by language; those for which there is no field stay."""
    base, tags = written.base or {}, languages_of(written.texts)
    made = {}
    for field in ("name", "description"):
        shown = {tag: written.texts.get(f"{field}_{tag}", "").strip() for tag in tags}
        for tag, text in shown.items():
            if len(text) > _LIMITS[field]:
                faults[f"{field}_{tag}"] = _LONG
        others = {tag: text for tag, text in base.get(field, {}).items() if tag not in shown}
        made[field] = others | {tag: text for tag, text in shown.items() if text}
    if not made["name"]:
        faults[f"name_{tags[0]}" if tags else "name"] = _NEEDED
    return made


def _address(texts: Mapping[str, str], faults: dict[str, str]) -> dict[str, str]:
    made = {name: _text(texts, name, faults) for name in _ADDRESS}
    wanted = texts.get("country", "").strip()
    known = parse_country(wanted) if wanted else None
    code = wanted if re.fullmatch(r"[A-Z]{2}", wanted) else known.code if known else ""
    if wanted and not code:
        faults["country"] = message("The name of a country, or its two letters, such as FR.")
    return {name: text for name, text in (made | {"country": code}).items() if text}


def _point(written: Written, faults: dict[str, str]) -> dict[str, Any] | None:
    """The point: as it was where nobody moved it, set by hand, or in the middle of a town."""
    texts, before = written.texts, (written.base or {}).get("point")
    lat, lon, near = (texts.get(name, "").strip() for name in ("lat", "lon", "near"))
    if before is not None:
        shown = texts_of({"kind": "", "licence": "", "name": {}, "point": before}, "")
        if all(texts.get(name, "").strip() == shown[name] for name in ("lat", "lon", "precision")):
            return dict(before)
    if not lat and not lon:
        if not near:
            return None
        town = find(near)
        if town is None:
            faults["near"] = message("No such town is known here: write another, or set the point on the map.")
            return None
        return {"lat": town.lat, "lon": town.lon, "precision": _TOWN_M, "method": _TOWN_PRECISION}
    place = {}
    for name, text, most in (("lat", lat, 90), ("lon", lon, 180)):
        number = float(text.replace(",", ".")) if _DEGREES.fullmatch(text) else 999.0
        if abs(number) > most:
            faults[name] = message("Degrees such as 50.6329.")
        place[name] = round(number * 1e7)
    chosen = texts.get("precision", "")
    metres = int(chosen) if chosen in {str(one) for one in PRECISIONS} else PRECISIONS[0]
    return place | {"precision": metres, "method": "hand"}


def _categories(written: Written) -> list[str]:
    """Codes; what is called like one that is in use here becomes that, and other words become a tag."""
    found = []
    numbered = [name for name in written.texts if re.fullmatch(r"category_[0-9]{1,2}", name)]
    for name in sorted(numbered, key=lambda name: int(name.partition("_")[2])):
        text = " ".join(written.texts[name].split())[:100]
        if text:
            code = text if _CATEGORY.fullmatch(text) else f"tag:{text.lower()}"
            found.append(written.categories.get(fold(text), code))
    return [*dict.fromkeys(found)][:CATEGORIES_MAX]


def _url(texts: Mapping[str, str], faults: dict[str, str]) -> str:
    text = texts.get("url", "").strip()
    if text and "://" not in text and "." in text:
        text = f"https://{text}"
    if text and (not is_web_url(text) or len(text) > 2_000):
        faults["url"] = message("An address like https://example.org.")
    return text


def _access(written: Written, faults: dict[str, str]) -> dict[str, Any]:
    texts = written.texts
    made: dict[str, Any] = {
        "wheelchair": texts.get("wheelchair", ""),
        "fee": texts.get("fee", ""),
        "conditions": _texts(written, "conditions", faults, "access"),
        "audience": _texts(written, "audience", faults, "access"),
        "languages": (written.base or {}).get("access", {}).get("languages", []),
    }
    return {name: value for name, value in made.items() if value}


def _contact(texts: Mapping[str, str], faults: dict[str, str]) -> dict[str, str] | None:
    email, phone = _text(texts, "email", faults), _text(texts, "phone", faults)
    if email and not _MAIL.fullmatch(email):
        faults["email"] = message("An address like info@example.org.")
    if not email and not phone:
        return None
    visibility = "members" if texts.get("visibility") == "members" else "public"
    return {name: text for name, text in (("email", email), ("phone", phone)) if text} | {"visibility": visibility}


def _offered(written: Written, kind: str, faults: dict[str, str]) -> dict[str, Any]:
    """What stands in offers and needs; terms and dates may stand elsewhere too."""
    texts, base = written.texts, written.base or {}
    directions = {"offer": "offer", "need": "want"}
    direction = base.get("direction") if base.get("kind") == kind else None
    until = texts.get("valid_until", "").strip()
    made: dict[str, Any] = {
        "direction": (direction or directions[kind]) if kind in DIRECTED_KINDS else None,
        "terms": [term for term in TERMS if texts.get(f"term_{term}")],
    }
    if sorted(base.get("terms", ())) == sorted(made["terms"]):
        made["terms"] = list(base.get("terms", ()))
    if until:
        try:
            day = parse_day(until)
        except Malformed:
            faults["valid_until"] = message("Write a day like 2026-03-02.")
            return made
        before = base.get("valid_until")
        made["valid_until"] = before if before is not None and before // _DAY_S == day else (day + 1) * _DAY_S - 1
    return made
