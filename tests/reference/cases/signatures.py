# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 02: the verdict on every sort of odd signature."""

import hashlib
import itertools
from collections.abc import Iterator
from functools import cache

from tests.reference import ed25519
from tests.reference.curve import BASE, IDENTITY, L, P, Point, compress, decompress
from tests.reference.rejection import RejectionError
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.vector import Fields, Group, vector_file

# RFC 8032 §7.1: TEST 1, 2, 3 and SHA(abc), as (seed, message).
RFC_8032 = {
    "RFC 8032 TEST 1": ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", ""),
    "RFC 8032 TEST 2": ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72"),
    "RFC 8032 TEST 3": ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82"),
    "RFC 8032 TEST SHA(abc)": (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        hashlib.sha512(b"abc").hexdigest(),
    ),
}


def generate() -> bytes:
    """The file 02-signatures.json."""
    return vector_file("02", "Signatures", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    signing = Group(
        "sign",
        "Sign message_hex with the RFC 8032 seed seed_hex: gives public_key_hex and signature_hex, which verify.",
        check_signing,
    )
    for name, (seed, message) in RFC_8032.items():
        signing.valid(name, seed_hex=seed, message_hex=message)
    for length in (1, 63, 64, 65, 127, 128, 129, 1000):
        message = seeded_bytes(f"message {length}", length).hex()
        signing.valid(f"message of {length} bytes", seed_hex=signer(f"signer {length}").seed.hex(), message_hex=message)
    yield signing
    about = (
        "Verify signature_hex over message_hex by public_key_hex under the rule of spec 02 §1. The reason is"
        " that of the"
        " first broken rule in the order length, 1, 2, 3, 4; a program that only says no agrees too."
    )
    yield ordinary(Group("verify", about, check_verifying))
    yield scalars(Group("verify_s_range", about, check_verifying))
    yield encodings(Group("verify_not_canonical", about, check_verifying))
    yield small_orders(Group("verify_small_order", about, check_verifying))
    yield mixed_orders(
        Group(
            "verify_mixed_order",
            about + " Here A or R, or both, carry a component of small order. The cases that fail are accepted by"
            " programs that multiply by the cofactor; the others must be accepted.",
            check_verifying,
        )
    )


def check_signing(inputs: Fields) -> Fields:
    seed, message = bytes.fromhex(inputs["seed_hex"]), bytes.fromhex(inputs["message_hex"])
    signature, key = ed25519.sign(seed, message), ed25519.public_key_of(seed)
    ed25519.verify(key, message, signature)
    return {"public_key_hex": key.hex(), "signature_hex": signature.hex()}


def check_verifying(inputs: Fields) -> Fields:
    ed25519.verify(*(bytes.fromhex(inputs[name]) for name in ("public_key_hex", "message_hex", "signature_hex")))
    return {}


def triple(key: bytes, message: bytes, signature: bytes) -> Fields:
    """The inputs of a verification."""
    return {"public_key_hex": key.hex(), "message_hex": message.hex(), "signature_hex": signature.hex()}


def ordinary(group: Group) -> Group:
    """Good signatures, and good ones with one thing changed."""
    author, message = signer("ordinary"), b"the commons"
    key, signature = author.public_key, author.sign(message)
    group.valid("good", **triple(key, message, signature))
    group.valid("good, empty message", **triple(key, b"", author.sign(b"")))
    for place in (0, 7, 31, 32, 62):
        changed = bytearray(signature)
        changed[place] ^= 1
        try:
            ed25519.verify(key, message, bytes(changed))
        except RejectionError as error:
            group.invalid(f"bit flipped in byte {place}", error.reason, **triple(key, message, bytes(changed)))
    group.invalid("other message", "equation", **triple(key, message + b"s", signature))
    group.invalid("message of another purpose", "equation", **triple(key, b"folkmoot/auth/1\0" + message, signature))
    group.invalid("other key", "equation", **triple(signer("other").public_key, message, signature))
    negated_r = compress(-decompress(signature[:32])) + signature[32:]
    group.invalid("R negated", "equation", **triple(key, message, negated_r))
    group.invalid("key negated", "equation", **triple(compress(-decompress(key)), message, signature))
    group.invalid("halves swapped", "s_range", **triple(key, message, b"\xff" * 32 + signature[:32]))
    group.invalid("S zero", "equation", **triple(key, message, signature[:32] + bytes(32)))
    for length in (0, 31, 33):
        group.invalid(f"key of {length} bytes", "length", **triple((key + b"\0")[:length], message, signature))
    for length in (0, 32, 63, 65):
        group.invalid(f"signature of {length} bytes", "length", **triple(key, message, (signature + b"\0")[:length]))
    return group


def scalars(group: Group) -> Group:
    """S at and above L."""
    author, message = signer("scalars"), b"range"
    key, signature = author.public_key, author.sign(message)
    s = int.from_bytes(signature[32:], "little")
    for name, other in (
        ("S + L", s + L),
        ("S + 2L", s + 2 * L),
        ("S + 14L", s + 14 * L),
        ("S = L", L),
        ("S = L + 1", L + 1),
        ("S = 2^252 + 2^248", 2**252 + 2**248),
        ("S = 2^255 - 1", 2**255 - 1),
        ("S = 2^256 - 1", 2**256 - 1),
        ("S with bit 255 set", s | 1 << 255),
    ):
        group.invalid(name, "s_range", **triple(key, message, signature[:32] + other.to_bytes(32, "little")))
    below = (L - 1).to_bytes(32, "little")
    group.invalid(
        "S = L - 1 is in range, and fails the equation", "equation", **triple(key, message, signature[:32] + below)
    )
    return group


def encodings(group: Group) -> Group:
    """Encodings of A and R that no point has, or that are not its only one."""
    author, message = signer("encodings"), b"spelling"
    key, signature = author.public_key, author.sign(message)
    strange: dict[str, int] = {}
    for offset in range(19):
        strange[f"y = p + {offset}"] = P + offset
        strange[f"y = p + {offset} with sign bit"] = P + offset + 2**255
    strange["x = 0 with sign bit, y = 1"] = 1 + 2**255
    strange["x = 0 with sign bit, y = -1"] = P - 1 + 2**255
    off_curve = [y for y in range(2, 40) if is_off_curve(y)][:4]
    for y in off_curve:
        strange[f"y = {y} is on no point"] = y
        strange[f"y = {y} with sign bit is on no point"] = y + 2**255
    for name, number in strange.items():
        data = number.to_bytes(32, "little")
        group.invalid(f"A: {name}", "not_canonical", **triple(data, message, signature))
        group.invalid(f"R: {name}", "not_canonical", **triple(key, message, data + signature[32:]))
    # With r = 0 the equation holds once R, a second spelling of the identity, is decompressed.
    for name, number in (("y = p + 1", P + 1), ("y = 1 with sign bit", 1 + 2**255)):
        r_bytes = number.to_bytes(32, "little")
        scalar, _ = ed25519.expand(author.seed)
        s = ed25519.hash_to_scalar(r_bytes, key, message) * scalar % L
        inputs = triple(key, message, r_bytes + s.to_bytes(32, "little"))
        group.invalid(f"R: {name}, and the equation holds", "not_canonical", **inputs)
    return group


def is_off_curve(y: int) -> bool:
    """Whether no point has this y."""
    try:
        decompress(y.to_bytes(32, "little"))
    except RejectionError:
        return True
    return False


@cache
def torsion() -> Point:
    """A point of order 8: L times the first point of the curve for which that has order 8."""
    for y in range(2, 100):
        if not is_off_curve(y):
            point = L * decompress(y.to_bytes(32, "little"))
            if not (4 * point).equals(IDENTITY):
                return point
    raise AssertionError


def small_orders(group: Group) -> Group:
    """The eight points whose order divides 8, as A and as R, with signatures that else would be accepted."""
    author = signer("small orders")
    scalar, _ = ed25519.expand(author.seed)
    for multiple in range(8):
        point = multiple * torsion()
        data = compress(point)
        good = triple(data, b"any", author.sign(b"any"))
        group.invalid(f"A is {multiple}T", "small_order", **good)
        group.invalid(
            f"R is {multiple}T", "small_order", **triple(author.public_key, b"any", data + author.sign(b"any")[32:])
        )
        # A = mT and R = rB: [S]B = R + [k]A as soon as k is a multiple of the order of A.
        number, r_bytes = 0, compress(5 * BASE)
        while not (ed25519.hash_to_scalar(r_bytes, data, b"%d" % number) * point).equals(IDENTITY):
            number += 1
        inputs = triple(data, b"%d" % number, r_bytes + (5).to_bytes(32, "little"))
        group.invalid(f"A is {multiple}T, and the equation holds", "small_order", **inputs)
        # R = mT and A = aB + T': with S = ka the rest is mT + kT' = identity for some message.
        mixed = scalar * BASE + torsion()
        mixed_bytes = compress(mixed)
        number = 0
        while not (point + ed25519.hash_to_scalar(data, mixed_bytes, b"%d" % number) * torsion()).equals(IDENTITY):
            number += 1
        s = ed25519.hash_to_scalar(data, mixed_bytes, b"%d" % number) * scalar % L
        inputs = triple(mixed_bytes, b"%d" % number, data + s.to_bytes(32, "little"))
        group.invalid(f"R is {multiple}T, and the equation holds", "small_order", **inputs)
    identity = compress(IDENTITY)
    group.invalid("A and R identity, S zero", "small_order", **triple(identity, b"any", identity + bytes(32)))
    zero = bytes(32)
    group.invalid("A and R zero bytes, S zero", "small_order", **triple(zero, b"any", zero + zero))
    return group


def mixed_orders(group: Group) -> Group:
    """A = aB + iT and R = rB + jT, signed so that the cofactored equation always holds."""
    for of_key, of_nonce in ((1, 0), (2, 0), (4, 0), (7, 0), (0, 1), (0, 4), (1, 1), (3, 5), (4, 4), (2, 6)):
        seen = set()
        for number in range(40):
            inputs, k = signed_mixed(of_key, of_nonce, b"mixed %d" % number)
            holds = (k % L * of_key + of_nonce) % 8 == 0
            name = f"A = aB + {of_key}T, R = rB + {of_nonce}T"
            if holds not in seen:
                seen.add(holds)
                if holds:
                    group.valid(f"{name}, the exact equation holds", **inputs)
                else:
                    group.invalid(f"{name}, only the cofactored equation holds", "equation", **inputs)
    add_reduction(group)
    return group


def add_reduction(group: Group) -> None:
    """Whether k is reduced modulo L before it multiplies A matters when A has a component of small order."""
    inputs = next(inputs for inputs, k in mixed_signatures() if k % L % 8 == 0 and k % 8 != 0)
    group.valid("equation holds only with k reduced modulo L", **inputs)
    inputs = next(inputs for inputs, k in mixed_signatures() if k % L % 8 != 0 and k % 8 == 0)
    group.invalid("equation holds only with k not reduced modulo L", "equation", **inputs)


def mixed_signatures() -> Iterator[tuple[Fields, int]]:
    """Signatures by one key of mixed order over ever new messages, each with its k."""
    return (signed_mixed(1, 0, b"reduction %d" % number) for number in itertools.count())


def signed_mixed(of_key: int, of_nonce: int, message: bytes) -> tuple[Fields, int]:
    """A signature by aB + of_key T with the nonce point rB + of_nonce T; and k before its reduction."""
    a, _ = ed25519.expand(signer("mixed orders").seed)
    r = ed25519.hash_to_scalar(b"mixed nonce", message)
    key = compress(a * BASE + of_key * torsion())
    r_bytes = compress(r * BASE + of_nonce * torsion())
    k = int.from_bytes(hashlib.sha512(r_bytes + key + message).digest(), "little")
    return triple(key, message, r_bytes + ((r + k * a) % L).to_bytes(32, "little")), k
