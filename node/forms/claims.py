# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms about what is owed: claims, advances, payments, giving up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.own.spoken import Draft
from ledger.reciprocity.lines import ClauseError, legs_of
from ledger.reciprocity.state import Account, ClaimState, Contract
from ledger.reciprocity.yields import settlement
from ledger.showing.explaining import explain, post_body
from node.forms.accounts import DAY
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message

if TYPE_CHECKING:
    from protocol.encoding import Value

_CLAIM = Field("claim", message("Claim"), "claim")


def _claim(asked: Asked) -> list[Draft]:
    creditor = asked["creditor"] or asked.view.log_id
    body: dict[str, Value] = {
        "debtor": asked["debtor"],
        "creditor": creditor,
        "amount": asked["amount"],
        "unit": asked.view.unit_of(asked["account"]),
        "account": asked["account"],
        **asked.given("for", "contract", "ended", "due"),
    }
    return [Draft("claim", body, (creditor,))]


def _advance(asked: Asked) -> list[Draft]:
    return [Draft("advance", {"claim": asked["claim"], "on": asked["on"]}, (asked.view.log_id,))]


def _settle(asked: Asked) -> list[Draft]:
    """To whom it goes follows from the contract; all that is open if no amount is named."""
    view, claim_id, payer = asked.view, asked["claim"], asked["payer"]
    claim, account = view.book.need(ClaimState, claim_id), view.book.need(Account, payer)
    if account.unit != claim.unit:
        raise Unfit("payer", message("That account is in {unit}, not in {other}."), unit=account.unit, other=claim.unit)
    text, amount = asked.texts.get("amount", ""), claim.amount - claim.paid
    if text:
        amount = asked["amount"]
    contract = view.book.get(Contract, claim.contract) if claim.contract else None
    try:
        lines = settlement(contract.clauses if contract else [], claim.amount, claim.account, claim.paid, amount)
    except ClauseError:
        still = f"{view.show(claim.amount - claim.paid, claim.unit)} {claim.unit}"
        raise Unfit(
            "amount", message("More than nothing, and at most the {open} that are still open."), open=still
        ) from None
    legs: list[Value] = [[one, part] for one, part in sorted([*legs_of(lines), (payer, -amount)])]
    basis: dict[str, Value] = {"claim": claim_id} | ({"contract": claim.contract} if claim.contract else {})
    body: dict[str, Value] = {"code": "settle", "legs": legs, "on": asked["on"], "basis": basis}
    return [Draft("post", body, (account.owner,))]


def _give_up(asked: Asked) -> list[Draft]:
    view, claim_id = asked.view, asked["claim"]
    claim = view.book.need(ClaimState, claim_id)
    items = explain(view, claim.contract, asked.today, claim_id).items if claim.contract else []
    loss = next((item for item in items if item.code == "guarantee_call"), None)
    body: dict[str, Value] = {"code": "writeoff", "legs": [], "on": asked.today, "basis": {"claim": claim_id}}
    return [Draft("post", post_body(loss, asked.today) if loss else body, (view.log_id,))]


FORMS = (
    Form(
        "claim-add",
        "claims",
        message("Record what is owed"),
        message("An invoice, for example. Under a contract, its clauses say to whom the money goes."),
        (
            Field("debtor", message("Who owes"), "party"),
            Field(
                "creditor",
                message("To whom"),
                "party",
                required=False,
                hint=message("The organisation, if nobody is named."),
            ),
            Field("for", message("For whose work"), "party", required=False),
            Field("account", message("Account that is paid to"), "account"),
            Field("amount", message("Amount"), "amount", unit="account"),
            Field("contract", message("Contract"), "contract", required=False),
            Field("ended", message("The work ended on"), "day", required=False),
            Field("due", message("Due"), "day", required=False),
        ),
        _claim,
        {"bad_amount": "amount", "not_in_force": "contract", "not_authorised": "account", "wrong_unit": "account"},
    ),
    Form(
        "claim-advance",
        "claims",
        message("Pay before the client does"),
        message("The fund of the contract takes over the claim; then the wage can be booked."),
        (_CLAIM, DAY),
        _advance,
        {"ceiling": "claim", "already_resolved": "claim", "clause_mismatch": "claim"},
    ),
    Form(
        "claim-settle",
        "claims",
        message("Book a payment on a claim"),
        message("To whom the money goes follows from the contract. Without an amount all that is open is paid."),
        (
            _CLAIM,
            Field(
                "payer",
                message("Paid from account"),
                "account",
                hint=message("The bank, for example, where the client's money arrived."),
            ),
            Field("amount", message("Amount"), "amount", required=False, unit="payer"),
            DAY,
        ),
        _settle,
        {"bad_amount": "amount", "floor": "payer", "not_authorised": "payer"},
    ),
    Form(
        "claim-give-up",
        "claims",
        message("Give up a claim"),
        message(
            "The client has failed for good. If the fund has paid, the pledges bear the loss. The assembly decides it."
        ),
        (_CLAIM,),
        _give_up,
        by_assembly=True,
    ),
)
