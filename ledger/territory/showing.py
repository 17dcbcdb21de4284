# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known as JSON: the same for the API and for `--json` of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.territory.keys import NEED
from ledger.territory.knowledge import thing_object
from ledger.territory.needs import needs, votes_on
from ledger.territory.skills import claim_of, experts
from protocol.amounts import show_day
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.directory.query import Circle
    from ledger.territory.knowledge import Knowledge, Known
    from ledger.territory.needs import Votes

EXPERTS_SCHEMA = "folkmoot.experts/1"


def known_objects(
    knowledge: Knowledge, sort: str, today: int, found: list[Known] | None = None
) -> list[dict[str, Any]]:
    """All of a sort, needs in the order of their votes; or those that were found."""
    if sort == NEED and found is None:
        return [thing_object(knowledge, one.known) | _votes(one.votes) for one in needs(knowledge, today)]
    return [thing_object(knowledge, one) for one in (knowledge.all(sort) if found is None else found)]


def votes_object(knowledge: Knowledge, known: Known, today: int) -> dict[str, Any]:
    """The votes on a need; nothing for anything else."""
    return _votes(votes_on(knowledge, known, today)) if known.row.sort == NEED else {}


def _votes(votes: Votes | None) -> dict[str, Any]:
    if votes is None:
        return {}
    told = {"for": votes.supporting, "against": votes.against, "members": votes.members}
    return {"votes": {**told, "closes": show_day(votes.closes), "open": votes.is_open}}


def experts_object(knowledge: Knowledge, text: str, skill: str, circle: Circle | None) -> dict[str, Any]:
    """Who knows how to do what, with who says so."""
    return {
        "schema": EXPERTS_SCHEMA,
        "experts": [
            {
                "log": show_log_id(one.log_id),
                "id": one.record.id.hex(),
                "name": one.record.name,
                "kind": one.record.kind,
                **({"distance_m": one.distance} if one.distance is not None else {}),
                "skills": [
                    {
                        "skill": name,
                        "says": [{"log": show_log_id(claim.log_id), "note": claim_of(claim).note} for claim in claims],
                    }
                    for name, claims in one.skills.items()
                ],
            }
            for one in experts(knowledge, text, skill, circle)
        ],
    }
