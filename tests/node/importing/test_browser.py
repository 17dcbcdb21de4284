# SPDX-License-Identifier: AGPL-3.0-or-later
"""The import assistant in Chromium: with scripts and without, by keyboard, on a phone, full of hostile text."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from node.importing.jobs import JOBS
from tests.node.browser.everybody import (
    check_for_everybody,
    check_unscripted_and_by_keyboard,
    for_each_reader,
)
from tests.node.browser.hostile import NOTICED, TEXTS, WATCH
from tests.node.browser.reading import press
from tests.node.browser.watching import looked_at
from tests.node.reciprocity.test_ledger_browser import sign_in
from tests.node.running import RunningNode
from tests.published import DATA, NO_DATA

if TYPE_CHECKING:
    from pathlib import Path

    from tests.node.browser.everybody import Reader
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long
WAIT_S = 120.0
MAPPING = {"set": "evil", "licence": "CC0-1.0", "name": [{"column": "name"}]}
WORKING = "!!document.querySelector('progress')"


@pytest.fixture
def node(bare: RunningNode) -> RunningNode:
    return bare


@pytest_asyncio.fixture
async def tab(tab: Tab) -> Tab:
    await tab.ask("Page.enable")
    await tab.ask("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    return tab


def _csv(*rows: tuple[str, ...]) -> bytes:
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows).encode()


def _evil() -> bytes:
    """A file that is hostile in its headers and cells, with rows that are refused, odd, or like each other."""
    head = ("id", "name", "town", "website", "lat", "lon", TEXTS[0], TEXTS[4])
    good = [(str(n), text, text[:150], text, "50.6", "3.06", text, text) for n, text in enumerate(TEXTS)]
    same = [(f"s{n}", "Café de la Paix", "Lille", "https://paix.example", "50.7", "3.07", "", "") for n in range(2)]
    return _csv(head, *good, *same, ("x", "", *[""] * 6), ("1", "again", *[""] * 6), ("too", "few"))


async def _send(node: RunningNode, name: str, content: bytes, mapping: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {node.token}"}
    url = f"{node.url}/v1/imports"
    async with node.client.post(url, params={"name": name}, data=content, headers=headers) as answer:
        told = await answer.json()
    if mapping is not None:
        async with node.client.put(f"{url}/{told['id']}", json={"mapping": mapping}, headers=headers) as answer:
            told = await answer.json()
    return dict(told)


@pytest_asyncio.fixture
async def paths(node: RunningNode) -> list[str]:
    """A page of each sort, with what is hostile in it."""
    whole = MAPPING | {"identifier": "id", "locality": ["town"], "url": ["website"]}
    whole |= {"latitude": "lat", "longitude": "lon", "description": [{"column": TEXTS[4]}], "attribution": TEXTS[0]}
    done = await _send(node, f"{TEXTS[0]}.csv", _evil(), whole)
    await node.post(f"/v1/imports/{done['id']}/start", {"seen": done["seen"], "likely": "leave_out"})
    checked = await _send(node, f"{TEXTS[1]}.csv", _evil() + b"\n", whole | {"set": "again"})
    columns = await _send(node, f"{TEXTS[2]}.csv", _evil() + b"\n\n")
    broken = await _send(node, f"{TEXTS[3]}.csv", TEXTS[0].encode())
    working = await _send(node, f"{TEXTS[5]}.csv", _csv(("id", "name"), ("1", "A")))
    stopped = await _send(node, f"{TEXTS[6]}.csv", _csv(("id", "name"), ("1", "B")))
    jobs = node.running._runner.app[JOBS]  # type: ignore[union-attr] # it runs
    jobs.uploads.change(working["id"], phase="writing")
    jobs.uploads.change(stopped["id"], phase="stopped", fault=TEXTS[0])
    every = (done, checked, columns, broken, working, stopped)
    return [
        "/steward/import",
        f"/steward/import/undo/{done['import']}",
        *(f"/steward/import/{one['id']}" for one in every),
    ]


@for_each_reader
async def test_every_step_is_for_everybody(
    node: RunningNode, tab: Tab, paths: list[str], monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    async def noticed() -> list[str]:
        return [one for one in (*await looked_at(tab), *await tab.run(NOTICED)) if one]

    await sign_in(tab, node)
    await check_for_everybody(node, tab, monkeypatch, reader, paths, excused="422", noticed=noticed)


async def test_every_step_is_whole_without_scripts_and_by_keyboard(
    node: RunningNode, tab: Tab, paths: list[str]
) -> None:
    await sign_in(tab, node)
    await check_unscripted_and_by_keyboard(node, tab, paths)


async def _choose(tab: Tab, file: Path) -> None:
    """Puts a file into the field, as the system's dialogue does."""
    told = await tab.ask("Runtime.evaluate", expression="document.getElementById('file')")
    await tab.ask("DOM.setFileInputFiles", files=[str(file)], objectId=told["result"]["objectId"])


async def _follow(tab: Tab, selector: str) -> None:
    """Presses a button, and waits for the page that is the end of it, while the node works."""
    await tab.run(f"document.querySelector({selector!r}).focus()")
    tab._loaded.clear()
    await press(tab, "Enter")
    await tab._loaded.wait()
    until = time.monotonic() + WAIT_S
    while await _is_working(tab):
        assert time.monotonic() < until
        await asyncio.sleep(0.02)


