# SPDX-License-Identifier: AGPL-3.0-or-later
"""The year of a labour mutual: told as a demonstration, and true to the cent where anybody looks again."""

from __future__ import annotations

import os
import time
from random import Random
from typing import TYPE_CHECKING

import pytest
from beancount import loader

from cli.story.mutual import tell
from ledger.data_directory import DataDirectory
from ledger.deriving.books import open_book
from ledger.exporting.journal import balances, read_journal
from ledger.exporting.plaintext import beancount
from ledger.keeping.audit import audit, rebuild
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.reciprocity.state import Account, ClaimState, Commitment, DividendState, Member

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

pytestmark = pytest.mark.long


def test_a_year_of_the_mutual_adds_up_and_can_be_folded_again(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path / "mutual")
    fields = {"name": {"fr": "Mutuelle"}, "kind": "coop", "languages": ["fr"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [os.urandom(32)], 1, int(time.time()))
    with Ledger(directory) as ledger:
        told = tell(ledger, Random(3), int(time.time()) // 86_400)
        assert told.said["claim"] > 600
        with ledger.store.read() as reads:
            tree = reads.tree_numbered(ledger.own.tree)
            book = open_book(reads, tree)
            accounts = dict(book.scan(Account))
            sums: dict[str, int] = {}
            for account in accounts.values():
                sums[account.unit] = sums.get(account.unit, 0) + account.posted
                assert account.floor is None or account.posted - account.reserved >= account.floor
            assert set(sums.values()) == {0}
            claims = [claim for _, claim in book.scan(ClaimState)]
            assert {claim.closed for claim in claims} == {"paid", "written_off", ""}
            assert sum(claim.closed == "written_off" for claim in claims) == 2
            states = [one.state for _, one in book.scan(Commitment)]
            assert (states.count("active"), set(states)) == (3, {"active", "fulfilled"}), "what is still booked"
            assert all(one.posted for _, one in book.scan(DividendState))
            assert len(list(book.scan(Member))) == 231
            journal = read_journal(reads, tree)
        assert balances(journal) == {key: account.posted for key, account in accounts.items()}
        _, errors, _ = loader.load_string("\n".join(beancount(journal)) + "\n")
        assert errors == []
        before, after = rebuild(ledger.store, ledger.writer)
        assert before == after
        assert audit(ledger.store).faults == []


def test_the_demonstration_runs_to_its_end(tmp_path: Path, run: Run) -> None:
    ran = run("--data-dir", tmp_path / "demo", "demo", "--story", "mutual", "--once", "--no-mdns")
    assert ran.code == 0, ran
    assert "TRUE: all that this log recorded about this member" in ran.out
    assert "/ledger/" in ran.out
