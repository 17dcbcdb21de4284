# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 02: the one Ed25519 rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.signature import SigningKey, verify
from tests.builders import signing_key
from tests.drawing import draws
from tests.protocol.strategies import flips
from tests.protocol.vectors import Case, vectors

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
seeds = st.binary(min_size=32, max_size=32)


@vectors("02-signatures", "sign")
def test_sign_vectors(case: Case) -> None:
    key, message = SigningKey.from_seed(bytes.fromhex(case["seed_hex"])), bytes.fromhex(case["message_hex"])
    assert key.public.hex() == case["public_key_hex"]
    assert key.sign(message).hex() == case["signature_hex"]
    assert verify(key.public, message, key.sign(message))


@vectors(
    "02-signatures", "verify", "verify_s_range", "verify_not_canonical", "verify_small_order", "verify_mixed_order"
)
def test_verify_vectors(case: Case) -> None:
    key, message, signature = (bytes.fromhex(case[f"{part}_hex"]) for part in ("public_key", "message", "signature"))
    assert verify(key, message, signature) is case["valid"]


def is_for_the_library(case: Case) -> bool:
    """Whether what is wrong is a y that belongs to no point: only who computes with points can tell."""
    encoded = bytes.fromhex(case["public_key_hex"]), bytes.fromhex(case["signature_hex"])[:32]
    return case["reason"] == "not_canonical" and all(int.from_bytes(one, "little") % 2**255 < P for one in encoded)


@vectors("02-signatures", "verify_small_order", "verify_not_canonical", unlike=is_for_the_library)
def test_points_are_refused_here_whatever_the_library_does(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    key, message, signature = (bytes.fromhex(case[f"{part}_hex"]) for part in ("public_key", "message", "signature"))
    monkeypatch.setattr("protocol.signature.crypto_sign_open", lambda *_: b"")
    assert not verify(key, message, signature)


@given(seeds, st.binary(max_size=300))
def test_signatures_are_those_of_another_implementation(seed: bytes, message: bytes) -> None:
    key, other = SigningKey.from_seed(seed), Ed25519PrivateKey.from_private_bytes(seed)
    assert key.seed == seed
    assert key.public == other.public_key().public_bytes_raw()
    assert key.sign(message) == other.sign(message)
    assert verify(key.public, message, key.sign(message))


@draws(20)
@given(seeds, st.binary(max_size=60))
def test_s_plus_the_order_is_refused(seed: bytes, message: bytes) -> None:
    key = SigningKey.from_seed(seed)
    signature = key.sign(message)
    s = int.from_bytes(signature[32:], "little")
    for larger in range(s + L, 2**256, L):
        assert not verify(key.public, message, signature[:32] + larger.to_bytes(32, "little"))


def test_no_flipped_bit_passes() -> None:
    key, message = signing_key("flipped"), b"as it was said"
    signature = key.sign(message)
    assert not any(verify(key.public, message, other) for other in flips(signature))
    assert not any(verify(key.public, other, signature) for other in flips(message))
    assert not any(verify(other, message, signature) for other in flips(key.public))


@given(st.binary(max_size=70), st.binary(max_size=20), st.binary(max_size=70))
def test_any_bytes_are_a_verdict(public: bytes, message: bytes, signature: bytes) -> None:
    assert verify(public, message, signature) is False


def test_a_key_shows_only_its_public_half() -> None:
    key = signing_key("shown")
    assert key.public.hex() in f"{key!r} {key}"
    assert key.seed.hex() not in f"{key!r} {key} {[key]}"


def test_public_vectors_of_wycheproof(public_vectors: Path) -> None:
    groups = json.loads((public_vectors / "wycheproof_ed25519_test.json").read_text())["testGroups"]
    cases = [(group["publicKey"]["pk"], test) for group in groups for test in group["tests"]]
    assert len(cases) == 151
    for public, test in cases:
        holds = verify(bytes.fromhex(public), bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
        assert holds == (test["result"] == "valid"), (test["tcId"], test["comment"])


def test_a_seed_of_another_length_makes_no_key() -> None:
    with pytest.raises(ValueError, match="seed"):
        SigningKey.from_seed(b"short")
