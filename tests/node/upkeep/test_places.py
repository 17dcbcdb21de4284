# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records that are nowhere, or where they cannot be: listed, and put on the map by a steward without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from ledger.places.placing import look
from node.directory.duplicates_api import Queue
from node.upkeep.place_queue import PlaceQueue
from node.upkeep.sea import are_sea, is_sea
from tests.node.stewarding import EVIL, form_of, plain, point, put, record

if TYPE_CHECKING:
    from tests.node.running import RunningNode
    from tests.node.stewarding import Steward

LILLE = {"locality": "Lille", "country": "FR"}


def around() -> list[dict[str, Any]]:
    """Twenty-four places around Lille."""
    return [record(f"fine {n}", point=point(50.60 + n / 500, 3.00 + n % 5 / 50), address=LILLE) for n in range(24)]


def doubtful() -> dict[str, dict[str, Any]]:
    """One record for each reason to doubt."""
    return {
        "none": record("nowhere", address=LILLE),
        "sea": record("drowned", point=point(47.0, -12.0)),
        "outside": record("gone south", point=point(43.3, 5.37)),
        "far": record("far off", point=point(50.95, 3.4), address=LILLE),
        "coarse": record("roughly", point=point(50.63, 3.06, 5_000, "town"), address=LILLE),
    }


@pytest.mark.parametrize(
    ("name", "lat", "lon", "sea"),
    [
        ("Lille", 50.63, 3.06, False),
        ("the harbour of Ostend", 51.235, 2.915, False),
        ("the North Sea", 52.5, 3.0, True),
        ("the Atlantic", 46.0, -20.0, True),
        ("beside (0, 0)", 0.001, 0.0, True),
        ("Suva, near 180 degrees", -18.14, 178.44, False),
        ("Malta", 35.9, 14.5, False),
        ("the middle of the Channel", 50.2, -1.0, True),
    ],
)
def test_the_sea_is_known(name: str, lat: float, lon: float, sea: bool) -> None:  # noqa: FBT001 - a table
    assert is_sea(round(lat * 1e7), round(lon * 1e7)) is sea, name


def test_of_many_points_at_once_the_sea_is_known_as_well() -> None:
    spots = [(lat, lon) for lat in range(-90, 91, 9) for lon in range(-180, 181, 9)] + [(51, 2), (50, 3), (0, 0)]
    lat, lon = np.array(spots).T * 10_000_000
    assert are_sea(lat, lon).tolist() == [is_sea(*spot) for spot in zip(lat.tolist(), lon.tolist(), strict=True)]
    assert are_sea(lat[:0], lon[:0]).tolist() == []


async def test_each_reason_is_found_and_what_is_fine_is_not(node: RunningNode) -> None:
    put(node.ledger, *around(), *doubtful().values())
    with node.ledger.store.read() as reads:
        doubts, territory = look(reads, are_sea, {})
        rows = reads.records([one.rid for one in doubts])
    found = {rows[one.rid].id: one.reasons for one in doubts}
    assert found == {
        doubtful()["none"]["id"]: ("none",),
        doubtful()["sea"]["id"]: ("sea", "outside"),
        doubtful()["outside"]["id"]: ("outside",),
        doubtful()["far"]["id"]: ("far",),
        doubtful()["coarse"]["id"]: ("coarse",),
    }
    assert territory is not None
    assert territory.south < 506_000_000 < territory.north < 520_000_000


async def test_a_record_without_a_point_is_put_by_hand(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, *around(), *doubtful().values())
    listed = await steward.read("/steward/places?reason=none")
    path = f"/steward/places/{doubtful()['none']['id'].hex()}"
    assert [link.partition("?")[0] for link in listed.links() if link.startswith("/steward/places/")] == [path]
    page = await steward.read(f"{path}?reason=none")
    fields = form_of(page, path) | {"lat": "50,63391", "lon": "3,05512", "precision": "100"}
    shown, where = await steward.confirm(path, fields)
    assert "50.63391, 3.05512 (± 100 m, set by hand)" in plain(shown.text)
    listed = await steward.read(where)
    assert "nowhere is on the map now." in plain(listed.text)
    assert "Nothing here." in listed.text
    _, told = await node.get("/v1/records?q=nowhere")
    assert told["records"][0]["point"] == {"lat": 50.63391, "lon": 3.05512, "precision": 100, "method": "hand"}


async def test_the_middle_of_its_town_is_proposed(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, *doubtful().values())
    path = f"/steward/places/{doubtful()['none']['id'].hex()}"
    page = await steward.read(path)
    assert "Lille, FR" in page.text
    shown, _ = await steward.confirm(path, form_of(page, path) | {"use": "town", "lat": "", "lon": ""})
    assert "the middle of the town" in shown.text
    _, told = await node.get("/v1/records?q=nowhere")
    assert told["records"][0]["point"] | {"lat": 0, "lon": 0} == {
        "lat": 0,
        "lon": 0,
        "precision": 5000,
        "method": "town",
    }


@pytest.mark.parametrize(
    ("lat", "lon", "said"),
    [("", "", "Say where it is"), ("50", "x", "no degrees"), ("0", "0", "no degrees"), ("95", "200", "no degrees")],
)
async def test_what_is_no_place_is_told_beside_the_field(
    node: RunningNode, steward: Steward, lat: str, lon: str, said: str
) -> None:
    put(node.ledger, doubtful()["none"])
    path, size = f"/steward/places/{doubtful()['none']['id'].hex()}", node.ledger.own.size
    page = await steward.send(path, form_of(await steward.read(path), path) | {"lat": lat, "lon": lon}, 422)
    assert said in page.text
    assert node.ledger.own.size == size


async def test_meanwhile_the_page_says_that_it_is_still_looked(
    node: RunningNode, steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(node.ledger, *doubtful().values())
    monkeypatch.setattr(PlaceQueue, "doubts", lambda *_: ([], None, True))
    monkeypatch.setattr(Queue, "find", lambda *_: ([], True))
    for path in ("/steward/places", "/steward/duplicates"):
        text = (await steward.read(path)).text
        assert "Still looking" in text
        assert "Nothing here" not in text
    assert "Still looking: Records that may be one thing" in (await steward.read("/steward")).text


async def test_the_queue_is_told_to_programs_of_a_steward(node: RunningNode) -> None:
    put(node.ledger, *around(), *doubtful().values())
    headers = {"Authorization": f"Bearer {node.token}"}
    status, told = await node.get("/v1/places?reason=sea", headers=headers)
    assert (status, told["total"]) == (200, 1)
    assert told["records"][0]["reasons"] == ["sea", "outside"]
    assert (await node.get("/v1/places"))[0] == 401
    assert (await node.get("/v1/places?limit=101", headers=headers))[0] == 400


async def test_strange_addresses_and_hostile_text(node: RunningNode, steward: Steward) -> None:
    evil = record("evil", name={"en": EVIL}, url="https://x.example/<script>", address={"locality": EVIL[:100]})
    put(node.ledger, evil)
    assert "<script>alert(1)</script>" in (await steward.read("/steward/places")).text
    page = await steward.read(f"/steward/places/{evil['id'].hex()}?kind=%3Cscript%3E&page=x")
    assert "<script>alert(1)</script>" in page.text
    for wrong in ("00" * 16, "zz", "%2e%2e"):
        await steward.read(f"/steward/places/{wrong}", 404)
