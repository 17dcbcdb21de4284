# SPDX-License-Identifier: AGPL-3.0-or-later
"""All that is in force at a node of what logs say of their territory, and how it is named (spec 22)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ledger.directory.present import read_record
from ledger.errors import NotFoundError
from ledger.held.denying import denied_ids, title_of
from ledger.jsonform import to_json
from ledger.territory.keys import (
    DECLARATION,
    NEED,
    OPINION,
    PROBLEM,
    REVIEW,
    SET,
    SKILL,
    TERM,
    in_force,
)
from protocol.amounts import show_day
from protocol.errors import Malformed
from protocol.identity import parse_log_id, show_log_id
from protocol.knowledge import KNOWLEDGE_BODIES, KnowledgeBody, NeedPut, PrinciplePut, ProblemPut, TermPut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.sqlite.store import Snapshot
    from ledger.values import KnowledgeRow, RecordRow
    from protocol.record import Subject

KNOWLEDGE_SCHEMA, THING_SCHEMA = "folkmoot.knowledge/1", "folkmoot.known/1"
SORTS = {
    "terms": TERM,
    "problems": PROBLEM,
    "needs": NEED,
    "skills": SKILL,
    "principles": SET,
    "declarations": DECLARATION,
    "reviews": REVIEW,
    "opinions": OPINION,
}
"""What there is to ask for, by the name that addresses and commands have for it."""
_decoders = {kind: msgspec.msgpack.Decoder(body) for kind, body in KNOWLEDGE_BODIES.items()}
_ID_DIGITS = 32


class Known(NamedTuple):
    """One thing that a log says, in force."""

    log_id: bytes
    row: KnowledgeRow
    body: KnowledgeBody

    @property
    def id(self) -> bytes:
        """The id under which others name it; empty for what has none."""
        return getattr(self.body, "id", b"")

    @property
    def name(self) -> tuple[bytes, bytes]:
        """What a subject names it by."""
        return self.log_id, self.id

    @property
    def title(self) -> dict[str, str]:
        """What it is called, in several languages; empty for what has no title."""
        body = self.body
        if isinstance(body, TermPut):
            return body.term
        return body.title if isinstance(body, ProblemPut | NeedPut | PrinciplePut) else {}


class Knowledge:
    """What is in force, sort by sort as it is asked for. It is read once: good for one page or answer."""

    def __init__(self, reads: Snapshot) -> None:
        self.reads = reads
        self._sorts: dict[str, list[Known]] = {}
        self._titles: dict[bytes, str] = {}
        self._records: dict[tuple[bytes, bytes], RecordRow | None] = {}
        self._trees = {tree.tree: tree for tree in reads.trees()}
        self._denied = denied_ids(reads)

    def all(self, sort: str) -> list[Known]:
        """All of a sort, log by log in the order in which each was first said."""
        if sort not in self._sorts:
            self._sorts[sort] = self._opened(self.reads.known(sort))
        return self._sorts[sort]

    def about(self, sort: str, log_id: bytes, thing: bytes) -> list[Known]:
        """All of a sort that is said of one thing."""
        return self._opened(self.reads.known_about(sort, log_id, thing))

    def find(self, sort: str, log_id: bytes, thing: bytes) -> Known | None:
        """What a log says under an id."""
        rows = [row for tree in self.reads.epochs(log_id) for row in self.reads.known_under(tree.tree, sort, thing)]
        return next(iter(self._opened(rows)), None)

    def need(self, sort: str, log: str, thing: str) -> Known:
        """What is named by a path. Raises NotFoundError."""
        try:
            found = self.find(sort, parse_log_id(log), bytes.fromhex(thing))
        except (Malformed, ValueError):
            found = None
        if found is None:
            raise NotFoundError(f"no {sort} {thing[:40]!r} of log {log[:60]!r} is known here")
        return found

    def named(self, sort: str, text: str) -> Known:
        """What a text means: LOG/ID, the beginning of an id, or a title. Raises NotFoundError."""
        log, _, rest = text.rpartition("/")
        wanted = rest.casefold().strip()
        known = [one for one in self.all(sort) if show_log_id(one.log_id).startswith(log)]
        whole = [one for one in known if wanted in {title.casefold() for title in one.title.values()}]
        begun = [one for one in known if len(rest) >= 4 and one.id.hex().startswith(wanted)]
        found = whole or begun
        if len(found) != 1:
            raise NotFoundError(
                f"{len(found)} things known here are called {text[:60]!r}: say its id, as `list` prints it, or LOG/ID"
            )
        return found[0]

    def organisation(self, log_id: bytes) -> str:
        """What the organisation of a log is called."""
        if log_id not in self._titles:
            self._titles[log_id] = title_of(self.reads, log_id) or show_log_id(log_id)[:8]
        return self._titles[log_id]

    def record(self, subject: Subject) -> RecordRow | None:
        """The public record that a subject names, if it is here and shown."""
        name = (subject.log, subject.id)
        if name not in self._records:
            trees = [tree for tree in self.reads.epochs(subject.log) if not tree.hidden]
            rows = [self.reads.records_by_id(tree.tree, [subject.id]).get(subject.id) for tree in trees]
            self._records[name] = next((row for row in rows if row and name not in self._denied), None)
        return self._records[name]

    def called(self, subject: Subject) -> dict[str, str]:
        """What a subject is called, if it is known here: a record by its name, else by the title of what was said."""
        row = self.record(subject)
        if row is not None:
            return read_record(self.reads, row)[0].name
        for sort in (TERM, PROBLEM, NEED, SET):
            found = self.find(sort, subject.log, subject.id)
            if found is not None:
                return found.title
        return {}

    def _opened(self, rows: Iterable[KnowledgeRow]) -> list[Known]:
        known = [
            Known(self._trees[row.tree].origin.log_id, row, _decoders[row.kind].decode(row.body))
            for row in in_force(rows)
        ]
        return [one for one in known if one.name not in self._denied and _subject(one.row) not in self._denied]


def _subject(row: KnowledgeRow) -> tuple[bytes, bytes]:
    return row.about_log, row.about_id


def thing_object(knowledge: Knowledge, known: Known) -> dict[str, Any]:
    """What a log says, as JSON: the body with days and degrees as people write them, and where it stands."""
    value: dict[str, Any] = to_json(msgspec.to_builtins(known.body, builtin_types=(bytes,)))
    for part in [value, *value.get("solutions", ())]:
        if "on" in part:
            part["on"] = show_day(part["on"])
    point = value.get("place", {}).get("point")
    if point:
        point |= {"lat": point["lat"] / 1e7, "lon": point["lon"] / 1e7}
    tree = knowledge.reads.tree_numbered(known.row.tree)
    return {
        "kind": known.row.kind,
        **value,
        "log": show_log_id(known.log_id),
        "by": knowledge.organisation(known.log_id),
        "entry": {"epoch": tree.origin.epoch, "position": known.row.position, "at": known.row.at},
    }


def subject_value(name: tuple[bytes, bytes]) -> dict[str, bytes]:
    """A subject as it stands in a body."""
    return {"log": name[0], "id": name[1]}


def subject_of(log: str, thing: str) -> dict[str, bytes]:
    """A subject from its parts as text. Raises NotFoundError."""
    try:
        found = {"log": parse_log_id(log), "id": bytes.fromhex(thing)}
    except (Malformed, ValueError):
        found = {"id": b""}
    if len(thing) != _ID_DIGITS or len(found["id"]) * 2 != _ID_DIGITS:
        raise NotFoundError(f"no thing is named {log[:60]}/{thing[:40]}")
    return found


def first_title(titles: Mapping[str, str]) -> str:
    """A title for where one language has to do, always the same one."""
    return titles[min(titles)] if titles else ""
