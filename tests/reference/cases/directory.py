# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 10: records, statement bodies, ids of imported records."""

from collections.abc import Iterator

from tests.reference import body, messagepack, record, world
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group, vector_file

SUBJECT: dict[str, Value] = {"log": seeded_bytes("subject log"), "id": seeded_bytes("subject id", 16)}
IMPORT = seeded_bytes("import id", 16)
# Kinds whose body may hold a note.
NOTED = ("claim.checked", "claim.report", "claim.endorse", "claim.correct")


def generate() -> bytes:
    """The file 10-directory.json."""
    return vector_file("10", "Directory", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield records(
        Group(
            "record",
            "Read the record record_hex by §2 as on receipt. Gives id_hex, kind, and signable: whether it may also be signed"
            " (no unknown key, no unknown value of a closed list).",
            check_record,
        )
    )
    yield broken_records(
        Group(
            "record_malformed",
            "Records with one wrong type, broken limit or missing field. They are refused on receipt and when signing.",
            check_record,
        )
    )
    yield bodies(
        Group("body", "Read body_hex as the body of a statement of this kind, §1, as on receipt.", check_body),
    )
    ids = Group(
        "imported_id",
        "The id_hex of the record with the identifier outside_id of the data set `set`, imported into log_id_hex (§4).",
        check_id,
    )
    log_id = world.log_id().hex()
    for short_name, outside_id in (
        ("farms", "1"),
        ("farms", "2"),
        ("a", ""),
        ("x" * 64, "https://www.example/thing?id=7"),
        ("set.with_every-sort", "caf\u00e9"),
    ):
        ids.valid(f"{short_name} {outside_id}", log_id_hex=log_id, set=short_name, outside_id=outside_id)
    ids.valid("another log", log_id_hex="00" * 32, set="farms", outside_id="1")
    ids.invalid("outside id not in form C", "nfc", log_id_hex=log_id, set="farms", outside_id="cafe\u0301")
    yield ids
    made_up = Group(
        "made_up_outside_id",
        "The outside_id of the row-th row (from 1) with the same name, street, postcode and locality, in a set that has no"
        " identifiers (§4). A missing one is the empty text.",
        check_made_up,
    )
    mill: dict[str, object] = {"place_name": "The Mill", "street": "Long Row 1", "postcode": "AB1 2CD", "locality": "Green"}
    for row in (1, 2, 10):
        made_up.valid(f"row {row}", **mill, row=row)
    made_up.valid("only a name", **(mill | dict.fromkeys(("street", "postcode", "locality"), "")), row=1)
    yield made_up


def check_record(inputs: Fields) -> Fields:
    read = messagepack.decode(bytes.fromhex(inputs["record_hex"]))
    record.check_record(read)
    return {"id_hex": read["id"].hex(), "kind": read["kind"], "signable": record.is_signable(read)}


def check_body(inputs: Fields) -> Fields:
    body.check_body(inputs["kind"], messagepack.decode(bytes.fromhex(inputs["body_hex"])))
    return {}


def check_id(inputs: Fields) -> Fields:
    log_id = bytes.fromhex(inputs["log_id_hex"])
    return {"id_hex": record.imported_id(log_id, inputs["set"], inputs["outside_id"]).hex()}


def check_made_up(inputs: Fields) -> Fields:
    place = [inputs[key] for key in ("place_name", "street", "postcode", "locality")]
    return {"outside_id": record.made_up_outside_id(place, inputs["row"])}


def minimal(kind: str = "place", **changes: Value) -> dict[str, Value]:
    """The least record of a kind."""
    made = {"id": seeded_bytes(f"record {kind}", 16), "kind": kind, "name": {"en": "The Mill"}, "licence": "CC0-1.0"}
    direction = {"offer": "offer", "need": "want"}.get(kind)
    return made | ({"direction": direction} if direction else {}) | changes


def full(kind: str) -> dict[str, Value]:
    """A record of a kind with every field."""
    return minimal(
        kind,
        name={"en": "The Mill", "cy": "Y Felin", "und": "\u6c34\u8eca"},
        description={"en": "Flour and bread.\nOpen to all."},
        url="https://mill.example/",
        links=["https://social.example/@mill", "mailto:mill@mill.example", "tel:+44123456789", "http://old.mill.example"],
        point={"lat": 524_062_000, "lon": -40_829_000, "precision": 10, "method": "gps"},
        address={
            "street": "The Mill\nLong Row 1",
            "postcode": "AB1 2CD",
            "locality": "Green",
            "region": "Vale",
            "country": "GB",
        },
        categories=["osm:shop=bakery", "essglobal-a:A01"],
        structure=["OS130"],
        membership=["BMT10", "BMT20"],
        hours="Mo-Fr 08:00-18:00; PH off",
        hours_note={"en": "Ring the bell."},
        access={
            "wheelchair": "limited",
            "fee": "no",
            "conditions": {"en": "Bring a bag."},
            "audience": {"en": "Everybody"},
            "languages": ["en", "cy"],
        },
        terms=["give", "lend", "rent", "sell", "time", "mutual"],
        item="flour",
        valid_until=world.START + 86_400,
        scope="local",
        images=[{"url": "https://mill.example/a.jpg", "licence": "CC-BY-4.0", "alt": {"en": "The wheel"}}],
        contact={"email": "mill@mill.example", "phone": "+44 1234 56789", "visibility": "public"},
        identifiers=[{"scheme": "wikidata", "id": "Q42"}],
        relations=[{"predicate": "part-of", "object": SUBJECT}],
        status="active",
        sources=[
            {
                "set": "farms",
                "record": "7",
                "retrieved": world.START,
                "licence": "ODbL-1.0",
                "attribution": "The farms of the vale",
            }
        ],
        checked_at=world.START,
    )


def records(group: Group) -> Group:
    def add(title: str, made: dict[str, Value]) -> None:
        group.valid(title, record_hex=messagepack.encode(made).hex())

    for kind in record.CLOSED_LISTS["kind"]:
        add(f"minimal {kind}", minimal(kind))
        add(f"full {kind}", full(kind))
    for name, changes in (
        ("offer that is wanted", {"direction": "want"}),
        ("name of 300 characters", {"name": {"en": "\U0001f33e" * 300}}),
        ("name in 32 languages", {"name": {f"x-{number}": "a" for number in range(32)}}),
        ("description of 8,000 characters", {"description": {"en": "a" * 8_000}}),
        ("url of 2,000 characters", {"url": "https://a.example/" + "a" * 1_982}),
        ("16 links", {"links": ["https://a.example/"] * 16}),
        ("north pole, date line", {"point": {"lat": 900_000_000, "lon": 1_800_000_000, "precision": 0, "method": "hand"}}),
        ("south pole, date line", {"point": {"lat": -900_000_000, "lon": -1_800_000_000, "precision": 100_000, "method": "town"}}),
        ("on the equator", {"point": {"lat": 0, "lon": 1, "precision": 0, "method": "source"}}),
        ("on the meridian", {"point": {"lat": -1, "lon": 0, "precision": 0, "method": "address"}}),
        ("street of 200 characters", {"address": {"street": "a" * 200}}),
        ("32 categories", {"categories": [f"s:{number}" for number in range(32)]}),
        ("longest category", {"categories": ["-" * 32 + ":" + "\u00e9" * 100]}),
        ("category with colons", {"categories": ["a:b:c"]}),
        ("8 structures", {"structure": ["OS130"] * 8}),
        ("hours of 500 characters", {"hours": "a" * 500}),
        ("item of 200 characters", {"item": "a" * 200}),
        ("32 identifiers", {"identifiers": [{"scheme": "a", "id": "b"}] * 32}),
        ("64 relations", {"relations": [{"predicate": "a", "object": SUBJECT}] * 64}),
        ("contact with nothing to be reached by", {"contact": {"visibility": "members"}}),
        ("licence of 100 characters", {"licence": "LicenseRef-" + "a" * 89}),
    ):
        kind = "offer" if "direction" in changes else "place"
        add(name, minimal(kind, **changes))
    add_unsignable(group)
    return group


def add_unsignable(group: Group) -> None:
    """Records that are kept when received, but not signed."""
    point = {"lat": 1, "lon": 1, "precision": 0, "method": "gps"}
    for name, changes in (
        ("unknown key", {"colour": "green"}),
        ("unknown key with any value", {"aaa": [{"b": b"\0"}]}),
        ("unknown kind", {"kind": "vehicle"}),
        ("unknown method of a point", {"point": point | {"method": "dowsing"}}),
        ("unknown key of a point", {"point": point | {"height": 7}}),
        ("unknown key of an address", {"address": {"floor": "3"}}),
        ("unknown wheelchair", {"access": {"wheelchair": "designated"}}),
        ("unknown fee", {"access": {"fee": "donation"}}),
        ("unknown term", {"terms": ["give", "barter"]}),
        ("unknown scope", {"scope": "planetary"}),
        ("unknown visibility", {"contact": {"visibility": "friends"}}),
        ("unknown status", {"status": "demolished"}),
        ("unknown key of an image", {"images": [{"url": "https://a.example", "licence": "a", "alt": {"en": "a"}, "by": "b"}]}),
    ):
        case = group.valid(name, record_hex=messagepack.encode(minimal() | changes).hex())
        assert case["signable"] is False
    offer = minimal("offer", direction="swap")
    group.valid("unknown direction", record_hex=messagepack.encode(offer).hex())


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
        "links": {"17 links": ["https://a.example/"] * 17, "text": "https://a.example/", "a script": ["javascript:alert(1)"]},
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
            "without a licence": [{k: v for k, v in image.items() if k != "licence"}],
            "alt as text": [image | {"alt": "a"}],
        },
        "contact": {"no visibility": {"email": "a@a.example"}, "text": "a@a.example", "phone integer": {"phone": 1, "visibility": "public"}},
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


