# SPDX-License-Identifier: AGPL-3.0-or-later
"""Other organisations' logs: every range is verified against a signed checkpoint before it is stored (spec 09 §5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from ledger.denying import denied_logs
from ledger.errors import ForkedError, RefusedError
from ledger.forks import compare_unproved, contradiction, keep_unproved, refuse_closed, rejudge_fork
from ledger.tree import Growth, last_time, load_peaks, root_at
from ledger.values import Stored
from protocol.charter import establish
from protocol.checkpoint import Checkpoint, parse_checkpoint
from protocol.errors import Malformed
from protocol.identity import Origin
from protocol.merkle import Peaks, check_consistency, leaf_hash
from protocol.note import VerifierKey, verified_by
from protocol.statement import Entry, Opaque, Opened, Statement, holds, open_payload, parse_entry
from protocol.tile import ENTRY_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree

TREES_MAX = 10_000
EPOCHS_MAX = 8
"""Of one log: whoever has its key could otherwise fill the place of all others."""

_verifiers = ThreadPoolExecutor(2, thread_name_prefix="folkmoot-verify")
_SIGNATURES_PER_JOB = 16


class VerifiedHead(NamedTuple):
    """A checkpoint whose signature holds, with the key that made it and the charters that establish the key."""

    checkpoint: Checkpoint
    origin: Origin
    note: bytes
    charters: tuple[bytes, ...]
    key: bytes


class VerifiedRange(NamedTuple):
    """Entries that belong under a checkpoint: rows to store, those set aside with the reason, and the grown tree.

    `note` is the checkpoint if the entries complete it, else empty.
    """

    origin: Origin
    begin: int
    rows: list[Stored]
    lacking: list[tuple[int, str]]
    growth: Growth
    note: bytes


def verify_head(note: bytes, charters: Sequence[bytes]) -> VerifiedHead:
    """A checkpoint of a log with its charters, checked on their own. Raises Malformed."""
    checkpoint, parsed = parse_checkpoint(note)
    origin = Origin.parse(checkpoint.origin)
    keys = establish(charters)
    if keys.log_id != origin.log_id:
        raise Malformed("origin", "the charters are of another log than the checkpoint")
    signer: VerifierKey = verified_by(parsed, keys.verifier_keys(origin.epoch))[0]
    return VerifiedHead(checkpoint, origin, note, tuple(charters), signer.public)


def accept_head(change: Transaction, head: VerifiedHead) -> Tree:
    """Takes note of a newer checkpoint; the log as it is then. An older or equal one changes nothing.

    Raises ForkedError if it contradicts what is held, or if the log had forked already: the proof is stored then, so
    let the transaction end well. Raises RefusedError if too many logs are held, if the log was healed by its next
    epoch, or if there is a contradiction that proves nothing.
    """
    tree = change.tree(head.origin) or _add_tree(change, head.origin)
    _refuse_contradiction(change, tree, head)
    size = head.checkpoint.size
    if size < tree.head_size:
        keep_unproved(change, tree, head.note, size)
    elif size > tree.head_size:
        keep_unproved(change, tree, tree.head, tree.head_size)
        change.set_head(tree.tree, head.note, size)
    if tree.checkpoint_size < size <= tree.size:
        change.set_checkpoint(tree.tree, head.note, size)
    return change.tree_numbered(tree.tree)


def _add_tree(change: Transaction, origin: Origin) -> Tree:
    if origin.log_id in denied_logs(change):
        raise RefusedError(f"{origin} is denied here: `folkmoot peer allow` takes that back")
    held = change.trees()
    if sum(other.origin.log_id == origin.log_id for other in held) >= EPOCHS_MAX:
        raise RefusedError(f"{EPOCHS_MAX} epochs of {origin} are held already: no further one is taken")
    if len(held) >= TREES_MAX:
        raise RefusedError(f"{TREES_MAX} logs are held already: no further one is taken")
    return change.add_tree(origin)


def _refuse_contradiction(change: Transaction, tree: Tree, head: VerifiedHead) -> None:
    """Takes in longer charters, and refuses a head that cannot be true beside what is held."""
    size, known = head.checkpoint.size, change.charters(tree.tree)
    if len(head.charters) > len(known):
        rejudge_fork(change, tree, head.charters)
    refuse_closed(change, tree)
    proof = contradiction(change, head.note, head.charters)
    if proof is not None:
        change.set_fork(tree.tree, proof)
        raise ForkedError(f"{head.origin}: the checkpoint of {size} entries contradicts what is held: it forked", proof)
    if len(head.charters) > len(known):  # also if the head is refused: what they remove signs nothing here from now on
        change.set_charters(tree.tree, head.charters)
    elif size > tree.head_size and head.key not in establish(known).charter.keys:
        raise RefusedError(f"{head.origin}: the checkpoint of {size} entries is signed by a key that has been replaced")
    if size <= tree.size and root_at(change, tree.tree, size) != head.checkpoint.root:
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
        return VerifiedRange(self.origin, begin, rows, lacking, growth, head.note if end == checkpoint.size else b"")


def store_range(change: Transaction, verified: VerifiedRange) -> Tree:
    """Stores a verified range; the log as it is then.

    If it completes a checkpoint that contradicts one seen earlier, the log has forked with it. Raises ForkedError if it
    had before, RefusedError if the range does not follow what is held.
    """
    tree = change.tree(verified.origin)
    if tree is None or tree.size != verified.begin:
        raise RefusedError(f"{verified.origin}: the range does not follow what is held")
    refuse_closed(change, tree)
    erased = {position for position, why in change.lacking(tree.tree, verified.begin, 2**62).items() if why == "erased"}
    rows = [row._replace(payload=None) if row.position in erased else row for row in verified.rows]
    end = verified.begin + len(rows)
    change.add_entries(tree.tree, rows)
    change.add_subtrees(tree.tree, verified.growth.full)
    change.add_lacking(tree.tree, verified.lacking)
    change.set_size(tree.tree, end)
    if verified.note:
        change.set_checkpoint(tree.tree, verified.note, end)
        compare_unproved(change, change.tree_numbered(tree.tree))
    return change.tree_numbered(tree.tree)


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
                opened = open_payload(payload, header.commitment, log_id, position)
                signatures = opened.payload.signatures
                covered = len(signatures) == 1 and signatures[0].key == key
                if not covered and isinstance(opened.statement, Statement):
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


def _false_signatures(job: list[tuple[int, Opened]], covered: bytes) -> list[int]:
    """Positions with a signature that does not hold."""
    return [
        position
        for position, opened in job
        if not all(holds(opened.payload.statement, signature) for signature in opened.unverified(covered))
    ]
