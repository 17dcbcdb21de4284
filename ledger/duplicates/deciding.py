# SPDX-License-Identifier: AGPL-3.0-or-later
"""What has been said of pairs of records, and what counts of it (spec 10 §5). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ledger.values import PairRow

Key: TypeAlias = tuple[bytes, bytes]
"""A record: its log's id and its own."""


class Decision(NamedTuple):
    """The last word of the own log on a pair: `same`, `different` or nothing; of `same`, `other` is the one to keep."""

    kind: str
    subject: Key
    other: Key
    tree: int
    position: int


def pair_of(one: Key, other: Key) -> tuple[Key, Key]:
    """A pair, in whichever order it is named."""
    return (one, other) if one <= other else (other, one)


class Decisions:
    """What counts here: the own log's word, else that a log says its own record is different from another."""

    def __init__(self, rows: Iterable[PairRow], log_of: Mapping[int, bytes], own_log: bytes) -> None:
        """`rows` in order of position; `log_of`: the log of each tree."""
        self.own: dict[tuple[Key, Key], Decision] = {}
        others: dict[tuple[bytes, tuple[Key, Key]], str] = {}
        for row in rows:
            subject, other = (row.log_id, row.id), (row.other_log, row.other_id)
            said_by = log_of[row.tree]
            if subject == other:
                continue
            pair = pair_of(subject, other)
            if said_by == own_log:
                self.own[pair] = Decision(row.kind, subject, other, row.tree, row.position)
            elif said_by in {row.log_id, row.other_log}:
                others[said_by, pair] = row.kind
        self._apart = {pair for (_, pair), kind in others.items() if kind == "different"}

    def on(self, one: Key, other: Key) -> str:
        """`same`, `different`, or nothing."""
        pair = pair_of(one, other)
        decision = self.own.get(pair)
        if decision is not None and decision.kind:
            return decision.kind
        return "different" if pair in self._apart else ""

    def joined(self) -> list[Decision]:
        """What the own log says to be one thing."""
        return [decision for decision in self.own.values() if decision.kind == "same"]

    def same_as(self, record: Key) -> list[Key]:
        """The records that the own log says, directly, to be the same, in order."""
        found = {
            decision.other if decision.subject == record else decision.subject
            for decision in self.joined()
            if record in {decision.subject, decision.other}
        }
        return sorted(found)

    def not_shown(self, is_open: Callable[[Key], bool]) -> set[Key]:
        """Of each group of open records all but the one that is shown."""
        group: dict[Key, Key] = {}

        def root(record: Key) -> Key:
            while group.setdefault(record, record) != record:
                group[record] = record = group[group[record]]
            return record

        subjects: set[Key] = set()
        for decision in self.joined():
            subjects.add(decision.subject)
            group[root(decision.subject)] = root(decision.other)
        members: dict[Key, list[Key]] = {}
        for record in list(group):
            members.setdefault(root(record), []).append(record)
        hidden: set[Key] = set()
        for records in members.values():
            opened = sorted(filter(is_open, records), key=lambda record: (record in subjects, record))
            hidden.update(opened[1:])
        return hidden
