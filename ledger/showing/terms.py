# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clauses of a contract in plain words: templates with values, so that pages can say them in any language."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ledger.showing.known import amount_text, id_text
from protocol.amounts import show_day, show_month
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
    from protocol.amounts import Rate
    from protocol.clauses import MemberClass

_PERCENT_DECIMALS = 4


class Wording(NamedTuple):
    """A sentence in English with places for values, and the values."""

    text: str
    values: dict[str, str]

    def __str__(self) -> str:
        return self.text.format(**self.values)


class Spelling:
    """How ids, amounts, rates, days and codes are written: with the beginning of each id, in English."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def id(self, one: bytes) -> str:
        """A party, account or resource."""
        return id_text(one, self.known)

    def in_unit(self, amount: int, unit: str) -> str:
        """An amount of a unit."""
        return amount_text(amount, unit, self.known)

    def amount(self, amount: int, account: bytes) -> str:
        """An amount in the unit of an account."""
        return self.in_unit(amount, self.known.unit_of(account))

    def pledge(self, account: bytes) -> str:
        """An account out of which somebody bears a part of a loss."""
        return self.id(account)

    def rate(self, rate: tuple[int, int]) -> str:
        """A rate: in per cent, or as a fraction."""
        return rate_text(rate)

    def line(self, name: str) -> str:
        """The name that a line of a wage has."""
        return name

    def day(self, day: int) -> str:
        """A day since 1970-01-01."""
        return show_day(day)

    def month(self, month: int) -> str:
        """A month (spec 17 §1)."""
        return show_month(month)

    def time(self, seconds: int) -> str:
        """A moment in UTC seconds."""
        return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))

    def code(self, field: str, code: str) -> str:
        """What stands in a field: a code of a closed list, or a text."""
        del field
        return code

    def truth(self, *, holds: bool) -> str:
        """Yes or no."""
        return "yes" if holds else "no"

    def sentence(self, wording: Wording) -> str:
        """A sentence with its values."""
        return str(wording)

    def shares(self, shares: Sequence[tuple[bytes, int]]) -> str:
        """Accounts with their weights."""
        if len(shares) == 1:
            return self.id(shares[0][0])
        return ", ".join(f"{self.id(account)} ({weight})" for account, weight in shares)

    def classes(self, rates: dict[MemberClass, Rate | Literal["deny"]]) -> str:
        """What each class pays."""
        return ", ".join(
            f"{class_} {rate if isinstance(rate, str) else self.rate(rate)}" for class_, rate in rates.items()
        )


def clause_wording(clause: Clause, spelling: Spelling) -> list[Wording]:
    """What a clause says, a sentence for each part of it."""
    return _WORDINGS[type(clause)](clause, spelling)


def clause_texts(clause: Clause, known: Known) -> list[str]:
    """What a clause says, in English."""
    return [str(wording) for wording in clause_wording(clause, Spelling(known))]


def rate_text(rate: tuple[int, int]) -> str:
    """A rate as people read it: in per cent if that is exact, else as a fraction."""
    numerator, denominator = rate
    parts, left = divmod(numerator * 100 * 10**_PERCENT_DECIMALS, denominator)
    if left:
        return f"{numerator}/{denominator}"
    whole, decimals = divmod(parts, 10**_PERCENT_DECIMALS)
    shown = f"{whole}.{decimals:0{_PERCENT_DECIMALS}}".rstrip("0").rstrip(".")
    return f"{shown} %"


def wording(text: str, **values: str) -> Wording:
    """A sentence with its values; the pages' translators find it by this."""
    return Wording(text, values)


def message(text: str) -> str:
    """A sentence that is only named; it becomes a wording elsewhere."""
    return text


def _contribution(clause: RateContribution, spell: Spelling) -> list[Wording]:
    text = message("{rate} of each claim goes to: {shares}")
    return [wording(text, rate=spell.rate(clause.rate), shares=spell.shares(clause.to))]


def _guaranteed(clause: GuaranteedPayment, spell: Spelling) -> list[Wording]:
    text = message("{fund} pays the rest within {days} days of the end of the work, whether or not the client has paid")
    if clause.calendar == "working":
        text = message(
            "{fund} pays the rest within {days} working days of the end of the work, even if the client has not paid"
        )
    said = [wording(text, fund=spell.id(clause.fund), days=str(clause.days))]
    if clause.cap is not None:
        said.append(wording("It pays at most {cap} in advance", cap=spell.amount(clause.cap, clause.fund)))
    return said


def _wage(clause: WageConversion, spell: Spelling) -> list[Wording]:
    said = [wording("The rest becomes a wage:")]
    for line in clause.lines:
        base = " + ".join(map(spell.line, line.base)) + "".join(f" - {spell.line(one)}" for one in line.less)
        values = {"name": spell.line(line.name), "rate": spell.rate(line.rate), "base": base}
        if line.to is None:
            said.append(wording("{name} is {rate} of {base}", **values))
        else:
            said.append(wording("{name}, {rate} of {base}, is paid to {account}", **values, account=spell.id(line.to)))
    return [*said, wording("what is left is paid to whoever did the work")]


