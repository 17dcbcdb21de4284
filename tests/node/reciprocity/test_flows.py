# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole at a glance: what is drawn is what the ledgers say, once, in its own unit; many stay legible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.showing.whole import KINDS, PartyFlows
from node.reciprocity.whole_pictures import NAMED_MAX, OTHERS, rows_of, whole_pictures
from node.web.words import words_in
from tests.builders import seeded
from tests.node import browsing
from tests.node.browsing import serve
from tests.node.mutual import write_mutual
from tests.node.peering.test_neighbours import Side, sides
from tests.node.running import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000
__all__ = ["sides"]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path_factory.mktemp("flows"))
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


async def flows(browser: TestClient[Any, Any], query: str = "") -> dict[str, Any]:
    answer = await browser.get(f"/v1/flows{query}")
    assert answer.status == 200, await answer.text()
    value: dict[str, Any] = await answer.json()
    return value


async def read(browser: TestClient[Any, Any], url: str, status: int = 200) -> browsing.Page:
    return await browsing.read(browser, url, status)


def short(found: dict[str, Any]) -> set[tuple[str, str, str, str, str]]:
    def end(one: dict[str, str]) -> str:
        return one["class"] or one["type"]

    return {
        (end(one["from"]), end(one["to"]), one["kind"], f"{one['amount']} {one['unit']}", str(one["count"]))
        for one in found["flows"]
    }


async def test_an_empty_ledger_explains_itself(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/flows")
    assert "This page draws itself from the ledger" in page.text
    assert page.count("svg") == 1  # the tree of the masthead


async def test_what_is_drawn_is_what_the_ledger_says(ledger: Ledger, browser: TestClient[Any, Any]) -> None:
    write_mutual(ledger)
    found = await flows(browser)
    assert (found["from"], found["until"], found["lag"]) == ("2026-01", "2026-12", 0)
    assert short(found) >= {
        ("worker", "organisation", "time", "81.0 h", "9"),
        ("worker", "collective", "gift", "3.5 h", "1"),
        ("organisation", "worker", "money", "520.19 EUR", "1"),
    }
    assert not any(one["what"] == "opening" for one in found["flows"]), "that has not moved"
    page = await read(browser, "/flows")
    for one in found["flows"]:
        assert f"{words_in('en').amount(one['amount'])}\u00a0{one['unit']}" in page.text
    assert "Bruno Secret" not in page.text
    drawn = [told for tag, told in page.elements if tag == "g" and "stream" in told.get("class", "")]
    assert page.count("svg title") == len(drawn) > 3


async def test_sort_and_period_have_addresses(browser: TestClient[Any, Any]) -> None:
    whole = await flows(browser, "?period=all")
    for kind in KINDS:
        part = await flows(browser, f"?period=all&sort={kind}")
        assert part["flows"] == [one for one in whole["flows"] if one["kind"] == kind]
    month = await flows(browser, "?period=month&until=2026-03")
    assert (month["from"], month["until"]) == ("2026-03", "2026-03")
    quarter = await flows(browser, "?period=quarter&until=2026-03")
    assert (quarter["from"], quarter["until"]) == ("2026-01", "2026-03")
    page = await read(browser, "/flows?period=quarter&until=2026-03&sort=time")
    assert "January 2026 to March 2026" in page.text
    assert "/flows?period=quarter&until=2025-12&sort=time" in page.links()
    assert "Nothing moved in this period" in (await read(browser, "/flows?until=1999-01")).text
    for bad in ("period=week", "sort=love", "until=2026", "log=zz"):
        assert (await browser.get(f"/v1/flows?{bad}")).status == 400, bad
        await read(browser, f"/flows?{bad}", 400)
    assert (await browser.get(f"/v1/flows?log={'a' * 52}")).status == 404
    assert "Nothing moved" not in (await read(browser, "/flows?page=99")).text


async def test_a_payment_between_two_logs_is_counted_once(sides: tuple[Side, Side]) -> None:
    ada, bo = sides
    one = ada.pay(bo, 2_500, "first")
    await until(lambda: ada.transfer(one) == "posted")
    await until(lambda: bo.node.holds(ada.node.log_id, ada.node.ledger.own.size), "both hold both")
    bo.node.ledger.writer.settle()
    for query in ("?log=all&period=all", "?period=all"):
        _, found = await bo.node.get(f"/v1/flows{query}")
        assert [(flow["amount"], flow["count"]) for flow in found["flows"]] == [("25.00", 1)], query
    assert found["flows"][0]["from"]["name"] == "Alder"  # its log is held here, though it was not asked
    _, found = await bo.node.get("/v1/flows?log=all&period=all")
    (flow,) = found["flows"]
    assert (flow["from"]["class"], flow["to"]["name"]) == ("worker", "Birch")
    async with bo.node.client.get(f"{bo.node.url}/flows?log=all&period=all") as answer:
        assert answer.status == 200
        assert "All logs held here" in await answer.text()


def test_two_hundred_organisations_stay_legible() -> None:
    logs = [{"log": f"{number:052d}", "name": f"Coop {number}"} for number in range(200)]
    ends = [
        {"id": one["log"], "type": "organisation", "name": one["name"], "log": one["log"], "class": ""} for one in logs
    ]
    given = [
        {
            "from": ends[number],
            "to": ends[(number * 7 + 1) % 200],
            "kind": "money",
            "what": "transfer",
            "gift": False,
            "unit": "EUR",
            "sort": "money",
            "of": "",
            "scale": 2,
            "amount": f"{1_000 - number}.00",
            "count": 2,
        }
        for number in range(200)
        if (number * 7 + 1) % 200 != number
    ]
    whole = {"logs": logs, "flows": given}
    (picture,) = whole_pictures(whole, words_in("en"))
    assert len(picture.keys) == NAMED_MAX
    assert [key.party.name for key in picture.keys].count("189 others") == 1
    assert [arc.name for arc in picture.ring.arcs].count(OTHERS) == 1
    assert picture.inner
    assert len(rows_of(whole, words_in("en"))) == len(given)


def test_a_ledger_that_is_folded_anew_is_counted_anew(ledger: Ledger) -> None:
    with ledger.store.read() as reads:
        tree = reads.tree_numbered(ledger.own.tree)
        counted = PartyFlows()
        while counted.advance(reads, tree, 7):
            pass
        first = counted.times
        counted.taken += 1
        while counted.advance(reads, tree, 7):
            pass
        assert (counted.times, counted.months) != ({}, {})
        assert counted.times == first
