# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steward's desk: what waits stands on it with where it is decided; what does not, does not."""

from __future__ import annotations

import json
import time
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from node.steward import desk_pages
from node.steward.desk import SORTS, Sort, Waiting
from tests.builders import seeded
from tests.node.browsing import serve
from tests.node.directory.test_map import put
from tests.node.directory.test_pages import evil_record
from tests.node.mutual import write_mutual
from tests.node.steward.test_steward import HTML, NOW, read, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp.test_utils import TestClient

TOKEN = {"Authorization": "Bearer token"}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path_factory.mktemp("desk"))
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


async def waiting(browser: TestClient[Any, Any]) -> dict[str, Any]:
    answer = await browser.get("/v1/desk", headers=TOKEN)
    return {row["sort"]: row for row in (await answer.json())["waiting"]}


async def test_the_desk_is_empty_then_it_is_not(ledger: Ledger, browser: TestClient[Any, Any]) -> None:
    assert (await browser.get("/v1/desk")).status == 401
    assert {sort for sort, row in (await waiting(browser)).items() if row["count"]} == {"backup"}
    await sign_in(browser)
    assert "There is none yet" in (await read(browser, "/steward")).text
    ledger.directory.last_backup.write_text(json.dumps({"folder": "/", "at": int(time.time()), "keys": False}))
    assert {row["count"] for row in (await waiting(browser)).values()} == {0}
    assert "Nothing waits." in (await read(browser, "/steward")).text
    write_mutual(ledger)
    put(ledger, {name: value for name, value in evil_record().items() if name != "point"} | {"kind": "place"})
    rows = await waiting(browser)
    assert {sort for sort, row in rows.items() if row["count"]} >= {"proposals", "claims"}
    page = await read(browser, "/steward")
    for row in rows.values():
        for item in row["first"]:
            assert not item["url"] or item["url"] in page.links(), item
            status = (await browser.get(item["url"], headers=HTML)).status if item["url"] else 200
            assert status == 200, item


async def test_what_takes_long_is_not_waited_for(
    browser: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Event()

    def look(_: object) -> Waiting:
        found.wait(20)
        return Waiting(3)

    slow = Sort("slow", "Open disagreements", "never", look, "/nowhere", long=True)
    monkeypatch.setattr(desk_pages, "SORTS", (*SORTS, slow))
    monkeypatch.setattr(desk_pages, "PATIENCE_S", 0.01)
    await sign_in(browser)
    assert (await waiting(browser))["slow"]["count"] is None
    assert "Still looking: Open disagreements" in (await read(browser, "/steward")).text
    found.set()
    monkeypatch.setattr(desk_pages, "PATIENCE_S", 20)
    assert (await waiting(browser))["slow"]["count"] == 3
