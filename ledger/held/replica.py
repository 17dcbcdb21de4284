# SPDX-License-Identifier: AGPL-3.0-or-later
"""Other organisations' logs: every range is verified against a signed checkpoint before it is stored (spec 09 §5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import ForkedError, RefusedError
from ledger.held.charters import in_force, known_charters, signer_of, take_charters
from ledger.held.denying import denied_logs
from ledger.held.forks import compare_unproved, contradiction, keep_unproved, refuse_closed, unconfirmed
from ledger.held.state import add_cosignatures, join_head, keep_checkpoint
from ledger.held.tree import Growth, last_time, load_peaks, root_at
from ledger.values import Stored
from protocol.charter import establish
from protocol.checkpoint import Checkpoint, parse_checkpoint
from protocol.errors import Malformed
from protocol.identity import Origin
from protocol.merkle import Peaks, check_consistency, leaf_hash
from protocol.note import VerifierKey, parse_note, verified_by
from protocol.reciprocity import RECIPROCITY_BODIES
from protocol.statement import Entry, Opaque, Opened, Statement, holds, open_payload, parse_entry
from protocol.tile import ENTRY_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree
    from protocol.charter import LogKeys
    from protocol.frames import HeadField

TREES_MAX = 10_000
EPOCHS_MAX = 8
"""Of one log: whoever has its key could otherwise fill the place of all others."""

_verifiers = ThreadPoolExecutor(2, thread_name_prefix="folkmoot-verify")
_SIGNATURES_PER_JOB = 16


class VerifiedHead(NamedTuple):
    """A checkpoint whose signature holds, with the key that made it and the charters that establish the key.

    The key may be one that was removed since; `accept_head` decides what that means.
    """

    checkpoint: Checkpoint
    origin: Origin
    note: bytes
    charters: tuple[bytes, ...]
    key: bytes


class VerifiedRange(NamedTuple):
    """Entries that belong under a checkpoint: rows to store, those set aside with the reason, and the grown tree.

    `note` is the checkpoint if the entries complete it, else empty; `key` is the one that signed it.
    """

    origin: Origin
    begin: int
    rows: list[Stored]
    lacking: list[tuple[int, str]]
    growth: Growth
    note: bytes
    key: bytes


def verify_head(note: bytes, charters: Sequence[bytes]) -> VerifiedHead:
    """A checkpoint of a log with its charters, checked on their own. Raises Malformed."""
    return _verified_head(note, tuple(charters))


@lru_cache(1024)  # each peer tells of the same checkpoints, and tells of some again each minute
def _verified_head(note: bytes, charters: tuple[bytes, ...]) -> VerifiedHead:
    checkpoint, parsed = parse_checkpoint(note)
    origin = Origin.parse(checkpoint.origin)
    keys = establish(charters)
    if keys.log_id != origin.log_id:
        raise Malformed("origin", "the charters are of another log than the checkpoint")
    epoch = origin.epoch
    may_sign = keys.verifier_keys(epoch)
    if not may_sign:
        raise Malformed("origin", f"a checkpoint of epoch {epoch}, where {keys.epoch} is the newest")
    signer: VerifierKey = verified_by(parsed, [*may_sign, *keys.earlier_keys(epoch)])[0]
    return VerifiedHead(checkpoint, origin, note, charters, signer.public)


def unknown_heads(
    reads: Snapshot, heads: Sequence[HeadField], now: int
) -> tuple[list[HeadField], list[tuple[Origin, int]]]:
    """Those of the heads that are not known already, or whose entries are not all here.

    And (origin, size) of those that are known, if they were not confirmed for a while before `now`, in UTC seconds.
    """
    unknown, known = [], []
    for field in heads:
        tree = reads.tree(Origin(field.log, field.epoch))
        if tree is None or field.checkpoint not in (tree.head, tree.checkpoint) or tree.size < tree.head_size:
            unknown.append(field)
        else:
            known.append(tree)
    return unknown, unconfirmed(reads, known, now)


def accept_head(change: Transaction, head: VerifiedHead) -> Tree:
    """Takes note of a newer checkpoint; the log as it is then. An older or equal one changes nothing.

    Raises ForkedError if it contradicts what is held, or if the log had forked already: the proof is stored then, so
    let the transaction end well. Raises RefusedError if its key was removed or its epoch closed, if the log was healed
    by its next epoch, if there is a contradiction that proves nothing, or if too many logs are held. What its charters
    tell is taken in all the same.
    """
    keys = take_charters(change, head.origin, head.charters)
    tree, size = change.tree(head.origin), head.checkpoint.size
    if tree is not None:
        refuse_closed(change, tree)
    _refuse_contradiction(change, keys, tree, head)
    tree = _let_go(change, keys, tree or _add_tree(change, head), head)
    _keep_head(change, tree, head.note, size)
    return change.tree_numbered(tree.tree)


def _keep_head(change: Transaction, tree: Tree, note: bytes, size: int) -> None:
    """Keeps a checkpoint that is newer, or the same one with cosignatures that it did not have before."""
    if size < tree.head_size:
        keep_unproved(change, tree, note, size)
    elif size > tree.head_size:
        keep_unproved(change, tree, tree.head, tree.head_size)
        change.set_head(tree.tree, note, size)
    elif size > tree.size:
        join_head(change, tree, parse_note(note))
    if tree.checkpoint_size < size <= tree.size:
        keep_checkpoint(change, tree, note, size)
    elif 0 < size <= tree.size:
        add_cosignatures(change, tree, parse_note(note), size)


def _add_tree(change: Transaction, head: VerifiedHead) -> Tree:
    """Room for a log or an epoch that was not held before."""
    if head.origin.log_id in denied_logs(change):
        raise RefusedError(f"{head.origin} is denied here: `folkmoot peer allow` takes that back")
    if len(change.epochs(head.origin.log_id)) >= EPOCHS_MAX:
        raise RefusedError(f"{EPOCHS_MAX} epochs of {head.origin} are held already: no further one is taken")
    if len(change.trees()) >= TREES_MAX:
        raise RefusedError(f"{TREES_MAX} logs are held already: no further one is taken")
    tree = change.add_tree(head.origin)
    change.set_charters(tree.tree, known_charters(change, head.origin.log_id) or head.charters)
    return tree


def _check_open(keys: LogKeys, head: VerifiedHead) -> None:
    """Refuses what a closed epoch says beyond what its successor accepts of it (spec 04 §6)."""
    epoch, checkpoint = head.origin.epoch, head.checkpoint
    closed = keys.opening(epoch + 1)
    if closed and checkpoint.size >= closed.size and checkpoint[1:] != (closed.size, closed.root):
        raise RefusedError(f"{head.origin}: epoch {epoch} was closed at {closed.size} entries: nothing more is taken")


def _let_go(change: Transaction, keys: LogKeys, tree: Tree, head: VerifiedHead) -> Tree:
    """Gives up what only a removed key vouches for, beyond what its successor now does (spec 04 §7)."""
    size = head.checkpoint.size
    own = int(change.fact("own") or 0) == tree.tree
    if own or size >= tree.head_size or not in_force(keys, tree.origin, head.key):
        return tree
    if in_force(keys, tree.origin, signer_of(keys, tree, tree.head)):
        return tree
    if size < tree.size:
        change.cut_back(tree.tree, size)
    if tree.checkpoint_size > size:
        change.set_checkpoint(tree.tree, head.note, size)
    change.set_head(tree.tree, head.note, size)
    return change.tree_numbered(tree.tree)


def _refuse_contradiction(change: Transaction, keys: LogKeys, tree: Tree | None, head: VerifiedHead) -> None:
    """Refuses a head that cannot be true beside what is held, or that nobody may sign any more."""
    size, (number, held) = head.checkpoint.size, (tree.tree, tree.size) if tree else (0, 0)
    agrees = size > held or root_at(change, number, size) == head.checkpoint.root
    if size > held or not agrees:
        _check_open(keys, head)
        if not in_force(keys, head.origin, head.key):
            raise RefusedError(
                f"{head.origin}: the checkpoint of {size} entries is signed by a key that has been replaced"
            )
    proof = contradiction(change, head.note, head.charters)
    if proof is not None:
        change.set_fork(number, proof)
        raise ForkedError(f"{head.origin}: the checkpoint of {size} entries contradicts what is held: it forked", proof)
    if not agrees:
        raise RefusedError(
            f"{head.origin}: the checkpoint of {size} entries contradicts entries held here that no checkpoint covers, "
            "or that a key signed which has been removed since"
        )


def head_of(reads: Snapshot, tree: Tree) -> VerifiedHead | None:
    """The newest verified checkpoint of a held log, checked again."""
    return verify_head(tree.head, reads.charters(tree.tree)) if tree.head else None


class Replica:
    """One foreign log while it is being fetched: its tree in memory, grown range by range."""

    def __init__(self, tree: Tree, reads: Snapshot) -> None:
        self.tree = tree.tree
        self.origin = tree.origin
        self.peaks: Peaks = load_peaks(reads, tree.tree, tree.size)
        self._at = last_time(reads, tree)

    def verify_range(
        self, head: VerifiedHead, begin: int, entries: Sequence[Sequence[bytes]], proof: Sequence[bytes]
    ) -> VerifiedRange:
        """Checks that a range of (entry, payload) follows what is held and belongs under a checkpoint.

        Raises Malformed if it does not: the sender's fault, but for the reason `branch`: then the range may belong to
        another history than what is held, which only a fork proof can tell (spec 12 §5). Entries that are faulty in
        themselves are set aside.
        """
        if begin != self.peaks.size or not entries:
            raise Malformed("range", f"entries from {begin} on, where {self.peaks.size} are held")
        if head.origin != self.origin:
            raise Malformed("origin", f"a checkpoint of {head.origin} where entries of {self.origin} are fetched")
        if any(len(pair[0]) > ENTRY_BYTES_MAX for pair in entries):
            raise Malformed("entry_form", f"an entry of over {ENTRY_BYTES_MAX} bytes, which no tile can hold")
        growth = Growth(self.peaks.copy())
        growth.append(leaf_hash(pair[0]) for pair in entries)
        end, checkpoint = growth.peaks.size, head.checkpoint
        if end > checkpoint.size:
            raise Malformed("range", f"entries up to {end} under a checkpoint of {checkpoint.size}")
        try:
            check_consistency(end, checkpoint.size, growth.peaks.root(), checkpoint.root, proof)
        except Malformed as error:
            if begin and error.reason == "root":  # a range from the first entry on rests on nothing that is held
                raise Malformed("branch", f"{error.text}: it is false, or what is held is of another history") from None
            raise
        rows, lacking, self._at = _examine(head, begin, entries, self._at)
        self.peaks = growth.peaks
        note = head.note if end == checkpoint.size else b""
        return VerifiedRange(self.origin, begin, rows, lacking, growth, note, head.key)


def store_range(change: Transaction, verified: VerifiedRange) -> Tree:
    """Stores a verified range; the log as it is then.

    If it completes a checkpoint that contradicts one seen earlier, the log has forked with it. Raises ForkedError if it
    had before, RefusedError if the range does not follow what is held.
    """
    tree = change.tree(verified.origin)
    if tree is None or tree.size != verified.begin:
        raise RefusedError(f"{verified.origin}: the range does not follow what is held")
    refuse_closed(change, tree)
    if not in_force(take_charters(change, verified.origin, ()), verified.origin, verified.key):
        raise RefusedError(f"{verified.origin}: the key that signed for the range has been replaced meanwhile")
    end = verified.begin + len(verified.rows)
    elsewhere = _erased_elsewhere(change, tree, verified)
    erased = elsewhere.keys() | change.erased(tree.tree, verified.begin, end).keys()
    rows = [row._replace(payload=None) if row.position in erased else row for row in verified.rows]
    change.add_entries(tree.tree, rows)
    change.add_subtrees(tree.tree, verified.growth.full)
    change.add_lacking(tree.tree, [item for item in verified.lacking if item[0] not in erased])
    for position, erased_by in elsewhere.items():
        change.drop_payload(tree.tree, position, erased_by)
    change.set_size(tree.tree, end)
    if verified.note:
        keep_checkpoint(change, tree, tree.head if tree.head_size == end else verified.note, end)
        compare_unproved(change, change.tree_numbered(tree.tree))
    return change.tree_numbered(tree.tree)


def _erased_elsewhere(change: Transaction, tree: Tree, verified: VerifiedRange) -> dict[int, int | None]:
    """Entries that stand in another epoch of the log too, whose payload was erased there; at whose word."""
    erased = {}
    for other in change.epochs(tree.origin.log_id):
        if other.tree != tree.tree:
            gone = change.erased(other.tree, verified.begin, verified.begin + len(verified.rows))
            for position, erased_by in gone.items():
                entry = verified.rows[position - verified.begin].entry
                if next(change.leaves(other.tree, position, position + 1), None) == entry:
                    erased[position] = erased_by
    return erased


def _examine(
    head: VerifiedHead, begin: int, entries: Sequence[Sequence[bytes]], at: int
) -> tuple[list[Stored], list[tuple[int, str]], int]:
    """The rows to store, what is set aside by the rules of spec 03 §4, and the time of the last entry.

    `at` is the time of the entry before the first one. Signatures are checked in threads.
    """
    rows: list[Stored] = []
    lacking: list[tuple[int, str]] = []
    signed: list[tuple[int, Opened]] = []
    log_id, key = head.origin.log_id, head.key
    for position, (entry, payload) in enumerate(entries, begin):
        try:
            header = parse_entry(entry)
            if isinstance(header, Entry):
                before, at = at, header.at
                if at < before:
                    raise Malformed("at_decreases", "its time is before that of the entry before it")
            if not payload:
                lacking.append((position, "withheld"))
            elif not isinstance(header, Opaque):
                opened = open_payload(payload, header.commitment, log_id, position, head.origin.epoch)
                if isinstance(opened.statement, Statement) and opened.unverified(_covering(key, opened.statement)):
                    signed.append((position, opened))
        except Malformed as error:
            lacking.append((position, error.reason))
            payload = b""  # noqa: PLW2901 - what is set aside is not kept
        rows.append(Stored(position, entry, payload or None))
    jobs = [signed[n : n + _SIGNATURES_PER_JOB] for n in range(0, len(signed), _SIGNATURES_PER_JOB)]
    for false_at in _verifiers.map(lambda job: _false_signatures(job, key), jobs):
        for position in false_at:
            rows[position - begin] = rows[position - begin]._replace(payload=None)
            lacking.append((position, "bad_signature"))
    return rows, lacking, at


def _covering(key: bytes, statement: Statement | Opaque) -> bytes:
    """The key whose signatures need no check: the checkpoint's, but not where all holders have to agree."""
    ledger = isinstance(statement, Statement) and statement.kind in RECIPROCITY_BODIES
    return b"" if ledger else key


def _false_signatures(job: list[tuple[int, Opened]], key: bytes) -> list[int]:
    """Positions with a signature that does not hold; `key` signed the checkpoint."""
    return [
        position
        for position, opened in job
        if not all(
            holds(opened.payload.statement, signature)
            for signature in opened.unverified(_covering(key, opened.statement))
        )
    ]
