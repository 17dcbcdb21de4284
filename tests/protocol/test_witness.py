# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 11: what witnesses are asked, decide and answer, and what is published."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.checkpoint import check_cosignature
from protocol.errors import Malformed
from protocol.merkle import EMPTY_ROOT
from protocol.note import Note, SignatureLine, VerifierKey, parse_note
from protocol.witness import (
    REQUEST_BYTES_MAX,
    SIGNATURES_KEPT,
    Answer,
    Quorum,
    Seen,
    cosigned_by,
    decide,
    make_request,
    parse_request,
    read_answer,
    read_cosignature,
    resend_from,
    write_request,
)
from tests.builders import Log, found_organisation, signing_key, witness_key
from tests.drawing import draws
from tests.protocol.strategies import damaged, hostile
from tests.protocol.vectors import Case, agreed, bytes_of, join_runs, vectors


@vectors("11-witness", "request")
def test_request_vectors(case: Case) -> None:
    data = case["request"].encode() if "request" in case else join_runs(case["request_runs_hex"])
    with agreed(case):
        request = parse_request(data)
        assert (str(request.old), list(request.proof)) == (case["old"], bytes_of(case["proof_hex"]))
        assert (request.checkpoint.origin, str(request.checkpoint.size)) == (case["origin"], case["size"])
        assert write_request(request.old, request.proof, bytes(request.note)) == data


@vectors("11-witness", "decision")
def test_decision_vectors(case: Case) -> None:
    seen = Seen(int(case["seen_size"]), bytes.fromhex(case["seen_root_hex"]))
    try:
        request = parse_request(case["request"].encode())
    except Malformed:
        assert case["status"] == 400
        return
    keys = [key for key in map(VerifierKey.parse, case["verifier_keys"]) if key.name == request.checkpoint.origin]
    answer = decide(request, keys, seen)
    assert answer.code == case["status"]
    assert answer.old == (seen.size if answer.code == 409 else 0)


@vectors("11-witness", "answer")
def test_answer_vectors(case: Case) -> None:
    with agreed(case):
        answer = read_answer(case["status"], case["media_type"], case["body"].encode())
        again = resend_from(answer, int(case["sent"]), int(case["size"]))
        assert (None if again is None else str(again)) == case["again"]


@vectors("11-witness", "cosignature_lines")
def test_cosignature_vectors(case: Case) -> None:
    lines = case["lines"].encode() if "lines" in case else join_runs(case["lines_runs_hex"])
    key = VerifierKey.parse(case["verifier_key"])
    with agreed(case):
        line = read_cosignature(lines, case["checkpoint_text"], key)
        assert str(check_cosignature(Note(case["checkpoint_text"], ()), line, key)) == case["time"]


@vectors("11-witness", "published")
def test_published_vectors(case: Case) -> None:
    note, keys = parse_note(case["note"].encode()), tuple(map(VerifierKey.parse, case["witnesses"]))
    assert sorted(key.name for key in cosigned_by(note, keys)) == case["cosigned"]
    assert Quorum(keys, case["quorum"]).reached(note) is case["published"]


LOG = Log(found_organisation()).grow(9)
KEY = LOG.organisation.verifier_key
GOOD = write_request(5, LOG.prove_consistency(5), bytes(LOG.note()))


@given(hostile | damaged(st.just(GOOD)))
@draws(200)
def test_any_bytes_are_refused_or_a_request(data: bytes) -> None:
    try:
        request = parse_request(data)
    except Malformed:
        return
    assert write_request(request.old, request.proof, bytes(request.note)) == data
    assert decide(request, [KEY], Seen()).code in {200, 400, 403, 409, 422}


@given(st.binary(max_size=REQUEST_BYTES_MAX + 9))
def test_nothing_that_a_witness_answers_is_taken_for_a_cosignature(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_cosignature(data, LOG.checkpoint().text, witness_key("north"))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_what_is_cosigned_one_after_the_other_is_one_history(sizes: list[int]) -> None:
    seen = Seen()
    logs = {size: Log(found_organisation()).grow(size) for size in set(sizes)}
    for size in sizes:
        checkpoint = logs[size].checkpoint()
        old = min(seen.size, size)
        proof = logs[size].prove_consistency(old) if old < size else []
        answer = decide(make_request(old, proof, bytes(logs[size].note())), [KEY], seen)
        assert answer == (Answer(200) if size >= seen.size else Answer(409, seen.size))
        if answer.code == 200:
            seen = Seen(checkpoint.size, checkpoint.root)
    assert seen.size == max(sizes)
    assert seen.root != EMPTY_ROOT


def test_the_hashes_of_a_request_that_came_in_a_frame_are_counted() -> None:
    note = bytes(LOG.note())
    assert make_request(5, [bytes(32)] * 63, note).proof == (bytes(32),) * 63
    for proof in ([bytes(32)] * 64, [bytes(31)]):
        with pytest.raises(Malformed, match="hash"):
            make_request(5, proof, note)


def test_a_note_is_cleaned_of_what_does_not_hold() -> None:
    labels = tuple(f"w{number}" for number in range(20))
    note, keys = LOG.note(labels), tuple(witness_key(label) for label in labels)
    stranger, false = LOG.note(("stranger",)).signatures[1], Log(found_organisation()).grow(3).note(("w1",))
    padded = Note(note.text, (stranger, false.signatures[1], *note.signatures, note.signatures[0]))
    cleaned = Quorum(keys, 2).cleaned(padded, [KEY])
    assert cleaned.signatures == note.signatures[:SIGNATURES_KEPT]
    assert Quorum(keys, 18).reached(Quorum(keys, 18).cleaned(padded, [KEY])), "as many as are needed"
    assert Quorum((), 0).cleaned(padded, [KEY]).signatures == note.signatures[:1]
    unknown = SignatureLine("somebody", bytes(4), bytes(64))
    assert Quorum(keys, 1).cleaned(Note(note.text, (unknown,)), [KEY]).signatures == ()
    replaced = VerifierKey(KEY.name, KEY.type, signing_key("new").public)
    assert Quorum(keys[:1], 1).cleaned(padded, [replaced]).signatures == note.signatures[:2], "an earlier key's line"
