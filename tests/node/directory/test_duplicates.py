# SPDX-License-Identifier: AGPL-3.0-or-later
"""The queue of duplicates over the API, and what search shows of records that are said to be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.duplicates.merging import merge_id
from node.directory.duplicates_api import Queue
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.running import record

if TYPE_CHECKING:
    from tests.node.running import RunningNode

POINT = {"lat": 506_292_000, "lon": 30_573_000, "precision": 10, "method": "hand"}
ADDRESS = {"street": "12 rue de la Clef", "postcode": "59000", "locality": "Lille"}
CLAIM = seeded("claim", 16)


@pytest.fixture
def twins(node: RunningNode) -> list[dict[str, Any]]:
    """Two records of one thing, beside those that the node has."""
    names = "Atelier du Velo", "ATELIER DU VÉLO ASBL"
    records = [record(200 + n, name={"fr": name}, point=POINT, address=ADDRESS) for n, name in enumerate(names)]
    node.ledger.writer.append(
        [node.ledger.state("record.put", {"record": one}, seeded(f"twin {n}", 16)) for n, one in enumerate(records)]
    )
    node.ledger.writer.settle()
    return records


async def _asked(node: RunningNode, query: str = "") -> Any:
    status, found = await node.get("/v1/duplicates" + query, headers={"Authorization": f"Bearer {node.token}"})
    assert status == 200, found
    return found


async def test_merged_and_taken_back_through_entries(node: RunningNode, twins: list[dict[str, Any]]) -> None:
    found = await _asked(node, "?verdict=duplicate&limit=5")
    (pair,) = found["pairs"]
    assert (found["total"], pair["verdict"], pair["differs"]) == (1, "duplicate", ["name"])
    kept, closed = (one["id"].hex() for one in twins)
    log = show_log_id(node.log_id)
    claim = {"subject": {"log": log, "id": closed}, "other": {"log": log, "id": kept}}
    merge = [
        {
            "kind": "record.close",
            "body": {"id": closed, "reason": "duplicate"},
            "id": merge_id(CLAIM, b"close").hex(),
        },
        {"kind": "claim.same", "body": claim, "id": CLAIM.hex()},
    ]
    assert (await node.post("/v1/entries", {"entries": merge}))[0] == 201
    node.ledger.writer.settle()
    assert (await _asked(node))["total"] == 0
    assert [one["decision"] for one in (await _asked(node, "?verdict=decided"))["decided"]] == ["same"]
    _, page = await node.get("/v1/records?q=atelier")
    assert [one["id"] for one in page["records"]] == [kept]
    assert page["records"][0]["same_as"] == [{"log": log, "id": closed}]

    back = [{"kind": "claim.same", "body": claim | {"withdrawn": True}, "id": seeded("back", 16).hex()}]
    assert (await node.post("/v1/entries", {"entries": back}))[0] == 201
    node.ledger.writer.settle()
    _, page = await node.get("/v1/records?q=atelier")
    assert [one["id"] for one in page["records"]] == [kept]
    assert "same_as" not in page["records"][0]


async def test_of_open_records_that_are_the_same_search_shows_one(
    node: RunningNode, twins: list[dict[str, Any]]
) -> None:
    first, other = ({"log": node.log_id, "id": one["id"]} for one in twins)
    for step, body in enumerate(({}, {"withdrawn": True})):
        said = node.ledger.state("claim.same", {"subject": first, "other": other, **body}, seeded(f"said {step}", 16))
        node.ledger.writer.append([said]).result()
        node.ledger.writer.settle()
        _, page = await node.get("/v1/records?q=atelier")
        shown = {one["id"] for one in page["records"]}
        assert shown == ({twins[1]["id"].hex()} if not body else {one["id"].hex() for one in twins})
        assert (page["total"], page["facets"]["kind"]) == (len(shown), {"place": len(shown)})
    status, told = await node.get(f"/v1/records/{show_log_id(node.log_id)}/{twins[0]['id'].hex()}")
    assert (status, told["record"]["status"]) == (200, "active")


async def test_only_a_steward_is_shown_the_queue(node: RunningNode) -> None:
    assert (await node.get("/v1/duplicates"))[0] == 401
    headers = {"Authorization": f"Bearer {node.token}"}
    for query in ("limit=101", "limit=-1", "after=x", "verdict=all"):
        assert (await node.get(f"/v1/duplicates?{query}", headers=headers))[0] == 400, query


async def test_pairs_are_not_searched_for_all_the_time(node: RunningNode, twins: list[dict[str, Any]]) -> None:
    now = [0.0]

    def clock() -> float:
        now[0] += 0.5  # so long does a search take
        return now[0]

    queue, store = Queue(clock), node.ledger.store
    assert len(queue.pairs(store)) == 1
    third = twins[0] | {"id": seeded("third", 16)}
    node.ledger.writer.append([node.ledger.state("record.put", {"record": third}, seeded("third twin", 16))])
    node.ledger.writer.settle()
    assert len(queue.pairs(store)) == 1
    now[0] += 20
    assert len(queue.pairs(store)) == 3
    both: dict[str, Any] = {
        "subject": {"log": node.log_id, "id": third["id"]},
        "other": {"log": node.log_id, "id": twins[0]["id"]},
    }
    node.ledger.writer.append([node.ledger.state("claim.different", both, seeded("apart", 16))]).result()
    node.ledger.writer.settle()
    assert len(queue.pairs(store)) == 2
