# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 10 §2: the least record, and records with one thing wrong."""

from tests.reference import messagepack
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Group

SUBJECT: dict[str, Value] = {"log": seeded_bytes("subject log"), "id": seeded_bytes("subject id", 16)}


def minimal(kind: str = "place", **changes: Value) -> dict[str, Value]:
    """The least record of a kind."""
    made = {"id": seeded_bytes(f"record {kind}", 16), "kind": kind, "name": {"en": "The Mill"}, "licence": "CC0-1.0"}
    direction = {"offer": "offer", "need": "want"}.get(kind)
    return made | ({"direction": direction} if direction else {}) | changes


def broken_records(group: Group) -> Group:
    def broken(field: str, values: dict[str, Value]) -> None:
        for name, value in values.items():
            made = minimal() | {field: value}
            group.invalid(f"{field}: {name}", "malformed", record_hex=messagepack.encode(made).hex())

    for key in minimal():
        made = minimal()
        del made[key]
        group.invalid(f"{key}: missing", "malformed", record_hex=messagepack.encode(made).hex())
    for field, values in broken_values().items():
        broken(field, values)
    for kind in ("offer", "need"):
        made = minimal(kind)
        del made["direction"]
        group.invalid(f"direction: missing in {kind}", "malformed", record_hex=messagepack.encode(made).hex())
    rate: dict[str, Value] = {"amount": 1, "unit": "h", "scale": 0, "per": "day"}
    works: dict[str, Value] = {
        "text": "baker",
        "33 skills": {"skills": [str(number) for number in range(33)]},
        "a skill twice": {"skills": ["a", "a"]},
        "empty skill": {"skills": [""]},
        "skill of 101 characters": {"skills": ["a" * 101]},
        "skill with a tab": {"skills": ["a\tb"]},
        "a day before the first": {"from": -719_163},
        "a day after the last": {"until": 2_932_897},
        "remote as text": {"remote": "yes"},
        **{f"rate without {key}": {"rate": {k: v for k, v in rate.items() if k != key}} for key in rate},
        "negative amount": {"rate": rate | {"amount": -1}},
        "amount above 10^15": {"rate": rate | {"amount": 10**15 + 1}},
        "unit of 13 characters": {"rate": rate | {"unit": "a" * 13}},
        "unit with a newline": {"rate": rate | {"unit": "h\n"}},
        "scale 10": {"rate": rate | {"scale": 10}},
        "by of 201 characters": {"rate": rate | {"by": "a" * 201}},
        "clause without contract": {"rate": rate | {"clause": 0}},
        "clause 32": {"rate": rate | {"contract": SUBJECT, "clause": 32}},
        "table that is a script": {"rate": rate | {"table": "javascript:alert(1)"}},
    }
    for name, work in works.items():
        made = minimal("offer", work=work)
        group.invalid(f"work: {name}", "malformed", record_hex=messagepack.encode(made).hex())
    made = minimal(work={})
    group.invalid("work: on a place", "malformed", record_hex=messagepack.encode(made).hex())
    group.invalid("an array", "malformed", record_hex="90")
    return group


def broken_values() -> dict[str, dict[str, Value]]:
    """For each field, values that are refused."""
    return described_values() | placed_values() | listed_values()


def described_values() -> dict[str, dict[str, Value]]:
    """Of the fields that say what it is."""
    many = {f"x-{number}": "a" for number in range(33)}
    return {
        "id": {"15 bytes": bytes(15), "17 bytes": bytes(17), "empty": b"", "text": "a" * 16},
        "kind": {"bytes": b"place", "integer": 1},
        "name": {
            "text": "The Mill",
            "no language": {},
            "33 languages": many,
            "empty text": {"en": ""},
            "301 characters": {"en": "a" * 301},
            "bytes": {"en": b"a"},
            "tab": {"en": "a\tb"},
            "NUL": {"en": "a\0b"},
            "carriage return": {"en": "a\r\nb"},
            "delete": {"en": "a\x7f"},
            "empty tag": {"": "a"},
            "tag with a space": {"e n": "a"},
        },
        "description": {"8,001 characters": {"en": "a" * 8_001}, "text": "a", "escape": {"en": "\x1b[1m"}},
        "licence": {"empty": "", "101 characters": "a" * 101, "a list": ["CC0-1.0"]},
        "hours": {"501 characters": "a" * 501, "a map": {"en": "a"}, "tab": "Mo\t08:00"},
        "hours_note": {"501 characters": {"en": "a" * 501}, "text": "a"},
        "direction": {"on a place": "offer"},
        "item": {"201 characters": "a" * 201, "bytes": b"a"},
        "valid_until": {"text": "2025", "true": True},
        "checked_at": {"text": "2025", "bytes": b"\0"},
        "scope": {"integer": 1},
        "status": {"false": False},
    }


