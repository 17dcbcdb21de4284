# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 03: statement, payload, entry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import Value, encode
from protocol.errors import Malformed
from protocol.merkle import leaf_hash
from protocol.statement import (
    AT_MAX,
    Entry,
    Opaque,
    Payload,
    Statement,
    commit,
    holds,
    make_entry,
    make_payload,
    make_statement,
    open_payload,
    parse_entry,
    parse_payload,
    parse_statement,
    sign_statement,
    signed_message,
)
from tests.builders import START, Log, found_organisation, make_statement_payload, seeded, signing_key
from tests.drawing import draws
from tests.protocol.strategies import damaged, flips, hashes, hostile, texts, values
from tests.protocol.vectors import Case, agreed, join_runs, vectors

kinds = st.text("abcxyz0189._-", min_size=1, max_size=64)
bodies = st.dictionaries(texts, values, max_size=4)
times = st.integers(0, AT_MAX)
ids = st.binary(min_size=16, max_size=16)
statements = st.builds(make_statement, hashes | st.just(b""), kinds, ids, times, hashes, bodies)
pairs = st.tuples(hashes, st.binary(min_size=64, max_size=64))
signatures = st.lists(pairs, min_size=1, max_size=16, unique_by=lambda pair: pair[0])
payloads = st.builds(make_payload, hashes, st.binary(max_size=100), signatures)
entries = st.builds(make_entry, times, st.integers(0, 2), hashes)

ORGANISATION = found_organisation()
LOG = Log(ORGANISATION).grow(3)


def read_statement(data: bytes) -> Statement:
    statement = parse_statement(data)
    if isinstance(statement, Opaque):
        raise Malformed("statement_version", "of a version that is not known")
    statement.read_body()
    return statement


def read_entry(data: bytes) -> Entry:
    entry = parse_entry(data)
    if isinstance(entry, Opaque):
        raise Malformed("entry_version", "of a version that is not known")
    return entry


@vectors("03-statement", "statement")
def test_statement_vectors(case: Case) -> None:
    data = bytes.fromhex(case["statement_hex"])
    with agreed(case):
        statement = read_statement(data)
        assert (statement.version, statement.kind, statement.at) == (1, case["kind"], case["at"])
        found = statement.log_id, statement.id, statement.author, bytes(statement.body), signed_message(data)
        fields = ("log_id", "id", "author", "body", "signed_message")
        assert [part.hex() for part in found] == [case[f"{field}_hex"] for field in fields]
        assert encode([1, *found[:1], statement.kind, statement.id, statement.at, statement.author, {}])[:-1] in data


@vectors("03-statement", "payload")
def test_payload_vectors(case: Case) -> None:
    data = bytes.fromhex(case["payload_hex"])
    with agreed(case):
        payload = parse_payload(data)
        found = payload.salt, payload.statement, commit(data)
        assert [part.hex() for part in found] == [case[f"{field}_hex"] for field in ("salt", "statement", "commitment")]
        assert [[one.key.hex(), one.signature.hex()] for one in payload.signatures] == case["signatures_hex"]


@vectors("03-statement", "entry")
def test_entry_vectors(case: Case) -> None:
    data = bytes.fromhex(case["entry_hex"])
    with agreed(case):
        entry = read_entry(data)
        assert (entry.version, entry.at, entry.scope) == (1, case["at"], case["scope"])
        assert (entry.commitment.hex(), leaf_hash(data).hex()) == (case["commitment_hex"], case["leaf_hash_hex"])
        assert make_entry(entry.at, entry.scope, entry.commitment) == data


@vectors("03-statement", "holder", unlike=lambda case: case.get("reason") == "at_decreases")
def test_holder_vectors(case: Case) -> None:
    # `at_decreases` is about two entries: the ledger's to say.
    with agreed(case):
        entry, payload = read_entry(bytes.fromhex(case["entry_hex"])), bytes.fromhex(case["payload_hex"])
        if payload:
            opened = open_payload(payload, entry.commitment, bytes.fromhex(case["log_id_hex"]), case["position"])
            read_statement(opened.payload.statement)
            opened.verify()


