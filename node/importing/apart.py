# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rows that look like something which is here, and were said to be something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.importing.plan import Statement, statement_id
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from ledger.importing.assess import Assessment
    from protocol.encoding import Value


def different(pairs: list[dict[str, Any]], found: Assessment, log_id: bytes) -> list[Statement]:
    """The statements that the two of each pair (see ledger.duplicates.arriving) are different things."""
    ids = {step.row: step.record_id for step in found.steps if step.row and step.action != "refused"}
    made = []
    for pair in pairs:
        other = pair["other"]
        mine = ids.get(pair["row"])
        theirs = ids.get(other["row"]) if "row" in other else bytes.fromhex(other["id"])
        log = log_id if "row" in other else parse_log_id(other["log"])
        if mine and theirs:
            key = statement_id(found.key, b"apart" + mine + log + theirs)
            body: dict[str, Value] = {
                "subject": {"log": log_id, "id": mine},
                "other": {"log": log, "id": theirs},
            }
            made.append(Statement("claim.different", body, key))
    return made
