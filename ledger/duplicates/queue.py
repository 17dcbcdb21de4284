# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of likely duplicates in a store: what is compared, what has been decided, the pairs as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.directory.present import read_record, record_object
from ledger.duplicates.deciding import Decisions
from ledger.duplicates.finding import Pair, find_duplicates
from ledger.duplicates.profile import Profile, profile_of
from ledger.held.denying import denied_records
from protocol.identity import show_log_id
from protocol.statement import SCOPE_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ledger.duplicates.deciding import Key
    from ledger.sqlite.store import Snapshot

SCHEMA = "folkmoot.duplicates/1"
_CHUNK = 2_000
_COMPARED = (
    "kind", "name", "description", "url", "links", "point", "address", "categories", "hours", "contact", "identifiers",
    "status", "licence", "sources", "checked_at",
)  # fmt: skip


def decisions(reads: Snapshot) -> Decisions:
    """What has been said of pairs, here and elsewhere."""
    log_of = {tree.tree: tree.origin.log_id for tree in reads.trees()}
    return Decisions(reads.pairs(), log_of, reads.own_log())


def joined_away(reads: Snapshot) -> set[int]:
    """Row ids of open records of which search shows another one instead, because the own log says they are the same."""
    said = decisions(reads)
    if not said.joined():
        return set()
    denied = denied_records(reads)
    found: dict[Key, int] = {}

    def is_open(record: Key) -> bool:
        for tree in reads.epochs(record[0]):
            row = reads.records_by_id(tree.tree, [record[1]]).get(record[1])
            if row is not None and row.status != "closed" and row.rid not in denied and not tree.hidden:
                found[record] = row.rid
        return record in found

    return {found[record] for record in said.not_shown(is_open)}


def likely_duplicates(
    reads: Snapshot,
    said: Decisions | None = None,
    touching: Collection[int] | None = None,
    more: Sequence[Profile] = (),
    rest: Callable[[], None] = lambda: None,
) -> list[Pair]:
    """Pairs of open public records, best first, of which nobody has said what they are, as far as `said` knows.

    `touching`: only those with one of these row ids. `more`: records that are not in the store yet.
    `rest` is called every few milliseconds.
    """
    keys: dict[int, Key] = {}

    def decided(one: int, other: int) -> bool:
        return said is not None and one in keys and other in keys and bool(said.on(keys[one], keys[other]))

    return find_duplicates(_profiles(reads, keys, more), touching, decided, rest)


def _profiles(reads: Snapshot, keys: dict[int, Key], more: Sequence[Profile]) -> Iterator[Profile]:
    """The open public records of the logs that are shown; where they are is noted in `keys`."""
    trees = {tree.tree: tree for tree in reads.trees() if not tree.hidden}
    denied, after = denied_records(reads), -1
    while rows := reads.all_records(after, _CHUNK):
        after = rows[-1].rid
        for row in rows:
            shown = row.tree in trees and row.rid not in denied
            if row.scope == SCOPE_PUBLIC and row.status != "closed" and shown:
                keys[row.rid] = (trees[row.tree].origin.log_id, row.id)
                yield profile_of(row.rid, read_record(reads, row)[0])
    yield from more


def still_open(reads: Snapshot, pairs: Sequence[Pair]) -> list[Pair]:
    """Of pairs that were found a while ago those on which nothing has been decided since, both records being open."""
    rows = reads.records(sorted({rid for pair in pairs for rid in pair[:2]}))
    log_of = {tree.tree: tree.origin.log_id for tree in reads.trees() if not tree.hidden}
    said, denied = decisions(reads), denied_records(reads)
    keys = {
        rid: (log_of[row.tree], row.id)
        for rid, row in rows.items()
        if row.status != "closed" and row.tree in log_of and rid not in denied
    }
    return [
        pair
        for pair in pairs
        if pair.one in keys and pair.other in keys and not said.on(keys[pair.one], keys[pair.other])
    ]


def pair_object(reads: Snapshot, pair: Pair) -> dict[str, Any]:
    """A pair as JSON: both records, what differs between them, the score and what it is made of, in per cent."""
    rows = reads.records([pair.one, pair.other])
    one, other = record_object(reads, rows[pair.one]), record_object(reads, rows[pair.other])
    signals = {name: round(100 * value) for name, value in pair.comparison.signals.items() if value}
    return {
        "verdict": pair.comparison.verdict,
        "score": pair.comparison.score,
        "signals": signals,
        "differs": [field for field in _COMPARED if one.get(field) != other.get(field)],
        "records": [one, other],
    }


def decision_objects(said: Decisions) -> list[dict[str, Any]]:
    """What the own log has decided on pairs, latest first, as JSON."""
    made = sorted((one for one in said.own.values() if one.kind), key=lambda one: (-one.tree, -one.position))
    return [
        {
            "decision": one.kind,
            "position": one.position,
            "subject": key_object(one.subject),
            "other": key_object(one.other),
        }
        for one in made
    ]


def key_object(record: Key) -> dict[str, str]:
    """Where a record is, as JSON."""
    return {"log": show_log_id(record[0]), "id": record[1].hex()}
