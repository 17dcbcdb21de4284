# SPDX-License-Identifier: AGPL-3.0-or-later
from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.importing.convert import Converted, convert, convert_table, missing_columns
from ledger.importing.identity import OutsideIds, record_id
from ledger.importing.mapping import CodeColumn, Mapping, TextColumn
from ledger.importing.problem import MappingError
from ledger.importing.read import read_table
from ledger.importing.table import Row
from protocol.encoding import encode
from protocol.record import check_record

LOG = bytes(range(32))
MAPPING = Mapping(
    set="test",
    licence="CC0-1.0",
    attribution="Somebody",
    identifier="id",
    name=(TextColumn("name"), TextColumn("name:fr", "fr"), TextColumn("nom", "fr")),
    description=(TextColumn("about"),),
    url=("web", "web2"),
    links=("social",),
    latitude="lat",
    longitude="lon",
    precision_column="precision",
    street=("number", "street"),
    postcode=("zip",),
    locality=("town",),
    country=("country",),
    categories=(CodeColumn("topic", "topic", separator=";"), CodeColumn("shop", "osm", "shop=")),
    structure=(CodeColumn("structure", tail=True),),
    identifiers=(CodeColumn("wikidata", "wikidata"),),
    hours=("hours",),
    wheelchair=("wheelchair",),
    fee=("fee",),
    email=("email",),
    phone=("phone",),
    status=("status",),
    closed=("closed",),
)


def _convert(**values: str) -> Converted:
    return convert(Row(2, {"id": "R1", "name": "A", **values}), MAPPING, LOG, 1_700_000_000)


def _noted(converted: Converted) -> list[tuple[str, str]]:
    return [(problem.field, problem.severity) for problem in converted.problems]


def test_a_whole_record() -> None:
    cells = {
        "name:fr": "Un &amp; deux",
        "nom": "not used",
        "about": "<p>x</p>y",
        "web": "www.a.org",
        "web2": "http://b.org",
        "social": "http://www.a.org/ https://c.org",
        "lat": "43,5",
        "lon": "3.25",
        "precision": "250",
        "number": "1",
        "street": "Rue\nB",
        "zip": "34000",
        "town": " Sète ",
        "country": "France",
        "topic": "food; tools;food",
        "shop": "art",
        "structure": "https://x.org/essglobal/OS130",
        "wikidata": "Q1",
        "hours": "24/7",
        "wheelchair": "oui",
        "fee": "no",
        "email": "a@b.org",
        "phone": "+33 1 23",
        "status": "paused",
    }
    converted = _convert(**cells)
    assert converted.problems == ()
    assert converted.record == {
        "id": record_id(LOG, "test", "R1"),
        "kind": "organisation",
        "name": {"und": "A", "fr": "Un & deux"},
        "description": {"und": "x\ny"},
        "url": "http://www.a.org",
        "links": ["http://b.org", "https://c.org"],
        "point": {"lat": 435000000, "lon": 32500000, "precision": 250, "method": "source"},
        "address": {"street": "1 Rue\nB", "postcode": "34000", "locality": "Sète", "country": "FR"},
        "categories": ["topic:food", "topic:tools", "osm:shop=art"],
        "structure": ["OS130"],
        "identifiers": [{"scheme": "wikidata", "id": "Q1"}],
        "hours": "24/7",
        "access": {"wheelchair": "yes", "fee": "no"},
        "contact": {"email": "a@b.org", "phone": "+33 1 23", "visibility": "public"},
        "status": "paused",
        "licence": "CC0-1.0",
        "sources": [
            {
                "set": "test",
                "record": "R1",
                "retrieved": 1_700_000_000,
                "licence": "CC0-1.0",
                "attribution": "Somebody",
            }
        ],
    }
    check_record(converted.record)


@pytest.mark.parametrize(
    ("values", "field", "reason", "left"),
    [
        ({"web": "update6"}, "url", "Not a web address", None),
        ({"web": "htpp://a.org"}, "url", "taken as http://a.org", "http://a.org"),
        ({"lat": "0", "lon": "0"}, "point", "lost position", None),
        ({"lat": "6280000", "lon": "770000"}, "point", "Outside the range", None),
        ({"lat": "43", "lon": ""}, "point", "Not two numbers", None),
        ({"country": "ABERDEEN"}, "address.country", "Not a country", None),
        ({"hours": "nine to five"}, "hours", "opening_hours syntax", "nine to five"),
        ({"hours": "x" * 501}, "hours", "501 characters", None),
        ({"about": "x" * 8_001}, "description", "8001 characters", None),
        ({"about": "Caf\ufffd"}, "description", "U+FFFD", {"und": "Caf\ufffd"}),
        ({"topic": ";".join(map(str, range(33)))}, "categories", "More than 32", [f"topic:{n}" for n in range(32)]),
        ({"social": " ".join(f"http://{n}.org" for n in range(17))}, "links", "More than 16", None),
        ({"street": "x" * 201}, "address.street", "201 characters", None),
        ({"email": "-muenchen.de"}, "contact.email", "Not an e-mail", None),
        ({"fee": "perhaps"}, "access.fee", "Neither yes nor no", None),
        ({"status": "MA"}, "status", "Not a status", None),
    ],
)
def test_a_bad_field_is_a_warning_and_the_row_goes_in(
    values: dict[str, str], field: str, reason: str, left: object
) -> None:
    converted = _convert(**values)
    assert _noted(converted) == [(field, "warning")]
    assert reason in converted.problems[0].reason
    assert converted.problems[0].row == 2
    assert converted.record is not None
    check_record(converted.record)
    if field != "links":
        assert converted.record.get(field.partition(".")[0]) == left


