# SPDX-License-Identifier: AGPL-3.0-or-later
"""The state of a log as one of its `state` entries states it, although the log has gone on since (spec 17 §10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ledger.deriving.books import open_book, read_said
from ledger.errors import NotFoundError, RefusedError, StoreDamagedError
from ledger.held.state import published_checkpoint
from ledger.reciprocity.state import Account, Member, Outgoing, Stated
from ledger.reciprocity.state_check import leaf_of
from ledger.reciprocity.state_tree import StateTree
from protocol.chain import SORT_ACCOUNT, START, StateLeaf, link
from protocol.identity import short_log_id
from protocol.merkle import leaf_hash
from protocol.movement import Movements
from protocol.reciprocity_bodies import State, TransferPost, TransferVoid

if TYPE_CHECKING:
    from ledger.deriving.books import LedgerStatement
    from ledger.reciprocity.book import Book
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree


class StatedState(NamedTuple):
    """A `state` entry at `position`, and the leaves and tree that it states; the checkpoint that covers it."""

    position: int
    leaves: dict[bytes, StateLeaf]
    tree: StateTree
    note: bytes
    size: int


def stated_state(reads: Snapshot, tree: Tree) -> StatedState:
    """The newest state that a log states under a published checkpoint, or else under its newest one.

    Raises RefusedError if it states none, StoreDamagedError if what is held here does not lead to what it states.
    """
    position, note, size = _covered(reads, tree)
    book = open_book(reads, tree)
    leaves = _leaves_at(reads, tree, book, position)
    state = StateTree((thing, leaf.encode()) for thing, leaf in leaves.items())
    body = book.recall(position)
    if not isinstance(body, State) or (len(state), state.root()) != (body.leaves, body.root):
        raise StoreDamagedError(
            f"the balances held here are not those that the log states at {position}: `folkmoot log rebuild` helps"
        )
    return StatedState(position, leaves, state, note, size)


def _covered(reads: Snapshot, tree: Tree) -> tuple[int, bytes, int]:
    """The position of the newest `state`, and the checkpoint that covers it: note and size."""
    for note, size in (published_checkpoint(reads, tree, 0), (tree.checkpoint, tree.checkpoint_size)):
        found = reads.last_cell(tree.tree, Stated.SORT, size.to_bytes(8, "big"))
        if found:
            return int.from_bytes(found, "big"), note, size
    raise RefusedError(
        f"the log {short_log_id(tree.origin.log_id)} has not stated its balances under a checkpoint yet: "
        "its node does so when it signs the next one"
    )


def stated_leaf(stated: StatedState, thing: bytes) -> StateLeaf:
    """The leaf of a member or account. Raises NotFoundError if it is not in that state."""
    leaf = stated.leaves.get(thing)
    if leaf is None:
        raise NotFoundError(f"{thing.hex()} is not in the state that the log last signed, at {stated.position}")
    return leaf


def _leaves_at(reads: Snapshot, tree: Tree, book: Book, position: int) -> dict[bytes, StateLeaf]:
    """All leaves after the first `position` entries; those that changed since are taken back to what they were."""
    numbers = {one.number: thing for cell in (Member, Account) for thing, one in book.scan(cell)}
    leaves = {numbers[number]: leaf_of(book, numbers[number]) for number in sorted(numbers)}
    for thing in reads.concerned_since(tree.tree, position):
        chain = reads.chain(tree.tree, thing)
        before = [at for at in chain if at < position]
        if not before:
            del leaves[thing]
            continue
        head = START
        for at in before:
            head = link(head, leaf_hash(next(reads.leaves(tree.tree, at, at + 1))), at)
        leaf = msgspec.structs.replace(leaves[thing], count=len(before), head=head)
        if leaf.sort == SORT_ACCOUNT:
            posted, reserved = _moved(reads, tree, book, thing, [at for at in chain if at >= position])
            leaf = msgspec.structs.replace(leaf, posted=leaf.posted - posted, reserved=leaf.reserved - reserved)
        leaves[thing] = leaf
    return leaves


def _moved(reads: Snapshot, tree: Tree, book: Book, account: bytes, positions: list[int]) -> tuple[int, int]:
    """What the entries at these positions moved of an account: posted and reserved."""
    said = [_read(reads, tree, at) for at in positions]
    movements, posted, reserved = Movements(), 0, 0
    # An answer to a payment moves what was reserved before, unless it was void.
    answered = {one.body.transfer for one in said if isinstance(one.body, TransferPost | TransferVoid)}
    begins = [transfer.position for key in answered if (transfer := book.get(Outgoing, key))]
    for at in reads.chain(tree.tree, account) if begins else ():
        if min(begins) <= at < positions[0]:
            one = _read(reads, tree, at)
            if {one.id, getattr(one.body, "transfer", b"")} & answered:
                movements.of(one.id, one.body)
    for one in said:
        for movement in movements.of(one.id, one.body):
            if movement.account == account:
                posted += movement.posted
                reserved += movement.reserved
    return posted, reserved


def _read(reads: Snapshot, tree: Tree, position: int) -> LedgerStatement:
    said = read_said(reads, tree.tree, position)
    if said is None:
        raise StoreDamagedError(f"tree {tree.tree}: what entry {position} says is missing, though balances rest on it")
    return said
