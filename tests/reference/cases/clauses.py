# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 18: clauses, as they are read, and what they yield."""

from collections.abc import Iterator
from typing import Any

from tests.reference import messagepack
from tests.reference.cases import claim_yields, use_yields
from tests.reference.clause_form import KINDS, is_signable, read_clauses
from tests.reference.vector import Fields, Group, vector_file

A, B, C = (bytes([number]) * 16 for number in range(1, 4))
GOOD: dict[str, Fields] = {
    "rate_contribution": {"of": "claim", "rate": [65, 1000], "to": [[A, 50], [B, 10]]},
    "guaranteed_payment": {"days": 7, "calendar": "working", "fund": A},
    "wage_conversion": {
        "lines": [
            {"name": "gross", "base": ["budget"], "rate": [4, 5]},
            {"name": "tax", "base": ["gross", "budget"], "less": ["gross"], "rate": [1, 5], "to": B},
        ]
    },
    "reinvest": {"rate": [1, 20], "from": A, "to": [[B, 1]], "in_kind": {"unit": "h", "price": 3500, "cap": [2, 5]}},
    "access": {
        "resource": A,
        "unit_price": 4000,
        "unit": "EUR",
        "per": "day",
        "by_class": {"coop": [1, 4], "for_profit": [3, 2], "city": "deny"},
        "to": B,
    },
    "patronage": {
        "base": "hours",
        "unit": "EUR",
        "reserve": [3, 10],
        "reserve_to": A,
        "commons": [7, 10],
        "commons_to": B,
    },
    "mutual_guarantee": {"pool": A, "pledges": [[B, 25_000], [C, 0]]},
    "share": {"shares": "part", "nominal": 5000, "unit": "EUR", "min": 1, "refund": "nominal", "notice_days": 180},
    "lease": {"resource": A, "years": 99, "rent": 12_000, "from": B, "to": C, "every": "year"},
    "gift": {"ack": "wanted"},
    "host_fee": {"fund": A, "rate": [1, 20], "to": B},
}


