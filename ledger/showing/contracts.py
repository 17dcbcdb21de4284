# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contracts and claims as JSON objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.bodyform import body_to_json
from ledger.errors import NotFoundError
from ledger.reciprocity.contracts import is_in_force, is_signed
from ledger.reciprocity.state import Accession, ClaimState, Contract
from ledger.reciprocity.yields import budget, can_advance, payable_by
from ledger.showing.terms import Spelling, clause_wording
from protocol.amounts import show_day
from protocol.clauses import body_of

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

CONTRACTS_SCHEMA, CONTRACT_SCHEMA = "folkmoot.contracts/1", "folkmoot.contract/1"
CLAIMS_SCHEMA, CLAIM_SCHEMA = "folkmoot.claims/1", "folkmoot.claim/1"


def contract_object(view: LedgerView, contract_id: bytes, today: int) -> dict[str, Any]:
    """One contract: its parties and who has signed, its clauses, and how it stands on a day. Raises NotFoundError."""
    contract = view.book.get(Contract, contract_id)
    if contract is None:
        raise NotFoundError(f"no contract {contract_id.hex()} in this ledger")
    acceded = {key[len(contract_id) :]: one for key, one in view.book.scan(Accession, contract_id)}
    parties: list[dict[str, Any]] = [
        view.party_object(party) | {"signed": party in contract.signed} for party in contract.parties
    ]
    parties += [
        view.party_object(party) | {"signed": True, "acceded": True, "left": _day(one.left)}
        for party, one in acceded.items()
    ]
    return {
        "id": contract_id.hex(),
        "name": view.words(contract.title),
        "title": contract.title,
        "state": contract_state(contract, today),
        "parties": parties,
        "accede": contract.accede,
        "from": show_day(contract.from_),
        "until": _day(contract.until),
        "ended": _day(contract.ended),
        "supersedes": contract.supersedes.hex() or None,
        "disputes": contract.disputes,
        "terms": contract.terms.hex(),
        "clauses": [
            {
                "number": number,
                **body_to_json(body_of(clause)),
                "says": [wording._asdict() for wording in clause_wording(clause, Spelling(view))],
            }
            for number, clause in enumerate(contract.clauses, 1)
        ],
    }


def contract_state(contract: Contract, today: int) -> str:
    """How a contract stands on a day: offered, waiting (to begin), in force, ended or superseded."""
    if not is_signed(contract):
        return "offered"
    if is_in_force(contract, today):
        return "in force"
    if contract.replaced_from is not None and today >= contract.replaced_from:
        return "superseded"
    return "waiting" if today < contract.from_ else "ended"


def contract_objects(view: LedgerView, today: int, party: bytes = b"") -> list[dict[str, Any]]:
    """The contracts of a ledger, or those of one party, without their clauses; newest first."""
    found = []
    for key, contract in view.book.scan(Contract):
        if not party or party in contract.parties or view.book.get(Accession, key + party):
            value = contract_object(view, key, today)
            del value["clauses"]
            found.append(value)
    return sorted(found, key=lambda one: (one["from"], one["id"]), reverse=True)


def claim_object(view: LedgerView, claim_id: bytes, today: int) -> dict[str, Any]:
    """One claim: what is owed, by whom, what was paid, and under a contract what becomes of it."""
    claim = view.book.get(ClaimState, claim_id)
    if claim is None:
        raise NotFoundError(f"no claim {claim_id.hex()} in this ledger")
    contract = view.book.get(Contract, claim.contract) if claim.contract else None
    clauses = contract.clauses if contract else []
    payable = payable_by(clauses, claim.day)
    value: dict[str, Any] = {
        "id": claim_id.hex(),
        "debtor": view.party_object(claim.debtor),
        "creditor": view.party_object(claim.creditor),
        "for": view.party_object(claim.for_),
        "account": {"id": claim.account.hex(), "name": view.account_name(claim.account)},
        "unit": claim.unit,
        "amount": view.show(claim.amount, claim.unit),
        "paid": view.show(claim.paid, claim.unit),
        "open": view.show(0 if claim.closed else claim.amount - claim.paid, claim.unit),
        "state": claim_state(claim, today),
        "on": show_day(claim.day),
        "due": _day(claim.due),
        "advanced": claim.advanced,
        "waged": claim.waged,
        "disputes": claim.disputes,
    }
    if contract is not None:
        value["contract"] = {"id": claim.contract.hex(), "name": view.words(contract.title)}
        value["budget"] = view.show(budget(clauses, claim.amount), claim.unit)
        value["payable_by"] = _day(payable)
        value["can_advance"] = not (claim.advanced or claim.closed) and can_advance(clauses, claim.amount)
    return value


def claim_state(claim: ClaimState, today: int) -> str:
    """How a claim stands on a day: open, late, paid or written off."""
    if claim.closed:
        return claim.closed.replace("_", " ")
    return "late" if claim.due is not None and claim.due < today else "open"


def claim_objects(
    view: LedgerView, today: int, *, party: bytes = b"", contract: bytes = b"", unpaid: bool = False
) -> list[dict[str, Any]]:
    """The claims of a ledger, of one party, under one contract; the oldest first."""
    found = [
        claim_object(view, key, today)
        for key, claim in view.book.scan(ClaimState)
        if (not party or party in {claim.debtor, claim.creditor, claim.for_})
        and (not contract or claim.contract == contract)
        and not (unpaid and claim.closed)
    ]
    return sorted(found, key=lambda one: (one["on"], one["id"]))


def _day(day: int | None) -> str | None:
    return None if day is None else show_day(day)
