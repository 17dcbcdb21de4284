# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot doctor` on directories that were treated badly: each fault is found and comes with what to do."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from cli import doctor
from tests.cli.conftest import Home, Served, row, serve, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def _findings(home: Home) -> dict[str, tuple[str, str, str]]:
    """The worst finding on each thing looked at."""
    ran = home("doctor", "--json")
    order = ("ok", "warning", "bad")
    found: dict[str, tuple[str, str, str]] = {}
    for finding in ran.json["findings"]:
        what = finding["what"]
        if what not in found or order.index(finding["state"]) > order.index(found[what][0]):
            found[what] = (finding["state"], finding["seen"], finding["todo"])
    assert ran.code == int(any(state == "bad" for state, _, _ in found.values()))
    assert ran.json["ok"] == (ran.code == 0)
    return found


def _assert_bad(home: Home, what: str, word: str) -> None:
    state, seen, todo = _findings(home)[what]
    assert state == "bad"
    assert word in seen
    assert todo
    text = home("doctor")
    assert text.code == 1
    assert "BAD" in text.out


def test_a_healthy_directory(home: Home) -> None:
    found = _findings(home)
    assert {what: state for what, (state, _, _) in found.items() if what != "multicast DNS"} == {
        "clock": "ok",
        "disk": "ok",
        "permissions": "ok",
        "store": "ok",
        "head": "ok",
        "forks": "ok",
        "configuration": "ok",
        "node": "warning",
    }


def test_no_directory_at_all(run: Run, tmp_path: Path) -> None:
    found = _findings(Home(tmp_path / "nothing" / "here", run))
    assert found["data"][0] == "warning"
    assert "init" in found["data"][2]
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(("file", "what"), [("keys/operating.key", "permissions"), ("instance/head.db", "head")])
def test_a_missing_file(home: Home, file: str, what: str) -> None:
    (home.path / file).unlink()
    _assert_bad(home, what, "missing")


def test_a_key_that_others_can_read(home: Home) -> None:
    (home.path / "keys" / "operating.key").chmod(0o644)
    _assert_bad(home, "permissions", "others can read")


def test_a_store_that_was_put_back_from_an_older_copy(home: Home, tmp_path: Path) -> None:
    home.well("backup", tmp_path / "copy")
    home.well("import", write_csv(tmp_path / "some.csv", row(1)), "--licence", "CC0-1.0")
    for file in (home.path / "store").iterdir():
        file.unlink()
    shutil.copy(tmp_path / "copy" / "ledger.db", home.path / "store" / "ledger.db")
    _assert_bad(home, "head", "signed up to 4")
    record = tmp_path / "record.json"
    record.write_text(json.dumps({"kind": "place", "name": {"en": "x"}, "licence": "CC0-1.0"}))
    ran = home("record", "put", record)
    assert (ran.code, ran.out.split(":")[0], "not signed yet" in ran.err) == (0, "queued", True)


def test_a_head_of_another_log(home: Home, run: Run, tmp_path: Path) -> None:
    other = Home(tmp_path / "other", run)
    other.well("init", "--name", "Other", "--kind", "coop")
    shutil.copy(other.path / "instance" / "head.db", home.path / "instance" / "head.db")
    _assert_bad(home, "head", "another log")


def test_a_damaged_store(home: Home) -> None:
    file = home.path / "store" / "ledger.db"
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)
    found = _findings(home)
    assert found["store"][0] == "bad"
    file.write_bytes(b"not a database at all, but long enough to be looked at" * 100)
    assert _findings(home)["store"][0] == "bad"


def test_settings_that_are_wrong(home: Home) -> None:
    (home.path / "folkmoot.toml").write_text("port = 'http'\n")
    state, seen, _ = _findings(home)["configuration"]
    assert (state, "port" in seen) == ("bad", True)


def test_a_node_that_was_killed(home: Home) -> None:
    (home.path / "instance" / "url").write_text("http://127.0.0.1:1\n")
    _assert_bad(home, "node", "http://127.0.0.1:1")


def test_a_node_that_asks_before_it_signs(home: Home, served: Served) -> None:
    assert _findings(home)["signing"][0] == "ok"
    home.well("peer", "add", "http://127.0.0.1:1")
    served.process.terminate()
    served.process.communicate(timeout=15)
    again = serve(home.path)
    try:
        state, seen, _ = _findings(home)["signing"]
        assert (state, "Not yet: http://127.0.0.1:1" in seen) == ("warning", True)
    finally:
        again.process.terminate()
        again.process.communicate(timeout=15)


def test_a_disk_that_is_nearly_full(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_DISK_LOW", 2**63)
    _assert_bad(home, "disk", "GiB free")


@pytest.mark.parametrize("now", [0.0, 1_500_000_000.0, 5_000_000_000.0])
def test_a_clock_that_is_years_off(home: Home, monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    monkeypatch.setattr(time, "time", lambda: now)
    assert _findings(home)["clock"][0] == "bad"


def test_a_clock_behind_the_store(home: Home) -> None:
    later = time.time() + 86_400
    os.utime(home.path / "store" / "ledger.db", (later, later))
    _assert_bad(home, "clock", "earlier")
