# SPDX-License-Identifier: AGPL-3.0-or-later
"""Generated clauses: maps as they are signed, each within the rules of spec 18."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from protocol.amounts import AMOUNT_MAX, RATE_MAX
from protocol.clauses import MemberClass

ids = st.binary(min_size=16, max_size=16)
rates = st.tuples(st.integers(0, 300), st.integers(1, 300)).map(list) | st.tuples(
    st.integers(0, RATE_MAX), st.integers(1, RATE_MAX)
).map(list)
parts = rates.map(sorted).filter(lambda rate: rate[1] > 0)
"""Rates of at most the whole."""
positive = st.integers(1, 10_000) | st.integers(1, AMOUNT_MAX)
units = st.sampled_from(["EUR", "h", "kWh", "part"])
names = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=12).filter(
    lambda name: name not in {"budget", "residual"}
)


@st.composite
def shares(draw: st.DrawFn) -> list[list[Any]]:
    """Accounts with weights that are not all 0."""
    accounts = sorted(draw(st.sets(ids, min_size=1, max_size=6)))
    weights = draw(st.lists(st.integers(0, 100), min_size=len(accounts), max_size=len(accounts)).filter(any))
    return [[account, weight] for account, weight in zip(accounts, weights, strict=True)]


@st.composite
def wage_lines(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Lines that rest on what stands before them."""
    known, lines = ["budget"], []
    for name in draw(st.lists(names, min_size=1, max_size=6, unique=True)):
        line = {"name": name, "base": draw(_some(known, 1)), "rate": draw(parts)}
        less = draw(_some(known, 0))
        line |= {"less": less} if less else {}
        line |= {"to": draw(ids)} if draw(st.booleans()) else {}
        lines.append(line)
        known.append(name)
    return lines


def _some(known: list[str], least: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(list(known)), min_size=least, max_size=3, unique=True)


def _clause(kind: str, required: dict[str, Any], optional: dict[str, Any] | None = None) -> Any:
    return st.fixed_dictionaries({"kind": st.just(kind)} | required, optional=optional or {})


contributions = _clause("rate_contribution", {"of": st.just("claim"), "rate": parts, "to": shares()})
payments = _clause(
    "guaranteed_payment",
    {"days": st.integers(0, 366), "calendar": st.sampled_from(["days", "working"]), "fund": ids},
    {"cap": positive},
)
wages = _clause("wage_conversion", {"lines": wage_lines()})
reinvestments = _clause(
    "reinvest",
    {"rate": parts, "from": ids, "to": shares()},
    {"in_kind": st.fixed_dictionaries({"unit": units, "price": positive, "cap": parts})},
)
accesses = _clause(
    "access",
    {
        "resource": ids,
        "unit_price": st.just(0) | positive,
        "unit": units,
        "per": st.sampled_from(["day", "hour", "use"]),
        "by_class": st.dictionaries(st.sampled_from(get_args(MemberClass)), rates | st.just("deny"), min_size=1),
        "to": ids,
    },
    {"deposit": positive},
)
patronages = _clause(
    "patronage",
    {
        "base": st.sampled_from(["contributions", "purchases", "hours"]),
        "unit": units,
        "reserve": parts.map(lambda rate: [rate[0], 2 * rate[1]] if rate[1] <= 10**8 else [0, 1]),
        "reserve_to": ids,
        "commons": parts.map(lambda rate: [rate[0], 2 * rate[1]] if rate[1] <= 10**8 else [0, 1]),
        "commons_to": ids,
    },
    {"min": positive},
)
guarantees = _clause("mutual_guarantee", {"pool": ids, "pledges": shares()})
share_clauses = _clause(
    "share",
    {
        "shares": st.just("coopshare"),
        "nominal": positive,
        "unit": units,
        "min": st.integers(1, 10**9),
        "refund": st.sampled_from(["nominal", "none"]),
        "notice_days": st.integers(0, 3_660),
    },
)
leases = _clause(
    "lease",
    {
        "resource": ids,
        "years": st.integers(1, 99),
        "rent": st.just(0) | positive,
        "from": ids,
        "to": ids,
        "every": st.sampled_from(["month", "year"]),
    },
)
gifts = _clause("gift", {"ack": st.sampled_from(["wanted", "required"])})
host_fees = _clause("host_fee", {"fund": ids, "rate": parts, "to": ids}).filter(lambda fee: fee["fund"] != fee["to"])
clauses: st.SearchStrategy[dict[str, Any]] = st.one_of(
    contributions,
    payments,
    wages,
    reinvestments,
    accesses,
    patronages,
    guarantees,
    share_clauses,
    leases,
    gifts,
    host_fees,
)
