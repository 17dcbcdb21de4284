# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposals and decisions on them as JSON: the same for `folkmoot proposal --json` and `GET /v1/proposals`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ledger.jsonform import to_json
from ledger.proposals.deciding import Waiting, decided_at, decision_on, look_at, waiting
from protocol.directory import ClaimCorrect
from protocol.identity import show_log_id
from protocol.proposal import decision_ids, without_private

if TYPE_CHECKING:
    from ledger.proposals.deciding import Decided
    from ledger.sqlite.store import Snapshot
    from protocol.encoding import Value

LIST_SCHEMA, SCHEMA = "folkmoot.claims/1", "folkmoot.claim/1"
SHOWN = 200


def is_personal(found: Waiting) -> bool:
    """Whether it is about a person: what a stranger writes of one is shown to nobody before somebody has looked."""
    return "person" in {(found.present or {}).get("kind"), (found.result or {}).get("kind")}


def is_for_stewards(found: Waiting) -> bool:
    """Whether it holds what is shown to stewards alone: it is about a person, or has contact that is for members."""
    records = [one for one in (found.result, proposed_record(found)) if one is not None]
    return is_personal(found) or any(without_private(one) != one for one in records)


def proposed_record(found: Waiting) -> dict[str, Value] | None:
    """The record in a proposal as it was made, None in a report."""
    record = found.claim.statement.read_body().get("record")
    return record if isinstance(record, dict) else None


def waiting_object(found: Waiting, *, private: bool = False) -> dict[str, Any]:
    """What waits. `private`: whoever asks may see contact that is for members, and what is about persons."""
    said, body = found.claim
    is_new = found.present is None
    if is_personal(found) and not private:
        found, body = found._replace(present=None, result=None), msgspec.structs.replace(body, note="")

    def shown(record: Value | None) -> Any:  # noqa: ANN401 - any JSON value
        return to_json(record if private or not isinstance(record, dict) else without_private(record))

    value: dict[str, Any] = {
        "id": said.id.hex(),
        "kind": said.kind,
        "state": "voting" if found.row.ballot else "waiting",
        "at": found.row.at,
        "author": said.author.hex(),
        "through": found.row.through or None,
        "subject": {"log": show_log_id(body.subject.log), "id": body.subject.id.hex()},
        "note": body.note,
        "ballot": found.row.ballot.hex() or None,
        "present": shown(found.present) if found.present is not None else None,
    }
    if isinstance(body, ClaimCorrect):
        return value | {"new": is_new, "record": shown(found.result)}
    return value | {"type": body.type}


def decided_object(decided: Decided) -> dict[str, Any]:
    """A decision."""
    body = decided.body
    return {
        "id": body.claim.hex(),
        "state": "decided",
        "outcome": body.outcome,
        "at": decided.at,
        "by": decided.author.hex(),
        "author": body.author.hex(),
        "through": body.through,
        "subject": {"log": show_log_id(body.subject.log), "id": body.subject.id.hex()},
        "reason": body.reason,
        "decision": body.decision.hex() if body.decision else None,
        "position": decided.position,
    }


def waiting_list(reads: Snapshot, own_tree: int, limit: int = SHOWN) -> list[Waiting]:
    """What waits, the latest first."""
    rows = reads.proposals(limit)
    over = reads.accepted(own_tree, [decision_ids(row.id).decided for row in rows])
    return [look_at(reads, own_tree, row) for row in rows if decision_ids(row.id).decided not in over]


def decided_list(reads: Snapshot, own_tree: int, limit: int = SHOWN) -> list[Decided]:
    """What was decided, the latest first."""
    found = (decided_at(reads, own_tree, position) for position in reads.claims_decided(own_tree, limit))
    return [one for one in found if one is not None]


def proposals_object(reads: Snapshot, own_tree: int, author: str = "", *, private: bool = False) -> dict[str, Any]:
    """What waits and what was decided, the latest first; of one author if named by their key (hexadecimal)."""
    waits = [waiting_object(one, private=private) for one in waiting_list(reads, own_tree)]
    decided = [decided_object(one) for one in decided_list(reads, own_tree)]
    return {
        "schema": LIST_SCHEMA,
        "total": reads.proposals_size()[0],
        "waiting": [one for one in waits if author in {"", one["author"]}],
        "decided": [one for one in decided if author in {"", one["author"]}],
    }


def proposal_object(reads: Snapshot, own_tree: int, proposal_id: bytes, *, private: bool = False) -> dict[str, Any]:
    """One proposal, whether it waits or was decided on. Raises NotFoundError."""
    decided = decision_on(reads, own_tree, proposal_id)
    if decided is not None:
        return {"schema": SCHEMA, **decided_object(decided)}
    return {"schema": SCHEMA, **waiting_object(waiting(reads, own_tree, proposal_id), private=private)}
