# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 20 §3, §4: balance proofs, their short form, and its parts."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.balance import Balance, is_balance, judge_balance, read_balance, write_balance
from protocol.digits import PARTS_MAX, from_digits, is_part, join_parts, make_parts, to_digits
from protocol.errors import Malformed
from protocol.merkle import Node, Peaks, fold_nodes, inclusion_nodes, leaf_hash
from protocol.policy import parse_policy
from protocol.proof import Verdict, judge, parse_proof
from protocol.short import pack, unpack
from tests.drawing import draws
from tests.ledgers import Ledger, year
from tests.protocol.strategies import damaged, hostile
from tests.protocol.vectors import Case, agreed, vectors

YEAR, ANA = year()
TRUST = parse_policy(f"log {YEAR.organisation.verifier_key}\nquorum none\n".encode())
WITNESSES = ("north", "south", "east")


def balance_of(ledger: Ledger, thing: bytes, witnesses: tuple[str, ...] = ()) -> bytes:
    leaves = ledger.leaves()
    hashes = [leaf_hash(leaf.encode()) for leaf in leaves.values()]
    found = {Node(0, number): value for number, value in enumerate(hashes)}
    peaks = Peaks()
    for value in hashes:
        peaks.append(value, lambda level, number, full: found.update({Node(level, number): full}))
    index = list(leaves).index(thing)
    path = fold_nodes(inclusion_nodes(index, len(leaves)), found)
    balance = Balance(index, leaves[thing].encode(), tuple(path))
    entry, payload = ledger.log.entries[ledger.stated]
    hashes = ledger.log.prove_inclusion(ledger.stated)
    return write_balance(entry, payload, balance, ledger.stated, hashes, bytes(ledger.log.note(witnesses)))


@vectors("20-member-statement", "balance")
def test_balance_vectors(case: Case) -> None:
    finding = judge_balance(case["proof"].encode(), parse_policy(case["trust"].encode()))
    assert (finding.verdict.word, finding.verdict.exit_code) == (case["verdict"], case["exit"]), finding.why
    assert (finding.leaf is not None) == case["valid"]


@vectors("20-member-statement", "short")
def test_short_vectors(case: Case) -> None:
    with agreed(case):
        packed = pack(case["proof"].encode())
        assert (packed.hex(), to_digits(packed)) == (case["short_hex"], case["digits"])
        assert unpack(packed).decode() == case["proof"]


@vectors("20-member-statement", "short_form")
def test_short_form_vectors(case: Case) -> None:
    with agreed(case):
        assert unpack(bytes.fromhex(case["short_hex"])).decode() == case["proof"]


@vectors("20-member-statement", "parts")
def test_parts_vectors(case: Case) -> None:
    with agreed(case):
        data = join_parts(case["parts"])
        assert data.hex() == case["short_hex"]
        assert sorted(text.partition("#")[2] for text in case["parts"] if "#" in text) in (
            [], [part.head + part.digits for part in make_parts(data, len(case["parts"]))],
        )  # fmt: skip


@pytest.mark.parametrize("thing", YEAR.things)
def test_every_balance_is_proved(thing: bytes) -> None:
    data = balance_of(YEAR, thing, WITNESSES)
    finding = judge_balance(data, TRUST)
    assert (finding.verdict, finding.leaf) == (Verdict.TRUE, YEAR.leaves()[thing])
    assert is_balance(data)
    assert judge(data, TRUST).verdict is Verdict.MALFORMED
    assert unpack(pack(data)) == data


@pytest.mark.parametrize("position", range(YEAR.log.size))
def test_every_entry_has_a_short_form(position: int) -> None:
    data = YEAR.log.proof_file(position, WITNESSES)
    packed = pack(data)
    assert unpack(packed) == data
    assert len(packed) < 0.7 * len(data)
    assert not is_balance(data)


BALANCE = balance_of(YEAR, ANA, WITNESSES)


@draws(100)
@given(hostile | damaged(st.just(BALANCE)))
def test_any_bytes_are_a_verdict_and_no_other_balance_is_true(data: bytes) -> None:
    finding = judge_balance(data, TRUST)
    if finding.verdict is Verdict.TRUE:
        assert read_balance(parse_proof(data).extra) == read_balance(parse_proof(BALANCE).extra)


@draws(100)
@given(hostile | damaged(st.just(pack(BALANCE))) | damaged(st.just(pack(YEAR.log.proof_file(5)))))
def test_any_bytes_are_refused_or_unpacked(packed: bytes) -> None:
    try:
        data = unpack(packed)
    except Malformed:
        return
    judge(data, TRUST)
    judge_balance(data, TRUST)


@given(st.binary(min_size=9, max_size=200), st.integers(1, PARTS_MAX), st.randoms(use_true_random=False))
def test_digits_and_parts_come_back(data: bytes, count: int, chance: Random) -> None:
    assert from_digits(to_digits(data)) == data
    texts = [f"https://moot.example/#{part.head}{part.digits}" for part in make_parts(data, count)]
    assert all(map(is_part, texts))
    chance.shuffle(texts)
    assert join_parts(texts) == data
    if count > 1:
        with pytest.raises(Malformed, match="missing"):
            join_parts(texts[1:])


@draws(60)
@given(st.text("0123456789", max_size=40))
def test_digits_are_refused_or_the_one_spelling(digits: str) -> None:
    try:
        data = from_digits(digits)
    except Malformed:
        return
    assert to_digits(data) == digits
