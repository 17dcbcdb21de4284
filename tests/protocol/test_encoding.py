# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 01: one value, one spelling."""

from __future__ import annotations

import struct
from typing import Any

import msgpack  # type: ignore[import-untyped] # it comes without types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import LIMITS, Limits, Value, decode, encode
from protocol.errors import Malformed
from tests.drawing import draws
from tests.protocol.strategies import damaged, hostile, refused_or_same, texts, values
from tests.protocol.vectors import Case, agreed, join_runs, value_of, vectors


@vectors("01-encoding", "decode")
def test_decode_vectors(case: Case) -> None:
    data = bytes.fromhex(case["input_hex"])
    with agreed(case, by_reason=False):
        value = decode(data)
        assert repr(value) == repr(value_of(case["value"]))
        assert encode(value) == data


@vectors("01-encoding", "decode_large")
def test_large_vectors(case: Case) -> None:
    data = join_runs(case["input_runs_hex"])
    with agreed(case, by_reason=False):
        assert encode(decode(data)) == data


@vectors("01-encoding", "encode", "encode_refused")
def test_encode_vectors(case: Case) -> None:
    with agreed(case):
        assert encode(value_of(case["value"])).hex() == case["output_hex"]


def sort_maps(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sort_maps(value[key]) for key in sorted(value, key=str.encode)}
    return [sort_maps(item) for item in value] if isinstance(value, list) else value


@draws(150)
@given(values)
def test_encoding_is_that_of_another_implementation_and_comes_back(value: Value) -> None:
    data = encode(value)
    assert data == msgpack.packb(sort_maps(value))
    assert repr(decode(data)) == repr(sort_maps(value))
    assert sort_maps(msgpack.unpackb(data)) == decode(data)


@draws(200)
@given(hostile)
def test_any_bytes_are_refused_or_the_one_spelling(data: bytes) -> None:
    refused_or_same(decode, encode, data)


@draws(200)
@given(damaged(values.map(encode)))
def test_damaged_bytes_are_refused_or_the_one_spelling(data: bytes) -> None:
    refused_or_same(decode, encode, data)


@given(st.dictionaries(texts, st.integers(0, 9), min_size=2, max_size=4))
def test_maps_in_another_order_are_refused(value: dict[str, int]) -> None:
    descending = {key: value[key] for key in sorted(value, key=str.encode, reverse=True)}
    with pytest.raises(Malformed):
        decode(msgpack.packb(descending))


@pytest.mark.parametrize(
    "data",
    [b"\xdd" + b"\xff" * 4, b"\xdf" + b"\xff" * 4, b"\xc6" + b"\xff" * 4, b"\xdb" + b"\xff" * 4, b"\xdc\xff\xff\xc0"],
)
def test_a_length_that_is_not_there_costs_nothing(data: bytes) -> None:
    with pytest.raises(Malformed, match="truncated"):
        decode(data)


@pytest.mark.parametrize("head", [b"\x91", b"\x81\xa0", b"\x92\x90", b"\xdc\x00\x01"])
@pytest.mark.parametrize("depth", [9, 200, 900, 1100, 10_000])
def test_depth_is_refused_at_any_depth(head: bytes, depth: int) -> None:
    with pytest.raises(Malformed):
        decode((head * depth + b"\x90" * 2)[: LIMITS.input_bytes])


@pytest.mark.parametrize("value", [1.5, None, {1}, bytearray(b"a"), {1: 2}, {b"a": 1}, ["e\u0301"], "\ud800", 2**63])
def test_what_has_no_encoding_is_refused(value: Any) -> None:
    with pytest.raises(Malformed):
        encode(value)


@pytest.mark.parametrize("key", [b"\x01", b"\xc4\x01a", b"\x91\x01", b"\x81\xa1a\x01", b"\xc0"])
def test_a_map_key_that_is_not_text_is_refused(key: bytes) -> None:
    with pytest.raises(Malformed, match=r"key_type|not allowed|not one"):
        decode(b"\x81" + key + b"\x01")


@pytest.mark.parametrize("number", [1.0, 0.0, float("nan"), float("inf")])
def test_floats_are_refused(number: float) -> None:
    for data in (b"\xca" + struct.pack(">f", number), b"\xcb" + struct.pack(">d", number)):
        with pytest.raises(Malformed, match="float"):
            decode(data)


def test_each_limit_is_kept_by_both_directions() -> None:
    limits = Limits(input_bytes=20, string_bytes=5, array_elements=3, map_entries=2, depth=2)
    fitting: list[Value] = ["a" * 5, b"a" * 5, [1, 2, 3], {"a": 1, "b": 2}, [[1]], "\u00e4\u00e4"]
    over: list[Value] = ["a" * 6, b"a" * 6, [1, 2, 3, 4], {"a": 1, "b": 2, "c": 3}, [[[]]], "\u00e4" * 3, ["aaaaa"] * 4]
    for value in fitting:
        assert decode(encode(value, limits), limits) == value
    for value in over:
        with pytest.raises(Malformed, match="too_"):
            encode(value, limits)
        with pytest.raises(Malformed, match="too_"):
            decode(encode(value), limits)
    with pytest.raises(Malformed, match="too_large"):
        encode([b"a" * 5, b"b" * 5, b"c" * 5], limits)
