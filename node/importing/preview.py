# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an import would look like: the first records, and where all of them are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.jsonform import to_json
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.importing.assess import Assessment

RECORDS_SHOWN = 50
POINTS_MAX = 20_000


def preview_object(found: Assessment, log_id: bytes) -> dict[str, Any]:
    """The first records as JSON, and the points [lat, lon] (1e-7 degrees) of those to be added or changed."""
    coming = [step for step in found.steps if step.action in {"added", "updated"} and step.record is not None]
    points = [step.record["point"] for step in coming if step.record and "point" in step.record]
    return {
        "records": [_record(step.record, log_id) for step in coming[:RECORDS_SHOWN]],
        "points": [[point["lat"], point["lon"]] for point in points[:POINTS_MAX]],
        "placed": len(points),
        "unplaced": len(coming) - len(points),
    }


def _record(record: dict[str, Any] | None, log_id: bytes) -> dict[str, Any]:
    """As `ledger.directory.present` shows a record, as far as a list needs it."""
    assert record is not None, "what comes is a record"
    shown: dict[str, Any] = to_json({"status": "active", **record})
    return shown | {"log": show_log_id(log_id)}
