# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many rows in few calls.

sqlite3 gives up the interpreter at every step, and another busy thread may then hold it for milliseconds. One INSERT of
many rows takes one step, so a bulk write is not slowed a hundredfold by a busy event loop.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

ROWS_PER_STATEMENT = 256


@cache
def _values(columns: int, rows: int) -> str:
    row = f"({','.join('?' * columns)})"
    return ",".join([row] * rows)


def insert(connection: sqlite3.Connection, into: str, rows: Sequence[Sequence[object]]) -> None:
    """Runs `into` (such as "INSERT INTO t (a, b)") for all rows."""
    for begin in range(0, len(rows), ROWS_PER_STATEMENT):
        part = rows[begin : begin + ROWS_PER_STATEMENT]
        if len(part) == ROWS_PER_STATEMENT:
            connection.execute(f"{into} VALUES {_values(len(part[0]), len(part))}", list(chain.from_iterable(part)))
        else:
            marks = ",".join("?" * len(part[0]))
            connection.executemany(f"{into} VALUES ({marks})", part)


def select_in(
    connection: sqlite3.Connection, sql: str, before: Sequence[object], keys: Sequence[object]
) -> Iterator[tuple]:  # type: ignore[type-arg] # rows of any shape
    """Rows of `sql`, which ends in "IN", for many keys; `before` are the parameters ahead of them."""
    for begin in range(0, len(keys), ROWS_PER_STATEMENT):
        part = list(keys[begin : begin + ROWS_PER_STATEMENT])
        part += part[-1:] * (ROWS_PER_STATEMENT - len(part))
        yield from connection.execute(f"{sql} {_values(ROWS_PER_STATEMENT, 1)}", [*before, *part])
