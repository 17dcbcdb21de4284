# SPDX-License-Identifier: AGPL-3.0-or-later
"""Receipts for erasures: what this node owes to others, and who has told of what was erased (spec 03 §7)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.held.following import followed
from protocol.charter import establish
from protocol.directory import POSITIONS_MAX, Erase, Receipt, read_body
from protocol.errors import Malformed
from protocol.identity import Origin, show_log_id
from protocol.statement import Entry, Statement, parse_entry, parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from ledger.sqlite.store import Snapshot
    from ledger.values import Stored, Tree

DAY_S = 86_400
PER_LOG_A_DAY, A_DAY = 24, 240
"""Receipts in 24 hours, for one log and for all: whoever erases one entry a minute must not make ours grow as fast.
What comes in between is told together, up to 1,024 positions at once."""

READ_MAX = 256
"""Receipts of one holder that are looked through for one answer."""

HOLDERS_MAX = 1_000
"""Nodes that are kept in mind as holders of the own log."""


class Owed(NamedTuple):
    """Erased payloads of a log that are not kept here, and not told of yet."""

    tree: int
    origin: Origin
    positions: list[int]

    @property
    def id(self) -> bytes:
        """The id of the statement: the same for the same, so that it is written once also if a crash comes between."""
        text = f"{self.origin} {self.positions}"
        return sha256(b"folkmoot receipt " + text.encode()).digest()[:16]

    @property
    def body(self) -> dict[str, Any]:
        """The body of the statement."""
        return {"log": self.origin.log_id, "epoch": self.origin.epoch, "positions": self.positions}


def owed(reads: Snapshot, own: int, now: int, lately: Collection[bytes] = ()) -> list[Owed]:
    """The receipts that are to be written now (UTC seconds), one at most for each log, none for those in `lately`.

    Only for logs of others that are held whole and judged to the end.
    """
    said = _said_in_a_day(reads, own, now)
    own_log = reads.tree_numbered(own).origin.log_id
    left = A_DAY - len(said)
    found: list[Owed] = []
    trees = {tree.tree: tree for tree in followed(reads.trees())}
    for number in reads.untold():
        tree = trees.get(number)
        if tree is None or tree.origin.log_id in {own_log, *lately} or not _is_whole(tree):
            continue
        if len(found) < left and said.count(tree.origin.log_id) < PER_LOG_A_DAY:
            found.append(Owed(number, tree.origin, reads.untold_in(number, POSITIONS_MAX)))
    return found


def _is_whole(tree: Tree) -> bool:
    return tree.size == tree.derived == tree.checkpoint_size >= tree.head_size


def _said_in_a_day(reads: Snapshot, own: int, now: int) -> list[bytes]:
    """The logs of which receipts were written within a day, once for each receipt."""
    said = []
    for position, log_id in reads.receipts_by(own, A_DAY):
        header = parse_entry(next(reads.leaves(own, position, position + 1)))
        if isinstance(header, Entry) and header.at > now - DAY_S:
            said.append(log_id)
    return said


def erasure_object(reads: Snapshot, tree: Tree, position: int) -> dict[str, Any]:
    """What is known of one erased entry: who asked for it and when, who has followed, who is known not to have yet."""
    return _erasure(reads, tree, position, _confirmations(reads, tree.origin, position).get(position, set()))


def erasures_object(reads: Snapshot, tree: Tree, begin: int, end: int) -> dict[str, Any]:
    """The erased entries of a log from `begin` to `end`, in order."""
    return _erasures(reads, tree, list(reads.erased(tree.tree, begin, end)))


def last_erasures(reads: Snapshot, tree: Tree, most: int) -> dict[str, Any]:
    """The erased entries with the highest positions, at most so many, from the highest down."""
    return _erasures(reads, tree, reads.last_erased(tree.tree, most))


def _erasures(reads: Snapshot, tree: Tree, positions: Sequence[int]) -> dict[str, Any]:
    confirmed = _confirmations(reads, tree.origin) if positions else {}
    return {
        "schema": "folkmoot.erasures/1",
        "log": show_log_id(tree.origin.log_id),
        "epoch": tree.origin.epoch,
        "erased": [_erasure(reads, tree, position, confirmed.get(position, set())) for position in positions],
    }


def _erasure(reads: Snapshot, tree: Tree, position: int, confirmed: set[bytes]) -> dict[str, Any]:
    by = reads.erased_by(tree.tree, position)
    stored = next(reads.entries(tree.tree, by, by + 1), None) if by is not None else None
    statement = _statement(stored)
    body = read_body(statement) if statement else None
    own = int(reads.fact("own") or 0) == tree.tree
    holders = {log_id for log_id, size in reads.holders().items() if size > position} if own else set()
    return {
        "position": position,
        "erased_by": by,
        "at": parse_entry(stored.entry).at if stored and statement else None,  # type: ignore[union-attr] # not opaque
        "reason": body.reason if isinstance(body, Erase) else "",
        "confirmed": named_logs(reads, sorted(confirmed)),
        "unconfirmed": named_logs(reads, sorted(holders - confirmed)),
    }


def named_logs(reads: Snapshot, logs: Iterable[bytes]) -> list[dict[str, str]]:
    """Logs as JSON, with the names of their organisations as far as they are held here."""
    named = []
    for log_id in logs:
        epochs = reads.epochs(log_id)
        name = establish(reads.charters(epochs[-1].tree)).charter.title() if epochs else ""
        named.append({"log": show_log_id(log_id), "name": name})
    return named


def _confirmations(reads: Snapshot, origin: Origin, position: int | None = None) -> dict[int, set[bytes]]:
    """By position, the logs that say they have dropped what was erased of a log, or of one position."""
    found: dict[int, set[bytes]] = {}
    for tree, at in reads.receipts_about(origin, position, READ_MAX):
        statement = _statement(next(reads.entries(tree, at, at + 1)))
        body = read_body(statement) if statement else None
        assert isinstance(body, Receipt)
        holder = reads.tree_numbered(tree).origin.log_id
        for named in body.positions:
            if position in {None, named}:
                found.setdefault(named, set()).add(holder)
    return found


def _statement(stored: Stored | None) -> Statement | None:
    if stored is None or stored.payload is None:
        return None
    try:
        statement = parse_statement(parse_payload(stored.payload).statement)
    except Malformed:
        return None
    return statement if isinstance(statement, Statement) else None
