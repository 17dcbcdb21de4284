# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offers, needs and what fits in Chromium: for everybody, on a phone, from the right, without scripts, hostile text."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.browser.everybody import check_for_everybody, for_each_reader
from tests.node.browser.reading import axe, faults, open_ready, read_as
from tests.node.directory.test_map import put
from tests.node.directory.test_offers import EVIL, LILLE, RECORDS, offer
from tests.node.mutual import DRILL, one, write_mutual
from tests.node.reciprocity.test_ledger_browser import sign_in
from tests.node.running import RunningNode, found

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.node.browser.everybody import Reader
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    """A node with offers and needs, of which one is hostile in every field that these pages show."""
    running = await RunningNode(found(tmp_path / "moot", "Moot"), zone="Europe/Brussels").start()
    more: dict[str, Any] = {
        "item": EVIL,
        "categories": [f"x:{EVIL}"[:90]],
        "terms": ["give", EVIL],
        "address": {"locality": EVIL},
    }
    evil = offer("evil", at=LILLE, valid_until=int(time.time()) + 9_000, **more) | {"name": {"en": EVIL}}
    drill = {"id": DRILL, "kind": "resource", "name": {"en": f"Drill {EVIL}"}, "licence": "CC0-1.0"}
    put(running.ledger, *RECORDS, evil, offer("other evil", wanted=True, **more), drill)
    write_mutual(running.ledger)
    try:
        yield running
    finally:
        await running.stop()


def pages(node: RunningNode) -> list[str]:
    base, there = f"/record/{show_log_id(node.log_id)}", resource(node)
    records = [f"{base}/{seeded(one_, 16).hex()}" for one_ in ("Cargo bike", "evil", "Old bike", "Joiner")]
    offers = [
        "/offers",
        "/offers?q=bike&near=Lille",
        "/offers?q=nothing+at+all",
        "/offers?near=Qqqqxz",
        "/offers?work=1&rate=25",
    ]
    return [*offers, *records, there, f"{there}?month=2026-09", f"{there}?week=2026-W40", f"{base}/{DRILL.hex()}"]


def resource(node: RunningNode) -> str:
    return f"/ledger/{show_log_id(node.log_id)}/resource/{DRILL.hex()}"


@for_each_reader
async def test_every_page_is_for_everybody(
    node: RunningNode, tab: Tab, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    await check_for_everybody(node, tab, monkeypatch, reader, pages(node), excused="40[034]")


async def test_what_fits_is_found_without_scripts(node: RunningNode, tab: Tab) -> None:
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    await read_as(tab, width=320)
    await tab.open(f"{node.url}/offers?q=bike")
    await tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert await tab.run("document.querySelectorAll('.fitting a').length") > 2
    assert "<script>alert(1)</script>" in await tab.run("document.querySelector('.sides').textContent")
    assert await tab.run("document.querySelectorAll('script').length") == 0


async def test_a_steward_books_with_what_the_browser_offers(node: RunningNode, tab: Tab) -> None:
    program = axe()
    await read_as(tab, width=320)
    await sign_in(tab, node)
    await open_ready(tab, node.url + resource(node))
    assert await faults(tab, program) == []
    day = date.fromtimestamp(time.time() + 9 * 86_400).isoformat()  # noqa: DTZ012 - some day soon, wherever
    await book(tab, f"{day}T10:00", f"{day}T12:00")
    assert await faults(tab, program) == []
    await sent(tab, "document.querySelector('button[value=sign]').click()")
    assert "10:00–12:00" in await tab.run("document.querySelector('.bookings').textContent")
    await book(tab, f"{day}T11:00", f"{day}T13:00")
    assert await tab.run("document.querySelectorAll('[role=alert] button').length") > 1
    assert await faults(tab, program) == []
    assert await tab.run("document.scrollingElement.scrollWidth <= innerWidth")
    assert await tab.run("document.querySelectorAll('script').length") == 0


async def sent(tab: Tab, expression: str) -> None:
    """Does something that leads to another page, and waits for it."""
    tab._loaded.clear()
    await tab.run(expression)
    await tab._loaded.wait()


async def book(tab: Tab, begin: str, end: str) -> None:
    """Fills the form in, for a member whom the organisation lends it to."""
    for name, value in (("begin", begin), ("end", end), ("receiver", one("amina").hex())):
        await tab.run(f"document.querySelector('.stack [name={name}]').value = {value!r}")
    await sent(tab, "document.querySelector('form.stack').requestSubmit()")
