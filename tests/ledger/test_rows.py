# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many rows in few statements: each row once, in order, and few calls for any number of them."""

from __future__ import annotations

import sqlite3

import pytest

from ledger.sqlite.rows import ROWS_PER_STATEMENT, insert, run_in, select_in

COUNTS = (0, 1, 2, 3, 127, 128, ROWS_PER_STATEMENT - 1, ROWS_PER_STATEMENT, 3 * ROWS_PER_STATEMENT + 57)


@pytest.fixture
def db() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
    return connection


@pytest.mark.parametrize("count", COUNTS)
def test_rows_go_in_and_come_out(db: sqlite3.Connection, count: int) -> None:
    rows = [(number, f"row {number}") for number in range(count)]
    steps: list[str] = []
    db.set_trace_callback(steps.append)
    insert(db, "INSERT INTO t (a, b)", rows)
    db.set_trace_callback(None)
    assert db.execute("SELECT a, b FROM t ORDER BY a").fetchall() == rows
    assert len(steps) <= count // ROWS_PER_STATEMENT + ROWS_PER_STATEMENT.bit_length()
    keys = [number for number, _ in rows]
    assert sorted(select_in(db, "SELECT a, b FROM t WHERE b <> ? AND a IN", ("",), [*keys, -1])) == rows
    run_in(db, "DELETE FROM t WHERE a IN", (), keys[1:])
    assert db.execute("SELECT a FROM t").fetchall() == [(number,) for number in keys[:1]]
