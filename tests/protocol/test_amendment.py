# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 04 §8: amendments on their way from holder to holder."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.amendment import Amendment, begin, read_amendment, write_amendment
from protocol.charter import Charter, coming_sets, establish, recovery_key
from protocol.errors import Malformed
from protocol.statement import make_statement, sign_statement
from tests.builders import START, found_organisation, make_charter, seeded, signing_key
from tests.protocol.strategies import damaged, hostile
from tests.protocol.vectors import Case, agreed, hex_of, vectors

MOOT = found_organisation()
NEW = signing_key("new key")


def drafted() -> Amendment:
    """An amendment that its author alone has signed."""
    charter = make_charter("moot", 1, keys=[NEW.public])
    statement = make_statement(MOOT.log_id, "charter", seeded("id", 16), START, NEW.public, charter.body())
    made = begin(establish([MOOT.payload]), statement)
    return made._replace(signatures=(sign_statement(statement, NEW),))


DRAFTED = drafted()
WRITTEN = write_amendment(DRAFTED.sign(MOOT.secrets[0]))


@vectors("04-charter", "amendment")
def test_amendment_vectors(case: Case) -> None:
    with agreed(case):
        read = read_amendment(case["file"].encode())
        found = {
            "log_id_hex": read.keys.log_id.hex(),
            "kseq": read.charter.kseq,
            "signers_hex": hex_of([key for key, _ in read.signatures]),
        }
        assert found == {field: case[field] for field in found}


@given(hostile | damaged(st.just(WRITTEN)))
def test_any_bytes_are_refused_or_an_amendment_of_this_log(data: bytes) -> None:
    try:
        read = read_amendment(data)
    except Malformed:
        return
    assert (read.keys.log_id, read.statement) == (MOOT.log_id, DRAFTED.statement)
    assert {key for key, _ in read.signatures} <= {key for key, _ in read_amendment(WRITTEN).signatures}


@pytest.mark.parametrize("order", list(permutations(range(3), 2)))
def test_any_two_holders_in_any_order_complete_it(order: tuple[int, int]) -> None:
    amendment = DRAFTED
    for signed, number in enumerate(order):
        assert amendment.lacking() == (2 - signed, 2 - signed)
        with pytest.raises(Malformed, match="threshold"):
            amendment.payload(bytes(32))
        amendment = read_amendment(write_amendment(amendment.sign(MOOT.secrets[number])))
    assert amendment.lacking() == (0, 0)
    keys = establish([MOOT.payload, amendment.payload(seeded("salt"))])
    assert keys.charter.keys == [NEW.public]


def test_signing_twice_adds_nothing() -> None:
    once = DRAFTED.sign(MOOT.secrets[1])
    assert once.sign(MOOT.secrets[1]) == once


def test_copies_that_went_to_two_holders_are_joined() -> None:
    copies = [DRAFTED.sign(MOOT.secrets[number]) for number in (0, 2)]
    assert copies[0].joined(copies[1]).lacking() == copies[1].joined(copies[0]).lacking() == (0, 0)
    assert copies[0].joined(copies[0]) == copies[0]
    other = begin(
        DRAFTED.keys, statement_of(make_charter("moot", 1, keys=[NEW.public], territory="elsewhere"), NEW.public)
    )
    with pytest.raises(Malformed, match="another amendment"):
        copies[0].joined(other)
    crowd = tuple((seeded(f"key {number}"), bytes(64)) for number in range(15))
    with pytest.raises(Malformed, match="all that it needs"):
        copies[0].joined(copies[0]._replace(signatures=crowd))


def test_a_sheet_of_somebody_else_or_of_an_earlier_set_is_told_apart() -> None:
    with pytest.raises(Malformed, match="not one of the recovery sheets"):
        DRAFTED.sign(seeded("somebody else"))
    others = [seeded(f"other holder {number}") for number in range(3)]
    handed_on = make_charter("moot", 1)
    # The holders of kseq 2 are others: those of now named their keys.
    following = type(handed_on.recovery)(sorted(recovery_key(secret, 2).public for secret in others), 2)
    handed_on = replace(handed_on, next=following.digest())
    first = begin(establish([MOOT.payload]), statement_of(handed_on, MOOT.key.public))
    first = first._replace(signatures=(sign_statement(first.statement, MOOT.key),))
    payload = first.sign(MOOT.secrets[0]).sign(MOOT.secrets[1]).payload(seeded("salt"))
    keys = establish([MOOT.payload, payload])
    last = replace(make_charter("moot", 2), recovery=following, next=seeded("whatever"))
    second = begin(keys, statement_of(last, MOOT.key.public)).sign(MOOT.secrets[0])
    assert second.lacking() == (1, 2)
    second = second.sign(others[0])
    assert second.lacking() == (1, 1)
    opened = establish([*keys.payloads, _completed(second, others)])
    third = replace(make_charter("moot", 3), recovery=following, next=seeded("whatever"))
    assert opened.charter.kseq == 2
    with pytest.raises(Malformed, match="committed"):
        begin(opened, statement_of(third, MOOT.key.public))


def _completed(amendment: Amendment, others: list[bytes]) -> bytes:
    signed = amendment.sign(MOOT.secrets[1]).sign(others[1])
    author = sign_statement(amendment.statement, MOOT.key)
    return signed._replace(signatures=(author, *signed.signatures)).payload(seeded("salt 2"))


def statement_of(charter: Charter, author: bytes) -> bytes:
    """The statement of a charter."""
    return make_statement(MOOT.log_id, "charter", seeded("id", 16), START, author, charter.body())


def test_the_coming_sets_are_those_of_all_holders() -> None:
    sets = coming_sets(MOOT.secrets)
    assert sets[0] == MOOT.charter.recovery.keys
    assert sets[7] == sorted(recovery_key(secret, 7).public for secret in MOOT.secrets)
    assert len(sets) == 65
