# SPDX-License-Identifier: AGPL-3.0-or-later
"""Following, vouching, denying, subscribing on the command line: with the node at rest, and while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.identity import show_log_id
from tests.builders import seeded
from tests.cli.conftest import Home, serve, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Run, Served

FAR, NEAR = show_log_id(seeded("far")), show_log_id(seeded("near"))


def test_what_the_operator_decides_is_listed(home: Home) -> None:
    assert "followed" in home.well("log", "follow", FAR).out
    home.well("log", "region", "Val de Loire")
    home.well("peer", "deny", NEAR)
    listed = home.well("log", "list")
    assert (f"denied: {NEAR[:8]}" in listed.out, "val de loire" in listed.err) == (True, True)
    assert "own" in listed.out
    value = home.well("log", "list", "--json").json
    assert [row["mode"] for row in value["logs"]] == ["own"]
    assert [row["log"] for row in value["denied"]] == [NEAR]
    assert f"denied: {NEAR[:8]}" in home.well("peer", "list").out
    home.well("peer", "allow", NEAR[:10])
    home.well("log", "unfollow", FAR[:9])
    home.well("log", "region", "--remove", "val  DE loire")
    value = home.well("log", "list", "--json").json
    assert (value["denied"], value["regions"]) == ([], [])


def test_vouches_and_decisions_are_entries(home: Home) -> None:
    assert "entry 1" in home.well("log", "vouch", FAR, "--note", "good people").out
    assert [row["log"] for row in home.well("log", "list", "--json").json["vouched"]] == [FAR]
    home.well("log", "vouch", FAR, "--withdraw")
    assert home.well("log", "list", "--json").json["vouched"] == []
    home.well("moderation", "deny", FAR, "--reason", "spam")
    home.well("moderation", "label", NEAR, "adults only", "--record", "00" * 16)
    home.well("moderation", "label", NEAR, "adults only", "--record", "00" * 16, "--remove")
    value = home.well("moderation", "log", "--json").json
    assert [(row["position"], row["kind"]) for row in value["decisions"]] == [
        *((5, "label"), (4, "label"), (3, "deny")),
        *((2, "vouch"), (1, "vouch")),
    ]
    shown = home.well("moderation", "log")
    assert "spam" in shown.out
    assert f"log prove {value['log'][:8]}" in shown.err
    assert [row["log"] for row in home.well("moderation", "list", "--json").json["denied"]] == [FAR]
    home.well("moderation", "deny", FAR, "--reason", "spam", "--withdraw")
    assert home.well("moderation", "list", "--json").json["denied"] == []
    assert home("moderation", "deny", FAR, "zz", "--reason", "spam").code == 2
    assert home("moderation", "deny", FAR, "--reason", "because").code == 2
    assert home("log", "follow", "no such log").code == 4
    own = home.well("log", "list", "--json").json["logs"][0]["log"]
    refused = home("peer", "deny", own)
    assert (refused.code, "own log" in refused.err) == (1, True)


def test_subscriptions_are_listed(home: Home) -> None:
    assert "no subscriptions" in home.well("moderation", "list").err
    home.well("moderation", "subscribe", FAR)
    assert [row["log"] for row in home.well("moderation", "list", "--json").json["subscriptions"]] == [FAR]
    assert f"subscribed: {FAR[:8]}" in home.well("moderation", "list").out
    home.well("moderation", "unsubscribe", FAR[:12])
    assert home.well("moderation", "list", "--json").json["subscriptions"] == []


@pytest.fixture
def two(tmp_path: Path, run: Run) -> Iterator[tuple[Home, Home, Served, Served]]:
    """Two organisations whose nodes run and do not know each other."""
    homes, nodes = [], []
    for name in ("alder", "birch"):
        homes.append(Home(tmp_path / name, run))
        homes[-1].well("init", "--name", name.title(), "--kind", "assembly")
        nodes.append(serve(homes[-1].path))
    try:
        yield homes[0], homes[1], nodes[0], nodes[1]
    finally:
        for node in nodes:
            node.process.terminate()
        for node in nodes:
            node.process.communicate(timeout=15)


@pytest.mark.long
def test_a_running_node_follows_what_is_decided(two: tuple[Home, Home, Served, Served]) -> None:
    alder, birch, _, near = two
    alder.well("peer", "add", near.url)
    wait(lambda: len(alder.well("log", "list", "--json").json["logs"]) == 2)
    wait(lambda: birch.well("log", "list", "--json").json["waiting"])
    listed = birch.well("log", "list").out
    assert "waiting;" in listed
    assert "Alder" in listed
    log = birch.well("log", "list", "--json").json["waiting"][0]["log"]
    birch.well("log", "admit", log[:8])
    wait(lambda: [row["mode"] for row in birch.well("log", "list", "--json").json["logs"]] == ["own", "admit"])
    wait(lambda: birch.well("log", "list", "--json").json["logs"][1]["size"] == 1)
    birch.well("peer", "deny", log[:8])
    assert len(birch.well("log", "list", "--json").json["logs"]) == 1
    birch.well("peer", "allow", log[:8])
    assert len(birch.well("log", "list", "--json").json["logs"]) == 2
