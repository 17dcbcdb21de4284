# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 04: the charter, its recovery keys, and chains of amendments."""

from __future__ import annotations

from contextlib import suppress
from itertools import combinations
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.charter import (
    CHARTERS_MAX,
    Charter,
    LogKeys,
    RecoverySet,
    describe,
    establish,
    found,
    parse_charter,
    recovery_key,
    recovery_set,
)
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.identity import log_id_of, show_log_id
from protocol.signature import SigningKey
from protocol.statement import make_payload, make_statement, sign_statement
from tests.builders import (
    START,
    Organisation,
    amend,
    found_organisation,
    make_charter,
    make_statement_payload,
    seeded,
    signing_key,
    witness_key,
)
from tests.protocol.strategies import damaged, hostile
from tests.protocol.vectors import Case, agreed, bytes_of, hex_of, vectors

ORGANISATION = found_organisation()
SECOND = make_charter("moot", 1, keys=[signing_key("new key").public])


def charter_fields(charter: Charter) -> Case:
    return {
        "kseq": charter.kseq,
        "keys_hex": hex_of(charter.keys),
        "recovery_keys_hex": hex_of(charter.recovery.keys),
        "threshold": charter.recovery.threshold,
        "next_hex": charter.next.hex(),
    }


@vectors("04-charter", "recovery_digest")
def test_recovery_digest_vectors(case: Case) -> None:
    assert RecoverySet(bytes_of(case["keys_hex"]), case["threshold"]).digest().hex() == case["digest_hex"]


@vectors("04-charter", "recovery_key")
def test_recovery_key_vectors(case: Case) -> None:
    key = recovery_key(bytes.fromhex(case["secret_hex"]), case["generation"])
    assert (key.seed.hex(), key.public.hex()) == (case["seed_hex"], case["public_key_hex"])


@vectors("04-charter", "body")
def test_body_vectors(case: Case) -> None:
    with agreed(case):
        found_fields = charter_fields(parse_charter(bytes.fromhex(case["body_hex"])))
        assert found_fields == {field: case[field] for field in found_fields}


@vectors("04-charter", "chain")
def test_chain_vectors(case: Case) -> None:
    *before, last = bytes_of(case["charters_hex"])
    if before:
        establish(before)
    with agreed(case):
        keys = establish([*before, last])
        found_fields = charter_fields(keys.charter) | {"log_id_hex": keys.log_id.hex()}
        assert found_fields == {field: case[field] for field in found_fields}
        assert keys.payloads == (*before, last)


names = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=200)


@given(st.dictionaries(st.sampled_from(["en", "de", "und", "pt-BR"]), names, min_size=1), names, st.integers(0, 2**62))
def test_bodies_come_back(name: dict[str, str], territory: str, kseq: int) -> None:
    charter = make_charter("moot", name=name, territory=territory)
    charter = msgspec.structs.replace(charter, kseq=kseq)
    assert parse_charter(encode(charter.body())) == charter
    assert charter.title(("xx", "de")) == name.get("de", name.get("en", next(iter(name.values()))))


@given(hostile | damaged(st.just(encode(ORGANISATION.charter.body()))))
def test_any_bytes_are_refused_or_a_body(data: bytes) -> None:
    try:
        assert encode(parse_charter(data).body())[:1] <= data[:1]
    except Malformed as refusal:
        assert refusal.reason == "body"  # noqa: PT017 - refusal is one of two right answers


@given(st.lists(hostile | damaged(st.just(ORGANISATION.payload)), min_size=1, max_size=3))
def test_any_chain_is_refused(payloads: list[bytes]) -> None:
    with suppress(Malformed):
        # Only the salt is outside of what is signed.
        assert establish(payloads).log_id == ORGANISATION.log_id


@pytest.mark.parametrize("depth", [*range(1, 10), *range(900, 1000, 3), 5000])
def test_what_is_nested_under_an_unknown_key_breaks_nothing(depth: int) -> None:
    body = ORGANISATION.charter.body() | {"zzz": 1}
    data = encode(body)[:-1] + b"\x91" * depth + b"\x90"
    if depth < 7:
        assert parse_charter(data) == ORGANISATION.charter
    else:
        with pytest.raises(Malformed, match="body"):
            parse_charter(data)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "party"},
        {"keys": [signing_key("a").public] * 2},
        {"keys": [ORGANISATION.holder(0).public]},
        {"recovery": RecoverySet(ORGANISATION.charter.recovery.keys[::-1], 1)},
        {"recovery": RecoverySet(ORGANISATION.charter.recovery.keys, 4)},
        {"witnesses": ["not a key"]},
        {"witnesses": [str(witness_key("north"))], "quorum": 2},
        {"endpoints": ["ftp://moot.example"]},
    ],
)
def test_a_charter_that_breaks_the_page_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="body"):
        parse_charter(encode(make_charter("moot", **change).body()))


def test_a_log_is_established_by_its_charters_one_after_the_other() -> None:
    payloads = [ORGANISATION.payload]
    for kseq in range(1, 5):
        key = signing_key(f"key {kseq}")
        payloads.append(amend(ORGANISATION, make_charter("moot", kseq, keys=[key.public])))
        keys = establish(payloads)
        assert keys.log_id == ORGANISATION.log_id
        assert (keys.charter.kseq, keys.charter.keys) == (kseq, [key.public])
        assert keys.verifier_keys(1) == [ORGANISATION.verifier_key._replace(public=key.public)]
        earlier = [ORGANISATION.key.public, *(signing_key(f"key {before}").public for before in range(1, kseq))]
        assert [verifier.public for verifier in keys.earlier_keys(1)] == earlier
        assert keys.verifier_keys(2) == keys.earlier_keys(2) == []
    for left_out in range(4):
        with pytest.raises(Malformed):
            establish([*payloads[:left_out], *payloads[left_out + 1 :]])


