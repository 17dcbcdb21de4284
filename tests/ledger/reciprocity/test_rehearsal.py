# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would have been owed last year: by month, and in all."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.reciprocity.contract_templates import template_text
from ledger.reciprocity.last_year import rehearse_template
from ledger.reciprocity.rehearsal import PastClaim, PastUse, Setting, by_month, rehearse, stand_in, sums
from ledger.reciprocity.template import Template, read_template
from ledger.reciprocity.yields import budget
from protocol.amounts import parse_day, parse_month, show_amount
from protocol.clauses import Clause, read_clauses
from tests.protocol.clauses import clauses as one_clause

YEAR = parse_day("2025-01-01")


def tried(text: str) -> dict[str, str]:
    """What each account gets in all, by name and as text; units other than the contract's behind a blank."""
    read: Template = read_template(text)
    rehearsal = rehearse_template(read)
    found = {}
    for (unit, account), amount in sums(rehearsal.owed).items():
        name = rehearsal.names[account] + ("" if unit == read.unit else f" {unit}")
        found[name] = show_amount(amount, read.section("units")[unit])
    return found


def test_a_year_of_the_labour_mutual() -> None:
    assert tried(template_text("labour-mutual")) == {
        "services": "66.67",
        "guarantee_fund": "13.33",
        "reserve": "3006.67",
        "social_security": "664.44",
        "tax_office": "303.45",
        "commons": "300.00",
        "pledge_amina": "-83.75",
        "pledge_bruno": "-83.75",
        "pledge_choir": "-167.50",
        "whoever made the claim": "1213.77",
        "the surplus": "-10000.00",
        "Amina": "3353.34",
        "Bruno": "2172.96",
        "Choir": "1173.70",
    }


def test_a_year_of_the_reciprocity_agreement() -> None:
    assert tried(template_text("reciprocity-agreement")) == {
        "firm_account": "-860.00",
        "tools": "430.00",
        "maintainer": "258.00",
        "translator": "172.00",
        "whoever made the claim": "24200.00",
    }


def test_a_year_of_rents_and_a_year_of_shares() -> None:
    assert tried(template_text("lease-99-years")) == {"tenant_account": "-1200.00", "land_fund": "1200.00"}
    shares = tried(template_text("energy-coop-shares"))
    assert (shares["whoever took shares part"], shares["the till"]) == ("3", "150.00")


def test_a_surplus_in_money_is_shared_by_hours() -> None:
    text = """
        title.en = "Hours"
        from = 2026-01-01
        unit = "EUR"
        units = { EUR = 2, h = 1 }
        accounts = { reserve = "", commons = "" }
        [[clause]]
        kind = "patronage"
        base = "hours"
        unit = "h"
        reserve = "1/3"
        reserve_to = "reserve"
        commons = 0
        commons_to = "commons"
        min = "1.00"
        [[last_year.surplus]]
        on = 2025-12-31
        amount = "900.00"
        totals = { Amina = "2.0", Bruno = "1.0" }
    """
    assert tried(text) == {"the surplus": "-900.00", "reserve": "300.00", "Amina": "400.00", "Bruno": "200.00"}


def test_the_months_in_which_something_was_owed() -> None:
    rehearsal = rehearse_template(read_template(template_text("tool-library")))
    months = by_month(rehearsal.owed)
    assert list(months) == [parse_month("2025-04"), parse_month("2025-05")]
    assert [one.refused for one in months[parse_month("2025-05")]] == [
        "",
        "no access for class city: it is not listed, or denied",
    ]


def test_a_yearly_rent_is_due_once_and_a_claim_over_the_cap_waits_for_the_client() -> None:
    fund, land, to = stand_in("fund"), stand_in("land"), stand_in("to")
    value: Any = [
        {"kind": "lease", "resource": land, "years": 5, "rent": 700, "from": to, "to": fund, "every": "year"},
        {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": fund, "cap": 1_000},
    ]
    setting = Setting(read_clauses(value), "EUR", {"EUR": 2})
    owed = rehearse(setting, YEAR, [PastClaim(YEAR + 40, 5_000, 4_999), PastClaim(YEAR + 50, 900, 0)])
    assert [(one.on - YEAR, [(line.name, line.amount) for line in one.lines]) for one in owed] == [
        (0, [("rent", -700), ("rent", 700)]),
        (40, [("budget", 4_999)]),
        (57, [("budget", -900), ("residual", 900)]),
    ]


def test_what_was_never_owed_is_said_in_words() -> None:
    setting = Setting(read_clauses([{"kind": "gift", "ack": "wanted"}]), "EUR", {"EUR": 2})
    (owed,) = rehearse(setting, YEAR, [PastClaim(YEAR, 100, 101)])
    assert (owed.lines, owed.refused) == ((), "101 would be paid of 100 owed")
    assert rehearse(setting, YEAR, [PastUse(YEAR, stand_in("van"), "coop", 5)]) == []


@given(st.lists(one_clause, min_size=1, max_size=5), st.lists(st.integers(1, 10**6), max_size=3), st.integers(0, 10))
def test_all_that_moves_under_a_contract_comes_from_the_clients(value: Any, amounts: list[int], tenths: int) -> None:
    if sum(clause["kind"] == "guaranteed_payment" for clause in value) > 1:
        return
    clauses: list[Clause] = read_clauses(value)
    claims = [PastClaim(YEAR + number, amount, amount * tenths // 10) for number, amount in enumerate(amounts)]
    owed = rehearse(Setting(clauses, "EUR", dict.fromkeys(["EUR", "h", "kWh", "part"], 2)), YEAR, claims)
    assert sum(sums(owed).values()) == sum(claim.paid for claim in claims)
    assert all(budget(clauses, claim.amount) >= 0 for claim in claims)
