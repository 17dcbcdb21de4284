# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records of the directory and the ids of imported ones, spec 10 §2 and §4."""

import hashlib
import re
import unicodedata
from collections.abc import Callable

from tests.reference import messagepack
from tests.reference.messagepack import Value
from tests.reference.rejection import require
from tests.reference.shape import is_array, is_bytes, is_integer, is_language_tag, is_map, is_text, is_web_url

Check = Callable[[Value], bool]

CLOSED_LISTS = {
    "kind": ("organisation", "place", "resource", "service", "offer", "need", "person"),
    "method": ("source", "address", "town", "hand", "gps"),
    "wheelchair": ("yes", "limited", "no"),
    "fee": ("yes", "no"),
    "direction": ("offer", "want"),
    "terms": ("give", "lend", "rent", "sell", "time", "mutual"),
    "scope": ("local", "regional", "national", "international"),
    "per": ("hour", "day", "piece"),
    "visibility": ("public", "members"),
    "status": ("active", "planned", "paused", "closed"),
}


def text(high: int = 65_535, low: int = 0) -> Check:
    """Text of a length in code points, without control characters other than newline."""

    def check(value: Value) -> bool:
        controls = [one for one in value if unicodedata.category(one) == "Cc"] if isinstance(value, str) else []
        return is_text(value, low, high) and all(one == "\n" for one in controls)

    return check


def langs(high: int = 65_535, low: int = 0) -> Check:
    """A map from language tag to text, 1 to 32 entries."""

    def check(value: Value) -> bool:
        if not is_map(value) or not 1 <= len(value) <= 32:
            return False
        return all(is_language_tag(tag) and text(high, low)(content) for tag, content in value.items())

    return check


def integer(low: int = 0, high: int = 2**63 - 1) -> Check:
    """An integer in a range."""
    return lambda value: is_integer(value, low, high)


def array(element: Check, high: int = 4_096) -> Check:
    """An array of such elements."""
    return lambda value: is_array(value, 0, high) and all(element(one) for one in value)


def fields(required: dict[str, Check], optional: dict[str, Check] | None = None) -> Check:
    """A map with these keys; others are let pass."""

    def check(value: Value) -> bool:
        if not is_map(value) or not required.keys() <= value.keys():
            return False
        known = required | (optional or {})
        return all(known[key](one) for key, one in value.items() if key in known)

    return check


def is_picture(value: Value) -> bool:
    """A web address, or the path of a file under its hash."""
    name = value.removeprefix("/images/").rpartition(".") if isinstance(value, str) else ("", "", "")
    hashed = len(name[0]) == 64 and not set(name[0]) - set("0123456789abcdef")
    return is_url(value) or (hashed and name[2] in {"jpg", "webp"} and value == f"/images/{name[0]}.{name[2]}")


def is_url(value: Value) -> bool:
    """An http or https URL of up to 2,000 characters."""
    return is_web_url(value, 2_000)


def is_link(value: Value) -> bool:
    """A URL of a link: also mailto and tel."""
    return is_url(value) or (is_text(value, 1, 2_000) and bool(re.fullmatch(r"(mailto|tel):\S+", value)))


def is_category(value: Value) -> bool:
    """scheme:code."""
    return text()(value) and bool(re.fullmatch(r"[a-z0-9-]{1,32}:.{1,100}", value, re.DOTALL))


def are_categories(value: Value) -> bool:
    """Up to 32 categories, none twice."""
    return array(is_category, 32)(value) and len(set(value)) == len(value)


def is_point(value: Value) -> bool:
    """A point in 1e-7 degrees, and not the one where forgotten coordinates lie."""
    described = {
        "lat": integer(-900_000_000, 900_000_000),
        "lon": integer(-1_800_000_000, 1_800_000_000),
        "precision": integer(0, 100_000),
        "method": text(),
    }
    return fields(described)(value) and (value["lat"], value["lon"]) != (0, 0)


def is_country(value: Value) -> bool:
    """Two upper-case letters."""
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Z]{2}", value))


def is_code(value: Value) -> bool:
    """A code of a unit, spec 17 §3."""
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9._-]{1,12}", value))


def are_skills(value: Value) -> bool:
    """Up to 32 skills, none twice."""
    return array(text(100, 1), 32)(value) and len(set(value)) == len(value)


def is_rate(value: Value) -> bool:
    """A rate, which names no clause without its contract."""
    needed = {"amount": integer(0, 10**15), "unit": is_code, "scale": integer(0, 9), "per": text()}
    beside = {"by": text(200), "contract": SUBJECT, "clause": integer(0, 31), "table": is_url}
    return fields(needed, beside)(value) and ("contract" in value or "clause" not in value)


