# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot verify` of a fork proof, and `folkmoot log` of a log that has forked."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ledger.data_directory import DataDirectory
from ledger.held.forks import take_fork_proof
from ledger.ledger import Ledger
from protocol.charter import found
from protocol.checkpoint import Checkpoint
from protocol.fork import write_fork_proof
from protocol.note import Note, sign_note
from tests.builders import found_organisation, seeded, signing_key
from tests.cli.conftest import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.charter import LogKeys
    from protocol.signature import SigningKey
    from tests.cli.conftest import Home, Run

MOOT = found_organisation()


def two_histories(keys: LogKeys, key: SigningKey, origin: str, *, same: bool = False) -> bytes:
    """A proof by two checkpoints of one size, or what claims to be one."""
    texts = [Checkpoint(origin, 5, seeded("one" if same else label)).text for label in ("one", "other")]
    notes = [bytes(Note(text, (sign_note(text, origin, key),))) for text in texts]
    return write_fork_proof(keys, (notes[0], notes[1]))


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    """A fork proof."""
    path = tmp_path / "moot.fork-proof"
    path.write_bytes(two_histories(found(MOOT.payload), MOOT.key, str(MOOT.origin)))
    return path


def test_verify_says_that_a_log_has_forked(run: Run, proof: Path) -> None:
    ran = run("verify", proof)
    assert (ran.code, ran.out.split(":")[0], ran.err) == (0, "TRUE", "")
    assert "this log has forked" in ran.out
    assert "signed two histories that cannot both be true" in ran.out
    assert "checked" in ran.out
    value = run("verify", proof, "--json").json
    assert (value["schema"], value["verdict"], value["exit"]) == ("folkmoot.fork/1", "true", 0)
    assert value["origin"] == str(MOOT.origin)
    assert [one["size"] for one in value["checkpoints"]] == [5, 5]


def test_verify_says_that_it_is_false_or_cannot_be_told(run: Run, proof: Path, tmp_path: Path) -> None:
    false = tmp_path / "false"
    false.write_bytes(two_histories(found(MOOT.payload), MOOT.key, str(MOOT.origin), same=True))
    assert (run("verify", false).code, run("verify", false).out.split(":")[0]) == (3, "FALSE")
    false.write_bytes(proof.read_bytes()[:-1])
    assert (run("verify", false).code, run("verify", false, "--json").json["verdict"]) == (3, "malformed")
    trust = tmp_path / "trust"
    trust.write_text(f"log {MOOT.verifier_key}\nquorum none\n")
    ran = run("verify", proof, "--trust", trust)
    assert (ran.code, "your trust file says" in ran.out) == (0, True)
    trust.write_text(f"log {MOOT.verifier_key._replace(public=signing_key('other').public)}\nquorum none\n")
    ran = run("verify", proof, "--trust", trust)
    assert (ran.code, ran.out.split(":")[0]) == (7, "CANNOT TELL")


def test_verify_is_quick_and_asks_nobody(proof: Path) -> None:
    times = []
    for _ in range(3):
        begun = time.monotonic()
        ran = subprocess.run(
            [sys.executable, "-m", "cli.main", "verify", str(proof)], env=ENVIRONMENT, capture_output=True, check=True
        )
        times.append(time.monotonic() - begun)
        assert ran.stdout.startswith(b"TRUE")
    assert min(times) < 1  # 0.3 s on an idle machine


def test_a_forked_log_is_listed_shown_and_proved(home: Home, tmp_path: Path) -> None:
    assert home.well("log", "list", "--json").json["logs"][0]["state"] == "ok"
    with Ledger(DataDirectory(home.path)) as ledger:
        log, keys, key = ledger.log_id, ledger.keys, ledger.key
        data = two_histories(keys, key, str(ledger.own.origin))
        assert home("log", "fork-proof", "").code == 4
        ledger.writer.run(lambda change: take_fork_proof(change, data)).result()
    assert log == keys.log_id
    assert "forked" in home.well("log", "list").out
    assert home.well("log", "list", "--json").json["logs"][0]["state"] == "forked"
    assert "has forked" in home.well("log", "show", "", 0).err
    out = tmp_path / "out"
    home.well("log", "fork-proof", "", "-o", out)
    assert out.read_bytes() == data
    assert home("verify", out).code == 0
    (tmp_path / "late.json").write_text('{"kind": "place", "name": {"en": "Late"}, "licence": "CC0-1.0"}')
    ran = home("record", "put", tmp_path / "late.json")
    assert (ran.code, "two histories were signed with its key" in ran.err) == (6, True)
    (found_,) = (one for one in home("doctor", "--json").json["findings"] if one["what"] == "forks")
    assert (found_["state"], "has forked" in found_["seen"]) == ("bad", True)


def test_a_record_of_a_forked_log_is_shown_with_a_warning(home: Home, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"kind": "place", "name": {"en": "Early"}, "licence": "CC0-1.0"}')
    shown = home.well("record", "put", tmp_path / "a.json", "--json").json
    assert home.well("record", "show", shown["id"]).err == ""
    with Ledger(DataDirectory(home.path)) as ledger:
        data = two_histories(ledger.keys, ledger.key, str(ledger.own.origin))
        ledger.writer.run(lambda change: take_fork_proof(change, data)).result()
    assert "has forked" in home.well("record", "show", shown["id"]).err
