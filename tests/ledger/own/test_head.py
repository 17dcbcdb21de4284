# SPDX-License-Identifier: AGPL-3.0-or-later
"""The head file: made once, advanced by compare-and-swap, never made again behind anybody's back."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from ledger.errors import NotSigningError, StoreLockedError, StoreUnusableError
from ledger.own.head import Head, HeadFile
from protocol.merkle import EMPTY_ROOT
from tests.builders import seeded

ORIGIN = "folkmoot/test/1"
FIRST = Head(ORIGIN, 0, EMPTY_ROOT)
SECOND = Head(ORIGIN, 5, seeded("root 5"))


@pytest.fixture
def head(tmp_path: Path) -> HeadFile:
    return HeadFile.create(tmp_path / "head.db", FIRST)


def test_it_is_made_once_and_is_its_owners_alone(head: HeadFile) -> None:
    assert head.read(ORIGIN) == FIRST
    assert stat.S_IMODE(head.path.stat().st_mode) == 0o600
    with pytest.raises(NotSigningError, match="never made a second time"):
        HeadFile.create(head.path, SECOND)
    assert head.read(ORIGIN) == FIRST


def test_it_is_advanced_from_where_it_stands(head: HeadFile) -> None:
    head.advance(FIRST, SECOND, head.nonce(ORIGIN))
    assert HeadFile(head.path).read(ORIGIN) == SECOND
    for stale in (FIRST, SECOND._replace(size=4), SECOND._replace(root=seeded("other")), SECOND._replace(origin="o")):
        with pytest.raises(NotSigningError):
            head.advance(stale, Head(ORIGIN, 9, seeded("root 9")), head.nonce(ORIGIN))
    assert head.read(ORIGIN) == SECOND


def test_of_many_who_advance_it_one_does(head: HeadFile) -> None:
    nonce = head.nonce(ORIGIN)

    def advance(number: int) -> bool:
        try:
            HeadFile(head.path).advance(FIRST, Head(ORIGIN, number, seeded(f"root {number}")), nonce)
        except NotSigningError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(advance, range(1, 17)))
    assert won.count(True) == 1
    assert head.read(ORIGIN).size == 1 + won.index(True)


def test_it_is_durable_for_another_process(head: HeadFile) -> None:
    head.advance(FIRST, SECOND, head.nonce(ORIGIN))
    code = (
        "import sys; from pathlib import Path; from ledger.own.head import HeadFile; "
        "print(HeadFile(Path(sys.argv[1])).read(sys.argv[2]).size)"
    )
    done = subprocess.run([sys.executable, "-c", code, head.path, ORIGIN], capture_output=True, text=True, check=True)
    assert done.stdout == "5\n"


def test_one_that_is_missing_is_not_made_again(head: HeadFile) -> None:
    head.path.unlink()
    with pytest.raises(NotSigningError, match="missing"):
        head.read(ORIGIN)
    with pytest.raises(StoreUnusableError):
        head.nonce(ORIGIN)
    with pytest.raises(StoreUnusableError):
        head.advance(FIRST, SECOND, bytes(16))
    assert not head.path.exists()


def test_one_of_another_log_is_refused(head: HeadFile) -> None:
    with pytest.raises(NotSigningError, match="another log"):
        head.read("folkmoot/other/1")


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 4096])
def test_one_that_is_damaged_is_refused(head: HeadFile, content: bytes) -> None:
    head.path.write_bytes(content)
    with pytest.raises(StoreUnusableError):
        head.read(ORIGIN)
    with pytest.raises(StoreUnusableError):
        head.advance(FIRST, SECOND, bytes(16))


@pytest.mark.parametrize("content", [None, b"", b"x" * 4096])
def test_one_is_made_anew_in_place_of_what_was_there(head: HeadFile, content: bytes | None) -> None:
    nonce = head.nonce(ORIGIN)
    head.path.unlink() if content is None else head.path.write_bytes(content)
    head.path.with_name("head.db-journal").write_bytes(b"of the old one")
    head.make_anew(SECOND, b"n" * 16)
    assert (head.read(ORIGIN), head.nonce(ORIGIN)) == (SECOND, b"n" * 16)
    assert [path.name for path in head.path.parent.iterdir()] == ["head.db"]
    assert stat.S_IMODE(head.path.stat().st_mode) == 0o600
    with pytest.raises(NotSigningError, match="another process"):
        head.advance(SECOND, Head(ORIGIN, 9, seeded("root 9")), nonce)


def test_one_that_somebody_holds_is_not_waited_for_for_ever(head: HeadFile, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr("ledger.own.head.sqlite3.connect", lambda *a, **k: connect(*a, **(k | {"timeout": 0.05})))
    with closing(connect(head.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreLockedError):
            head.read(ORIGIN)
        other.execute("ROLLBACK")
    assert head.read(ORIGIN) == FIRST


def test_a_strange_path_is_no_query(tmp_path: Path) -> None:
    folder = tmp_path / "a?mode=memory&b #%41"
    folder.mkdir()
    made = HeadFile.create(folder / "head.db", FIRST)
    made.advance(FIRST, SECOND, made.nonce(ORIGIN))
    assert HeadFile(folder / "head.db").read(ORIGIN) == SECOND
    assert [path.name for path in folder.iterdir()] == ["head.db"]
