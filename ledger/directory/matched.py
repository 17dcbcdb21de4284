# SPDX-License-Identifier: AGPL-3.0-or-later
"""Matches as JSON objects: the same for `folkmoot match --json` and `GET /v1/matches`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.directory.present import record_object

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.directory.matching import Match
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow

MATCHES_SCHEMA = "folkmoot.matches/1"


def match_objects(
    reads: Snapshot, found: Sequence[Match], shown: Callable[[Snapshot, RecordRow], Any] = record_object
) -> list[dict[str, Any]]:
    """What fits something, with the reasons: `distance_m` is null where a position is not known.

    `terms` are those of both; `better` is on what terms it is offered to somebody who asked for less. `shown` makes
    what is told of each record.
    """
    rows = reads.records([match.key for match in found])
    return [
        {
            "score": match.score,
            "reasons": {
                "categories": [*match.categories],
                "words": [*match.words],
                "distance_m": match.distance_m,
                "terms": [*match.terms],
                "better": match.better or None,
            },
            "record": shown(reads, rows[match.key]),
        }
        for match in found
        if match.key in rows  # one may just have been erased
    ]
