# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 18 §1 to §9: what clauses yield is what the second implementation says, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ledger.reciprocity.lines import ClauseError, Line, legs_of
from ledger.reciprocity.patronage import Total, patronage
from ledger.reciprocity.yields import budget, can_advance, contribution, loss, payable_by, settlement, wage
from ledger.reciprocity.yields_use import (
    Given,
    ShareAccounts,
    access_fee,
    booked_units,
    host_fee,
    lease_due,
    lease_end,
    lease_period,
    reinvestment,
    share_in,
    share_out,
    worked_units,
)
from protocol.amounts import parse_day, show_day
from protocol.clauses import Access, Clause, read_clauses
from protocol.encoding import decode
from tests.protocol.vectors import Case, vectors


def clauses_of(case: Case) -> list[Clause]:
    return read_clauses(decode(bytes.fromhex(case["clauses_hex"]))) if case["clauses_hex"] else []


def rows(lines: list[Line]) -> list[list[Any]]:
    return [
        [line.clause, line.kind, line.name, line.account.hex(), str(line.amount), "{}/{}".format(*line.fraction)]
        for line in lines
    ]


def agree(lines: list[Line], case: Case) -> None:
    assert rows(lines) == case["lines"]
    assert [[account.hex(), str(amount)] for account, amount in legs_of(lines)] == case["legs"]


@contextmanager
def judged(case: Case) -> Iterator[None]:
    if case["valid"]:
        yield
        return
    with pytest.raises(ClauseError) as refusal:
        yield
    assert refusal.value.verdict == case["reason"]


@vectors("18-clauses", "contribution")
def test_contribution_vectors(case: Case) -> None:
    clauses, amount = clauses_of(case), int(case["amount"])
    with judged(case):
        agree(contribution(clauses, amount), case)
        assert budget(clauses, amount) == int(case["budget"])


@vectors("18-clauses", "payable")
def test_payable_vectors(case: Case) -> None:
    payable = payable_by(clauses_of(case), parse_day(case["ended"]))
    assert payable is not None
    assert show_day(payable) == case["payable"]
    assert can_advance(clauses_of(case), int(case["amount"])) == case["advanced"]


@vectors("18-clauses", "wage")
def test_wage_vectors(case: Case) -> None:
    account = bytes.fromhex(case["claim_account_hex"])
    with judged(case):
        agree(wage(clauses_of(case), case["clause"], int(case["amount"]), account), case)


@vectors("18-clauses", "settlement")
def test_settlement_vectors(case: Case) -> None:
    clauses, account, amount = clauses_of(case), bytes.fromhex(case["claim_account_hex"]), int(case["amount"])
    payments = [int(payment) for payment in case["payments"]]
    with judged(case):
        found = [
            rows(settlement(clauses, amount, account, sum(payments[:number]), payment))
            for number, payment in enumerate(payments)
        ]
        assert found == case["payments_lines"]


@vectors("18-clauses", "loss")
def test_loss_vectors(case: Case) -> None:
    with judged(case):
        agree(loss(clauses_of(case), case["clause"], int(case["amount"]), int(case["paid"])), case)


@vectors("18-clauses", "reinvest")
def test_reinvest_vectors(case: Case) -> None:
    given = [Given(bytes([number]) * 16, int(amount)) for number, amount in enumerate(case["given"])]
    with judged(case):
        agree(reinvestment(clauses_of(case), case["clause"], int(case["amount"]), given, case["scale"]), case)


@vectors("18-clauses", "access")
def test_access_vectors(case: Case) -> None:
    clauses, index = clauses_of(case), case["clause"]
    clause = clauses[index]
    per = clause.per if isinstance(clause, Access) else "use"
    units = booked_units(per, 1_000, 1_000 + case["seconds"])
    with judged(case):
        agree(access_fee(clauses, index, case["user_class"], units, bytes.fromhex(case["payer_hex"])), case)
        assert units == case["units"]
    if case["seconds"] % 3_600 == 0:
        assert worked_units(per, case["seconds"] // 36, 2) == units


@vectors("18-clauses", "patronage")
def test_patronage_vectors(case: Case) -> None:
    totals = [
        Total(bytes.fromhex(member), int(total), bytes.fromhex(account) or None)
        for member, total, account in case["totals"]
    ]
    pool = bytes.fromhex(case["pool_hex"])
    with judged(case):
        agree(patronage(clauses_of(case), case["clause"], int(case["surplus"]), pool, totals), case)


@vectors("18-clauses", "share")
def test_share_vectors(case: Case) -> None:
    accounts = ShareAccounts(*(bytes.fromhex(account) for account in case["accounts_hex"]))
    post, count = (share_in, case["count"]) if case["count"] >= 0 else (share_out, -case["count"])
    with judged(case):
        agree(post(clauses_of(case), case["clause"], count, accounts), case)


@vectors("18-clauses", "lease")
def test_lease_vectors(case: Case) -> None:
    clauses, index, begin = clauses_of(case), case["clause"], parse_day(case["day"])
    with judged(case):
        agree(lease_period(clauses, index, case["period"]), case)
        assert show_day(lease_due(clauses, index, begin, case["period"])) == case["due"]
        assert show_day(lease_end(clauses, index, begin)) == case["end"]


@vectors("18-clauses", "host_fee")
def test_host_fee_vectors(case: Case) -> None:
    with judged(case):
        agree(host_fee(clauses_of(case), case["clause"], int(case["income"])), case)
