# SPDX-License-Identifier: AGPL-3.0-or-later
"""The unsigned tail of the own log: taken off to make room for what was signed elsewhere, and entered again.

Each of the two is one transaction: a kill at any moment leaves what was acknowledged in the log or in the queue.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.held.tree import Growth, last_time, load_peaks
from ledger.values import Queued, Stored
from protocol.directory import Erase, read_body
from protocol.errors import Malformed
from protocol.merkle import leaf_hash
from protocol.statement import (
    Entry,
    Statement,
    commit,
    make_entry,
    make_payload,
    make_statement,
    parse_entry,
    parse_payload,
    parse_statement,
    sign_statement,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ledger.sqlite.store import Transaction
    from ledger.values import Tree
    from protocol.signature import SigningKey


def cut_tail(change: Transaction, tree: Tree) -> tuple[int, ...]:
    """Moves what no checkpoint covers into the queue; the row ids of the records that must be looked up again.

    The derived tables of the log are folded anew where they had taken in some of it.
    """
    begin = tree.checkpoint_size
    keys = change.accepted_from(tree.tree, begin)
    rows = []
    for position, entry, payload in change.entries(tree.tree, begin, tree.size):
        header = parse_entry(entry)
        assert isinstance(header, Entry)  # written here
        statement_id, digest = keys.get(position, (b"", b""))  # an id that was used twice names its first use only
        rows.append(Queued(position, statement_id, digest, header.scope, header.commitment, payload))
    gone: tuple[int, ...] = ()
    if tree.derived > begin:
        gone = tuple(change.record_ids(tree.tree))
        change.clear_derived(tree.tree)
    change.cut(tree.tree, begin)
    change.enqueue(tree.tree, rows)
    return gone


def note_accepted(change: Transaction, tree: int, rows: list[Stored], digest_of: Callable[[Statement], bytes]) -> None:
    """Makes the idempotency keys of own entries that came back from elsewhere; the first use of an id counts."""
    keys: dict[bytes, tuple[int, bytes]] = {}
    for row in rows:
        statement = _statement(row.payload)
        if statement is not None:
            keys.setdefault(statement.id, (row.position, digest_of(statement)))
    taken = change.accepted(tree, list(keys))
    change.add_accepted(tree, [(key, *keys[key]) for key in keys if key not in taken])


def enter_again(change: Transaction, tree: Tree, fetched_from: int, key: SigningKey, now: int) -> None:
    """Appends the queue to the own log, under new positions and times, and empties it.

    What had come back with the entries from `fetched_from` on, as the same statement or the same commitment, keeps its
    place there; a payload that was held back by those who sent it is put to it.
    """
    queue = change.queued(tree.tree)
    back = _commitments(change, tree, fetched_from)
    taken = change.accepted(tree.tree, [item.id for item in queue])
    at, end = max(now, last_time(change, tree)), tree.size
    moved: dict[int, int] = {}
    rows: list[Stored] = []
    keys: list[tuple[bytes, int, bytes]] = []
    for item in queue:
        place = back.get(item.commitment)
        if place is not None and item.payload is not None:
            change.fill_payload(tree.tree, place, item.payload)
        if place is None and item.id in taken and taken[item.id][1] == item.digest:
            place = taken[item.id][0]
        erased = _erased(item.payload)
        if place is None:
            place, payload, commitment = end + len(rows), item.payload, item.commitment
            if erased in moved:
                payload, commitment = _renumbered(item, moved[erased], tree.origin.log_id, key)
            rows.append(Stored(place, make_entry(at, item.scope, commitment), payload))
        if item.id and item.id not in taken:
            keys.append((item.id, place, item.digest))
            taken[item.id] = (place, item.digest)
        if erased is not None:
            change.adopt_erased(tree.tree, moved.get(erased, erased), place)
        if item.position is not None:
            moved[item.position] = place
    growth = Growth(load_peaks(change, tree.tree, end))
    growth.append(leaf_hash(row.entry) for row in rows)
    change.add_entries(tree.tree, rows)
    change.add_accepted(tree.tree, keys)
    change.add_lacking(tree.tree, [(row.position, "erased") for row in rows if row.payload is None])
    change.add_subtrees(tree.tree, growth.full)
    change.set_size(tree.tree, end + len(rows))
    change.clear_queue(tree.tree)


def carry_queue(
    change: Transaction,
    old: Tree,
    new: Tree,
    removed: Collection[bytes],
    key: SigningKey,
    now: int,
    digest_of: Callable[[Statement], bytes],
) -> None:
    """Appends what waits for a place in a closed epoch to the one that was opened.

    What a key said that speaks no more, and nobody else signed, is said again by the one that does.
    """
    queue = [_said_again(item, removed, key, digest_of) for item in change.queued(old.tree)]
    if queue:
        change.clear_queue(old.tree)
        change.enqueue(new.tree, queue)
        enter_again(change, new, new.size, key, now)


def _said_again(
    item: Queued, removed: Collection[bytes], key: SigningKey, digest_of: Callable[[Statement], bytes]
) -> Queued:
    statement = _statement(item.payload)
    if item.payload is None or statement is None or statement.author not in removed:
        return item
    if len(parse_payload(item.payload).signatures) > 1:
        return item
    anew = make_statement(
        statement.log_id, statement.kind, statement.id, statement.at, key.public, statement.read_body()
    )
    payload = make_payload(os.urandom(32), anew, [sign_statement(anew, key)])
    made = parse_statement(anew)
    assert isinstance(made, Statement)
    return item._replace(position=None, digest=digest_of(made), commitment=commit(payload), payload=payload)


def _commitments(change: Transaction, tree: Tree, begin: int) -> dict[bytes, int]:
    """The positions of the entries from `begin` on by what they commit to."""
    found = {}
    for position, entry in enumerate(change.leaves(tree.tree, begin, tree.size), begin):
        header = parse_entry(entry)
        if isinstance(header, Entry):
            found[header.commitment] = position
    return found


def _renumbered(item: Queued, position: int, log_id: bytes, key: SigningKey) -> tuple[bytes, bytes]:
    """Payload and commitment of an erasure of something that has moved, made again in the log's own name."""
    statement = _statement(item.payload)
    assert statement is not None
    value = {**statement.read_body(), "position": position}
    anew = make_statement(log_id, "erase", statement.id, statement.at, key.public, value)
    payload = make_payload(os.urandom(32), anew, [sign_statement(anew, key)])
    return payload, commit(payload)


def _erased(payload: bytes | None) -> int | None:
    """The position that a statement asks to be erased, if it is one that does."""
    statement = _statement(payload)
    if statement is None or statement.kind != "erase":
        return None
    try:
        body = read_body(statement)
    except Malformed:
        return None
    return body.position if isinstance(body, Erase) else None


def _statement(payload: bytes | None) -> Statement | None:
    if payload is None:
        return None
    try:
        statement = parse_statement(parse_payload(payload).statement)
    except Malformed:
        return None
    return statement if isinstance(statement, Statement) else None
