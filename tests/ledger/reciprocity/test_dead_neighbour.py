# SPDX-License-Identifier: AGPL-3.0-or-later
"""A neighbour that is gone for good: what was reserved for it and what it owes is settled by the assembly, visibly."""

from __future__ import annotations

from ledger.reciprocity.state import Account, Outgoing
from tests.builders import seeded
from tests.ledger.reciprocity.town import AT, Town, post_body

PEER = seeded("neighbour that is gone")


def test_a_reservation_is_freed_and_a_debt_written_off_by_decision_only() -> None:
    town = Town()
    town.unit()
    ada, _ = town.member(), town.member()
    wallet, bank, losses = town.account(ada), town.account(type_="external"), town.account(type_="pool", floor=-9_000)
    connector = town.account(type_="connector", peer=PEER)
    town.move("opening", {bank: -1_000, wallet: 1_000})
    body = {"account": wallet, "connector": connector, "log": PEER, "to": bytes(16), "amount": 400, "unit": "EUR"}
    transfer = town.must("xfer.reserve", {**body, "scale": 2, "deadline": AT}, town.keys[ada])
    assert town.refused("post", post_body("transfer", {wallet: -700, bank: 700}), town.keys[ada]) == "floor"
    decision = town.decide("xfer.void", {"transfer": transfer})
    town.must("xfer.void", {"transfer": transfer, "decision": decision})
    state, account = town.book.get(Outgoing, transfer), town.book.get(Account, wallet)
    assert state is not None
    assert account is not None
    assert (state.state, account.reserved) == ("given_up", 0)
    debt = {connector: -300, losses: 300}
    assert town.refused("post", post_body("transfer", debt)) == "not_authorised"
    legs = {losses: -300, connector: 300}
    town.move("transfer", legs, decision=town.decide("post", post_body("transfer", legs)))
    assert town.posted(connector) == 300
