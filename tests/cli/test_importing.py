# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot import` from end to end: reports, mappings, newer editions, undoing, and going on after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.importing.listing import keep_mapping
from ledger.importing.mapping import Mapping, TextColumn
from ledger.ledger import Ledger
from ledger.sqlite.store import SqliteStore
from protocol.statement import Statement, parse_payload, parse_statement
from tests.cli.conftest import ENVIRONMENT, HEADER, Home, row, write_csv

if TYPE_CHECKING:
    from pathlib import Path

CC0 = ("--licence", "CC0-1.0")


def _counts(home: Home, file: Path, *options: object) -> dict[str, int]:
    counts: dict[str, int] = home.well("import", file, *CC0, "--json", *options).json["counts"]
    return counts


def _statements(home: Home) -> list[Statement]:
    """Everything that was written after the charter."""
    store = SqliteStore(home.path / "store" / "ledger.db", writable=False)
    with store.read() as reads:
        tree = reads.trees()[0]
        payloads = [stored.payload for stored in reads.entries(tree.tree, 1, tree.size)]
    store.close()
    parsed = [parse_statement(parse_payload(payload or b"").statement) for payload in payloads]
    return [statement for statement in parsed if isinstance(statement, Statement)]


def _statuses(home: Home) -> dict[str, str]:
    options = ["--status", "active,closed", "--limit", "100", "--json"]
    records = home.well("search", *options).json["records"]
    return {next(iter(record["name"].values())): record["status"] for record in records}


def test_a_dry_run_writes_nothing(home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "some.csv", row(1), row(2))
    ran = home.well("import", file, *CC0, "--dry-run")
    assert "2 would be added" in ran.out
    assert "--undo" not in ran.out
    assert home.well("import", file, *CC0, "--dry-run", "--json").json["dry_run"] is True
    assert (_statements(home), home.total()) == ([], 0)


def test_good_rows_go_in_and_bad_ones_are_named(home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "some.csv", row(1), "2,,,,,,,,\n", row(3).replace(",\n", ",not a url\n"))
    report, text = tmp_path / "report.json", tmp_path / "report.txt"
    ran = home.well("import", file, *CC0, "--report", report)
    assert "2 added" in ran.out
    assert "row 3 (2): name" in ran.out
    assert "[not a url]" in ran.out
    value = json.loads(report.read_text())
    assert value["schema"] == "folkmoot.import-report/1"
    assert value["counts"] == {"added": 2, "updated": 0, "kept": 0, "closed": 0, "refused": 1, "warnings": 1}
    assert [(r["row"], r["id"], r["action"]) for r in value["rows"]] == [
        (2, "1", "added"),
        (3, "2", "refused"),
        (4, "3", "added"),
    ]
    assert [p["severity"] for r in value["rows"] for p in r["problems"]] == ["error", "warning"]
    home.well("import", file, *CC0, "--report", text)
    lines = text.read_text().splitlines()
    assert lines[0].startswith("some.csv: 0 added")
    assert "row 3\t2\trefused" in lines
    assert home.total() == 2


def test_a_mapping_can_be_saved_edited_and_used(home: Home, tmp_path: Path) -> None:
    file, mapping = write_csv(tmp_path / "some.csv", row(1)), tmp_path / "mapping.toml"
    home.well("import", file, *CC0, "--dry-run", "--save-mapping", mapping)
    text = mapping.read_text()
    assert 'identifier = "id"' in text
    mapping.write_text(text.replace('set = "some"', 'set = "named"') + 'kind = "place"\n')
    home.well("import", file, "--mapping", mapping)
    record = home.well("search", "--json").json["records"][0]
    assert (record["kind"], record["licence"]) == ("place", "CC0-1.0")
    assert record["sources"][0]["set"] == "named"
    assert record["point"]["lat"] == pytest.approx(50.0001)
    mapping.write_text(text + "colour = 1\n")
    ran = home("import", file, "--mapping", mapping)
    assert (ran.code, "colour" in ran.err) == (1, True)


