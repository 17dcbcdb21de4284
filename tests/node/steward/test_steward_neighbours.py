# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two organisations pay each other from their stewards' browsers, each on its own node (spec 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar

from ledger.showing.naming import find_account
from ledger.showing.transfers import neighbour_objects, transfer_objects
from ledger.showing.view import LedgerView, own_tree
from node.peering import neighbours
from protocol.identity import show_log_id
from tests.node.running import RunningNode, found, until
from tests.node.steward.test_steward import HTML, fill, read, sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.node.browsing import Page

ON = "2023-11-01"


class Side(NamedTuple):
    """A node, and its steward's browser."""

    node: RunningNode
    browser: Any

    @property
    def log(self) -> str:
        return show_log_id(self.node.log_id)

    async def do(self, form: str, **fields: Any) -> Page:
        """Fills a form in and signs it."""
        done = await read(self.browser, await sign(self.browser, form, await fill(self.browser, form, **fields)))
        assert "no effect" not in done.text
        return done

    def shown(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Neighbours, and payments."""
        with self.node.ledger.store.read() as reads:
            view = LedgerView(reads, own_tree(reads), private=True)
            return neighbour_objects(view), transfer_objects(view)

    def states(self) -> list[str]:
        return [one["state"] for one in self.shown()[1]]

    def account(self, name: str) -> str:
        with self.node.ledger.store.read() as reads:
            return find_account(LedgerView(reads, own_tree(reads), private=True), name).hex()

    async def settle(self) -> None:
        """A currency, a till with 100.00, and a member with an account."""
        await self.do("unit-add", code="EUR", sort="money", decimals="2", name="euro")
        for title, kind in (("Bank", "external"), ("Till", "pool")):
            await self.do("account-open", owner=self.log, unit="EUR", type=kind, title=title)
        await self.do("pay", payer="Bank", payee="Till", amount="100", on=ON)
        await self.do("member-add", **{"class": "worker", "name": "Ada"})
        await self.do("account-open", owner="Ada", unit="EUR")


@pytest_asyncio.fixture
async def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Side, Side]]:
    monkeypatch.setattr(neighbours, "LOOK_S", 0.3)
    alder = await RunningNode(found(tmp_path / "alder", "Alder")).start()
    birch = await RunningNode(found(tmp_path / "birch", "Birch"), seeds=(alder.url,)).start()
    browsers = [ClientSession(node.url, cookie_jar=CookieJar(unsafe=True)) for node in (alder, birch)]
    try:
        for node, browser in zip((alder, birch), browsers, strict=True):
            answer = await browser.post("/steward/sign-in", data={"token": node.token}, headers=HTML)
            assert answer.url.path == "/steward"
        yield Side(alder, browsers[0]), Side(birch, browsers[1])
    finally:
        for browser in browsers:
            await browser.close()
        await birch.stop()
        await alder.stop()


async def test_two_stewards_trade(sides: tuple[Side, Side]) -> None:
    alder, birch = sides
    for one in sides:
        await one.settle()
    for one, other in (sides, sides[::-1]):
        await until(lambda one=one, other=other: one.node.tree(other.node.log_id))  # type: ignore[misc] # bound now
        await one.do("neighbour-add", log=other.log[:8], unit="EUR", trust="50")
    await until(lambda: len(birch.shown()[0]) == 1 and alder.node.holds(birch.node.log_id, birch.node.ledger.own.size))
    fields = {"payer": "Till", "neighbour": birch.log, "amount": "12,50", "days": "7"}
    await alder.do("neighbour-pay", payee="Till", **fields)
    await until(lambda: alder.states() == ["posted"])
    assert [one["owes"] for one in alder.shown()[0] + birch.shown()[0]] == ["12.50", "-12.50"]
    page = await read(alder.browser, f"/ledger/{alder.log}/neighbours")
    assert "Birch" in page.text
    assert "12.50 EUR" in page.text.replace("\u00a0", " ")

    await alder.do("neighbour-pay", payee=birch.account("Ada/EUR"), **fields | {"amount": "1"})
    await until(lambda: birch.states()[-1] == "waiting")
    page = await read(birch.browser, f"/ledger/{birch.log}/neighbours")
    (accept,) = [url for url in page.links() if url.startswith("/steward/do/neighbour-accept?")]
    assert (await read(birch.browser, accept)).text
    shown = await fill(birch.browser, "neighbour-accept", payment=birch.shown()[1][-1]["id"])
    (grown,) = alder.node.ledger.writer.append([alder.node.ledger.state("note", {"text": "meanwhile"})]).result()
    await until(lambda: birch.node.holds(alder.node.log_id, grown.position + 1))
    await sign(birch.browser, "neighbour-accept", shown)  # the same payment under a newer checkpoint
    await until(lambda: alder.states() == ["posted", "posted"])

    for wrong, why in (({"payee": "Nobody"}, "write its whole id"), ({"days": "90"}, "From 1 to 60 days")):
        answer = await fill(alder.browser, "neighbour-pay", 422, **fields | {"payee": "Till"} | wrong)
        assert why in answer.text
    too_much = await fill(alder.browser, "neighbour-pay", 422, payee="Till", **fields | {"amount": "90"})
    assert "does not hold that much" in too_much.text
