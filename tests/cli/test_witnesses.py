# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot peer witness`, and what is published, on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.builders import found_organisation, witness_key
from tests.cli.conftest import Home, serve, wait

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run, Served

NORTH, SOUTH = str(witness_key("north")), str(witness_key("south"))


def keys(home: Home) -> list[str]:
    """The witnesses that a node lists."""
    return [one["key"] for one in home.well("peer", "witness", "list", "--json").json["witnesses"]]


def check_choosing(home: Home) -> None:
    """Adds, changes, lists and removes witnesses."""
    assert keys(home) == []
    added = home.well("peer", "witness", "add", NORTH, "--url", "https://north.example/w/", "--json").json
    assert added["state"] == "added"
    home.well("peer", "witness", "add", SOUTH)
    assert keys(home) == [NORTH, SOUTH]
    home.well("peer", "witness", "add", NORTH, "--url", "https://other.example")
    shown = home.well("peer", "witness", "list", "--json").json
    assert shown["witnesses"][0]["url"] == "https://other.example"
    assert (shown["by"], shown["quorum"], shown["published_size"]) == ("operator", 2, 0)
    told = home.well("peer", "witness", "list").out
    assert "2 chosen here, 2 of them needed: 0 of 1 entries are published" in told
    assert home("peer", "witness", "remove", NORTH).code == 0
    assert home("peer", "witness", "remove", NORTH).code == 4
    assert keys(home) == [SOUTH]


def test_witnesses_of_a_closed_node(home: Home) -> None:
    check_choosing(home)


def test_witnesses_of_a_running_node(home: Home, served: Served) -> None:
    assert served.url
    check_choosing(home)


@pytest.mark.parametrize("key", ["", "x", str(found_organisation().verifier_key), NORTH[:-1]])
def test_what_is_no_witness_key_is_a_wrong_usage(home: Home, key: str) -> None:
    assert home("peer", "witness", "add", key).code == 2
    assert home("peer", "witness", "add", NORTH, "--url", "north").code == 2


def test_the_own_key_is_shown_and_cannot_be_chosen(home: Home) -> None:
    own = home.well("log", "list", "--json").json["witness_key"]
    assert own in home.well("log", "list").out
    ran = home("peer", "witness", "add", own)
    assert ran.code == 1
    assert "give it to others" in ran.err


def test_logs_to_witness_are_checked_when_the_node_starts(home: Home) -> None:
    for text in (f'[witness]\nlogs = ["{NORTH}"]\n', '[witness]\nlogs = ["x"]\n', '[witness]\nlog = ["x"]\n'):
        (home.path / "folkmoot.toml").write_text(text)
        ran = home("serve", "--port", "0", "--no-mdns")
        assert (ran.code, ran.out) == (1, "")
        assert "witness" in ran.err


def test_a_record_is_published_and_its_proof_names_the_witness(tmp_path: Path, run: Run) -> None:
    first, second = Home(tmp_path / "first", run), Home(tmp_path / "second", run)
    for home, name in ((first, "First"), (second, "Second")):
        home.well("init", "--name", name, "--kind", "coop")
    node = serve(first.path)
    second.well("peer", "add", node.url)
    other = serve(second.path)
    try:
        first.well("peer", "witness", "add", second.well("log", "list", "--json").json["witness_key"])
        record = tmp_path / "record.json"
        record.write_text('{"kind": "place", "name": {"en": "Tool library"}, "licence": "CC0-1.0"}')
        written = first.well("record", "put", record, "--json").json
        log = first.well("log", "list", "--json").json["logs"][0]["log"]
        position = written["position"]
        wait(lambda: first.well("log", "show", log, position, "--json").json["state"] == "published")
        assert "published" in first.well("log", "list").out
        assert "state: published" in first.well("record", "show", written["id"]).out
        proof, trust = tmp_path / "proof", tmp_path / "trust"
        first.well("log", "prove", log, position, "-o", proof, "--trust", trust)
        verdict = run("verify", proof, "--trust", trust, "--json")
        assert verdict.code == 0
        assert [one["name"].split("/")[2] for one in verdict.json["witnesses"]] == ["witness"]
        lines = proof.read_bytes().splitlines(keepends=True)
        proof.write_bytes(b"".join(lines[:-1]))
        assert run("verify", proof, "--trust", trust).code == 7
    finally:
        for process in (node.process, other.process):
            process.terminate()
            process.communicate(timeout=15)