def test_what_the_mapping_lacks_is_asked_for(home: Home, tmp_path: Path) -> None:
    ran = home("import", write_csv(tmp_path / "some.csv", row(1)))
    assert (ran.code, ran.out) == (2, "")
    assert "licence" in ran.err
    assert _statements(home) == []


def test_a_newer_edition_updates_adds_and_closes(home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "some.csv", *map(row, range(1, 21)))
    assert _counts(home, file)["added"] == 20
    assert _counts(home, file) == {"added": 0, "updated": 0, "closed": 0, "kept": 20, "refused": 0, "warnings": 0}
    written = len(_statements(home))
    write_csv(file, *(row(n) for n in range(3, 21) if n != 7), row(7, "Renamed"), row(99))
    assert _counts(home, file) == {"added": 1, "updated": 1, "closed": 2, "kept": 17, "refused": 0, "warnings": 0}
    statuses = _statuses(home)
    assert statuses["Commons 0001"] == statuses["Commons 0002"] == "closed"
    assert statuses["Renamed"] == statuses["Commons 0099"] == "active"
    assert len(_statements(home)) == written + 2 + 4, "only what changed, the start and the end"
    write_csv(file, *map(row, range(1, 21)))
    assert _counts(home, file, "--no-close")["closed"] == 0
    assert _statuses(home)["Commons 0001"] == "active", "what comes back is open again"


def test_another_set_is_left_alone(home: Home, tmp_path: Path) -> None:
    home.well("import", write_csv(tmp_path / "one.csv", *map(row, range(1, 6))), *CC0)
    assert _counts(home, write_csv(tmp_path / "other.csv", row(1)))["added"] == 1
    assert home.total() == 6


def test_closing_much_is_asked_for(home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "some.csv", *map(row, range(1, 41)))
    home.well("import", file, *CC0)
    written = len(_statements(home))
    write_csv(file, *map(row, range(1, 21)))
    ran = home("import", file, *CC0)
    assert (ran.code, ran.out) == (1, "")
    assert "close 20 of 40" in ran.err
    assert "--close-many" in ran.err
    assert len(_statements(home)) == written
    assert _counts(home, file, "--dry-run")["closed"] == 20
    assert _counts(home, file, "--no-close")["closed"] == 0
    assert _counts(home, file, "--close-many")["closed"] == 20
    assert home.total() == 20


def test_an_import_is_taken_back(home: Home, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "some.csv", *map(row, range(1, 21)))
    home.well("import", file, *CC0)
    before = _statuses(home)
    write_csv(file, *(row(n) for n in range(2, 20)), row(20, "Renamed"), row(99))
    second = home.well("import", file, *CC0, "--json").json["import"]
    assert _statuses(home) != before
    undone = home.well("import", "--undo", second[:12], "--json").json
    assert (undone["import"], undone["restored"], undone["left"]) == (second, 3, [])
    after = _statuses(home)
    assert after.pop("Commons 0099") == "closed"
    assert after == before
    assert [i["state"] for i in home.well("import", "--list", "--json").json["imports"]] == ["done", "undone"]
    ran = home("import", "--undo", second[:12])
    assert (ran.code, "already" in ran.err) == (1, True)
    assert _counts(home, file)["updated"] == 2, "the same file can be taken in again"
    assert _statuses(home)["Renamed"] == "active"


def test_what_was_changed_since_is_left_when_an_import_is_taken_back(home: Home, tmp_path: Path) -> None:
    home.well("import", write_csv(tmp_path / "some.csv", row(1), row(2)), *CC0)
    record = next(r for r in home.well("search", "--json").json["records"] if r["name"].get("fr") == "Commons 0001")
    home.well("record", "close", record["id"], "--reason", "duplicate")
    imported = home.well("import", "--list", "--json").json["imports"][0]["id"]
    undone = home.well("import", "--undo", imported[:12], "--json").json
    assert (undone["restored"], undone["left"]) == (1, [record["id"]])


