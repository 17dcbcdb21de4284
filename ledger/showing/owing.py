# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows from the claims under a contract: contributions and budget, wage, reinvestment, loss (spec 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from ledger.reciprocity.contracts import is_party
from ledger.reciprocity.events import ACCEPTED
from ledger.reciprocity.lines import Line
from ledger.reciprocity.outcomes import borne
from ledger.reciprocity.state import EventState
from ledger.reciprocity.yields import budget, contribution, loss, payable_by, settlement, wage
from ledger.reciprocity.yields_use import Given, reinvestment
from ledger.showing.terms import Wording, wording
from protocol.clauses import GuaranteedPayment, MutualGuarantee, RateContribution, Reinvest, WageConversion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.reciprocity.state import ClaimState, Contract
    from ledger.showing.view import LedgerView
    from protocol.clauses import Clause
    from protocol.encoding import Value

POSTED, OWED, COMING = STATES = "posted", "owed", "coming"
"""A post was made; it can be made now; something has to happen before."""


class Item(NamedTuple):
    """Something that follows from a contract. `about` is what triggers it; `why` says what is waited for, if anything.

    `code` and `basis` are those of the post; the code is empty where none is made of it.
    """

    what: Wording
    state: str
    lines: Sequence[Line]
    unit: str
    about: bytes
    code: str = ""
    basis: dict[str, Value] | None = None
    on: int | None = None
    why: Wording | None = None


class Terms(NamedTuple):
    """A contract on a day, in its ledger."""

    view: LedgerView
    id: bytes
    contract: Contract
    today: int

    @property
    def clauses(self) -> Sequence[Clause]:
        """What was agreed."""
        return self.contract.clauses

    def is_party(self, party: bytes, day: int) -> bool:
        """Whether somebody is a party of it on a day."""
        return is_party(self.view.book, self.id, self.contract, party, day)

    def basis(self, clause: int, **more: Value) -> dict[str, Value]:
        """What a post under one of the clauses rests on."""
        return {"contract": self.id, "clause": clause, **more}


def claim_items(terms: Terms, claim_id: bytes, claim: ClaimState) -> Iterator[Item]:
    """What follows from one claim."""
    sources = (terms.id, claim_id)
    clauses = terms.clauses
    if any(isinstance(clause, RateContribution) for clause in clauses):
        lines = contribution(clauses, claim.amount, sources)
        done = claim.closed == "paid"
        why = None if done else wording("it is paid out as the claim is paid")
        yield Item(wording("contribution"), POSTED if done else COMING, lines, claim.unit, claim_id, why=why)
    if claim.paid:
        lines = settlement(clauses, claim.amount, claim.account, 0, claim.paid, sources)
        yield Item(wording("what was paid"), POSTED, lines, claim.unit, claim_id)
    if claim.paid < claim.amount and not claim.closed:
        lines = settlement(clauses, claim.amount, claim.account, claim.paid, claim.amount - claim.paid, sources)
        why = wording("the claim is not paid: `folkmoot claim settle`")
        yield Item(wording("what is still to be paid"), COMING, lines, claim.unit, claim_id, why=why)
    yield from _wages(terms, claim_id, claim)
    yield from _reinvestments(terms, claim_id, claim)
    yield from _losses(terms, claim_id, claim)


def _wages(terms: Terms, claim_id: bytes, claim: ClaimState) -> Iterator[Item]:
    """The budget paid out: by the wage conversion, or where there is none by the guarantee alone."""
    clauses = terms.clauses
    conversion = [index for index, clause in enumerate(clauses) if isinstance(clause, WageConversion)]
    guarantee = [index for index, clause in enumerate(clauses) if isinstance(clause, GuaranteedPayment)]
    for index in (conversion or guarantee)[:1]:
        lines = wage(clauses, index, claim.amount, claim.account, (terms.id, claim_id))
        ready = claim.advanced or claim.paid >= budget(clauses, claim.amount)
        state = POSTED if claim.waged else OWED if ready and claim.closed != "written_off" else COMING
        waits = wording("the claim is neither advanced nor paid: `folkmoot claim advance`")
        why = waits if state == COMING else None
        due = payable_by(clauses, claim.day)
        basis = terms.basis(index, claim=claim_id)
        yield Item(wording("wage"), state, lines, claim.unit, claim_id, "wage", basis, due, why)


def _reinvestments(terms: Terms, claim_id: bytes, claim: ClaimState) -> Iterator[Item]:
    for index, clause in enumerate(terms.clauses):
        if not isinstance(clause, Reinvest):
            continue
        given: list[Given] = []
        scale = 0
        if clause.in_kind is not None:
            scale = terms.view.unit(clause.in_kind.unit).scale
            given = [] if claim.reinvested else sorted(_given(terms, clause.in_kind.unit))
        lines = reinvestment(terms.clauses, index, claim.amount, given, scale, (terms.id, claim_id))
        basis = terms.basis(index, claim=claim_id)
        if given:
            basis["events"] = [one.event for one in given]
        stands = wording("what was given in kind for it stands in the post")
        why = stands if claim.reinvested and clause.in_kind else None
        state = POSTED if claim.reinvested else OWED
        yield Item(wording("reinvestment"), state, lines, claim.unit, claim_id, "reinvest", basis, claim.day, why)


def _given(terms: Terms, unit: str) -> Iterator[Given]:
    """What was given in kind under the contract, acknowledged, and not yet used for another claim."""
    for key, event in terms.view.book.scan(EventState):
        if event.contract != terms.id or event.gift or event.used or event.corrected or event.disputes:
            continue
        if ACCEPTED.isdisjoint(event.says) or not terms.is_party(event.provider, event.on):
            continue
        amounts = [amount for amount, named in filter(None, (event.effort, event.quantity)) if named == unit]
        if amounts:
            yield Given(key, amounts[0])


def _losses(terms: Terms, claim_id: bytes, claim: ClaimState) -> Iterator[Item]:
    """What pledges bear, or would bear if nothing more were paid."""
    for index, clause in enumerate(terms.clauses):
        if not isinstance(clause, MutualGuarantee) or not claim.advanced or claim.closed == "paid":
            continue
        before = borne(terms.view.book, terms.id, index, len(clause.pledges))
        left = [(account, weight - one) for (account, weight), one in zip(clause.pledges, before, strict=True)]
        if claim.closed or not any(weight for _, weight in left):
            left = list(clause.pledges)
        rest = [*terms.clauses]
        rest[index] = msgspec.structs.replace(clause, pledges=left)
        lines = loss(rest, index, claim.amount, claim.paid, (terms.id, claim_id))
        if claim.closed:
            yield Item(wording("loss"), POSTED, lines, claim.unit, claim_id)
        else:
            why = wording("only if the assembly decides that the client has failed: `folkmoot claim give-up`")
            basis = terms.basis(index, claim=claim_id)
            yield Item(wording("loss"), COMING, lines, claim.unit, claim_id, "guarantee_call", basis, None, why)
