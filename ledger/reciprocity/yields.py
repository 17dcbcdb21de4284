# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a claim yields: contribution, budget, wage, settlement, loss (spec 18 §1, §2, §5, §6). Pure.

Amounts are whole numbers of the claim's unit; `sources` are the ids of the statements that a line rests on, and are
carried into each line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ledger.reciprocity.lines import (
    NOBODY,
    TIMES,
    Line,
    Yielding,
    braced,
    clause_at,
    require_amount,
    yielding,
)
from protocol.amounts import add_days, add_working_days, multiply, split
from protocol.clauses import (
    BUDGET,
    RESIDUAL,
    Clause,
    GuaranteedPayment,
    MutualGuarantee,
    RateContribution,
    WageConversion,
    WageLine,
)

Sources = tuple[bytes, ...]
OF_NO_CLAUSE = -1
"""The clause of a budget that no clause guarantees."""


def contribution(clauses: Sequence[Clause], amount: int, sources: Sources = ()) -> list[Line]:
    """What the rate contributions take of a claim of this amount, a line for each share, in their order."""
    require_amount(amount > 0, "a claim is of more than nothing")
    lines: list[Line] = []
    for index, clause, total in _taken(clauses, amount):
        numerator, denominator = clause.rate
        parts = split(total, [weight for _, weight in clause.to])
        made = yielding(index, clause, sources).shares("contribution", clause.to, parts, total)
        whence = f", {braced(total)} = {braced(amount)} {TIMES} {numerator}/{denominator}"
        lines += [line._replace(rule=line.rule + whence) for line in made]
    return lines


def budget(clauses: Sequence[Clause], amount: int) -> int:
    """What the contributions leave of a claim of this amount."""
    return amount - sum(total for _, _, total in _taken(clauses, amount))


def _taken(clauses: Sequence[Clause], amount: int) -> Iterator[tuple[int, RateContribution, int]]:
    """Each rate contribution with its index and what it takes: at most what those before it leave."""
    left = amount
    for index, clause in enumerate(clauses):
        if isinstance(clause, RateContribution):
            total = min(multiply(amount, *clause.rate), left)
            left -= total
            yield index, clause, total


def guaranteed(clauses: Sequence[Clause]) -> tuple[int, GuaranteedPayment] | None:
    """The guaranteed payment of a contract and its index, if it has one."""
    return next(((n, clause) for n, clause in enumerate(clauses) if isinstance(clause, GuaranteedPayment)), None)


def payable_by(clauses: Sequence[Clause], ended: int) -> int | None:
    """The day by which the budget is paid, of a claim whose work ended on this day; None without a guarantee."""
    found = guaranteed(clauses)
    if found is None:
        return None
    later = add_days if found[1].calendar == "days" else add_working_days
    return later(ended, found[1].days)


def can_advance(clauses: Sequence[Clause], amount: int) -> bool:
    """Whether the fund pays the budget of a claim of this amount before the client does."""
    found = guaranteed(clauses)
    return found is not None and (found[1].cap is None or budget(clauses, amount) <= found[1].cap)


def wage(clauses: Sequence[Clause], index: int, amount: int, claim_account: bytes, sources: Sources = ()) -> list[Line]:
    """The budget of a claim as lines: what is taken, what is paid to whom, and what is left for the claim's account.

    Clause `index` is a `wage_conversion`; in a contract without one, the `guaranteed_payment`. Raises ClauseError.
    """
    require_amount(amount > 0, "a claim is of more than nothing")
    found = guaranteed(clauses)
    whole = budget(clauses, amount)
    conversion: Sequence[WageLine] = ()
    if any(isinstance(clause, WageConversion) for clause in clauses):
        conversion = clause_at(clauses, index, WageConversion).lines
    else:
        clause_at(clauses, index, GuaranteedPayment)
    fund = found[1].fund if found is not None else claim_account
    make = yielding(index, clauses[index], sources)
    named, left = {BUDGET: whole}, whole
    lines = [make.line(BUDGET, fund, -whole, f"-{braced(whole)}")]
    paid: list[int] = []
    for item in conversion:
        line = _wage_line(make, item, named, left)
        lines.append(line)
        named[item.name] = line.amount
        if item.to is not None:
            left -= line.amount
            paid.append(line.amount)
    rule = " - ".join(braced(one) for one in (whole, *paid))
    lines.append(make.line(RESIDUAL, claim_account, left, rule))
    return lines


