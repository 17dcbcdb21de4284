# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 18 §3, §4, §7, §8: what use, surplus, shares and leases yield."""

from collections.abc import Iterator
from typing import Any

from tests.reference import amounts, yields
from tests.reference.cases.claim_yields import FUND, MEMBER, RESERVE, SERVICES, TAX, clauses_of, encoded, shown
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group

REINVEST = {
    "kind": "reinvest",
    "rate": [1, 20],
    "from": MEMBER,
    "to": [[SERVICES, 50], [FUND, 30], [RESERVE, 20]],
    "in_kind": {"unit": "h", "price": 3_500, "cap": [2, 5]},
}
ACCESS = {
    "kind": "access",
    "resource": seeded_bytes("van", 16),
    "unit_price": 4_000,
    "unit": "EUR",
    "per": "day",
    "by_class": {"worker": [0, 1], "coop": [1, 4], "nonprofit": [1, 2], "for_profit": [3, 2], "city": "deny"},
    "to": SERVICES,
}
PATRONAGE = {
    "kind": "patronage",
    "base": "contributions",
    "unit": "EUR",
    "reserve": [30, 100],
    "reserve_to": RESERVE,
    "commons": [3, 100],
    "commons_to": SERVICES,
}
SHARE = {
    "kind": "share",
    "shares": "part",
    "nominal": 5_000,
    "unit": "EUR",
    "min": 2,
    "refund": "nominal",
    "notice_days": 180,
}
LEASE = {
    "kind": "lease",
    "resource": seeded_bytes("land", 16),
    "years": 99,
    "rent": 120_000,
    "from": MEMBER,
    "to": SERVICES,
    "every": "year",
}
HOST_FEE = {"kind": "host_fee", "fund": MEMBER, "rate": [7, 100], "to": SERVICES}


def groups() -> Iterator[Group]:
    """A group for each section."""
    about = "A claim of amount, and what was given in kind in a unit of scale, §3."
    yield reinvestments(Group("reinvest", about, check_reinvest))
    about = "Use by somebody of user_class for seconds, §4 (an hour of effort is 3,600)."
    yield accesses(Group("access", about, check_access))
    about = "A dividend of surplus; totals are [member, total, account or empty] (hexadecimal), §7."
    yield dividends(Group("patronage", about, check_patronage))
    about = "count shares between accounts_hex: issue, holding, payer, till; below 0 they are given back, §8."
    yield shares(Group("share", about, check_share))
    yield leases(Group("lease", "A period of a lease under a contract from day, §8.", check_lease))
    yield host_fees(Group("host_fee", "A post credits the fund by income, §8.", check_host_fee))


def check_reinvest(inputs: Fields) -> Fields:
    given = [int(one) for one in inputs["given"]]
    lines = yields.reinvestment(clauses_of(inputs), inputs["clause"], int(inputs["amount"]), given, inputs["scale"])
    return shown(lines)


def reinvestments(group: Group) -> Group:
    money = {key: value for key, value in REINVEST.items() if key != "in_kind"}

    def inputs(clause: Any, amount: int, scale: int, *given: int) -> Fields:
        return {"clauses_hex": encoded(clause), "clause": 0, "amount": str(amount), "scale": scale} | {
            "given": [str(one) for one in given]
        }

    group.valid("5 % of 20000.00 with 10 hours", **inputs(REINVEST, 2_000_000, 2, 600, 400))
    group.valid("more hours than the cap allows", **inputs(REINVEST, 2_000_000, 0, 30))
    group.valid("minutes that do not come out even", **inputs(REINVEST, 2_000_000, 3, 1_001))
    group.valid("no hours", **inputs(REINVEST, 2_000_000, 2))
    group.valid("in money", **inputs(money, 33_333, 0))
    group.valid("a cent", **inputs(REINVEST, 1, 2, 1))
    group.invalid("hours where only money counts", "clause_mismatch", **inputs(money, 33_333, 0, 1))
    group.invalid("another clause", "clause_mismatch", **inputs(ACCESS, 33_333, 0))
    return group


def check_access(inputs: Fields) -> Fields:
    clauses = clauses_of(inputs)
    per = clauses[inputs["clause"]].get("per", "use")
    units = int(yields.units_of(per, inputs["seconds"]))
    payer = bytes.fromhex(inputs["payer_hex"])
    return {"units": units, **shown(yields.access(clauses, inputs["clause"], inputs["user_class"], units, payer))}


def accesses(group: Group) -> Group:
    def inputs(user_class: str, seconds: int, **changed: Any) -> Fields:
        return {"clauses_hex": encoded(ACCESS | changed), "clause": 0, "user_class": user_class} | {
            "seconds": seconds,
            "payer_hex": MEMBER.hex(),
        }

    for user_class in ("worker", "coop", "nonprofit", "for_profit"):
        group.valid(f"three days of a {user_class}", **inputs(user_class, 3 * 86_400))
    group.valid("a second into the second day", **inputs("coop", 86_401))
    group.valid("a second", **inputs("coop", 1))
    group.valid("two hours and a second", **inputs("coop", 7_201, per="hour", unit_price=150))
    group.valid("a use", **inputs("coop", 7_201, per="use", unit_price=150))
    group.valid("half a cent", **inputs("nonprofit", 1, per="use", unit_price=1))
    group.invalid("denied", "not_authorised", **inputs("city", 86_400))
    group.invalid("not listed", "not_authorised", **inputs("union", 86_400))
    changed = inputs("coop", 1) | {"clauses_hex": encoded({"kind": "gift", "ack": "wanted"})}
    group.invalid("another clause", "clause_mismatch", **changed)
    return group


