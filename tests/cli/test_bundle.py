# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot bundle`: from one data directory to another by stick, pipe, folder and web, with the contract's codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import IO, TYPE_CHECKING

import pytest

from tests.cli.conftest import ENVIRONMENT, Home, Served, row, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


@pytest.fixture
def other(tmp_path: Path, run: Run) -> Home:
    """Another founded organisation, which holds nothing of the first."""
    made = Home(tmp_path / "other", run)
    made.well("init", "--name", "Other", "--kind", "coop")
    return made


def spawn_bytes(home: Home, *arguments: str, stdin: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """The command in a process of its own, whose streams carry bytes."""
    command = [sys.executable, "-m", "cli.main", "--data-dir", str(home.path), "bundle", *arguments]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT)


def fill(home: Home, folder: Path, count: int = 400) -> None:
    """A directory in the log."""
    file = write_csv(folder / "commons.csv", *(row(number) for number in range(count)))
    home.well("import", file, "--licence", "CC0-1.0", "--set", "commons")


@pytest.fixture
def stick(home: Home, tmp_path: Path) -> Path:
    """A bundle of a log with 400 records."""
    fill(home, tmp_path)
    home.well("bundle", "export", tmp_path / "stick.bundle")
    return tmp_path / "stick.bundle"


def test_from_one_to_the_other_and_again(home: Home, other: Home, stick: Path) -> None:
    found = home.well("search", "--json", "commons 0123").json["records"]
    (log,) = other.well("bundle", "import", "--json", stick).json["logs"]
    assert (log["state"], log["taken"], log["held"]) == ("taken", 403, 403)
    assert other.well("search", "--json", "commons 0123").json["records"] == found
    again = other.well("bundle", "import", stick)
    assert "already held" in again.out
    assert other.total() == 400
    assert other.well("log", "audit", "--json").json["faults"] == []


def test_what_is_exported_is_said_and_no_file_is_overwritten(home: Home, stick: Path, tmp_path: Path) -> None:
    said = home.well("bundle", "export", "--json", tmp_path / "again.bundle").json
    (log,) = said["logs"]
    assert (said["bytes"], log["from"], log["to"]) == (stick.stat().st_size, 0, 403)
    assert (tmp_path / "again.bundle").read_bytes() == stick.read_bytes()
    ran = home("bundle", "export", stick)
    assert (ran.code, ran.out) == (1, "")
    assert home("bundle", "export", tmp_path / "nowhere" / "x").code == 4
    assert home("bundle", "export", "--log", "zz", tmp_path / "x").code == 4
    assert home("bundle", "export", "--tiles", "-").code == 2
    assert not (tmp_path / "x").exists()
    assert list(tmp_path.glob("*.part")) == []


def test_only_what_is_new(home: Home, other: Home, stick: Path, tmp_path: Path) -> None:
    other.well("bundle", "import", stick)
    (tmp_path / "record.json").write_text('{"kind": "place", "name": {"en": "Orchard"}, "licence": "CC0-1.0"}')
    home.well("record", "put", tmp_path / "record.json")
    home.well("bundle", "export", "--since", "403", "--scope", "own", tmp_path / "news.bundle")
    assert (tmp_path / "news.bundle").stat().st_size < 5_000
    (log,) = other.well("bundle", "import", "--json", tmp_path / "news.bundle").json["logs"]
    assert (log["taken"], log["held"]) == (1, 404)
    third = Home(tmp_path / "third", other._run)
    third.well("init", "--name", "Third", "--kind", "coop")
    ran = third("bundle", "import", tmp_path / "news.bundle")
    assert (ran.code, "[gap]" in ran.err) == (1, True)


def test_all_and_one_and_own(home: Home, other: Home, stick: Path, tmp_path: Path) -> None:
    other.well("bundle", "import", stick)
    logs = {log["log"]: log["own"] for log in other.well("log", "list", "--json").json["logs"]}
    named = next(log for log, own in logs.items() if not own)
    for number, (options, count) in enumerate([((), 2), (("--scope", "own"), 1), (("--log", named[:8]), 1)]):
        said = other.well("bundle", "export", "--json", *options, tmp_path / f"{number}").json
        assert len(said["logs"]) == count
        if options[:1] == ("--log",):
            assert said["logs"][0]["log"] == named
    (own, theirs) = (log["state"] for log in home.well("bundle", "import", "--json", tmp_path / "0").json["logs"])
    assert sorted((own, theirs)) == ["held", "taken"]


def test_through_a_pipe(home: Home, other: Home, stick: Path) -> None:
    with spawn_bytes(home, "export", "-") as out, spawn_bytes(other, "import", "--json", "-", stdin=out.stdout) as into:
        assert out.stdout is not None
        out.stdout.close()
        shown, _ = into.communicate(timeout=60)
    assert (out.wait(), into.returncode) == (0, 0)
    assert json.loads(shown)["logs"][0]["held"] == 403
    assert stick.exists()