def generate() -> bytes:
    """The file 18-clauses.json."""
    return vector_file("18", "Clauses", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    about = "Read clauses_hex as the clauses of somebody else's contract. Gives kinds, and whether it may be signed."
    yield broken(good(Group("clauses", about, check)))
    yield from claim_yields.groups()
    yield from use_yields.groups()


def check(inputs: Fields) -> Fields:
    clauses = read_clauses(bytes.fromhex(inputs["clauses_hex"]))
    return {"kinds": [clause["kind"] for clause in clauses], "signable": is_signable(clauses)}


def encoded(*clauses: Any) -> Fields:
    """Clauses as inputs."""
    return {"clauses_hex": messagepack.encode(list(clauses)).hex()}


def clause(kind: str, **changed: Any) -> Fields:
    """A good clause of this kind with fields changed."""
    return {"kind": kind} | GOOD[kind] | changed


def without(kind: str, *fields: str) -> Fields:
    """A good clause of this kind without some fields."""
    return {key: value for key, value in clause(kind).items() if key not in fields}


def wage(*lines: Fields) -> Fields:
    return clause("wage_conversion", lines=list(lines))


def good(group: Group) -> Group:
    assert list(GOOD) == list(KINDS)
    for kind in GOOD:
        group.valid(kind, **encoded(clause(kind)))
        group.valid(f"{kind} with an unknown key", **encoded(clause(kind, colour="blue")))
    for name, one in (
        ("cap", clause("guaranteed_payment", cap=1)),
        ("nothing in kind", without("reinvest", "in_kind")),
        ("deposit", clause("access", deposit=5_000)),
        ("access for nothing", clause("access", unit_price=0, by_class={"user": [0, 1]})),
        ("least line", clause("patronage", min=100)),
        ("a rate of 1", clause("rate_contribution", rate=[10**9, 10**9])),
        ("32 shares", clause("rate_contribution", to=[[bytes([number]) * 16, 1] for number in range(32)])),
        ("name of 64 letters", wage({"name": "\u00e9" * 64, "base": ["budget"], "rate": [2, 1]})),
        ("empty less", wage({"name": "x", "base": ["budget"], "less": [], "rate": [1, 1]})),
        ("unknown key in a line", wage({"name": "x", "base": ["budget"], "rate": [1, 1], "why": ""})),
        ("unknown key in kind", clause("reinvest", in_kind=GOOD["reinvest"]["in_kind"] | {"why": ""})),
        ("largest amounts", clause("lease", rent=10**15)),
    ):
        group.valid(name, **encoded(one))
    group.valid("32 clauses", **encoded(*[clause("gift")] * 32))
    group.valid("every kind", **encoded(*(clause(kind) for kind in GOOD)))
    return group


def broken(group: Group) -> Group:
    group.invalid("no clause", "malformed", **encoded())
    group.invalid("33 clauses", "malformed", **encoded(*[clause("gift")] * 33))
    group.invalid("two guaranteed payments", "malformed", **encoded(*[clause("guaranteed_payment")] * 2))
    group.invalid("a map", "malformed", clauses_hex=messagepack.encode(clause("gift")).hex())
    for name, one in broken_clauses():
        group.invalid(name, "malformed", **encoded(one))
    for kind, fields in GOOD.items():
        for field in fields:
            if field != "in_kind":
                group.invalid(f"{kind} without {field}", "malformed", **encoded(without(kind, field)))
            group.invalid(f"{kind} with {field} true", "malformed", **encoded(clause(kind, **{field: True})))
    return group


def broken_clauses() -> Iterator[tuple[str, Any]]:
    """Clauses that break one rule."""
    line = {"name": "x", "base": ["budget"], "rate": [1, 1]}
    yield "unknown kind", {"kind": "demurrage", "rate": [1, 100]}
    yield "no kind", GOOD["gift"]
    yield "kind as a number", {"kind": 1, "ack": "wanted"}
    yield "text", "gift"
    for name, rate in (
        ("rate over 1", [1001, 1000]),
        ("rate over 0", [1, 0]),
        ("rate below 0", [-1, 2]),
        ("rate of one number", [1]),
        ("rate of three numbers", [1, 2, 3]),
        ("rate with a numerator too large", [10**9 + 1, 10**9 + 1]),
    ):
        yield name, clause("rate_contribution", rate=rate)
    for name, to in (
        ("no shares", []),
        ("33 shares", [[bytes([number]) * 16, 1] for number in range(33)]),
        ("shares in descending order", [[B, 1], [A, 1]]),
        ("an account twice", [[A, 1], [A, 2]]),
        ("all weights 0", [[A, 0], [B, 0]]),
        ("weight below 0", [[A, -1], [B, 2]]),
        ("weight too large", [[A, 10**9 + 1]]),
        ("account of 15 bytes", [[A[:15], 1]]),
        ("share of three", [[A, 1, 1]]),
    ):
        yield name, clause("rate_contribution", to=to)
    yield "367 days", clause("guaranteed_payment", days=367)
    yield "unknown calendar", clause("guaranteed_payment", calendar="moon")
    yield "cap 0", clause("guaranteed_payment", cap=0)
    yield "amount too large", clause("guaranteed_payment", cap=10**15 + 1)
    yield "no lines", wage()
    yield "17 lines", wage(*(line | {"name": f"x{number}"} for number in range(17)))
    yield "base of nothing", wage(line | {"base": []})
    yield "base that is not there", wage(line | {"base": ["y"]})
    yield "base that is itself", wage(line | {"base": ["x"]})
    yield "base that comes later", wage(line | {"base": ["y"]}, line | {"name": "y"})
    yield "base twice", wage(line | {"base": ["budget", "budget"]})
    yield "less that is not there", wage(line | {"less": ["y"]})
    yield "less twice", wage(line | {"less": ["budget", "budget"]})
    yield "name of a line twice", wage(line, line)
    for name in ("budget", "residual", "", "a\nb", "x" * 65):
        yield f"name {name[:10]!r} of {len(name)}", wage(line | {"name": name})
    yield "in kind over the whole", clause("reinvest", in_kind={"unit": "h", "price": 1, "cap": [3, 2]})
    yield "price 0", clause("reinvest", in_kind={"unit": "h", "price": 0, "cap": [1, 2]})
    yield "in kind without cap", clause("reinvest", in_kind={"unit": "h", "price": 1})
    yield "no class", clause("access", by_class={})
    yield "unknown class", clause("access", by_class={"pirate": [1, 1]})
    yield "class neither rate nor deny", clause("access", by_class={"coop": "allow"})
    for unit in ("", "a b", "x" * 13, "EUR\n"):
        yield f"unit {unit!r}", clause("access", unit=unit)
    yield "price below 0", clause("access", unit_price=-1)
    yield "deposit 0", clause("access", deposit=0)
    yield "reserve and commons over the whole", clause("patronage", reserve=[31, 100])
    yield "unknown base", clause("patronage", base="needs")
    yield "shares paid in shares", clause("share", shares="EUR")
    yield "least share 0", clause("share", min=0)
    yield "too long a notice", clause("share", notice_days=3_661)
    yield "lease of 100 years", clause("lease", years=100)
    yield "lease of 0 years", clause("lease", years=0)
    yield "rent by the week", clause("lease", every="week")
    yield "fee to the fund itself", clause("host_fee", to=A)