def check_patronage(inputs: Fields) -> Fields:
    totals = [[bytes.fromhex(member), int(total), bytes.fromhex(to)] for member, total, to in inputs["totals"]]
    pool = bytes.fromhex(inputs["pool_hex"])
    return shown(yields.patronage(clauses_of(inputs), inputs["clause"], int(inputs["surplus"]), pool, totals))


def dividends(group: Group) -> Group:
    def inputs(surplus: int, totals: list[int], without: int = -1, **changed: Any) -> Fields:
        rows = [
            [(bytes([0x20 + n]) * 16).hex(), str(total), "" if n == without else (bytes([0x40 - n]) * 16).hex()]
            for n, total in enumerate(totals)
        ]
        return {
            "clauses_hex": encoded(PATRONAGE | changed),
            "clause": 0,
            "surplus": str(surplus),
            "pool_hex": FUND.hex(),
            "totals": rows,
        }

    gave = [1_234_567, 800_000, 432_109, 1]
    group.valid("10000.00 over four members", **inputs(1_000_000, gave))
    group.valid("below the least", **inputs(1_000_000, gave, min=100))
    group.valid("at the least", **inputs(1_000_000, gave, min=117_370))
    group.valid("a member without an account", **inputs(1_000_000, gave, 1))
    group.valid("nobody", **inputs(1_000_000, []))
    group.valid("nobody gave", **inputs(1_000_000, [0, -5]))
    group.valid("one took back more than they gave", **inputs(1_000_000, [-500, 100]))
    group.valid("a tie", **inputs(5, [1, 1, 1], reserve=[0, 1], commons=[0, 1]))
    group.valid("a cent", **inputs(1, [1, 1], reserve=[1, 2], commons=[1, 2]))
    group.valid("totals larger than weights may be", **inputs(10**15, [10**15, 10**15 - 1, 1]))
    turned = inputs(1_000_000, gave)
    group.valid("in another order", **turned | {"totals": turned["totals"][::-1]})
    group.invalid("no surplus", "bad_amount", **inputs(0, gave))
    return group


def check_share(inputs: Fields) -> Fields:
    accounts = [bytes.fromhex(account) for account in inputs["accounts_hex"]]
    return shown(yields.shares(clauses_of(inputs), inputs["clause"], inputs["count"], accounts))


def shares(group: Group) -> Group:
    def inputs(count: int, **changed: Any) -> Fields:
        accounts = [SERVICES.hex(), MEMBER.hex(), TAX.hex(), FUND.hex()]
        return {"clauses_hex": encoded(SHARE | changed), "clause": 0, "count": count, "accounts_hex": accounts}

    group.valid("three", **inputs(3))
    group.valid("the least", **inputs(2))
    group.valid("one given back", **inputs(-1))
    group.invalid("below the least", "bad_amount", **inputs(1))
    group.invalid("none", "bad_amount", **inputs(0))
    group.invalid("no refund", "clause_mismatch", **inputs(-1, refund="none"))
    return group


def check_lease(inputs: Fields) -> Fields:
    day = amounts.read_day(inputs["day"])
    lines, due, end = yields.rent(clauses_of(inputs), inputs["clause"], day, inputs["period"])
    return {**shown(lines), "due": amounts.date_of(due).isoformat(), "end": amounts.date_of(end).isoformat()}


def leases(group: Group) -> Group:
    def inputs(day: str, period: int, **changed: Any) -> Fields:
        return {"clauses_hex": encoded(LEASE | changed), "clause": 0, "day": day, "period": period}

    group.valid("the first year", **inputs("2026-03-01", 0))
    group.valid("the last year", **inputs("2028-02-29", 98))
    group.valid("the month after 31 January", **inputs("2026-01-31", 1, every="month"))
    group.valid("the last month", **inputs("2026-01-31", 99 * 12 - 1, every="month"))
    group.valid("for nothing", **inputs("2026-03-01", 1, rent=0))
    group.invalid("a year too many", "clause_mismatch", **inputs("2026-03-01", 99))
    group.invalid("a month too many", "clause_mismatch", **inputs("2026-03-01", 12, years=1, every="month"))
    group.invalid("before the first", "clause_mismatch", **inputs("2026-03-01", -1))
    return group


def check_host_fee(inputs: Fields) -> Fields:
    return shown(yields.host_fee(clauses_of(inputs), inputs["clause"], int(inputs["income"])))


def host_fees(group: Group) -> Group:
    for name, income in (("123.45", 12_345), ("a cent", 1), ("half a cent of fee", 750), ("largest", 10**15)):
        group.valid(name, clauses_hex=encoded(HOST_FEE), clause=0, income=str(income))
    group.invalid("no income", "bad_amount", clauses_hex=encoded(HOST_FEE), clause=0, income="0")
    return group
