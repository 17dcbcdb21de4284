# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms of trade: units for units at a rate, and payments to and from other organisations' ledgers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.errors import LedgerError
from ledger.held.private import find_log
from ledger.own.neighbours import acceptance
from ledger.own.spoken import Draft
from ledger.reciprocity.state import Account, Connector
from ledger.showing.naming import find_account
from ledger.showing.transfers import log_name, transfer_objects
from ledger.showing.view import LedgerView, held_ledger
from node.forms.accounts import DAY
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message
from protocol.amounts import convert
from protocol.identity import parse_log_id

if TYPE_CHECKING:
    from protocol.encoding import Value

DAYS_MAX = 60
_RATE = re.compile(r"([0-9]{1,9})(?:/([1-9][0-9]{0,8}))?", re.ASCII)
_ID = re.compile(r"[0-9a-f]{32}")
_DAY_S = 86_400


def _exchange(asked: Asked) -> list[Draft]:
    """What is paid is never too little; both amounts pass through pools of the organisation."""
    view, source, target = asked.view, asked["payer"], asked["payee"]
    units = [view.unit_of(one) for one in (source, target)]
    rate = _RATE.fullmatch(asked["rate"])
    if rate is None or not int(rate[1]):
        raise Unfit("rate", message("Write a rate like 3/2 or 20: so much is received for each that is paid."))
    received = asked["amount"]
    if received <= 0:
        raise Unfit("amount", message("Write more than nothing."))
    scales = [10 ** view.unit(unit).scale for unit in units]
    paid = convert(received, int(rate[1]) * scales[1], int(rate[2] or 1) * scales[0])
    taken, given = (_pool(asked, unit) for unit in units)
    legs: list[Value] = [
        [one, part] for one, part in sorted([(source, -paid), (taken, paid), (given, -received), (target, received)])
    ]
    owner = view.book.need(Account, source).owner
    return [Draft("post", {"code": "exchange", "legs": legs, "on": asked["on"]}, (owner, view.log_id))]


def _pool(asked: Asked, unit: str) -> bytes:
    """The organisation's one pool in a unit."""
    book, organisation = asked.view.book, asked.view.log_id
    wanted = ("pool", organisation, unit, "open")
    found = [key for key, one in book.scan(Account) if (one.type, one.owner, one.unit, one.state) == wanted]
    if len(found) != 1:
        raise Unfit("", message("The organisation needs exactly one open pool in {unit} for this."), unit=unit)
    return found[0]


def _neighbour(asked: Asked) -> list[Draft]:
    try:
        peer = find_log(asked.view.reads, asked["log"])
    except LedgerError:
        raise Unfit("log", message("No log that is held here is called so: write the beginning of its id.")) from None
    trust = asked["trust"]
    if trust < 0:
        raise Unfit("trust", message("Trust is not less than nothing."))
    body: dict[str, Value] = {
        "owner": asked.view.log_id,
        "unit": asked["unit"],
        "type": "connector",
        "peer": peer,
        "floor": -trust,
        "ceiling": trust,
        "title": {asked.view.language: log_name(asked.view.reads, peer) or asked["log"][:8]},
    }
    return [Draft("account.open", body, (asked.view.log_id,))]


def _pay_out(asked: Asked) -> list[Draft]:
    """The amount is reserved at once; the neighbour's ledger answers."""
    view, source = asked.view, asked["payer"]
    account, peer = view.book.need(Account, source), parse_log_id(asked["neighbour"])
    connector = view.book.get(Connector, peer + account.unit.encode())
    if connector is None:
        raise Unfit("neighbour", message("They are no neighbour in {unit} yet."), unit=account.unit)
    if asked["amount"] <= 0:
        raise Unfit("amount", message("Write more than nothing."))
    if not 1 <= asked["days"] <= DAYS_MAX:
        raise Unfit("days", message("From 1 to 60 days."))
    body: dict[str, Value] = {
        "account": source,
        "connector": connector.account,
        "log": peer,
        "to": _payee(asked, peer, account.unit),
        "amount": asked["amount"],
        "unit": account.unit,
        "scale": view.unit(account.unit).scale,
        "deadline": (asked.today + asked["days"] + 1) * _DAY_S,
    }
    return [Draft("xfer.reserve", body, (account.owner,))]