NO_TABLES = (
    ("empty.csv", b""),
    ("blanks.csv", b"\n\n  \n"),
    ("header.csv", HEADER.encode()),
    ("noise.csv", bytes(range(256)) * 20),
    ("nul.csv", b"id,name\n1,a\x00b\n"),
    ("quote.csv", b'id,name\n1,"never closed\n2,b\n'),
    ("wide.csv", b"id,name\n" + b"1," * 10_000 + b"\n"),
    ("broken.geojson", b'{"type": "FeatureCollection", "features": ['),
    ("other.json", b'{"type": "Topology"}'),
    ("deep.json", b"[" * 100_000),
)


def test_files_that_are_none_are_refused_in_words(home: Home, tmp_path: Path) -> None:
    for name, data in NO_TABLES:
        file = tmp_path / name
        file.write_bytes(data)
        written = len(_statements(home))
        ran = home("import", file, *CC0)
        assert "fault in the program" not in ran.err, name
        assert "Traceback" not in ran.err, name
        if ran.code == 0:
            assert "added" in ran.out, name
        else:
            assert ran.code in {1, 2}, name
            assert ran.err.strip(), name
            assert len(_statements(home)) == written, name


KILLED = """
import os, signal, sys
import cli.target
from cli.main import main

left = [{after}]
plain = cli.target.LocalTarget._finish

def finish(self, future, advance):
    positions = plain(self, future, advance)
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return positions

cli.target.LocalTarget._finish = finish
main()
"""


@pytest.mark.parametrize("after", [4, 9, *(pytest.param(n, marks=pytest.mark.long) for n in (0, 1, 2, 3, 5, 6, 7, 8))])
def test_a_killed_import_goes_on_without_doubles(home: Home, tmp_path: Path, after: int) -> None:
    """Killed after the start, amid the rows, and before the end; the same command again completes it."""
    file = write_csv(tmp_path / "some.csv", *map(row, range(1, 1001)))
    arguments = ["folkmoot", "--data-dir", str(home.path), "import", str(file), *CC0]
    command = [sys.executable, "-c", KILLED.format(after=after), *arguments[1:]]
    killed = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert killed.returncode == -signal.SIGKILL, killed
    interrupted: list[dict[str, Any]] = home.well("import", "--list", "--json").json["imports"]
    assert [one["state"] for one in interrupted] in ([], ["interrupted"])
    had = home.total()
    assert had < 1000 or after > 4, "groups that were under way may have become durable, but not so many"
    file = file.rename(tmp_path / "renamed.csv") if after == 4 else file
    again = home.well("import", file, *CC0, "--set", "some", "--json").json
    assert again["counts"]["added"] + again["counts"]["kept"] == 1000
    assert home.total() == 1000
    imports = home.well("import", "--list", "--json").json["imports"]
    assert [(one["state"], one["changed"]) for one in imports] == [("done", 1000)]
    kinds = Counter(statement.kind for statement in _statements(home))
    assert kinds["record.put"] == 1000, "nothing was written twice"
    assert len({statement.id for statement in _statements(home)}) == sum(kinds.values())
    home.well("log", "audit")


def test_a_mapping_that_was_kept_is_used_for_the_next_edition(home: Home, tmp_path: Path) -> None:
    mapping = Mapping(set="shops", licence="CC0-1.0", name=(TextColumn("name"),), identifier="id")
    with Ledger(DataDirectory(home.path)) as ledger:
        ledger.writer.run(lambda change: keep_mapping(change, mapping)).result()
    file = write_csv(tmp_path / "newer.csv", row(1))
    report = home.well("import", file, "--edition-of", "shops", "--json").json
    assert (report["set"], report["counts"]["added"]) == ("shops", 1)
    assert "no mapping was kept" in home("import", file, "--edition-of", "others").err
