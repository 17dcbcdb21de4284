# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms about collectives without a legal form, which the organisation hosts: taking in, requests, approval."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.errors import NotFoundError
from ledger.own.member_keys import make_member_key
from ledger.own.spoken import Draft
from ledger.reciprocity.state import Account, ClaimState
from ledger.showing.naming import find_account
from ledger.showing.posts import accounts_of
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message
from protocol.encoding import encode

if TYPE_CHECKING:
    from protocol.encoding import Value

_PER_CENT = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,4}))?\s*%?", re.ASCII)
_JOIN, _PROFILE, _FUND, _OFFER, _HOST, _SELF = range(6)


def _add(asked: Asked) -> list[Draft]:
    """A collective with a key that this node keeps, its fund, and perhaps a contract about the host's part."""
    view, key, collective = asked.view, make_member_key(), asked.new_id(_JOIN)
    organisation, fund = (view.log_id,), asked.new_id(_FUND)
    title: Value = {view.language: asked["name"]}
    joins: dict[str, Value] = {"key": key.public, "class": "nonprofit", "custody": "node", "group": True}
    drafts = [
        Draft("member.join", joins, organisation, id=collective, also=(key,)),
        Draft("member.profile", {"member": collective, "name": asked["name"]}, organisation),
        Draft(
            "account.open",
            {"owner": collective, "unit": asked["unit"], "type": "fund", "title": title},
            organisation,
            id=fund,
        ),
    ]
    if asked["fee"] is None:
        return drafts
    if asked["account"] is None:
        raise Unfit("account", message("Say to which account the host's part goes."))
    clause: Value = {"kind": "host_fee", "fund": fund, "rate": _rate(asked["fee"]), "to": asked["account"]}
    parties: Value = [*sorted([collective, view.log_id])]
    offer: dict[str, Value] = {"parties": parties, "clauses": [clause], "from": asked.today, "title": title}
    contract, terms = asked.new_id(_OFFER), encode(offer)
    sign: dict[str, Value] = {"contract": contract, "terms": sha256(terms).digest()}
    return [
        *drafts,
        Draft("contract.offer", offer, organisation, id=contract),
        Draft("contract.sign", sign | {"party": view.log_id}, organisation, terms=terms),
        Draft("contract.sign", sign | {"party": collective}, (), also=(key,), terms=terms),
    ]


def _rate(text: str) -> list[Value]:
    found = _PER_CENT.fullmatch(text.strip())
    if found is None:
        raise Unfit("fee", message("Write a part like 5 % or 6.5 %."))
    decimals = found[2] or ""
    return [int(found[1] + decimals), 100 * 10 ** len(decimals)]


def _request(asked: Asked) -> list[Draft]:
    """Whoever has spent something asks the collective to pay it back, and says for what."""
    view, fund = asked.view, asked["fund"]
    account, creditor = view.book.need(Account, fund), asked["member"]
    try:
        paid_to = find_account(view, creditor.hex(), account.unit)
    except NotFoundError:
        raise Unfit("member", message("That member has no account in {unit}."), unit=account.unit) from None
    body: dict[str, Value] = {
        "debtor": account.owner,
        "creditor": creditor,
        "amount": asked["amount"],
        "unit": account.unit,
        "account": paid_to,
    }
    note: dict[str, Value] = {"about": asked.new_id(0), "text": asked["text"], **asked.given("shows")}
    scope = 0 if asked["public"] else 2
    return [Draft("claim", body, (creditor,), id=asked.new_id(0)), Draft("note", note, (creditor,), scope)]


def _approve(asked: Asked) -> list[Draft]:
    """The collective's key signs: that is its approval."""
    view = asked.view
    claim = view.book.need(ClaimState, asked["claim"])
    funds = [one for one in accounts_of(view, claim.debtor) if view.unit_of(one) == claim.unit]
    if len(funds) != 1 or claim.contract:
        raise Unfit("claim", message("That is no request to a collective with one fund: book a payment on the claim."))
    paid = claim.amount - claim.paid
    legs: list[Value] = [[one, part] for one, part in sorted([(funds[0], -paid), (claim.account, paid)])]
    body: dict[str, Value] = {"code": "settle", "legs": legs, "on": asked.today, "basis": {"claim": asked["claim"]}}
    return [Draft("post", body, (claim.debtor,))]


FORMS = (
    Form(
        "collective-add",
        "collectives",
        message("Take in a collective"),
        message("A group without a legal form, with a transparent fund. This node makes its key and keeps it."),
        (
            Field("name", message("Name")),
            Field("unit", message("Unit"), "unit"),
            Field("fee", message("The host's part of its income"), required=False, hint=message("Such as 5 %.")),
            Field("account", message("Account that the host's part goes to"), "account", required=False),
        ),
        _add,
        {"wrong_unit": "account", "unknown_ref": "account"},
    ),
    Form(
        "collective-request",
        "collectives",
        message("Ask a collective to pay back what was spent"),
        message("As whoever has spent it, with what it was for."),
        (
            Field("fund", message("Fund of the collective"), "account"),
            Field("member", message("Who has spent it"), "member"),
            Field("amount", message("Amount"), "amount", unit="fund"),
            Field("text", message("For what"), "area"),
            Field("shows", message("Receipt"), required=False, hint=message("The address of a receipt, for example.")),
            Field("public", message("Let everybody read it"), "check"),
        ),
        _request,
        {"bad_amount": "amount", "not_authorised": "fund"},
    ),
    Form(
        "collective-approve",
        "collectives",
        message("Approve a request"),
        message("The collective pays it from its fund; its signature is the approval."),
        (Field("claim", message("Request"), "claim"),),
        _approve,
        {"floor": "claim", "already_resolved": "claim"},
    ),
)
