# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scrub: goes slowly and for ever through what is stored, so that a flipped bit is noticed before it is served."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.errors import Malformed
from protocol.merkle import leaf_hash, root_of
from protocol.statement import Entry, open_payload, parse_entry
from protocol.tile import TILE_HEIGHT, TILE_WIDTH

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree


class Place(NamedTuple):
    """Where the scrub goes on: the local number of a log, and a stretch of 256 entries in it."""

    tree: int = 0
    number: int = 0


def scrub_step(reads: Snapshot, place: Place) -> tuple[Place, str]:
    """Checks the next 256 entries: payloads against entries, entries against the stored hash of their subtree.

    Gives the place to go on from, (0, 0) after the last, and what is wrong, empty if nothing.
    """
    trees = reads.trees()
    tree = next((tree for tree in trees if tree.tree >= max(1, place.tree)), None)
    if tree is None:
        return Place(), ""
    number = place.number if tree.tree == place.tree else 0
    if number * TILE_WIDTH >= tree.size:
        return Place(tree.tree + 1, 0), ""
    return Place(tree.tree, number + 1), _check(reads, tree, number)


def _check(reads: Snapshot, tree: Tree, number: int) -> str:
    begin = number * TILE_WIDTH
    rows = list(reads.entries(tree.tree, begin, min(tree.size, begin + TILE_WIDTH)))
    if len(rows) == TILE_WIDTH:
        stored = reads.subtrees(tree.tree, TILE_HEIGHT, number, number + 1)
        if stored != [root_of(leaf_hash(row.entry) for row in rows)]:
            return f"{tree.origin}: entries {begin} to {begin + TILE_WIDTH} are not what they were"
    elif len(rows) != tree.size - begin:
        return f"{tree.origin}: entries after {begin} are missing"
    for row in rows:
        try:
            header = parse_entry(row.entry)
            if row.payload is not None and isinstance(header, Entry):
                open_payload(row.payload, header.commitment, tree.origin.log_id, row.position, tree.origin.epoch)
        except Malformed as error:
            if not reads.lacking(tree.tree, row.position, row.position + 1):
                return f"{tree.origin}: position {row.position}: {error}"
    return ""
