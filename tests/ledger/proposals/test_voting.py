# SPDX-License-Identifier: AGPL-3.0-or-later
"""A proposal that the assembly decides on: asked, voted on, counted, carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.directory.present import record_object
from ledger.errors import RefusedError
from ledger.proposals.deciding import Verdict, decide
from ledger.proposals.inbox import take
from ledger.proposals.present import proposal_object
from ledger.proposals.voting import Question, ask, carry_out
from ledger.reciprocity.decisions import act_digest
from ledger.reciprocity.state import DecisionState, ProposalState
from ledger.showing.view import LedgerView, own_tree
from protocol.statement import parse_payload, parse_statement
from tests.builders import seeded
from tests.ledger.organising import member, say
from tests.ledger.proposals.proposing import MILL, correction, enter, report

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from protocol.signature import SigningKey

QUESTION = Question({"en": "Change the mill?"}, ("yes", "no"))


def voters(ledger: Ledger) -> list[tuple[bytes, SigningKey]]:
    return [member(ledger, name) for name in ("amina", "bruno", "chloe")]


def vote(ledger: Ledger, ballot: bytes, who: tuple[bytes, SigningKey], choice: int) -> None:
    say(ledger, "vote", {"proposal": ballot, "member": who[0], "choice": choice}, who[1])
    ledger.writer.settle()


def name_of(ledger: Ledger) -> object:
    ledger.writer.settle()
    with ledger.store.read() as reads:
        return record_object(reads, reads.records_by_id(ledger.own.tree, [MILL["id"]])[MILL["id"]])["name"]


def test_what_the_assembly_accepts_is_put_as_it_was_voted_on(ledger: Ledger) -> None:
    people = voters(ledger)
    proposal_id = take(ledger, correction(ledger, name={"en": "The old mill"}))
    ballot = ask(ledger, proposal_id, QUESTION)
    with pytest.raises(RefusedError, match="already"):
        ask(ledger, proposal_id, QUESTION)
    vote(ledger, ballot, people[0], 0)
    vote(ledger, ballot, people[1], 0)
    with pytest.raises(RefusedError, match="still open"):
        carry_out(ledger, proposal_id, "no")
    vote(ledger, ballot, people[2], 1)
    position = carry_out(ledger, proposal_id, "no")
    assert name_of(ledger) == {"en": "The old mill"}
    with ledger.store.read() as reads:
        told = proposal_object(reads, ledger.own.tree, proposal_id)
        assert (told["outcome"], told["position"]) == ("accepted", position)
        view = LedgerView(reads, own_tree(reads))
        decision = view.book.need(DecisionState, bytes.fromhex(told["decision"]))
        asked = view.book.need(ProposalState, decision.proposal)
        stored = next(reads.entries(ledger.own.tree, position, position + 1))
        assert stored.payload is not None
        statement = parse_statement(parse_payload(stored.payload).statement)
        body = statement.read_body()  # type: ignore[union-attr] # of the present version
        assert asked.acts == [("claim.decided", act_digest(body))]  # anybody can see that it was permitted (spec 17 §8)


def test_what_it_does_not_accept_is_refused(ledger: Ledger) -> None:
    people = voters(ledger)
    proposal_id = take(ledger, correction(ledger, name={"en": "The old mill"}))
    ballot = ask(ledger, proposal_id, QUESTION)
    for who in people:
        vote(ledger, ballot, who, 1)
    carry_out(ledger, proposal_id, "the assembly said no")
    assert name_of(ledger) == MILL["name"]
    with ledger.store.read() as reads:
        told = proposal_object(reads, ledger.own.tree, proposal_id)
    assert (told["outcome"], told["reason"], told["decision"]) == ("refused", "the assembly said no", None)


def test_what_has_changed_since_is_not_what_was_voted_on(ledger: Ledger) -> None:
    people = voters(ledger)
    proposal_id = take(ledger, correction(ledger, name={"en": "The old mill"}))
    ballot = ask(ledger, proposal_id, QUESTION)
    enter(ledger, description={"en": "Bread and cake."})
    for who in people:
        vote(ledger, ballot, who, 0)
    with pytest.raises(RefusedError, match="has changed"):
        carry_out(ledger, proposal_id, "no")
    decide(ledger, proposal_id, Verdict("accepted"))  # a steward may still
    assert name_of(ledger) == {"en": "The old mill"}


def test_what_is_not_put_to_the_vote(ledger: Ledger) -> None:
    proposal_id = take(ledger, correction(ledger, name={"en": "The old mill"}))
    with pytest.raises(RefusedError, match="no members"):
        ask(ledger, proposal_id, QUESTION)
    with pytest.raises(RefusedError, match="not been put"):
        carry_out(ledger, proposal_id, "no")
    voters(ledger)
    with pytest.raises(RefusedError, match="answered by a steward"):
        ask(ledger, take(ledger, report(ledger)), QUESTION)
    ledger.writer.settle()  # what the log says of its own state comes when writing pauses
    size = ledger.own.size
    with pytest.raises(RefusedError, match="about a person"):
        ask(ledger, take(ledger, correction(ledger, "ada", id=seeded("ada", 16), kind="person")), QUESTION)
    assert ledger.own.size == size
    with pytest.raises(RefusedError, match="days"):
        ask(ledger, proposal_id, QUESTION._replace(days=0))
