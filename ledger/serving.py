# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this node tells others of the logs that it holds (spec 09 §4, §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ledger.charters import is_told
from ledger.tree import prove_consistency
from protocol.checkpoint import parse_checkpoint
from protocol.frames import Entries, HeadField, Missing, Want
from protocol.identity import Origin
from protocol.statement import SCOPE_PUBLIC, Entry, parse_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree, WaitingRow

_PAIR_BYTES = 12
"""What the encoding adds to an entry and its payload."""
_READ_AHEAD = 2_048


def head_field(reads: Snapshot, tree: Tree) -> HeadField:
    """The head of a log as it is told to others: the checkpoint up to which everything is held."""
    log_id, epoch = tree.origin
    return HeadField(log_id, epoch, tree.checkpoint, reads.charters(tree.tree))


def heads_since(reads: Snapshot, store: bytes, cursor: int) -> tuple[list[HeadField], bytes, int]:
    """Heads that changed after a cursor, all of them if it is of another store; this store's id and where it stands."""
    own_store = reads.fact("store") or b""
    trees = reads.changed_since(cursor if store == own_store else 0)
    upto = max((tree.arrival for tree in trees), default=cursor if store == own_store else 0)
    return [head_field(reads, tree) for tree in trees if is_told(reads, tree)], own_store, upto


def heads_of(reads: Snapshot, logs: Sequence[bytes], asker: bytes) -> tuple[list[HeadField], list[bytes]]:
    """The heads of all epochs of these logs, and those of the logs of which none is held, or that are denied.

    Of the asker's own log it is the newest one that was ever seen, also where its entries are not all here.
    """
    trees = [tree for log_id in dict.fromkeys(logs) for tree in reads.epochs(log_id) if not tree.hidden]
    heads = [_newest_seen(reads, tree) if tree.origin.log_id == asker else head_field(reads, tree) for tree in trees]
    heads = [head for head in heads if head.checkpoint]
    heads += [_waiting_head(row) for row in reads.waiting() if row.log_id == asker and asker in logs]
    held = {head.log for head in heads}
    return heads, [log_id for log_id in logs if log_id not in held]


def _waiting_head(row: WaitingRow) -> HeadField:
    """The head of a log that waits: told to nobody but its own node, which may have lost it."""
    log_id, epoch = Origin.parse(parse_checkpoint(row.note)[0].origin)
    return HeadField(log_id, epoch, row.note, list(row.charters))


def _newest_seen(reads: Snapshot, tree: Tree) -> HeadField:
    head = head_field(reads, tree)
    return replace(head, checkpoint=tree.head) if tree.head_size > tree.checkpoint_size else head


def heads_at(reads: Snapshot, origins: Sequence[Origin]) -> list[HeadField]:
    """The heads of these epochs of logs, of those that are held."""
    trees = [reads.tree(origin) for origin in origins]
    return [head_field(reads, tree) for tree in trees if tree is not None and is_told(reads, tree)]


def serve_range(reads: Snapshot, want: Want) -> Entries | Missing:
    """The answer to a WANT: as many entries as fit, with the proof that they belong under the size asked for."""
    tree = reads.tree(Origin(want.log, want.epoch))
    if tree is None:
        return Missing(want.log, want.epoch, want.from_, "unknown_log")
    if tree.hidden:
        return Missing(want.log, want.epoch, want.from_, "forbidden")
    if want.size > tree.size:
        return Missing(want.log, want.epoch, want.from_, "size")
    if not want.from_ < want.to <= want.size:
        return Missing(want.log, want.epoch, want.from_, "range")
    pairs: list[tuple[bytes, bytes]] = []
    room = want.bytes
    for _, entry, payload in reads.entries(tree.tree, want.from_, min(want.to, want.from_ + _READ_AHEAD)):
        shown = payload if payload is not None and want.payloads and _is_public(entry) else b""
        room -= len(entry) + len(shown) + _PAIR_BYTES
        if pairs and room < 0:
            break
        pairs.append((entry, shown))
    proof = prove_consistency(reads, tree.tree, want.from_ + len(pairs), want.size)
    return Entries(want.log, want.epoch, want.size, want.from_, pairs, proof)


def _is_public(entry: bytes) -> bool:
    header = parse_entry(entry)
    return isinstance(header, Entry) and header.scope == SCOPE_PUBLIC
