# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a witness has seen, on disk: never two histories, also when it is killed between storing and answering."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.errors import NotFoundError, NotSigningError, StoreUnusableError
from ledger.held.witness import Witness, origin_digest, witness_verifier
from ledger.ledger import Ledger
from protocol.checkpoint import parse_checkpoint
from protocol.identity import Origin
from protocol.note import parse_note
from protocol.witness import Answer, cosigned_by, read_cosignature
from tests.builders import START, Log, found_organisation
from tests.ledger.cosigning import ask, grown, request
from tests.ledger.making import hold

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory

ROOT = Path(__file__).parents[3]


def test_a_log_that_is_held_is_witnessed_in_the_epochs_that_are_open(ledger: Ledger) -> None:
    witness, log = Witness(ledger), grown(5)
    assert ask(witness, ledger, request(log, 0)) == Answer(404)
    hold(ledger.store, log)
    answer = ask(witness, ledger, request(log, 0))
    assert answer.code == 200
    line = read_cosignature(answer.lines, log.note().text, witness_verifier(ledger))
    with ledger.store.read() as reads:
        stored = parse_note(witness.last(reads, origin_digest(str(log.organisation.origin))))
        with pytest.raises(NotFoundError):
            witness.last(reads, origin_digest("another"))
        epochs = [Origin(log.organisation.log_id, epoch) for epoch in (1, 2)]
        assert [bool(witness._keys(reads, str(origin))) for origin in epochs] == [True, False], "one is open"
        assert witness._keys(reads, str(ledger.own.origin)) == [], "not the own log"
    assert cosigned_by(stored, [witness_verifier(ledger)]).values()
    assert line in stored.signatures


def test_entries_that_are_held_count_as_seen(ledger: Ledger) -> None:
    witness, log = Witness(ledger), grown(8)
    hold(ledger.store, log)
    assert ask(witness, ledger, request(grown(6, branch="other"), 0)) == Answer(422)
    assert ask(witness, ledger, request(grown(6), 0)).code == 200
    assert ask(witness, ledger, request(grown(9), 6)).code == 200


def test_a_store_that_may_be_an_old_copy_cosigns_nothing(directory: DataDirectory) -> None:
    log = grown(4)
    with Ledger(directory) as opened:
        hold(opened.store, log)
    directory.head.unlink()
    with Ledger(directory) as opened, pytest.raises(NotSigningError, match="cosigns nothing"):
        ask(Witness(opened), opened, request(log, 0))


def test_what_is_not_stored_is_not_cosigned(ledger: Ledger) -> None:
    witness, log = Witness(ledger), grown(4)
    hold(ledger.store, log)
    told = []

    def fail(change: object) -> None:
        told.append(witness.cosign(change, request(log, 0)))  # type: ignore[arg-type] # a transaction
        raise RuntimeError("the disk fails")

    with pytest.raises(RuntimeError):
        ledger.writer.run(fail).result()
    assert told[0].code == 200, "decided, and never told"
    assert ask(witness, ledger, request(log, 0)).code == 200
    assert ask(witness, ledger, request(log, 0)) == Answer(409, 4)


def test_a_witness_key_that_is_missing_is_made_anew(directory: DataDirectory) -> None:
    with Ledger(directory) as opened:
        first = witness_verifier(opened)
    with Ledger(directory) as opened:
        assert witness_verifier(opened) == first
    assert directory.witness_key.stat().st_mode & 0o077 == 0
    directory.witness_key.unlink()
    directory.witness_key.with_name("witness.key.part").write_text("half of")
    with Ledger(directory) as opened:
        assert witness_verifier(opened).public != first.public
        assert witness_verifier(opened).name == first.name


@pytest.mark.parametrize("damage", ["restored", "tally lost", "tally spoilt"])
def test_a_witness_that_has_forgotten_is_another_witness(directory: DataDirectory, damage: str, tmp_path: Path) -> None:
    log = grown(4)
    with Ledger(directory) as opened:
        hold(opened.store, log)
        assert ask(Witness(opened), opened, request(log, 0)).code == 200
        opened.store.back_up(tmp_path / "backup.db")
        assert ask(Witness(opened), opened, request(grown(6), 4)).code == 200
        first = witness_verifier(opened)
    with Ledger(directory) as opened:
        assert (witness_verifier(opened), opened.witness_renewed) == (first, False)
    if damage == "restored":
        shutil.copy(tmp_path / "backup.db", directory.store)
    elif damage == "tally lost":
        directory.tally.unlink()
    else:
        directory.tally.write_bytes(b"\xff")
    with Ledger(directory) as opened:
        assert opened.own.signing_refused == "", "the own log has not grown since"
        assert opened.witness_renewed
        second = witness_verifier(opened)
        assert second.public != first.public
    with Ledger(directory) as opened:
        assert (witness_verifier(opened), opened.witness_renewed) == (second, False)


def test_what_cannot_be_remembered_is_not_given(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    log, witness = grown(4), Witness(ledger)
    hold(ledger.store, log)
    monkeypatch.setattr("os.fsync", _fail)
    with pytest.raises(StoreUnusableError, match="nothing is cosigned"):
        ask(witness, ledger, request(log, 0))
    monkeypatch.undo()
    assert ask(witness, ledger, request(log, 4)).code == 200


def _fail(_: int) -> None:
    raise OSError("no room")


def cosign_without_end(directory: DataDirectory) -> None:
    """Cosigns one branch after the other of one log, and tells what it answered. The process that is killed."""
    with Ledger(directory, lambda: float(START)) as ledger:
        witness, branch = Witness(ledger), random.Random(os.getpid()).choice(["", "a", "b"])
        for size in range(2, 400):
            log = grown(size, branch=branch)
            with ledger.store.read() as reads:
                found = reads.cosigned(origin_digest(str(log.organisation.origin)))
            old = found[0] if found else 0
            if old <= size:
                answer = ask(witness, ledger, request(log, old))
                os.write(1, f"{answer.code} {log.checkpoint().root.hex()} {size}\n".encode())


@pytest.mark.long
def test_killed_between_storing_and_answering_it_cosigns_one_history(directory: DataDirectory) -> None:
    cosigned: dict[int, str] = {}
    rng = random.Random(11)
    with Ledger(directory) as opened:
        hold(opened.store, Log(found_organisation("other")))
    for _ in range(8):
        code = "import sys; from pathlib import Path; from ledger.data_directory import DataDirectory; "
        code += "from tests.ledger.held.test_witness import cosign_without_end as run; "
        code += "run(DataDirectory(Path(sys.argv[1])))"
        command = [sys.executable, "-c", code, str(directory.path)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(rng.randrange(2, 40))]
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
        for line in filter(lambda text: text.startswith("200") and text.endswith("\n"), lines):
            _, told, number = line.split()
            assert cosigned.setdefault(int(number), told) == told
    with Ledger(directory) as opened, opened.store.read() as reads:
        log = found_organisation("other")
        stored, _ = parse_checkpoint(Witness(opened).last(reads, origin_digest(str(log.origin))))
    assert stored.size >= max(cosigned), "what was answered was stored before"
    branches = [branch for branch in ("", "a", "b") if grown(stored.size, branch=branch).checkpoint() == stored]
    for size, root in cosigned.items():
        assert any(grown(size, branch=branch).checkpoint().root.hex() == root for branch in branches), size
