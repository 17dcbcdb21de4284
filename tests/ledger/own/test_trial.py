# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would have no effect is refused before it is written; the log states what follows from it."""

from __future__ import annotations

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import RefusedError
from ledger.keeping.audit import rebuild
from ledger.ledger import Ledger
from ledger.own.submitting import check_signed_payload, ready_statement, try_ledger
from protocol.statement import Statement, parse_payload, parse_statement
from tests.ledger.organising import account, member, payload_of, post, posted, ready, say, unit


def statements(ledger: Ledger) -> list[tuple[int, str]]:
    with ledger.store.read() as reads:
        tree = reads.tree_numbered(ledger.own.tree)
        found = []
        for row in reads.entries(tree.tree, 0, tree.size):
            assert row.payload is not None
            statement = parse_statement(parse_payload(row.payload).statement)
            assert isinstance(statement, Statement)
            found.append((row.position, statement.kind))
    return found


def test_what_would_be_rejected_is_refused_in_plain_words(ledger: Ledger) -> None:
    unit(ledger)
    ada, key = member(ledger, "Ada")
    wallet, bank = account(ledger, ada), account(ledger, type_="external")
    item = ready(ledger, "post", post("transfer", {wallet: -1, bank: 1}), key)
    with pytest.raises(RefusedError, match=r"post: .*\(floor\): an account does not hold that much"):
        try_ledger(ledger, [item])
    opening = ready(ledger, "post", post("opening", {bank: -500, wallet: 500}))
    try_ledger(ledger, [opening, item])
    with pytest.raises(RefusedError, match="entry 1"):
        try_ledger(ledger, [opening, ready(ledger, "post", post("transfer", {wallet: -501, bank: 501}), key)])
    say(ledger, "post", post("opening", {bank: -500, wallet: 500}))
    assert posted(ledger, wallet) == 500


def test_a_member_speaks_for_itself_and_nobody_states_by_hand(ledger: Ledger) -> None:
    unit(ledger)
    _, key = member(ledger, "Ada")
    with pytest.raises(RefusedError, match="by itself"):
        ready_statement(ledger, "state", {"size": 1, "leaves": 0, "root": "00" * 32}, b"1" * 16)
    check_signed_payload(ledger, payload_of(ledger, "post", post("transfer", {b"a" * 16: -1, b"b" * 16: 1}), key))


def test_the_log_states_what_follows_from_it_once_for_each_change(ledger: Ledger) -> None:
    unit(ledger)
    ledger.writer.settle()
    assert [kind for _, kind in statements(ledger)] == ["charter", "unit.define"], "a unit concerns nobody"
    ada, _ = member(ledger, "Ada")
    account(ledger, ada)
    ledger.writer.settle()
    ledger.writer.settle()
    kinds = statements(ledger)
    assert kinds[-1] == (len(kinds) - 1, "state")
    assert [kind for _, kind in kinds].count("state") <= 2, "at most one for each pause in writing"
    with ledger.store.read() as reads:
        assert reads.verdicts(ledger.own.tree, 0, len(kinds)) == {}


def test_state_is_the_same_after_a_restart_and_a_rebuild(directory: DataDirectory) -> None:
    with Ledger(directory) as first:
        unit(first)
        ada, _ = member(first, "Ada")
        account(first, ada)
        first.writer.settle()
    with Ledger(directory) as again:
        member(again, "Bo")
        again.writer.settle()
        kinds = statements(again)
        assert kinds[-1][1] == "state"
        with again.store.read() as reads:
            assert reads.verdicts(again.own.tree, 0, len(kinds)) == {}, "the state stated after a restart is right too"
        before, after = rebuild(again.store, again.writer)
        assert after == before
        assert statements(again) == kinds


def test_a_false_state_is_found_out(ledger: Ledger) -> None:
    unit(ledger)
    member(ledger, "Ada")
    ledger.writer.settle()
    size = len(statements(ledger))
    say(ledger, "state", {"size": size, "leaves": 1, "root": bytes(32)})
    ledger.writer.settle()
    with ledger.store.read() as reads:
        assert reads.verdicts(ledger.own.tree, size, size + 1) == {size: "state_mismatch"}
