# SPDX-License-Identifier: AGPL-3.0-or-later
"""What clauses yield, spec 18 §1 to §9, over exact fractions. A line is as §9 lists it, without rule and sources."""

from fractions import Fraction
from typing import Any, NamedTuple

from tests.reference.amounts import months_later, rounded, split
from tests.reference.rejection import reject, require

Clause = dict[str, Any]


class Line(NamedTuple):
    """Index and kind of the clause, name, account, amount, exact fraction."""

    clause: int
    kind: str
    name: str
    account: bytes
    amount: int
    exact: Fraction


def line(clauses: list[Clause], index: int, name: str, account: bytes, amount: int, exact: Fraction | int) -> Line:
    """A line of the clause with this index."""
    return Line(index, clauses[index]["kind"], name, account, amount, Fraction(exact))


def of_kind(clauses: list[Clause], index: int, kind: str) -> Clause:
    """The clause that a basis names, or `clause_mismatch`."""
    require(0 <= index < len(clauses) and clauses[index]["kind"] == kind, "clause_mismatch")
    return clauses[index]


def first(clauses: list[Clause], kind: str) -> int | None:
    """The index of the first clause of a kind."""
    return next((index for index, clause in enumerate(clauses) if clause["kind"] == kind), None)


def shared(clauses: list[Clause], index: int, name: str, total: int, shares: list[list[Any]]) -> list[Line]:
    """A line for each share of a total."""
    weights = [weight for _, weight in shares]
    return [
        line(clauses, index, name, account, part, Fraction(total * weight, sum(weights)))
        for (account, weight), part in zip(shares, split(total, weights), strict=True)
    ]


def contribution(clauses: list[Clause], amount: int) -> tuple[list[Line], int]:
    """The lines of the contributions, and the budget, §1."""
    require(amount > 0, "bad_amount")
    lines: list[Line] = []
    left = amount
    for index, clause in enumerate(clauses):
        if clause["kind"] == "rate_contribution":
            total = min(rounded(amount * Fraction(*clause["rate"])), left)
            left -= total
            lines += shared(clauses, index, "contribution", total, clause["to"])
    return lines, left


def wage(clauses: list[Clause], index: int, amount: int, claim_account: bytes) -> list[Line]:
    """The lines of a wage, §2."""
    _, budget = contribution(clauses, amount)
    guarantee = first(clauses, "guaranteed_payment")
    fund = claim_account if guarantee is None else clauses[guarantee]["fund"]
    steps = []
    if first(clauses, "wage_conversion") is None:
        of_kind(clauses, index, "guaranteed_payment")
    else:
        steps = of_kind(clauses, index, "wage_conversion")["lines"]
    lines = [line(clauses, index, "budget", fund, -budget, -budget)]
    amounts, left = {"budget": budget}, budget
    for step in steps:
        base = sum(amounts[name] for name in step["base"]) - sum(amounts[name] for name in step.get("less", []))
        exact = base * Fraction(*step["rate"])
        found = max(0, rounded(exact))
        if "to" in step:
            found = min(found, left)
            left -= found
        amounts[step["name"]] = found
        lines.append(line(clauses, index, step["name"], step.get("to", b""), found, exact))
    return [*lines, line(clauses, index, "residual", claim_account, left, left)]


def settlement(clauses: list[Clause], amount: int, claim_account: bytes, before: int, payment: int) -> list[Line]:
    """The lines of a payment, §5: what a payer has paid so far fills one line after the other."""
    require(payment > 0 and before >= 0 and before + payment <= amount, "bad_amount")
    contributed, budget = contribution(clauses, amount)
    index = first(clauses, "guaranteed_payment")
    if index is None:
        targets = [Line(-1, "", "budget", claim_account, budget, Fraction(0))]
    else:
        targets = [line(clauses, index, "budget", clauses[index]["fund"], budget, 0)]
    lines, old, new = [], before, before + payment
    for target in [*targets, *contributed]:
        had, has = min(old, target.amount), min(new, target.amount)
        old, new = old - had, new - has
        lines.append(target._replace(amount=has - had, exact=Fraction(has - had)))
    return lines


def loss(clauses: list[Clause], index: int, amount: int, paid: int) -> list[Line]:
    """The lines of a loss, §6."""
    clause = of_kind(clauses, index, "mutual_guarantee")
    require(0 <= paid <= amount, "bad_amount")
    budget = contribution(clauses, amount)[1]
    lost = max(0, budget - paid)
    borne = min(lost, sum(weight for _, weight in clause["pledges"]))
    pledges = shared(clauses, index, "pledge", -borne, clause["pledges"])
    return [*pledges, line(clauses, index, "pool", clause["pool"], borne, lost)]


