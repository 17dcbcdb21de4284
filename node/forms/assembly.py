# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms of the assembly: proposals, votes, decisions, what they permit, disagreements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import NotFoundError
from ledger.own.spoken import Draft
from ledger.reciprocity.assembly import count
from ledger.reciprocity.decisions import act_digest
from ledger.reciprocity.state import Dispute, ProposalState
from ledger.showing.assembly import permitting
from node.forms.accounts import titles
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message
from protocol.carried import BEGIN, END, Carried, read_carried
from protocol.errors import Malformed

if TYPE_CHECKING:
    from protocol.encoding import Value

CHOICES_MAX, WEEK = 16, 7
_PROPOSAL = Field("proposal", message("Proposal"), "proposal")
_NOBODY_NAMED = message("The organisation, if nobody is named.")


def read_texts(field: str, text: str) -> list[Carried]:
    """The statements between their marks in a text. Raises Unfit."""
    parts = [part for part in text.split(END) if BEGIN in part]
    if not parts:
        raise Unfit(field, message("There is no statement in it: it begins with {mark}"), mark=BEGIN)
    try:
        return [read_carried(part + END) for part in parts]
    except Malformed as error:
        raise Unfit(field, message("That is no statement as it was written: {why}"), why=error.text) from None


def _propose(asked: Asked) -> list[Draft]:
    choices = [line.strip() for line in asked["choices"].splitlines() if line.strip()]
    if not 2 <= len(choices) <= CHOICES_MAX:
        raise Unfit("choices", message("From 2 to 16 choices, each on a line."))
    closes = asked["closes"] if asked["closes"] is not None else asked.today + WEEK
    body: dict[str, Value] = {"title": titles(asked, "title"), "choices": [*choices], "closes": closes}
    if asked["permits"]:
        said = [carried.said for carried in read_texts("permits", asked["permits"])]
        body["acts"] = [[one.kind, act_digest(one.read_body())] for one in said]
    return [Draft("proposal", body, (asked["by"] or asked.view.log_id,))]


def _vote(asked: Asked) -> list[Draft]:
    choices = asked.view.book.need(ProposalState, asked["proposal"]).choices
    text = asked["choice"]
    number = choices.index(text) if text in choices else int(text) - 1 if text.isdecimal() and len(text) < 3 else -1
    if not 0 <= number < len(choices):
        raise Unfit("choice", message("The choices are: {choices}"), choices=", ".join(choices))
    body: dict[str, Value] = {"proposal": asked["proposal"], "member": asked["member"], "choice": number}
    return [Draft("vote", body, (asked["member"],))]


def _decide(asked: Asked) -> list[Draft]:
    book = asked.view.book
    votes = count(book, asked["proposal"], book.need(ProposalState, asked["proposal"]))
    outcome = votes.outcome(book.rules)
    if outcome is None:
        raise Unfit("proposal", message("Nothing is decided: too few have voted, or no choice has enough votes."))
    body: dict[str, Value] = {"proposal": asked["proposal"], "choice": outcome, "counts": [*votes.counts]}
    return [Draft("decision", body | {"abstained": votes.abstained}, (asked.view.log_id,))]


def _enact(asked: Asked) -> list[Draft]:
    drafts = []
    for carried in read_texts("text", asked["text"]):
        body = carried.said.read_body()
        try:
            decision = permitting(asked.view, carried.said.kind, act_digest(body))
        except NotFoundError:
            said = message("No decision of the assembly permits exactly this, or it has been done already.")
            raise Unfit("text", said) from None
        if carried.said.kind == "post":
            basis = body.get("basis", {})
            assert isinstance(basis, dict)
            body["basis"] = {**basis, "decision": decision}
        else:
            body["decision"] = decision
        parties = (asked.view.log_id, *((asked["also"],) if asked["also"] else ()))
        new_key = body.get("key") if carried.said.kind == "member.set" else None
        others = (new_key,) if isinstance(new_key, bytes) else ()
        drafts.append(Draft(carried.said.kind, body, parties, others=others))
    return drafts


def _object(asked: Asked) -> list[Draft]:
    return [Draft("dispute.open", {"about": asked["about"]}, (asked["by"] or asked.view.log_id,))]


def _settle(asked: Asked) -> list[Draft]:
    by = asked.view.book.need(Dispute, asked["dispute"]).by
    return [Draft("dispute.close", {"dispute": asked["dispute"], "outcome": asked["outcome"]}, (by,))]


FORMS = (
    Form(
        "proposal",
        "assembly",
        message("Ask the assembly"),
        message("One member, one vote. What the first choice permits can be done once it is decided."),
        (
            Field("title", message("Question")),
            Field("title_en", message("Question in English"), required=False),
            Field("choices", message("Choices"), "area", hint=message("Each on a line, yes first."), default="yes\nno"),
            Field(
                "closes",
                message("Last day to vote"),
                "day",
                required=False,
                hint=message("A week from now, if none is named."),
            ),
            Field(
                "permits",
                message("What the first choice permits"),
                "area",
                required=False,
                hint=message("The text that a form gives you for what the assembly has to decide."),
            ),
            Field("by", message("Who asks"), "party", required=False, hint=_NOBODY_NAMED),
        ),
        _propose,
        {"not_authorised": "by"},
    ),
    Form(
        "vote",
        "assembly",
        message("Vote for a member"),
        message(
            "Only for members whose key is kept here, and only as they say. Until the last day they can "
            "change their mind."
        ),
        (
            _PROPOSAL,
            Field("member", message("Member"), "member"),
            Field("choice", message("Choice"), hint=message("Its words, or its number.")),
        ),
        _vote,
        {"late": "proposal", "not_authorised": "member", "unknown_ref": "choice"},
    ),
    Form(
        "decide",
        "assembly",
        message("Write down what was decided"),
        message(
            "When all have voted, or the last day is over. The votes are counted here; everybody can count them again."
        ),
        (_PROPOSAL,),
        _decide,
        {"not_in_force": "proposal", "already_resolved": "proposal"},
    ),
    Form(
        "enact",
        "assembly",
        message("Do what was decided"),
        message("The text that was put to the assembly, exactly as it was."),
        (
            Field("text", message("Text"), "area"),
            Field("also", message("Who signs, too"), "member", required=False),
        ),
        _enact,
    ),
    Form(
        "dispute-open",
        "assembly",
        message("Object to something"),
        message("To a contract, claim, event, booking or movement: nothing moves by it until this is settled."),
        (
            Field("about", message("To what"), "thing", hint=message("Its id.")),
            Field("by", message("Who objects"), "party", required=False, hint=_NOBODY_NAMED),
        ),
        _object,
        {"unknown_ref": "about", "not_authorised": "by"},
    ),
    Form(
        "dispute-close",
        "assembly",
        message("Settle a disagreement"),
        message("As whoever objected."),
        (
            Field("dispute", message("Disagreement"), "dispute"),
            Field("outcome", message("How it ended"), "choice", choices=("settled", "withdrawn"), group="outcome"),
        ),
        _settle,
        {"already_resolved": "dispute"},
    ),
)
