# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an import changes, and what it may not close without being asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ledger.importing.convert import Converted
from ledger.importing.plan import (
    Present,
    Step,
    closes_too_much,
    counts,
    import_id,
    plan_import,
    statement_id,
    statements,
)
from ledger.importing.present import attempts, present_records
from ledger.importing.problem import Problem
from ledger.sqlite.store import SqliteStore
from protocol.directory import check_body
from tests.builders import seeded
from tests.ledger.conftest import OpenStore
from tests.ledger.making import Scribe, derive, hold, record, record_id

KEY = seeded("import", 16)


def source(retrieved: int = 5, name: str = "shops") -> dict[str, Any]:
    return {"set": name, "record": "17", "licence": "CC0-1.0", "retrieved": retrieved}


def body(number: int, name: str = "Bakery", **fields: Any) -> dict[str, Any]:
    return record(number, name, **{"sources": [source()]} | fields)


def row(number: int, **fields: Any) -> Converted:
    return Converted(number, f"outside {number}", body(number, **fields), ())


def there(number: int, *, closed: bool = False, **fields: Any) -> dict[bytes, Present]:
    return {record_id(number): Present(body(number, **fields), closed, f"outside {number}")}


def actions(steps: list[Step]) -> list[tuple[int, str]]:
    return [(step.row, step.action) for step in steps]


def test_what_becomes_of_each_row() -> None:
    present = there(1) | there(2) | there(3, closed=True) | there(4) | there(5, closed=True)
    refused = Converted(9, "outside 9", None, (Problem(9, "name", "", "No name.", "error"),))
    rows = [row(1), row(2, name="Forge"), row(3), row(7), refused]
    steps = plan_import(rows, present, close=True)
    assert actions(steps) == [(1, "kept"), (2, "updated"), (3, "updated"), (7, "added"), (9, "refused"), (0, "closed")]
    assert steps[-1].record_id == record_id(4)
    assert steps[-1].outside_id == "outside 4"
    assert counts(steps) == {"added": 1, "updated": 2, "kept": 1, "closed": 1, "refused": 1}
    assert actions(plan_import(rows, present, close=False)) == actions(steps)[:-1]


def test_the_time_of_fetching_alone_is_no_change() -> None:
    fetched_later = {"sources": [source(retrieved=99)]}
    assert actions(plan_import([row(1, **fetched_later)], there(1), close=True)) == [(1, "kept")]
    moved = {"sources": [source(name="other")]}
    assert actions(plan_import([row(1, **moved)], there(1), close=True)) == [(1, "updated")]
    assert actions(plan_import([row(1)], there(1, sources=[]), close=True)) == [(1, "updated")]


def test_a_record_that_a_converter_got_wrong_is_refused_and_not_closed() -> None:
    wrong = Converted(1, "outside 1", body(1) | {"colour": "blue"}, ())
    (step,) = plan_import([wrong], there(1), close=True)
    assert (step.action, step.record, step.record_id) == ("refused", None, record_id(1))
    assert [problem.severity for problem in step.problems] == ["error"]
    assert statements([step], KEY) == []


def test_statements_can_be_signed_and_repeated() -> None:
    steps = plan_import([row(1), row(2, name="Forge")], there(2) | there(3), close=True)
    made = statements(steps, KEY)
    assert [statement.kind for statement in made] == ["record.put", "record.put", "record.close"]
    for statement in made:
        check_body(statement.kind, statement.body)
        assert statement.body["import"] == KEY
    assert made[2].body == {"id": record_id(3), "reason": "gone", "import": KEY}
    assert statements(steps, KEY) == made
    ids = {statement.id for statement in made} | {statement.id for statement in statements(steps, seeded("other", 16))}
    assert len(ids) == 6
    assert all(len(one) == 16 for one in ids)


def test_nothing_is_written_for_what_is_kept() -> None:
    assert statements(plan_import([row(1)], there(1), close=True), KEY) == []


@pytest.mark.parametrize(
    ("open_now", "closing", "too_much"),
    [
        (5, 5, False),
        (10, 10, False),
        (11, 11, True),
        (50, 10, False),
        (50, 11, True),
        (1000, 200, False),
        (1000, 201, True),
    ],
)
def test_a_file_that_is_probably_not_whole(open_now: int, closing: int, *, too_much: bool) -> None:
    present = {record_id(n): Present(body(n), closed=False, row_name="") for n in range(open_now)}
    present |= {record_id(n): Present(body(n), closed=True, row_name="") for n in range(2000, 3000)}
    rows = [row(n) for n in range(closing, open_now)]
    assert closes_too_much(plan_import(rows, present, close=True), present) is too_much


def test_ids_of_imports_depend_on_everything() -> None:
    given = (seeded("log"), "shops", seeded("file"), "a mapping", 0)
    changed = [
        (seeded("other"), *given[1:]),
        (given[0], "other", *given[2:]),
        (*given[:2], seeded("other"), *given[3:]),
        (*given[:3], "another mapping", 0),
        (*given[:4], 1),
    ]
    found = {import_id(*one) for one in (given, *changed)}
    assert len(found) == 6
    assert len(import_id(*given)) == 16
    assert len(import_id(given[0], "shops", given[2], "x" * 500_000, 0)) == 16
    assert statement_id(KEY, b"put" + record_id(1)) != statement_id(KEY, b"close" + record_id(1))


def test_what_is_there_of_a_set(open_store: OpenStore) -> None:
    store, scribe = open_store(), Scribe()
    scribe.say("record.put", {"record": body(1)})
    scribe.say("record.put", {"record": body(2)})
    scribe.close(2)
    scribe.say("record.put", {"record": body(3, status="closed")})
    scribe.say("record.put", {"record": body(4, sources=[source(name="other")])})
    scribe.put(5, "Mill")
    erased = scribe.say("record.put", {"record": body(6)})
    scribe.erase(erased)
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        found = present_records(reads, 1, "shops")
    assert {one: there.closed for one, there in found.items()} == {
        record_id(1): False,
        record_id(2): True,
        record_id(3): False,
    }
    assert found[record_id(1)] == Present(body(1), closed=False, row_name="17")


def test_an_import_that_was_interrupted_is_no_attempt(open_store: OpenStore) -> None:
    store, scribe = open_store(), Scribe()
    found = []
    imports: list[Callable[[], Any]] = [
        lambda: scribe.start_import("first"),
        lambda: scribe.end_import("first"),
        lambda: scribe.undo_import("first"),
        lambda: scribe.start_import("second"),
        lambda: scribe.undo_import("second"),
    ]
    for step in imports:
        step()
        found.append(_attempts(store, scribe))
    assert found == [0, 1, 1, 1, 2]


def _attempts(store: SqliteStore, scribe: Scribe) -> int:
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        assert attempts(reads, 1, seeded("another file")) == 0
        return attempts(reads, 1, seeded("file"))
