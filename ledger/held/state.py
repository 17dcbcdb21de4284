# SPDX-License-Identifier: AGPL-3.0-or-later
"""How far what was written has got: saved here, or published under a checkpoint that a quorum cosigned (spec 11 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.charter import establish
from protocol.note import Note, VerifierKey, parse_note
from protocol.witness import Quorum

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree

SAVED, PUBLISHED = "saved", "published"


class ChosenWitness(NamedTuple):
    """A witness of a log. The URL is empty where none was named."""

    key: VerifierKey
    url: str


class Witnesses(NamedTuple):
    """The witnesses of a log, and how many of them it takes."""

    chosen: tuple[ChosenWitness, ...]
    needed: int
    by_charter: bool

    @property
    def quorum(self) -> Quorum:
        """Who is counted."""
        return Quorum(tuple(witness.key for witness in self.chosen), self.needed)


def witnesses_of(reads: Snapshot, tree: Tree) -> Witnesses:
    """The witnesses that a log's charter names, else those that this operator chose, of whom a majority is needed."""
    urls = dict(reads.witnesses())
    charters = reads.charters(tree.tree)
    charter = establish(charters).charter if charters else None
    if charter is not None and charter.witnesses:
        return Witnesses(_once(charter.witnesses, urls), max(1, charter.quorum), by_charter=True)
    chosen = _once(urls, urls)
    return Witnesses(chosen, len(chosen) // 2 + 1 if chosen else 0, by_charter=False)


def _once(texts: Iterable[str], urls: dict[str, str]) -> tuple[ChosenWitness, ...]:
    """The witnesses of these verifier keys; a public key under two names is one witness."""
    found: dict[bytes, ChosenWitness] = {}
    for text in texts:
        key = VerifierKey.parse(text)
        found.setdefault(key.public, ChosenWitness(key, urls.get(text, "")))
    return tuple(found.values())


def position_state(reads: Snapshot, tree: Tree, position: int) -> str:
    """The state of what stands at a position of a held log: the one place where it is decided."""
    return PUBLISHED if position < reads.published(tree.tree)[0] else SAVED


def written_state(reads: Snapshot, tree: Tree) -> str:
    """The state of the last entry of a log, and so of all before it."""
    return position_state(reads, tree, tree.size - 1) if tree.size else SAVED


def keep_checkpoint(change: Transaction, tree: Tree, data: bytes, size: int) -> None:
    """Takes a verified checkpoint up to which everything is held, and what its cosignatures come to.

    Of its signatures only those stay that hold and count: a proof made from it must not fail because of what somebody
    on the way added.
    """
    note, quorum = parse_note(data), witnesses_of(change, tree).quorum
    if len(note.signatures) > 1:
        keys = establish(change.charters(tree.tree)).verifier_keys(tree.origin.epoch)
        note = quorum.cleaned(note, keys)
        _publish(change, tree, note, size, quorum)
    change.set_checkpoint(tree.tree, bytes(note), size)


def join_head(change: Transaction, tree: Tree, note: Note) -> None:
    """Adds to a checkpoint whose entries are still being fetched the cosignatures that another copy of it carries."""
    quorum, head = witnesses_of(change, tree).quorum, parse_note(tree.head)
    if head.text == note.text and _may_be_cosigned(note, quorum):
        change.set_head(tree.tree, bytes(_joined(change, tree, head, note, quorum)), tree.head_size)


def _joined(reads: Snapshot, tree: Tree, held: Note, note: Note, quorum: Quorum) -> Note:
    keys = establish(reads.charters(tree.tree)).verifier_keys(tree.origin.epoch)
    return quorum.cleaned(Note(held.text, (*held.signatures, *note.signatures)), keys)


def add_cosignatures(change: Transaction, tree: Tree, note: Note, size: int) -> bool:
    """Adds to the checkpoint that is held of a log the cosignatures that another copy of it carries.

    Whether there was a new one. A copy that a newer checkpoint has overtaken can still be the newest one published.
    """
    quorum = witnesses_of(change, tree).quorum
    if not _may_be_cosigned(note, quorum):
        return False
    held = parse_note(tree.checkpoint) if tree.checkpoint else note
    if held.text != note.text:
        _publish(change, tree, _joined(change, tree, note, note, quorum), size, quorum)
        return False
    joined = _joined(change, tree, held, note, quorum)
    _publish(change, tree, joined, size, quorum)
    if set(joined.signatures) <= set(held.signatures):
        return False
    change.set_checkpoint(tree.tree, bytes(joined), tree.checkpoint_size)
    if tree.head_size == tree.checkpoint_size:
        change.set_head(tree.tree, bytes(joined), tree.head_size)
    return True


def _may_be_cosigned(note: Note, quorum: Quorum) -> bool:
    """Whether a note has lines that may be cosignatures of these witnesses."""
    names = {(key.name, key.key_id) for key in quorum.keys}
    return any((line.name, line.key_id) in names for line in note.signatures)


def published_checkpoint(reads: Snapshot, tree: Tree, position: int) -> tuple[bytes, int]:
    """(note, size) of the checkpoint to prove a position under: a published one that covers it, else the newest."""
    size, note = reads.published(tree.tree)
    return (note, size) if position < size else (tree.checkpoint, tree.checkpoint_size)


def _publish(change: Transaction, tree: Tree, note: Note, size: int, quorum: Quorum) -> None:
    if size >= change.published(tree.tree)[0] and quorum.reached(note):
        change.set_published(tree.tree, size, bytes(note))
