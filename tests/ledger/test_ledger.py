# SPDX-License-Identifier: AGPL-3.0-or-later
"""A data directory: founded once, open in one process, private, and refused where it is not whole."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import RefusedError, StoreDamagedError, StoreLockedError, StoreUnusableError
from ledger.keeping.audit import audit
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.own.head import HeadFile
from ledger.own.writer import Writer
from ledger.sqlite.store import SqliteStore
from protocol.errors import Malformed
from protocol.statement import parse_payload
from tests.builders import START, seeded

FIELDS = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
SECRETS = [seeded(f"holder {number}") for number in range(3)]


def files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_founded_log_has_its_charter_under_a_checkpoint(directory: DataDirectory) -> None:
    with Ledger(directory) as ledger:
        assert (ledger.own.size, ledger.own.signed_size, ledger.own.signing_refused) == (1, 1, "")
        assert ledger.log_id == ledger.keys.log_id
        with ledger.store.read() as reads:
            (tree,) = reads.trees()
            (charter,) = reads.entries(tree.tree, 0, 1)
            assert reads.charters(tree.tree) == [charter.payload]
            assert reads.fact("own") == str(tree.tree).encode()
            assert (tree.derived, tree.checkpoint_size, tree.arrival) == (1, 1, 1)
            assert reads.verdicts(tree.tree, 0, 1) == {}
        assert charter.payload is not None
        assert len(parse_payload(charter.payload).signatures) == 1 + len(SECRETS)
        assert audit(ledger.store).faults == []


def test_a_log_is_founded_once(directory: DataDirectory) -> None:
    before = files(directory.path)
    with pytest.raises(RefusedError, match="nothing was changed"):
        found_log(directory, FIELDS, SECRETS, 2, START)
    assert files(directory.path) == before


@pytest.mark.parametrize("kept", ["store", "instance", "keys"])
def test_nothing_is_founded_over_a_part_of_a_node(directory: DataDirectory, kept: str) -> None:
    for folder in {"store", "instance", "keys"} - {kept}:
        shutil.rmtree(directory.path / folder)
    before = files(directory.path)
    with pytest.raises(RefusedError):
        found_log(directory, FIELDS, SECRETS, 2, START)
    assert files(directory.path) == before


def test_a_charter_with_a_wrong_field_founds_nothing(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        found_log(DataDirectory(tmp_path / "data"), FIELDS | {"kind": "empire"}, SECRETS, 2, START)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("failing", [(HeadFile, "create"), (Writer, "append")], ids=["head", "charter"])
def test_a_founding_that_was_interrupted_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: tuple[type, str]
) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    directory = DataDirectory(tmp_path / "data")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(*failing, fail)
        found_log(directory, FIELDS, SECRETS, 2, START)
    for _ in range(2):
        with pytest.raises(StoreUnusableError, match=r"founding .* interrupted"):
            Ledger(directory)


def test_there_must_be_a_node(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusableError, match="folkmoot init"):
        Ledger(DataDirectory(tmp_path / "data"))
    assert not (tmp_path / "data").exists()


def test_everything_is_its_owners_alone(directory: DataDirectory) -> None:
    with Ledger(directory) as ledger:
        ledger.writer.settle()
        for folder in ("store", "instance", "keys"):
            assert stat.S_IMODE((directory.path / folder).stat().st_mode) == 0o700
        for path in (directory.key, directory.head, directory.store):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


SECOND = """
import sys
from pathlib import Path
from ledger.errors import StoreLockedError
from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
try:
    with Ledger(DataDirectory(Path(sys.argv[1]))) as ledger:
        print("open", ledger.own.size)
except StoreLockedError as error:
    print("locked", error)
"""


def second_process(directory: DataDirectory) -> str:
    command = [sys.executable, "-c", SECOND, str(directory.path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_one_process_writes(directory: DataDirectory) -> None:
    with Ledger(directory):
        found = second_process(directory)
        assert found.startswith("locked")
        assert "stop that process" in found
        with pytest.raises(StoreLockedError):
            Ledger(directory)
    assert second_process(directory) == "open 1\n"


def test_others_read_meanwhile(directory: DataDirectory) -> None:
    with Ledger(directory) as ledger:
        reader = SqliteStore(directory.store, writable=False)
        ledger.writer.append([ledger.state("role", {"key": seeded("key"), "role": "none"})]).result(60)
        with reader.read() as reads:
            assert reads.trees()[0].size == 2
        with pytest.raises(StoreUnusableError, match="reading only"), reader.write():
            pass
        reader.close()


@pytest.mark.parametrize("content", [None, b"nonsense"])
def test_without_its_key_nothing_stays_locked(directory: DataDirectory, content: bytes | None) -> None:
    key = directory.key.read_bytes()
    directory.key.unlink()
    if content is not None:
        directory.key.write_bytes(content)
    with pytest.raises(StoreUnusableError if content is None else StoreDamagedError):
        Ledger(directory)
    directory.key.write_bytes(key)
    Ledger(directory).close()


def test_closing_twice_does_no_harm(directory: DataDirectory) -> None:
    ledger = Ledger(directory)
    ledger.close()
    ledger.close()
    Ledger(directory).close()
