# SPDX-License-Identifier: AGPL-3.0-or-later
"""Going through what is stored: every hash, every signature; and making the derived tables anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import NotFoundError
from ledger.held.tree import root_at
from protocol.charter import establish
from protocol.checkpoint import parse_checkpoint
from protocol.errors import Malformed
from protocol.identity import Origin, show_log_id
from protocol.merkle import Peaks, leaf_hash
from protocol.note import verified_by
from protocol.statement import Entry, Opened, open_payload, parse_entry
from protocol.tile import TILE_HEIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.own.writer import Writer
    from ledger.sqlite.store import Snapshot, SqliteStore
    from ledger.values import Stored, Tree

_CHUNK = 2_000


class Fault(NamedTuple):
    """Something that is not as it should be: where (position -1: the log as a whole) and what."""

    log: str
    position: int
    what: str


class Audit(NamedTuple):
    """What an audit went through and found."""

    logs: int
    entries: int
    signatures: int
    faults: list[Fault]


def audit(store: SqliteStore, advance: Callable[[int], None] = lambda _: None, *, signatures: bool = True) -> Audit:
    """Every hash of every log held, and unless told otherwise every signature, also those that checkpoints cover."""
    faults: list[Fault] = []
    entries = checked = 0
    with store.read() as reads, ThreadPoolExecutor(2) as pool:
        trees = reads.trees()
        for tree in trees:
            _audit_opening(reads, tree, faults)
            for chunk, found in _audit_entries(reads, tree, faults):
                entries += len(chunk)
                if signatures:
                    checked += sum(len(opened.payload.signatures) for _, opened in found)
                    faults += [fault for some in pool.map(_check_signatures, _parts(tree, found)) for fault in some]
                advance(len(chunk))
    return Audit(len(trees), entries, checked, faults)


def _audit_entries(
    reads: Snapshot, tree: Tree, faults: list[Fault]
) -> Iterator[tuple[list[Stored], list[tuple[int, Opened]]]]:
    """Goes through one log in chunks, with the payloads that could be opened; faults are added as they are found."""
    name = str(tree.origin)
    peaks = Peaks()

    def compare(level: int, number: int, value: bytes) -> None:
        if level % TILE_HEIGHT == 0 and reads.subtrees(tree.tree, level, number, number + 1) != [value]:
            faults.append(Fault(name, number << level, f"the stored hash of subtree {level}/{number} is wrong"))

    last_at = 0
    for begin in range(0, tree.size, _CHUNK):
        chunk = list(reads.entries(tree.tree, begin, min(tree.size, begin + _CHUNK)))
        lacking = reads.lacking(tree.tree, begin, begin + _CHUNK)
        opened: list[tuple[int, Opened]] = []
        for position, stored in enumerate(chunk, begin):
            if stored.position != position:
                faults.append(Fault(name, position, "the entry is missing"))
                return
            peaks.append(leaf_hash(stored.entry), compare)
            try:
                at = _audit_entry(tree, stored, lacking, opened)
                if at is not None:
                    if at < last_at and lacking.get(position) != "at_decreases":
                        faults.append(Fault(name, position, "its time is before that of the entry before it"))
                    last_at = at
            except Malformed as error:
                faults.append(Fault(name, position, str(error)))
        yield chunk, opened
    if peaks.size != tree.size:
        faults.append(Fault(name, peaks.size, f"{tree.size} entries are said to be here, {peaks.size} are"))
    _audit_checkpoint(reads, tree, peaks, faults)


def _audit_opening(reads: Snapshot, tree: Tree, faults: list[Fault]) -> None:
    """A later epoch: whether it entered again what it says that it accepts, as far as the epoch before is held."""
    log_id, epoch = tree.origin
    before = reads.tree(Origin(log_id, epoch - 1)) if epoch > 1 else None
    opens = establish(reads.charters(tree.tree)).opening(epoch) if before else None
    if before is None or opens is None or before.size < opens.size:
        return
    if root_at(reads, before.tree, opens.size) != opens.root:
        if reads.fork(before.tree) is not None:  # what is held is the history that was given up
            return
        faults.append(Fault(str(tree.origin), -1, f"it accepts another history than that held of epoch {epoch - 1}"))
    end = min(opens.size, tree.size)
    pairs = zip(reads.leaves(before.tree, 1, end), reads.leaves(tree.tree, 1, end), strict=True)
    for position, (old, new) in enumerate(pairs, 1):
        if old != new:
            faults.append(Fault(str(tree.origin), position, f"not the entry that stands there in epoch {epoch - 1}"))


def _audit_entry(tree: Tree, stored: Stored, lacking: dict[int, str], opened: list[tuple[int, Opened]]) -> int | None:
    """The entry's time, if it tells one; its payload, if it is there, is opened. Raises Malformed."""
    if stored.position in lacking and stored.payload is None:
        header = None if lacking[stored.position] in {"entry_form", "scope"} else parse_entry(stored.entry)
        return header.at if isinstance(header, Entry) else None
    header = parse_entry(stored.entry)
    if not isinstance(header, Entry):
        return None
    if stored.payload is None:
        raise Malformed("payload", "the payload is gone, and nothing says why")
    opened.append(
        (
            stored.position,
            open_payload(stored.payload, header.commitment, tree.origin.log_id, stored.position, tree.origin.epoch),
        )
    )
    return header.at


