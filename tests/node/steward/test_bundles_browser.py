# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles, the check of every entry and the override in Chromium: with scripts and without, and for everybody."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from node.steward.audits import AUDITS, Checked, KeptFault, _Kept
from node.steward.carrying import CARRYING
from protocol.bundle import read_header
from tests.node.browser.everybody import (
    check_for_everybody,
    check_unscripted_and_by_keyboard,
    for_each_reader,
)
from tests.node.browser.hostile import NOTICED, TEXTS, WATCH
from tests.node.browser.reading import comes_true, press
from tests.node.browser.watching import looked_at
from tests.node.reciprocity.test_ledger_browser import sign_in
from tests.node.running import doubt, until
from tests.node.steward.test_bundles import bundle_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.node.browser.everybody import Reader
    from tests.node.running import RunningNode
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long
WAIT_S = 120.0
WORKING = "!!document.querySelector('progress, [data-running]')"


@pytest_asyncio.fixture
async def tab(tab: Tab) -> Tab:
    await tab.ask("Page.enable")
    await tab.ask("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    return tab


def keep(node: RunningNode, phase: str, name: str, data: bytes, **more: object) -> str:
    """A bundle in this phase, without work on it; the address of its page."""
    files = node.running._runner.app[CARRYING].files  # type: ignore[union-attr] # it runs
    receiving = files.receive()
    receiving.write(data)
    receiving.flush()
    with (receiving.folder / "file").open("rb") as file:
        parts = read_header(file.read)
    one = files.begin(receiving, name, parts, {})
    files.change(one.id, phase=phase, **more)
    return f"/steward/bundles/{one.id}"


@pytest.fixture
def paths(node: RunningNode, tmp_path: Path) -> list[str]:
    """A page of each sort, with what is hostile in it."""
    data = bundle_of(tmp_path / "a.db", "alder")
    row = {"log": "a" * 52, "epoch": 2, "taken": 12_345, "held": -1}
    rows = [
        row | {"state": "refused", "reason": "root", "why": TEXTS[0]},
        row | {"state": "held", "reason": "", "why": ""},
    ]
    every = [
        keep(node, "done", TEXTS[0], data, logs=tuple(rows), broken={"reason": "truncated", "why": TEXTS[1]}),
        keep(node, "stopped", TEXTS[2], data, fault=TEXTS[0]),
        keep(node, "taking", TEXTS[3], data),
    ]
    origin = str(node.ledger.own.origin)
    faults = [KeptFault(origin, 5, TEXTS[0]), KeptFault("folkmoot/" + "b" * 52 + "/1", -1, TEXTS[4])]
    checked = Checked(1_790_000_000, 1_790_000_300, 2, 12_345, 12_345, faults, 300, [TEXTS[5]])
    audits = node.running._runner.app[AUDITS]  # type: ignore[union-attr] # it runs
    audits._keep(_Kept(checked, 1_790_000_400))
    doubt(node.ledger, "the head file is missing")
    return ["/steward/bundles", *every, "/steward/health", "/steward/override"]


@for_each_reader
async def test_each_page_is_for_everybody(
    node: RunningNode, tab: Tab, paths: list[str], monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    async def noticed() -> list[str]:
        return [one for one in (*await looked_at(tab), *await tab.run(NOTICED)) if one]

    await sign_in(tab, node)
    await check_for_everybody(node, tab, monkeypatch, reader, paths, noticed=noticed)


async def test_each_page_is_whole_without_scripts_and_by_keyboard(
    node: RunningNode, tab: Tab, paths: list[str]
) -> None:
    await sign_in(tab, node)
    await check_unscripted_and_by_keyboard(node, tab, paths)


async def follow(tab: Tab, selector: str) -> str:
    """Presses a button, waits for the page that is the end of it, while the node works; what that says."""
    await tab.run(f"document.querySelector({selector!r}).focus()")
    tab._loaded.clear()
    await press(tab, "Enter")
    await tab._loaded.wait()
    deadline = time.monotonic() + WAIT_S
    while await _is_working(tab):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
    return str(await tab.run("document.querySelector('main').innerText"))


async def _is_working(tab: Tab) -> bool:
    try:
        return bool(await tab.run(f"document.readyState !== 'complete' || {WORKING}"))
    except AssertionError:  # one page has just given way to the next
        return True


@pytest.mark.parametrize("scripts", [True, False])
async def test_logs_go_out_and_come_in_again(
    node: RunningNode,
    tab: Tab,
    tmp_path: Path,
    scripts: bool,  # noqa: FBT001 - a table
) -> None:
    """Twice the same, with scripts and without: they only add comfort."""
    sent, broken = tmp_path / "sent.bundle", tmp_path / "broken.bundle"
    sent.write_bytes(bundle_of(tmp_path / "a.db", "alder", "birch", size=600))
    data = bundle_of(tmp_path / "b.db", "cedar", size=3_000)
    broken.write_bytes(data[: len(data) * 2 // 3])
    folder = tmp_path / "downloads"
    folder.mkdir()
    await sign_in(tab, node)
    await tab.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
    for file, said in (
        (sent, ("1,200", "LOGS WITH NEWS")),
        (sent, ("held already",)),
        (broken, ("Not all of the file could be read",)),
    ):
        await tab.open(f"{node.url}/steward/bundles")
        told = await tab.ask("Runtime.evaluate", expression="document.getElementById('file')")
        await tab.ask("DOM.setFileInputFiles", files=[str(file)], objectId=told["result"]["objectId"])
        text = await follow(tab, ".import-file button")
        for one in said:
            assert one.casefold() in text.casefold()
    await tab.open(f"{node.url}/steward/bundles")
    await tab.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    await tab.run("document.querySelector('#take-along ~ form button').click()")
    await until(lambda: any(folder.glob("*.bundle")), "the download")
    with next(folder.glob("*.bundle")).open("rb") as bundle:
        assert len(read_header(bundle.read)) == 3, "its own, and what was brought in whole"


@pytest.mark.parametrize("scripts", [True, False])
async def test_all_is_checked_and_then_signed_without_an_answer(
    node: RunningNode,
    tab: Tab,
    scripts: bool,  # noqa: FBT001 - a table
) -> None:
    await sign_in(tab, node)
    await tab.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
    await tab.open(f"{node.url}/steward/health")
    tab._loaded.clear()
    await tab.run("document.querySelector('form[action$=audit] button').click()")
    await tab._loaded.wait()
    audits = node.running._runner.app[AUDITS]  # type: ignore[union-attr] # it runs
    await asyncio.to_thread(audits.wait, WAIT_S)
    await tab.open(f"{node.url}/steward/health")
    text = str(await tab.run("document.querySelector('main').innerText"))
    assert "All was as it should be." in text
    doubt(node.ledger, "the head file is missing")
    await tab.open(f"{node.url}/steward/override")
    await tab.run("document.getElementById('reason').value = 'The old machine has burnt.'")
    assert "The old machine has burnt." in await follow(tab, "main form button")
    assert await tab.run("document.querySelector('form[action$=override]').checkValidity()") is False
    await tab.run("document.getElementById('certain').click()")
    await comes_true(tab, "document.querySelector('form[action$=override]').checkValidity()")
    assert "saved: it will not be lost" in await follow(tab, "button[value=sign]")
    assert node.ledger.own.signing_refused == ""