def _reinvest(clause: Reinvest, spell: Spelling) -> list[Wording]:
    text = message("{rate} of each claim goes back to the commons, from {account} to: {shares}")
    account, shares = spell.id(clause.from_), spell.shares(clause.to)
    said = [wording(text, rate=spell.rate(clause.rate), account=account, shares=shares)]
    if clause.in_kind is not None:
        text = message("Up to {cap} of it may be given in {unit} instead, at {price} for each")
        price = spell.amount(clause.in_kind.price, clause.from_)
        said.append(wording(text, cap=spell.rate(clause.in_kind.cap), unit=clause.in_kind.unit, price=price))
    return said


_PER = {
    "day": message("{resource} costs {price} a day, paid to {account}; by class: {classes}"),
    "hour": message("{resource} costs {price} an hour, paid to {account}; by class: {classes}"),
    "use": message("{resource} costs {price} a use, paid to {account}; by class: {classes}"),
}


def _access(clause: Access, spell: Spelling) -> list[Wording]:
    classes = spell.classes(clause.by_class)
    price = spell.in_unit(clause.unit_price, clause.unit)
    resource, account = spell.id(clause.resource), spell.id(clause.to)
    said = [
        wording(_PER[clause.per], resource=resource, price=price, account=account, classes=classes),
        wording("A class that is not named has no access"),
    ]
    if clause.deposit is not None:
        deposit = spell.in_unit(clause.deposit, clause.unit)
        said.append(wording("Whoever takes it leaves {deposit} with the owner", deposit=deposit))
    return said


_BASES = {
    "contributions": message("The rest goes to the members by what they contributed"),
    "purchases": message("The rest goes to the members by what they bought"),
    "hours": message("The rest goes to the members by the hours that they gave"),
}


def _patronage(clause: Patronage, spell: Spelling) -> list[Wording]:
    commons = spell.id(clause.commons_to)
    said = [
        wording(
            "Of a surplus, {reserve} goes to {reserve_to} and {commons} to {commons_to}",
            reserve=spell.rate(clause.reserve),
            reserve_to=spell.id(clause.reserve_to),
            commons=spell.rate(clause.commons),
            commons_to=commons,
        ),
        wording(_BASES[clause.base]),
    ]
    if clause.min is not None:
        least = spell.amount(clause.min, clause.commons_to)
        said.append(wording("Less than {least} goes to {commons_to} instead", least=least, commons_to=commons))
    return said


def _guarantee(clause: MutualGuarantee, spell: Spelling) -> list[Wording]:
    text = message(
        "If a client fails whom {pool} has paid for, the loss is borne, each up to that amount, by: {pledges}"
    )
    pledges = ", ".join(f"{spell.pledge(account)} ({spell.amount(most, account)})" for account, most in clause.pledges)
    return [wording(text, pledges=pledges, pool=spell.id(clause.pool))]


def _share(clause: Share, spell: Spelling) -> list[Wording]:
    text = message("A share in {shares} costs {price}; at least {least} at a time")
    price = spell.in_unit(clause.nominal, clause.unit)
    said = [wording(text, shares=clause.shares, price=price, least=str(clause.min))]
    if clause.refund == "none":
        return [*said, wording("Its price is not paid back")]
    text = message("Its price is paid back to whoever gives it back, {days} days after they say so")
    return [*said, wording(text, days=str(clause.notice_days))]


_EVERY = {
    "month": message("{resource} is let for {years} years, for {rent} a month, from {payer} to {payee}"),
    "year": message("{resource} is let for {years} years, for {rent} a year, from {payer} to {payee}"),
}


def _lease(clause: Lease, spell: Spelling) -> list[Wording]:
    values = {
        "resource": spell.id(clause.resource),
        "years": str(clause.years),
        "rent": spell.amount(clause.rent, clause.from_),
        "payer": spell.id(clause.from_),
        "payee": spell.id(clause.to),
    }
    return [wording(_EVERY[clause.every], **values)]


def _gift(clause: Gift, _: Spelling) -> list[Wording]:
    if clause.ack == "required":
        return [wording("A gift, for which thanks are asked")]
    return [wording("A gift, for which thanks are welcome")]


def _host_fee(clause: HostFee, spell: Spelling) -> list[Wording]:
    text = message("{rate} of what {fund} takes in goes to its host: {account}")
    return [wording(text, rate=spell.rate(clause.rate), fund=spell.id(clause.fund), account=spell.id(clause.to))]


_WORDINGS: dict[type[Clause], Callable[[Any, Spelling], list[Wording]]] = {
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
