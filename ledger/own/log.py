# SPDX-License-Identifier: AGPL-3.0-or-later
"""The own log: appending in groups, signing, hearing what others hold of it. For the writing thread alone."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import IdReusedError, NotSigningError, RefusedError, StoreDamagedError, StoreUnusableError
from ledger.held.charters import why_silent
from ledger.held.forks import why_not_signing
from ledger.held.tree import Growth, last_time, load_peaks, root_at
from ledger.own.head import NONCE_BYTES, Head
from ledger.own.recovery import UNWATCHED, State, explain, start
from ledger.values import Queued, Stored
from protocol.charter import establish
from protocol.checkpoint import Checkpoint
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.merkle import Peaks, leaf_hash
from protocol.note import Note, sign_note
from protocol.statement import (
    SCOPE_PUBLIC,
    Statement,
    commit,
    make_entry,
    make_payload,
    make_statement,
    parse_payload,
    parse_statement,
    sign_statement,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.own.head import HeadFile
    from ledger.own.recovery import Recovery, Watchers
    from ledger.sqlite.store import Snapshot, SqliteStore, Transaction
    from ledger.values import Tree
    from protocol.encoding import Value
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
    """Where a submission stands in the log; `repeated` if its id had been accepted before.

    `state` is as in `OwnLog.state_of`. While signed entries are being fetched back, the position is a guess.
    """

    position: int
    repeated: bool
    state: str = "saved"


class Appended(NamedTuple):
    """A group that has been written but not yet committed: to be settled after the commit."""

    growth: Growth
    at: int
    receipts: list[Receipt]


class Said(NamedTuple):
    """What an organisation says: without an id it gets one."""

    kind: str
    body: dict[str, Value]
    id: bytes | None = None
    scope: int = SCOPE_PUBLIC


def submission(payload: bytes, scope: int = 0) -> Submission:
    """A payload made ready for `append`. Raises Malformed if it is not one, or of a version that cannot be written."""
    statement = parse_statement(parse_payload(payload).statement)
    if not isinstance(statement, Statement):
        raise Malformed("statement_version", "only statements of the present version are written")
    return Submission(statement.id, digest_of(statement), scope, payload, commit(payload))


def stated(key: SigningKey, log_id: bytes, said: Said, at: int) -> Submission:
    """A statement of an organisation itself, signed by its operating key at `at`, UTC seconds."""
    statement = make_statement(log_id, said.kind, said.id or os.urandom(16), at, key.public, said.body)
    return submission(make_payload(os.urandom(32), statement, [sign_statement(statement, key)]), said.scope)


def digest_of(statement: Statement) -> bytes:
    """What a repetition of a statement has in common with it: kind, author and body, but neither time nor salt."""
    return sha256(encode([statement.kind, statement.author]) + bytes(statement.body)).digest()


class OwnLog:
    """The log that this node writes: its tree in memory, its head outside, its key, and whether it may be signed.

    What others say of it is heard in `ledger.own.hearing`; like `watch`, `ask_again` and `override`, that gives a value
    which `load` takes over once it is durable.
    """

    def __init__(
        self, tree: Tree, head: HeadFile, key: SigningKey, reads: Snapshot, watchers: Watchers = UNWATCHED
    ) -> None:
        self.tree = tree.tree
        self.origin: Origin = tree.origin
        self._head = head
        self.key = key
        self._seen: Head | None = None
        self._begun: Head | None = None
        self._nonce = b""
        self._owed = 0
        self.cut_records: tuple[int, ...] = ()
        """Records to be looked up again because the entries that they rest on were cut off."""
        fork = why_not_signing(reads, tree.tree)
        doubt = self._compare_head(reads, tree)
        self._load_tree(reads)
        target = tree.head_size if self.fetched_from is not None else 0
        self.recovery: Recovery = start(watchers, doubt, target, fork, self._owed)

    def fact(self, name: str) -> str:
        """The name of a fact of the store that is about this log."""
        return f"{name} {self.tree}"

    def _load_tree(self, reads: Snapshot) -> None:
        tree = reads.tree_numbered(self.tree)
        self._growth = Growth(load_peaks(reads, tree.tree, tree.size))
        self._read_back = load_peaks(reads, tree.tree, tree.checkpoint_size)
        self._signed_size = tree.checkpoint_size
        self._at = last_time(reads, tree)
        begin = reads.fact(self.fact("fetched from"))
        self.fetched_from: int | None = None if begin is None else int(begin)
        """While signed entries come back: the position of the first of them. What is written meanwhile is queued."""

    def load(self, reads: Snapshot, recovery: Recovery) -> None:
        """Takes over what a transaction changed, once it is durable."""
        self._load_tree(reads)
        fork = why_not_signing(reads, self.tree)  # others may have proved it meanwhile
        self.recovery = recovery.forked(fork) if fork else recovery

    @property
    def size(self) -> int:
        """Entries that are durable here and have a place."""
        return self._growth.peaks.size

    @property
    def signed_size(self) -> int:
        """Entries under the last checkpoint that was signed here or came back."""
        return self._signed_size

    @property
    def signing_refused(self) -> str:
        """Why nothing is signed at present, for the operator; empty if it is."""
        return explain(self.recovery, self.size)

    def state_of(self, position: int) -> str:
        """The state of what was acknowledged at a position: `saved`, or `queued` while it may not be signed."""
        signed = self.fetched_from is None and position < self._signed_size
        return "saved" if signed or self.recovery.state is State.SIGNING else "queued"

    def append(self, change: Transaction, group: Sequence[Submission], now: int) -> Appended:
        """Writes a group of submissions, whether or not they may be signed.

        `settle` once it is committed. Raises IdReusedError: then the group is not written.
        """
        self._refuse_forked(change)
        if self.recovery.state is State.FORKED:
            raise NotSigningError(self.signing_refused)
        if self.fetched_from is not None:
            return self._append_to_queue(change, group)
        self._hash_again(change)
        taken = change.accepted(self.tree, [item.id for item in group])
        growth = Growth(self._growth.peaks.copy())
        at, position = max(now, self._at), growth.peaks.size
        rows, keys, receipts = [], [], []
        for item in group:
            if item.id in taken:
                receipts.append(self._repeated(item, *taken[item.id]))
                continue
            rows.append(Stored(position, make_entry(at, item.scope, item.commitment), item.payload))
            keys.append((item.id, position, item.digest))
            taken[item.id] = (position, item.digest)
            receipts.append(Receipt(position, repeated=False, state=self.state_of(position)))
            position += 1
        growth.append(leaf_hash(row.entry) for row in rows)
        change.add_entries(self.tree, rows)
        change.add_accepted(self.tree, keys)
        change.add_subtrees(self.tree, growth.full)
        change.set_size(self.tree, position)
        return Appended(growth, at, receipts)

    def _append_to_queue(self, change: Transaction, group: Sequence[Submission]) -> Appended:
        """Keeps a group until the signed entries that are missing have come back."""
        ids = [item.id for item in group]
        first = change.queue_size(self.tree)
        guess = max(self.recovery.target, self.size)
        waiting = {key: (guess + at, digest) for key, (at, digest) in change.queued_ids(self.tree, ids).items()}
        taken = change.accepted(self.tree, ids) | waiting
        rows: list[Queued] = []
        receipts = []
        for item in group:
            if item.id in taken:
                receipts.append(self._repeated(item, *taken[item.id]))
                continue
            position = guess + first + len(rows)
            rows.append(Queued(None, item.id, item.digest, item.scope, item.commitment, item.payload))
            taken[item.id] = (position, item.digest)
            receipts.append(Receipt(position, repeated=False, state="queued"))
        change.enqueue(self.tree, rows)
        return Appended(self._growth, self._at, receipts)

    def _repeated(self, item: Submission, earlier: int, digest: bytes) -> Receipt:
        if digest not in {item.digest, _ERASED}:
            raise IdReusedError(
                f"the id {item.id.hex()} was used at position {earlier} to say something else: choose another id"
            )
        return Receipt(earlier, repeated=True, state=self.state_of(earlier))

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
        silent = why_silent(change, change.tree_numbered(self.tree), self.key.public)
        if silent:
            self.recovery = self.recovery.forked(silent)
            raise NotSigningError(silent)
        peaks = self._hash_again(change)
        root = peaks.root()
        if peaks.size != size or root != self._growth.peaks.root():
            raise StoreDamagedError(
                "what the disk gives back is not what was written: nothing is signed; check the machine"
            )
        self._advance_head(Head(str(self.origin), size, root))
        if change.fact("instance") != self._nonce:  # a store of before the nonce was kept, or a new one
            change.set_fact("instance", self._nonce)
        checkpoint = Checkpoint(str(self.origin), size, root)
        note = bytes(Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, self.key),)))
        change.set_head(self.tree, note, size)
        change.set_checkpoint(self.tree, note, size)
        self._signed_size = size
        return checkpoint

    def _refuse_forked(self, reads: Snapshot) -> None:
        """Signs no more once a fork of the own log is known, wherever it was seen (spec 12 §6)."""
        fork = why_not_signing(reads, self.tree)
        if fork:
            self.recovery = self.recovery.forked(fork)

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
                    f"{self._head.path} was advanced to {found.size} by another process than this one"
                )
            self._begun = new  # if the disk fails now, the file may or may not say so
            if found != new:
                self._head.advance(found, new, self._nonce)
        except NotSigningError as error:
            self.recovery = self.recovery.doubted(str(error))
            raise
        self._seen = new

    def _compare_head(self, reads: Snapshot, tree: Tree) -> str:
        """Why the head file does not vouch for this store; empty if it does."""
        try:
            head = self._head.read(str(self.origin))
            nonce = self._head.nonce(str(self.origin))
        except (NotSigningError, StoreUnusableError) as error:
            return str(error)
        if head.size > tree.size or root_at(reads, tree.tree, head.size) != head.root:
            self._owed = head.size  # whichever instance it was: so much was signed on this machine, and is not here
        if reads.fact("instance") not in {None, nonce}:
            return f"the head file {self._head.path} is of another instance than this store: one of them was put back"
        if head.size > tree.size:
            return (
                f"the head file says that {head.size} entries were signed, but this store has {tree.size}: it was "
                "restored from an older copy"
            )
        if self._owed:
            return "the head file and this store tell different histories"
        self._seen = self._begun = head
        self._nonce = nonce
        return ""

    def watch(self, watchers: Watchers) -> Recovery:
        """Others have to answer for this log from now on."""
        return self.recovery.watched_by(watchers)

    def ask_again(self, why: str) -> Recovery:
        """Something hints that this store was put back, or that it runs twice: nothing counts that was said before.

        Where nobody watches, there is nobody to ask, and it changes nothing.
        """
        return self.recovery.doubted(why) if self.recovery.watchers.needed else self.recovery

    def override(self) -> Recovery:
        """An operator has it signed without an answer. Raises RefusedError where that could only do harm."""
        if self.recovery.state in {State.FORKED, State.BEHIND}:
            raise RefusedError(f"this cannot be overridden: {self.signing_refused}")
        return self.recovery.overridden()

    def vouch(self, store: SqliteStore) -> None:
        """Makes the head file anew where signing is allowed again and the old one does not vouch for this store.

        Raises NotSigningError if the key of this data directory is not the log's any more.
        """
        if not self.recovery.granted or not self.recovery.doubt:
            return
        nonce = os.urandom(NONCE_BYTES)
        with store.write() as change:
            tree = change.tree_numbered(self.tree)
            if self.key.public not in establish(change.charters(tree.tree)).charter.keys:
                raise NotSigningError(
                    "the operating key of this data directory has been replaced by a newer charter of this log: put "
                    "the newer key in its place"
                )
            root = root_at(change, tree.tree, tree.checkpoint_size)
            change.set_fact("instance", nonce)
        head = Head(str(self.origin), tree.checkpoint_size, root)
        self._head.make_anew(head, nonce)
        self._seen = self._begun = head
        self._nonce = nonce
        self.recovery = self.recovery.vouched()


_ERASED = b""
"""In place of the digest of what was said and has been erased since: it can be repeated, and nothing is written."""
