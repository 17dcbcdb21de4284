# SPDX-License-Identifier: AGPL-3.0-or-later
"""What use, leases, shares, hosting and reinvestment yield (spec 18 §3, §4, §8). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.reciprocity.lines import (
    NOBODY,
    TIMES,
    ClauseError,
    Line,
    braced,
    clause_at,
    require_amount,
    yielding,
)
from protocol.amounts import add_months, add_years, multiply, show_amount, split
from protocol.clauses import Access, Clause, HostFee, Lease, Reinvest, Share

SECONDS = {"day": 86_400, "hour": 3_600}
HOURS = {"day": 24, "hour": 1}


class Given(NamedTuple):
    """Something given in kind: the event that says so, and how much, in the smallest part of the clause's unit."""

    event: bytes
    amount: int


class ShareAccounts(NamedTuple):
    """The four accounts between which shares and their price move."""

    issue: bytes
    holding: bytes
    payer: bytes
    till: bytes


def reinvestment(
    clauses: Sequence[Clause],
    index: int,
    amount: int,
    given: Sequence[Given] = (),
    scale: int = 0,
    sources: tuple[bytes, ...] = (),
) -> list[Line]:
    """The part of a claim that goes back to the commons: in kind as far as allowed, the rest in money.

    `scale` is that of the unit of what was given. Raises ClauseError.
    """
    clause = clause_at(clauses, index, Reinvest)
    require_amount(amount > 0, "a claim is of more than nothing")
    total, value = multiply(amount, *clause.rate), 0
    make = yielding(index, clause, (*sources, *(one.event for one in given)))
    lines = []
    if clause.in_kind is not None:
        price, quantity = clause.in_kind.price, max(0, sum(one.amount for one in given))
        most = multiply(total, *clause.in_kind.cap)
        value = min(multiply(quantity, price, 10**scale), most)
        rule = f"{show_amount(quantity, scale)} {clause.in_kind.unit} {TIMES} {braced(price)}, at most {braced(most)}"
        lines.append(make.line("in_kind", NOBODY, value, rule, (quantity * price, 10**scale)))
    elif given:
        raise ClauseError("clause_mismatch", f"clause {index} takes nothing in kind")
    cash = total - value
    whole = f"{braced(amount)} {TIMES} {clause.rate[0]}/{clause.rate[1]}"
    exact = (value * clause.rate[1] - amount * clause.rate[0], clause.rate[1])
    lines.append(make.line("cash", clause.from_, -cash, f"-({whole} - {braced(value)})", exact))
    return lines + make.shares("reinvest", clause.to, split(cash, [weight for _, weight in clause.to]), cash)


def booked_units(per: str, begin: int, end: int) -> int:
    """The days or hours of a booking, in UTC seconds; what has begun counts. A use is 1."""
    return -(-(end - begin) // SECONDS[per]) if per in SECONDS else 1


def worked_units(per: str, effort: int, scale: int) -> int:
    """The days or hours of an event's effort, in a unit of time with this scale; what has begun counts. A use is 1."""
    return -(-effort // (HOURS[per] * 10**scale)) if per in HOURS else 1


def access_fee(
    clauses: Sequence[Clause],
    index: int,
    user_class: str,
    units_used: int,
    payer: bytes,
    sources: tuple[bytes, ...] = (),
) -> list[Line]:
    """What somebody of this class pays for these days, hours or uses. A class that is not listed is denied.

    Raises ClauseError (`not_authorised`, `clause_mismatch`).
    """
    clause = clause_at(clauses, index, Access)
    rate = {str(name): rate for name, rate in clause.by_class.items()}.get(user_class, "deny")
    if isinstance(rate, str):
        raise ClauseError("not_authorised", f"no access for class {user_class}: it is not listed, or denied")
    require_amount(units_used >= 0, "less than nothing was used")
    full = units_used * clause.unit_price
    fee = multiply(full, *rate)
    rule = f"{units_used} {clause.per} {TIMES} {braced(clause.unit_price)} {TIMES} {rate[0]}/{rate[1]}"
    make = yielding(index, clause, sources)
    return [
        make.line("fee", payer, -fee, f"-({rule})", (-full * rate[0], rate[1])),
        make.line("fee", clause.to, fee, rule, (full * rate[0], rate[1])),
    ]


def lease_end(clauses: Sequence[Clause], index: int, begin: int) -> int:
    """The day on which a lease ends, under a contract that begins on this day. Raises ClauseError."""
    return add_years(begin, clause_at(clauses, index, Lease).years)


def lease_due(clauses: Sequence[Clause], index: int, begin: int, period: int) -> int:
    """The day on which the rent of a period is due. Raises ClauseError."""
    clause = _lease_of(clauses, index, period)
    return add_months(begin, period * (1 if clause.every == "month" else 12))


def lease_period(clauses: Sequence[Clause], index: int, period: int, sources: tuple[bytes, ...] = ()) -> list[Line]:
    """The rent of a period, counted from 0. Raises ClauseError."""
    clause = _lease_of(clauses, index, period)
    return yielding(index, clause, sources).move("rent", clause.from_, clause.to, clause.rent, braced(clause.rent))


def _lease_of(clauses: Sequence[Clause], index: int, period: int) -> Lease:
    clause = clause_at(clauses, index, Lease)
    periods = clause.years * (12 if clause.every == "month" else 1)
    if not 0 <= period < periods:
        raise ClauseError("clause_mismatch", f"the lease has periods 0 to {periods - 1}, not {period}")
    return clause


def share_in(
    clauses: Sequence[Clause], index: int, count: int, accounts: ShareAccounts, sources: tuple[bytes, ...] = ()
) -> list[Line]:
    """Shares for a member, and their price for the organisation. Raises ClauseError."""
    clause = clause_at(clauses, index, Share)
    require_amount(count >= clause.min, f"at least {clause.min} shares are taken, not {count}")
    make = yielding(index, clause, sources)
    price = f"{count} {TIMES} {braced(clause.nominal)}"
    return [
        *make.move("shares", accounts.issue, accounts.holding, count, str(count)),
        *make.move("price", accounts.payer, accounts.till, count * clause.nominal, price),
    ]


def share_out(
    clauses: Sequence[Clause], index: int, count: int, accounts: ShareAccounts, sources: tuple[bytes, ...] = ()
) -> list[Line]:
    """Shares given back, and their price returned, if the clause refunds it. Raises ClauseError."""
    clause = clause_at(clauses, index, Share)
    if clause.refund != "nominal":
        raise ClauseError("clause_mismatch", f"clause {index} refunds no shares")
    require_amount(count > 0, "no shares are given back")
    make = yielding(index, clause, sources)
    price = f"{count} {TIMES} {braced(clause.nominal)}"
    return [
        *make.move("shares", accounts.holding, accounts.issue, count, str(count)),
        *make.move("price", accounts.till, accounts.payer, count * clause.nominal, price),
    ]


def host_fee(clauses: Sequence[Clause], index: int, income: int, sources: tuple[bytes, ...] = ()) -> list[Line]:
    """The host's part of what a collective's fund has taken in. Raises ClauseError."""
    clause = clause_at(clauses, index, HostFee)
    require_amount(income > 0, "the fund took in nothing")
    fee = multiply(income, *clause.rate)
    rule = f"{braced(income)} {TIMES} {clause.rate[0]}/{clause.rate[1]}"
    make = yielding(index, clause, sources)
    exact = income * clause.rate[0]
    return [
        make.line("fee", clause.fund, -fee, f"-({rule})", (-exact, clause.rate[1])),
        make.line("fee", clause.to, fee, rule, (exact, clause.rate[1])),
    ]
