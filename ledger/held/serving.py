# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this node tells others of the logs that it holds (spec 09 §4, §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from ledger.held.charters import is_told, known_charters
from ledger.held.tree import prove_consistency
from ledger.held.witness import origin_digest
from protocol.charter import establish
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
    """The heads of all epochs of these logs that others take, and those of the logs of which none is held.

    Of the asker's own log it is the newest one that was ever seen or cosigned here, also where its entries are not all
    here, and where the log only waits. Nothing seen of the epoch that its newest charter opens is said, too.
    """
    trees = [tree for log_id in dict.fromkeys(logs) for tree in reads.epochs(log_id) if not tree.hidden]
    told = [
        _newest_seen(reads, tree) if tree.origin.log_id == asker else head_field(reads, tree)
        for tree in trees
        if tree.origin.log_id == asker or is_told(reads, tree)
    ]
    told = [head for head in told if head.checkpoint]
    held = {tree.origin.log_id for tree in trees if tree.checkpoint} | {head.log for head in told}
    if asker in logs:
        cosigned = _cosigned(reads, asker)
        ahead = {(head.log, head.epoch) for head in cosigned}
        told = [head for head in told if (head.log, head.epoch) not in ahead] + cosigned
        told += [_waiting_head(row) for row in reads.waiting() if row.log_id == asker]
        held |= {head.log for head in told}
    unknown = [log_id for log_id in logs if log_id not in held]
    own = [head for head in told if head.log == asker]
    if own and max(head.epoch for head in own) < max(establish(head.charters).epoch for head in own):
        unknown.append(asker)
    return told, unknown


def _cosigned(reads: Snapshot, log_id: bytes) -> list[HeadField]:
    """Checkpoints of a log that were cosigned here and cover more than what was seen of it otherwise."""
    charters, found = known_charters(reads, log_id), []
    sizes = {tree.origin: max(tree.checkpoint_size, tree.head_size) for tree in reads.epochs(log_id)}
    for origin in (Origin(log_id, epoch) for epoch in range(1, 2 + max((known.epoch for known in sizes), default=0))):
        cosigned = reads.cosigned(origin_digest(str(origin)))
        if charters and cosigned is not None and cosigned[0] > sizes.get(origin, 0):
            found.append(HeadField(log_id, origin.epoch, cosigned[2], charters))
    return found


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