def placed_values() -> dict[str, dict[str, Value]]:
    """Of the fields that say where it is."""
    point: dict[str, Value] = {"lat": 1, "lon": 1, "precision": 0, "method": "gps"}
    without = {f"without {key}": {k: v for k, v in point.items() if k != key} for key in point}
    return {
        "url": {
            "2,001 characters": "https://a.example/" + "a" * 1_983,
            "empty": "",
            "no scheme": "a.example",
            "mailto": "mailto:a@a.example",
            "a script": "javascript:alert(1)",
            "ftp": "ftp://a.example/",
            "a newline": "https://a.example/\na",
            "bytes": b"https://a.example/",
        },
        "links": {
            "17 links": ["https://a.example/"] * 17,
            "text": "https://a.example/",
            "a script": ["javascript:alert(1)"],
        },
        "point": {
            **without,
            "(0, 0)": point | {"lat": 0, "lon": 0},
            "lat above 90": point | {"lat": 900_000_001},
            "lat below -90": point | {"lat": -900_000_001},
            "lon above 180": point | {"lon": 1_800_000_001},
            "lon below -180": point | {"lon": -1_800_000_001},
            "precision negative": point | {"precision": -1},
            "precision 100,001": point | {"precision": 100_001},
            "lat as text": point | {"lat": "1"},
            "method is an integer": point | {"method": 1},
            "an array": [1, 1],
        },
        "address": {
            **{f"{key} of 201": {key: "a" * 201} for key in ("street", "postcode", "locality", "region")},
            "text": "Long Row 1",
            "country in lower case": {"country": "gb"},
            "country of three letters": {"country": "GBR"},
            "country of one letter": {"country": "G"},
            "country not ASCII": {"country": "\u00c4\u00d6"},
            "street with a tab": {"street": "a\tb"},
        },
        "access": {
            "text": "yes",
            "wheelchair true": {"wheelchair": True},
            "conditions as text": {"conditions": "a"},
            "languages as text": {"languages": "en"},
        },
    }


def listed_values() -> dict[str, dict[str, Value]]:
    """Of the fields that are lists, and the contact."""
    image: dict[str, Value] = {"url": "https://a.example/", "licence": "CC0-1.0", "alt": {"en": "a"}}
    named: dict[str, Value] = {"scheme": "a", "id": "b"}
    relation: dict[str, Value] = {"predicate": "a", "object": SUBJECT}
    source: dict[str, Value] = {"set": "farms", "licence": "CC0-1.0"}
    return {
        "categories": {
            "33": [f"s:{number}" for number in range(33)],
            "one twice": ["a:b", "a:c", "a:b"],
            "no colon": ["bakery"],
            "no scheme": [":bakery"],
            "no code": ["osm:"],
            "scheme of 33": ["a" * 33 + ":b"],
            "code of 101": ["a:" + "b" * 101],
            "scheme in upper case": ["OSM:shop"],
            "scheme with a dot": ["a.b:c"],
            "text": "osm:shop",
        },
        "structure": {"9": ["OS130"] * 9, "text": "OS130", "of integers": [130]},
        "membership": {"9": ["BMT10"] * 9, "text": "BMT10"},
        "terms": {"text": "give", "of integers": [1]},
        "images": {
            "17": [image] * 17,
            "of text": ["https://a.example/"],
            "url is a script": [image | {"url": "javascript:alert(1)"}],
            "path without a hash": [image | {"url": "/images/wheel.jpg"}],
            "path with a hash in capitals": [image | {"url": f"/images/{'A' * 64}.jpg"}],
            "path with a short hash": [image | {"url": f"/images/{'a' * 63}.jpg"}],
            "path of another type": [image | {"url": f"/images/{'a' * 64}.svg"}],
            "path with a query": [image | {"url": f"/images/{'a' * 64}.webp?a"}],
            "path elsewhere": [image | {"url": f"//images/{'a' * 64}.webp"}],
            "without a licence": [{k: v for k, v in image.items() if k != "licence"}],
            "alt as text": [image | {"alt": "a"}],
        },
        "contact": {
            "no visibility": {"email": "a@a.example"},
            "text": "a@a.example",
            "phone integer": {"phone": 1, "visibility": "public"},
        },
        "identifiers": {"33": [named] * 33, "without an id": [{"scheme": "a"}], "of text": ["a:b"]},
        "relations": {
            "65": [relation] * 65,
            "object without a log": [relation | {"object": {"id": SUBJECT["id"]}}],
            "object's id of 15 bytes": [relation | {"object": SUBJECT | {"id": bytes(15)}}],
            "object's log of 31 bytes": [relation | {"object": SUBJECT | {"log": bytes(31)}}],
            "without a predicate": [{"object": SUBJECT}],
        },
        "sources": {
            "17": [source] * 17,
            "without a set": [{"licence": "CC0-1.0"}],
            "without a licence": [{"set": "farms"}],
            "retrieved as text": [source | {"retrieved": "2025"}],
        },
    }