def test_exchanged_coordinates_are_mended_and_named() -> None:
    converted = _convert(lat="151.2", lon="-33.8")
    assert _noted(converted) == [("point", "warning")]
    assert converted.record is not None
    assert (converted.record["point"]["lat"], converted.record["point"]["lon"]) == (-338000000, 1512000000)


def test_a_code_of_suriname_in_bratislava() -> None:
    converted = _convert(country="SR", lat="48.1", lon="17.1")
    assert _noted(converted) == [("address.country", "warning")]
    suriname = _convert(country="SR", lat="5.8", lon="-55.2").record
    assert suriname is not None
    assert suriname["address"] == {"country": "SR"}


def test_a_column_that_says_closed() -> None:
    for values, status in (({"closed": "yes"}, "closed"), ({"closed": "no"}, None), ({"status": "Active"}, None)):
        record = _convert(**values).record
        assert record is not None
        assert record.get("status") == status


@pytest.mark.parametrize(("name", "reason"), [("", "No name"), (" \n", "No name"), ("x" * 301, "301 characters")])
def test_without_a_usable_name_the_row_is_refused(name: str, reason: str) -> None:
    converted = _convert(name=name)
    assert converted.record is None
    assert _noted(converted) == [("name", "error")]
    assert reason in converted.problems[0].reason


def test_an_identifier_that_is_too_long() -> None:
    assert _noted(_convert(id="x" * 301)) == [("id", "error")]


def test_two_rows_with_one_identifier() -> None:
    table = read_table(b"id,name\nR1,A\nR2,B\nR1,C\n")
    first, _, third = convert_table(table, MAPPING, LOG)
    assert first.record is not None
    assert third.record is None
    assert "Row 2 has the same identifier" in third.problems[0].reason


def test_rows_without_identifier_are_named_by_what_they_say() -> None:
    table = read_table(b"name,street,zip,town\nA,B 1,34000,S\nA,B 1,34000,S\nC,,,\nA,B 1,34000,S\n")
    mapping = msgspec.structs.replace(MAPPING, identifier="")
    stem = "~" + sha256(encode(["A", "B 1", "34000", "S"])).digest()[:8].hex()
    other = "~" + sha256(encode(["C", "", "", ""])).digest()[:8].hex()
    converted = list(convert_table(table, mapping, LOG))
    assert [item.outside_id for item in converted] == [stem, f"{stem}#2", other, f"{stem}#3"]
    assert len({item.record["id"] for item in converted if item.record}) == 4


def test_an_empty_identifier_is_made_up_with_a_warning() -> None:
    converted = _convert(id=" ")
    assert _noted(converted) == [("id", "warning")]
    assert converted.outside_id == "~" + sha256(encode(["A", "", "", ""])).digest()[:8].hex()


def test_record_ids_are_those_of_the_spec() -> None:
    hashed = sha256(b"folkmoot/import-record/1\0" + encode([LOG, "test", "R1"])).digest()
    assert record_id(LOG, "test", "R1") == hashed[:16]
    assert len({record_id(LOG, "test", "R2"), record_id(LOG, "other", "R1"), record_id(bytes(32), "test", "R1")}) == 3


def test_a_row_may_claim_its_identifier_again() -> None:
    ids = OutsideIds()
    assert [ids.claim(1, "a"), ids.claim(1, "a"), ids.claim(2, "a")] == [None, None, 1]


def test_incomplete_mappings_convert_nothing() -> None:
    table = read_table(b"id,name\n1,A\n")
    with pytest.raises(MappingError, match="licence"):
        next(convert_table(table, msgspec.structs.replace(MAPPING, licence=""), LOG))
    with pytest.raises(MappingError, match=r"no column .*uid"):
        next(convert_table(table, msgspec.structs.replace(MAPPING, identifier="uid"), LOG))
    with pytest.raises(MappingError, match=r"no column .*title"):
        next(convert_table(table, msgspec.structs.replace(MAPPING, name=(TextColumn("title"),)), LOG))
    assert "web" in missing_columns(table, MAPPING)


def test_rows_that_could_not_be_read_are_reported() -> None:
    table = read_table(b"id,name\n1,A\n2\n3,C\n")
    refused, *others = convert_table(table, MAPPING, LOG)
    assert (refused.row, refused.record) == (3, None)
    assert all(item.record for item in others)


@given(st.dictionaries(st.sampled_from(MAPPING.columns()), st.text()), st.sampled_from(["A", "É<b>", ""]))
def test_whatever_a_row_says_a_record_that_gets_in_is_valid(values: dict[str, str], name: str) -> None:
    converted = convert(Row(1, {**values, "name": name + values.get("name", "")}), MAPPING, LOG, 0)
    if converted.record is None:
        assert any(problem.severity == "error" for problem in converted.problems)
    else:
        check_record(converted.record)
        encode(converted.record)
