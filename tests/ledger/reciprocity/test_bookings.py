# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §6: commitments, bookings, and what keeps a resource from being taken twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.reciprocity import bookings
from ledger.reciprocity.state import Bookings, Commitment
from protocol.amounts import first_day, month_of
from protocol.errors import Malformed
from protocol.reciprocity import check_reciprocity
from tests.ledger.reciprocity.town import AT, DAY, Town, event_body

VAN = b"van".ljust(16)
HOUR = 3_600


@pytest.fixture
def town() -> Town:
    return Town()


def promise(provider: bytes, receiver: bytes, begin: int = 0, hours: int = 0, **fields: Any) -> dict[str, Any]:
    body = {"action": "use", "provider": provider, "receiver": receiver, "resource": VAN, **fields}
    return {**body, "begin": AT + begin * HOUR, "end": AT + (begin + hours) * HOUR} if hours else body


def test_what_overlaps_is_refused_and_what_touches_is_not(town: Town) -> None:
    org, ada = town.log_id, town.member()
    first = town.must("commit", promise(org, ada, 10, 10))
    for begin, hours in ((5, 6), (12, 2), (10, 10), (9, 12), (19, 5)):
        assert town.refused("commit", promise(org, ada, begin, hours)) == "conflict"
    town.must("commit", promise(org, ada, 5, 5))
    town.must("commit", promise(org, ada, 20, 1))
    town.must("commit.cancel", {"commit": first})
    town.must("commit", promise(org, ada, 12, 2))


def test_a_calendar_is_its_providers(town: Town) -> None:
    """Nobody keeps another from using what is theirs by booking it first."""
    mallory = town.member()
    town.must("commit", promise(mallory, mallory, 0, 100), town.keys[mallory])
    town.must("commit", promise(town.log_id, mallory, 0, 100))


def test_a_booking_is_seen_in_every_month_that_it_touches(town: Town) -> None:
    org, ada = town.log_id, town.member()
    long = town.must("commit", promise(org, ada, 0, 24 * 99))
    assert town.refused("commit", promise(org, ada, 24 * 70, 1)) == "conflict"
    months = range(month_of(DAY), month_of(DAY + 99) + 1)
    keys = [org + VAN + month.to_bytes(4, "big") for month in months]
    assert all(len(town.cell(Bookings, key).times) == 1 for key in keys)
    town.must("commit.cancel", {"commit": long}, town.keys[ada])
    assert all(not town.cell(Bookings, key).times for key in keys)


def test_a_month_holds_so_many_bookings(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookings, "MONTH_BOOKINGS_MAX", 2)
    org, ada = town.log_id, town.member()
    for begin in (1, 2):
        town.must("commit", promise(org, ada, begin, 1))
    assert town.refused("commit", promise(org, ada, 3, 1)) == "ceiling"
    next_month = (first_day(month_of(DAY) + 1) - DAY) * 24
    town.must("commit", promise(org, ada, next_month, 1))


def test_who_has_access_by_contract_books_for_themselves(town: Town) -> None:
    town.unit()
    user, other, banned = town.member("user"), town.member("user"), town.member("city")
    pool = town.account(type_="pool")
    access = {"kind": "access", "resource": VAN, "unit_price": 1, "unit": "EUR", "per": "day", "to": pool}
    classes = {"user": [1, 1], "city": "deny"}
    contract = town.contract([{**access, "by_class": classes}], town.log_id, banned, accede=["user"], until=DAY + 9)
    body = promise(town.log_id, user, 0, 5, contract=contract)
    assert town.refused("commit", body, town.keys[user]) == "not_authorised", "has not acceded"
    town.sign(contract, user)
    for broken, key in (
        (promise(town.log_id, user, 0, 5), user),
        (promise(town.log_id, user, 0, 0, contract=contract), user),
        ({**body, "resource": pool}, user),
        ({**body, "provider": other}, user),
        (body, other),
        ({**body, "receiver": banned}, banned),
    ):
        assert town.refused("commit", broken, town.keys[key]) == "not_authorised"
    assert town.refused("commit", promise(town.log_id, user, 24 * 10, 5, contract=contract), town.keys[user]) == (
        "not_in_force"
    )
    booking = town.must("commit", body, town.keys[user])
    assert town.cell(Commitment, booking).by_receiver
    assert not town.cell(Commitment, town.must("commit", promise(town.log_id, user, 9, 5))).by_receiver
    town.must("dispute.open", {"about": contract})
    assert town.refused("commit", promise(town.log_id, user, 20, 1, contract=contract), town.keys[user]) == "frozen"


def test_what_a_commitment_names_is_there(town: Town) -> None:
    ada, bo = town.member(), town.member()
    for broken in ({"receiver": bytes(16)}, {"contract": bytes(16)}, {"quantity": {"amount": 1, "unit": "EUR"}}):
        assert town.refused("commit", {**promise(ada, bo), **broken}, town.keys[ada]) == "unknown_ref"
    town.unit()
    zero = promise(ada, bo, quantity={"amount": 0, "unit": "EUR"})
    assert town.refused("commit", zero, town.keys[ada]) == "bad_amount"
    assert town.refused("commit", promise(ada, bo), town.keys[bo]) == "not_authorised"
    town.must("member.set", {"member": bo, "status": "paused"})
    assert town.refused("commit", promise(ada, bo), town.keys[ada]) == "not_authorised"


def test_what_was_promised_is_kept_or_called_off_once(town: Town) -> None:
    ada, bo, cy = town.member(), town.member(), town.member()
    made = town.must("commit", promise(ada, bo, 0, 5), town.keys[ada])
    assert town.refused("commit.cancel", {"commit": bytes(16)}) == "unknown_ref"
    assert town.refused("commit.cancel", {"commit": made}, town.keys[cy]) == "not_authorised"
    kept = event_body(ada, bo, "use", resource=VAN, fulfils=made)
    for other in ({"receiver": cy}, {"action": "work"}, {"resource": cy}):
        assert town.refused("event", {**kept, **other}, town.keys[ada]) == "unknown_ref"
    town.must("event", kept, town.keys[ada])
    assert town.refused("event", kept, town.keys[ada]) == "already_resolved"
    assert town.refused("commit.cancel", {"commit": made}, town.keys[ada]) == "already_resolved"
    town.must("commit", promise(ada, bo, 0, 5), town.keys[ada])


@pytest.mark.parametrize(
    "times", [{"begin": 5}, {"end": 5}, {"begin": 5, "end": 5}, {"begin": 5, "end": 5 + 400 * 86_400 + 1}]
)
def test_a_time_has_a_begin_and_a_later_end(times: dict[str, int]) -> None:
    with pytest.raises(Malformed):
        check_reciprocity("commit", {**promise(bytes(16), bytes(16)), **times})


spans = st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 900)), max_size=12)


@given(spans)
def test_bookings_never_overlap(wanted: list[tuple[int, int]]) -> None:
    town, taken = Town(), list[tuple[int, int]]()
    ada = town.member()
    for begin, hours in wanted:
        town.say("commit", promise(town.log_id, ada, begin, hours))
        free = all(begin + hours <= other or end <= begin for other, end in taken)
        assert (town.verdict == "applied") == free
        if free:
            taken.append((begin, begin + hours))