DAY = integer(-719_162, 2_932_896)
SUBJECT = fields({"log": lambda value: is_bytes(value, 32), "id": lambda value: is_bytes(value, 16)})
PLACE_PART = text(200)
REQUIRED: dict[str, Check] = {
    "id": lambda value: is_bytes(value, 16),
    "kind": text(),
    "name": langs(300, 1),
    "licence": text(100, 1),
}
OPTIONAL: dict[str, Check] = {
    "description": langs(8_000),
    "url": is_url,
    "links": array(is_link, 16),
    "point": is_point,
    "address": fields(
        {},
        {
            "street": PLACE_PART,
            "postcode": PLACE_PART,
            "locality": PLACE_PART,
            "region": PLACE_PART,
            "country": is_country,
        },
    ),
    "categories": are_categories,
    "structure": array(text(), 8),
    "membership": array(text(), 8),
    "hours": text(500),
    "hours_note": langs(500),
    "access": fields(
        {},
        {
            "wheelchair": text(),
            "fee": text(),
            "conditions": langs(),
            "audience": langs(),
            "languages": array(is_language_tag),
        },
    ),
    "direction": text(),
    "terms": array(text()),
    "item": text(200),
    "valid_until": integer(),
    "work": fields(
        {},
        {
            "skills": are_skills,
            "rate": is_rate,
            "from": DAY,
            "until": DAY,
            "remote": lambda value: isinstance(value, bool),
        },
    ),
    "scope": text(),
    "images": array(fields({"url": is_picture, "licence": text(), "alt": langs()}), 16),
    "contact": fields({"visibility": text()}, {"email": text(), "phone": text()}),
    "identifiers": array(fields({"scheme": text(), "id": text()}), 32),
    "relations": array(fields({"predicate": text(), "object": SUBJECT}), 64),
    "status": text(),
    "sources": array(
        fields({"set": text(), "licence": text()}, {"record": text(), "retrieved": integer(), "attribution": text()}),
        16,
    ),
    "checked_at": integer(),
}
# Keys of the maps inside a record.
INNER_KEYS = {
    "point": {"lat", "lon", "precision", "method"},
    "address": {"street", "postcode", "locality", "region", "country"},
    "access": {"wheelchair", "fee", "conditions", "audience", "languages"},
    "contact": {"email", "phone", "visibility"},
    "work": {"skills", "rate", "from", "until", "remote"},
    "images": {"url", "licence", "alt"},
    "identifiers": {"scheme", "id"},
    "relations": {"predicate", "object"},
    "sources": {"set", "record", "retrieved", "licence", "attribution"},
}


def check_record(record: Value) -> None:
    """Accept what may be received, else `malformed`."""
    require(fields(REQUIRED, OPTIONAL)(record), "malformed")
    if record["kind"] in CLOSED_LISTS["kind"]:
        require(("direction" in record) == (record["kind"] in ("offer", "need")), "malformed")
        require("work" not in record or record["kind"] in ("offer", "need"), "malformed")


def is_signable(record: Value) -> bool:
    """Whether a record that may be received may be signed too: no unknown key, no unknown value of a closed list."""
    if not record.keys() <= REQUIRED.keys() | OPTIONAL.keys():
        return False
    for key, known in INNER_KEYS.items():
        inner = record.get(key, [])
        if not all(one.keys() <= known for one in (inner if isinstance(inner, list) else [inner])):
            return False
    rate = record.get("work", {}).get("rate", {})
    if not rate.keys() <= {"amount", "unit", "scale", "per", "by", "contract", "clause", "table"}:
        return False
    chosen = {**record, **record.get("point", {}), **record.get("access", {}), **record.get("contact", {})}
    chosen |= {"per": rate["per"]} if rate else {}
    for key, words in CLOSED_LISTS.items():
        value = chosen.get(key, [])
        if not all(word in words for word in (value if isinstance(value, list) else [value])):
            return False
    return True


def imported_id(log_id: bytes, short_name: str, outside_id: str) -> bytes:
    """The id of an imported record, spec 10 §4; 16 bytes."""
    encoded = messagepack.encode([log_id, short_name, outside_id])
    return hashlib.sha256(b"folkmoot/import-record/1\0" + encoded).digest()[:16]


def made_up_outside_id(place: list[str], row: int) -> str:
    """The outside id of a row of a set that has none: of [name, street, postcode, locality]; rows count from 1."""
    digest = hashlib.sha256(messagepack.encode(list[Value](place))).digest()[:8].hex()
    return f"~{digest}" if row == 1 else f"~{digest}#{row}"
