# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §10: whom each kind of statement concerns, so that every node derives the same chains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.builders import seeded
from tests.ledger.reciprocity.test_labour_mutual import Mutual
from tests.ledger.reciprocity.town import AT, DAY, Town, post_body

if TYPE_CHECKING:
    from protocol.signature import SigningKey

PEER = seeded("neighbour")


def concerned(town: Town, kind: str, body: dict[str, Any], *signers: SigningKey) -> tuple[bytes, set[bytes]]:
    """The id of a statement that is applied, and whom it concerns; each of them once."""
    town.kept.take(town.book)
    one_id = town.must(kind, body, *signers)
    links = town.book._links
    assert {position for _, position in links} <= {town.position - 1}
    assert len({one for one, _ in links}) == len(links)
    return one_id, {one for one, _ in links}


def test_members_accounts_and_words() -> None:
    town = Town()
    assert concerned(town, "unit.define", {"code": "EUR", "scale": 2, "sort": "money", "name": {"en": "E"}})[1] == set()
    ada = town.member()
    key = town.keys[ada]
    assert concerned(town, "member.set", {"member": ada, "consent": 4}, key)[1] == {ada}
    wallet, who = concerned(town, "account.open", {"owner": ada, "unit": "EUR", "type": "member"})
    assert who == {wallet, ada}
    fund, who = concerned(town, "account.open", {"owner": town.log_id, "unit": "EUR", "type": "fund"})
    assert who == {fund}
    assert concerned(town, "account.set", {"account": wallet, "ceiling": 9})[1] == {wallet, ada}
    assert concerned(town, "member.profile", {"member": ada, "name": "Ada"}, key)[1] == set()
    assert concerned(town, "note", {"about": ada, "text": "welcome"}, key)[1] == set()


def test_contracts_commitments_events_and_disputes() -> None:
    town = Town()
    ada, bo, cy = town.member(), town.member(), town.member()
    keys = town.keys
    offer = {"parties": sorted([ada, bo]), "accede": ["worker"], "clauses": [{"kind": "gift", "ack": "wanted"}]}
    offer |= {"from": DAY, "title": {"en": "Gifts"}}
    terms, who = concerned(town, "contract.offer", offer)
    assert who == {ada, bo}
    for one in (ada, bo, cy):
        town.sign(terms, one)
    assert {one for one, _ in town.book._links} == {ada, bo, cy}
    dispute, who = concerned(town, "dispute.open", {"about": terms}, keys[cy])
    assert who == {ada, bo, cy}
    assert concerned(town, "dispute.close", {"dispute": dispute, "outcome": "withdrawn"}, keys[cy])[1] == {ada, bo, cy}
    assert concerned(town, "contract.end", {"contract": terms, "on": DAY}, keys[cy])[1] == {ada, bo, cy}
    assert concerned(town, "contract.end", {"contract": terms, "on": DAY}, keys[ada])[1] == {ada, bo}
    event = {"action": "work", "provider": ada, "receiver": bo, "on": DAY, "stream": "care", "expects": "none"}
    done, who = concerned(town, "event", event, keys[ada])
    assert who == {ada, bo}
    assert concerned(town, "ack", {"event": done, "says": "thanks"}, keys[bo])[1] == {ada, bo}
    assert concerned(town, "correct", {"event": done}, keys[ada])[1] == {ada, bo}
    promised, who = concerned(town, "commit", {"action": "work", "provider": ada, "receiver": town.log_id}, keys[ada])
    assert who == {ada}
    assert concerned(town, "commit.cancel", {"commit": promised}, keys[ada])[1] == {ada}


def test_claims_and_posts() -> None:
    mutual = Mutual()
    worker, client, key = mutual.worker, mutual.client, mutual.keys[mutual.worker]
    body = {"debtor": client, "creditor": mutual.log_id, "for": worker, "amount": 100_000, "unit": "EUR"}
    body |= {"account": mutual.wages, "ended": DAY, "contract": mutual.terms}
    claim, who = concerned(mutual, "claim", body)
    assert who == {client, worker}
    assert concerned(mutual, "advance", {"claim": claim, "on": DAY})[1] == {client, worker}
    legs = {mutual.fund: -93_500, mutual.wages: 52_019, mutual.social: 28_476, mutual.tax: 13_005}
    wage = post_body("wage", legs, contract=mutual.terms, clause=2, claim=claim)
    assert concerned(mutual, "post", wage)[1] == {*legs, worker, client}
    gift = {mutual.wages: -5, mutual.services: 5}
    given, who = concerned(mutual, "post", post_body("transfer", gift), key)
    assert who == {*gift, worker}
    assert concerned(mutual, "dispute.open", {"about": given}, key)[1] == {worker}
    proposal = {"title": {"en": "?"}, "choices": ["yes", "no"], "closes": DAY}
    asked, who = concerned(mutual, "proposal", proposal, key)
    assert who == {worker}
    assert concerned(mutual, "proposal", proposal)[1] == set()
    for member in (worker, *mutual.pledgers):
        vote = {"proposal": asked, "member": member, "choice": 0}
        assert concerned(mutual, "vote", vote, mutual.keys[member])[1] == {member}
    decision = {"proposal": asked, "choice": 0, "counts": [5, 0], "abstained": 0}
    assert concerned(mutual, "decision", decision)[1] == {worker}


def test_payments_to_another_log() -> None:
    town = Town()
    town.unit()
    ada = town.member()
    wallet, bank = town.account(ada), town.account(type_="external")
    connector = town.account(type_="connector", peer=PEER)
    town.move("opening", {bank: -1_000, wallet: 1_000})
    body = {"account": wallet, "connector": connector, "log": PEER, "to": bytes(16), "amount": 400, "unit": "EUR"}
    assert concerned(town, "xfer.reserve", {**body, "scale": 2, "deadline": AT}, town.keys[ada])[1] == {
        wallet,
        ada,
        connector,
    }
