# SPDX-License-Identifier: AGPL-3.0-or-later
"""The directory against a model of a few lines: two logs that grow, are taken in and folded at random moments."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from ledger.sqlite.store import SqliteStore
from ledger.text import fold
from tests.builders import START
from tests.ledger.making import Scribe, derive, hold, rebuild, record_id

numbers = st.integers(0, 3)
names = st.sampled_from(["Bakery", "Épicerie", "forge", "Mill"])
logs = st.integers(0, 1)


class Shown(NamedTuple):
    """What a model record and a row of the store have in common."""

    name: str
    status: str
    checked_at: int | None
    put: int
    latest: int


class Said(NamedTuple):
    """One statement of the model."""

    kind: str
    number: int = 0
    name: str = ""


class Model:
    """A log as a list of statements; what has been erased is skipped."""

    def __init__(self, label: str) -> None:
        self.scribe = Scribe(label)
        self.said = [Said("charter")]
        self.held = 0

    def say(self, said: Said) -> None:
        match said.kind:
            case "put":
                self.scribe.put(said.number, said.name)
            case "close":
                self.scribe.close(said.number)
            case "check":
                self.scribe.check(said.number)
            case _:
                self.scribe.erase(said.number)
        self.said.append(said)

    def expected(self) -> tuple[dict[bytes, Shown], dict[int, str]]:
        """Records and verdicts after the statements that the store holds."""
        held = self.said[: self.held]
        erased = {
            said.number
            for position, said in enumerate(held)
            if said.kind == "erase" and 0 < said.number < position and held[said.number].kind != "erase"
        }
        records: dict[int, Shown] = {}
        verdicts = dict.fromkeys(erased, "erased")
        for position, said in enumerate(held):
            before = records.get(said.number)
            if position in erased or said.kind == "charter":
                continue
            if said.kind == "put":
                records[said.number] = Shown(fold(said.name), "active", None, position, position)
            elif said.kind == "erase":
                if not 0 < said.number < position:
                    verdicts[position] = "unknown_ref"
            elif before is None:
                verdicts[position] = "unknown_ref"
            elif said.kind == "close":
                records[said.number] = before._replace(status="closed", latest=position)
            else:
                records[said.number] = before._replace(checked_at=START + 60 * position, latest=position)
        return {record_id(number): shown for number, shown in records.items()}, verdicts


class DirectoryMachine(RuleBasedStateMachine):
    """Says, takes in, folds, erases; after each folding the store shows what the model shows."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.store = SqliteStore(Path(self._folder.name) / "ledger.db")
        self.models = [Model("moot"), Model("coop")]

    @rule(log=logs, number=numbers, name=names)
    def put(self, log: int, number: int, name: str) -> None:
        self.models[log].say(Said("put", number, name))

    @rule(log=logs, number=numbers)
    def close(self, log: int, number: int) -> None:
        self.models[log].say(Said("close", number))

    @rule(log=logs, number=numbers)
    def check(self, log: int, number: int) -> None:
        self.models[log].say(Said("check", number))

    @rule(log=logs, back=st.integers(-1, 9))
    def erase(self, log: int, back: int) -> None:
        model = self.models[log]
        model.say(Said("erase", max(0, len(model.said) - 1 - back)))

    @rule(log=logs)
    def take_in(self, log: int) -> None:
        model = self.models[log]
        hold(self.store, model.scribe.log)
        model.held = len(model.said)

    @rule(limit=st.sampled_from([1, 3, 1000]))
    @precondition(lambda machine: any(model.held for model in machine.models))
    def fold_all(self, limit: int) -> None:
        derive(self.store, limit)
        self.compare()

    @rule()
    @precondition(lambda machine: any(model.held for model in machine.models))
    def fold_anew(self) -> None:
        derive(self.store)
        with self.store.read() as reads:
            before = reads.derived_digest()
        rebuild(self.store)
        with self.store.read() as reads:
            assert reads.derived_digest() == before
        self.compare()

    def compare(self) -> None:
        with self.store.read() as reads:
            for model in self.models:
                tree = reads.tree(model.scribe.organisation.origin)
                if tree is None:
                    continue
                records, verdicts = model.expected()
                rows = [row for row in reads.all_records(-1, 1000) if row.tree == tree.tree]
                names_of = {row.rid: row.sort_key.rstrip(b"\0").decode() for row in rows}
                assert {
                    row.id: Shown(names_of[row.rid], row.status, row.checked_at, row.put, row.latest) for row in rows
                } == records
                assert reads.verdicts(tree.tree, 0, 10_000) == verdicts
                for row in rows:
                    history = [step.position for step in reads.history(tree.tree, row.id)]
                    assert history == sorted(history, reverse=True)
                    assert row.rid == tree.tree << 32 | history[-1]
                    assert row.rid in reads.matching(f'"{names_of[row.rid]}"')

    def teardown(self) -> None:
        self.store.close()
        self._folder.cleanup()


class TestDirectory(DirectoryMachine.TestCase):  # type: ignore[misc, valid-type] # made by hypothesis
    """Runs the machine."""

    settings = settings(max_examples=12, stateful_step_count=30)
