# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 16 §1: signed peer records."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.peer_record import PeerRecord, SignedRecord, parse_record, sign_record
from tests.builders import signing_key
from tests.protocol.strategies import damaged, hashes, hostile
from tests.protocol.vectors import Case, agreed, hex_of, vectors

KEY = signing_key("operator")
counts = st.integers(0, 2**63 - 1)
addresses = st.lists(st.from_regex(r"https?://[a-z0-9.:]{1,40}(/[a-z]{0,10})?", fullmatch=True), max_size=4)
records = st.builds(PeerRecord, hashes, counts, addresses.map(tuple), st.lists(hashes, max_size=4).map(tuple), counts)


def read(data: bytes, keys: list[bytes]) -> SignedRecord:
    signed = parse_record(data)
    signed.check(keys)
    return signed


@vectors("16-peers", "peer_record")
def test_peer_record_vectors(case: Case) -> None:
    with agreed(case):
        record = read(bytes.fromhex(case["record_hex"]), [bytes.fromhex(key) for key in case["keys_hex"]]).record
        assert (record.log.hex(), record.sequence, list(record.addresses), hex_of(record.via), record.until) == (
            case["log_hex"],
            case["sequence"],
            case["addresses"],
            case["via_hex"],
            case["until"],
        )


@given(records)
def test_records_come_back(record: PeerRecord) -> None:
    assert read(sign_record(record, KEY), [KEY.public]).record == record


@given(hostile | damaged(records.map(lambda record: sign_record(record, KEY))))
def test_nothing_else_is_taken(data: bytes) -> None:
    try:
        signed = read(data, [KEY.public])
    except Malformed:
        return
    assert sign_record(signed.record, KEY) == data
