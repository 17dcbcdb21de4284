# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an import would do, prepared for the page that asks whether it shall."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.importing.mapping import from_toml
from node.asked import Asked
from node.importing.reasons import field_text, reason_text
from node.languages import Text
from node.listing import result

if TYPE_CHECKING:
    from node.importing.jobs import Jobs
    from node.importing.uploads import Upload
    from node.listing import Reader

ROWS_SHOWN, PAIRS_SHOWN = 100, 100


def check_values(jobs: Jobs, upload: Upload, reader: Reader) -> dict[str, Any]:
    """The values of the template."""
    report, preview = jobs.uploads.kept(upload, "report"), jobs.uploads.kept(upload, "preview")
    told = [row for row in report["rows"] if row["problems"]]
    bad = [row for row in told if row["action"] == "refused"]
    odd = [row for row in told if row["action"] != "refused"]
    pairs = report["likely_duplicates"]
    return {
        "counts": report["counts"],
        "mapping": from_toml(upload.mapping),
        "bad": bad[:ROWS_SHOWN],
        "bad_more": max(0, len(bad) - ROWS_SHOWN),
        "odd": odd[:ROWS_SHOWN],
        "odd_more": max(0, len(odd) - ROWS_SHOWN),
        "pairs": pairs[:PAIRS_SHOWN],
        "pairs_more": max(0, len(pairs) - PAIRS_SHOWN),
        "records": [result(record, Text("", ""), Asked({}), None, reader) for record in preview["records"]],
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
