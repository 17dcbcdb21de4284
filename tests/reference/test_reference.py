# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reference: its vectors are those on disk, and it agrees with answers that others gave."""

import ast
import hashlib
import random
from pathlib import Path

import msgpack  # type: ignore[import-untyped] # it comes without types
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.reference import ed25519, messagepack, tree
from tests.reference.__main__ import FOLDER, GENERATORS, differing_files
from tests.reference.cases.signatures import RFC_8032
from tests.reference.rejection import RejectionError
from tests.reference.seeded import seeded_bytes, signer

OURS = {"protocol", "ledger", "node", "cli", "msgspec", "nacl"}
# RFC 8032 §7.1: the public keys and signatures of TEST 1 and TEST 2.
RFC_8032_ANSWERS = {
    "RFC 8032 TEST 1": (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    "RFC 8032 TEST 2": (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
}


@pytest.mark.long
def test_the_vectors_on_disk_are_those_of_the_generator() -> None:
    assert differing_files() == []


def test_no_other_vectors_are_on_disk() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == set(GENERATORS)


def test_the_generator_reads_no_clock_and_draws_no_randomness() -> None:
    assert GENERATORS["03-statement.json"]() == GENERATORS["03-statement.json"]()


def test_no_vector_file_is_large() -> None:
    assert all((FOLDER / name).stat().st_size < 600_000 for name in GENERATORS)


def test_nothing_of_the_program_is_imported() -> None:
    for path in Path(__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & OURS, path


def digest(text: str) -> bytes:
    return hashlib.sha256(bytes.fromhex(text)).digest()


def test_roots_are_those_computed_by_hand() -> None:
    leaves = [tree.leaf_hash(bytes([number])) for number in range(5)]
    a, b, c, d, e = (digest(f"00{number:02x}") for number in range(5))
    assert leaves == [a, b, c, d, e]
    ab, cd = digest(f"01{a.hex()}{b.hex()}"), digest(f"01{c.hex()}{d.hex()}")
    abcd = digest(f"01{ab.hex()}{cd.hex()}")
    assert tree.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.root(leaves[:1]) == a
    assert tree.root(leaves[:3]) == digest(f"01{ab.hex()}{c.hex()}")
    assert tree.root(leaves) == digest(f"01{abcd.hex()}{e.hex()}")
    assert tree.peaks(leaves) == [abcd, e]
    assert tree.prove_inclusion(2, leaves) == [d, ab, e]
    assert tree.prove_inclusion(4, leaves) == [abcd]
    assert tree.prove_consistency(3, leaves) == [c, d, ab, e]
    assert tree.prove_consistency(4, leaves) == [e]


def test_the_common_entries_have_their_known_root() -> None:
    entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    root = tree.root([tree.leaf_hash(bytes.fromhex(entry)) for entry in entries])
    assert root.hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_every_proof_that_is_made_is_accepted_and_no_shorter_one() -> None:
    for size in range(1, 18):
        leaves = [tree.leaf_hash(b"%d" % number) for number in range(size)]
        root = tree.root(leaves)
        for index, leaf in enumerate(leaves):
            tree.check_inclusion(index, size, leaf, tree.prove_inclusion(index, leaves), root)
        for old in range(1, size):
            proof, old_root = tree.prove_consistency(old, leaves), tree.root(leaves[:old])
            tree.check_consistency(old, size, old_root, root, proof)
            with pytest.raises(RejectionError):
                tree.check_consistency(old, size, old_root, root, proof[:-1])


@pytest.mark.parametrize("name", RFC_8032_ANSWERS)
def test_signatures_are_those_of_the_rfc(name: str) -> None:
    seed, message = (bytes.fromhex(part) for part in RFC_8032[name])
    public_key, signature = RFC_8032_ANSWERS[name]
    assert ed25519.public_key_of(seed).hex() == public_key
    assert ed25519.sign(seed, message).hex() == signature


def test_signatures_agree_with_another_implementation() -> None:
    for number in range(8):
        author, message = signer(f"agree {number}"), seeded_bytes(f"agree {number}", 40 * number)
        theirs = Ed25519PrivateKey.from_private_bytes(author.seed)
        assert theirs.sign(message) == author.sign(message)
        wrong = author.sign(message + b"!")
        assert not ed25519.is_valid(author.public_key, message, wrong)
        with pytest.raises(InvalidSignature):
            Ed25519PublicKey.from_public_bytes(author.public_key).verify(wrong, message)


def random_value(source: random.Random, depth: int) -> messagepack.Value:
    sort = source.randrange(6 if depth else 4)
    if sort == 0:
        return source.choice([1, -1]) * source.getrandbits(source.randrange(1, 64))
    if sort == 1:
        return source.random() < 0.5
    if sort == 2:
        return source.randbytes(source.choice([0, 1, 31, 32, 255, 256]))
    if sort == 3:
        return "a" * source.choice([0, 1, 31, 32, 255, 256])
    count = source.choice([0, 1, 2, 15, 16])
    if sort == 4:
        return [random_value(source, depth - 1) for _ in range(count)]
    return {f"{number:02}": random_value(source, depth - 1) for number in range(count)}


def test_the_encoding_is_that_of_another_implementation() -> None:
    source = random.Random(1)
    for _ in range(300):
        value = random_value(source, 2)
        data = messagepack.encode(value)
        assert msgpack.packb(value) == data
        assert messagepack.decode(data) == value


def test_torn_and_changed_bytes_never_crash_the_decoder() -> None:
    source = random.Random(2)
    accepted = 0
    for _ in range(2_000):
        data = bytearray(messagepack.encode(random_value(source, 2))[:64])
        data[source.randrange(len(data))] = source.randrange(256)
        try:
            value = messagepack.decode(bytes(data))
        except RejectionError:
            continue
        accepted += 1
        assert messagepack.encode(value) == data
    assert 0 < accepted < 2_000
