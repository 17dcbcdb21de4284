# SPDX-License-Identifier: AGPL-3.0-or-later
"""Conversion: rows to records as spec 10 §2 has them, and the reasons why a row or a field of it did not get in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ledger.importing.clean import clean_line
from ledger.importing.fields import Fields
from ledger.importing.identity import OUTSIDE_ID_CHARACTERS_MAX, OutsideIds, record_id
from ledger.importing.mapping import Mapping
from ledger.importing.problem import MappingError, Problem
from ledger.importing.table import Row, Table
from ledger.importing.work import read_work
from protocol.record import DIRECTED_KINDS

CATEGORIES_MAX: Final = 32
STRUCTURES_MAX: Final = 8


class Converted(msgspec.Struct, frozen=True):
    """What became of one row: a record, or None if a problem is an "error"; and its outside id, if it got one."""

    row: int
    outside_id: str
    record: dict[str, Any] | None
    problems: tuple[Problem, ...]


def convert_table(table: Table, mapping: Mapping, log_id: bytes, retrieved: int | None = None) -> Iterator[Converted]:
    """Every row of a table in order, those that could not be read first.

    `log_id` is the 32 bytes of the log that will hold the records; `retrieved` is when the file was fetched, in UTC
    seconds. Raises MappingError if the mapping has gaps, or if the table lacks the column of the names or identifiers.
    """
    if gaps := mapping.gaps():
        raise MappingError("The mapping is not complete. " + "; ".join(gaps) + ".")
    lost = set(missing_columns(table, mapping))
    if mapping.identifier in lost or all(column.column in lost for column in mapping.name):
        # Going on would give every record another id, and close all those that are there.
        columns = ", ".join(sorted(lost))
        raise MappingError(f"The table has no column {columns}, which the mapping names. Change the mapping.")
    for problem in table.refused:
        yield Converted(problem.row, "", None, (problem,))
    ids = OutsideIds()
    for row in table.rows:
        yield convert(row, mapping, log_id, retrieved, ids)


def missing_columns(table: Table, mapping: Mapping) -> tuple[str, ...]:
    """The columns that a mapping names and a table does not have: their fields stay empty in every record."""
    return tuple(column for column in mapping.columns() if column not in table.columns)


def convert(
    row: Row, mapping: Mapping, log_id: bytes, retrieved: int | None = None, ids: OutsideIds | None = None
) -> Converted:
    """One row. `ids` are the outside ids given out so far, which tell rows of the same name and identifier apart."""
    fields = Fields(row, mapping)
    kind = fields.kind()
    record: dict[str, Any] = {"id": b"", "kind": kind, "name": fields.names()}
    url, links = fields.addresses()
    point = fields.point()
    address = fields.address(point)
    values = {
        "description": fields.descriptions(),
        "url": url,
        "links": links,
        "point": point,
        "address": address,
        "categories": fields.codes("categories", mapping.categories, CATEGORIES_MAX, schemed=True),
        "structure": fields.codes("structure", mapping.structure, STRUCTURES_MAX),
        "membership": fields.codes("membership", mapping.membership, STRUCTURES_MAX),
        "identifiers": fields.identifiers(),
        "hours": fields.hours(),
        "access": fields.access(),
        "contact": fields.contact(),
        "status": fields.status(),
        "licence": fields.licence(),
        **fields.exchange(kind),
        "work": read_work(fields) if kind in DIRECTED_KINDS else {},
    }
    record.update((field, value) for field, value in values.items() if value)
    outside_id = _outside_id(fields, record, ids or OutsideIds())
    problems = tuple(fields.problems)
    if any(problem.severity == "error" for problem in problems):
        return Converted(row.number, outside_id, None, problems)
    record["id"] = record_id(log_id, mapping.set, outside_id)
    record["sources"] = [_source(fields, record["licence"], outside_id, retrieved)]
    return Converted(row.number, outside_id, record, problems)


def _outside_id(fields: Fields, record: dict[str, Any], ids: OutsideIds) -> str:
    """The row's outside id (spec 10 §4); empty, with a problem noted, if it can have none."""
    column = fields.mapping.identifier
    explicit = clean_line(fields.row.values.get(column, "")) if column else ""
    if len(explicit) > OUTSIDE_ID_CHARACTERS_MAX:
        reason = f"An identifier of more than {OUTSIDE_ID_CHARACTERS_MAX} characters. Choose another column for it."
        fields.note("id", explicit, reason, "error")
        return ""
    if explicit:
        earlier = ids.claim(fields.row.number, explicit)
        if earlier is not None:
            reason = f"Row {earlier} has the same identifier. Give this row its own, or remove it."
            fields.note("id", explicit, reason, "error")
            return ""
        return explicit
    if not record["name"]:
        return ""
    if column:
        reason = f"No identifier in column {column}: made one of name and address, which lasts while these stay."
        fields.note("id", "", reason)
    address = record.get("address", {})
    name = next(iter(record["name"].values()))
    return ids.derive(name, *(address.get(part, "") for part in ("street", "postcode", "locality")))


def _source(fields: Fields, licence: str, outside_id: str, retrieved: int | None) -> dict[str, Any]:
    source: dict[str, Any] = {"set": fields.mapping.set, "record": outside_id, "licence": licence}
    if retrieved:
        source["retrieved"] = retrieved
    if attribution := fields.attribution():
        source["attribution"] = attribution
    return source
