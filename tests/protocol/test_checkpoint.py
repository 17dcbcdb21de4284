# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 06 §3, §4: checkpoints and cosignatures."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.checkpoint import (
    SIZE_MAX,
    Checkpoint,
    check_cosignature,
    cosign,
    parse_checkpoint,
    parse_checkpoint_text,
    parse_decimal,
)
from protocol.errors import Malformed
from protocol.note import TYPE_COSIGNATURE, Note, VerifierKey, parse_note, verified_by
from protocol.signature import SigningKey
from tests.builders import START, Log, found_organisation, signing_key, witness_key
from tests.protocol.strategies import damaged, flips, hashes, hostile, refused_or_same
from tests.protocol.vectors import Case, agreed, vectors

origins = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=60)
checkpoints = st.builds(Checkpoint, origins, st.integers(0, SIZE_MAX), hashes)


def write_text(checkpoint: Checkpoint) -> bytes:
    return checkpoint.text.encode()


def parse_text(data: bytes) -> Checkpoint:
    return parse_checkpoint_text(data.decode(errors="surrogateescape"))


@vectors("06-checkpoint", "checkpoint")
def test_checkpoint_vectors(case: Case) -> None:
    with agreed(case):
        checkpoint = parse_checkpoint_text(case["checkpoint_text"])
        assert checkpoint == Checkpoint(case["origin"], int(case["size"]), bytes.fromhex(case["root_hex"]))
        assert checkpoint.text == case["checkpoint_text"]


@vectors("06-checkpoint", "signed_checkpoint")
def test_signed_checkpoint_vectors(case: Case) -> None:
    with agreed(case):
        note = parse_note(case["note"].encode())
        verified_by(note, [VerifierKey.parse(case["verifier_key"])])
        checkpoint, _ = parse_checkpoint(case["note"].encode())
        if checkpoint.origin != case["origin"]:
            raise Malformed("origin", "of another log than the one asked for")
        assert (str(checkpoint.size), checkpoint.root.hex()) == (case["size"], case["root_hex"])


@vectors("06-checkpoint", "cosign")
def test_cosign_vectors(case: Case) -> None:
    key, time = SigningKey.from_seed(bytes.fromhex(case["seed_hex"])), int(case["time"])
    checkpoint = parse_checkpoint_text(case["checkpoint_text"])
    verifier = VerifierKey(case["key_name"], TYPE_COSIGNATURE, key.public)
    line = cosign(checkpoint, case["key_name"], key, time)
    assert str(verifier) == case["verifier_key"]
    assert f"{line}\n" == case["signature_line"]
    assert line.signature[8:] == key.sign(case["signed_message"].encode())
    assert check_cosignature(Note(checkpoint.text, (line,)), line, verifier) == time


@vectors("06-checkpoint", "cosignature")
def test_cosignature_vectors(case: Case) -> None:
    key = VerifierKey.parse(case["verifier_key"])
    with agreed(case):
        note = parse_note(case["note"].encode())
        lines = [line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
        if not lines:
            raise Malformed("unsigned", "not cosigned by this witness")
        assert {str(check_cosignature(note, line, key)) for line in lines} == {case["time"]}


@given(checkpoints)
def test_checkpoints_come_back(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint_text(checkpoint.text) == checkpoint


@given(damaged(checkpoints.map(write_text)))
def test_damaged_checkpoints_are_refused_or_the_one_spelling(data: bytes) -> None:
    refused_or_same(parse_text, lambda found: found.text.encode(errors="surrogateescape"), data)


@given(hostile)
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_checkpoint(data)


@pytest.mark.parametrize("text", ["", "00", "01", "-1", "+1", " 1", "1 ", "1\n", "1_0", "\u0661", "1e3", str(2**63)])
def test_a_size_has_one_spelling(text: str) -> None:
    with pytest.raises(Malformed, match="size"):
        parse_decimal(text)
    assert parse_decimal(str(SIZE_MAX)) == SIZE_MAX


class Witnessed(NamedTuple):
    note: Note
    key: VerifierKey

    def check(self, signature: bytes) -> int:
        return check_cosignature(self.note, self.note.signatures[1]._replace(signature=signature), self.key)


@pytest.fixture(scope="module")
def witnessed() -> Witnessed:
    return Witnessed(Log(found_organisation()).note(("north",)), witness_key("north"))


def test_a_cosignature_tells_its_time(witnessed: Witnessed) -> None:
    assert witnessed.check(witnessed.note.signatures[1].signature) == START + 60


def test_no_bit_of_a_cosignature_can_be_flipped(witnessed: Witnessed) -> None:
    for signature in flips(witnessed.note.signatures[1].signature):
        with pytest.raises(Malformed, match=r"time|bad_signature"):
            witnessed.check(signature)


@pytest.mark.parametrize("length", [0, 7, 8, 71, 73])
def test_a_cosignature_of_another_length_is_refused(witnessed: Witnessed, length: int) -> None:
    with pytest.raises(Malformed, match="bad_signature"):
        witnessed.check((witnessed.note.signatures[1].signature * 2)[:length])


def test_a_cosignature_counts_for_its_checkpoint_only(witnessed: Witnessed) -> None:
    larger = Log(found_organisation()).grow(2).note()
    with pytest.raises(Malformed, match="bad_signature"):
        check_cosignature(larger, witnessed.note.signatures[1], witnessed.key)


def test_a_log_signature_is_no_cosignature_and_the_other_way_round() -> None:
    organisation = found_organisation()
    checkpoint, name = Log(organisation).checkpoint(), str(organisation.origin)
    line = cosign(checkpoint, name, organisation.key, START)
    key = VerifierKey(name, TYPE_COSIGNATURE, organisation.key.public)
    plain = line._replace(signature=START.to_bytes(8, "big") + organisation.key.sign(checkpoint.text.encode()))
    with pytest.raises(Malformed, match="bad_signature"):
        check_cosignature(Note(checkpoint.text, (plain,)), plain, key)
    as_log = line._replace(key_id=organisation.verifier_key.key_id, signature=line.signature[8:])
    with pytest.raises(Malformed, match="bad_signature"):
        verified_by(Note(checkpoint.text, (as_log,)), [organisation.verifier_key])


def test_a_time_that_does_not_fit_is_refused() -> None:
    checkpoint, key = Log(found_organisation()).checkpoint(), signing_key("north")
    line = cosign(checkpoint, witness_key("north").name, key, 2**63)
    with pytest.raises(Malformed, match="time"):
        check_cosignature(Note(checkpoint.text, (line,)), line, witness_key("north"))
