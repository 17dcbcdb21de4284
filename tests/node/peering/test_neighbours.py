# SPDX-License-Identifier: AGPL-3.0-or-later
"""Payments between the accounts of two running nodes: answered by themselves, finished after a crash (spec 19)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import pytest_asyncio

from ledger.deriving.books import open_book
from ledger.proofs.member_statement import make_member_statement
from ledger.reciprocity.state import Account, Outgoing
from node.peering import neighbours
from protocol.member_replay import MemberVerdict
from protocol.member_verdict import judge_member
from tests.ledger.organising import account, member, post, say, unit
from tests.node.running import RunningNode, found, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ledger.values import Tree
    from protocol.signature import SigningKey


class Side(NamedTuple):
    """A node with one member, their account, and the account that mirrors the neighbour."""

    node: RunningNode
    member: bytes
    key: SigningKey
    wallet: bytes
    connector: bytes

    def account(self, which: bytes) -> Account:
        ledger = self.node.ledger
        with ledger.store.read() as reads:
            found = open_book(reads, reads.tree_numbered(ledger.own.tree)).get(Account, which)
        assert found is not None
        return found

    def transfer(self, one: bytes) -> str:
        ledger = self.node.ledger
        with ledger.store.read() as reads:
            found = open_book(reads, reads.tree_numbered(ledger.own.tree)).get(Outgoing, one)
        return found.state if found else ""

    def statement(self) -> tuple[Tree, bytes]:
        """The member's statement now, and the tree that it is made from."""
        ledger = self.node.ledger
        ledger.writer.settle()
        with ledger.store.read() as reads:
            tree = reads.tree_numbered(ledger.own.tree)
            return tree, make_member_statement(reads, tree, self.member).data

    def pay(self, other: Side, amount: int, label: str, seconds: int = 3600) -> bytes:
        body: dict[str, Any] = {
            "account": self.wallet,
            "connector": self.connector,
            "log": other.node.log_id,
            "to": other.wallet,
            "amount": amount,
            "unit": "EUR",
            "scale": 2,
            "deadline": int(time.time()) + seconds,
        }
        return say(self.node.ledger, "xfer.reserve", body, self.key, label=label)


def settle(node: RunningNode, other: bytes, name: str) -> Side:
    ledger = node.ledger
    unit(ledger)
    one, key = member(ledger, name)
    wallet = account(ledger, one)
    connector = account(ledger, type_="connector", peer=other, floor=-5_000, ceiling=8_000)
    bank = account(ledger, type_="external")
    say(ledger, "member.set", {"member": one, "consent": 100_000}, key)
    say(ledger, "post", post("opening", {bank: -10_000, wallet: 10_000}))
    ledger.writer.settle()
    return Side(node, one, key, wallet, connector)


@pytest_asyncio.fixture
async def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Side, Side]]:
    """Two neighbours, connected."""
    monkeypatch.setattr(neighbours, "LOOK_S", 0.3)
    alder = await RunningNode(found(tmp_path / "alder", "Alder")).start()
    birch = await RunningNode(found(tmp_path / "birch", "Birch"), seeds=(alder.url,)).start()
    try:
        yield settle(alder, birch.log_id, "Ada"), settle(birch, alder.log_id, "Bo")
    finally:
        await birch.stop()
        await alder.stop()


async def test_a_payment_goes_from_one_member_to_the_other(sides: tuple[Side, Side]) -> None:
    ada, bo = sides
    one = ada.pay(bo, 2_500, "first")
    await until(lambda: ada.transfer(one) == "posted")
    assert (ada.account(ada.wallet).posted, ada.account(ada.wallet).reserved) == (7_500, 0)
    assert bo.account(bo.wallet).posted == 12_500
    assert (ada.account(ada.connector).posted, bo.account(bo.connector).posted) == (2_500, -2_500)
    back = bo.pay(ada, 4_000, "back")
    await until(lambda: bo.transfer(back) == "posted")
    assert (ada.account(ada.connector).posted, bo.account(bo.connector).posted) == (-1_500, 1_500)


async def test_statements_hold_before_and_after_payments(sides: tuple[Side, Side]) -> None:
    """At each state: nothing sent, set aside, sent. The first two are made again when the log has gone on."""
    ada, bo = sides
    say(bo.node.ledger, "member.set", {"member": bo.member, "consent": 0}, bo.key)
    bo.node.ledger.writer.settle()
    made = [ada.statement()]
    one = ada.pay(bo, 2_500, "first")
    await until(lambda: ada.account(ada.wallet).reserved == 2_500)
    made.append(ada.statement())
    say(bo.node.ledger, "member.set", {"member": bo.member, "consent": 9_000}, bo.key)
    await until(lambda: ada.transfer(one) == "posted")
    made.append(ada.statement())
    for (tree, data), amounts in zip(made, ((10_000, 0), (10_000, 2_500), (7_500, 0)), strict=True):
        finding = judge_member(data)
        assert finding.verdict is MemberVerdict.TRUE, finding.why
        assert [(leaf.posted, leaf.reserved) for leaf in finding.leaves if leaf.sort] == [amounts]
        with ada.node.ledger.store.read() as reads:
            assert make_member_statement(reads, tree, ada.member).data == data
    assert judge_member(bo.statement()[1]).verdict is MemberVerdict.TRUE


async def test_what_breaks_a_limit_or_names_nobody_is_refused_and_free_again(sides: tuple[Side, Side]) -> None:
    ada, bo = sides
    too_much = ada.pay(bo, 6_000, "beyond the trust that the neighbour gives")
    unknown = ada.pay(bo._replace(wallet=bytes(16)), 100, "nobody")
    late = ada.pay(bo, 100, "too late", seconds=-10)
    for one in (too_much, unknown, late):
        await until(lambda one=one: ada.transfer(one) == "void")  # type: ignore[misc] # bound now
    assert (ada.account(ada.wallet).posted, ada.account(ada.wallet).reserved) == (10_000, 0)
    assert bo.account(bo.wallet).posted == 10_000


async def test_a_member_who_has_not_agreed_is_waited_for(sides: tuple[Side, Side]) -> None:
    ada, bo = sides
    say(bo.node.ledger, "member.set", {"member": bo.member, "consent": 0}, bo.key)
    bo.node.ledger.writer.settle()
    one = ada.pay(bo, 100, "without consent")
    ada.node.ledger.writer.settle()
    other = ada.pay(bo, 200, "likewise")
    await until(lambda: ada.account(ada.wallet).reserved == 300)
    say(bo.node.ledger, "member.set", {"member": bo.member, "consent": 150}, bo.key)
    await until(lambda: ada.transfer(one) == "posted")
    assert ada.transfer(other) == "reserved"


@pytest.mark.parametrize("stopped", [0, 1])
async def test_either_side_may_stop_in_between(sides: tuple[Side, Side], stopped: int) -> None:
    ada, bo = sides
    payments = [ada.pay(bo, 10 + number, f"before {number}") for number in range(20)]
    await sides[stopped].node.stop()
    await sides[stopped].node.start()
    for one in payments:
        await until(lambda one=one: ada.transfer(one) == "posted")  # type: ignore[misc] # bound now
    total = sum(10 + number for number in range(20))
    assert (ada.account(ada.wallet).posted, bo.account(bo.wallet).posted) == (10_000 - total, 10_000 + total)
    assert (ada.account(ada.connector).posted, bo.account(bo.connector).posted) == (total, -total)
