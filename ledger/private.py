# SPDX-License-Identifier: AGPL-3.0-or-later
"""Payloads that are not public: who may read them, giving them to those, and taking them in late (spec 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.directory import parties_of
from protocol.errors import Malformed
from protocol.frames import PAYLOADS_MAX
from protocol.statement import (
    SCOPE_CIRCLE,
    SCOPE_PUBLIC,
    Entry,
    Statement,
    open_payload,
    parse_entry,
    parse_payload,
    parse_statement,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Stored, Tree
    from protocol.identity import Origin

ANSWER_BYTES_MAX = 786_432
"""Payloads in one answer; what is left is asked for again."""


def may_read(reads: Snapshot, tree: Tree, stored: Stored, reader: bytes) -> bool:
    """Whether the node of the log `reader` may have a payload that is held here (spec 15 §2)."""
    header = parse_entry(stored.entry)
    if stored.payload is None or not isinstance(header, Entry):
        return False
    if header.scope == SCOPE_PUBLIC or reader == tree.origin.log_id:
        return True
    if header.scope == SCOPE_CIRCLE:
        return reader in reads.circle(tree.tree)
    statement = parse_statement(parse_payload(stored.payload).statement)
    return isinstance(statement, Statement) and reader in parties_of(statement)


def payloads_for(reads: Snapshot, origin: Origin, positions: Sequence[int], reader: bytes) -> list[tuple[int, bytes]]:
    """(position, payload) of what was asked for, as far as it is here and that reader may have it."""
    tree = reads.tree(origin)
    found: list[tuple[int, bytes]] = []
    room = ANSWER_BYTES_MAX
    for position in positions if tree is not None else ():
        assert tree is not None
        if position >= tree.size:  # which may be more than the store can count
            continue
        stored = next(reads.entries(tree.tree, position, position + 1), None)
        if stored is not None and stored.payload is not None and may_read(reads, tree, stored, reader):
            room -= len(stored.payload)
            if room < 0:
                break
            found.append((position, stored.payload))
    return found


def wanted_from(reads: Snapshot, peer: bytes, own: bytes) -> dict[Origin, list[int]]:
    """What to ask a peer for: payloads that did not come.

    Everybody may be asked for public ones; for the others, the log's own node and those that are in its circle with us.
    """
    wanted = {}
    for tree in reads.trees():
        positions = [] if tree.origin.log_id == own else reads.withheld(tree.tree, PAYLOADS_MAX)
        if positions and not (peer == tree.origin.log_id or {peer, own} <= reads.circle(tree.tree)):
            positions = [position for position in positions if _is_public(reads, tree, position)]
        if positions:
            wanted[tree.origin] = positions
    return wanted


def _is_public(reads: Snapshot, tree: Tree, position: int) -> bool:
    header = parse_entry(next(reads.entries(tree.tree, position, position + 1)).entry)
    return isinstance(header, Entry) and header.scope == SCOPE_PUBLIC


def take_payloads(change: Transaction, origin: Origin, items: Iterable[tuple[int, bytes]]) -> int:
    """Stores payloads that came late, and has their log folded anew; how many were taken.

    What is not lacking here, or is not what its entry commits to, is passed over.
    """
    tree = change.tree(origin)
    taken = 0
    for position, payload in items if tree is not None else ():
        assert tree is not None
        if position >= tree.size or change.verdicts(tree.tree, position, position + 1).get(position) != "withheld":
            continue
        header = parse_entry(next(change.entries(tree.tree, position, position + 1)).entry)
        try:
            assert isinstance(header, Entry)
            open_payload(payload, header.commitment, origin.log_id, position, origin.epoch).verify()
        except Malformed:
            continue
        change.add_payload(tree.tree, position, payload)
        taken += 1
    if taken and tree is not None:
        change.clear_derived(tree.tree)
    return taken
