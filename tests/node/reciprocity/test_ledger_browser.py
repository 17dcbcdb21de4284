# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of the ledger in a real browser without scripts: on a telephone and a desk, in the light and the dark."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import pytest_asyncio

from ledger.reciprocity.state import Account
from ledger.showing.view import LedgerView, own_tree
from protocol.identity import show_log_id
from tests.node.browser.watching import LOOKED_AT
from tests.node.mutual import account_id, one, write_mutual
from tests.node.running import RunningNode, found
from tests.node.verifier.browser import Tab, browsing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.long


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    running = await RunningNode(found(tmp_path / "moot", "Moot")).start()
    write_mutual(running.ledger)
    try:
        yield running
    finally:
        await running.stop()


async def sign_in(tab: Tab, node: RunningNode) -> None:
    """As somebody does who has no mouse."""
    await tab.open(f"{node.url}/steward/sign-in")
    await tab.run("document.getElementById('token').focus()")
    await tab.ask("Input.insertText", text=node.token)
    await press_enter(tab)


async def press_enter(tab: Tab) -> None:
    tab._loaded.clear()
    for kind in ("keyDown", "keyUp"):
        await tab.ask(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            windowsVirtualKeyCode=13,
            text="\r" if kind == "keyDown" else "",
        )
    await tab._loaded.wait()


async def test_what_cannot_be_read_is_found(tmp_path: Path) -> None:
    page = (
        "<body style='background:#fff'><h1>A</h1><h3 style='color:#999'>B</h3><button></button>"
        "<p style='inline-size:2000px'>C</p>"
    )
    async with browsing(tmp_path / "chromium") as tab:
        await tab.resize(320)
        await tab.open(f"data:text/html,<!doctype html>{quote(page)}")
        seen = await tab.run(LOOKED_AT)
    assert seen["wide"] > 0
    assert len(seen["faint"]) == len(seen["nameless"]) == 1
    assert seen["skipped"] == [3]


async def test_a_steward_pays_by_keyboard_alone_and_without_scripts(node: RunningNode, tmp_path: Path) -> None:
    async with browsing(tmp_path / "chromium") as tab:
        await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
        await sign_in(tab, node)
        assert await tab.run("location.pathname") == "/steward"
        payer, payee = account_id("bank").hex(), account_id("fund").hex()
        await tab.open(f"{node.url}/steward/do/pay?payer={payer}&payee={payee}&on=2026-09-01")
        await tab.run("document.getElementById('amount').focus()")
        await tab.ask("Input.insertText", text="1,5x")
        await press_enter(tab)
        assert "Write an amount like" in await tab.run("document.querySelector('#amount-fault').textContent")
        await tab.run("(() => { const field = document.getElementById('amount'); field.focus(); field.select(); })()")
        await tab.ask("Input.insertText", text="1,5")
        await press_enter(tab)
        assert "1.50\N{NO-BREAK SPACE}EUR" in await tab.run("document.querySelector('.card').textContent")
        await tab.run("document.querySelector('button[value=sign]').focus()")
        await press_enter(tab)
        assert "It is written" in await tab.run("document.querySelector('h1').textContent")
        cookies = (await tab.ask("Network.getCookies", urls=[node.url]))["cookies"]
        assert [(cookie["httpOnly"], cookie["sameSite"]) for cookie in cookies] == [(True, "Strict")]
        assert all("422" in complaint for complaint in tab.complaints), "but for the form that was sent back"
    with node.ledger.store.read() as reads:
        posted = LedgerView(reads, own_tree(reads)).book.need(Account, account_id("fund")).posted
    assert posted == 501_000 + 150


async def test_pictures_say_what_their_tables_say(node: RunningNode, tmp_path: Path) -> None:
    """The heights of the columns are as the amounts beside them."""
    url = f"{node.url}/ledger/{show_log_id(node.log_id)}/member/{one('amina').hex()}"
    async with browsing(tmp_path / "chromium") as tab:
        await tab.resize(1200)
        await tab.open(url)
        rows = "[...document.querySelectorAll('figure table tbody tr')]"
        sums = await tab.run(f"{rows}.map(row => parseFloat(row.lastElementChild.textContent))")
        heights = await tab.run(
            """(() => { const columns = {}; for (const bar of document.querySelectorAll('svg.picture .bar')) {
              const box = bar.getBBox(); columns[box.x] = (columns[box.x] || 0) + box.height; }
              return Object.entries(columns).sort((a, b) => a[0] - b[0]).map(entry => entry[1]); })()"""
        )
    assert len(heights) == len(sums) == 9
    scale = max(heights) / max(sums)
    assert heights == pytest.approx([amount * scale for amount in sums], abs=0.5)
