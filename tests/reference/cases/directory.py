# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 10: records, statement bodies, ids of imported records, duplicates."""

from collections.abc import Iterator

from tests.reference import messagepack, record, world
from tests.reference.cases import duplicates
from tests.reference.cases.bodies import bodies, check_body
from tests.reference.cases.broken_records import SUBJECT, broken_records, minimal
from tests.reference.messagepack import Value
from tests.reference.vector import Fields, Group, vector_file


def generate() -> bytes:
    """The file 10-directory.json."""
    return vector_file("10", "Directory", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield records(
        Group(
            "record",
            "Read the record record_hex by §2 as on receipt. Gives id_hex, kind, and signable: whether it may"
            " also be signed"
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
        "The outside_id of the row-th row (from 1) with the same name, street, postcode and locality, in a set"
        " that has no"
        " identifiers (§4). A missing one is the empty text.",
        check_made_up,
    )
    mill: dict[str, object] = {
        "place_name": "The Mill",
        "street": "Long Row 1",
        "postcode": "AB1 2CD",
        "locality": "Green",
    }
    for row in (1, 2, 10):
        made_up.valid(f"row {row}", **mill, row=row)
    made_up.valid("only a name", **(mill | dict.fromkeys(("street", "postcode", "locality"), "")), row=1)
    yield made_up
    yield from duplicates.groups()


def check_record(inputs: Fields) -> Fields:
    read = messagepack.decode(bytes.fromhex(inputs["record_hex"]))
    record.check_record(read)
    return {"id_hex": read["id"].hex(), "kind": read["kind"], "signable": record.is_signable(read)}


def check_id(inputs: Fields) -> Fields:
    log_id = bytes.fromhex(inputs["log_id_hex"])
    return {"id_hex": record.imported_id(log_id, inputs["set"], inputs["outside_id"]).hex()}


def check_made_up(inputs: Fields) -> Fields:
    place = [inputs[key] for key in ("place_name", "street", "postcode", "locality")]
    return {"outside_id": record.made_up_outside_id(place, inputs["row"])}


RATE: dict[str, Value] = {"amount": 1, "unit": "h", "scale": 0, "per": "day"}
WORK: dict[str, Value] = {
    "skills": ["skill:joinery", "Baking bread"],
    "rate": {
        "amount": 2_450,
        "unit": "EUR",
        "scale": 2,
        "per": "hour",
        "by": "Union of millers",
        "contract": SUBJECT,
        "clause": 3,
        "table": "https://union.example/rates",
    },
    "from": 20_500,
    "until": 20_864,
    "remote": True,
}


def full(kind: str) -> dict[str, Value]:
    """A record of a kind with every field that it may have."""
    return minimal(
        kind,
        **({"work": WORK} if kind in ("offer", "need") else {}),
        name={"en": "The Mill", "cy": "Y Felin", "und": "\u6c34\u8eca"},
        description={"en": "Flour and bread.\nOpen to all."},
        url="https://mill.example/",
        links=[
            "https://social.example/@mill",
            "mailto:mill@mill.example",
            "tel:+44123456789",
            "http://old.mill.example",
        ],
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
        images=[
            {"url": "https://mill.example/a.jpg", "licence": "CC-BY-4.0", "alt": {"en": "The wheel"}},
            {"url": f"/images/{'0123456789abcdef' * 4}.webp", "licence": "CC0-1.0", "alt": {"cy": "Yr olwyn"}},
            {"url": f"/images/{'f' * 64}.jpg", "licence": "CC0-1.0", "alt": {"en": "The weir"}},
        ],
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
        (
            "north pole, date line",
            {"point": {"lat": 900_000_000, "lon": 1_800_000_000, "precision": 0, "method": "hand"}},
        ),
        (
            "south pole, date line",
            {"point": {"lat": -900_000_000, "lon": -1_800_000_000, "precision": 100_000, "method": "town"}},
        ),
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
        ("work of which nothing is said", {"direction": "offer", "work": {}}),
        ("32 skills", {"direction": "offer", "work": {"skills": [f"skill {number}" for number in range(32)]}}),
        (
            "a rate of nothing, each piece",
            {"direction": "offer", "work": {"rate": RATE | {"amount": 0, "per": "piece"}}},
        ),
        ("the first and the last day", {"direction": "offer", "work": {"from": -719_162, "until": 2_932_896}}),
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
        (
            "unknown key of an image",
            {"images": [{"url": "https://a.example", "licence": "a", "alt": {"en": "a"}, "by": "b"}]},
        ),
    ):
        case = group.valid(name, record_hex=messagepack.encode(minimal() | changes).hex())
        assert case["signable"] is False
    for name, work in (
        ("unknown key of work", {"tools": "own"}),
        ("unknown key of a rate", {"rate": RATE | {"tax": 21}}),
        ("unknown per", {"rate": RATE | {"per": "moon"}}),
    ):
        group.valid(name, record_hex=messagepack.encode(minimal("offer", work=work)).hex())
    offer = minimal("offer", direction="swap")
    group.valid("unknown direction", record_hex=messagepack.encode(offer).hex())
