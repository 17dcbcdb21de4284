# SPDX-License-Identifier: AGPL-3.0-or-later
"""The report on an import, row by row: as JSON, and as a table that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from ledger.importing.formulas import quote_formula
from ledger.importing.plan import counts

if TYPE_CHECKING:
    from ledger.importing.assess import Assessment
    from ledger.importing.table import Table

SCHEMA = "folkmoot.import-report/1"
_COLUMNS = ("row", "id", "action", "severity", "field", "value", "reason")


def report_object(table: Table, assessment: Assessment, *, dry_run: bool) -> dict[str, Any]:
    """What becomes, or would become, of each row, as JSON."""
    steps, named = assessment.steps, assessment.changes() or assessment.begun
    warnings = sum(problem.severity == "warning" for step in steps for problem in step.problems)
    return {
        "schema": SCHEMA,
        "file": assessment.name,
        "set": assessment.mapping.set,
        "licence": assessment.mapping.licence,
        "import": assessment.key.hex() if named and not dry_run else "",
        "dry_run": dry_run,
        "format": table.format,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "decimal": table.decimal,
        "counts": {**counts(steps), "warnings": warnings},
        "rows": [
            {
                "row": step.row,
                "id": step.outside_id,
                "action": step.action,
                "problems": [
                    {
                        "field": problem.field,
                        "value": problem.value,
                        "reason": problem.reason,
                        "severity": problem.severity,
                    }
                    for problem in step.problems
                ],
            }
            for step in steps
        ],
        "likely_duplicates": assessment.likely,
    }


def report_csv(report: dict[str, Any]) -> str:
    """The rows of a report as CSV: a line for each problem, and one for each row without any. No cell is a formula."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(_COLUMNS)
    for row in report["rows"]:
        said = (str(row["row"] or ""), quote_formula(row["id"]), row["action"])
        for problem in row["problems"]:
            more = (problem["severity"], problem["field"], problem["value"], problem["reason"])
            writer.writerow((*said, *map(quote_formula, more)))
        if not row["problems"]:
            writer.writerow((*said, "", "", "", ""))
    return stream.getvalue()
