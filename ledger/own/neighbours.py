# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this log has to answer to its neighbours' payments, and what it has to do at their answers (spec 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.deriving.books import open_book
from ledger.errors import LedgerError, NotFoundError
from ledger.held.following import followed
from ledger.held.tree import prove_inclusion
from ledger.own.trial import Trial
from ledger.reciprocity.state import Connector, Incoming, Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.reciprocity.book import Book
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree
    from protocol.encoding import Value

_LOG_BYTES = 32
_REFUSALS = {"floor": "limit", "ceiling": "limit", "wrong_unit": "unit", "unknown_ref": "unknown", "late": "late"}
"""What a refusal says, by the verdict that an acceptance would get."""
_WAITS = "not_authorised"
"""The verdict on an acceptance that is the payee's to give: until the deadline."""


class Changed(NamedTuple):
    """A payment that is new, or has gone on: a cell of a log."""

    tree: int
    sort: str
    key: bytes


class Due(NamedTuple):
    """A statement that this log's node has to make about a payment."""

    kind: str
    body: dict[str, Value]


class NotProvenYetError(LedgerError):
    """No checkpoint that is held covers the entry of the other log yet: a moment later it can be answered."""


def neighbour_logs(reads: Snapshot, own: int) -> set[bytes]:
    """The logs with which the log of a tree keeps accounts."""
    return {key[:_LOG_BYTES] for key, _ in reads.cells(own, Connector.SORT)}


def all_open(reads: Snapshot, own: Tree) -> Iterator[Changed]:
    """Every payment that may wait for something: this log's that are reserved, and its neighbours' to it."""
    for key, outgoing in open_book(reads, own).scan(Outgoing):
        if outgoing.state == "reserved":
            yield Changed(own.tree, Outgoing.SORT, key)
    peers = neighbour_logs(reads, own.tree)
    for tree in followed(reads.trees()):
        if tree.origin.log_id in peers:
            for key, outgoing in open_book(reads, tree).scan(Outgoing):
                if outgoing.state == "reserved" and outgoing.log == own.origin.log_id:
                    yield Changed(tree.tree, Outgoing.SORT, key)


def due(reads: Snapshot, own: Tree, changed: Changed, make: Callable[[Due], bytes], now: int) -> Due | None:
    """What has to be said now about a payment, if anything; `make` signs it for a trial, `now` is UTC seconds.

    Raises NotProvenYetError.
    """
    tree = reads.tree_numbered(changed.tree)
    if tree.tree == own.tree:
        if changed.sort != Outgoing.SORT:
            return None
        outgoing = open_book(reads, own).get(Outgoing, changed.key)
        answered = outgoing and _newest(reads, outgoing.log)
        return _finish(reads, own, answered, changed.key) if answered else None
    if changed.sort == Incoming.SORT:
        log_id, transfer = changed.key[:_LOG_BYTES], changed.key[_LOG_BYTES:]
        return _finish(reads, own, tree, transfer) if log_id == own.origin.log_id else None
    return _answer(reads, own, tree, changed.key, make, now)


def _newest(reads: Snapshot, log_id: bytes) -> Tree | None:
    """The epoch of a log that is followed, if the log is held and has not forked."""
    found = [tree for tree in followed(reads.trees()) if tree.origin.log_id == log_id]
    return found[-1] if found and not found[-1].hidden and not _is_forked(reads, found[-1]) else None


def _is_forked(reads: Snapshot, tree: Tree) -> bool:
    fork = reads.fork(tree.tree)
    return fork is not None and fork.healed is None


def _finish(reads: Snapshot, own: Tree, peer: Tree, transfer: bytes) -> Due | None:
    """What follows from a neighbour's answer to a payment of this log."""
    outgoing = open_book(reads, own).get(Outgoing, transfer)
    answer = open_book(reads, peer).get(Incoming, own.origin.log_id + transfer)
    if outgoing is None or answer is None or outgoing.log != peer.origin.log_id:
        return None
    if outgoing.state in {"posted", "void"} or (outgoing.state == "given_up" and answer.state == "refused"):
        return None
    proof = prove(reads, peer, answer.position)
    return Due("xfer.post" if answer.state == "accepted" else "xfer.void", {"transfer": transfer, "proof": proof})


def _answer(
    reads: Snapshot, own: Tree, peer: Tree, transfer: bytes, make: Callable[[Due], bytes], now: int
) -> Due | None:
    """What this log answers to a neighbour's payment: yes, no, or nothing yet."""
    peer_id = peer.origin.log_id
    outgoing = open_book(reads, peer).get(Outgoing, transfer)
    if outgoing is None or outgoing.state != "reserved" or outgoing.log != own.origin.log_id:
        return None
    book = open_book(reads, own)
    neighbour = next(iter(reads.cells(own.tree, Connector.SORT, peer_id)), None)
    if neighbour is None or book.get(Incoming, peer_id + transfer) is not None or _is_forked(reads, peer):
        return None
    proof = prove(reads, peer, outgoing.position)
    body = _acceptance(book, peer_id, transfer, outgoing, proof)
    why = "unit"
    if body is not None:
        accept = Due("xfer.accept", body)
        verdict = Trial(reads, own.tree).verdict(make(accept), now)
        if verdict == "applied":
            return accept
        if verdict == _WAITS and now <= outgoing.deadline:
            return None
        why = "late" if now > outgoing.deadline else _REFUSALS.get(verdict, "unwanted")
    return Due("xfer.refuse", {"transfer": transfer, "log": peer_id, "why": why, "proof": proof})


def _acceptance(
    book: Book, peer_id: bytes, transfer: bytes, outgoing: Outgoing, proof: dict[str, Value]
) -> dict[str, Value] | None:
    """What accepts a neighbour's payment; None if it is no neighbour in that unit."""
    connector = book.get(Connector, peer_id + outgoing.unit.encode())
    if connector is None:
        return None
    return {
        "transfer": transfer,
        "log": peer_id,
        "account": outgoing.to,
        "connector": connector.account,
        "amount": outgoing.amount,
        "unit": outgoing.unit,
        "proof": proof,
    }


def acceptance(reads: Snapshot, own: Tree, peer_id: bytes, transfer: bytes) -> dict[str, Value]:
    """What accepts a payment that waits in a neighbour's log, for whoever it is meant for to sign.

    Raises NotFoundError, NotProvenYetError.
    """
    peer = _newest(reads, peer_id)
    outgoing = open_book(reads, peer).get(Outgoing, transfer) if peer else None
    if peer is None or outgoing is None or outgoing.log != own.origin.log_id:
        raise NotFoundError(f"no payment {transfer.hex()} to this ledger stands there")
    proof = prove(reads, peer, outgoing.position)
    body = _acceptance(open_book(reads, own), peer_id, transfer, outgoing, proof)
    if body is None:
        raise NotFoundError(f"the payment is in {outgoing.unit}, in which they are no neighbour here")
    return body


def prove(reads: Snapshot, tree: Tree, position: int) -> dict[str, Value]:
    """An entry with all that it takes to believe it, as a field of a statement. Raises NotProvenYetError."""
    row = next(reads.entries(tree.tree, position, position + 1), None)
    if position >= tree.checkpoint_size or row is None or row.payload is None:
        raise NotProvenYetError(f"entry {position} of {tree.origin} is not proven yet")
    return {
        "charters": [*reads.charters(tree.tree)],
        "note": tree.checkpoint,
        "index": position,
        "hashes": [*prove_inclusion(reads, tree.tree, position, tree.checkpoint_size)],
        "entry": row.entry,
        "payload": row.payload,
    }
