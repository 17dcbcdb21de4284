# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a record and its proof in Chromium: whole for everybody, and the link proves what it says it does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.node.browser.reading import axe, comes_true, faults, read_as, speak_arabic
from tests.node.directory.test_record_pages import EVIL, address, subject, write
from tests.node.running import RunningNode, found, record
from tests.node.verifier.browser import browsing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    """A node with a record about which everything there is has been said, much of it by somebody hostile."""
    running = await RunningNode(found(tmp_path / "moot", "Moot")).start()
    point = {"lat": 506_292_000, "lon": 30_573_000, "precision": 800, "method": "address"}
    mill: dict[str, Any] = {"name": {"en": "The mill", "fr": EVIL}, "description": {"en": f"Flour.\n{EVIL}"}}
    mill |= {"point": point, "hours": "Mo-Fr 08:00-12:00,13:00-18:00; PH off", "categories": ["osm:shop=bakery"]}
    offer = {"kind": "offer", "direction": "offer", "terms": ["give"], "valid_until": int(time.time()) + 86_400}
    near = {"predicate": "offered-by", "object": subject(running, 1)}
    write(
        running,
        ("record.put", {"record": record(1, name={"en": "Mill"})}),
        ("record.put", {"record": record(1, **mill)}),
        ("record.put", {"record": record(2, name={"en": "Mill, the"}, hours="24/7")}),
        ("record.put", {"record": record(3, **offer, relations=[near])}),
        ("claim.same", {"subject": subject(running, 2), "other": subject(running, 1)}),
        ("claim.checked", {"subject": subject(running, 1), "finding": "right", "note": EVIL}),
        ("claim.endorse", {"subject": subject(running, 1), "note": "x" * 300}),
    )
    try:
        yield running
    finally:
        await running.stop()


@pytest_asyncio.fixture
async def tab(tmp_path: Path) -> AsyncIterator[Tab]:
    async with browsing(tmp_path / "browser") as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "dark", "width"),
    [("en", False, 1280), ("fr", True, 320), ("ar", False, 320), ("ar", True, 1280)],
)
async def test_the_pages_are_for_everybody(
    node: RunningNode,
    tab: Tab,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    dark: bool,  # noqa: FBT001 - a table
    width: int,
) -> None:
    speak_arabic(monkeypatch)
    program = axe()
    await read_as(tab, language=language, dark=dark, width=width)
    for path in (address(node, 1), f"{address(node, 1)}/proof", "/"):
        await tab.open(node.url + path)
        await tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert await faults(tab, program) == [], path
        assert await tab.run("document.scrollingElement.scrollWidth <= innerWidth"), path
        assert await tab.run("document.documentElement.dir") == ("rtl" if language == "ar" else "ltr")
    assert tab.complaints == []
    assert [url for url in tab.requests if not url.startswith(node.url)] == []


async def test_the_browser_of_the_reader_checks_the_proof(node: RunningNode, tab: Tab) -> None:
    await read_as(tab)
    await tab.open(f"{node.url}{address(node, 1)}/proof?entry=2")
    check = await tab.run("document.querySelector('.proof .button').getAttribute('href')")
    await tab.open(node.url + check)
    await comes_true(tab, "document.querySelector('#results').textContent.includes('The mill')")
    assert "True" in await tab.run("document.querySelector('#verdict').textContent")
    assert tab.complaints == []


async def test_everything_is_there_without_scripts(node: RunningNode, tab: Tab) -> None:
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    await read_as(tab, width=320)
    await tab.open(node.url + address(node, 1))
    await tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert await tab.run("document.querySelector('.spot').getBoundingClientRect().height") > 100
    assert await tab.run("document.querySelectorAll('.week tr').length") == 7
    assert await tab.run("getComputedStyle(document.querySelector('.spot .within')).fillOpacity") == "0.22"
    await tab.run("document.querySelector('.history details').open = true")
    assert await tab.run("document.querySelector('.history ins').getBoundingClientRect().height") > 10


async def test_a_category_is_chosen_from_the_list(node: RunningNode, tab: Tab) -> None:
    await read_as(tab, language="nl")
    await tab.open(node.url)
    assert await tab.run("document.getElementById('category').options[1].textContent") == "Bakkerij (1)"
    sent = await tab.run(
        """(() => { document.getElementById("category").value = "osm:shop=bakery";
          return new URLSearchParams(new FormData(document.querySelector(".search"))).toString(); })()"""
    )
    await tab.open(f"{node.url}/?{sent}")
    assert await tab.run("document.querySelectorAll('.entries > li').length") == 1
    await tab.run("document.querySelector('.share').open = true")
    files = await tab.run("[...document.querySelectorAll('.share a[download]')].map((one) => one.getAttribute('href'))")
    assert "/v1/records.csv?category=osm%3Ashop%3Dbakery" in files
    for file in files:
        async with node.client.get(node.url + file) as answer:
            assert answer.status == 200
            told = await answer.read()
            assert told[:2] == b"PK" or b"The mill" in told, file
