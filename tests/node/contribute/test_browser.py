# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposing in Chromium: with a key made there, with the map, for everybody, from the right, on a phone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from ledger.proposals.inbox import Sent, propose, read_claim
from protocol.identity import show_log_id
from protocol.signature import SigningKey
from tests.builders import seeded
from tests.node.browser.everybody import check_for_everybody, for_each_reader
from tests.node.browser.reading import comes_true, open_ready, press, read_as
from tests.node.running import RunningNode, found, until
from tests.node.stewarding import EVIL, follow, point, put, record, sign_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.node.browser.everybody import Reader
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long


@pytest_asyncio.fixture
async def paths(node: RunningNode) -> list[str]:
    """The pages, over records and proposals of which some are hostile."""
    evil = {"name": {"en": EVIL}, "description": {"en": EVIL}, "hours": EVIL, "point": point(50.63, 3.06)}
    put(node.ledger, record("mill", point=point(50.6, 3.0)), record("evil", **evil))
    mill = {"log": node.log_id, "id": seeded("mill", 16)}
    changed: dict[str, Any] = {"subject": mill, "record": record("mill", **evil), "note": EVIL}
    proposed = propose(node.ledger, "claim.correct", changed, seeded("a", 16), Sent(b"", b""))
    told: dict[str, Any] = {"subject": mill, "type": "wrong", "note": EVIL}
    reported = propose(node.ledger, "claim.report", told, seeded("b", 16), Sent(b"", b""))
    about = f"log={show_log_id(node.log_id)}&id={seeded('evil', 16).hex()}"
    return [
        "/propose",
        f"/propose?record={seeded('evil', 16).hex()}",
        f"/propose?proposal={proposed.hex()}",
        f"/propose/report?{about}",
        "/proposals",
        f"/proposals/{proposed.hex()}?sent=yes",
        f"/proposals/{reported.hex()}",
        "/steward/links",
    ]


@for_each_reader
async def test_every_page_is_for_everybody(
    node: RunningNode, tab: Tab, paths: list[str], monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    await sign_in(tab, node)
    await check_for_everybody(node, tab, monkeypatch, reader, paths)


async def write(tab: Tab, **texts: str) -> None:
    """Writes into the fields of a form."""
    for name, text in texts.items():
        field = f"document.querySelector('[name={name}]')"
        await tab.run(f"{field}.value = {json.dumps(text)}; {field}.dispatchEvent(new Event('change'))")


async def test_a_key_is_made_here_and_kept(node: RunningNode, tab: Tab, paths: list[str], tmp_path: Path) -> None:
    assert paths
    await read_as(tab)
    await open_ready(tab, f"{node.url}/propose?kind=place")
    await write(tab, name_en="Tool library", description_en="Ladders\nand \u201cdrills\u201d, \u6c34\u8eca")
    await tab.run("document.getElementById('map').focus()")
    await press(tab, "Enter")
    assert float(await tab.run("document.getElementById('lat').value")) == pytest.approx(50.6, abs=1)
    await follow(tab, "button[value=check]")
    await comes_true(tab, "document.getElementById('key-public').textContent.length === 16")
    await follow(tab, "button[value=send]")
    await comes_true(tab, "location.search === '?sent=yes'")
    proposal_id = bytes.fromhex(str(await tab.run("location.pathname.split('/')[2]")))
    with node.ledger.store.read() as reads:
        row = reads.proposal(proposal_id)
    assert row is not None
    seed = bytes.fromhex(str(await tab.run("localStorage.getItem('folkmoot-proposer')")))
    key = SigningKey.from_seed(seed)  # it is the same key to another program
    assert read_claim(row.statement).statement.author == key.public
    await tab.open(f"{node.url}/proposals")
    await comes_true(tab, "!document.getElementById('mine').hidden")
    await follow(tab, "#mine")
    assert await tab.run("document.querySelectorAll('.proposals li').length") == 1
    await sign_in(tab, node)
    await tab.open(f"{node.url}/proposals/{proposal_id.hex()}")
    await follow(tab, "button[value=accepted]")
    assert "Accepted" in str(await tab.run("document.querySelector('main').textContent"))
    await tab.open(f"{node.url}/?q=tool")
    assert "Tool library" in str(await tab.run("document.querySelector('.entries').textContent"))
    assert tab.complaints == []
    other = await RunningNode(found(tmp_path / "other", "Other"), seeds=(node.url,)).start()
    try:
        await until(lambda: other.holds(node.log_id, node.ledger.own.size), "the neighbour has it")
        other.ledger.writer.settle()
        answered, told = await other.get("/v1/records?q=tool")
        assert (answered, told["total"]) == (200, 1)
        tree = other.tree(node.log_id)
        assert tree is not None
        with other.ledger.store.read() as reads:
            assert reads.verdicts(tree.tree, 0, tree.size) == {}  # both signatures hold there too
    finally:
        await other.stop()


async def go(tab: Tab, selector: str) -> None:
    """Presses Enter on a button of a page that runs no scripts, and waits for the next page."""
    root = await tab.ask("DOM.getDocument")
    found_there = await tab.ask("DOM.querySelector", nodeId=root["root"]["nodeId"], selector=selector)
    await tab.ask("DOM.focus", nodeId=found_there["nodeId"])
    if not selector.startswith("button"):
        return
    tab._loaded.clear()
    await press(tab, "Enter")
    await tab._loaded.wait()


async def test_without_scripts_it_is_sent_as_well(node: RunningNode, tab: Tab, paths: list[str]) -> None:
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    await read_as(tab, width=320)
    await tab.open(node.url + paths[1])
    await go(tab, "#locality")
    await tab.ask("Input.insertText", text="Fives")
    await go(tab, "button[value=check]")
    await go(tab, "button[value=send]")
    await tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert await tab.run("location.search") == "?sent=yes"
    told = str(await tab.run("document.querySelector('main').textContent"))
    assert "somebody who stays unnamed" in told
    assert "Fives" in told


async def test_the_map_begins_where_we_are_and_goes_to_the_town(node: RunningNode, tab: Tab, paths: list[str]) -> None:
    assert paths
    await read_as(tab)
    await open_ready(tab, f"{node.url}/propose?kind=place")
    towns = "[...document.querySelectorAll('.town')].map((town) => town.textContent).join()"
    assert "Lille" in await tab.run(towns)
    await write(tab, locality="Gent")
    await comes_true(tab, f"{towns}.includes('Gent') && !{towns}.includes('Lille')")
