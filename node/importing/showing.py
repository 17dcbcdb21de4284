# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an import would do, prepared for the page that asks whether it shall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.importing.mapping import from_toml
from node.directory.asked import Asked
from node.directory.listing import DESCRIPTION_CHARACTERS, category_links, cut
from node.importing.reasons import field_text, reason_text
from node.web.languages import Text, choose

if TYPE_CHECKING:
    from node.directory.listing import Link, Reader
    from node.importing.jobs import Jobs
    from node.importing.uploads import Upload

ROWS_SHOWN, ALIKE_SHOWN = 100, 100


class Coming(NamedTuple):
    """A record that would come in, as a list shows it."""

    name: Text
    kind: str
    mark: str
    status: str
    locality: str
    description: Text | None
    categories: list[Link]


class RowAlike(NamedTuple):
    """A row that looks like others: other rows of the file, or records that are here."""

    row: int
    name: str
    others: list[dict[str, Any]]


def _coming(record: dict[str, Any], reader: Reader) -> Coming:
    words = reader.words
    told = choose(record["description"], reader.languages) if record.get("description") else None
    return Coming(
        name=choose(record["name"], reader.languages),
        kind=words.label("kind", record["kind"]),
        mark=record["kind"],
        status="" if record["status"] == "active" else words.label("status", record["status"]),
        locality=record.get("address", {}).get("locality", ""),
        description=Text(cut(told.text, DESCRIPTION_CHARACTERS), told.lang) if told else None,
        categories=category_links(record.get("categories", ()), Asked({}), words),
    )


def _rows_alike(pairs: list[dict[str, Any]]) -> list[RowAlike]:
    """Each row once, whatever it looks like: one decision is asked for each row, and a form names a field once."""
    rows: dict[int, RowAlike] = {}
    for pair in pairs:
        rows.setdefault(pair["row"], RowAlike(pair["row"], pair["name"], [])).others.append(pair["other"])
    return list(rows.values())


def check_values(jobs: Jobs, upload: Upload, reader: Reader) -> dict[str, Any]:
    """The values of the template."""
    report, preview = jobs.uploads.kept(upload, "report"), jobs.uploads.kept(upload, "preview")
    told = [row for row in report["rows"] if row["problems"]]
    bad = [row for row in told if row["action"] == "refused"]
    odd = [row for row in told if row["action"] != "refused"]
    alike = _rows_alike(report["likely_duplicates"])
    return {
        "counts": report["counts"],
        "mapping": from_toml(upload.mapping),
        "bad": bad[:ROWS_SHOWN],
        "bad_more": max(0, len(bad) - ROWS_SHOWN),
        "odd": odd[:ROWS_SHOWN],
        "odd_more": max(0, len(odd) - ROWS_SHOWN),
        "alike": alike[:ALIKE_SHOWN],
        "alike_more": max(0, len(alike) - ALIKE_SHOWN),
        "records": [_coming(record, reader) for record in preview["records"]],
        "field_text": field_text,
        "reason_text": reason_text,
        "placed": preview["placed"],
        "unplaced": preview["unplaced"],
    }


def done_values(jobs: Jobs, upload: Upload) -> dict[str, Any]:
    """The values of the template that shows an import under way, or done."""
    if upload.phase != "done":
        return {"data_set": "", "unplaced": 0, "likely": 0}
    report, preview = jobs.uploads.kept(upload, "report"), jobs.uploads.kept(upload, "preview")
    return {"data_set": report["set"], "unplaced": preview["unplaced"], "likely": len(report["likely_duplicates"])}
