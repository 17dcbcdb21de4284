# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clauses of a contract in plain words: templates with values, so that pages can say them in any language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.showing.known import amount_text, id_text
from protocol.clauses import (
    Access,
    Clause,
    Gift,
    GuaranteedPayment,
    HostFee,
    Lease,
    MutualGuarantee,
    Patronage,
    RateContribution,
    Reinvest,
    Share,
    WageConversion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.showing.known import Known

_PERCENT_DECIMALS = 4


class Wording(NamedTuple):
    """A sentence in English with places for values, and the values."""

    text: str
    values: dict[str, str]

    def __str__(self) -> str:
        return self.text.format(**self.values)


class _Spelling(NamedTuple):
    """How ids and amounts are written here."""

    known: Known

    def id(self, one: bytes) -> str:
        return id_text(one, self.known)

    def amount(self, amount: int, account: bytes) -> str:
        """An amount in the unit of an account."""
        return amount_text(amount, self.known.unit_of(account), self.known)

    def shares(self, shares: Sequence[tuple[bytes, int]]) -> str:
        if len(shares) == 1:
            return self.id(shares[0][0])
        return ", ".join(f"{self.id(account)} ({weight})" for account, weight in shares)


def clause_wording(clause: Clause, known: Known) -> list[Wording]:
    """What a clause says, a sentence for each part of it."""
    return _WORDINGS[type(clause)](clause, _Spelling(known))


def clause_texts(clause: Clause, known: Known) -> list[str]:
    """What a clause says, in English."""
    return [str(wording) for wording in clause_wording(clause, known)]


def rate_text(rate: tuple[int, int]) -> str:
    """A rate as people read it: in per cent if that is exact, else as a fraction."""
    numerator, denominator = rate
    parts, left = divmod(numerator * 100 * 10**_PERCENT_DECIMALS, denominator)
    if left:
        return f"{numerator}/{denominator}"
    whole, decimals = divmod(parts, 10**_PERCENT_DECIMALS)
    shown = f"{whole}.{decimals:0{_PERCENT_DECIMALS}}".rstrip("0").rstrip(".")
    return f"{shown} %"


def _say(text: str, **values: str) -> Wording:
    return Wording(text, values)


def _contribution(clause: RateContribution, spell: _Spelling) -> list[Wording]:
    text = "{rate} of each claim goes to: {shares}"
    return [_say(text, rate=rate_text(clause.rate), shares=spell.shares(clause.to))]


def _guaranteed(clause: GuaranteedPayment, spell: _Spelling) -> list[Wording]:
    text = "{fund} pays the rest within {days} days of the end of the work, whether or not the client has paid"
    if clause.calendar == "working":
        text = "{fund} pays the rest within {days} working days of the end of the work, even if the client has not paid"
    said = [_say(text, fund=spell.id(clause.fund), days=str(clause.days))]
    if clause.cap is not None:
        said.append(_say("It pays at most {cap} in advance", cap=spell.amount(clause.cap, clause.fund)))
    return said


def _wage(clause: WageConversion, spell: _Spelling) -> list[Wording]:
    said = [_say("The rest becomes a wage:")]
    for line in clause.lines:
        base = " + ".join(line.base) + "".join(f" - {one}" for one in line.less)
        values = {"name": line.name, "rate": rate_text(line.rate), "base": base}
        if line.to is None:
            said.append(_say("{name} is {rate} of {base}", **values))
        else:
            said.append(_say("{name}, {rate} of {base}, is paid to {account}", **values, account=spell.id(line.to)))
    return [*said, _say("what is left is paid to whoever did the work")]


def _reinvest(clause: Reinvest, spell: _Spelling) -> list[Wording]:
    text = "{rate} of each claim goes back to the commons, from {account} to: {shares}"
    account, shares = spell.id(clause.from_), spell.shares(clause.to)
    said = [_say(text, rate=rate_text(clause.rate), account=account, shares=shares)]
    if clause.in_kind is not None:
        text = "Up to {cap} of it may be given in {unit} instead, at {price} for each"
        price = spell.amount(clause.in_kind.price, clause.from_)
        said.append(_say(text, cap=rate_text(clause.in_kind.cap), unit=clause.in_kind.unit, price=price))
    return said


_PER = {
    "day": "{resource} costs {price} a day, paid to {account}; by class: {classes}",
    "hour": "{resource} costs {price} an hour, paid to {account}; by class: {classes}",
    "use": "{resource} costs {price} a use, paid to {account}; by class: {classes}",
}


def _access(clause: Access, spell: _Spelling) -> list[Wording]:
    classes = ", ".join(
        f"{class_} {rate if isinstance(rate, str) else rate_text(rate)}" for class_, rate in clause.by_class.items()
    )
    price = amount_text(clause.unit_price, clause.unit, spell.known)
    resource, account = spell.id(clause.resource), spell.id(clause.to)
    said = [
        _say(_PER[clause.per], resource=resource, price=price, account=account, classes=classes),
        _say("A class that is not named has no access"),
    ]
    if clause.deposit is not None:
        deposit = amount_text(clause.deposit, clause.unit, spell.known)
        said.append(_say("Whoever takes it leaves {deposit} with the owner", deposit=deposit))
    return said


_BASES = {
    "contributions": "The rest goes to the members by what they contributed",
    "purchases": "The rest goes to the members by what they bought",
    "hours": "The rest goes to the members by the hours that they gave",
}


def _patronage(clause: Patronage, spell: _Spelling) -> list[Wording]:
    commons = spell.id(clause.commons_to)
    said = [
        _say(
            "Of a surplus, {reserve} goes to {reserve_to} and {commons} to {commons_to}",
            reserve=rate_text(clause.reserve),
            reserve_to=spell.id(clause.reserve_to),
            commons=rate_text(clause.commons),
            commons_to=commons,
        ),
        _say(_BASES[clause.base]),
    ]
    if clause.min is not None:
        least = spell.amount(clause.min, clause.commons_to)
        said.append(_say("Less than {least} goes to {commons_to} instead", least=least, commons_to=commons))
    return said


def _guarantee(clause: MutualGuarantee, spell: _Spelling) -> list[Wording]:
    text = "If a client fails whom {pool} has paid for, the loss is borne, each up to that amount, by: {pledges}"
    pledges = ", ".join(f"{spell.id(account)} ({spell.amount(most, account)})" for account, most in clause.pledges)
    return [_say(text, pledges=pledges, pool=spell.id(clause.pool))]


def _share(clause: Share, spell: _Spelling) -> list[Wording]:
    text = "A share in {shares} costs {price}; at least {least} at a time"
    price = amount_text(clause.nominal, clause.unit, spell.known)
    said = [_say(text, shares=clause.shares, price=price, least=str(clause.min))]
    if clause.refund == "none":
        return [*said, _say("Its price is not paid back")]
    text = "Its price is paid back to whoever gives it back, {days} days after they say so"
    return [*said, _say(text, days=str(clause.notice_days))]


_EVERY = {
    "month": "{resource} is let for {years} years, for {rent} a month, from {payer} to {payee}",
    "year": "{resource} is let for {years} years, for {rent} a year, from {payer} to {payee}",
}


def _lease(clause: Lease, spell: _Spelling) -> list[Wording]:
    values = {
        "resource": spell.id(clause.resource),
        "years": str(clause.years),
        "rent": spell.amount(clause.rent, clause.from_),
        "payer": spell.id(clause.from_),
        "payee": spell.id(clause.to),
    }
    return [_say(_EVERY[clause.every], **values)]


def _gift(clause: Gift, _: _Spelling) -> list[Wording]:
    if clause.ack == "required":
        return [_say("A gift, for which thanks are asked")]
    return [_say("A gift, for which thanks are welcome")]


def _host_fee(clause: HostFee, spell: _Spelling) -> list[Wording]:
    text = "{rate} of what {fund} takes in goes to its host: {account}"
    return [_say(text, rate=rate_text(clause.rate), fund=spell.id(clause.fund), account=spell.id(clause.to))]


_WORDINGS: dict[type[Clause], Callable[[Any, _Spelling], list[Wording]]] = {
    RateContribution: _contribution,
    GuaranteedPayment: _guaranteed,
    WageConversion: _wage,
    Reinvest: _reinvest,
    Access: _access,
    Patronage: _patronage,
    MutualGuarantee: _guarantee,
    Share: _share,
    Lease: _lease,
    Gift: _gift,
    HostFee: _host_fee,
}
