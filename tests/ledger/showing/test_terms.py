# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clauses in plain words: every one of them says what it names, and nothing is left to be filled in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.showing.carrying import Told
from ledger.showing.terms import clause_texts, rate_text
from protocol.carried import Carried
from protocol.clauses import CLAUSE_KINDS, accounts_of, read_clauses
from tests.protocol import clauses

NOTHING_KNOWN = Told(Carried(b""))
SERVICES, FUND, DRILL = (bytes([number]) * 16 for number in range(1, 4))
KNOWN = Told(
    Carried(
        b"",
        names=((SERVICES, "Services", "EUR"), (FUND, "Fund", "EUR"), (DRILL, "Drill", "")),
        units=(("EUR", 2), ("h", 0)),
    )
)


@pytest.mark.parametrize(
    ("rate", "text"),
    [((65, 1000), "6.5 %"), ((1, 1), "100 %"), ((0, 7), "0 %"), ((1, 3), "1/3"), ((1307, 10_000), "13.07 %")],
)
def test_rates(rate: tuple[int, int], text: str) -> None:
    assert rate_text(rate) == text


def test_a_contribution_and_its_guarantee() -> None:
    contribution, guarantee = read_clauses(
        [
            {"kind": "rate_contribution", "of": "claim", "rate": [65, 1000], "to": [[SERVICES, 50], [FUND, 10]]},
            {"kind": "guaranteed_payment", "days": 7, "calendar": "working", "fund": FUND, "cap": 500_000},
        ]
    )
    assert clause_texts(contribution, KNOWN) == [
        "6.5 % of each claim goes to: Services (01010101) (50), Fund (02020202) (10)"
    ]
    assert clause_texts(guarantee, KNOWN)[1] == "It pays at most 5000.00 EUR in advance"
    assert "within 7 working days" in clause_texts(guarantee, KNOWN)[0]


def test_access_names_the_classes() -> None:
    (access,) = read_clauses(
        [
            {
                "kind": "access",
                "resource": DRILL,
                "unit_price": 4_000,
                "unit": "EUR",
                "per": "day",
                "by_class": {"coop": [1, 4], "for_profit": "deny"},
                "to": SERVICES,
                "deposit": 5_000,
            }
        ]
    )
    said = clause_texts(access, KNOWN)
    assert said[0].startswith("Drill (03030303) costs 40.00 EUR a day, paid to Services (01010101); by class: ")
    assert said[-1] == "Whoever takes it leaves 50.00 EUR with the owner"


ANY = {
    "rate_contribution": clauses.contributions,
    "guaranteed_payment": clauses.payments,
    "wage_conversion": clauses.wages,
    "reinvest": clauses.reinvestments,
    "access": clauses.accesses,
    "patronage": clauses.patronages,
    "mutual_guarantee": clauses.guarantees,
    "share": clauses.share_clauses,
    "lease": clauses.leases,
    "gift": clauses.gifts,
    "host_fee": clauses.host_fees,
}


@given(st.one_of(list(ANY.values())))
def test_every_clause_has_words(value: Any) -> None:
    (clause,) = read_clauses([value])
    said = " ".join(clause_texts(clause, NOTHING_KNOWN))
    assert said
    assert all(account.hex()[:8] in said for account in accounts_of(clause))


def test_every_kind_is_tried() -> None:
    assert ANY.keys() == CLAUSE_KINDS.keys()