async def _is_working(tab: Tab) -> bool:
    try:
        return bool(await tab.run(f"document.readyState !== 'complete' || {WORKING}"))
    except AssertionError:  # one page has just given way to the next
        return True


async def _text(tab: Tab, selector: str = "main") -> str:
    return str(await tab.run(f"document.querySelector({selector!r}).innerText"))


async def _fill(tab: Tab, **values: str) -> None:
    for name, value in values.items():
        await tab.run(f"document.querySelector('[name={name}]').value = {value!r}")


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_list_goes_in_changes_and_is_taken_back(
    node: RunningNode,
    tab: Tab,
    tmp_path: Path,
    scripts: bool,  # noqa: FBT001 - a table
) -> None:
    """Twice the same, with scripts and without: they only add comfort."""
    first, second = tmp_path / "2024.csv", tmp_path / "2025.csv"
    head = ("Numéro", "Nom", "Commune", "Latitude", "Longitude")
    first.write_bytes(_csv(head, ("1", "Atelier", "Lille", "50,63", "3,06"), ("2", "Café", "Lens", "50,43", "2,83")))
    second.write_bytes(
        _csv(head, ("1", "Atelier vélo", "Lille", "50,63", "3,06"), ("3", "Four", "Arras", "50,29", "2,78"))
    )
    await sign_in(tab, node)
    await tab.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
    await tab.open(f"{node.url}/steward/import")
    await _choose(tab, first)
    await _follow(tab, ".import-file button")
    assert "une virgule" in await _text(tab) or "a comma: 3,14" in await _text(tab)
    assert "known again by name and address" in await _text(tab)
    line = "[...document.querySelectorAll('.uses tr')].find((row) => row.innerText.includes('Numéro'))"
    await tab.run(f"{line}.querySelector('select').value = 'identifier'")
    await _fill(tab, set="lieux", licence="etalab-2.0")
    await _follow(tab, "button[value=check]")
    assert "2 records have a point" in await _text(tab)
    await _follow(tab, "button[value=import]")
    assert "The import is done" in await _text(tab)
    await _follow(tab, "a[href='/?set=lieux']")
    assert "Café" in await _text(tab)
    await tab.open(f"{node.url}/steward/import")
    await tab.run("document.getElementById('edition_of').value = 'lieux'")
    await _choose(tab, second)
    await _follow(tab, ".import-file button")
    await _follow(tab, "button[value=check]")
    told = (await _text(tab, ".tally")).split()
    assert [word for word in told if word.isdigit()][:3] == ["1", "1", "1"], "added, updated, closed"
    await _follow(tab, "button[value=import]")
    await _follow(tab, "a[href*='/undo/']")
    assert "1 record that it brought would be closed" in await _text(tab)
    await _follow(tab, "main form button")
    assert "3 records are as they were before" in await _text(tab)
    await tab.open(f"{node.url}/?set=lieux")
    assert "Café" in await _text(tab)
    assert "Four" not in await _text(tab)


async def test_a_file_is_dropped_and_one_that_is_too_large_is_told_at_once(node: RunningNode, tab: Tab) -> None:
    await sign_in(tab, node)
    await tab.open(f"{node.url}/steward/import")
    drop = """(size) => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(size)], "dropped.csv"));
      const event = new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true });
      document.querySelector(".drop").dispatchEvent(event);
      return document.getElementById("file-fault").textContent;
    }"""
    assert await tab.run(f"({drop})(10)") == ""
    assert await tab.run("document.getElementById('file').files[0].name") == "dropped.csv"
    assert "larger than 64" in await tab.run(f"({drop})(65 * 2 ** 20)")
    assert await tab.run("document.getElementById('file').checkValidity()") is False


@pytest.mark.skipif(DATA is None, reason=NO_DATA)
async def test_the_register_of_co_operatives_goes_in_while_others_read_on(node: RunningNode, tab: Tab) -> None:
    assert DATA is not None
    await sign_in(tab, node)
    await tab.open(f"{node.url}/steward/import")
    await _choose(tab, DATA / "coops-uk" / "coops-uk-2022.csv")
    await _follow(tab, ".import-file button")
    await _fill(tab, licence="ODC-By-1.0", attribution="Contains data from Co-operatives UK")
    await _follow(tab, "button[value=check]")
    assert "6,970 records have a point" in await _text(tab)
    address, seen, closed = str(await tab.run("location.pathname")), set(), False
    await tab.run("document.querySelector('button[value=import]').click()")
    reads = 0

    async def read_on() -> None:
        nonlocal reads
        while True:
            assert (await node.get("/v1/records?q=co"))[0] == 200
            reads += 1

    reading = asyncio.create_task(read_on())
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                status, told = await node.get(
                    address.replace("/steward/import", "/v1/imports"),
                    headers={"Authorization": f"Bearer {node.token}"},
                )
                assert status == 200
                seen.add(told["done"])
                if told["phase"] == "writing" and not closed:
                    closed = bool(await tab.ask("Page.navigate", url="about:blank"))  # the tab is closed
                if told["phase"] == "done":
                    break
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    assert reads > 3
    assert len(seen) > 3, "it was told how far it is"
    assert closed
    await tab.open(node.url + address)
    assert "7,272" in await _text(tab, ".tally")
