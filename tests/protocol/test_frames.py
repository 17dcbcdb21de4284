# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 09 §2: the frames of a session."""

from __future__ import annotations

import re
from types import NoneType
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import Value, decode, encode
from protocol.errors import Malformed
from protocol.frames import (
    FRAME_BYTES_MAX,
    LIMITS,
    RANGE_BYTES_MAX,
    TYPES,
    UNREAD_BYTES_MAX,
    Auth,
    Busy,
    Bye,
    Cosignature,
    Cursor,
    Entries,
    Fork,
    Frame,
    GetHeads,
    HeadField,
    Heads,
    Hello,
    Missing,
    Payloads,
    Peers,
    Ping,
    Reject,
    Resume,
    Skip,
    Tunnel,
    Want,
    Witness,
    auth_message,
    decode_frame,
    encode_frame,
)
from protocol.rangeframes import Items, Ranges
from protocol.signature import SigningKey
from tests.drawing import draws
from tests.protocol.strategies import damaged, hashes, hostile, values
from tests.protocol.vectors import Case, agreed, join_runs, value_of, vectors

counts = st.integers(0, 2**63 - 1)
epochs = st.integers(1, 2**32 - 1)
codes = st.text("abcxyz_", max_size=64)
stores = st.binary(min_size=16, max_size=16)
blobs = st.binary(max_size=40)
charters = st.lists(blobs, max_size=3)
versions = st.lists(st.integers(1, 9), max_size=3)
heads = st.lists(st.builds(HeadField, hashes, epochs, blobs, charters), max_size=3)
entries = st.lists(st.tuples(blobs, blobs), min_size=1, max_size=4)
retries = st.integers(0, 86_400)
log_ids = st.lists(hashes, max_size=3)
fingerprints = st.sampled_from([bytes(256), bytes(4_096)])
short_parts = st.lists(st.sampled_from(["0", "1a", "1b", "2"]), max_size=3, unique=True).map(
    lambda prefixes: [(prefix, bytes(6)) for prefix in sorted(prefixes)]
)
frames: st.SearchStrategy[Frame] = st.one_of(
    st.builds(Hello, versions, codes, hashes, hashes, st.integers(0, 1), st.lists(codes, max_size=3), charters),
    st.builds(Auth, hashes, st.binary(min_size=64, max_size=64)),
    st.builds(Reject, codes),
    st.builds(Resume, codes, stores | st.just(b""), counts),
    st.builds(Heads, heads),
    st.builds(Cursor, stores, counts),
    st.builds(Want, hashes, epochs, counts, counts, counts, st.integers(1, RANGE_BYTES_MAX), st.booleans()),
    st.builds(Entries, hashes, epochs, counts, counts, entries, st.lists(hashes, max_size=64)),
    st.builds(Missing, hashes, epochs, counts, codes),
    st.builds(Busy, retries) | st.builds(Busy, retries, hashes, epochs, counts),
    st.builds(Ping, counts, st.booleans()),
    st.builds(Bye, codes, retries),
    st.builds(GetHeads, log_ids),
    st.builds(Skip, log_ids, codes),
    st.builds(Payloads, hashes, epochs, st.lists(counts, max_size=3), st.lists(st.tuples(counts, blobs), max_size=3)),
    st.builds(Witness, hashes, epochs, counts, st.lists(hashes, max_size=63), blobs),
    st.builds(Cosignature, hashes, epochs, counts, st.integers(100, 599), counts, blobs),
    st.builds(Ranges, st.lists(st.tuples(st.sampled_from(["", "7", "0af"]), fingerprints), max_size=1), st.booleans()),
    st.builds(Items, short_parts, st.lists(st.tuples(hashes, epochs, counts), max_size=3), short_parts, st.booleans()),
    st.builds(Fork, blobs),
    st.builds(Peers, st.booleans(), st.lists(blobs, max_size=3)),
    st.builds(Tunnel, hashes, hashes, counts, st.sampled_from(["open", "data", "close", "refused"]), blobs),
)
NAMES = {shape: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", shape.__name__).upper() for shape in TYPES.values()}


def fields_of(frame: Frame) -> dict[str, Value]:
    fields: dict[str, Value] = msgspec.to_builtins(frame, builtin_types=(bytes,))
    return fields


def known_part(given_fields: Value, known: Value) -> Value:
    """What of the given fields the program knows."""
    if isinstance(given_fields, dict) and isinstance(known, dict):
        return {key: known_part(given_fields[key], known[key]) for key in known if key in given_fields}
    if isinstance(given_fields, list) and isinstance(known, list):
        return [known_part(*pair) for pair in zip(given_fields, known, strict=True)]
    return given_fields


@vectors("09-gossip", "frame", "frame_malformed")
def test_frame_vectors(case: Case) -> None:
    # `malformed` is the code of the BYE that answers: see the tests of the session.
    with agreed(case, by_reason=False):
        frame = decode_frame(bytes.fromhex(case["frame_hex"]))
        if case["frame_name"] is None:
            assert frame is None
            return
        assert frame is not None
        fields = value_of(case["fields"])
        assert (NAMES[type(frame)], TYPES[case["type"]]) == (case["frame_name"], type(frame))
        assert encode(fields_of(frame), LIMITS) == encode(known_part(fields, fields_of(frame)), LIMITS)
        assert decode_frame(encode_frame(frame)) == frame


@vectors("09-gossip", "frame_size")
def test_frame_size_vectors(case: Case) -> None:
    with agreed(case, by_reason=False):
        assert isinstance(decode_frame(join_runs(case["frame_runs_hex"])), TYPES.get(case["type"], NoneType))


@vectors("09-gossip", "auth_message")
def test_auth_message_vectors(case: Case) -> None:
    parts = [bytes.fromhex(case[f"{name}_hex"]) for name in ("log", "nonce", "other_log", "other_nonce")]
    message = auth_message(case["network"], case["role"], *parts)
    key = SigningKey.from_seed(bytes.fromhex(case["seed_hex"]))
    assert message.hex() == case["message_hex"]
    assert (key.public.hex(), key.sign(message).hex()) == (case["key_hex"], case["signature_hex"])


def test_every_type_is_drawn() -> None:
    assert set(TYPES.values()) == set(get_args(Frame))
    assert list(TYPES) == sorted(TYPES)


@draws(100)
@given(frames)
def test_frames_come_back(frame: Frame) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@draws(200)
@given(hostile | damaged(frames.map(encode_frame)))
def test_any_bytes_are_refused_ignored_or_a_frame(data: bytes) -> None:
    try:
        frame = decode_frame(data)
    except Malformed:
        return
    # Fields that are not known are ignored, so that no more can be said than that what is known comes back.
    if frame is not None:
        assert decode_frame(encode_frame(frame)) == frame


@draws(100)
@given(st.integers(-2, 15), st.dictionaries(st.sampled_from(["log", "epoch", "size", "from", "code"]), values))
def test_any_value_is_refused_ignored_or_a_frame(number: int, fields: dict[str, Value]) -> None:
    data = encode([number, fields], LIMITS)
    try:
        frame = decode_frame(data)
    except Malformed:
        assert number in TYPES
        return
    assert (frame is None) is (number not in TYPES)


@given(frames, st.dictionaries(st.from_regex("zz[a-z]{1,9}", fullmatch=True), values, min_size=1, max_size=2))
def test_unknown_fields_are_ignored(frame: Frame, unknown: dict[str, Value]) -> None:
    value = decode(encode_frame(frame), LIMITS)
    assert isinstance(value, list)
    assert isinstance(value[1], dict)
    assert decode_frame(encode([value[0], value[1] | unknown], LIMITS)) == frame


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("81a17a", "malformed"),  # PING without its fields
        ("83a57265706c79c2a474696d6500a17a", "too_large"),  # PING with one that nobody knows
    ],
)
def test_what_is_large_and_not_known_is_refused_before_it_is_built(
    monkeypatch: pytest.MonkeyPatch, fields: str, reason: str
) -> None:
    """A megabyte of empty arrays would keep the event loop for longer than all the rest of a busy second."""
    monkeypatch.setattr("protocol.frames.decode", None)
    arrays = bytes.fromhex("dd000f0000") + b"\x90" * 0xF0000
    with pytest.raises(Malformed, match=reason):
        decode_frame(bytes.fromhex("920b" + fields) + arrays)
    assert decode_frame(bytes.fromhex("926381a17a") + arrays) is None
    with pytest.raises(Malformed, match="too_deep"):
        decode_frame(bytes.fromhex("926381a17a") + b"\x91" * UNREAD_BYTES_MAX + b"\x90")


def test_a_frame_over_the_limit_is_neither_sent_nor_taken() -> None:
    head = HeadField(bytes(32), 1, bytes(60_000), [])
    heads_frame = Heads([head] * 18)
    with pytest.raises(Malformed, match="too_large"):
        encode_frame(heads_frame)
    with pytest.raises(Malformed, match="too_large"):
        decode_frame(bytes(FRAME_BYTES_MAX + 1))


def test_each_part_of_what_is_signed_matters() -> None:
    one, other = bytes(32), bytes(31) + b"\x01"
    parts: tuple[str, int, bytes, bytes, bytes, bytes] = ("folkmoot", 0, one, one, one, one)
    changed = [
        auth_message("other", *parts[1:]),
        auth_message(parts[0], 1, *parts[2:]),
        *(auth_message(*parts[:2], *(other if at == place else one for at in range(4))) for place in range(4)),
    ]
    assert len({auth_message(*parts), *changed}) == 7
