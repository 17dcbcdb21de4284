# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §6: the nineteen actions and what each does, acknowledgements, corrections, gifts."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity.events import EFFECTS
from ledger.reciprocity.state import EventState, Footprint, Resource, Totals
from ledger.reciprocity.totals import totals_key
from protocol.amounts import AMOUNT_MAX, month_of
from tests.ledger.reciprocity.town import DAY, Town, event_body

HERE, THERE = b"carrots".ljust(16), b"soup".ljust(16)
MONTH = month_of(DAY)

ACTIONS: dict[str, tuple[tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    "produce": ((0, 0), (1, 1), (0, 0)),
    "raise": ((0, 0), (1, 1), (0, 0)),
    "consume": ((-1, -1), (0, 0), (0, 0)),
    "lower": ((-1, -1), (0, 0), (0, 0)),
    "use": ((0, 0), (0, 0), (0, 0)),
    "work": ((0, 0), (0, 0), (0, 0)),
    "cite": ((0, 0), (0, 0), (0, 0)),
    "deliverService": ((0, 0), (0, 0), (0, 0)),
    "pickup": ((0, -1), (0, 0), (0, 0)),
    "accept": ((0, -1), (0, 0), (0, 0)),
    "combine": ((0, -1), (0, 0), (0, 0)),
    "dropoff": ((0, 0), (0, 1), (0, 0)),
    "modify": ((0, 0), (0, 1), (0, 0)),
    "separate": ((0, 0), (0, 1), (0, 0)),
    "transfer": ((-1, -1), (0, 0), (1, 1)),
    "move": ((-1, -1), (0, 0), (1, 1)),
    "transferAllRights": ((-1, 0), (0, 0), (1, 0)),
    "transferCustody": ((0, -1), (0, 0), (0, 1)),
    "copy": ((0, 0), (0, 0), (1, 1)),
}
"""Of `resource` at the provider, of `resource` at the receiver, of `to` at the receiver: (accounting, on hand)."""


@pytest.fixture
def town() -> Town:
    made = Town()
    made.unit("kg", 3, "goods")
    made.unit("h", 2, "time")
    return made


def held(town: Town, resource: bytes, holder: bytes) -> tuple[int, int]:
    found = town.book.get(Resource, resource + holder + b"kg")
    return (found.accounting, found.on_hand) if found else (0, 0)


def test_the_table_is_that_of_the_fold() -> None:
    assert ACTIONS.keys() == EFFECTS.keys()
    assert len(ACTIONS) == 19


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_taken_is_the_providers_and_what_is_added_the_receivers(town: Town, action: str) -> None:
    ada, bo = town.member(), town.member()
    event = town.event(ada, bo, action, resource=HERE, to=THERE, quantity={"amount": 5, "unit": "kg"})
    effect = tuple(held(town, *one) for one in ((HERE, ada), (HERE, bo), (THERE, bo)))
    wanted = tuple((5 * accounting, 5 * on_hand) for accounting, on_hand in ACTIONS[action])
    assert effect == wanted
    assert held(town, THERE, ada) == (0, 0)
    town.must("correct", {"event": event}, town.keys[ada])
    assert {held(town, *one) for one in ((HERE, ada), (HERE, bo), (THERE, bo))} == {(0, 0)}


def test_nobody_changes_what_another_holds(town: Town) -> None:
    ada = town.member()
    town.event(town.log_id, town.log_id, "produce", resource=HERE, quantity={"amount": 500, "unit": "kg"})
    town.event(ada, ada, "consume", resource=HERE, quantity={"amount": 500, "unit": "kg"})
    assert held(town, HERE, town.log_id) == (500, 500)
    assert held(town, HERE, ada) == (-500, -500)


def test_an_event_is_its_providers_word_for_somebody_who_is_there(town: Town) -> None:
    ada, bo = town.member(), town.member()
    body = event_body(ada, bo)
    assert town.refused("event", body, town.keys[bo]) == "not_authorised"
    for broken in (
        {"receiver": bytes(16)},
        {"provider": bytes(32)},
        {"contract": bytes(16)},
        {"fulfils": bytes(16)},
        {"quantity": {"amount": 1, "unit": "CHF"}},
        {"footprint": [{"amount": 1, "unit": "CHF"}]},
    ):
        assert town.refused("event", {**body, **broken}, town.keys[ada]) == "unknown_ref"
    town.must("member.set", {"member": bo, "status": "paused"})
    assert town.refused("event", body, town.keys[ada]) == "not_authorised"


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"quantity": {"amount": 0, "unit": "kg"}}, "bad_amount"),
        ({"effort": {"amount": -1, "unit": "h"}}, "bad_amount"),
        ({"footprint": [{"amount": 0, "unit": "kg"}]}, "bad_amount"),
        ({"effort": {"amount": 1, "unit": "kg"}}, "wrong_unit"),
    ],
)
def test_amounts_of_events(town: Town, fields: dict[str, Any], verdict: str) -> None:
    ada = town.member()
    assert town.refused("event", {**event_body(ada, ada), **fields}, town.keys[ada]) == verdict


