# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 06 §1, §2: signed notes and the keys that verify them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.checkpoint import check_cosignature
from protocol.errors import Malformed
from protocol.note import (
    TYPE_COSIGNATURE,
    TYPE_ED25519,
    Note,
    SignatureLine,
    VerifierKey,
    is_key_name,
    parse_note,
    sign_note,
    strict_base64,
    verified_by,
)
from protocol.signature import SigningKey
from tests.builders import signing_key
from tests.drawing import draws
from tests.protocol.strategies import damaged, flips, hashes, hostile, refused_or_same
from tests.protocol.vectors import Case, agreed, bytes_of, hex_of, join_runs, vectors

TEXT = "folkmoot/somewhere/1\n5\nroot\n"
printable = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
names = st.text(printable, min_size=1, max_size=20).filter(is_key_name)
key_lines = st.builds(SignatureLine, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
bodies = st.lists(st.text(printable, max_size=20), min_size=1, max_size=5).map(lambda lines: "\n".join(lines) + "\n")
notes = st.builds(Note, bodies, st.lists(key_lines, min_size=1, max_size=4).map(tuple))
keys = st.builds(VerifierKey, names, st.sampled_from([TYPE_ED25519, TYPE_COSIGNATURE]), hashes)


@vectors("06-checkpoint", "verifier_key")
def test_verifier_key_vectors(case: Case) -> None:
    with agreed(case):
        key = VerifierKey.parse(case["verifier_key"])
        assert (key.name, key.type) == (case["key_name"], case["type"])
        assert (key.key_id.hex(), key.public.hex()) == (case["key_id_hex"], case["public_key_hex"])
        assert str(key) == case["verifier_key"]


@vectors("06-checkpoint", "note_form")
def test_note_form_vectors(case: Case) -> None:
    whole = case["note"].encode() if "note" in case else bytes.fromhex(case.get("note_hex", ""))
    whole = whole or join_runs(case.get("note_runs_hex", []))
    with agreed(case):
        note = parse_note(whole)
        assert bytes(note) == whole
        if "note" in case:
            assert note.text == case["text"]
            assert [line.name for line in note.signatures] == case["names"]
            assert hex_of([line.key_id for line in note.signatures]) == case["key_ids_hex"]
            assert hex_of([line.signature for line in note.signatures]) == case["signatures_hex"]


@vectors("06-checkpoint", "note_signatures")
def test_note_signature_vectors(case: Case) -> None:
    known = {(key.name, key.key_id): key for key in map(VerifierKey.parse, case["verifier_keys"])}
    note = parse_note(case["note"].encode())
    with agreed(case):
        for line in note.signatures:
            key = known.get((line.name, line.key_id))
            if key is not None and key.type == TYPE_COSIGNATURE:
                check_cosignature(note, line, key)
        found = verified_by(note, known.values())
        assert list(map(str, found)) == case["verified"]


@vectors("06-checkpoint", "sign")
def test_sign_vectors(case: Case) -> None:
    key = SigningKey.from_seed(*bytes_of([case["seed_hex"]]))
    assert str(VerifierKey(case["key_name"], TYPE_ED25519, key.public)) == case["verifier_key"]
    note = Note(case["text"], (sign_note(case["text"], case["key_name"], key),))
    assert bytes(note).decode() == case["note"]


@given(notes)
def test_notes_come_back(note: Note) -> None:
    assert parse_note(bytes(note)) == note


@given(keys)
def test_verifier_keys_come_back(key: VerifierKey) -> None:
    assert VerifierKey.parse(str(key)) == key


@given(hostile)
def test_any_bytes_are_refused_or_the_one_spelling_of_a_note(data: bytes) -> None:
    refused_or_same(parse_note, bytes, data)


@draws(120)
@given(damaged(notes.map(bytes)))
def test_damaged_notes_are_refused_or_the_one_spelling(data: bytes) -> None:
    refused_or_same(parse_note, bytes, data)


@given(damaged(keys.map(lambda key: str(key).encode())))
def test_damaged_verifier_keys_are_refused_or_the_one_spelling(data: bytes) -> None:
    text = data.decode(errors="replace")
    try:
        assert str(VerifierKey.parse(text)) == text
    except Malformed as refusal:
        assert refusal.reason == "verifier_key"  # noqa: PT017 - refusal is one of two right answers


@given(st.text(max_size=40))
def test_base64_has_one_spelling(text: str) -> None:
    with pytest.raises(Malformed, match="base64"):
        strict_base64(text + "\n")


def signed_by(*labels: str) -> Note:
    return Note(TEXT, tuple(sign_note(TEXT, f"log.{label}", signing_key(label)) for label in labels))


def key_of(label: str) -> VerifierKey:
    return VerifierKey(f"log.{label}", TYPE_ED25519, signing_key(label).public)


def spoil(note: Note, at: int) -> Note:
    lines = list(note.signatures)
    lines[at] = lines[at]._replace(signature=lines[at].signature[:-1] + b"\0")
    return note._replace(signatures=tuple(lines))


def test_signatures_of_unknown_keys_are_ignored_even_if_they_fail() -> None:
    note = signed_by("known", "unknown")
    assert verified_by(note, [key_of("known"), key_of("other")]) == [key_of("known")]
    assert verified_by(spoil(note, 1), [key_of("known")]) == [key_of("known")]


@pytest.mark.parametrize("at", [0, 1])
def test_a_known_key_that_fails_spoils_the_note_beside_one_that_holds(at: int) -> None:
    with pytest.raises(Malformed, match="bad_signature"):
        verified_by(spoil(signed_by("one", "two"), at), [key_of("one"), key_of("two")])


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_known_key_with_a_signature_of_another_length_spoils_the_note(length: int) -> None:
    line = signed_by("one").signatures[0]
    with pytest.raises(Malformed, match="bad_signature"):
        verified_by(Note(TEXT, (line._replace(signature=(line.signature * 2)[:length]),)), [key_of("one")])


def test_a_note_that_no_known_key_signed_is_unsigned() -> None:
    for known in ([], [key_of("two")], [key_of("one")._replace(name="log.two")]):
        with pytest.raises(Malformed, match="unsigned"):
            verified_by(signed_by("one"), known)


def test_a_witness_key_signs_no_note() -> None:
    key = VerifierKey("log.one", TYPE_COSIGNATURE, signing_key("one").public)
    line = signed_by("one").signatures[0]._replace(key_id=key.key_id)
    with pytest.raises(Malformed, match="unsigned"):
        verified_by(Note(TEXT, (line,)), [key])


def test_no_bit_of_a_signed_note_can_be_flipped() -> None:
    whole = bytes(signed_by("one"))
    for data in flips(whole):
        with pytest.raises(Malformed):
            verified_by(parse_note(data), [key_of("one")])
