# SPDX-License-Identifier: AGPL-3.0-or-later
"""What logs are called on pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from node.web.languages import Text, choose
from protocol.charter import establish
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Collection

    from ledger.sqlite.store import Snapshot
    from node.directory.listing import Reader


class LogName(NamedTuple):
    """A log by its id (52 characters) and the name of its organisation."""

    id: str
    name: Text


def log_names(reads: Snapshot, wanted: Collection[str], reader: Reader) -> list[LogName]:
    """Of these logs those that are held here, by name."""
    names = []
    for tree in reads.trees():
        log = show_log_id(tree.origin.log_id)
        if log in wanted:
            charter = establish(reads.charters(tree.tree)).charter
            names.append(LogName(log, choose(charter.name, (*reader.languages, *charter.languages))))
    return names
