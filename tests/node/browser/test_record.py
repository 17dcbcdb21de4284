# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a record and its proof in Chromium: whole for everybody, and the link proves what it says it does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.node.browser.everybody import check_for_everybody, for_each_reader
from tests.node.browser.reading import comes_true, read_as
from tests.node.directory.test_record_pages import EVIL, address, subject, write
from tests.node.running import RunningNode, record

if TYPE_CHECKING:
    from tests.node.browser.everybody import Reader
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long


@pytest.fixture
def node(bare: RunningNode) -> RunningNode:
    """A node with a record about which everything there is has been said, much of it by somebody hostile."""
    point = {"lat": 506_292_000, "lon": 30_573_000, "precision": 800, "method": "address"}
    mill: dict[str, Any] = {"name": {"en": "The mill", "fr": EVIL}, "description": {"en": f"Flour.\n{EVIL}"}}
    mill |= {"point": point, "hours": "Mo-Fr 08:00-12:00,13:00-18:00; PH off", "categories": ["osm:shop=bakery"]}
    offer = {"kind": "offer", "direction": "offer", "terms": ["give"], "valid_until": int(time.time()) + 86_400}
    near = {"predicate": "offered-by", "object": subject(bare, 1)}
    write(
        bare,
        ("record.put", {"record": record(1, name={"en": "Mill"})}),
        ("record.put", {"record": record(1, **mill)}),
        ("record.put", {"record": record(2, name={"en": "Mill, the"}, hours="24/7")}),
        ("record.put", {"record": record(3, **offer, relations=[near])}),
        ("claim.same", {"subject": subject(bare, 2), "other": subject(bare, 1)}),
        ("claim.checked", {"subject": subject(bare, 1), "finding": "right", "note": EVIL}),
        ("claim.endorse", {"subject": subject(bare, 1), "note": "x" * 300}),
    )
    return bare


@for_each_reader
async def test_the_pages_are_for_everybody(
    node: RunningNode, tab: Tab, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    paths = (address(node, 1), f"{address(node, 1)}/proof", "/")
    await check_for_everybody(node, tab, monkeypatch, reader, paths)


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
