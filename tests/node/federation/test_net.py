# SPDX-License-Identifier: AGPL-3.0-or-later
"""The federation as a net: who witnesses whom is drawn and said, forks are red and in words, many stay legible."""

from __future__ import annotations

import re
from itertools import pairwise
from math import hypot
from typing import Any

import pytest

from ledger.held.witness import witness_verifier
from node.directory.listing import Reader
from node.federation.net_picture import SHOWN_MAX, SIZE, draw_net
from node.federation.net_shown import ago, net_shown
from node.web.words import words_in
from protocol.identity import show_log_id
from tests.node.browsing import Page
from tests.node.peering.test_witnessing import choose, pair, until_published, write
from tests.node.running import RunningNode

__all__ = ["pair"]
NOW = 1_790_000_000
READER = Reader(("en",), words_in("en"), NOW)


def log(number: int, **more: Any) -> dict[str, Any]:
    told = {
        "epoch": 1,
        "own": number == 0,
        "state": "ok",
        "fork_proof": "",
        "size": 5,
        "published_size": 3,
        "quorum": 1,
    }
    named = {"log": f"{number:052d}", "name": {"en": f"Coop {number}"}, "seen": NOW - 7_200 * number}
    return told | named | {"head_size": 5, "witnesses": [], "vouches": []} | more


def watched_by(*numbers: int, at: int = NOW) -> list[dict[str, Any]]:
    return [{"log": f"{one:052d}", "name": f"Coop {one}", "key": f"k{one}", "cosigned_at": at} for one in numbers]


def test_what_is_drawn_stays_on_the_plate_and_apart() -> None:
    nodes = [(str(number), "fresh") for number in range(40)]
    ties = [(str(one), str(other), "watch") for one in range(40) for other in range(0, 40, 3)]
    net = draw_net(nodes, ties)
    assert len(net.spots) == SHOWN_MAX
    for one, other in pairwise(net.spots):
        assert hypot(one.x - other.x, one.y - other.y) > one.radius + other.radius
    for tie in net.ties:
        assert tie.source != tie.target
        assert all(0 <= float(text) <= SIZE for text in re.findall(r"-?[0-9.]+", tie.path + tie.head))
    assert not {frozenset(tie[:2]) for tie in net.ties} - {
        frozenset((one, other)) for one, other, _ in ties if int(one) < SHOWN_MAX and int(other) < SHOWN_MAX
    }
    assert len({tie.path for tie in net.ties}) == len(net.ties), "there and back lie apart"


def test_states_are_said_and_trouble_comes_first() -> None:
    logs = [log(number) for number in range(30)]
    logs[0]["witnesses"] = watched_by(1) + watched_by(29, at=0)
    logs[28] |= {"state": "forked", "fork_proof": "ab"}
    logs[29] |= {"state": "stale", "vouches": [log(3)["log"]]}
    shown = net_shown({"logs": logs}, READER, [log(5)["log"]])
    assert [row.name.text for row in shown.rows[:4]] == ["Coop 0", "Coop 28", "Coop 29", "Coop 5"]
    assert (shown.left, len(shown.rows)) == (30 - SHOWN_MAX, 30)
    assert [spot.mark for spot in shown.net.spots[:3]] == ["own fresh", "forked", "stale"]
    assert shown.rows[1].proof.endswith("/fork-proof")
    assert {one.name: one.at for one in shown.rows[0].witnesses} == {"Coop 1": "within two hours", "Coop 29": "not yet"}
    assert shown.rows[2].watches == ["Coop 0"]
    assert {tie.mark for tie in shown.net.ties} == {"talk", "watch", "watch silent", "vouch"}
    assert "Coop 1 witnesses Coop 0" in shown.said
    assert "Coop 0 and Coop 5 are connected" in shown.said
    assert shown.rows[0].entries == "3 of 5 published"


@pytest.mark.parametrize(
    ("past", "text"),
    [(60, "within two hours"), (9_000, "2 hours ago"), (200_000, "2 days ago"), (10**7, "28 May 2026")],
)
def test_how_long_ago(past: int, text: str) -> None:
    assert ago(NOW - past, READER).replace("\u00a0", " ") == text


async def test_two_nodes_that_witness_each_other(pair: tuple[RunningNode, RunningNode]) -> None:
    first, second = pair
    await choose(first, witness_verifier(second.ledger))
    written = await write(first, 1)
    await until_published(first, first.log_id, written["position"])
    _, told = await first.get("/v1/federation/net")
    own = told["logs"][0]
    assert (own["own"], own["published_size"]) == (True, own["size"])
    ((witness),) = own["witnesses"]
    assert (witness["log"], witness["name"]) == (show_log_id(second.log_id), "Second")
    assert witness["cosigned_at"] > 0
    async with first.client.get(f"{first.url}/peers") as answer:
        page = Page(await answer.text())
    assert page.foreign() == []
    assert ("path", "head") in [(tag, a.get("class")) for tag, a in page.elements]
    assert "Second" in page.text
    assert page.count("circle") >= 2


def test_the_picture_is_so_high_as_what_is_on_it() -> None:
    """Two or three nodes lie on a line: no empty page above and below."""
    three = draw_net([(name, "node") for name in "abc"], [])
    assert three.height < SIZE / 3
    assert all(three.top + 21 <= spot.y <= three.top + three.height - 21 for spot in three.spots)
    assert draw_net([(str(number), "node") for number in range(9)], []).height <= SIZE
    assert draw_net([], []).height > 0
