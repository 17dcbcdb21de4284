# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening an epoch of the own log: a tree that begins with the amendment and goes on as the old one (spec 04 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import RefusedError, StoreDamagedError
from ledger.held.tree import Growth, root_at
from ledger.values import Stored
from protocol.charter import Opens
from protocol.errors import Malformed
from protocol.fork import fork_digest
from protocol.identity import Origin
from protocol.merkle import Peaks, leaf_hash
from protocol.statement import SCOPE_PUBLIC, Entry, commit, make_entry, parse_entry

if TYPE_CHECKING:
    from ledger.own.amending import Own
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree


def open_epoch(change: Transaction, old: Tree, opens: Opens, payload: bytes) -> Tree:
    """Makes the new tree out of what it accepts of the old one, which stays as it is; the new tree is the own one.

    Raises RefusedError if this store does not hold what is accepted.
    """
    if opens.size > old.size or root_at(change, old.tree, opens.size) != opens.root:
        raise RefusedError(
            f"the amendment accepts {opens.size} entries of {old.origin} with another root than those held here: "
            "open the epoch where they are held"
        )
    new = change.add_tree(Origin(old.origin.log_id, opens.epoch))
    change.set_charters(new.tree, change.charters(old.tree))
    first = make_entry(_first_time(change, old), SCOPE_PUBLIC, commit(payload))
    change.add_entries(new.tree, [Stored(0, first, payload)])
    change.copy_entries(old.tree, new.tree, 1, opens.size)
    growth = Growth(Peaks())
    growth.append(map(leaf_hash, change.leaves(new.tree, 0, opens.size)))
    if growth.peaks.size != opens.size:
        raise StoreDamagedError(f"{old.origin}: entries are missing here; run `folkmoot log audit`")
    change.add_subtrees(new.tree, growth.full)
    change.set_size(new.tree, opens.size)
    change.set_fact("own", str(new.tree).encode())
    return change.tree_numbered(new.tree)


def opening_of(reads: Snapshot, own: Own, size: int | None, proof: bytes = b"") -> Opens:
    """What a charter says of the epoch that it opens: it accepts so many entries (None: all that are held).

    `proof` is a fork proof of the epoch that is closed, else the one held here is named. Raises RefusedError.
    """
    accepted = own.tree.size if size is None else size
    if not 1 <= accepted <= own.tree.size:
        raise RefusedError(f"{accepted:,} entries are to be accepted, {own.tree.size:,} are held here")
    fork = reads.fork(own.tree.tree)
    reason = proof or (fork.proof if fork else b"")
    root = root_at(reads, own.tree.tree, accepted)
    return Opens(own.keys.epoch + 1, accepted, root, fork_digest(reason) if reason else None)


def _first_time(change: Transaction, old: Tree) -> int:
    """The time of the entry in whose place the amendment stands: times never decrease within a tree."""
    try:
        entry = parse_entry(next(change.leaves(old.tree, 0, 1)))
    except Malformed:
        return 0
    return entry.at if isinstance(entry, Entry) else 0
