# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger as tables: CSV, also of one member and year, and JSON Lines. Pure."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

from ledger.exporting.journal import day_of
from ledger.importing.formulas import quote_formula
from protocol.amounts import show_day
from protocol.reciprocity_bodies import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.exporting.journal import Journal, Told

COLUMNS = ("position", "day", "kind", "what", "account", "amount", "unit", "with", "stream", "id")


def csv_lines(journal: Journal, member: bytes | None = None, year: int | None = None) -> Iterator[str]:
    """The lines of a CSV file: a row for each leg and each quantity; of one member and year, if they are named."""
    yield _row(COLUMNS)
    movements = {movement.position: movement for movement in journal.movements}
    for told in journal.told:
        movement = movements.get(told.position)
        day = show_day(movement.on) if movement else day_of(told)
        if year is not None and not day.startswith(f"{year:04}-"):
            continue
        for account, amount in movement.legs if movement else ():
            held = journal.accounts[account]
            if member in {None, held.owner}:
                shown = journal.amount(account, amount)
                code = movement.code if movement else ""
                cells = (told.position, day, told.statement.kind, code, account.hex(), shown, held.unit, "", "")
                yield _row((*cells, told.statement.id.hex()))
        if isinstance(told.said, Event) and member in {None, told.said.provider, told.said.receiver}:
            yield from _event_rows(journal, told, told.said, day, member)


def _event_rows(journal: Journal, told: Told, event: Event, day: str, member: bytes | None) -> Iterator[str]:
    other = event.receiver if member == event.provider else event.provider
    quantities = [(one.amount, one.unit) for one in (event.quantity, event.effort) if one is not None] or [(0, "")]
    for amount, unit in quantities:
        shown = journal.quantity(amount, unit) if unit else ""
        cells = (told.position, day, "event", event.action, "", shown, unit, other.hex(), event.stream)
        yield _row((*cells, told.statement.id.hex()))


def _row(cells: tuple[object, ...]) -> str:
    """One row; text that a spreadsheet would run as a formula gets a quote mark, numbers keep their sign."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([_safe(cell) for cell in cells])
    return out.getvalue()


def _safe(cell: object) -> object:
    if isinstance(cell, str) and not cell[1:].replace(".", "", 1).isdigit():
        return quote_formula(cell)
    return cell


def json_lines(journal: Journal) -> Iterator[str]:
    """A JSON object for each applied statement, in order: enough to fold the ledger again, but for who has signed."""
    for told in journal.told:
        value = {
            "schema": "folkmoot.ledger-entry/1",
            "log": journal.log,
            "position": told.position,
            "at": told.at,
            "kind": told.statement.kind,
            "id": told.statement.id.hex(),
            "author": told.statement.author.hex(),
            "body": told.body,
        }
        yield json.dumps(value, ensure_ascii=False, separators=(",", ":"))
