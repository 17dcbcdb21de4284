# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 10 §2: the record, as it may be signed and as it is received."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.directory import RecordPut, read_body
from protocol.encoding import Value, decode, encode
from protocol.errors import Malformed
from protocol.record import DIRECTED_KINDS, KINDS, METHODS, SCOPES, STATUSES, TERMS, Record, check_limits, check_record
from protocol.statement import Statement, make_statement, parse_statement
from tests.builders import seeded
from tests.protocol.vectors import Case, agreed, vectors

words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=60)
langs = st.dictionaries(st.sampled_from(["en", "fr", "und", "pt-BR", "x-private"]), words, min_size=1)
urls = st.sampled_from(["https://moot.example/", "http://moot.example:8080/a?b#c"])
subjects = st.fixed_dictionaries(
    {"log": st.binary(min_size=32, max_size=32), "id": st.binary(min_size=16, max_size=16)}
)
points = st.fixed_dictionaries(
    {
        "lat": st.integers(-900_000_000, 900_000_000),
        "lon": st.integers(1, 1_800_000_000),
        "precision": st.integers(0, 100_000),
        "method": st.sampled_from(METHODS),
    }
)
optional = {
    "description": langs,
    "url": urls,
    "links": st.lists(urls | st.just("mailto:moot@example.org"), min_size=1, max_size=4),
    "point": points,
    "address": st.fixed_dictionaries({"locality": words}, optional={"country": st.just("BE"), "street": words}),
    "categories": st.lists(words.map(lambda code: f"essglobal:{code}"), min_size=1, max_size=4, unique=True),
    "structure": st.lists(words, min_size=1, max_size=8),
    "hours": words,
    "hours_note": langs,
    "access": st.fixed_dictionaries({"wheelchair": st.sampled_from(["yes", "limited", "no"])}),
    "terms": st.lists(st.sampled_from(TERMS), min_size=1, max_size=4),
    "item": words,
    "valid_until": st.integers(0, 2**40 - 1),
    "scope": st.sampled_from(SCOPES),
    "images": st.lists(st.fixed_dictionaries({"url": urls, "licence": words, "alt": langs}), min_size=1, max_size=2),
    "contact": st.fixed_dictionaries({"visibility": st.sampled_from(["public", "members"])}, optional={"phone": words}),
    "identifiers": st.lists(st.fixed_dictionaries({"scheme": words, "id": words}), min_size=1, max_size=3),
    "relations": st.lists(st.fixed_dictionaries({"predicate": words, "object": subjects}), min_size=1, max_size=3),
    "status": st.sampled_from(STATUSES),
    "sources": st.lists(st.fixed_dictionaries({"set": words, "licence": st.just("CC0-1.0")}), min_size=1, max_size=2),
    "checked_at": st.integers(0, 2**40 - 1),
}


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    required = {"id": st.binary(min_size=16, max_size=16), "kind": st.sampled_from(KINDS), "name": langs}
    value: dict[str, Any] = draw(st.fixed_dictionaries(required | {"licence": st.just("CC-BY-4.0")}, optional=optional))
    if value["kind"] in DIRECTED_KINDS:
        value["direction"] = {"offer": "offer", "need": "want"}[value["kind"]]
    return value


def receive(record: bytes) -> Record:
    """The record in a statement that somebody else signed."""
    put = make_statement(bytes(32), "record.put", bytes(16), 0, bytes(32), {"record": {}})
    statement = parse_statement(put[:-1] + record)
    assert isinstance(statement, Statement)
    body = read_body(statement)
    assert isinstance(body, RecordPut)
    return body.record


def is_signable(value: Value) -> bool:
    try:
        check_record(value)
    except Malformed as refusal:
        assert refusal.reason == "record"  # noqa: PT017 - refusal is one of two right answers
        return False
    return True


@vectors("10-directory", "record", "record_malformed")
def test_record_vectors(case: Case) -> None:
    data = bytes.fromhex(case["record_hex"])
    assert is_signable(decode(data)) is case.get("signable", False)
    # As for the reason word `malformed`: it is the verdict on the entry (§3), and the ledger's to say.
    with agreed(case, by_reason=False):
        record = receive(data)
        assert (record.id.hex(), record.kind) == (case["id_hex"], case["kind"])


