# SPDX-License-Identifier: AGPL-3.0-or-later
"""The history of a record, step by step: who said what, when, and what it changed; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from node.directory.difference import difference
from node.directory.listing import record_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from node.directory.difference import Change
    from node.directory.listing import Reader
    from node.web.words import Words
    from protocol.record import Record

COMPARED_MAX = 10
"""So many of the latest steps are shown with what they changed; the page of its proof shows that of any other."""
_NAMED_MAX = 3


class Step(NamedTuple):
    """One statement that changed the record: `author` is empty if only their key is known.

    `changes` are field by field, `summary` names the first of them.
    """

    what: str
    date: str
    author: str
    key: str
    position: str
    prove: str
    note: str = ""
    changes: Sequence[Change] = ()
    summary: str = ""


def steps(
    record: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    states: Mapping[int, Record],
    authors: Mapping[str, str],
    reader: Reader,
) -> list[Step]:
    """The steps of a history (ledger.directory.present), latest first; `states` are those that the latest ones put."""
    puts = [step["position"] for step in history if step["kind"] == "record.put"]
    before = dict(zip(puts, [*puts[1:], None], strict=True))
    made = []
    for number, said in enumerate(history, 1):
        step = step_of(said, record, authors, reader.words, first=number == len(history))
        position = said["position"]
        earlier = before.get(position)
        known = position in states and (earlier is None or earlier in states)
        if position in before and known and number <= COMPARED_MAX:
            old = states[earlier] if earlier is not None else None
            step = compared(step, old, states[position], reader)
        made.append(step)
    return made


def compared(step: Step, before: Record | None, after: Record, reader: Reader) -> Step:
    """A step with what it changed."""
    changes = difference(before, after, reader)
    return step._replace(changes=changes, summary=summary_of(changes, reader.words))


def step_of(
    step: Mapping[str, Any], record: Mapping[str, Any], authors: Mapping[str, str], words: Words, *, first: bool
) -> Step:
    """One statement about a record, without what it changed."""
    entered = first and step["kind"] == "record.put"
    what = words("Entered") if entered else words.label("statement", step["kind"])
    reason = step["body"].get("reason", "")
    return Step(
        what=f"{what}: {words.label('reason', reason)}" if reason else what,
        date=words.date(step["at"]),
        author=authors.get(step["author"], ""),
        key=step["author"][:8],
        position=words.number(step["position"]),
        prove=f"{record_url(record['log'], record['id'])}/proof?entry={step['position']}",
        note=step["body"].get("note", ""),
    )


def summary_of(changes: Sequence[Change], words: Words) -> str:
    """The first fields that changed, and how many there are besides."""
    if not changes:
        return words("Nothing that is shown here")
    named = ", ".join(change.label for change in changes[:_NAMED_MAX])
    more = len(changes) - _NAMED_MAX
    if more <= 0:
        return named
    return f"{named} " + words.count("and {number} other field", "and {number} other fields", more)