def _wage_line(make: Yielding, item: WageLine, named: dict[str, int], left: int) -> Line:
    base = sum(named[name] for name in item.base) - sum(named[name] for name in item.less)
    numerator, denominator = item.rate
    plus = " + ".join(braced(named[name]) for name in item.base)
    terms = " - ".join((plus, *(braced(named[name]) for name in item.less)))
    rule = f"({terms})" if len(item.base) + len(item.less) > 1 else terms
    rule += f" {TIMES} {numerator}/{denominator}"
    amount = multiply(base, numerator, denominator)
    if amount < 0:
        amount, rule = 0, f"{rule}, at least {braced(0)}"
    if item.to is not None and amount > left:
        amount, rule = left, f"{rule}, at most {braced(left)}"
    account = NOBODY if item.to is None else item.to
    return make.line(item.name, account, amount, rule, (base * numerator, denominator))


def settlement(
    clauses: Sequence[Clause],
    amount: int,
    claim_account: bytes,
    paid_before: int,
    payment: int,
    sources: Sources = (),
) -> list[Line]:
    """Whom a payment on a claim reaches: the budget first, then the contributions in their order. Its sum is `payment`.

    Without clauses all goes to the claim's account. Raises ClauseError (`bad_amount`) for a payment of nothing, or of
    more than is owed.
    """
    after = paid_before + payment
    require_amount(payment > 0, "a payment is of more than nothing")
    require_amount(paid_before >= 0 and after <= amount, f"{after} would be paid of {amount} owed")
    full = contribution(clauses, amount, sources)
    found = guaranteed(clauses)
    if found is not None:
        make, account = yielding(found[0], found[1], sources), found[1].fund
    else:
        make, account = Yielding(OF_NO_CLAUSE, "", sources), claim_account
    filled = _Filled(paid_before, after, 0)
    share, filled = filled.take(amount - sum(line.amount for line in full))
    lines = [make.line(BUDGET, account, *share)]
    for line in full:
        share, filled = filled.take(line.amount)
        lines.append(line._replace(amount=share[0], rule=share[1], fraction=(share[0], 1)))
    return lines


class _Filled(NamedTuple):
    """How far a claim's lines, one after the other, are filled before and after a payment."""

    before: int
    after: int
    begin: int

    def take(self, size: int) -> tuple[tuple[int, str], _Filled]:
        """(What the payment adds to the next line, of this size, the rule), and where the line after it begins."""
        before, after = (min(max(paid - self.begin, 0), size) for paid in (self.before, self.after))
        rule = f"{braced(after)} - {braced(before)}, at most {braced(size)}"
        return (after - before, rule), self._replace(begin=self.begin + size)


def loss(clauses: Sequence[Clause], index: int, amount: int, paid: int, sources: Sources = ()) -> list[Line]:
    """Who bears what the client of an advanced claim has not paid of the budget: pledges, each up to its weight.

    Raises ClauseError.
    """
    clause = clause_at(clauses, index, MutualGuarantee)
    require_amount(amount > 0 and 0 <= paid <= amount, f"{paid} would be paid of {amount} owed")
    whole = budget(clauses, amount)
    lost = whole - min(paid, whole)
    weights = [weight for _, weight in clause.pledges]
    borne = min(lost, sum(weights))
    make = yielding(index, clause, sources)
    lines = make.shares("pledge", clause.pledges, split(-borne, weights), -borne)
    rule = f"{braced(whole)} - {braced(whole - lost)}, at most {braced(sum(weights))}"
    return [*lines, make.line("pool", clause.pool, borne, rule, (lost, 1))]
