# SPDX-License-Identifier: AGPL-3.0-or-later
"""Deciding on a pair, and taking a decision back: the statements to be entered (spec 10 §5)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.directory.present import read_record
from ledger.directory.restoring import restore, statement_at
from ledger.importing.plan import Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.duplicates.deciding import Decision, Key
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow

FIELDS = (
    "name", "description", "url", "links", "point", "address", "categories", "structure", "membership", "hours",
    "hours_note", "access", "scope", "images", "contact", "relations", "status", "checked_at",
)  # fmt: skip
"""What can be taken from the record that is closed. Its identifiers and sources always are."""
_ONLY_WHEN_NAMED = frozenset({"status", "checked_at"})
"""What a record that lacks it says by that: it is active, nobody has looked."""
_GATHERED_MAX = {"identifiers": 32, "sources": 16}


def present_body(reads: Snapshot, row: RecordRow) -> dict[str, Any]:
    """A record as it would be put again: with what was said of it since."""
    record, _, _ = read_record(reads, row)
    body: dict[str, Any] = record.body()
    if row.status != (record.status or "active"):
        body["status"] = row.status
    if row.checked_at is not None:
        body["checked_at"] = row.checked_at
    return body


def merged_record(
    kept: Mapping[str, Any], other: Mapping[str, Any], take: Iterable[str], leave: Iterable[str] = ()
) -> dict[str, Any]:
    """The record that is kept, with these fields of the other one, its identifiers and sources.

    What the record lacks is taken too where both are on the same licence, but for what is to be left as it is. Nothing
    is taken that the other has not.
    """
    chosen = set(take) - ({"status"} if other.get("status") == "closed" else set())
    left = set(leave) - chosen
    if kept["licence"] == other["licence"]:
        chosen |= {field for field in FIELDS if field not in kept and field not in _ONLY_WHEN_NAMED} - left
    made = dict(kept) | {field: other[field] for field in FIELDS if field in chosen and field in other}
    if "name" in other and "name" not in chosen and kept["licence"] == other["licence"]:
        made["name"] = dict(list((other["name"] | kept["name"]).items())[:32])
    for field, most in _GATHERED_MAX.items():
        gathered = list(kept.get(field, ()))
        gathered += [one for one in other.get(field, ()) if one not in gathered]
        if gathered:
            made[field] = gathered[:most]
    return made


def plan_same(
    kept: Key, closed: Key, own_log: bytes, changed: dict[str, Any] | None, statement_id: bytes
) -> list[Statement]:
    """Says that two records are one; closes the other if it is of the own log.

    `changed`: the record that is kept as it is to be, if that is of the own log and changes.
    """
    made = []
    if changed is not None:
        made.append(Statement("record.put", {"record": changed}, merge_id(statement_id, b"put")))
    if closed[0] == own_log:
        body = {"id": closed[1], "reason": "duplicate"}
        made.append(Statement("record.close", body, merge_id(statement_id, b"close")))  # type: ignore[arg-type] # values
    return [*made, _claim("same", closed, kept, statement_id)]


def plan_different(one: Key, other: Key, statement_id: bytes) -> list[Statement]:
    """Says that two records are not one."""
    return [_claim("different", one, other, statement_id)]


def merge_id(statement_id: bytes, what: bytes) -> bytes:
    """The id of a statement that belongs to a merge."""
    return sha256(b"folkmoot/merge/1\0" + statement_id + what).digest()[:16]


class Undoing(NamedTuple):
    """What to enter, and the ids of records that are left alone because they were changed since."""

    statements: list[Statement]
    changed_since: list[bytes]


def plan_undo(reads: Snapshot, decision: Decision, statement_id: bytes) -> Undoing:
    """Takes back what the own log said last of a pair."""
    tree = decision.tree
    taken_back = _claim(decision.kind, decision.subject, decision.other, statement_id, withdrawn=True)
    claim = statement_at(reads, tree, decision.position)
    made: list[Statement] = []
    changed_since: list[bytes] = []
    if claim is not None and decision.kind == "same":
        for what, (log_id, record_id) in ((b"close", decision.subject), (b"put", decision.other)):
            if log_id != reads.own_log():
                continue
            history = reads.history(tree, record_id)
            wanted = merge_id(claim.id, what)
            said = [statement_at(reads, tree, step.position) for step in history]
            place = next((n for n, step in enumerate(said) if step is not None and step.id == wanted), None)
            if place == 0:
                made.append(restore(reads, tree, record_id, history[1:], merge_id(statement_id, what)))
            elif place is not None:
                changed_since.append(record_id)
    return Undoing([taken_back, *made], changed_since)


def _claim(kind: str, subject: Key, other: Key, statement_id: bytes, *, withdrawn: bool = False) -> Statement:
    body: dict[str, Any] = {"subject": _subject(subject), "other": _subject(other)}
    if withdrawn:
        body["withdrawn"] = True
    return Statement(f"claim.{kind}", body, statement_id)


def _subject(record: Key) -> dict[str, bytes]:
    return {"log": record[0], "id": record[1]}


def names_unknown(fields: Sequence[str]) -> list[str]:
    """Of these names of fields those that cannot be taken."""
    return [field for field in fields if field not in FIELDS]
