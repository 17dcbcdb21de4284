# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 15 §1: sealing payloads between the two ends of a session."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.identity import Origin
from protocol.sealing import Seal, session_nonce
from tests.protocol.strategies import hashes
from tests.protocol.vectors import Case, agreed, vectors


def seal_of(case: Case) -> Seal:
    return Seal(case["role"], bytes.fromhex(case["secret_hex"]), bytes.fromhex(case["other_nonce_hex"]))


def place_of(case: Case) -> tuple[Origin, int]:
    return Origin(bytes.fromhex(case["log_hex"]), case["epoch"]), case["position"]


@vectors("15-private", "key")
def test_key_vectors(case: Case) -> None:
    with agreed(case):
        seal_of(case)
        assert session_nonce(bytes.fromhex(case["secret_hex"])) == bytes.fromhex(case["nonce_hex"])


@vectors("15-private", "seal")
def test_seal_vectors(case: Case) -> None:
    with agreed(case):
        seal = seal_of(case)
        seal._sealed = case["counter"]
        assert seal.seal(bytes.fromhex(case["text_hex"]), *place_of(case)) == bytes.fromhex(case["sealed_hex"])


@vectors("15-private", "open")
def test_open_vectors(case: Case) -> None:
    with agreed(case):
        assert seal_of(case).open(bytes.fromhex(case["sealed_hex"]), *place_of(case)) == bytes.fromhex(case["text_hex"])


@given(hashes, hashes, st.lists(st.binary(max_size=200), min_size=1, max_size=4))
def test_each_side_opens_what_the_other_sealed(one: bytes, other: bytes, texts: list[bytes]) -> None:
    opener, accepter = Seal(0, one, session_nonce(other)), Seal(1, other, session_nonce(one))
    origin = Origin(bytes(32), 1)
    for sender, receiver in ((opener, accepter), (accepter, opener)):
        sealed = [sender.seal(text, origin, position) for position, text in enumerate(texts)]
        assert [receiver.open(item, origin, position) for position, item in enumerate(sealed)] == texts
        assert len({item[:8] for item in sealed}) == len(sealed)


def test_another_session_opens_nothing() -> None:
    origin = Origin(bytes(32), 1)
    sealed = Seal(0, b"a" * 32, session_nonce(b"b" * 32)).seal(b"text", origin, 0)
    with pytest.raises(Malformed) as failure:
        Seal(1, b"b" * 32, session_nonce(b"c" * 32)).open(sealed, origin, 0)
    assert failure.value.reason == "seal"
