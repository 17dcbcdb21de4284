# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an import will change: rows against the records that are there. Pure."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from protocol.encoding import Limits, Value, encode
from protocol.errors import Malformed
from protocol.record import check_record
from protocol.statement import SCOPE_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.importing.convert import Converted
    from ledger.importing.problem import Problem

Action = Literal["added", "updated", "kept", "closed", "refused"]

CLOSING_SHARE_MAX = 0.2
"""A newer edition that would close more of a set than this is probably not whole: it must be said to be."""


class Present(NamedTuple):
    """A record of the set as it is now: the map that was signed, and whether it has been closed since.

    `merged`: it was closed because another record is kept in its place (spec 10 §5), so it stays closed.
    """

    record: dict[str, Any]
    closed: bool
    row_name: str
    merged: bool = False


class Step(NamedTuple):
    """What becomes of one row, or of one record that no row names any more (row 0)."""

    row: int
    outside_id: str
    action: Action
    record_id: bytes
    record: dict[str, Any] | None
    problems: tuple[Problem, ...]


class Statement(NamedTuple):
    """One statement to be written: kind, body, statement id, and who may read it."""

    kind: str
    body: dict[str, Value]
    id: bytes
    scope: int = SCOPE_PUBLIC


def plan_import(converted: Iterable[Converted], present: Mapping[bytes, Present], *, close: bool) -> list[Step]:
    """A step for each row, then for each record to be closed because the set no longer has it."""
    steps, seen = [], set()
    for row in converted:
        step = _plan_row(row, present)
        steps.append(step)
        if step.record_id:
            seen.add(step.record_id)
    if close:
        for record_id, there in present.items():
            if record_id not in seen and not there.closed:
                steps.append(Step(0, there.row_name, "closed", record_id, None, ()))
    return steps


def _plan_row(row: Converted, present: Mapping[bytes, Present]) -> Step:
    if row.record is None:
        return Step(row.row, row.outside_id, "refused", b"", None, row.problems)
    record_id = row.record["id"]
    try:
        check_record(row.record)
    except Malformed as error:
        from ledger.importing.problem import Problem  # noqa: PLC0415 - the last resort of a converter that let it pass

        refused = Problem(row.row, "record", row.outside_id, error.text, "error")
        return Step(row.row, row.outside_id, "refused", record_id, None, (*row.problems, refused))
    there = present.get(record_id)
    action: Action = "added"
    if there is not None:
        same = not there.closed and _comparable(there.record) == _comparable(row.record)
        action = "kept" if same or there.merged else "updated"
    return Step(row.row, row.outside_id, action, record_id, row.record, row.problems)


def _comparable(record: dict[str, Any]) -> dict[str, Any]:
    """A record without the time at which its source was fetched: that alone is not a change."""
    sources = [
        {key: value for key, value in source.items() if key != "retrieved"} for source in record.get("sources", ())
    ]
    return {**record, "sources": sources}


def counts(steps: Iterable[Step]) -> dict[str, int]:
    """How many of each action."""
    found = Counter(step.action for step in steps)
    return {action: found[action] for action in ("added", "updated", "kept", "closed", "refused")}


def closes_too_much(steps: Iterable[Step], present: Mapping[bytes, Present]) -> bool:
    """Whether so many records would be closed that the file is probably not the whole set."""
    open_now = sum(not there.closed for there in present.values())
    closing = sum(step.action == "closed" for step in steps)
    return closing > max(10, CLOSING_SHARE_MAX * open_now)


def import_id(log_id: bytes, set_name: str, file: bytes, mapping: str, attempt: int) -> bytes:
    """The id of an import: the same when it is taken up again after an interruption, another after it was finished."""
    parts: list[Value] = [log_id, set_name, file, mapping, attempt]
    limits = Limits(input_bytes=2**22, string_bytes=2**21)
    return sha256(b"folkmoot/import/1\0" + encode(parts, limits)).digest()[:16]


def statement_id(import_key: bytes, what: bytes) -> bytes:
    """The id of one statement of an import: repeating it writes nothing twice."""
    return sha256(b"folkmoot/import-statement/1\0" + import_key + what).digest()[:16]


def statements(steps: Iterable[Step], import_key: bytes) -> list[Statement]:
    """What is to be written for the steps that change something."""
    made = []
    for step in steps:
        if step.action in {"added", "updated"} and step.record is not None:
            body: dict[str, Value] = {"record": step.record, "import": import_key}
            made.append(Statement("record.put", body, statement_id(import_key, b"put" + step.record_id)))
        elif step.action == "closed":
            body = {"id": step.record_id, "reason": "gone", "import": import_key}
            made.append(Statement("record.close", body, statement_id(import_key, b"close" + step.record_id)))
    return made
