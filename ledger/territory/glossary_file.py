# SPDX-License-Identifier: AGPL-3.0-or-later
"""A glossary from a table: one row for each term, a column for each language (`term:fr`, `definition:fr`, `place`)."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.importing.read import read_table
from protocol.errors import Malformed
from protocol.knowledge import check_knowledge

if TYPE_CHECKING:
    from protocol.encoding import Value

_COLUMN = re.compile(r"(term|definition)(?:[:_ -]([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*))?", re.IGNORECASE)
_ID_BYTES = 16


class GlossaryRows(NamedTuple):
    """The bodies that a table comes to, and what is wrong with rows that come to none: (row, why)."""

    bodies: list[dict[str, Value]]
    refused: list[tuple[int, str]]


def read_glossary(content: bytes, log_id: bytes, language: str, licence: str) -> GlossaryRows:
    """The terms of a CSV, ODS or XLSX file. Raises Malformed if it has no column of terms, ImportFileError.

    A row's id follows from its `id` column, or else from its words, so that the same file can be read again; a term
    that `broader` names has to stand in the file.
    """
    table = read_table(content)
    columns = {name: found for name in table.columns if (found := _COLUMN.fullmatch(name.strip()))}
    if not any(found[1].lower() == "term" for found in columns.values()):
        raise Malformed("file", "no column is called term, or term:fr: the first row names the columns")
    rows = []
    for row in table.rows:
        texts: dict[str, dict[str, str]] = {"term": {}, "definition": {}}
        for name, found in columns.items():
            if name in row.values:
                texts[found[1].lower()][found[2] or language] = row.values[name].strip()
        other = {name.strip().lower(): value.strip() for name, value in row.values.items()}
        rows.append((row.number, texts, other))
    ids = {
        word.casefold(): _row_id(log_id, texts["term"], other)
        for _, texts, other in rows
        for word in texts["term"].values()
    }
    made = _bodies(rows, ids, log_id, licence)
    return made._replace(refused=[*((one.row, one.reason) for one in table.refused), *made.refused])


def _row_id(log_id: bytes, words: dict[str, str], other: dict[str, str]) -> bytes:
    outside = other.get("id") or "\0".join(f"{tag}={word}" for tag, word in sorted(words.items()))
    return sha256(b"folkmoot/glossary-row/1\0" + log_id + outside.encode()).digest()[:_ID_BYTES]


def _bodies(
    rows: list[tuple[int, dict[str, dict[str, str]], dict[str, str]]],
    ids: dict[str, bytes],
    log_id: bytes,
    licence: str,
) -> GlossaryRows:
    made = GlossaryRows([], [])
    for number, texts, other in rows:
        body: dict[str, Any] = {"id": _row_id(log_id, texts["term"], other), "licence": licence}
        body |= {key: part for key, part in texts.items() if part}
        if other.get("place"):
            body["place"] = {"name": other["place"]}
        if other.get("broader"):
            above = ids.get(other["broader"].casefold())
            if above is None:
                made.refused.append((number, f"broader: no term {other['broader'][:60]!r} in this file"))
                continue
            body["see"] = [{"relation": "broader", "term": {"log": log_id, "id": above}}]
        try:
            check_knowledge("term.put", body)
        except Malformed as error:
            made.refused.append((number, error.text))
            continue
        made.bodies.append(body)
    return made