@vectors("03-statement", "size")
def test_size_vectors(case: Case) -> None:
    with agreed(case):
        if "statement_runs_hex" in case:
            read_statement(join_runs(case["statement_runs_hex"]))
        else:
            parse_payload(join_runs(case["payload_runs_hex"]))


@given(hashes | st.just(b""), kinds, ids, times, hashes, bodies)
def test_statements_come_back(
    log_id: bytes, kind: str, statement_id: bytes, at: int, author: bytes, body: dict[str, Value]
) -> None:
    statement = parse_statement(make_statement(log_id, kind, statement_id, at, author, body))
    assert isinstance(statement, Statement)
    found = statement.log_id, statement.kind, statement.id, statement.at, statement.author
    assert found == (log_id, kind, statement_id, at, author)
    assert encode(statement.read_body()) == encode(body)


@given(hashes, st.binary(max_size=100), signatures)
def test_payloads_come_back(salt: bytes, statement: bytes, given_pairs: list[tuple[bytes, bytes]]) -> None:
    payload = parse_payload(make_payload(salt, statement, given_pairs))
    found = [(one.key, one.signature) for one in payload.signatures]
    assert (payload.salt, payload.statement) == (salt, statement)
    assert found == [given_pairs[0], *sorted(given_pairs[1:])]


def rewritten(parsed: Statement | Payload | Entry) -> bytes:
    match parsed:
        case Statement():
            body = parsed.read_body()
            return encode([1, parsed.log_id, parsed.kind, parsed.id, parsed.at, parsed.author, body])
        case Payload():
            pairs: list[Value] = [[one.key, one.signature] for one in parsed.signatures]
            return encode([parsed.salt, parsed.statement, pairs])
    return make_entry(parsed.at, parsed.scope, parsed.commitment)


@draws(150)
@given(hostile | damaged(statements) | damaged(payloads) | damaged(entries))
def test_any_bytes_are_refused_opaque_or_the_one_spelling(data: bytes) -> None:
    for parse in (parse_statement, parse_payload, parse_entry):
        try:
            parsed = parse(data)
            assert isinstance(parsed, Opaque) or rewritten(parsed) == data
            assert not isinstance(parsed, Opaque) or parsed.version > 1
        except Malformed:
            pass


@pytest.mark.parametrize("depth", [*range(1, 10), *range(900, 1000, 3), 5000])
def test_nothing_nested_breaks_a_parser(depth: int) -> None:
    nested = b"\x91" * depth + b"\x90"
    head = encode([1, b"", "charter", bytes(16), 0, bytes(32), {}])[:-1]
    for data in (nested, b"\x97" + nested, b"\x94\x01" + nested, b"\x93" + nested, head + b"\x81\xa1a" + nested):
        for parse in (read_statement, parse_payload, read_entry):
            try:
                parse(data)
                assert parse is read_statement
                assert depth < 7
            except Malformed:
                pass


@pytest.mark.parametrize("version", [2, 3, 2**63 - 1])
def test_later_versions_are_opaque_whatever_follows(version: int) -> None:
    rests: list[list[Value]] = [[], [1, "a"], [b"", "charter", bytes(16), 0, bytes(32), {}], [0, 0, bytes(32)]]
    for rest in rests:
        assert parse_statement(encode([version, *rest])) == Opaque(version)
        assert parse_entry(encode([version, *rest])) == Opaque(version)


@pytest.mark.parametrize("version", [0, -1, True, "1", b"1"])
def test_versions_before_the_first_are_no_statements(version: Value) -> None:
    for data in (encode([version, b"", "charter", bytes(16), 0, bytes(32), {}]), encode([version, 0, 0, bytes(32)])):
        with pytest.raises(Malformed):
            parse_statement(data)
        with pytest.raises(Malformed):
            parse_entry(data)


