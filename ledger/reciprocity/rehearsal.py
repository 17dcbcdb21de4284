# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would have been owed last year under a contract, had it been in force. Pure: nothing is signed or moved.

Triggers are plain values; each clause yields from them what it would have (spec 18). Leases need no trigger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from ledger.reciprocity.lines import ClauseError, Kind, Line, legs_of
from ledger.reciprocity.patronage import Total, patronage
from ledger.reciprocity.yields import budget, can_advance, loss, payable_by, settlement, wage
from ledger.reciprocity.yields_use import (
    Given,
    ShareAccounts,
    access_fee,
    booked_units,
    host_fee,
    lease_due,
    lease_period,
    reinvestment,
    share_in,
    share_out,
)
from protocol.amounts import add_months, month_of
from protocol.clauses import (
    Access,
    Clause,
    GuaranteedPayment,
    HostFee,
    Lease,
    MutualGuarantee,
    Patronage,
    Reinvest,
    Share,
    WageConversion,
)


def stand_in(name: str) -> bytes:
    """An id for a name that has none yet: the same one each time."""
    return sha256(b"folkmoot/rehearsal/1\0" + name.encode()).digest()[:16]


CLAIMANT, USER, SHAREHOLDER, SHARE_ISSUE, TILL, SURPLUS = (
    stand_in(f"account of the {name}") for name in ("claimant", "user", "shareholder", "issue", "till", "surplus")
)
"""Accounts that follow from who does something, and stand in no contract."""


class PastClaim(NamedTuple):
    """Something was invoiced, and so much of it paid in the end; `in_kind` was given as well, in that clause's unit."""

    on: int
    amount: int
    paid: int
    in_kind: int = 0


class PastUse(NamedTuple):
    """Somebody of a class used a resource for so many seconds."""

    on: int
    resource: bytes
    user_class: str
    seconds: int


class PastIncome(NamedTuple):
    """A collective's fund took something in."""

    on: int
    fund: bytes
    amount: int


class PastShares(NamedTuple):
    """Shares were taken; below 0: given back."""

    on: int
    number: int


class PastSurplus(NamedTuple):
    """A surplus was shared; each member gave so much of the clause's base in the time before."""

    on: int
    amount: int
    totals: tuple[Total, ...]


Trigger: TypeAlias = PastClaim | PastUse | PastIncome | PastShares | PastSurplus


class Owed(NamedTuple):
    """What one clause would have yielded on a day, in one unit; or in plain words why nothing."""

    on: int
    unit: str
    lines: tuple[Line, ...]
    refused: str = ""


class Setting(NamedTuple):
    """Under what a year is rehearsed: the clauses, the unit of claims, rents and surplus, and the decimals of units."""

    clauses: Sequence[Clause]
    unit: str
    scales: Mapping[str, int]


def rehearse(setting: Setting, begin: int, triggers: Iterable[Trigger]) -> list[Owed]:
    """What would have been owed, in order of days; rents are those of twelve months from the day `begin`."""
    found = [*_rents(setting, begin)]
    for trigger in triggers:
        match trigger:
            case PastClaim():
                found += _claim(setting, trigger)
            case PastUse():
                found += _use(setting, trigger)
            case PastIncome():
                found += _income(setting, trigger)
            case PastShares():
                found += _shares(setting, trigger)
            case PastSurplus():
                found += _surplus(setting, trigger)
    return sorted(found, key=lambda owed: owed.on)


def by_month(owed: Iterable[Owed]) -> dict[int, list[Owed]]:
    """The same, by month."""
    months: dict[int, list[Owed]] = {}
    for one in owed:
        months.setdefault(month_of(one.on), []).append(one)
    return months


def sums(owed: Iterable[Owed]) -> dict[tuple[str, bytes], int]:
    """What each account would have received in all, per unit; below 0: paid."""
    lines: dict[str, list[Line]] = {}
    for one in owed:
        lines.setdefault(one.unit, []).extend(one.lines)
    return {(unit, account): amount for unit, made in sorted(lines.items()) for account, amount in legs_of(made)}


