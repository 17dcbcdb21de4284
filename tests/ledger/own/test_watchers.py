# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who must answer before the own log is signed after a start: known peers, and no strangers beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.own.recovery import State
from ledger.own.watchers import watchers_of
from protocol.identity import show_log_id
from tests.builders import Log, found_organisation
from tests.ledger.making import hold
from tests.ledger.watching import WAIT_S, Watcher, know, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.data_directory import DataDirectory
    from ledger.ledger import Ledger
    from ledger.sqlite.store import Transaction


@pytest.fixture
def watchers(tmp_path: Path) -> Iterator[list[Watcher]]:
    made = [Watcher(tmp_path, f"watcher {number}") for number in range(3)]
    yield made
    for watcher in made:
        watcher.store.close()


def test_peers_are_known_also_when_they_are_asked_for_everything_anew(
    directory: DataDirectory, watchers: list[Watcher]
) -> None:
    """As after a change of what is followed: else a store that was put back would be signed without an answer."""
    with opened(directory) as ledger:
        know(ledger, watchers)
    with opened(directory) as ledger:
        ledger.writer.run(lambda change: change.forget_cursors()).result(WAIT_S)
        ledger.writer.change_own(lambda own, change: own.watch(watchers_of(change, ledger.keys))).result(WAIT_S)
        assert (ledger.own.recovery.state, ledger.own.recovery.watchers.needed) == (State.UNSURE, 2)


def test_strangers_do_not_answer_in_place_of_peers_that_are_admitted(
    directory: DataDirectory, watchers: list[Watcher]
) -> None:
    other, denied = Log(found_organisation("other")), Log(found_organisation("denied"))

    def meet(change: Transaction) -> None:
        for log in (other, denied):
            change.set_cursor(log.organisation.log_id, b"", 0)
        change.set_hidden({denied.organisation.log_id})

    with opened(directory) as ledger:
        know(ledger, watchers)
        assert watched(ledger) == {one.name for one in watchers}
        hold(ledger.store, other)
        hold(ledger.store, denied)
        ledger.writer.run(meet).result(WAIT_S)
        admitted = show_log_id(other.organisation.log_id)
        assert watched(ledger) == {admitted}
        ledger.writer.run(lambda change: change.add_peer("https://elm.example", 1)).result(WAIT_S)
        assert watched(ledger) == {admitted, "https://elm.example"}


def watched(ledger: Ledger) -> frozenset[str]:
    """Who has to answer before the log is signed after a start."""
    with ledger.store.read() as reads:
        return watchers_of(reads, ledger.keys).names