def test_what_is_broken_is_named_and_the_rest_is_taken(other: Home, stick: Path, tmp_path: Path) -> None:
    whole = stick.read_bytes()
    cut = tmp_path / "cut.bundle"
    cut.write_bytes(whole[: len(whole) * 3 // 4])
    ran = other("bundle", "import", cut)
    assert (ran.code, "INCOMPLETE" in ran.out, "[truncated]" in ran.err) == (3, True, True)
    begun = other.well("bundle", "import", "--json", stick).json["logs"][0]
    assert 0 < begun["taken"] < begun["held"] == 403
    hurt = bytearray(whole)
    hurt[len(hurt) // 2] ^= 1
    cut.write_bytes(hurt)
    ran = other("bundle", "import", "--json", cut)
    assert (ran.code, ran.json["logs"][0]["reason"]) == (3, "damaged")


def test_what_is_no_bundle(other: Home, tmp_path: Path, stick: Path) -> None:
    assert other("bundle", "import", tmp_path / "nothing").code == 4
    assert other("bundle", "import", tmp_path / "commons.csv").code == 3
    (tmp_path / "empty").mkdir()
    assert other("bundle", "import", tmp_path / "empty").code == 3
    assert other("bundle", "import", "http://127.0.0.1:9/x").code == 5
    assert Home(tmp_path / "nobody", other._run)("bundle", "import", stick).code == 6


def test_a_folder_of_tiles(home: Home, other: Home, stick: Path, tmp_path: Path) -> None:
    assert stick.exists()
    for _ in range(2):
        home.well("bundle", "export", "--tiles", tmp_path / "www")
    (log,) = other.well("bundle", "import", "--json", tmp_path / "www").json["logs"]
    assert (log["state"], log["held"]) == ("taken", 403)
    assert other.total() == 400
    listed = other.well("log", "list").out
    assert "not admitted: stays as it is" in listed
    assert "heads only" not in listed  # for all of it is here


def test_into_a_running_node(served: Served, home: Home, other: Home, tmp_path: Path) -> None:
    fill(other, tmp_path)
    other.well("bundle", "export", "--scope", "own", tmp_path / "stick.bundle")
    (log,) = home.well("bundle", "import", "--json", tmp_path / "stick.bundle").json["logs"]
    assert (log["state"], log["taken"], log["held"]) == ("taken", 403, 403)
    assert "already held" in home.well("bundle", "import", tmp_path / "stick.bundle").out
    assert len(served.get("/v1/log")["logs"]) == 2
    forged = bytearray((tmp_path / "stick.bundle").read_bytes())
    forged[len(forged) // 2] ^= 1
    (tmp_path / "stick.bundle").write_bytes(forged)
    assert home("bundle", "import", tmp_path / "stick.bundle").code == 3


def test_from_a_running_node(served: Served, home: Home, other: Home, tmp_path: Path) -> None:
    fill(home, tmp_path)
    (log,) = other.well("bundle", "import", "--json", f"{served.url}/bundle").json["logs"]
    assert (log["state"], log["held"]) == ("taken", 403)
    assert "already held" in other.well("bundle", "import", served.url).out
    home.well("bundle", "export", tmp_path / "while-it-runs.bundle")
    assert "already held" in other.well("bundle", "import", tmp_path / "while-it-runs.bundle").out


def test_what_a_copy_lacks_of_its_own_log_comes_back_from_a_stick(home: Home, tmp_path: Path, run: Run) -> None:
    def put(where: Home, name: str) -> str:
        file = tmp_path / "record.json"
        file.write_text(json.dumps({"kind": "place", "name": {"en": name}, "licence": "CC0-1.0"}))
        return str(where.well("record", "put", file, "--json").json["state"])

    home.well("backup", tmp_path / "copy")
    assert put(home, "Signed later") == "saved"
    home.well("bundle", "export", "--scope", "own", tmp_path / "own.bundle")
    again = Home(tmp_path / "again", run)
    again.well("restore", tmp_path / "copy")
    (again.path / "keys").mkdir(exist_ok=True)
    shutil.copy(home.path / "keys" / "operating.key", again.path / "keys")
    assert put(again, "Waiting") == "queued"
    (log,) = again.well("bundle", "import", "--json", tmp_path / "own.bundle").json["logs"]
    assert (log["state"], log["taken"], log["held"]) == ("taken", 1, 2)
    shown = again.well("log", "list", "--json").json
    assert (shown["logs"][0]["size"], shown["logs"][0]["checkpoint_size"], shown["queued"]) == (3, 2, 1)
    again.well("log", "override", "--reason", "nobody else has a copy")
    assert again.total() == 2
    assert again.well("log", "audit", "--json").json["faults"] == []
