# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an import would do, before anything is written: the same for the command line and for the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.duplicates.arriving import arriving_duplicates
from ledger.importing.mapping import to_toml
from ledger.importing.plan import Statement, closes_too_much, counts, import_id, plan_import, statement_id
from ledger.importing.present import attempts, present_records
from ledger.importing.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.importing.convert import Converted
    from ledger.importing.mapping import Mapping
    from ledger.importing.plan import Step
    from ledger.sqlite.store import Snapshot

DAY_S = 86_400


class Assessment(NamedTuple):
    """The steps of an import under its `key`.

    `begun`: it was interrupted and goes on. `there`: records of the set so far. `likely`: rows that probably describe
    what is here already, as JSON (see ledger.duplicates.arriving). `too_much`: so many records would be closed that the
    file is probably not whole.
    """

    mapping: Mapping
    digest: bytes
    name: str
    key: bytes
    begun: bool
    steps: list[Step]
    there: int
    likely: list[dict[str, Any]]
    too_much: bool

    def changes(self) -> int:
        """How many records would be added, updated or closed."""
        found = counts(self.steps)
        return found["added"] + found["updated"] + found["closed"]

    def start(self) -> Statement:
        """The statement that opens the import."""
        body: dict[str, Any] = {
            "id": self.key,
            "set": self.mapping.set,
            "file": self.digest,
            "name": self.name[:300],
            "licence": self.mapping.licence,
        }
        if self.mapping.attribution:
            body["attribution"] = self.mapping.attribution
        return Statement("import.start", body, statement_id(self.key, b"start"))

    def done(self) -> Statement:
        """The statement that closes it."""
        return Statement("import.done", {"id": self.key, **counts(self.steps)}, statement_id(self.key, b"done"))

    def leaving_out(self, rows: frozenset[int]) -> Assessment:
        """The same import without these rows, each of which is refused with the reason."""
        reason = "Left out, as was chosen: it is likely to be here already."
        steps = [
            step._replace(
                action="refused",
                record=None,
                problems=(*step.problems, Problem(step.row, "row", step.outside_id, reason, "error")),
            )
            if step.row in rows and step.action == "added"
            else step
            for step in self.steps
        ]
        return self._replace(steps=steps)


def assess(
    reads: Snapshot,
    converted: Iterable[Converted],
    mapping: Mapping,
    *,
    name: str,
    digest: bytes,
    close: bool,
) -> Assessment:
    """What the rows of a file would change. `name` and `digest` (32 bytes) are those of the file.

    Raises MappingError.
    """
    tree, log_id = int(reads.fact("own") or 0), reads.own_log()
    present = present_records(reads, tree, mapping.set)
    steps = plan_import(converted, present, close=close)
    key = import_id(log_id, mapping.set, digest, to_toml(mapping), attempts(reads, tree, digest))
    return Assessment(
        mapping=mapping,
        digest=digest,
        name=name,
        key=key,
        begun=reads.import_row(tree, key) is not None,
        steps=steps,
        there=len(present),
        likely=arriving_duplicates(reads, steps),
        too_much=closes_too_much(steps, present),
    )