def test_a_chain_is_neither_empty_nor_endless() -> None:
    for payloads in ([], [ORGANISATION.payload] * (CHARTERS_MAX + 1)):
        with pytest.raises(Malformed, match="chain"):
            establish(payloads)


def signed(charter: Charter, signers: list[SigningKey], log_id: bytes = ORGANISATION.log_id) -> bytes:
    return make_statement_payload(log_id, "charter", charter.body(), signers)


def amended(signers: list[SigningKey], charter: Charter = SECOND) -> LogKeys:
    return establish([ORGANISATION.payload, signed(charter, signers)])


def holders(generation: int) -> list[SigningKey]:
    return [ORGANISATION.holder(number, generation) for number in range(3)]


def test_any_two_holders_of_each_set_can_amend_and_no_fewer() -> None:
    for new in combinations(holders(1), 2):
        for old in combinations(holders(0), 2):
            assert amended([*new, *old]).charter == SECOND
            with pytest.raises(Malformed, match="old_threshold"):
                amended([*new, old[0], ORGANISATION.key])
            with pytest.raises(Malformed, match="new_threshold"):
                amended([new[0], *old, ORGANISATION.key])


def test_an_amendment_has_the_next_kseq_the_committed_set_and_an_author_of_it() -> None:
    signers = [*holders(1), *holders(0)]
    for kseq in (0, 2, 7):
        with pytest.raises(Malformed, match="kseq"):
            amended(signers, msgspec.structs.replace(SECOND, kseq=kseq))
    for secrets, threshold in ((ORGANISATION.secrets, 1), (ORGANISATION.secrets[:2], 2), ((seeded("thief"),) * 1, 1)):
        theirs = recovery_set(secrets, threshold, 1)
        thieves = [recovery_key(secret, 1) for secret in secrets]
        with pytest.raises(Malformed, match="next"):
            amended([*thieves, *holders(0)], msgspec.structs.replace(SECOND, recovery=theirs))
    for author in (ORGANISATION.key, holders(0)[0], signing_key("stranger")):  # the first was removed by it
        with pytest.raises(Malformed, match="author"):
            amended([author, *(key for key in signers if key != author)])


def test_an_amendment_of_another_log_is_refused() -> None:
    signers = [*holders(1), *holders(0)]
    for log_id in (b"", seeded("another log")):
        with pytest.raises(Malformed, match="log_id"):
            establish([ORGANISATION.payload, signed(SECOND, signers, log_id)])


def founded(charter: Charter, signers: list[SigningKey], kind: str = "charter", log_id: bytes = b"") -> LogKeys:
    return found(make_statement_payload(log_id, kind, charter.body(), signers))


def test_a_founding_needs_its_own_author_holders_kind_and_kseq() -> None:
    charter, key = ORGANISATION.charter, ORGANISATION.key
    assert founded(charter, [key, *holders(0)[1:]]).charter == charter
    with pytest.raises(Malformed, match="new_threshold"):
        founded(charter, [key, holders(0)[0]])
    with pytest.raises(Malformed, match="author"):
        founded(charter, holders(0))
    with pytest.raises(Malformed, match="kseq"):
        founded(msgspec.structs.replace(charter, kseq=1), [key, *holders(0)])
    with pytest.raises(Malformed, match="body"):
        founded(charter, [key, *holders(0)], kind="role")
    with pytest.raises(Malformed, match="log_id"):
        founded(charter, [key, *holders(0)], log_id=seeded("another log"))


def spoiled(log_id: bytes, charter: Charter, signers: list[SigningKey], at: int) -> bytes:
    """A charter on which the signature of one of the signers does not hold."""
    author, body = signers[0].public, charter.body()
    statement = make_statement(log_id, "charter", seeded("id", 16), START, author, body)
    pairs = [sign_statement(statement, signer) for signer in signers]
    pairs[at] = (pairs[at][0], bytes(64))
    return make_payload(seeded("salt"), statement, pairs)


@pytest.mark.parametrize("at", range(4))
def test_a_signature_that_does_not_hold_spoils_the_first_charter(at: int) -> None:
    with pytest.raises(Malformed, match="bad_signature"):
        found(spoiled(b"", ORGANISATION.charter, [ORGANISATION.key, *holders(0)], at))


@pytest.mark.parametrize("at", range(6))
def test_a_signature_that_does_not_hold_spoils_an_amendment(at: int) -> None:
    payload = spoiled(ORGANISATION.log_id, SECOND, [*holders(1), *holders(0)], at)
    with pytest.raises(Malformed, match="bad_signature"):
        establish([ORGANISATION.payload, payload])


def test_the_identity_is_that_of_the_first_statement_only() -> None:
    again: Organisation = found_organisation("moot")
    assert again.log_id == ORGANISATION.log_id == found(ORGANISATION.payload).log_id
    assert found_organisation("moot", licence="CC-BY-4.0").log_id != ORGANISATION.log_id
    assert log_id_of(b"") != ORGANISATION.log_id
    assert describe(found(ORGANISATION.payload)) == f"moot ({show_log_id(ORGANISATION.log_id)[:8]})"