def bodies(group: Group) -> Group:
    good: dict[str, dict[str, Value]] = {
        "record.put": {"record": minimal()},
        "record.close": {"id": SUBJECT["id"], "reason": "closed"},
        "claim.checked": {"subject": SUBJECT, "finding": "right"},
        "claim.same": {"subject": SUBJECT, "other": SUBJECT | {"id": bytes(16)}},
        "claim.different": {"subject": SUBJECT, "other": SUBJECT | {"id": bytes(16)}},
        "claim.report": {"subject": SUBJECT, "type": "not_there"},
        "claim.endorse": {"subject": SUBJECT},
        "claim.correct": {"subject": SUBJECT, "record": minimal()},
        "import.start": {"id": IMPORT, "set": "farms", "file": bytes(32), "name": "Farms", "licence": "CC0-1.0"},
        "import.done": {"id": IMPORT, "added": 1, "updated": 0, "closed": 2**40, "kept": 3, "refused": 0},
        "import.undo": {"id": IMPORT},
    }
    for kind, content in good.items():
        group.valid(f"{kind} plain", kind=kind, body_hex=messagepack.encode(content).hex())
        for key in content:
            less = {k: v for k, v in content.items() if k != key}
            group.invalid(f"{kind} without {key}", "malformed", kind=kind, body_hex=messagepack.encode(less).hex())
            other = messagepack.encode(content | {key: [False]}).hex()
            group.invalid(f"{kind}: {key} of another type", "malformed", kind=kind, body_hex=other)
    for name, kind, changes in optional_parts():
        group.valid(f"{kind} {name}", kind=kind, body_hex=messagepack.encode(good[kind] | changes).hex())
    for name, kind, changes in broken_parts():
        group.invalid(f"{kind}: {name}", "malformed", kind=kind, body_hex=messagepack.encode(good[kind] | changes).hex())
    return group


