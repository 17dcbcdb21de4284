# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a decision of the assembly permits (spec 17 §8)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.hearing import allow
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


def use_decision(book: Book, heard: Heard[AnyBody], decision_id: bytes | None) -> None:
    """If the statement at hand names a decision, that must permit it; each act of a decision serves once."""
    if decision_id is None:
        return
    decision = book.need(DecisionState, decision_id)
    allow(holds=heard.by_org and decision.choice == 0)
    proposal = book.need(ProposalState, decision.proposal)
    act = (heard.statement.kind, act_digest(heard.statement.read_body()))
    wanted = [index for index, named in enumerate(proposal.acts) if named == act]
    allow(holds=bool(wanted))
    free = [index for index in wanted if index not in decision.used]
    if not free:
        refuse("already_resolved")
    book.put(decision_id, msgspec.structs.replace(decision, used=[*decision.used, free[0]]))


def need_decision(book: Book, decision_id: bytes | None) -> None:
    """A decision that is named must be there (`unknown_ref`), before anything else is asked."""
    if decision_id is not None:
        book.need(DecisionState, decision_id)
