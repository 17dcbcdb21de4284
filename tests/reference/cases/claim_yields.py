# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 18 §1, §2, §5, §6: what claims yield. Amounts are decimal text, exact fractions are "n/d"."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from tests.reference import amounts, messagepack, yields
from tests.reference.clause_form import read_clauses
from tests.reference.vector import Fields, Group

# Ascending, as shares stand.
SERVICES, FUND, RESERVE, MEMBER, SOCIAL, TAX = (bytes([number]) * 16 for number in range(1, 7))
PLEDGES = [bytes([number]) * 16 for number in range(11, 15)]
CONTRIBUTION = {
    "kind": "rate_contribution",
    "of": "claim",
    "rate": [65, 1000],
    "to": [[SERVICES, 50], [FUND, 10], [RESERVE, 5]],
}
PAYMENT = {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": FUND, "cap": 200_000}
WAGE = {
    "kind": "wage_conversion",
    "lines": [
        {"name": "gross", "base": ["budget"], "rate": [100, 125]},
        {"name": "employer", "base": ["gross"], "rate": [1, 4], "to": SOCIAL},
        {"name": "employee", "base": ["gross"], "rate": [1307, 10_000], "to": SOCIAL},
        {"name": "tax", "base": ["gross"], "less": ["employee"], "rate": [1, 5], "to": TAX},
    ],
}
GREEDY = {
    "kind": "wage_conversion",
    "lines": [
        {"name": "a", "base": ["budget"], "rate": [3, 4], "to": SOCIAL},
        {"name": "b", "base": ["budget", "a"], "rate": [1, 2], "to": TAX},
        {"name": "c", "base": ["a"], "less": ["budget"], "rate": [1, 1], "to": TAX},
    ],
}
GUARANTEE = {
    "kind": "mutual_guarantee",
    "pool": FUND,
    "pledges": [list(one) for one in zip(PLEDGES, [25_000, 25_000, 50_000, 12_500], strict=True)],
}
MUTUAL = [CONTRIBUTION, PAYMENT, WAGE, GUARANTEE]
HALVES = [CONTRIBUTION | {"rate": [1, 2], "to": [[account, 1]]} for account in (SERVICES, RESERVE, TAX)]


def groups() -> Iterator[Group]:
    """A group for each section."""
    yield contributions(Group("contribution", "A claim of amount, §1. Gives lines and budget.", check_contribution))
    about = "The day by which the budget of a claim that ended on that day is payable, §1, and whether it is advanced."
    yield payable(Group("payable", about, check_payable))
    yield wages(Group("wage", "A wage post on a claim of amount, §2. Gives lines and legs.", check_wage))
    about = "Payments one after the other on a claim of amount, §5. Gives the lines of each."
    yield settlements(Group("settlement", about, check_settlement))
    yield losses(Group("loss", "A claim of amount of which paid was paid is given up, §6.", check_loss))


def clauses_of(inputs: Fields) -> list[Fields]:
    return read_clauses(bytes.fromhex(inputs["clauses_hex"])) if inputs["clauses_hex"] else []


def shown(lines: list[yields.Line]) -> Fields:
    """Lines as they stand in a vector, and the legs of a post that has them."""
    rows = [
        [
            one.clause,
            one.kind,
            one.name,
            one.account.hex(),
            str(one.amount),
            "/".join(map(str, one.exact.as_integer_ratio())),
        ]
        for one in lines
    ]
    return {"lines": rows, "legs": [[account.hex(), str(amount)] for account, amount in yields.legs(lines)]}


def ratio(exact: Fraction) -> str:
    return f"{exact.numerator}/{exact.denominator}"


def encoded(*clauses: Any) -> str:
    return messagepack.encode(list(clauses)).hex()


def check_contribution(inputs: Fields) -> Fields:
    lines, budget = yields.contribution(clauses_of(inputs), int(inputs["amount"]))
    return {**shown(lines), "budget": str(budget)}


def contributions(group: Group) -> Group:
    for name, clauses, amount in (
        ("1000.00 at 6.5 %", MUTUAL, 100_000),
        ("333.33 at 6.5 %", MUTUAL, 33_333),
        ("a cent", MUTUAL, 1),
        ("no contribution", [PAYMENT], 100),
        ("three halves of a cent are one cent", HALVES, 1),
        ("three halves of 3 cents", HALVES, 3),
        ("largest", MUTUAL, 10**15),
    ):
        group.valid(name, clauses_hex=encoded(*clauses), amount=str(amount))
    group.invalid("nothing", "bad_amount", clauses_hex=encoded(*MUTUAL), amount="0")
    return group


def check_payable(inputs: Fields) -> Fields:
    clauses = clauses_of(inputs)
    (clause,) = [one for one in clauses if one["kind"] == "guaranteed_payment"]
    ended = amounts.read_day(inputs["ended"])
    step = amounts.working_days_later if clause["calendar"] == "working" else int.__add__
    budget = yields.contribution(clauses, int(inputs["amount"]))[1]
    return {
        "payable": amounts.date_of(step(ended, clause["days"])).isoformat(),
        "advanced": "cap" not in clause or budget <= clause["cap"],
    }


def payable(group: Group) -> Group:
    uncapped = {key: value for key, value in PAYMENT.items() if key != "cap"}
    for name, payment, ended, amount in (
        ("seven days", PAYMENT, "2026-03-02", 100_000),
        ("seven working days", PAYMENT | {"calendar": "working"}, "2026-03-02", 100_000),
        ("budget at the cap", PAYMENT | {"cap": 93_500}, "2026-12-31", 100_000),
        ("budget over the cap", PAYMENT | {"cap": 93_499}, "2028-02-22", 100_000),
        ("no cap", uncapped, "2026-03-07", 10**15),
        ("on the day itself", PAYMENT | {"days": 0, "calendar": "working"}, "2026-03-07", 1),
    ):
        group.valid(name, clauses_hex=encoded(CONTRIBUTION, payment), ended=ended, amount=str(amount))
    return group


def check_wage(inputs: Fields) -> Fields:
    account = bytes.fromhex(inputs["claim_account_hex"])
    return shown(yields.wage(clauses_of(inputs), inputs["clause"], int(inputs["amount"]), account))


def wages(group: Group) -> Group:
    def inputs(index: int, amount: int, *clauses: Any) -> Fields:
        return {"clauses_hex": encoded(*clauses), "clause": index, "amount": str(amount)} | {
            "claim_account_hex": MEMBER.hex()
        }

    group.valid("935.00 of budget", **inputs(2, 100_000, *MUTUAL))
    group.valid("a cent", **inputs(2, 1, *MUTUAL))
    group.valid("limits of lines", **inputs(0, 1_000, GREEDY))
    group.valid("no guarantee", **inputs(1, 100_000, CONTRIBUTION, WAGE))
    group.valid("no conversion", **inputs(1, 100_000, CONTRIBUTION, PAYMENT))
    group.valid("no budget", **inputs(1, 5, CONTRIBUTION | {"rate": [1, 1]}, WAGE))
    group.valid("largest", **inputs(2, 10**15, *MUTUAL))
    for index in (0, 1, 3, 4):
        group.invalid(f"clause {index}", "clause_mismatch", **inputs(index, 100_000, *MUTUAL))
    return group


def check_settlement(inputs: Fields) -> Fields:
    clauses, account = clauses_of(inputs), bytes.fromhex(inputs["claim_account_hex"])
    paid, found = 0, []
    for payment in map(int, inputs["payments"]):
        lines = yields.settlement(clauses, int(inputs["amount"]), account, paid, payment)
        found.append(shown(lines)["lines"])
        paid += payment
    return {"payments_lines": found}


def settlements(group: Group) -> Group:
    def inputs(clauses: list[Any], amount: int, *payments: int) -> Fields:
        return {
            "clauses_hex": encoded(*clauses) if clauses else "",
            "amount": str(amount),
            "claim_account_hex": MEMBER.hex(),
            "payments": [str(payment) for payment in payments],
        }

    group.valid("all at once", **inputs(MUTUAL, 100_000, 100_000))
    group.valid("600.00 only", **inputs(MUTUAL, 100_000, 60_000))
    group.valid("in four parts", **inputs(MUTUAL, 100_000, 60_000, 35_000, 4_999, 1))
    group.valid("cent by cent", **inputs(MUTUAL, 33, *[1] * 33))
    group.valid("no guarantee", **inputs([CONTRIBUTION], 100_000, 93_500, 6_500))
    group.valid("no contract", **inputs([], 100_000, 40_000, 60_000))
    group.valid("contributions before and behind", **inputs([*HALVES[:1], PAYMENT, CONTRIBUTION], 1_001, 500, 501))
    group.invalid("nothing", "bad_amount", **inputs(MUTUAL, 100_000, 0))
    group.invalid("less than nothing", "bad_amount", **inputs(MUTUAL, 100_000, 5, -5))
    group.invalid("more than is owed", "bad_amount", **inputs(MUTUAL, 100_000, 100_000, 1))
    return group


def check_loss(inputs: Fields) -> Fields:
    return shown(yields.loss(clauses_of(inputs), inputs["clause"], int(inputs["amount"]), int(inputs["paid"])))


def losses(group: Group) -> Group:
    common = {"clauses_hex": encoded(*MUTUAL), "clause": 3}
    for name, amount, paid in (
        ("335.00 over four pledges", 100_000, 60_000),
        ("nothing was paid", 100_000, 0),
        ("more than the pledges", 1_000_000, 0),
        ("the budget was paid", 100_000, 93_500),
        ("all was paid", 100_000, 100_000),
        ("a cent", 100_000, 93_499),
    ):
        group.valid(name, **common, amount=str(amount), paid=str(paid))
    group.invalid("another clause", "clause_mismatch", **common | {"clause": 2}, amount="1", paid="0")
    group.invalid("more was paid than owed", "bad_amount", **common, amount="1", paid="2")
    return group
