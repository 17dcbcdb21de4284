# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a decision of the assembly permits (spec 17 §8)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.state import DecisionState, ProposalState
from protocol.encoding import encode

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import AnyBody, Heard
    from protocol.encoding import Value


def act_digest(body: dict[str, Value]) -> bytes:
    """What a proposal names of a statement that it permits: H of its body without the field `decision`."""
    bare = {key: value for key, value in body.items() if key != "decision"}
    basis = bare.get("basis")
    if isinstance(basis, dict):
        bare["basis"] = {key: value for key, value in basis.items() if key != "decision"}
        if not bare["basis"]:
            del bare["basis"]
    return sha256(encode(bare)).digest()


def use_decision(book: Book, heard: Heard[AnyBody], decision_id: bytes) -> None:
    """The statement at hand rests on a decision that permits it; each act of a decision serves once."""
    decision = book.need(DecisionState, decision_id)
    proposal = book.need(ProposalState, decision.proposal)
    act = (heard.statement.kind, act_digest(heard.statement.read_body()))
    wanted = [index for index, named in enumerate(proposal.acts) if named == act]
    free = [index for index in wanted if index not in decision.used]
    if decision.choice != 0 or not wanted:
        refuse("not_authorised")
    if not free:
        refuse("already_resolved")
    book.put(decision_id, msgspec.structs.replace(decision, used=[*decision.used, free[0]]))