@given(records())
def test_records_come_back(value: dict[str, Any]) -> None:
    record = check_record(value)
    assert record.body() == value
    assert receive(encode(value)) == record
    check_limits(record)


@given(records(), st.sampled_from(["id", "kind", "name", "licence"]))
def test_a_record_without_a_required_field_is_refused(value: dict[str, Any], field: str) -> None:
    del value[field]
    with pytest.raises(Malformed):
        check_record(value)
    with pytest.raises(Malformed):
        receive(encode(value))


@given(records(), st.dictionaries(words, st.integers(0, 9), min_size=1))
def test_unknown_keys_are_kept_from_signing_but_let_in(value: dict[str, Any], unknown: dict[str, int]) -> None:
    extra = value | {f"zz {key}": item for key, item in unknown.items()}
    with pytest.raises(Malformed, match="not a field"):
        check_record(extra)
    assert receive(encode(extra)) == check_record(value)


@given(records(), st.sampled_from(["kind", "scope", "status", "terms", "method", "visibility", "wheelchair"]))
def test_unknown_values_are_kept_from_signing_but_let_in(value: dict[str, Any], field: str) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "terms": {"terms": ["never"]},
        "method": {"point": {"lat": 1, "lon": 1, "precision": 1, "method": "never"}},
        "visibility": {"contact": {"visibility": "never"}},
        "wheelchair": {"access": {"wheelchair": "never"}},
    }
    value |= wrong.get(field, {field: "never"})
    with pytest.raises(Malformed, match="is not one of"):
        check_record(value)
    receive(encode(value))


@given(records(), st.sampled_from(["\x00", "\t", "\r", "\x1b", "\x7f", "\x85", "\x9b"]))
def test_control_characters_are_refused_by_every_reader(value: dict[str, Any], control: str) -> None:
    for change in (
        {"name": {"en": f"a{control}b"}},
        {"description": {"en": f"a{control}b"}},
        {"hours": f"a{control}b"},
        {"item": f"a{control}b"},
        {"address": {"street": f"a{control}b"}},
    ):
        with pytest.raises(Malformed, match="control"):
            check_record(value | change)
        with pytest.raises(Malformed, match="control"):
            receive(encode(value | change))
    assert is_signable(value | {"address": {"street": "one\ntwo"}})


MINIMAL: dict[str, Value] = {"id": seeded("record", 16), "kind": "place", "name": {"en": "Mill"}, "licence": "CC0-1.0"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": {"en": "a" * 301}},
        {"name": {}},
        {"description": {"en": "a" * 8001}},
        {"url": "javascript:alert(1)"},
        {"links": ["data:,a"]},
        {"links": ["https://a.example"] * 17},
        {"point": {"lat": 0, "lon": 0, "precision": 0, "method": "hand"}},
        {"point": {"lat": 900_000_001, "lon": 0, "precision": 0, "method": "hand"}},
        {"categories": ["a:b", "a:b"]},
        {"categories": ["nothing"]},
        {"direction": "offer"},
        {"kind": "offer"},
        {"valid_until": -1},
        {"licence": ""},
    ],
)
def test_a_broken_limit_is_refused_by_every_reader(change: dict[str, Value]) -> None:
    assert is_signable(MINIMAL)
    assert not is_signable(MINIMAL | change)
    with pytest.raises(Malformed):
        receive(encode(MINIMAL | change))


@given(records())
def test_a_title_is_always_the_same_one(value: dict[str, Any]) -> None:
    record = check_record(value)
    assert record.title() == value["name"][min(value["name"])]
    for language, text in value["name"].items():
        assert record.title(("xx", language)) == text


@given(
    st.recursive(st.none() | st.integers() | words | st.binary(), lambda one: st.lists(one, max_size=3), max_leaves=6)
)
def test_any_value_is_refused(value: Any) -> None:
    assert not is_signable(value)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(value, Record, builtin_types=(bytes,))
