# SPDX-License-Identifier: AGPL-3.0-or-later
"""The upkeep pages in Chromium: for everybody, by keyboard, on a phone, without scripts, from the right."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from ledger.directory.checks import give_out, show_code
from ledger.directory.query import ARCHIVED_S
from tests.node.browser.everybody import check_for_everybody, for_each_reader
from tests.node.browser.reading import open_ready, press, read_as
from tests.node.stewarding import EVIL, follow, put, record, record_path, sign_in, twins

if TYPE_CHECKING:
    from tests.node.browser.everybody import Reader
    from tests.node.running import RunningNode
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long


@pytest_asyncio.fixture
async def paths(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages, over records that need looking after, some of them hostile."""
    monkeypatch.setattr(node.ledger, "clock", lambda: time.time() - ARCHIVED_S - 86_400)
    old = record("old", name={"en": EVIL}, address={"locality": EVIL[:100]}, hours=EVIL, description={"en": EVIL})
    put(node.ledger, old)
    monkeypatch.setattr(node.ledger, "clock", time.time)
    with node.ledger.store.read() as reads:
        run = node.ledger.writer.run
        batch, links = give_out(
            lambda put: run(put).result(), reads, [old["id"]], "<script>alert(1)</script>", 9, int(time.time())
        )
    run(lambda change: change.answer_check_link(links[0].code, "changed", EVIL, 3)).result()
    evil = [record(f"evil {n}", name={"en": EVIL}, description={"en": f"{EVIL}{n}"}, hours=EVIL) for n in range(2)]
    put(node.ledger, *twins(), *evil, record("nowhere", address={"locality": "Lille", "country": "FR"}))
    return [
        "/steward/duplicates",
        "/steward/duplicates?near=Marseille",
        f"/steward/duplicates/{record_path(node, *twins())}",
        f"/steward/duplicates/{record_path(node, *evil)}",
        "/steward/places",
        "/steward/places?reason=sea",
        "/moderation",
        "/steward/roles",
        "/steward/checks",
        "/steward/checks?near=Marseille",
        f"/steward/checks/given/{batch.hex()}",
        "/check",
        f"/check/{show_code(links[0].code)}",
        f"/check/{show_code(links[0].code)}?done=changed",
        f"/steward/places/{evil[0]['id'].hex()}",
        f"/steward/places/{record('nowhere')['id'].hex()}",
    ]


@for_each_reader
async def test_every_page_is_for_everybody(
    node: RunningNode, tab: Tab, paths: list[str], monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    await sign_in(tab, node)
    await check_for_everybody(node, tab, monkeypatch, reader, paths)


async def test_two_records_are_merged_by_keyboard_alone(node: RunningNode, tab: Tab, paths: list[str]) -> None:
    await sign_in(tab, node)
    await read_as(tab)
    await open_ready(tab, node.url + paths[2])
    assert await tab.run("document.querySelectorAll('.leaflet-marker-pane .letter').length") == 2
    await tab.run("document.getElementById('keep-B').click()")
    taken = "[...document.querySelectorAll('.take input:checked')].map((one) => one.value).join('')"
    assert set(await tab.run(taken)) == {"B"}
    await follow(tab, "main form button")
    await follow(tab, "button[value=sign]")
    assert await tab.run("location.search.startsWith('?done=same')")
    assert "They are one record now" in await tab.run("document.querySelector('[role=status]').textContent")
    assert tab.complaints == []


async def test_without_scripts_there_is_a_picture_of_both_points(node: RunningNode, tab: Tab, paths: list[str]) -> None:
    await sign_in(tab, node)
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    await read_as(tab, width=320)
    await tab.open(node.url + paths[2])
    await tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    assert await tab.run("document.getElementById('map').hidden")
    signs = await tab.run("[...document.querySelectorAll('.point-picture .sign text')].map((one) => one.textContent)")
    assert sorted(signs) == ["A", "B"]
    assert await tab.run("document.querySelector('.point-picture').getBoundingClientRect().width") > 200


async def test_a_point_is_moved_on_the_map_and_its_fields_follow(node: RunningNode, tab: Tab, paths: list[str]) -> None:
    await sign_in(tab, node)
    await read_as(tab)
    await open_ready(tab, node.url + next(path for path in paths if path.endswith(record("nowhere")["id"].hex())))
    fields = "[document.getElementById('lat').value, document.getElementById('lon').value].join()"
    assert await tab.run(fields) == ","
    middle = await tab.run(
        "(() => { const box = document.querySelector('.movable').getBoundingClientRect(); scrollTo(0, 0);"
        " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
    )
    for kind, x, y in (
        ("mousePressed", 0, 0),
        ("mouseMoved", 10, 10),
        ("mouseMoved", 40, 30),
        ("mouseReleased", 40, 30),
    ):
        about = {"x": middle[0] + x, "y": middle[1] + y, "button": "left", "buttons": int(kind != "mouseReleased")}
        await tab.ask("Input.dispatchMouseEvent", type=kind, clickCount=1, **about)
    dragged = await tab.run(fields)
    lat, lon = (float(part) for part in dragged.split(","))
    assert 50.4 < lat < 50.63
    assert 3.06 < lon < 3.3
    await tab.run("document.querySelector('.movable').focus()")
    await press(tab, "ArrowDown")
    assert float((await tab.run(fields)).split(",")[0]) < lat
    await tab.run(
        "(() => { const one = document.getElementById('lat'); one.value = '50.7';"
        " one.dispatchEvent(new Event('change')); })()"
    )
    await follow(tab, "main form button")
    assert "50.70000" in await tab.run("document.querySelector('.changes').textContent")
    await follow(tab, "button[value=sign]")
    assert "nowhere is on the map now." in await tab.run("document.querySelector('[role=status]').textContent")
    assert tab.complaints == []
