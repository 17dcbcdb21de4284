# SPDX-License-Identifier: AGPL-3.0-or-later
"""Backup, restore and override as operators do them; and real nodes, one of which is put back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Home, serve, wait, write_csv
from tests.cli.conftest import row as line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run, Served


def put(home: Home, folder: Path, name: str) -> str:
    """Puts a record; the state it has then."""
    file = folder / "record.json"
    file.write_text(json.dumps({"kind": "place", "name": {"en": name}, "licence": "CC0-1.0"}), "utf-8")
    return str(home.well("record", "put", "--json", file).json["state"])


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text("correct horse battery\nsecond line\n")
    return file


def test_a_node_moves_with_its_keys(home: Home, run: Run, tmp_path: Path, passphrase: Path) -> None:
    assert put(home, tmp_path, "Orchard") == "saved"
    taken = home.well("backup", "--with-keys", "--passphrase-file", passphrase, tmp_path / "backup", "--json").json
    assert (taken["keys"], taken["entries"]) == (True, 2)
    there = Home(tmp_path / "there", run)
    ran = there.well("restore", "--passphrase-file", passphrase, tmp_path / "backup")
    assert "restored and verified: 2 entries" in ran.out
    assert "It will ask those who watch this log" in ran.err
    assert "Do not run the old machine" in ran.err
    assert there.total("orchard") in {0, 1}  # made searchable again when the node runs
    assert put(there, tmp_path, "Bakery") == "queued"
    assert "own, 1 queued" in there.well("log", "list").out
    assert there("doctor").code == 1
    assert there("restore", "--passphrase-file", passphrase, tmp_path / "backup").code == 1

    ran = there.well("log", "override", "--reason", "the old disk has died")
    assert "overridden: said at position 3" in ran.out
    assert there.well("log", "list", "--json").json["queued"] == 0
    shown = there.well("log", "show", "", "3", "--json").json["statement"]
    assert (shown["kind"], shown["body"]["reason"], shown["body"]["size"]) == ("override", "the old disk has died", 2)
    assert put(there, tmp_path, "Forge") == "saved"
    assert there("log", "override", "--reason", "again").code == 1
    assert there.well("log", "audit").out.endswith("0 faults\n")
    assert there.total() == 3


def test_a_backup_without_keys_says_what_is_missing(home: Home, run: Run, tmp_path: Path) -> None:
    assert "holds no keys" in home.well("backup", tmp_path / "backup").err
    there = Home(tmp_path / "there", run)
    assert "put operating.key back" in there.well("restore", tmp_path / "backup").err
    assert there("record", "put", tmp_path / "none").code != 0


def test_what_must_not_be_signed_is_said_to_be_queued(home: Home, tmp_path: Path) -> None:
    home.well("peer", "add", "http://127.0.0.1:1")
    ran = home.well("import", write_csv(tmp_path / "some.csv", line(1)), "--licence", "CC0-1.0")
    assert "saved here and not signed yet" in ran.err
    assert put(home, tmp_path, "Orchard") == "queued"


def state(node: Served) -> str:
    return str(node.get("/readyz")["state"])


def held(node: Served, name: str) -> int:
    """How many entries of the log of an organisation of that name a node holds under a checkpoint."""
    logs = node.get("/v1/log")["logs"]
    return max((log["checkpoint_size"] for log in logs if name in log["name"].values()), default=0)


@pytest.mark.long
def test_real_nodes_one_of_which_is_put_back(home: Home, run: Run, tmp_path: Path, passphrase: Path) -> None:
    others = [Home(tmp_path / name, run) for name in ("birch", "cedar")]
    for other, name in zip(others, ("Birch", "Cedar"), strict=True):
        other.well("init", "--name", name, "--kind", "coop")
        (other.path / "folkmoot.toml").write_text('admission = "open"\n')
    peers = [serve(other.path) for other in others]
    running = [*peers]
    try:
        for peer in peers:
            home.well("peer", "add", peer.url)
        node = serve(home.path)
        running.append(node)
        wait(lambda: state(node) == "signing")
        put(home, tmp_path, "Orchard")
        home.well("backup", "--with-keys", "--passphrase-file", passphrase, tmp_path / "backup")
        put(home, tmp_path, "Bakery")
        home.well("import", write_csv(tmp_path / "some.csv", *map(line, range(50))), "--licence", "CC0-1.0")
        wait(lambda: all(held(peer, "Moot") == 55 for peer in peers))
        node.process.kill()
        node.process.communicate(timeout=15)
        running.remove(node)

        there = Home(tmp_path / "there", run)
        there.well("restore", "--passphrase-file", passphrase, tmp_path / "backup")
        assert put(there, tmp_path, "Forge") == "queued"
        back = serve(there.path)
        running.append(back)
        wait(lambda: state(back) == "signing")
        wait(lambda: all(held(peer, "Moot") == 56 for peer in (*peers, back)))
        wait(lambda: back.get("/v1/records")["total"] == 53)
        assert put(there, tmp_path, "Mill") == "saved"
        wait(lambda: all(held(peer, "Moot") == 57 for peer in peers))
        for peer in peers:
            assert not any("forked" in str(problem) for problem in peer.get("/v1/peers")["problems"].values())
    finally:
        for node in running:
            node.process.kill()
            node.process.communicate(timeout=15)
