# SPDX-License-Identifier: AGPL-3.0-or-later
"""What counts of what was said on pairs, and which record of a group is shown (spec 10 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.duplicates.deciding import Decisions
from ledger.duplicates.merging import merge_id
from ledger.values import PairRow
from tests.protocol.vectors import Case, vectors

if TYPE_CHECKING:
    from ledger.duplicates.deciding import Key

OWN, NEAR, FAR = b"own", b"near", b"far"
LOGS = {1: OWN, 2: NEAR, 3: FAR}
A, B, C = (OWN, b"a"), (OWN, b"b"), (NEAR, b"c")


def decisions(*said: tuple[int, str, Key, Key]) -> Decisions:
    rows = [PairRow(tree, place, kind, *one, *other) for place, (tree, kind, one, other) in enumerate(said)]
    return Decisions(rows, LOGS, OWN)


def _key(text: str) -> Key:
    log, _, name = text.partition("/")
    return log.encode(), name.encode()


@vectors("10-directory", "pairs")
def test_pair_vectors(case: Case) -> None:
    logs = {number: log.encode() for number, log in enumerate("abc", 1)}
    rows = [
        PairRow(
            "abc".index(claim["by"]) + 1,
            position,
            "" if claim["withdrawn"] else claim["kind"],
            *_key(claim["subject"]),
            *_key(claim["other"]),
        )
        for position, claim in enumerate(case["claims"])
    ]
    said = Decisions(sorted(rows), logs, case["own"].encode())
    records = sorted({_key(claim[side]) for claim in case["claims"] for side in ("subject", "other")})
    apart = [[a, b] for a in records for b in records if a < b and said.on(a, b) == "different"]
    assert apart == [[_key(one) for one in pair] for pair in case["kept_apart"]]
    hidden = said.not_shown(lambda record: b"/".join(record).decode() in case["open"])
    assert sorted(hidden) == [_key(one) for one in case["not_shown"]]


@vectors("10-directory", "merge_ids")
def test_merge_id_vectors(case: Case) -> None:
    claim = bytes.fromhex(case["claim_id_hex"])
    assert merge_id(claim, b"put").hex() == case["put_id_hex"]
    assert merge_id(claim, b"close").hex() == case["close_id_hex"]


def test_the_last_word_counts_whichever_way_round() -> None:
    said = decisions((1, "same", A, B), (1, "different", B, A))
    assert (said.on(A, B), said.on(B, A), said.joined()) == ("different", "different", [])
    assert decisions((1, "different", A, B), (1, "", B, A)).on(A, B) == ""
    assert decisions((1, "same", A, A)).own == {}


def test_others_may_only_keep_their_own_records_apart() -> None:
    assert decisions((2, "different", A, C)).on(A, C) == "different"
    assert decisions((2, "same", A, C)).on(A, C) == ""
    assert decisions((3, "different", A, C)).on(A, C) == ""
    assert decisions((2, "different", A, C), (2, "", A, C)).on(A, C) == ""
    assert decisions((1, "same", A, C), (2, "different", A, C)).on(A, C) == "same"


@pytest.mark.parametrize(
    ("pairs", "closed", "hidden"),
    [
        ([(A, B)], set(), {A}),
        ([(A, B)], {B}, set()),
        ([(A, B), (B, C)], set(), {A, B}),
        ([(A, B), (B, C)], {C}, {B}),
        ([(A, B), (B, C), (C, A)], set(), {A, B, C}),
    ],
)
def test_one_record_of_a_group_is_shown(pairs: list[tuple[Key, Key]], closed: set[Key], hidden: set[Key]) -> None:
    said = decisions(*((1, "same", subject, other) for subject, other in pairs))
    found = said.not_shown(lambda record: record not in closed)
    shown = {A, B, C} & {record for pair in pairs for record in pair} - closed - found
    assert len(shown) == 1
    assert found <= hidden


def test_the_same_as_a_record_in_order() -> None:
    said = decisions((1, "same", A, C), (1, "same", B, A))
    assert said.same_as(A) == [C, B]
    assert said.same_as(B) == [A]
    assert said.same_as((FAR, b"z")) == []
