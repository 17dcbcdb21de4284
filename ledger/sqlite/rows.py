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
    """Runs `into` (such as "INSERT INTO t (a, b)") for all rows: few statements, all of which are kept ready."""
    begin = 0
    while begin < len(rows):
        count = min(ROWS_PER_STATEMENT, 1 << (len(rows) - begin).bit_length() - 1)
        part = rows[begin : begin + count]
        connection.execute(f"{into} VALUES {_values(len(part[0]), count)}", list(chain.from_iterable(part)))
        begin += count


def select_in(
    connection: sqlite3.Connection, sql: str, before: Sequence[object], keys: Sequence[object]
) -> Iterator[tuple]:  # type: ignore[type-arg] # rows of any shape
    """Rows of `sql`, which ends in "IN", for many keys; `before` are the parameters ahead of them."""
    for begin in range(0, len(keys), ROWS_PER_STATEMENT):
        part = list(keys[begin : begin + ROWS_PER_STATEMENT])
        room = 1 << (len(part) - 1).bit_length()  # few different statements, which are kept ready
        part += part[-1:] * (room - len(part))
        yield from connection.execute(f"{sql} {_values(room, 1)}", [*before, *part])


def run_in(connection: sqlite3.Connection, sql: str, before: Sequence[object], keys: Sequence[object]) -> None:
    """Runs `sql`, which ends in "IN" and gives no rows, for many keys."""
    for _ in select_in(connection, sql, before, keys):
        pass
