# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms about contracts: offered from a template, signed, ended, carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.own.spoken import Draft
from ledger.reciprocity.state import Account, Contract
from ledger.reciprocity.template import TemplateError, lacking, offer_of, read_template
from ledger.showing.explaining import explain, post_body
from ledger.showing.owing import OWED
from ledger.showing.templates import template_names
from node.forms.accounts import DAY
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message
from protocol.clauses import Patronage
from protocol.reciprocity_bodies import ContractOffer

if TYPE_CHECKING:
    from protocol.encoding import Value

CODES = ("wage", "reinvest", "access_fee", "rent", "host_fee", "dividend")
_CONTRACT = Field("contract", message("Contract"), "contract")


def _offer(asked: Asked) -> list[Draft]:
    try:
        template = read_template(asked["text"])
        names = template_names(asked.view, template)
        if missing := lacking(template, names):
            said = message("Put the name or id behind each name in the file; not known here: {names}.")
            raise Unfit("text", said, names=", ".join(missing))
        body = offer_of(template, names)
    except TemplateError as error:
        raise Unfit("text", message("The file has a mistake: {mistake}"), mistake=str(error)) from None
    return [Draft("contract.offer", body, (asked["by"] or asked.view.log_id,))]


def _sign(asked: Asked) -> list[Draft]:
    contract = asked.view.book.need(Contract, asked["contract"])
    offered = asked.view.said(asked["contract"])
    assert isinstance(offered.body, ContractOffer)
    body: dict[str, Value] = {"contract": asked["contract"], "party": asked["party"], "terms": contract.terms}
    return [Draft("contract.sign", body, (asked["party"],), terms=bytes(offered.statement.body))]


def _end(asked: Asked) -> list[Draft]:
    by = asked["by"] or asked.view.log_id
    return [Draft("contract.end", {"contract": asked["contract"], "on": asked["on"]}, (by,))]


def _carry_out(asked: Asked) -> list[Draft]:
    items = explain(asked.view, asked["contract"], asked.today).items
    about = asked["about"]
    for item in items:
        if item.state == OWED and item.code == asked["code"] and about in {None, item.about}:
            return [Draft("post", post_body(item, asked.today), (asked.view.log_id,))]
    raise Unfit("code", message("Nothing of that is to be booked under this contract now."))


def _dividend(asked: Asked) -> list[Draft]:
    clauses = asked.view.book.need(Contract, asked["contract"]).clauses
    shares = [index for index, clause in enumerate(clauses) if isinstance(clause, Patronage)]
    if len(shares) != 1:
        raise Unfit("contract", message("No clause of this contract says how a surplus is shared, or several do."))
    first, last = asked["from"], asked["until"]
    if last < first:
        raise Unfit("until", message("It ends before it begins."))
    body: dict[str, Value] = {
        "contract": asked["contract"],
        "clause": shares[0],
        "from": first,
        "until": last + 1,
        "surplus": asked["surplus"],
        "pool": asked["pool"],
        "decision": bytes(16),
    }
    asked.view.book.need(Account, asked["pool"])
    return [Draft("dividend", body, (asked.view.log_id,))]


FORMS = (
    Form(
        "contract-offer",
        "contracts",
        message("Offer a contract"),
        message(
            "Begin with a template below, change what you agreed on, and put the name or id behind each "
            "name. Each party signs afterwards."
        ),
        (
            Field("text", message("The contract"), "area"),
            Field(
                "by",
                message("Who offers it"),
                "party",
                required=False,
                hint=message("The organisation, if nobody is named."),
            ),
        ),
        _offer,
        {"unknown_ref": "text", "not_authorised": "by"},
    ),
    Form(
        "contract-sign",
        "contracts",
        message("Sign a contract"),
        message("For the organisation, or a member whose key is kept here: exactly the terms that stand in the log."),
        (_CONTRACT, Field("party", message("Party"), "party")),
        _sign,
        {"already_resolved": "party", "not_authorised": "party"},
    ),
    Form(
        "contract-end",
        "contracts",
        message("End a contract"),
        message("Whoever only joined it later leaves it alone."),
        (
            _CONTRACT,
            DAY,
            Field(
                "by",
                message("Who ends it"),
                "party",
                required=False,
                hint=message("The organisation, if nobody is named."),
            ),
        ),
        _end,
        {"late": "on", "already_resolved": "contract", "not_authorised": "by"},
    ),
    Form(
        "carry-out",
        "contracts",
        message("Book what follows from a contract"),
        message("Wages, fees, rents and shares of a surplus, exactly as the contract says."),
        (
            _CONTRACT,
            Field("code", message("What"), "choice", choices=CODES, group="post"),
            Field(
                "about",
                message("For which claim, booking or event"),
                "thing",
                required=False,
                hint=message("Its id; the next one, if nothing is named."),
            ),
        ),
        _carry_out,
    ),
    Form(
        "dividend",
        "contracts",
        message("Share out a surplus"),
        message(
            "As the contract says, over what the members gave in these months. The assembly decides it; "
            "then it is booked."
        ),
        (
            _CONTRACT,
            Field("pool", message("From account"), "account"),
            Field("surplus", message("Surplus"), "amount", unit="pool"),
            Field("from", message("From month"), "month"),
            Field("until", message("Until month"), "month"),
        ),
        _dividend,
        by_assembly=True,
    ),
)
