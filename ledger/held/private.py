# SPDX-License-Identifier: AGPL-3.0-or-later
"""Payloads that are not public: who may read them, giving them to those, and taking them in late (spec 15)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ledger.directory.present import read_record
from ledger.errors import NotFoundError
from ledger.held.receipts import named_logs
from protocol.directory import Circle, parties_of, read_body
from protocol.errors import Malformed
from protocol.frames import PAYLOADS_MAX
from protocol.identity import parse_log_id, show_log_id
from protocol.statement import (
    SCOPE_CIRCLE,
    SCOPE_PUBLIC,
    Entry,
    Statement,
    open_payload,
    parse_entry,
    parse_payload,
    parse_statement,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import RecordRow, Stored, Tree
    from protocol.identity import Origin

ANSWER_BYTES_MAX = 786_432
"""Payloads in one answer; what is left is asked for again."""


def may_read(reads: Snapshot, tree: Tree, stored: Stored, reader: bytes) -> bool:
    """Whether the node of the log `reader` may have a payload that is held here (spec 15 §2)."""
    header = parse_entry(stored.entry)
    if stored.payload is None or not isinstance(header, Entry) or tree.hidden:
        return False
    if header.scope == SCOPE_PUBLIC or reader == tree.origin.log_id:
        return True
    if header.scope == SCOPE_CIRCLE:
        return reader in reads.circle(tree.tree)
    statement = parse_statement(parse_payload(stored.payload).statement)
    return isinstance(statement, Statement) and reader in parties_of(statement)


def payloads_for(reads: Snapshot, origin: Origin, positions: Sequence[int], reader: bytes) -> list[tuple[int, bytes]]:
    """(position, payload) of what was asked for, as far as it is here and that reader may have it."""
    tree = reads.tree(origin)
    found: list[tuple[int, bytes]] = []
    room = ANSWER_BYTES_MAX
    for position in positions if tree is not None else ():
        assert tree is not None
        if position >= tree.size:  # which may be more than the store can count
            continue
        stored = next(reads.entries(tree.tree, position, position + 1), None)
        if stored is not None and stored.payload is not None and may_read(reads, tree, stored, reader):
            room -= len(stored.payload)
            if room < 0:
                break
            found.append((position, stored.payload))
    return found


def wanted_from(reads: Snapshot, peer: bytes, own: bytes) -> dict[Origin, list[int]]:
    """What to ask a peer for: payloads that did not come.

    Everybody may be asked for public ones; for the others, the log's own node and those that are in its circle with us.
    """
    wanted = {}
    for tree in reads.trees():
        positions = [] if tree.origin.log_id == own else reads.withheld(tree.tree, PAYLOADS_MAX)
        if positions and not (peer == tree.origin.log_id or {peer, own} <= reads.circle(tree.tree)):
            positions = [position for position in positions if _is_public(reads, tree, position)]
        if positions:
            wanted[tree.origin] = positions
    return wanted


def _is_public(reads: Snapshot, tree: Tree, position: int) -> bool:
    header = parse_entry(next(reads.entries(tree.tree, position, position + 1)).entry)
    return isinstance(header, Entry) and header.scope == SCOPE_PUBLIC


def take_payloads(change: Transaction, origin: Origin, items: Iterable[tuple[int, bytes]]) -> int:
    """Stores payloads that came late, and has their log folded anew; how many were taken.

    What is not lacking here, or is not what its entry commits to, is passed over.
    """
    tree = change.tree(origin)
    taken = 0
    for position, payload in items if tree is not None else ():
        assert tree is not None
        if position >= tree.size or change.verdicts(tree.tree, position, position + 1).get(position) != "withheld":
            continue
        header = parse_entry(next(change.entries(tree.tree, position, position + 1)).entry)
        try:
            assert isinstance(header, Entry)
            open_payload(payload, header.commitment, origin.log_id, position, origin.epoch).verify()
        except Malformed:
            continue
        change.add_payload(tree.tree, position, payload)
        taken += 1
    if taken and tree is not None:
        change.set_derived(tree.tree, -1)
    return taken


def parties_about(reads: Snapshot, row: RecordRow, own: bytes) -> list[bytes]:
    """Whom to name in a statement of the log `own` about a record, so that it does not reach more than the record does.

    Nobody for what is public, or for the circle of `own` itself.
    """
    log_id = reads.tree_numbered(row.tree).origin.log_id
    if row.scope == SCOPE_PUBLIC or (row.scope == SCOPE_CIRCLE and log_id == own):
        return []
    named = set() if row.scope == SCOPE_CIRCLE else parties_of(read_record(reads, row)[1])
    return sorted((named | {log_id}) - {own}) or [own]


def circle_object(reads: Snapshot, number: int) -> dict[str, Any]:
    """Who is in the circle of a log, as JSON: by the names of their charters, or else as the statement calls them."""
    members = []
    since = reads.circle_since(number)
    for position, named in zip(since.values(), named_logs(reads, since), strict=True):
        stored = next(reads.entries(number, position, position + 1))
        header = parse_entry(stored.entry)
        assert stored.payload is not None, "a statement that was erased has no effect"
        statement = parse_statement(parse_payload(stored.payload).statement)
        assert isinstance(header, Entry)
        assert isinstance(statement, Statement)
        body = read_body(statement)
        assert isinstance(body, Circle)
        members.append({**named, "name": named["name"] or body.name, "since": header.at, "position": position})
    log_id = reads.tree_numbered(number).origin.log_id
    return {"schema": "folkmoot.circle/1", "log": show_log_id(log_id), "members": members}


def find_log(reads: Snapshot, text: str, also: Iterable[bytes] = ()) -> bytes:
    """The log of an id, or of the beginning of one that is held here or is among `also`. Raises NotFoundError."""
    with suppress(Malformed):
        return parse_log_id(text)
    known = {*also, *(tree.origin.log_id for tree in reads.trees())}
    found = [log_id for log_id in known if text and show_log_id(log_id).startswith(text.lower())]
    if len(found) != 1:
        raise NotFoundError(f"{len(found)} logs known here begin with {text[:60]!r}; the whole id has 52 characters")
    return found[0]
