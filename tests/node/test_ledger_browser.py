# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of the ledger in a real browser without scripts: on a telephone and a desk, in the light and the dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from ledger.reciprocity.state import Account
from ledger.showing.view import LedgerView, own_tree
from node.forms.table import FORMS
from protocol.identity import show_log_id
from tests.node.browser.reading import axe, faults, read_as
from tests.node.mutual import account_id, one, write_mutual
from tests.node.running import RunningNode, found
from tests.node.verifier.browser import Tab, browsing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.long

PAGES = (
    *("", "/members", "/accounts", "/contracts", "/claims", "/assembly", "/bookings", "/neighbours", "/sign-in"),
    *(f"/member/{one(name).hex()}" for name in ("amina", "shop", "choir")),
    *(f"/contract/{one(name).hex()}" for name in ("contract", "tools")),
    *(f"/proposal/{one(name).hex()}" for name in ("proposal", "old")),
    f"/account/{account_id('fund').hex()}",
)

LOOKED_AT = """(() => {
  const channel = value => value <= 10.31475 ? value / 3294.6 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [], small = [], nameless = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement, style = getComputedStyle(element);
    const left = element.closest('svg, .hidden, .skip, details:not([open]) > :not(summary)');
    if (left || !walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const [one, other] = [light(parts(style.color)), light(ground(element))].sort((a, b) => a - b);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if ((other + 0.05) / (one + 0.05) < (large ? 3 : 4.5)) faint.push(element.outerHTML.slice(0, 80));
  }
  for (const element of document.querySelectorAll('button, input:not([type=hidden]), select, textarea, .button')) {
    const box = element.getBoundingClientRect();
    if (box.width && (box.width < 20 || box.height < 20)) small.push(element.outerHTML.slice(0, 80));
    const named = element.textContent.trim() || (element.labels && element.labels.length);
    if (!named) nameless.push(element.outerHTML.slice(0, 80));
  }
  const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map(heading => Number(heading.tagName[1]));
  const skipped = levels.filter((level, number) => number && level > levels[number - 1] + 1);
  const cut = [...document.querySelectorAll('h1, h2, button, label, summary, dd, figcaption')]
    .filter(element => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline')
    .map(element => element.outerHTML.slice(0, 80));
  return {wide: document.documentElement.scrollWidth - innerWidth, faint, small, nameless, skipped, cut};
})()"""


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    running = await RunningNode(found(tmp_path / "moot", "Moot")).start()
    write_mutual(running.ledger)
    try:
        yield running
    finally:
        await running.stop()


def addresses(node: RunningNode) -> list[str]:
    """Where the pages of the ledger and the steward's forms are."""
    base = f"{node.url}/ledger/{show_log_id(node.log_id)}"
    forms = [f"{node.url}/steward/do/{name}" for name in FORMS]
    return [*(base + path for path in PAGES), f"{node.url}/steward", *forms]


async def look(tab: Tab, url: str, *, width: int, dark: bool, language: str) -> dict[str, Any]:
    """Opens a page without scripts; what is not as it should be."""
    await tab.resize(width)
    features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    await tab.ask("Emulation.setEmulatedMedia", features=features)
    await tab.ask("Network.enable")
    await tab.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    await tab.open(url)
    seen = await tab.run(LOOKED_AT)
    assert isinstance(seen, dict)
    return seen


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


@pytest.mark.parametrize(
    ("width", "dark", "language"), [(320, True, "fr"), (320, False, "de"), (768, True, "en"), (1440, False, "en")]
)
async def test_every_page_can_be_read(
    node: RunningNode,
    tmp_path: Path,
    width: int,
    dark: bool,  # noqa: FBT001 - a table
    language: str,
) -> None:
    wrong = {}
    async with browsing(tmp_path / "chromium") as tab:
        await sign_in(tab, node)
        assert await tab.run("location.pathname") == "/steward"
        for url in addresses(node):
            seen = await look(tab, url, width=width, dark=dark, language=language)
            not_so = {name: what for name, what in seen.items() if what and not (name == "wide" and what <= 0)}
            if not_so:
                wrong[url.removeprefix(node.url)] = not_so
        assert wrong == {}
        assert tab.complaints == []
        assert all(url.startswith(node.url) for url in tab.requests if not url.startswith("data:"))


@pytest.mark.parametrize(("width", "dark", "language"), [(320, True, "fr"), (1280, False, "en")])
async def test_axe_finds_nothing(
    node: RunningNode,
    tmp_path: Path,
    width: int,
    dark: bool,  # noqa: FBT001 - a table
    language: str,
) -> None:
    program, found_wrong = axe(), {}
    async with browsing(tmp_path / "chromium") as tab:
        await sign_in(tab, node)
        await read_as(tab, language=language, dark=dark, width=width)
        for url in addresses(node):
            await tab.open(url)
            told = await faults(tab, program)
            if told:
                found_wrong[url.removeprefix(node.url)] = told
    assert found_wrong == {}


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
        assert "1.50 EUR" in await tab.run("document.querySelector('.card').textContent")
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
