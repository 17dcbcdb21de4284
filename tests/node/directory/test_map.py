# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the map of a node asks for: clusters, towns, and the picture for where no scripts run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.builders import seeded
from tests.node.running import record

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from tests.node.running import RunningNode

EVIL = "<script>alert(1)</script>\"'&"


def put(ledger: Ledger, *records: dict[str, Any]) -> None:
    ledger.writer.append(
        [ledger.state("record.put", {"record": one}, seeded(f"placed {n}", 16)) for n, one in enumerate(records)]
    )
    ledger.writer.settle()


def at(number: int, lat: int, lon: int, **more: Any) -> dict[str, Any]:
    return record(number, point={"lat": lat, "lon": lon, "precision": 10, "method": "hand"}, **more)


@pytest.fixture
def placed(node: RunningNode) -> RunningNode:
    """A node with three records in Lille, two of them at one address, and one in Gent, beside those without a point."""
    lille = 506_292_000, 30_573_001
    put(
        node.ledger,
        at(100, *lille),
        at(101, *lille, kind="organisation"),
        at(102, 506_300_000, 30_600_000, name={"en": EVIL, "fr": "Atelier"}),
        at(103, 510_500_000, 37_200_000),
    )
    return node


async def test_few_hits_are_told_one_by_one(placed: RunningNode) -> None:
    status, found = await placed.get("/v1/clusters?zoom=8")
    assert (status, found["total"], found["unplaced"], found["cells"]) == (200, 4, 12, [])
    assert found["bbox"] == [3.0573001, 50.6292, 3.72, 51.05]
    together = next(place for place in found["places"] if place["count"] == 2)
    assert (together["lat"], together["lon"], together["kind"]) == (50.6292, 3.0573001, "")
    assert "name" not in together
    assert {"en": EVIL, "fr": "Atelier"} in [place.get("name") for place in found["places"]]
    spot = "bbox={1},{0},{1},{0}".format(together["lat"], together["lon"])
    assert (await placed.get(f"/v1/records?{spot}"))[1]["total"] == 2


async def test_the_map_takes_the_search_of_the_list(placed: RunningNode) -> None:
    _, near = await placed.get("/v1/clusters?near=Lille&radius=5km&kind=place")
    assert near["total"] == 2
    for asked in ("zoom=21", "zoom=-1", "limit=5", "x=1", "bbox=1"):
        assert (await placed.get(f"/v1/clusters?{asked}"))[0] == 400, asked


async def test_towns_are_found_by_name(placed: RunningNode) -> None:
    status, told = await placed.get("/v1/towns?name=lille")
    assert status == 200
    assert told["towns"][0] == {"name": "Lille", "lat": 50.634, "lon": 3.055}
    assert (await placed.get("/v1/towns?name=Qqqqxz"))[1]["towns"] == []
    assert (await placed.get("/v1/towns?name=Lille&bbox=2.9,50.55,3.3,50.75"))[0] == 400


async def test_towns_are_named_by_box(placed: RunningNode) -> None:
    status, told = await placed.get("/v1/towns?bbox=2.9,50.55,3.3,50.75")
    assert status == 200
    assert told["attribution"] == "GeoNames"
    assert "Lille" in [town["name"] for town in told["towns"]]
    assert "Shanghai" in [town["name"] for town in (await placed.get("/v1/towns"))[1]["towns"]]


async def test_the_picture_is_drawn_without_scripts(placed: RunningNode) -> None:
    async with placed.client.get(f"{placed.url}/map.svg?near=Gent") as answer:
        text = await answer.text()
        assert answer.status == 200
        assert answer.content_type == "image/svg+xml"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    picture = ET.fromstring(text)
    assert picture.get("aria-label") == "Map of 1 entry"
    assert {part.tag.rpartition("}")[2] for part in picture.iter()} <= {"svg", "rect", "path", "circle", "text"}
    assert "Gent" in [part.text for part in picture.iter() if part.tag.endswith("text")]
    async with placed.client.get(f"{placed.url}/map.svg?theme=dark&q=nothing+at+all") as answer:
        assert ET.fromstring(await answer.text()).get("aria-label") == "Map of 0 entries"


async def test_a_view_can_be_shown_inside_another_site(placed: RunningNode) -> None:
    async with placed.client.get(f"{placed.url}/embed?near=Lille&lang=fr") as answer:
        text = await answer.text()
        assert answer.status == 200
        assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert '<html lang="fr"' in text
    assert "3 fiches" in text
    assert 'href="/?near=Lille"' in text
    assert EVIL not in text
    async with placed.client.get(f"{placed.url}/?near=Lille") as answer:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert f"{placed.url}/embed?near=Lille&amp;amp;lang=en" in await answer.text()


async def test_a_language_that_was_chosen_is_kept(placed: RunningNode) -> None:
    async with placed.client.get(f"{placed.url}/?kind=place&lang=nl", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/?kind=place")
        assert answer.cookies["language"].value == "nl"
    async with placed.client.get(f"{placed.url}/logs", headers={"Cookie": "language=nl"}) as answer:
        assert '<html lang="nl"' in await answer.text()
    async with placed.client.get(f"{placed.url}/logs?lang=xx", headers={"Cookie": 'language="><b>'}) as answer:
        assert '<html lang="en"' in await answer.text()
        assert "language" not in answer.cookies
