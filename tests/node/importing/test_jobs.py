# SPDX-License-Identifier: AGPL-3.0-or-later
"""The node's work on imports: it goes on after a stop, writes nothing twice, and asks again when something changed."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from ledger.errors import StoreFullError
from ledger.importing import write
from ledger.importing.listing import import_objects
from ledger.importing.mapping import from_toml, to_toml
from ledger.ledger import Ledger
from node.importing.deciding import check, start
from node.importing.jobs import Jobs
from tests.builders import seeded
from tests.node.running import found

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.data_directory import DataDirectory
    from node.importing.uploads import Upload

WAIT_S = 60.0
HEADER = "id,name,town,country\n"


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    return found(tmp_path / "moot", "Moot")


def _rows(count: int) -> bytes:
    return (HEADER + "".join(f"{n},Commons {n:03d},Town {n},FR\n" for n in range(count))).encode()


def _sent(jobs: Jobs, content: bytes, name: str = "list.csv", edition_of: str = "") -> Upload:
    """A file that has come and was read."""
    receiving = jobs.uploads.receive()
    receiving.write(content)
    upload = jobs.uploads.begin(receiving, name, edition_of=edition_of)
    jobs.start(upload)
    return _after(jobs, upload)


def _after(jobs: Jobs, upload: Upload) -> Upload:
    jobs.wait(upload.id, WAIT_S)
    return jobs.uploads.get(upload.id)


def _checked(jobs: Jobs, content: bytes, **changes: Any) -> Upload:
    """A file of which it was worked out what it would do."""
    upload = _sent(jobs, content)
    mapping = msgspec.structs.replace(from_toml(upload.mapping), licence="CC0-1.0", set="set", **changes)
    return _after(jobs, check(jobs, upload, to_toml(mapping), close=True))


def _go(jobs: Jobs, upload: Upload, likely: str = "propose", **single: str) -> Upload:
    return _after(jobs, start(jobs, upload, seen=upload.seen, close_many=False, likely=likely, single=single))


def _kinds(ledger: Ledger) -> list[str]:
    ledger.writer.settle()
    with ledger.store.read() as reads:
        return [row.status for row in reads.all_records(-1, 1_000)]


def test_what_was_interrupted_goes_on_when_the_node_starts_again(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "PART_ENTRIES", 10)
    with Ledger(directory) as ledger:
        jobs = Jobs(ledger)
        upload = _checked(jobs, _rows(200))
        told = jobs._advance

        def stopping(upload_id: str, done: int, total: int) -> None:
            if done >= 50 and total == 202:
                jobs._stopping.set()
            told(upload_id, done, total)

        monkeypatch.setattr(jobs, "_advance", stopping)
        assert _go(jobs, upload).phase == "writing"
        jobs.stop()
        ledger.writer.settle()
        assert 50 <= len(_kinds(ledger)) < 200
        with ledger.store.read() as reads:
            assert import_objects(reads)[0]["state"] == "interrupted"
    with Ledger(directory) as ledger:
        jobs = Jobs(ledger)
        jobs.resume()
        assert _after(jobs, upload).phase == "done"
        assert len(_kinds(ledger)) == 200
        with ledger.store.read() as reads:
            (one,) = import_objects(reads)
            tree = reads.trees()[0]
        assert (one["state"], one["changed"]) == ("done", 200)
        assert tree.size == 1 + 200 + 2, "nothing was written twice"
        jobs.stop()


def test_a_file_whose_plan_has_changed_is_shown_again(directory: DataDirectory) -> None:
    with Ledger(directory) as ledger:
        jobs = Jobs(ledger)
        one, other = _checked(jobs, _rows(3)), _checked(jobs, _rows(3).replace(b"Commons 001", b"Commons one"))
        assert _go(jobs, one).phase == "done"
        again = _go(jobs, other)
        assert (again.phase, again.changed) == ("checked", True)
        assert (again.counts["added"], again.counts["updated"], again.counts["kept"]) == (0, 1, 2)
        assert _go(jobs, again).phase == "done"
        jobs.stop()


def test_rows_that_look_like_others_are_brought_in_told_apart_or_left_out(directory: DataDirectory) -> None:
    row = "{},Café de la Paix,Lille,FR\n"
    with Ledger(directory) as ledger:
        here: dict[str, Any] = {"kind": "organisation", "name": {"fr": "Café de la Paix"}, "licence": "CC0-1.0"}
        here |= {"id": seeded("here", 16), "address": {"locality": "Lille", "country": "FR"}}
        ledger.writer.append([ledger.state("record.put", {"record": here})]).result()
        jobs = Jobs(ledger)
        content = (HEADER + row.format(1) + "2,Elsewhere,Gent,BE\n").encode()
        upload = _checked(jobs, content)
        report = jobs.uploads.kept(upload, "report")
        assert [pair["row"] for pair in report["likely_duplicates"]] == [2]
        assert _go(jobs, upload, "leave_out").counts["refused"] == 1
        assert len(_kinds(ledger)) == 2
        upload = _checked(jobs, content + b"\n")
        assert _go(jobs, upload, "leave_out", **{"2": "apart"}).counts["added"] == 1
        assert len(_kinds(ledger)) == 3
        with ledger.store.read() as reads:
            (pair,) = reads.pairs()
        assert pair.kind == "different"
        jobs.stop()


def test_so_many_are_closed_only_when_that_was_said(directory: DataDirectory) -> None:
    with Ledger(directory) as ledger:
        jobs = Jobs(ledger)
        assert _go(jobs, _checked(jobs, _rows(30))).phase == "done"
        upload = _checked(jobs, _rows(3))
        assert upload.counts["too_much"] == 1
        stopped = _go(jobs, upload)
        assert (stopped.phase, "asked for" in stopped.fault) == ("stopped", True)
        said = start(jobs, upload, seen=upload.seen, close_many=True, likely="propose", single={})
        assert _after(jobs, said).counts["closed"] == 27
        jobs.stop()


def test_a_newer_edition_lacks_a_column(directory: DataDirectory) -> None:
    with Ledger(directory) as ledger:
        jobs = Jobs(ledger)
        assert _go(jobs, _checked(jobs, _rows(3))).phase == "done"
        newer = _sent(jobs, b"id,name,country\n1,Commons 001,FR\n", "newer.csv", edition_of="set")
        assert newer.lost == ("town",)
        assert from_toml(newer.mapping).set == "set"
        jobs.stop()


def test_a_fault_of_ours_stops_one_job_and_no_other(directory: DataDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(directory) as ledger:
        jobs = Jobs(ledger)
        reading = jobs._reading
        monkeypatch.setattr(jobs, "_reading", lambda _: 1 / 0)
        assert (_sent(jobs, _rows(1)).phase) == "stopped"
        monkeypatch.setattr(jobs, "_reading", reading)
        assert _sent(jobs, _rows(1)).phase == "mapping"
        jobs.stop()


def test_what_ends_the_node_each_time_is_not_begun_for_ever(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    for times in range(4):
        with Ledger(directory) as ledger:
            jobs = Jobs(ledger)
            if not times:
                receiving = jobs.uploads.receive()
                receiving.write(_rows(1))
                upload = jobs.uploads.begin(receiving, "heavy.csv")
            jobs._stopping.set()
            monkeypatch.setattr(jobs, "_work", lambda _: None)  # as if the node had ended meanwhile
            jobs.resume()
            now = jobs.uploads.get(upload.id)
            jobs.stop()
        assert now.phase == ("reading" if times < 2 else "stopped")
    assert "several times" in now.fault


def test_a_full_disk_leaves_nothing_that_is_worked_on_for_ever(
    directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger(directory) as ledger:
        jobs = Jobs(ledger)
        upload = _sent(jobs, _rows(3))

        def full(path: Path, _: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

        with monkeypatch.context() as patch:
            patch.setattr(type(directory.imports), "write_bytes", full)
            with pytest.raises(StoreFullError, match="No space left"):
                check(jobs, upload, upload.mapping, close=True)
            jobs.start(upload)
            assert jobs.uploads.get(upload.id).phase == "mapping"
            stuck = jobs.uploads.change_anyway(upload.id, phase="reading")
            jobs.start(stuck)
            stopped = _after(jobs, stuck)
            assert (stopped.phase, "No space left" in stopped.fault) == ("stopped", True)
        assert not list(jobs.uploads.path(upload).parent.glob("*.coming"))
        jobs.uploads.change(upload.id, phase="reading", fault="")
        jobs.start(upload)
        assert _after(jobs, upload).phase == "mapping"
        jobs.uploads.drop(upload.id)
        jobs.stop()
