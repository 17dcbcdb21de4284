# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole at a glance, the federation and the steward's desk in Chromium: for everybody, with scripts and without."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.builders import Log, found_organisation
from tests.ledger.making import hold
from tests.node.browser.everybody import check_for_everybody, for_each_reader
from tests.node.browser.reading import READY_S, comes_true, read_as
from tests.node.mutual import EVIL, write_mutual
from tests.node.reciprocity.test_ledger_browser import sign_in
from tests.node.running import RunningNode, found

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.node.browser.everybody import Reader
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long

PAGES = (
    "/flows", "/flows?period=all&sort=gift", "/flows?until=1999-01", "/peers",
    "/steward", "/steward/health", "/steward/federation", "/steward/commands", "/steward/do/label",
)  # fmt: skip


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    """A node with a mutual's year, a log of an organisation with a hostile name, and a folder for backups."""
    (tmp_path / "kept").mkdir()
    running = await RunningNode(found(tmp_path / "moot", "Moot"), backup_folder=str(tmp_path / "kept")).start()
    write_mutual(running.ledger)
    hold(running.ledger.store, Log(found_organisation("evil", name={"en": EVIL})))
    try:
        yield running
    finally:
        await running.stop()


@pytest_asyncio.fixture
async def tab(tab: Tab, node: RunningNode) -> Tab:
    await sign_in(tab, node)
    return tab


@for_each_reader
async def test_every_page_is_for_everybody(
    node: RunningNode, tab: Tab, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    await check_for_everybody(node, tab, monkeypatch, reader, PAGES)


async def test_without_scripts_the_picture_says_what_the_table_says(node: RunningNode, tab: Tab) -> None:
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    await read_as(tab, width=320)
    await tab.open(f"{node.url}/flows")
    await tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    said = await tab.run("[...document.querySelectorAll('.ring title')].map((one) => one.textContent)")
    rows = await tab.run("[...document.querySelectorAll('#table tbody tr')].map((one) => one.textContent)")
    assert any("81.0\u00a0h" in one for one in said)
    assert any("81.0\u00a0h" in one for one in rows)
    keys = await tab.run("document.querySelectorAll('figure:first-of-type .keys li').length")
    assert keys == await tab.run("document.querySelectorAll('figure:first-of-type .arc').length") > 2
    widest = await tab.run(
        "[...document.querySelectorAll('figure:first-of-type .ring .stream path')].map((one) => one.getBBox().width)"
    )
    assert widest[0] == max(widest)


async def test_hostile_names_stay_text(node: RunningNode, tab: Tab) -> None:
    await read_as(tab)
    for path in ("/flows", "/peers", "/steward/federation"):
        await tab.open(node.url + path)
        assert "<script>alert(1)</script>" in await tab.run("document.querySelector('main').textContent"), path
        assert await tab.run("document.querySelectorAll('main script, main b').length") == 0
    assert tab.complaints == []


async def test_a_backup_is_made_and_seen_to_be_done(node: RunningNode, tab: Tab) -> None:
    await read_as(tab)
    await tab.open(f"{node.url}/steward/health")
    await tab.run("setTimeout(() => document.querySelector('form.stack button').click(), 0)")
    done = "!document.getElementById('progress') && !!document.querySelector('#backups ~ .scroll tbody tr')"
    async with asyncio.timeout(READY_S):
        while True:
            try:  # the page opens itself again when the backup is there, which ends what is asked of it
                await comes_true(tab, done)
                break
            except AssertionError:
                continue
    assert "folkmoot-2" in await tab.run("document.querySelector('#backups ~ .scroll tbody').textContent")
    await tab.open(f"{node.url}/steward")
    assert await tab.run("!document.querySelector('.waiting a[href^=\"/steward/health\"]')")
