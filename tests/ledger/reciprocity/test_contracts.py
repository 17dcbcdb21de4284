# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §8: contracts, who is bound by them, from when and until when."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.reciprocity.contracts import is_in_force
from ledger.reciprocity.state import Contract
from tests.builders import signing_key
from tests.ledger.reciprocity.town import DAY, Town, post_body

GIFT = {"kind": "gift", "ack": "wanted"}


@pytest.fixture
def town() -> Town:
    made = Town()
    made.unit()
    return made


def offer(*parties: bytes, clauses: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    title = {"en": "Contract"}
    return {"parties": sorted(parties), "clauses": clauses or [GIFT], "from": DAY - 9, "title": title, **fields}


def signing(town: Town, contract: bytes, party: bytes) -> dict[str, Any]:
    return {"contract": contract, "party": party, "terms": town.cell(Contract, contract).terms}


def test_what_an_offer_names_is_there(town: Town) -> None:
    ada = town.member()
    pool = town.account(type_="pool")
    for body in (
        offer(ada, bytes(16)),
        offer(ada, supersedes=bytes(16)),
        offer(ada, clauses=[{"kind": "host_fee", "fund": pool, "rate": [1, 9], "to": bytes(16)}]),
        offer(
            ada, clauses=[{"kind": "access", "resource": ada, "unit_price": 1, "unit": "CHF", "per": "use"}
            | {"by_class": {"worker": [1, 1]}, "to": pool}],
        ),
    ):  # fmt: skip
        assert town.refused("contract.offer", body) == "unknown_ref"


def test_a_party_or_the_organisation_offers(town: Town) -> None:
    ada, bo = town.member(), town.member()
    assert town.refused("contract.offer", offer(ada), town.keys[bo]) == "not_authorised"
    town.must("contract.offer", offer(ada), town.keys[ada])
    town.must("contract.offer", offer(ada))
    town.must("member.set", {"member": ada, "status": "paused"})
    assert town.refused("contract.offer", offer(ada)) == "not_authorised"


def test_a_contract_binds_when_all_have_signed_the_exact_text(town: Town) -> None:
    ada, bo, cy = town.member(), town.member(), town.member()
    contract = town.must("contract.offer", offer(ada, bo))
    body = signing(town, contract, ada)
    assert town.refused("contract.sign", {**body, "contract": bytes(16)}, town.keys[ada]) == "unknown_ref"
    assert town.refused("contract.sign", body, town.keys[bo]) == "not_authorised"
    assert town.refused("contract.sign", signing(town, contract, cy), town.keys[cy]) == "not_authorised"
    assert town.refused("contract.sign", {**body, "terms": bytes(32)}, town.keys[ada]) == "clause_mismatch"
    town.must("contract.sign", body, town.keys[ada])
    assert town.refused("contract.sign", body, town.keys[ada]) == "already_resolved"
    assert not is_in_force(town.cell(Contract, contract), DAY)
    town.sign(contract, bo)
    assert [is_in_force(town.cell(Contract, contract), day) for day in (DAY - 10, DAY - 9, DAY)] == [False, True, True]


def test_it_is_superseded_by_one_that_all_its_parties_have_signed(town: Town) -> None:
    ada, bo, cy = town.member(), town.member(), town.member()
    old = town.contract([GIFT], ada, bo)
    stranger = offer(ada, cy, supersedes=old)
    assert town.refused("contract.offer", stranger, town.keys[ada]) == "not_authorised", "one of them is left out"
    new = town.must("contract.offer", {**offer(ada, bo, cy, supersedes=old), "from": DAY + 5})
    later = town.must("contract.offer", {**offer(ada, bo, supersedes=old), "from": DAY + 50})
    for party in (ada, bo):
        town.sign(new, party)
        town.sign(later, party)
    assert is_in_force(town.cell(Contract, old), DAY + 49)
    assert not is_in_force(town.cell(Contract, old), DAY + 50)
    town.sign(new, cy)
    assert [is_in_force(town.cell(Contract, old), day) for day in (DAY + 4, DAY + 5)] == [True, False]
    assert town.refused("contract.sign", signing(town, old, ada), town.keys[ada]) == "already_resolved"


def test_a_party_ends_it_for_all_and_who_acceded_for_themselves_and_not_for_what_is_past(town: Town) -> None:
    ada, bo, stranger = town.member(), town.member("user"), signing_key("a stranger")
    contract = town.contract([GIFT], town.log_id, ada, accede=["user"])
    town.sign(contract, bo)
    body = {"contract": contract, "on": DAY}
    assert town.refused("contract.end", {**body, "contract": bytes(16)}) == "unknown_ref"
    assert town.refused("contract.end", body, stranger) == "not_authorised"
    assert town.refused("contract.end", {**body, "on": DAY - 2}, town.keys[bo]) == "late"
    town.must("contract.end", {**body, "on": DAY - 1}, town.keys[bo])
    assert town.refused("contract.end", body, town.keys[bo]) == "already_resolved"
    town.sign(contract, bo)
    assert town.refused("contract.sign", signing(town, contract, bo), town.keys[bo]) == "already_resolved"
    assert is_in_force(town.cell(Contract, contract), DAY)
    town.must("contract.end", body, town.keys[ada])
    assert is_in_force(town.cell(Contract, contract), DAY)
    assert not is_in_force(town.cell(Contract, contract), DAY + 1)
    assert town.refused("contract.end", body) == "already_resolved"
    cy = town.member("user")
    assert town.refused("contract.sign", signing(town, contract, cy), town.keys[cy]) == "not_in_force"


def test_who_has_left_still_owes_for_what_was_before(town: Town) -> None:
    user, upkeep, van = town.member("user"), town.account(type_="pool"), b"van".ljust(16)
    access = {"kind": "access", "resource": van, "unit_price": 100, "unit": "EUR", "per": "use", "to": upkeep}
    contract = town.contract([{**access, "by_class": {"user": [1, 1]}}], town.log_id, accede=["user"])
    purse = town.account(user, floor=-1_000)
    town.sign(contract, user)
    events = [town.event(town.log_id, user, "use", resource=van, on=day) for day in (DAY, DAY + 1)]
    for event in events:
        town.must("ack", {"event": event, "says": "used"}, town.keys[user])
    town.must("contract.end", {"contract": contract, "on": DAY}, town.keys[user])
    bodies = [
        post_body("access_fee", {purse: -100, upkeep: 100}, contract=contract, clause=0, event=event)
        for event in events
    ]
    assert town.refused("post", bodies[1]) == "clause_mismatch"
    town.must("post", bodies[0])


def test_a_contract_takes_from_nobody_who_is_not_a_party_of_it(town: Town) -> None:
    """Not even from the organisation, which every contract names accounts of."""
    ada, bo, cy = town.member(), town.member(), town.member()
    wallet, victim, pool = town.account(ada), town.account(cy, floor=-99), town.account(type_="pool", floor=-99)
    for source in (pool, victim):
        lease = {
            "kind": "lease",
            "resource": ada,
            "years": 1,
            "rent": 50,
            "from": source,
            "to": wallet,
            "every": "year",
        }
        contract = town.contract([{**lease, "every": "year"}], ada, bo)
        body = post_body("rent", {source: -50, wallet: 50}, contract=contract, clause=0, period=0)
        assert town.refused("post", body, town.keys[ada]) == "not_authorised"
        town.must("post", body, town.keys[ada], *([town.org] if source == pool else [town.keys[cy]]))


def test_before_all_have_signed_nothing_is_owed(town: Town) -> None:
    ada, bo = town.member(), town.member()
    first, second = town.account(ada, floor=-99), town.account(bo)
    lease = {"kind": "lease", "resource": ada, "years": 1, "rent": 50, "from": first, "to": second, "every": "month"}
    contract = town.must("contract.offer", offer(ada, bo, clauses=[lease]))
    body = post_body("rent", {first: -50, second: 50}, contract=contract, clause=0, period=0)
    assert town.refused("post", body, town.keys[bo]) == "not_in_force"
    town.sign(contract, ada)
    assert town.refused("post", body, town.keys[bo]) == "not_in_force"
    town.sign(contract, bo)
    stranger = town.member()
    assert town.refused("post", body, town.keys[stranger]) == "not_authorised", "no party says so"
    town.must("post", body, town.keys[bo])
    town.must("contract.end", {"contract": contract, "on": DAY}, town.keys[ada])
    town.at += 40 * 86_400
    after = post_body("rent", {first: -10, second: 10}, contract=contract, clause=0, period=1)
    assert town.refused("post", after, town.keys[bo]) == "not_in_force"


def test_the_creditors_word_on_an_amount_takes_from_the_creditor_alone(town: Town) -> None:
    firm, other, client = town.member("for_profit"), town.member("for_profit"), town.member()
    purse, victim = town.account(firm, floor=-(10**6)), town.account(other, floor=-(10**6))
    commons = town.account(type_="pool")
    for source in (purse, victim):
        clause = {"kind": "reinvest", "rate": [1, 20], "from": source, "to": [[commons, 1]]}
        contract = town.contract([clause], town.log_id, firm, other)
        claim = town.claim(client, firm, 2_000, purse, contract=contract)
        body = post_body("reinvest", {source: -100, commons: 100}, contract=contract, clause=0, claim=claim)
        if source == victim:
            assert town.refused("post", body, town.keys[firm]) == "not_authorised"
            town.must("post", body, town.keys[other])
        else:
            town.must("post", body, town.keys[firm])