def test_a_quantity_stays_in_its_range(town: Town) -> None:
    ada = town.member()
    fields: dict[str, Any] = {"resource": HERE, "quantity": {"amount": AMOUNT_MAX, "unit": "kg"}}
    town.event(ada, ada, "raise", **fields)
    assert town.refused("event", event_body(ada, ada, "raise", **fields), town.keys[ada]) == "bad_amount"
    town.event(ada, ada, "lower", **fields)


def test_work_for_the_organisation_counts_when_the_organisation_stands_by_it(town: Town) -> None:
    ada, bo = town.member(), town.member()
    effort = {"amount": 750, "unit": "h"}
    key = totals_key(MONTH, "h", ada)
    town.must("ack", {"event": town.event(ada, bo, effort=effort), "says": "confirmed"}, town.keys[bo])
    gift = town.event(ada, town.log_id, effort=effort, expects="none")
    town.must("ack", {"event": gift, "says": "confirmed"})
    event = town.event(ada, town.log_id, effort=effort)
    town.must("ack", {"event": event, "says": "thanks"})
    assert town.book.get(Totals, key) is None
    town.must("ack", {"event": event, "says": "used"})
    town.must("ack", {"event": event, "says": "confirmed"})
    assert town.cell(Totals, key).hours == 750, "once"
    town.must("correct", {"event": event}, town.keys[ada])
    assert town.cell(Totals, key).hours == 0


def test_an_acknowledgement_is_the_receivers_each_word_once(town: Town) -> None:
    ada, bo = town.member(), town.member()
    event = town.event(ada, bo)
    body = {"event": event, "says": "thanks"}
    assert town.refused("ack", {**body, "event": bytes(16)}, town.keys[bo]) == "unknown_ref"
    assert town.refused("ack", body, town.keys[ada]) == "not_authorised"
    town.must("ack", body, town.keys[bo])
    assert town.refused("ack", body, town.keys[bo]) == "already_resolved"
    town.must("correct", {"event": event}, town.keys[ada])
    assert town.refused("ack", {**body, "says": "used"}, town.keys[bo]) == "already_resolved"


def test_an_event_is_taken_back_once_by_its_provider_or_the_organisation_with_the_receiver(town: Town) -> None:
    ada, bo = town.member(), town.member()
    event = town.event(ada, bo)
    assert town.refused("correct", {"event": bytes(16)}) == "unknown_ref"
    for signers in ([town.org], [town.keys[bo]]):
        assert town.refused("correct", {"event": event}, *signers) == "not_authorised"
    town.must("correct", {"event": event}, town.org, town.keys[bo])
    assert town.refused("correct", {"event": event}, town.keys[ada]) == "already_resolved"
    assert town.cell(EventState, event).corrected


def test_a_contract_is_named_by_its_parties_and_what_flows_beside_money_is_counted(town: Town) -> None:
    ada, bo, cy = town.member(), town.member(), town.member()
    contract = town.contract([{"kind": "gift", "ack": "wanted"}], ada)
    footprint = [{"amount": 30, "unit": "kg"}, {"amount": -10, "unit": "kg"}]
    body = event_body(cy, bo, contract=contract, footprint=footprint)
    assert town.refused("event", body, town.keys[cy]) == "not_authorised"
    event = town.event(cy, ada, contract=contract, footprint=footprint)
    key = contract + MONTH.to_bytes(4, "big") + b"kg"
    assert town.cell(Footprint, key).amount == 20
    town.event(cy, bo, footprint=footprint)
    assert town.cell(Footprint, bytes(16) + MONTH.to_bytes(4, "big") + b"kg").amount == 20
    town.must("correct", {"event": event}, town.keys[cy])
    assert town.cell(Footprint, key).amount == 0
