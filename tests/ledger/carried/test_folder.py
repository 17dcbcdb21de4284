# SPDX-License-Identifier: AGPL-3.0-or-later
"""A folder of tiles as a source (spec 14 §5): written, read, tampered with, brought up to date."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from ledger.carried.bundle import choose
from ledger.carried.folder import decode_blobs, encode_blobs, log_path, read_disk, read_folder, write_folder
from ledger.carried.intake import Importer, Intake, Outcome
from ledger.keeping.audit import audit
from ledger.own.writer import Writer
from ledger.sqlite.store import SqliteStore
from protocol.errors import Malformed
from protocol.tile import parse_tile_path
from tests.builders import Log, found_organisation
from tests.ledger.making import Scribe, derive, hold

NewStore = Callable[[], SqliteStore]


@cache
def log_of(label: str, size: int) -> Log:
    return Log(found_organisation(label)).grow(size)


def write(store: SqliteStore, folder: Path) -> None:
    with store.read() as reads:
        chosen = choose(reads)
    write_folder(store, chosen, folder)


def take(store: SqliteStore, folder: Path) -> list[Outcome]:
    outcomes: list[Outcome] = []
    writer = Writer(store, None)
    try:
        parts, items = read_folder(read_disk(folder))
        assert Intake(parts, Importer(store, writer, bytes(32)), outcomes.append).run(items) is None
    finally:
        writer.close()
    return outcomes


def dump(store: SqliteStore) -> dict[str, list[tuple[bytes, bytes | None]]]:
    with store.read() as reads:
        return {
            str(tree.origin): [(entry, payload) for _, entry, payload in reads.entries(tree.tree, 0, tree.size)]
            for tree in reads.trees()
        }


def states(outcomes: list[Outcome]) -> list[str]:
    return sorted(outcome.reason or outcome.state for outcome in outcomes)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_what_is_written_is_what_is_read(new_store: NewStore, tmp_path: Path, size: int) -> None:
    source, target = new_store(), new_store()
    hold(source, log_of("alder", size))
    hold(source, log_of("birch", 3))
    write(source, tmp_path / "www")
    assert states(take(target, tmp_path / "www")) == ["taken", "taken"]
    assert dump(target) == dump(source)
    assert audit(target).faults == []
    assert states(take(target, tmp_path / "www")) == ["held", "held"]


def test_a_folder_is_brought_up_to_date(new_store: NewStore, tmp_path: Path) -> None:
    target = new_store()
    for size in (1, 200, 256, 300, 600):
        source = new_store()
        hold(source, log_of("alder", size))
        write(source, tmp_path / "www")
        (outcome,) = take(target, tmp_path / "www")
        assert (outcome.state, outcome.held) == ("taken", size)
    assert audit(target).faults == []


def test_what_was_erased_does_not_stay_in_the_folder(new_store: NewStore, tmp_path: Path) -> None:
    scribe, source = Scribe(), new_store()
    said = scribe.put(1, "an orchard that nobody may know of")
    hold(source, scribe.log)
    write(source, tmp_path / "www")
    assert b"nobody may know" in b"".join(path.read_bytes() for path in (tmp_path / "www").rglob("*") if path.is_file())
    scribe.erase(said)
    hold(source, scribe.log)
    derive(source)
    write(source, tmp_path / "www")
    left = b"".join(path.read_bytes() for path in (tmp_path / "www").rglob("*") if path.is_file())
    assert b"nobody may know" not in left
    target = new_store()
    assert states(take(target, tmp_path / "www")) == ["taken"]
    with target.read() as reads:
        assert list(reads.lacking(1, 0, 9)) == [said]


def test_no_file_that_is_changed_gets_in(new_store: NewStore, tmp_path: Path) -> None:
    source, rng, folder = new_store(), random.Random(5), tmp_path / "www"
    hold(source, log_of("alder", 300))
    write(source, folder)
    whole = dump(source)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "log" in path.relative_to(folder).parts)
    assert len(files) > 8
    for path in files:
        content = path.read_bytes()
        for hurt in (_flipped(content, rng), content[:-1], None):
            path.unlink() if hurt is None else path.write_bytes(hurt)
            target = new_store()
            (outcome,) = take(target, folder)
            if "payload" in path.parts:
                assert outcome.state == "taken"
                assert audit(target).faults == []
            elif "entries" in path.parts or path.name in {"checkpoint", "charters"}:
                assert outcome.state == "refused", path
            for origin, rows in dump(target).items():
                assert [entry for entry, _ in rows] == [entry for entry, _ in whole[origin]][: len(rows)]
        path.write_bytes(content)
    assert states(take(new_store(), folder)) == ["taken"]


def _flipped(content: bytes, rng: random.Random) -> bytes:
    hurt = bytearray(content)
    hurt[rng.randrange(len(hurt))] ^= 1 << rng.randrange(8)
    return bytes(hurt)


def test_a_log_that_is_not_there_harms_no_other(new_store: NewStore, tmp_path: Path) -> None:
    source, folder = new_store(), tmp_path / "www"
    for label in ("alder", "birch", "cedar"):
        hold(source, log_of(label, 300))
    write(source, folder)
    with source.read() as reads:
        origin = sorted(reads.trees(), key=lambda tree: str(tree.origin))[1].origin
    for name in ("checkpoint", "charters", "tile/entries/000"):
        path = folder / log_path(origin) / name
        content = path.read_bytes()
        path.unlink()
        assert states(take(new_store(), folder)) == ["missing", "taken", "taken"]
        path.write_bytes(content)


def test_an_index_that_is_none_is_refused(tmp_path: Path) -> None:
    origin = "folkmoot/" + "a" * 52 + "/1\n"
    for reason, text in (("missing", None), ("origin", "../../etc/passwd\n"), ("header", origin * 2)):
        if text is not None:
            (tmp_path / "logs").write_text(text)
        with pytest.raises(Malformed, match=reason):
            read_folder(read_disk(tmp_path))


def test_tiles_lie_where_a_node_serves_them(new_store: NewStore, tmp_path: Path) -> None:
    source = new_store()
    hold(source, log_of("alder", 300))
    write(source, tmp_path)
    (base,) = (tmp_path / "log").glob("*/1")
    paths = [path.relative_to(base / "tile").as_posix() for path in (base / "tile").rglob("*") if path.is_file()]
    assert {parse_tile_path(path).path for path in paths} == set(paths)
    assert sorted(paths) == ["0/000", "0/001.p/44", "1/000.p/1", "entries/000", "entries/001.p/44"]


def test_blobs() -> None:
    for blobs in ([], [b""], [b"", b"a", bytes(70_000)]):
        assert decode_blobs(encode_blobs(blobs)) == blobs
    for torn in (b"\0", b"\0\0\0\2a", b"\xff" * 8):
        assert decode_blobs(torn) is None