def _audit_checkpoint(reads: Snapshot, tree: Tree, peaks: Peaks, faults: list[Fault]) -> None:
    """The newest complete checkpoint: signed by a key of the log, and true of the entries."""
    if not tree.checkpoint:
        return
    try:
        checkpoint, note = parse_checkpoint(tree.checkpoint)
        keys, epoch = establish(reads.charters(tree.tree)), tree.origin.epoch
        verified_by(note, [*keys.verifier_keys(epoch), *keys.earlier_keys(epoch)])
    except Malformed as error:
        faults.append(Fault(str(tree.origin), -1, f"its checkpoint: {error}"))
        return
    root = peaks.root()
    if checkpoint.size < peaks.size:
        shorter = Peaks()
        for entry in reads.leaves(tree.tree, 0, checkpoint.size):
            shorter.append(leaf_hash(entry))
        root = shorter.root()
    if checkpoint.size != tree.checkpoint_size or checkpoint.size > peaks.size or checkpoint.root != root:
        faults.append(Fault(str(tree.origin), -1, f"the entries are not those of its checkpoint of {checkpoint.size}"))


def _parts(tree: Tree, opened: list[tuple[int, Opened]]) -> list[tuple[str, list[tuple[int, Opened]]]]:
    return [(str(tree.origin), opened[n : n + 128]) for n in range(0, len(opened), 128)]


def _check_signatures(part: tuple[str, list[tuple[int, Opened]]]) -> list[Fault]:
    name, opened = part
    faults = []
    for position, one in opened:
        try:
            one.verify()
        except Malformed as error:
            faults.append(Fault(name, position, str(error)))
    return faults


def rebuild(store: SqliteStore, writer: Writer) -> tuple[bytes, bytes]:
    """Empties the derived tables and makes them anew from the logs; digests of their content before and after."""
    writer.settle()
    with store.read() as reads:
        before = reads.derived_digest()
    writer.run(lambda change: change.clear_derived()).result()
    writer.settle()
    with store.read() as reads:
        return before, reads.derived_digest()


def find_tree(reads: Snapshot, prefix: str) -> Tree:
    """The held log whose id begins with a text; the newest epoch of it. Raises NotFoundError."""
    found = [tree for tree in reads.trees() if show_log_id(tree.origin.log_id).startswith(prefix.lower())]
    if len({tree.origin.log_id for tree in found}) != 1:
        raise NotFoundError(f"{len(found)} logs held here begin with {prefix[:60]!r}; see `folkmoot log list`")
    return max(found, key=lambda tree: tree.origin.epoch)
