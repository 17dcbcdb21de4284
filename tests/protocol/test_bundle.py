# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 14 §1 and §2: the records of a bundle and its header."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bundle import END, Part, encode_header, encode_piece, encode_record, read_header, read_items
from protocol.errors import Malformed
from protocol.frames import FRAME_BYTES_MAX, Entries, HeadField, Heads
from protocol.identity import Origin
from tests.drawing import draws
from tests.protocol.strategies import damaged, hashes, hostile
from tests.protocol.vectors import Case, agreed, vectors

parts = st.lists(
    st.tuples(hashes, st.integers(1, 2**32 - 1), st.integers(0, 2**62), st.integers(0, 2**62)).map(
        lambda drawn: Part(drawn[0], drawn[1], drawn[2], drawn[2] + drawn[3])
    ),
    max_size=5,
    unique_by=lambda part: part.origin,
).map(lambda drawn: sorted(drawn, key=lambda part: part.origin))
contents = st.lists(st.binary(min_size=1, max_size=50), max_size=4)


@vectors("14-bundle", "record")
def test_record_vectors(case: Case) -> None:
    assert encode_record(bytes.fromhex(case["content_hex"])).hex() == case["record_hex"]


@vectors("14-bundle", "file")
def test_file_vectors(case: Case) -> None:
    stream = BytesIO(bytes.fromhex(case["bundle_hex"]))
    with agreed(case):
        found = read_header(stream.read)
        list(read_items(stream.read))
        expected = [
            Part(bytes.fromhex(log["log_hex"]), log["epoch"], int(log["from"]), int(log["to"])) for log in case["logs"]
        ]
        assert found == expected


@given(parts)
def test_headers_come_back(drawn: list[Part]) -> None:
    assert read_header(BytesIO(encode_header(drawn)).read) == drawn


@draws(300)
@given(hostile | damaged(st.tuples(parts, contents).map(lambda both: write(*both))))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    stream, reason = BytesIO(data), ""
    try:
        read_header(stream.read)
        list(read_items(stream.read))
    except Malformed as error:
        reason = error.reason
    known = {"tag", "version", "header", "damaged", "record_size", "truncated", "trailing"}
    assert reason in known or not (reason or stream.read())


def write(drawn: list[Part], records: list[bytes]) -> bytes:
    return b"".join((encode_header(drawn), *map(encode_record, records), END))


def test_a_piece_is_a_bundle_of_one_log() -> None:
    head = HeadField(bytes(32), 3, b"note", [b"charter"])
    entries = Entries(bytes(32), 3, 9, 5, [(b"entry", b"payload")], [])
    stream = BytesIO(encode_piece(head, entries))
    (part,) = read_header(stream.read)
    assert (part.origin, part.from_, part.to) == (Origin(bytes(32), 3), 5, 6)
    assert list(read_items(stream.read)) == [Heads([head]), entries]
    stream = BytesIO(encode_piece(head))
    assert [(part.from_, part.to) for part in read_header(stream.read)] == [(0, 0)]


def test_what_is_too_large_is_not_written() -> None:
    assert len(encode_record(bytes(FRAME_BYTES_MAX))) == FRAME_BYTES_MAX + 12
    with pytest.raises(Malformed, match="record_size"):
        encode_record(bytes(FRAME_BYTES_MAX + 1))
    with pytest.raises(Malformed, match="header"):
        encode_header([Part(n.to_bytes(32, "big"), 1, 0, 0) for n in range(10_001)])
    most = [Part(n.to_bytes(32, "big"), 2**32 - 1, 2**62, 2**63 - 1) for n in range(10_000)]
    assert read_header(BytesIO(encode_header(most)).read) == most