@pytest.mark.parametrize(
    "change",
    [
        {"log_id": b"a"},
        *({"kind": kind} for kind in ("", "A", "a" * 65, "a\n")),
        *({"id": b""}, {"author": b""}, {"at": -1}, {"at": 2**40}),
        *({"body": []}, {"body": {"a": None}}, {"body": {"a": 1.5}}),
    ],
)
def test_a_statement_that_breaks_the_page_is_not_made(change: dict[str, object]) -> None:
    fields = {"log_id": b"", "kind": "a", "id": bytes(16), "at": 0, "author": bytes(32), "body": {}} | change
    with pytest.raises(Malformed):
        make_statement(*fields.values())  # type: ignore[arg-type] # one of them is wrong on purpose


def test_a_payload_is_opened_in_its_place_only() -> None:
    entry, payload = LOG.entries[2]
    commitment, log_id = read_entry(entry).commitment, ORGANISATION.log_id
    open_payload(payload, commitment, log_id, 2).verify()
    other = found_organisation("other")
    for arguments, reason in (
        ((payload, commit(b""), log_id, 2), "commitment"),
        ((payload, commitment, other.log_id, 2), "wrong_log"),
        ((payload, commitment, log_id, 0), "wrong_log"),
        ((ORGANISATION.payload, commit(ORGANISATION.payload), log_id, 1), "wrong_log"),
        ((other.payload, commit(other.payload), log_id, 0), "wrong_log"),
    ):
        with pytest.raises(Malformed, match=reason):
            open_payload(*arguments)


def test_no_bit_of_a_payload_can_be_flipped_even_under_its_own_commitment() -> None:
    payload = LOG.entries[1][1]
    salt = payload.index(parse_payload(payload).salt)
    for at, data in enumerate(flips(payload)):
        if salt <= at // 8 < salt + 32:
            continue  # the salt is not signed: the commitment binds it
        with pytest.raises(Malformed):
            open_payload(data, commit(data), ORGANISATION.log_id, 1).verify()


def test_only_the_covered_key_needs_no_check() -> None:
    steward = signing_key("steward")
    statement = make_statement(ORGANISATION.log_id, "a", seeded("id", 16), START, steward.public, {})
    spoiled = bytes(64)
    for author, operator in ((False, True), (True, False)):
        pairs = [
            sign_statement(statement, steward) if author else (steward.public, spoiled),
            sign_statement(statement, ORGANISATION.key) if operator else (ORGANISATION.key.public, spoiled),
        ]
        payload = make_payload(seeded("salt"), statement, pairs)
        opened = open_payload(payload, commit(payload), ORGANISATION.log_id, 1)
        assert [holds(statement, one) for one in opened.payload.signatures] == [author, operator]
        with pytest.raises(Malformed, match="bad_signature"):
            opened.verify()
        if author:
            opened.verify(covered=ORGANISATION.key.public)
        else:
            with pytest.raises(Malformed, match="bad_signature"):
                opened.verify(covered=ORGANISATION.key.public)


def test_the_order_of_signers_does_not_matter_to_who_makes_the_payload() -> None:
    signers = [ORGANISATION.key, *(signing_key(f"signer {number}") for number in range(4))]
    one = make_statement_payload(ORGANISATION.log_id, "a", {}, signers)
    other = make_statement_payload(ORGANISATION.log_id, "a", {}, [signers[0], *reversed(signers[1:])])
    assert one == other
    with pytest.raises(Malformed, match="signature_order"):
        make_statement_payload(ORGANISATION.log_id, "a", {}, [*signers, signers[0]])
    with pytest.raises(Malformed, match="payload_form"):
        make_statement_payload(ORGANISATION.log_id, "a", {}, [signing_key(str(number)) for number in range(17)])