def _payee(asked: Asked, peer: bytes, unit: str) -> bytes:
    """An account in the neighbour's ledger, by its id or by what it is called there."""
    text = asked["payee"]
    if _ID.fullmatch(text):
        return bytes.fromhex(text)
    try:
        return find_account(LedgerView(asked.view.reads, held_ledger(asked.view.reads, peer)), text, unit)
    except LedgerError:
        raise Unfit("payee", message("It is not known which account there is meant: write its whole id.")) from None


def _accept(asked: Asked) -> list[Draft]:
    view = asked.view
    rows = [row for row in transfer_objects(view) if row["id"] == asked["payment"] and row["state"] == "waiting"]
    if len(rows) != 1:
        raise Unfit("payment", message("No such payment waits for an answer."))
    owner = view.book.need(Account, bytes.fromhex(rows[0]["account"])).owner
    body = acceptance(view.reads, view.tree, parse_log_id(rows[0]["log"]), bytes.fromhex(rows[0]["id"]))
    return [Draft("xfer.accept", body, (owner,))]


def _free(asked: Asked) -> list[Draft]:
    rows = [row for row in transfer_objects(asked.view) if row["id"] == asked["payment"] and row["state"] == "reserved"]
    if len(rows) != 1:
        raise Unfit("payment", message("No such payment waits for an answer."))
    body: dict[str, Value] = {"transfer": bytes.fromhex(rows[0]["id"]), "decision": bytes(16)}
    return [Draft("xfer.void", body, (asked.view.log_id,))]


FORMS = (
    Form(
        "exchange",
        "accounts",
        message("Exchange units"),
        message("Pay in one unit, receive in another, at a rate. Both amounts are recorded."),
        (
            Field("payer", message("From account"), "account"),
            Field("payee", message("To account"), "account"),
            Field("amount", message("What is received"), "amount", unit="payee"),
            Field("rate", message("Rate"), hint=message("Received for paid: 3/2, or 20.")),
            DAY,
        ),
        _exchange,
        {"floor": "payer", "ceiling": "payee", "wrong_unit": "payee"},
    ),
    Form(
        "neighbour-add",
        "neighbours",
        message("Trust a neighbour"),
        message("Opens the account that mirrors what another organisation owes. They do the same on their side."),
        (
            Field(
                "log",
                message("Log of the organisation"),
                hint=message("The beginning of its id."),
            ),
            Field("unit", message("Unit"), "unit"),
            Field("trust", message("How much either may owe the other"), "amount", unit="unit"),
        ),
        _neighbour,
        {"already_resolved": "log", "unknown_ref": "log"},
    ),
    Form(
        "neighbour-pay",
        "neighbours",
        message("Pay to another organisation's ledger"),
        message("The amount is set aside at once, and posted when they have accepted. Delayed at worst, never lost."),
        (
            Field("payer", message("From account"), "account"),
            Field("neighbour", message("Neighbour"), "neighbour"),
            Field("payee", message("Account there"), hint=message("Its id, or what it is called in their ledger.")),
            Field("amount", message("Amount"), "amount", unit="payer"),
            Field("days", message("Days that they may take"), "number", default="7"),
        ),
        _pay_out,
        {"floor": "amount", "frozen": "payer", "closed": "payer", "ceiling": "amount"},
    ),
    Form(
        "neighbour-accept",
        "neighbours",
        message("Accept a payment"),
        message("From another organisation's ledger, for an account whose owner has to agree."),
        (Field("payment", message("Id of the payment")),),
        _accept,
        {"late": "payment", "ceiling": "payment"},
    ),
    Form(
        "neighbour-free",
        "neighbours",
        message("Free what was set aside"),
        message("For a neighbour that is gone for good. The assembly decides it."),
        (Field("payment", message("Id of the payment")),),
        _free,
        by_assembly=True,
    ),
)