def optional_parts() -> Iterator[tuple[str, str, dict[str, Value]]]:
    """Name, kind, and what else a body may hold."""
    yield "of an import", "record.put", {"import": IMPORT}
    yield "of an import", "record.close", {"import": IMPORT, "reason": "gone"}
    for reason in ("duplicate", "mistake", "undone"):
        yield f"for {reason}", "record.close", {"reason": reason}
    for finding in ("changed", "closed"):
        yield f"found {finding}", "claim.checked", {"finding": finding}
    for sort in ("wrong", "against_charter", "duplicate"):
        yield f"of {sort}", "claim.report", {"type": sort}
    for kind in NOTED:
        yield "with a note of 2,000 characters", kind, {"note": "a" * 2_000}
    yield "with attribution and a long set", "import.start", {"attribution": "The farmers", "set": "a.b_c-" + "9" * 58}


def broken_parts() -> Iterator[tuple[str, str, dict[str, Value]]]:
    """Name, kind, and what is wrong."""
    yield "import of 15 bytes", "record.put", {"import": bytes(15)}
    yield "record without a name", "record.put", {"record": {k: v for k, v in minimal().items() if k != "name"}}
    yield "proposed record at (0, 0)", "claim.correct", {"record": minimal(point={"lat": 0, "lon": 0, "precision": 0, "method": "gps"})}
    yield "id of 17 bytes", "record.close", {"id": bytes(17)}
    for kind in NOTED:
        yield "note of 2,001 characters", kind, {"note": "a" * 2_001}
    yield "subject's id of 15 bytes", "claim.endorse", {"subject": SUBJECT | {"id": bytes(15)}}
    yield "subject's log empty", "claim.endorse", {"subject": SUBJECT | {"log": b""}}
    yield "other is bytes", "claim.same", {"other": bytes(16)}
    yield "set in upper case", "import.start", {"set": "Farms"}
    yield "set empty", "import.start", {"set": ""}
    yield "set of 65 characters", "import.start", {"set": "a" * 65}
    yield "file of 31 bytes", "import.start", {"file": bytes(31)}
    yield "added negative", "import.done", {"added": -1}
    yield "id of 15 bytes", "import.undo", {"id": bytes(15)}
