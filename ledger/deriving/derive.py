# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keeping the derived tables up with the logs: judge, then apply; in chunks, so that other writing can go between."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from ledger.deriving.books import Books
from ledger.deriving.effects import apply_judged
from ledger.deriving.fold import Authority, Judged, judge
from ledger.deriving.prepare import prepare_now
from ledger.held.denying import follow_denials
from ledger.held.following import followed, is_followed
from ledger.keeping.tidying import note_erasure
from protocol.directory import Erase, read_body
from protocol.errors import Malformed
from protocol.reciprocity import PERSONAL_KINDS, RECIPROCITY_BODIES
from protocol.statement import SCOPE_PUBLIC, Entry, Statement, parse_entry, parse_payload, parse_statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.deriving.fold import Reading
    from ledger.deriving.prepare import Chunk
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Stored, Tree
    from protocol.encoding import Value


_NEVER_ERASED = frozenset({"charter", "erase"}) | (RECIPROCITY_BODIES.keys() - PERSONAL_KINDS)
_FAR_REACHING = frozenset({"role", "circle", "import.start", "import.done", "import.undo", "vouch", "deny", "label"})
"""Kinds on which the effect of other statements hangs: without one of them, the whole log is folded anew."""


STEP_S = 0.25
"""After so long a step ends, wherever in its chunk it is: a log can be made to cost a lot, and others wait."""


def next_behind(reads: Snapshot, own: int = -1, after: int = -1) -> Tree | None:
    """A log whose derived tables are not what they should be: the own one, or else the next one after another.

    So one log that is slow to fold keeps none of the others waiting for more than a step.
    """
    trees = reads.trees()
    wanted = {tree.tree: tree.size for tree in followed(trees)}
    behind = [tree for tree in trees if tree.derived != wanted.get(tree.tree, 0)]
    return min(behind, key=lambda tree: (tree.tree != own, tree.tree <= after, tree.tree), default=None)


class Derived(NamedTuple):
    """What a step did: the records that changed, whether payloads were dropped, and the `scopes_version` after it.

    `transfers` are the payments between logs that changed, as cells: sort and key.
    """

    tree: int
    entries: int
    rids: tuple[int, ...]
    erased: bool
    scopes: int = 0
    transfers: tuple[tuple[str, bytes], ...] = ()


