# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 06 §5 as a value: quorums, answers, and that nothing but the rules leads to signing."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.own.recovery import (
    Recovery,
    Relation,
    State,
    Watchers,
    explain,
    needed_peers,
    needed_witnesses,
    relate,
    start,
    unwatched,
)

NAMES = ("ash", "beech", "elm", "stranger")
THREE = Watchers.peers(NAMES[:3])


@pytest.mark.parametrize("count", range(1, 6))
def test_answers_of_witnesses_share_one_with_every_quorum(count: int) -> None:
    for quorum in range(1, count + 1):
        needed = needed_witnesses(count, quorum)
        assert quorum <= needed <= count
        for answered in combinations(range(count), needed):
            assert all(set(answered) & set(cosigned) for cosigned in combinations(range(count), quorum))


def test_how_many_must_answer() -> None:
    assert [needed_peers(count) for count in range(6)] == [0, 1, 2, 2, 2, 2]
    assert [needed_witnesses(n, n // 2 + 1) for n in range(6)] == [0, 1, 2, 2, 3, 3]
    assert needed_witnesses(2, 0) == 2
    assert Watchers.witnesses(["a", "a", "b"], 2) == Watchers(frozenset("ab"), 2)


@given(signed=st.integers(0, 9), size=st.integers(0, 12), agrees=st.none() | st.booleans())
def test_what_is_not_signed_binds_nobody(*, signed: int, size: int, agrees: bool | None) -> None:
    relation = relate(signed, size, agrees=agrees)
    assert (relation is Relation.KNOWN) == (agrees is True)
    assert (relation is Relation.CONTRADICTS) == (agrees is not True and size <= signed)


def test_a_log_that_nobody_watches_is_signed_at_once_and_says_so() -> None:
    recovery = start(Watchers())
    assert recovery.state is State.SIGNING
    assert explain(recovery, 5) == ""
    assert "nobody watches" in unwatched(recovery)
    assert unwatched(start(THREE)) == ""


def test_with_a_doubt_and_nobody_to_ask_an_operator_decides() -> None:
    recovery = start(Watchers(), doubt="the head file is missing")
    assert recovery.state is State.UNSURE
    text = explain(recovery, 5)
    assert "the head file is missing" in text
    assert "folkmoot log override" in text
    assert "folkmoot peer add" in text
    overridden = recovery.overridden()
    assert overridden.granted
    assert overridden.state is State.UNSURE  # until the head file has been made anew
    assert overridden.vouched().state is State.SIGNING
    assert recovery.watched_by(Watchers.peers(["ash"])).answered("ash", 3, Relation.KNOWN).granted


def test_the_way_back() -> None:
    recovery = start(THREE, doubt="it was put back")
    assert "2 of 3" in explain(recovery, 5)
    recovery = recovery.answered("ash", 9, Relation.AHEAD)
    assert recovery.state is State.BEHIND
    assert "9 signed entries" in explain(recovery, 5)
    assert recovery.overridden() == recovery
    recovery = recovery.answered("elm", 12, Relation.AHEAD).caught_up(12)
    assert (recovery.state, recovery.counted) == (State.UNSURE, 0)
    recovery = recovery.answered("stranger", 12, Relation.KNOWN).answered("ash", 9, Relation.KNOWN)
    assert recovery.counted == 1
    assert "beech, elm" in explain(recovery, 12)
    recovery = recovery.answered("elm", 12, Relation.KNOWN).vouched()
    assert recovery.state is State.SIGNING
    again = recovery.doubted("another instance signs")
    assert (again.state, again.counted) == (State.UNSURE, 0)


def test_a_fork_is_for_good() -> None:
    assert start(THREE).answered("ash", 3, Relation.CONTRADICTS) == start(THREE)
    recovery = start(THREE).forked("this log has forked")
    assert recovery.state is State.FORKED
    assert "forked" in explain(recovery, 5)
    for name in NAMES:
        recovery = recovery.answered(name, 3, Relation.KNOWN)
    assert recovery.overridden().vouched().state is State.FORKED
    assert start(THREE).superseded("ash", 2).state is State.FORKED


EVENTS = st.one_of(
    st.tuples(st.just("answered"), st.sampled_from(NAMES), st.integers(0, 9), st.sampled_from(list(Relation))),
    st.tuples(st.sampled_from(["vouched", "overridden"])),
    st.tuples(st.just("caught_up"), st.integers(0, 9)),
    st.tuples(st.sampled_from(["doubted", "forked"]), st.just("why")),
    st.tuples(st.just("watched_by"), st.sampled_from([THREE, Watchers(), Watchers.witnesses(NAMES[:2], 2)])),
)


@given(
    watchers=st.sampled_from([THREE, Watchers.witnesses(NAMES[:2], 2)]),
    doubt=st.sampled_from(["", "why"]),
    events=st.lists(EVENTS, max_size=12),
)
def test_nothing_but_answers_or_an_operator_lead_to_signing(
    watchers: Watchers, doubt: str, events: list[tuple[object, ...]]
) -> None:
    recovery = start(watchers, doubt)
    assert recovery.state is State.UNSURE
    heard: set[object] = set()  # a second account of who answered since signing was last in question
    forked = False
    for name, *arguments in events:
        before: Recovery = recovery
        recovery = getattr(recovery, str(name))(*arguments)
        if name == "answered":
            if arguments[2] is not Relation.CONTRADICTS:
                heard = heard | {arguments[0]} if arguments[2] is Relation.KNOWN else set()
        elif name == "forked":
            forked = True
        elif name in {"doubted", "caught_up"}:
            heard = set()
        if recovery.granted and not before.granted:
            needed, names = recovery.watchers.needed, recovery.watchers.names
            assert name == "overridden" or len(heard & names) >= needed
            assert needed or name == "overridden" or not recovery.doubt
        assert not (forked and recovery.state is not State.FORKED)
        assert (recovery.state is State.SIGNING) == (explain(recovery, 5) == "")
        if recovery.state is State.SIGNING:
            assert not recovery.doubt


def test_what_the_head_file_says_was_signed_must_come_back_whoever_answers() -> None:
    recovery = start(Watchers.peers(["elm"]), "an older copy", owed=12)
    recovery = recovery.answered("elm", 5, Relation.KNOWN)
    assert recovery.state is State.UNSURE
    assert "do not hold the missing entries" in explain(recovery, 5)
    part = recovery.answered("elm", 9, Relation.AHEAD).caught_up(9).answered("elm", 9, Relation.KNOWN)
    assert part.state is State.UNSURE
    whole = part.answered("elm", 12, Relation.AHEAD).caught_up(12).answered("elm", 12, Relation.KNOWN)
    assert (whole.granted, whole.vouched().state) == (True, State.SIGNING)
    assert recovery.overridden().granted
