# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms about what is counted and held: units, accounts, payments, movements, corrections."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.errors import NotFoundError
from ledger.own.spoken import Draft
from ledger.reciprocity.state import Account
from ledger.showing.naming import find_account
from node.forms.field import Asked, Field, Unfit, read_field
from node.forms.form import Form
from node.web.words import message
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from protocol.encoding import Value

SORTS = ("money", "time", "credit", "share", "count", "energy", "co2e", "goods")
TYPES = ("member", "pool", "fund", "reserve", "external")
PLAIN_CODES = ("transfer", "opening", "contribution", "exchange", "demurrage", "share_in", "share_out")
DAY = Field("on", message("Day"), "day", default="today")
_CODE = re.compile(r"[A-Za-z0-9._-]{1,12}")
_LEGS_SHOWN = 6


def titles(asked: Asked, name: str) -> dict[str, Value]:
    """What was written in the organisation's language, and perhaps in English."""
    english = asked.values.get(f"{name}_en")
    return ({"en": english} if english else {}) | {asked.view.language: asked[name]}


def _unit(asked: Asked) -> list[Draft]:
    if not _CODE.fullmatch(asked["code"]):
        raise Unfit("code", message("A code has 1 to 12 letters, digits, dots or dashes, such as EUR."))
    if asked["decimals"] > 9:
        raise Unfit("decimals", message("At most 9."))
    body: dict[str, Value] = {
        "code": asked["code"],
        "scale": asked["decimals"],
        "sort": asked["sort"],
        "name": titles(asked, "name"),
    }
    return [Draft("unit.define", body, (asked.view.log_id,))]


def _open(asked: Asked) -> list[Draft]:
    owner, organisation = asked["owner"], asked.view.log_id
    kind = asked["type"] or ("pool" if owner == organisation else "member")
    body: dict[str, Value] = {"owner": owner, "unit": asked["unit"], "type": kind, **asked.given("floor", "ceiling")}
    body |= {"title": titles(asked, "title")} if asked["title"] else {}
    agrees = (owner,) if asked["floor"] is not None and asked["floor"] < 0 else ()
    return [Draft("account.open", body, (organisation, *agrees))]


def _set(asked: Asked) -> list[Draft]:
    account = asked.view.book.need(Account, asked["account"])
    changed: dict[str, Value] = asked.given("floor", "ceiling", "state")
    if not changed:
        raise Unfit("", message("Say what is to change."))
    floor = asked["floor"]
    lowered = floor is not None and floor < 0 and (account.floor is None or floor < account.floor)
    parties = (asked.view.log_id, *((account.owner,) if lowered else ()))
    return [Draft("account.set", {"account": asked["account"], **changed}, parties)]


def _pay(asked: Asked) -> list[Draft]:
    source, target, amount = asked["payer"], asked["payee"], asked["amount"]
    if source == target:
        raise Unfit("payee", message("That is the account that pays."))
    if amount <= 0:
        raise Unfit("amount", message("Write more than nothing; to take it back, swap the accounts."))
    units = [asked.view.unit_of(one) for one in (source, target)]
    if units[0] != units[1]:
        raise Unfit("payee", message("That account is in {unit}, not in {other}."), unit=units[1], other=units[0])
    legs: list[Value] = [[one, part] for one, part in sorted([(source, -amount), (target, amount)])]
    owner = asked.view.book.need(Account, source).owner
    return [Draft("post", {"code": "transfer", "legs": legs, "on": asked["on"]}, (owner,))]


def _post(asked: Asked) -> list[Draft]:
    moved: dict[bytes, int] = {}
    for number, line in enumerate(filter(None, map(str.strip, asked["legs"].splitlines())), 1):
        name, _, amount = line.rpartition("=")
        try:
            account = find_account(asked.view, name.strip())
        except NotFoundError:
            raise Unfit(
                "legs",
                message("Line {number}: write an account and an amount, such as Bank=-12.50."),
                number=str(number),
            ) from None
        leg = Asked(asked.view, asked.today, {"legs": amount}, {"account": account})
        moved[account] = moved.get(account, 0) + read_field(Field("legs", "", "amount", unit="account"), leg)
    owners = [asked.view.book.need(Account, account).owner for account, amount in moved.items() if amount < 0]
    legs: list[Value] = [[account, amount] for account, amount in sorted(moved.items()) if amount]
    body: dict[str, Value] = {"code": asked["code"], "legs": legs, "on": asked["on"]}
    return [Draft("post", body, tuple(owners) or (asked.view.log_id,))]


