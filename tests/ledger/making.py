# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs in the making: statements of every kind by seeded keys, and stores that hold them as a replica would."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

from ledger.deriving.derive import Deriver, next_behind
from ledger.held.replica import Replica, accept_head, store_range, verify_head
from ledger.sqlite.records import TABLES
from ledger.sqlite.store import SqliteStore
from protocol.identity import Origin
from protocol.signature import SigningKey
from protocol.statement import SCOPE_PUBLIC, make_payload, make_statement, sign_statement
from tests.builders import START, Log, found_organisation, seeded


def record_id(number: int) -> bytes:
    """The id of the record of that number."""
    return seeded(f"record {number}", 16)


def record(number: int, name: str, **fields: Any) -> dict[str, Any]:
    """The body of a small record."""
    return {"id": record_id(number), "kind": "place", "name": {"en": name}, "licence": "CC0-1.0", **fields}


class Scribe:
    """An organisation that says one thing after the other in its log, a minute apart."""

    def __init__(self, label: str = "moot") -> None:
        self.organisation = found_organisation(label)
        self.log = Log(self.organisation)

    @property
    def log_id(self) -> bytes:
        """The id of its log."""
        return self.organisation.log_id

    def payload(self, kind: str, body: dict[str, Any], by: SigningKey | None = None) -> bytes:
        """A statement made for the next position, signed by the organisation unless somebody else is named."""
        key, position = by or self.organisation.key, self.log.size
        label = f"{self.organisation.label} {position}"
        at = START + 60 * position
        statement = make_statement(self.log_id, kind, seeded(f"{label} id", 16), at, key.public, body)
        return make_payload(seeded(f"{label} salt"), statement, [sign_statement(statement, key)])

    def say(self, kind: str, body: dict[str, Any], by: SigningKey | None = None, scope: int = SCOPE_PUBLIC) -> int:
        """Appends a statement; its position."""
        return self.log.append(self.payload(kind, body, by), scope)

    def put(self, number: int, name: str, by: SigningKey | None = None, **fields: Any) -> int:
        """Puts the record of that number."""
        return self.say("record.put", {"record": record(number, name, **fields)}, by)

    def close(self, number: int) -> int:
        """Closes the record of that number."""
        return self.say("record.close", {"id": record_id(number), "reason": "closed"})

    def check(self, number: int, finding: str = "right") -> int:
        """Says of a record of this log that somebody has looked."""
        subject = {"log": self.log_id, "id": record_id(number)}
        return self.say("claim.checked", {"subject": subject, "finding": finding})

    def appoint(self, key: SigningKey, role: str = "steward") -> int:
        """Makes a key that of a steward, or ends that."""
        return self.say("role", {"key": key.public, "role": role, "name": "Sasha"})

    def start_import(self, label: str, source: str = "shops") -> int:
        """Opens an import."""
        body = {"id": seeded(label, 16), "set": source, "file": seeded("file"), "name": "a file", "licence": "CC0-1.0"}
        return self.say("import.start", body)

    def end_import(self, label: str) -> int:
        """Closes an import."""
        names = ("added", "updated", "closed", "kept", "refused")
        return self.say("import.done", {"id": seeded(label, 16), **dict.fromkeys(names, 0)})

    def undo_import(self, label: str) -> int:
        """Marks an import as undone."""
        return self.say("import.undo", {"id": seeded(label, 16)})

    def erase(self, position: int, by: SigningKey | None = None) -> int:
        """Erases a payload."""
        return self.say("erase", {"position": position, "reason": "request"}, by)


def hold(store: SqliteStore, log: Log, withheld: Collection[int] = ()) -> None:
    """Takes in what a store lacks of a log, from a peer that keeps some payloads back."""
    head = verify_head(bytes(log.note()), [log.organisation.payload])
    with store.write() as change:
        tree = accept_head(change, head)
    if tree.size == log.size:
        return
    with store.read() as reads:
        replica = Replica(tree, reads)
    pairs = [(entry, b"" if at in withheld else payload) for at, (entry, payload) in enumerate(log.entries)]
    verified = replica.verify_range(head, tree.size, pairs[tree.size :], [])
    with store.write() as change:
        store_range(change, verified)


def derive(store: SqliteStore, limit: int = 1000, deriver: Deriver | None = None) -> set[int]:
    """Brings the derived tables up; the row ids of the records that changed."""
    deriver = deriver or Deriver()
    rids: set[int] = set()
    while True:
        with store.write() as change:
            tree = next_behind(change)
            if tree is None:
                return rids
            rids.update(deriver.step(change, tree, limit).rids)


def rebuild(store: SqliteStore, limit: int = 1000) -> None:
    """Makes the derived tables anew, by a deriver that remembers nothing."""
    with store.write() as change:
        change.clear_derived()
    derive(store, limit)


def derived_state(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that is derived, table by table, logs named by their ids: the same whatever their local numbers are."""
    state = {}
    with closing(sqlite3.connect(path)) as connection:
        trees = connection.execute("SELECT tree, log_id, epoch FROM tree")
        names = {number: str(Origin(log_id, epoch)) for number, log_id, epoch in trees}
        for table in TABLES:
            key = "rowid AS rid, " if table == "record_text" else ""
            rows = connection.execute(f"SELECT {key}* FROM {table}")
            columns = [column[0] for column in rows.description]
            state[table] = sorted((_mapped(columns, row, names) for row in rows), key=repr)
    return state


def _mapped(columns: list[str], row: tuple[Any, ...], names: dict[int, str]) -> tuple[object, ...]:
    by_column: dict[str, Any] = {"tree": names.get, "rid": lambda rid: (names[rid >> 32], rid & 0xFFFFFFFF)}
    return tuple(by_column.get(column, lambda value: value)(value) for column, value in zip(columns, row, strict=True))
