# SPDX-License-Identifier: AGPL-3.0-or-later
import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ledger.importing.convert import convert_table
from ledger.importing.mapping import from_toml, to_toml
from ledger.importing.read import read_table
from ledger.importing.suggest import suggest
from ledger.importing.table import Table
from ledger.publishing.murmurations import profile
from protocol.record import check_record
from tests.ledger.publishing.made import BASE, FULL, shown

ORGANISATION = {
    "linked_schemas": ["organizations_schema-v1.0.0"],
    "unique_id": "u1",
    "name": "Tool library",
    "description": "Lends tools",
    "primary_url": "https://tools.example.org",
    "urls": [{"name": "Mastodon", "url": "https://social.example.org/@tools"}],
    "geolocation": {"lat": 50.6292, "lon": 3.0573},
    "full_address": "1 rue A, 59000 Lille",
    "country_iso_3166": "FR",
    "tags": ["tools", "lending"],
    "geographic_scope": "local",
    "contact_details": {"email": "hello@example.org"},
    "status": "on_hold",
}
WANT = {
    "linked_schemas": ["offers_wants_schema-v0.1.0"],
    "exchange_type": "want",
    "item_type": "good",
    "transaction_type": ["borrow-lend", "receive-donate"],
    "tags": ["ladder"],
    "title": "A ladder",
    "description": "For a day",
    "geographic_scope": "regional",
    "contact_details": {"contact_form": "https://example.org/write"},
    "expires_at": 1_900_000_000,
}
INDEX = {
    "data": [
        {
            "profile_url": "https://a.example.org/profile.json",
            "linked_schemas": ["organizations_schema-v1.0.0"],
            "name": "A",
            "primary_url": "a.example.org",
            "geolocation": {"lat": 48.1, "lon": 11.5},
            "last_updated": 1_700_000_000,
            "status": "posted",
            "tags": ["one", "two"],
        },
        {
            "profile_url": "https://b.example.org/profile.json",
            "linked_schemas": ["people_schema-v0.1.0"],
            "name": "B",
            "latitude": 48.2,
            "longitude": 11.6,
            "status": "deleted",
        },
    ],
    "links": {"next": None},
}


def _records(document: object) -> tuple[Table, list[dict[str, object]]]:
    table = read_table(json.dumps(document).encode())
    mapping = msgspec.structs.replace(suggest(table, "set"), licence="CC0-1.0")
    converted = list(convert_table(table, mapping, bytes(32)))
    assert [item.problems for item in converted] == [()] * len(converted)
    for item in converted:
        assert item.record is not None
        check_record(item.record)
    return table, [item.record or {} for item in converted]


def test_a_profile_of_an_organisation_is_a_record() -> None:
    table, (record,) = _records(ORGANISATION)
    assert table.format == "murmurations"
    assert record["kind"] == "organisation"
    assert record["name"] == {"fr": "Tool library"}
    assert record["url"] == "https://tools.example.org"
    assert record["links"] == ["https://social.example.org/@tools"]
    assert record["point"] == {"lat": 506_292_000, "lon": 30_573_000, "precision": 10, "method": "source"}
    assert record["address"] == {"street": "1 rue A, 59000 Lille", "country": "FR"}
    assert record["categories"] == ["tags:tools", "tags:lending"]
    assert (record["scope"], record["status"]) == ("local", "paused")
    assert record["contact"] == {"email": "hello@example.org", "visibility": "public"}


def test_offers_and_wants_keep_their_terms_and_their_end() -> None:
    _, (record, other) = _records([WANT, {**WANT, "exchange_type": "offer", "title": "A bench"}])
    assert (record["kind"], record["direction"], other["kind"], other["direction"]) == (
        "need",
        "want",
        "offer",
        "offer",
    )
    assert record["terms"] == ["lend", "give"]
    assert (record["item"], record["valid_until"]) == ("good", 1_900_000_000)


def test_an_index_is_a_table_of_its_profiles() -> None:
    _, (first, second) = _records(INDEX)
    assert (first["kind"], second["kind"]) == ("organisation", "person")
    assert ("status" in first, second["status"]) == (False, "closed")
    assert first["url"] == "http://a.example.org"
    assert first["sources"] == [{"set": "set", "record": "https://a.example.org/profile.json", "licence": "CC0-1.0"}]


def test_what_is_no_profile_is_refused_by_itself() -> None:
    table = read_table(json.dumps([ORGANISATION, "no profile"]).encode())
    assert [(problem.row, problem.value) for problem in table.refused] == [(2, "no profile")]
    assert len(table.rows) == 1


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_profile = st.dictionaries(
    st.sampled_from((*ORGANISATION, *WANT, "profile_url", "latitude", "\ud800")), _json, max_size=8
)


@given(profiles=st.lists(_profile | _json, max_size=4))
def test_whatever_profiles_hold_they_are_read_or_refused(profiles: list[object]) -> None:
    table = read_table(json.dumps([{"linked_schemas": [], "name": "First"}, *profiles]).encode())
    mapping = msgspec.structs.replace(suggest(table, "set"), licence="CC0-1.0")
    assert from_toml(to_toml(mapping)) == mapping
    for item in convert_table(table, mapping, bytes(32)):
        if item.record is not None and item.record["kind"] != "offer":
            check_record(item.record)


def test_a_profile_that_was_published_comes_back() -> None:
    _, (record,) = _records(profile(shown({**FULL, "description": {"fr": "Prête"}, "status": "paused"}), BASE))
    for field in ("kind", "url", "links", "scope", "status", "contact"):
        assert record[field] == FULL[field], field
    assert record["name"] == {"fr": "Outils & co"}
    assert record["point"] == {**FULL["point"], "precision": 10}, "a profile does not say how precise it is"
    assert record["address"] == {"street": "1 rue A, 59000, Lille, FR", "locality": "Lille", "country": "FR"}