def _correct(asked: Asked) -> list[Draft]:
    before = asked.view.said(asked["post"]).body
    if not isinstance(before, Post):
        raise Unfit("post", message("That is no movement between accounts."))
    legs: list[Value] = [[account, -amount] for account, amount in before.legs]
    owners = [asked.view.book.need(Account, account).owner for account, amount in before.legs if amount > 0]
    body: dict[str, Value] = {"code": "correction", "legs": legs, "on": asked["on"], "basis": {"post": asked["post"]}}
    return [Draft("post", body, tuple(owners) or (asked.view.log_id,))]


FORMS = (
    Form(
        "unit-add",
        "accounts",
        message("Define what is counted"),
        message("A unit is defined once and never changes: amounts were recorded in it."),
        (
            Field("code", message("Code"), hint=message("Such as EUR, h, kWh.")),
            Field("sort", message("Sort"), "choice", choices=SORTS, group="sort"),
            Field("decimals", message("Decimals"), "number", default="2"),
            Field("name", message("Name")),
            Field(
                "name_en",
                message("Name in English"),
                required=False,
                hint=message("If the name above is in another language."),
            ),
        ),
        _unit,
        {"already_resolved": "code"},
    ),
    Form(
        "account-open",
        "accounts",
        message("Open an account"),
        message("Whoever may go below zero has to agree: if their key is not kept here, they sign elsewhere."),
        (
            Field("owner", message("Owner"), "party"),
            Field("unit", message("Unit"), "unit"),
            Field(
                "type",
                message("Type"),
                "choice",
                required=False,
                choices=TYPES,
                group="account",
                hint=message("A member's account or a pool, by its owner, if nothing is chosen."),
            ),
            Field("title", message("What people call it"), required=False),
            Field("floor", message("Not below"), "amount", required=False, unit="unit"),
            Field("ceiling", message("Not above"), "amount", required=False, unit="unit"),
        ),
        _open,
        {"bad_amount": "floor", "not_authorised": "type"},
    ),
    Form(
        "account-set",
        "accounts",
        message("Change an account's limits, freeze or close it"),
        message("Closed is for ever."),
        (
            Field("account", message("Account"), "account"),
            Field("floor", message("Not below"), "amount", required=False, unit="account"),
            Field("ceiling", message("Not above"), "amount", required=False, unit="account"),
            Field(
                "state",
                message("State"),
                "choice",
                required=False,
                choices=("open", "frozen", "closed"),
                group="account_state",
            ),
        ),
        _set,
        {"bad_amount": "floor", "already_resolved": "state"},
    ),
    Form(
        "pay",
        "accounts",
        message("Pay"),
        message("From one account to another. Whoever owns the paying account signs."),
        (
            Field("payer", message("From account"), "account"),
            Field("payee", message("To account"), "account"),
            Field("amount", message("Amount"), "amount", unit="payer"),
            DAY,
        ),
        _pay,
        {"floor": "amount", "ceiling": "payee", "frozen": "payer", "closed": "payer"},
    ),
    Form(
        "post",
        "accounts",
        message("Move amounts between several accounts"),
        message("What is taken and what is given come to nothing in each unit."),
        (
            Field("code", message("What it is"), "choice", choices=PLAIN_CODES, group="post"),
            Field(
                "legs",
                message("Accounts and amounts"),
                "area",
                hint=message("A line for each: account=amount, such as Bank=-12.50. A minus takes."),
            ),
            DAY,
        ),
        _post,
        {"unbalanced": "legs", "floor": "legs", "ceiling": "legs", "wrong_unit": "legs", "indivisible": "legs"},
    ),
    Form(
        "post-correct",
        "accounts",
        message("Take back a movement"),
        message("Nothing is erased: the movement is made the other way round. Whoever received has to agree."),
        (Field("post", message("Id of the movement"), "thing"), DAY),
        _correct,
        {"already_resolved": "post", "floor": "post"},
    ),
)