class Deriver:
    """Folds entries into the derived tables, in order of position within each log. For the writing thread."""

    def __init__(self, take: Callable[[Snapshot, Tree, int], Chunk] = prepare_now) -> None:
        self._take = take
        self._authorities: dict[int, Authority] = {}
        self._books = Books()

    def step(self, change: Transaction, tree: Tree, limit: int) -> Derived:
        """Folds the next entries of one log, at most `limit`.

        A log that has gone on in a newer epoch, or was cut back, loses what was derived from it first.
        """
        if tree.derived < 0 or not is_followed(tree, change.epochs(tree.origin.log_id)):
            return Derived(tree.tree, 0, tuple(self._begin_again(change, tree)), erased=False)
        chunk, until = self._take(change, tree, limit), time.monotonic() + STEP_S
        authority = self._authority(change, tree)
        judged: list[tuple[int, Judged]] = []
        erased: dict[int, str] = {}
        ledger = self._books.open(change, tree, chunk.readings)
        for position, reading in enumerate(chunk.readings, tree.derived):
            if reading.spoken is None:
                result = judge(authority, position, reading, _authors(change, tree.tree, position, reading))
            else:
                result = Judged(ledger.hear(authority, position, reading))
            judged.append((position, result))
            if isinstance(result.body, Erase):
                target = result.body.position
                statement = _statement(next(change.entries(tree.tree, target, target + 1)))
                kind = statement.kind if statement else ""
                if kind not in _NEVER_ERASED:
                    _drop_payload(change, tree, target, position)
                    erased.setdefault(target, kind)
            if time.monotonic() > until:
                break
        rids = apply_judged(change, tree, judged, chunk.prepared)
        ledger.write()
        change.set_derived(tree.tree, tree.derived + len(judged))
        if erased:
            rids |= self._erase(change, tree, list(erased))
            if not _FAR_REACHING.isdisjoint(erased.values()):
                rids |= self._begin_again(change, tree)
            change.purge_text()
            note_erasure(change)
        follow_denials(change)
        return Derived(tree.tree, len(judged), tuple(rids), bool(erased), change.scopes_version(), ledger.transfers)

    def state_body(self, change: Transaction, tree: Tree, author: bytes) -> dict[str, Value] | None:
        """What a log has to state of its members and accounts; None if there is nothing, or it is not folded yet."""
        return self._books.state_body(change, tree, author) if tree.derived == tree.size else None

    def forget(self) -> None:
        """Forgets who may speak: what was learnt in a transaction that has failed is not so."""
        self._authorities.clear()
        self._books.forget()

    def _authority(self, change: Transaction, tree: Tree) -> Authority:
        authority = self._authorities.get(tree.tree)
        if authority is None or tree.derived == 0:
            authority = Authority.at_start(tree.origin, change.charters(tree.tree))
            for position, payload in change.charters_in_force(tree.tree):
                authority.resume(position, payload)
            authority.stewards = change.stewards(tree.tree)
            authority.helpers = change.helpers(tree.tree)
            self._authorities[tree.tree] = authority
        return authority

    def _begin_again(self, change: Transaction, tree: Tree) -> set[int]:
        """Has the whole log folded anew, without the payloads that were dropped; the row ids of its records."""
        gone = set(change.record_ids(tree.tree))
        change.clear_derived(tree.tree)
        change.touch_scopes()
        self._authorities.pop(tree.tree, None)
        self._books.forget(tree.tree)
        return gone

    def _erase(self, change: Transaction, tree: Tree, positions: list[int]) -> set[int]:
        """Leaves the derived state as if payloads that were dropped had never been seen (spec 03 §5).

        Each record is folded anew once, however many of its states are gone.
        """
        change.add_verdicts(tree.tree, dict.fromkeys(positions, "erased"))
        gone, rids = set(positions), set()
        touched: dict[bool, set[bytes]] = {False: set(), True: set()}
        for position in positions:
            change.forget_said(tree.tree, position)
            step = change.history_at(tree.tree, position)
            if step is not None:
                touched[_scope(change, tree.tree, position) > SCOPE_PUBLIC].add(step.id)
        for private, ids in touched.items():
            for record_id, before in change.records_by_id(tree.tree, sorted(ids), private=private).items():
                steps = change.history(tree.tree, record_id, private=private)
                change.drop_record(before)
                rids |= {before.rid} | self._replay(change, tree, sorted({step.position for step in steps} - gone))
        return rids

    def _replay(self, change: Transaction, tree: Tree, positions: list[int]) -> set[int]:
        """Applies statements again that were found applicable in their places."""
        judged = []
        for position in positions:
            statement = _statement(next(change.entries(tree.tree, position, position + 1)))
            assert statement is not None
            scope = _scope(change, tree.tree, position)
            judged.append((position, Judged("applied", statement, read_body(statement), scope)))
        return apply_judged(change, tree, judged, {})


def _drop_payload(change: Transaction, tree: Tree, position: int, erased_by: int) -> None:
    """Drops a payload, also where the same entry stands in another epoch of the log."""
    change.drop_payload(tree.tree, position, erased_by)
    entry = next(change.leaves(tree.tree, position, position + 1))
    for other in change.epochs(tree.origin.log_id):
        if other.tree != tree.tree and next(change.leaves(other.tree, position, position + 1), None) == entry:
            change.drop_payload(other.tree, position, erased_by)


def _scope(change: Transaction, tree: int, position: int) -> int:
    """The scope of an entry that had an effect."""
    header = parse_entry(next(change.entries(tree, position, position + 1)).entry)
    assert isinstance(header, Entry)
    return header.scope


def _authors(change: Transaction, tree: int, eraser: int, reading: Reading) -> Callable[[int], bytes | None]:
    """The author of an earlier entry, as far as the statement at `eraser` asks for it.

    Where that very statement had the payload erased, it was allowed to: the payload that said so is gone.
    """

    def author_of(position: int) -> bytes | None:
        if change.erased_by(tree, position) == eraser and reading.statement is not None:
            return reading.statement.author
        statement = _statement(next(change.entries(tree, position, position + 1), None))
        return statement.author if statement else None

    return author_of


def _statement(row: Stored | None) -> Statement | None:
    if row is None or row.payload is None:
        return None
    try:
        statement = parse_statement(parse_payload(row.payload).statement)
    except Malformed:
        return None
    return statement if isinstance(statement, Statement) else None