def _of(clauses: Sequence[Clause], shape: type[Kind]) -> list[tuple[int, Kind]]:
    return [(index, clause) for index, clause in enumerate(clauses) if isinstance(clause, shape)]


def _rents(setting: Setting, begin: int) -> Iterator[Owed]:
    end = add_months(begin, 12)
    for index, _ in _of(setting.clauses, Lease):
        for period in range(12):
            try:
                due = lease_due(setting.clauses, index, begin, period)
            except ClauseError:
                break
            if due < end:
                yield Owed(due, setting.unit, tuple(lease_period(setting.clauses, index, period)))


def _claim(setting: Setting, claim: PastClaim) -> Iterator[Owed]:
    """The wage is paid if the fund advances it or the client has paid the budget; then what came in; then the loss.

    The day of the claim is when the work ended: a guaranteed wage is paid as many days later as the contract says.
    """
    clauses, unit = setting.clauses, setting.unit
    whole = budget(clauses, claim.amount)
    advanced = can_advance(clauses, claim.amount)
    if advanced or claim.paid >= whole:
        wages = [index for index, _ in _of(clauses, WageConversion)]
        paying = wages or [index for index, _ in _of(clauses, GuaranteedPayment)]
        for index in paying[:1]:
            payable = payable_by(clauses, claim.on)
            day = claim.on if payable is None else payable
            yield Owed(day, unit, tuple(wage(clauses, index, claim.amount, CLAIMANT)))
    if claim.paid:
        try:
            yield Owed(claim.on, unit, tuple(settlement(clauses, claim.amount, CLAIMANT, 0, claim.paid)))
        except ClauseError as error:
            yield Owed(claim.on, unit, (), str(error))
            return
    if advanced and claim.paid < whole:
        for index, _ in _of(clauses, MutualGuarantee)[:1]:
            yield Owed(claim.on, unit, tuple(loss(clauses, index, claim.amount, claim.paid)))
    for index, clause in _of(clauses, Reinvest):
        given, scale = [], 0
        if clause.in_kind is not None:
            scale = setting.scales[clause.in_kind.unit]
            given = [Given(stand_in("event"), claim.in_kind)]
        lines = reinvestment(clauses, index, claim.amount, given, scale)
        yield Owed(claim.on, unit, tuple(line._replace(sources=()) for line in lines))


def _use(setting: Setting, use: PastUse) -> Iterator[Owed]:
    for index, clause in _of(setting.clauses, Access):
        if clause.resource == use.resource:
            units = booked_units(clause.per, 0, use.seconds)
            try:
                lines = tuple(access_fee(setting.clauses, index, use.user_class, units, USER))
                yield Owed(use.on, clause.unit, lines)
            except ClauseError as error:
                yield Owed(use.on, clause.unit, (), str(error))


def _income(setting: Setting, income: PastIncome) -> Iterator[Owed]:
    for index, clause in _of(setting.clauses, HostFee):
        if clause.fund == income.fund:
            yield Owed(income.on, setting.unit, tuple(host_fee(setting.clauses, index, income.amount)))


def _shares(setting: Setting, shares: PastShares) -> Iterator[Owed]:
    accounts = ShareAccounts(SHARE_ISSUE, SHAREHOLDER, SHAREHOLDER, TILL)
    for index, clause in _of(setting.clauses, Share):
        move, count = (share_in, shares.number) if shares.number > 0 else (share_out, -shares.number)
        try:
            lines = move(setting.clauses, index, count, accounts)
        except ClauseError as error:
            yield Owed(shares.on, clause.unit, (), str(error))
            continue
        yield Owed(shares.on, clause.shares, tuple(line for line in lines if line.name == "shares"))
        yield Owed(shares.on, clause.unit, tuple(line for line in lines if line.name == "price"))


def _surplus(setting: Setting, surplus: PastSurplus) -> Iterator[Owed]:
    for index, _ in _of(setting.clauses, Patronage):
        lines = patronage(setting.clauses, index, surplus.amount, SURPLUS, surplus.totals)
        yield Owed(surplus.on, setting.unit, tuple(lines))
