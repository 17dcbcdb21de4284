# SPDX-License-Identifier: AGPL-3.0-or-later
"""The health of the node in words, and backups from the browser: made, checked, listed, refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar

from ledger.data_directory import DataDirectory
from ledger.errors import RefusedError
from ledger.keeping.backup import restore
from ledger.own.writer import Writer
from node.steward.backups import Backups
from node.steward.health import BAD, NOTE, OK
from tests.node.browsing import Page
from tests.node.running import RunningNode, fill, found, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    (tmp_path / "kept").mkdir()
    running = await RunningNode(found(tmp_path / "moot", "Moot"), backup_folder=str(tmp_path / "kept")).start()
    fill(running.ledger, 5)
    yield running
    await running.stop()


async def states(node: RunningNode) -> dict[str, tuple[str, str]]:
    _, told = await node.get("/v1/health", headers={"Authorization": f"Bearer {node.token}"})
    return {one["name"]: (one["state"], one["seen"]) for one in told["findings"]}


async def page(node: RunningNode, **sent: str) -> Page:
    """The page of a steward, or what comes of sending its form."""
    url = f"{node.url}/steward/health"
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        await browser.post(f"{node.url}/steward/sign-in", data={"token": node.token})
        async with browser.get(url) as answer:
            shown = Page(await answer.text())
        if not sent:
            return shown
        csrf = next(a["value"] for tag, a in shown.elements if tag == "input" and a["name"] == "csrf")
        async with browser.post(url, data=sent | {"csrf": csrf}) as answer:
            return Page(await answer.text())


async def test_what_needs_care_is_said_with_what_to_do(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await node.get("/v1/health"))[0] == 401
    seen = await states(node)
    assert {name for name, (state, _) in seen.items() if state == BAD} == {"backup"}
    assert seen["signing"] == (OK, "What is written is signed: 6 entries.")
    assert (seen["witnesses"][0], seen["peers"][0], seen["reach"][0]) == (NOTE, NOTE, NOTE)
    monkeypatch.setattr(Writer, "failure", "the disk is full")
    assert (await states(node))["signing"] == (BAD, "Writing has failed: the disk is full")


async def test_a_backup_is_made_in_the_browser_and_can_be_put_back(node: RunningNode, tmp_path: Path) -> None:
    assert "not the same" in (await page(node, passphrase="one two three", again="one two")).text
    assert "at least 8" in (await page(node, passphrase="one", again="one")).text
    assert not any((tmp_path / "kept").iterdir())
    await page(node, passphrase="one two three", again="one two three")
    head = {"Authorization": f"Bearer {node.token}"}

    async def made() -> dict[str, Any]:
        _, told = await node.get("/v1/backups", headers=head)
        return dict(told)

    while (told := await made())["running"]:
        assert 0 <= told["percent"] <= 100
    assert (told["problem"], told["last"]["keys"], len(told["kept"])) == ("", True, 1)
    assert (await states(node))["backup"][0] == OK
    shown = await page(node)
    assert told["kept"][0]["name"] in shown.text
    assert "sealed" in shown.text
    back = DataDirectory(tmp_path / "back")
    manifest = restore(back, tmp_path / "kept" / told["kept"][0]["name"], "one two three")
    assert manifest.size == 6


async def test_why_there_is_none(node: RunningNode, tmp_path: Path) -> None:
    for folder, said in (("", "no folder"), ("here", "absolute"), (str(tmp_path / "gone"), "is not there")):
        backups = Backups(node.ledger.directory, folder)
        with pytest.raises(RefusedError, match=said):
            backups.begin(None, 0)
    backups = Backups(node.ledger.directory, str(tmp_path / "kept"))
    (tmp_path / "kept" / "folkmoot-1970-01-01-000000").mkdir()
    backups.begin(None, 0)
    await until(lambda: not backups.running)
    assert "exists already" in backups.problem
    assert backups.kept() == []
