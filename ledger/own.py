# SPDX-License-Identifier: AGPL-3.0-or-later
"""The own log: appending in groups and signing checkpoints. For the writing thread alone."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import IdReusedError, NotSigningError, StoreDamagedError, StoreUnusableError
from ledger.forks import why_not_signing
from ledger.head import Head
from ledger.tree import Growth, last_time, load_peaks, root_at
from ledger.values import Stored
from protocol.checkpoint import Checkpoint
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.merkle import Peaks, leaf_hash
from protocol.note import Note, sign_note
from protocol.statement import Statement, commit, make_entry, parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.head import HeadFile
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree
    from protocol.identity import Origin
    from protocol.signature import SigningKey


class Submission(NamedTuple):
    """A payload on its way into the own log.

    Complete and signed. `digest` tells a repetition from a reuse of its id.
    """

    id: bytes
    digest: bytes
    scope: int
    payload: bytes
    commitment: bytes


class Receipt(NamedTuple):
    """Where a submission stands in the log; `repeated` if its id had been accepted before."""

    position: int
    repeated: bool


class Appended(NamedTuple):
    """A group that has been written but not yet committed: to be settled after the commit."""

    growth: Growth
    at: int
    receipts: list[Receipt]


def submission(payload: bytes, scope: int = 0) -> Submission:
    """A payload made ready for `append`. Raises Malformed if it is not one, or of a version that cannot be written."""
    statement = parse_statement(parse_payload(payload).statement)
    if not isinstance(statement, Statement):
        raise Malformed("statement_version", "only statements of the present version are written")
    digest = sha256(encode([statement.kind, statement.author]) + bytes(statement.body)).digest()
    return Submission(statement.id, digest, scope, payload, commit(payload))


class OwnLog:
    """The log that this node writes: its tree in memory, its head outside, its key."""

    def __init__(self, tree: Tree, head: HeadFile, key: SigningKey, reads: Snapshot) -> None:
        self.tree = tree.tree
        self.origin: Origin = tree.origin
        self._head = head
        self._key = key
        self._growth = Growth(load_peaks(reads, tree.tree, tree.size))
        self._read_back = load_peaks(reads, tree.tree, tree.checkpoint_size)
        self._signed_size = tree.checkpoint_size
        self._at = last_time(reads, tree)
        self._seen: Head | None = None
        self._begun: Head | None = None
        self.signing_refused = why_not_signing(reads, tree.tree) or self._compare_head(reads, tree)

    @property
    def size(self) -> int:
        """Entries that are durable here."""
        return self._growth.peaks.size

    @property
    def signed_size(self) -> int:
        """Entries under the last checkpoint that was signed here."""
        return self._signed_size

    def append(self, change: Transaction, group: Sequence[Submission], now: int) -> Appended:
        """Writes a group of submissions.

        `settle` once it is committed. Raises IdReusedError: then the group is not written.
        """
        self._refuse_forked(change)
        if self.signing_refused:
            raise NotSigningError(self.signing_refused)
        self._hash_again(change)
        taken = change.accepted(self.tree, [item.id for item in group])
        growth = Growth(self._growth.peaks.copy())
        at, position = max(now, self._at), growth.peaks.size
        rows, keys, receipts = [], [], []
        for item in group:
            if item.id in taken:
                earlier, digest = taken[item.id]
                if digest not in {item.digest, _ERASED}:
                    raise IdReusedError(
                        f"the id {item.id.hex()} was used at position {earlier} to say something else: choose another "
                        "id"
                    )
                receipts.append(Receipt(earlier, repeated=True))
                continue
            rows.append(Stored(position, make_entry(at, item.scope, item.commitment), item.payload))
            keys.append((item.id, position, item.digest))
            taken[item.id] = (position, item.digest)
            receipts.append(Receipt(position, repeated=False))
            position += 1
        growth.append(leaf_hash(row.entry) for row in rows)
        change.add_entries(self.tree, rows)
        change.add_accepted(self.tree, keys)
        change.add_subtrees(self.tree, growth.full)
        change.set_size(self.tree, position)
        return Appended(growth, at, receipts)

    def settle(self, appended: Appended) -> None:
        """Takes over a group whose transaction is durable."""
        self._growth = Growth(appended.growth.peaks)
        self._at = appended.at

    def checkpoint(self, change: Transaction) -> Checkpoint | None:
        """Signs all that is durable, after hashing it once more from the disk; None if there is nothing new to sign.

        Raises NotSigningError, StoreDamagedError.
        """
        self._refuse_forked(change)
        if self.signing_refused:
            raise NotSigningError(self.signing_refused)
        size = self._growth.peaks.size
        if size == self._signed_size:
            return None
        peaks = self._hash_again(change)
        root = peaks.root()
        if peaks.size != size or root != self._growth.peaks.root():
            raise StoreDamagedError(
                "what the disk gives back is not what was written: nothing is signed; check the machine"
            )
        self._advance_head(Head(str(self.origin), size, root))
        checkpoint = Checkpoint(str(self.origin), size, root)
        note = bytes(Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, self._key),)))
        change.set_head(self.tree, note, size)
        change.set_checkpoint(self.tree, note, size)
        self._signed_size = size
        return checkpoint

    def _refuse_forked(self, reads: Snapshot) -> None:
        """Signs no more once a fork of the own log is known, wherever it was seen (spec 12 §6)."""
        self.signing_refused = why_not_signing(reads, self.tree) or self.signing_refused

    def _hash_again(self, reads: Snapshot) -> Peaks:
        """Hashes what the disk gives back of the groups before, so that little is left to do when it is signed."""
        peaks = self._read_back.copy()
        for entry in reads.leaves(self.tree, peaks.size, self._growth.peaks.size):
            peaks.append(leaf_hash(entry))
        self._read_back = peaks
        return peaks

    def _advance_head(self, new: Head) -> None:
        """Moves the head file on from where this instance left it. Raises NotSigningError if it stands elsewhere."""
        if new == self._seen:
            return
        try:
            found = self._head.read(str(self.origin))
            if found not in {self._seen, self._begun}:
                raise NotSigningError(
                    f"{self._head.path} was advanced to {found.size} by another process than this one: nothing is "
                    "signed"
                )
            self._begun = new  # if the disk fails now, the file may or may not say so
            if found != new:
                self._head.advance(found, new)
        except NotSigningError as error:
            self.signing_refused = str(error)
            raise
        self._seen = new

    def _compare_head(self, reads: Snapshot, tree: Tree) -> str:
        """Why this store must not sign; empty if its head matches."""
        try:
            head = self._head.read(str(self.origin))
        except (NotSigningError, StoreUnusableError) as error:
            return str(error)
        if head.size > tree.size:
            return (
                f"the head file says that {head.size} entries were signed, but this store has {tree.size}: it was "
                "restored from "
                "an older copy. Nothing is signed, so that the log cannot fork; the missing entries must come back "
                "from a peer."
            )
        if root_at(reads, tree.tree, head.size) != head.root:
            return (
                "the head file and this store tell different histories: nothing is signed; keep both and ask for help"
            )
        self._seen = self._begun = head
        return ""


_ERASED = b""
"""In place of the digest of what was said and has been erased since: it can be repeated, and nothing is written."""