def reinvestment(clauses: list[Clause], index: int, amount: int, given: list[int], scale: int) -> list[Line]:
    """The lines of a reinvestment, §3."""
    clause = of_kind(clauses, index, "reinvest")
    require(amount > 0, "bad_amount")
    exact = amount * Fraction(*clause["rate"])
    total, value, lines = rounded(exact), 0, []
    if "in_kind" in clause:
        worth = Fraction(sum(given) * clause["in_kind"]["price"], 10**scale)
        value = min(rounded(worth), rounded(total * Fraction(*clause["in_kind"]["cap"])))
        lines = [line(clauses, index, "in_kind", b"", value, worth)]
    elif given:
        reject("clause_mismatch")
    cash = total - value
    lines.append(line(clauses, index, "cash", clause["from"], -cash, value - exact))
    return lines + shared(clauses, index, "reinvest", cash, clause["to"])


def access(clauses: list[Clause], index: int, user_class: str, units: int, payer: bytes) -> list[Line]:
    """The lines of a fee, §4."""
    clause = of_kind(clauses, index, "access")
    rate = clause["by_class"].get(user_class, "deny")
    require(rate != "deny", "not_authorised")
    exact = units * clause["unit_price"] * Fraction(*rate)
    return moved(clauses, index, "fee", (payer, clause["to"]), exact)


def moved(clauses: list[Clause], index: int, name: str, ends: tuple[bytes, bytes], exact: Fraction | int) -> list[Line]:
    """What goes from the first account to the second."""
    amount = rounded(Fraction(exact))
    return [
        line(clauses, index, name, ends[0], -amount, -exact),
        line(clauses, index, name, ends[1], amount, exact),
    ]


def units_of(per: str, seconds: Fraction) -> int:
    """The days or hours that have begun in so many seconds."""
    return 1 if per == "use" else -(-seconds // {"day": 86_400, "hour": 3_600}[per])


def patronage(clauses: list[Clause], index: int, surplus: int, pool: bytes, totals: list[list[Any]]) -> list[Line]:
    """The lines of a dividend, §7. Totals are [member, total, account or empty]; in any order."""
    clause = of_kind(clauses, index, "patronage")
    require(surplus > 0, "bad_amount")
    to_reserve, to_commons = (surplus * Fraction(*clause[name]) for name in ("reserve", "commons"))
    reserve = rounded(to_reserve)
    commons = min(rounded(to_commons), surplus - reserve)
    rest = surplus - reserve - commons
    lines = [
        line(clauses, index, "surplus", pool, -surplus, -surplus),
        line(clauses, index, "reserve", clause["reserve_to"], reserve, to_reserve),
        line(clauses, index, "commons", clause["commons_to"], commons, to_commons),
    ]
    weights = [max(0, total) for _, total, _ in sorted(totals)]
    if not sum(weights):
        return [*lines, line(clauses, index, "nobody", clause["commons_to"], rest, rest)]
    for (_, _, account), weight, part in zip(sorted(totals), weights, split(rest, weights), strict=True):
        name = "patronage" if account else "no_account"
        if account and part < clause.get("min", 0):
            name = "below_min"
        target = account if name == "patronage" else clause["commons_to"]
        lines.append(line(clauses, index, name, target, part, Fraction(rest * weight, sum(weights))))
    return lines


def shares(clauses: list[Clause], index: int, count: int, accounts: list[bytes]) -> list[Line]:
    """The lines of shares taken (count > 0) or given back, §8; accounts: issue, holding, payer, till."""
    clause = of_kind(clauses, index, "share")
    require(count < 0 or count >= clause["min"], "bad_amount")
    require(count >= 0 or clause["refund"] == "nominal", "clause_mismatch")
    issue, holding, payer, till = accounts
    if count < 0:
        issue, holding, payer, till, count = holding, issue, till, payer, -count
    return [
        *moved(clauses, index, "shares", (issue, holding), count),
        *moved(clauses, index, "price", (payer, till), count * clause["nominal"]),
    ]


def rent(clauses: list[Clause], index: int, begin: int, period: int) -> tuple[list[Line], int, int]:
    """The lines of a period of a lease, the day when it is due, and the day when the lease ends, §8."""
    clause = of_kind(clauses, index, "lease")
    step = {"month": 1, "year": 12}[clause["every"]]
    require(0 <= period < 12 * clause["years"] // step, "clause_mismatch")
    lines = moved(clauses, index, "rent", (clause["from"], clause["to"]), clause["rent"])
    return lines, months_later(begin, step * period), months_later(begin, 12 * clause["years"])


def host_fee(clauses: list[Clause], index: int, income: int) -> list[Line]:
    """The lines of a host's fee, §8."""
    clause = of_kind(clauses, index, "host_fee")
    require(income > 0, "bad_amount")
    return moved(clauses, index, "fee", (clause["fund"], clause["to"]), income * Fraction(*clause["rate"]))


def legs(lines: list[Line]) -> list[tuple[bytes, int]]:
    """The legs of a post with these lines, §9."""
    accounts = sorted({one.account for one in lines} - {b""})
    sums = [(account, sum(one.amount for one in lines if one.account == account)) for account in accounts]
    return [(account, total) for account, total in sums if total]
