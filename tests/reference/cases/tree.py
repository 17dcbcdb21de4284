# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 05: roots, peaks, inclusion and consistency proofs."""

from collections.abc import Iterator

from tests.reference import tree
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group, hexes, vector_file

# The eight entries that implementations of RFC 6962 are commonly tried with.
COMMON_ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
# Sizes around every power of two up to 64, and some in between.
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100)


def generate() -> bytes:
    """The file 05-tree.json."""
    return vector_file("05", "Tree", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    roots = Group("root", "The root_hex and the peaks_hex (§4, largest first) of the tree of entries_hex.", check_root)
    for length in range(9):
        roots.valid(f"the first {length} of the common entries", entries_hex=COMMON_ENTRIES[:length])
    roots.valid("a long entry", entries_hex=["ff" * 1000])
    roots.valid("equal entries", entries_hex=["00"] * 5)
    yield roots
    counted = Group(
        "root_of_counted",
        "The root_hex and peaks_hex of a tree of `size` entries, where entry i is the text `entry <i>`, i in decimal"
        " from 0: `entry 0`, `entry 1`, ... The proofs below are of these trees too.",
        check_counted,
    )
    for size in (0, *SIZES, 255, 256, 257, 1000):
        counted.valid(f"size {size}", size=size)
    yield counted
    yield inclusions(
        Group(
            "inclusion",
            "Check proof_hex for the leaf hash leaf_hash_hex at `index` in the tree of `size` leaves with root_hex."
            " Where the entries are counted ones, building the proof must give proof_hex too.",
            check_inclusion,
        )
    )
    yield far_inclusions(
        Group(
            "inclusion_far",
            "As inclusion, in trees too large to build: their roots were computed from proofs of chosen hashes.",
            check_inclusion,
        )
    )
    yield consistencies(
        Group(
            "consistency",
            "Check that the tree of `old` leaves with old_root_hex is the beginning of that of `new` with"
            " new_root_hex by"
            " proof_hex. Where the entries are counted ones, building the proof must give proof_hex too.",
            check_consistency,
        )
    )


def counted_leaves(size: int) -> list[bytes]:
    """The leaf hashes of a tree of counted entries."""
    return [tree.leaf_hash(f"entry {number}".encode()) for number in range(size)]


def check_root(inputs: Fields) -> Fields:
    leaves = [tree.leaf_hash(bytes.fromhex(entry)) for entry in inputs["entries_hex"]]
    return {"root_hex": tree.root(leaves).hex(), "peaks_hex": hexes(tree.peaks(leaves))}


def check_counted(inputs: Fields) -> Fields:
    leaves = counted_leaves(inputs["size"])
    return {"root_hex": tree.root(leaves).hex(), "peaks_hex": hexes(tree.peaks(leaves))}


def check_inclusion(inputs: Fields) -> Fields:
    leaf, root = bytes.fromhex(inputs["leaf_hash_hex"]), bytes.fromhex(inputs["root_hex"])
    proof = [bytes.fromhex(item) for item in inputs["proof_hex"]]
    tree.check_inclusion(inputs["index"], inputs["size"], leaf, proof, root)
    return {}


def check_consistency(inputs: Fields) -> Fields:
    roots = (bytes.fromhex(inputs["old_root_hex"]), bytes.fromhex(inputs["new_root_hex"]))
    proof = [bytes.fromhex(item) for item in inputs["proof_hex"]]
    tree.check_consistency(inputs["old"], inputs["new"], *roots, proof)
    return {}


def inclusion(index: int, size: int) -> Fields:
    """The inputs of a good inclusion proof among counted entries."""
    leaves = counted_leaves(size)
    proof = tree.prove_inclusion(index, leaves)
    return {
        "index": index,
        "size": size,
        "leaf_hash_hex": leaves[index].hex(),
        "proof_hex": hexes(proof),
        "root_hex": tree.root(leaves).hex(),
    }


def inclusions(group: Group) -> Group:
    for size in SIZES:
        indexes = range(size) if size <= 9 else {0, 1, size // 2 - 1, size // 2, size - 2, size - 1}
        for index in sorted(indexes):
            group.valid(f"{index} of {size}", **inclusion(index, size))
    for index, size in ((0, 1), (0, 2), (3, 7), (6, 7), (5, 8), (16, 17), (99, 100)):
        spoil_inclusion(group, f"{index} of {size}", inclusion(index, size))
    return group


def spoil_inclusion(group: Group, name: str, good: Fields) -> None:
    """A good proof with one thing changed at a time."""
    proof, size = good["proof_hex"], good["size"]
    other = seeded_bytes("other").hex()

    def spoil(what: str, reason: str, **changes: object) -> None:
        group.invalid(f"{name}: {what}", reason, **(good | changes))

    spoil("index is the size", "range", index=size)
    spoil("index above the size", "range", index=size + 1)
    spoil("size zero", "range", size=0)
    spoil("one hash more", "length", proof_hex=[*proof, other])
    spoil("one hash more, the root", "length", proof_hex=[*proof, good["root_hex"]])
    spoil("other root", "root", root_hex=other)
    spoil("other leaf", "root", leaf_hash_hex=other)
    spoil("root of 31 bytes", "hash_size", root_hex=other[2:])
    spoil("leaf hash empty", "hash_size", leaf_hash_hex="")
    if not proof:
        return
    spoil("last hash missing", "length", proof_hex=proof[:-1])
    spoil("no hashes", "length", proof_hex=[])
    spoil("first hash changed", "root", proof_hex=[other, *proof[1:]])
    spoil("last hash of 31 bytes", "hash_size", proof_hex=[*proof[:-1], proof[-1][2:]])
    spoil("last hash of 33 bytes", "hash_size", proof_hex=[*proof[:-1], proof[-1] + "00"])
    if len(proof) > 1:
        spoil("hashes reversed", "root", proof_hex=proof[::-1])
    neighbour = good["index"] ^ 1
    if neighbour < size:
        spoil("index of the neighbour", "root", index=neighbour)


def far_inclusions(group: Group) -> Group:
    for index, size in ((0, 2**52), (2**52 - 1, 2**52), (2**51, 2**52 - 1), (2**52 - 2, 2**52 - 1), (2**40, 2**40 + 1)):
        proof = [seeded_bytes(f"far {number}") for number in range(path_length(index, size))]
        leaf = seeded_bytes("far leaf")
        good = {
            "index": index,
            "size": size,
            "leaf_hash_hex": leaf.hex(),
            "proof_hex": hexes(proof),
            "root_hex": tree.root_from_path(index, size, leaf, proof).hex(),
        }
        group.valid(f"{index} of {size}", **good)
        group.invalid(f"{index} of {size}: one hash more", "length", **(good | {"proof_hex": hexes([*proof, leaf])}))
        group.invalid(f"{index} of {size}: one hash less", "length", **(good | {"proof_hex": hexes(proof[1:])}))
    return group


def path_length(index: int, size: int) -> int:
    """How many hashes an inclusion proof has."""
    if size == 1:
        return 0
    middle = tree.split(size)
    return 1 + (path_length(index, middle) if index < middle else path_length(index - middle, size - middle))


def consistency(old: int, new: int) -> Fields:
    """The inputs of a good consistency proof among counted entries."""
    leaves = counted_leaves(new)
    return {
        "old": old,
        "new": new,
        "old_root_hex": tree.root(leaves[:old]).hex(),
        "new_root_hex": tree.root(leaves).hex(),
        "proof_hex": hexes(tree.prove_consistency(old, leaves)),
    }


def consistencies(group: Group) -> Group:
    for new in (0, *SIZES):
        olds = range(new + 1) if new <= 9 else {0, 1, 2, new // 2, new // 2 + 1, new - 2, new - 1, new}
        for old in sorted(olds):
            group.valid(f"{old} to {new}", **consistency(old, new))
    for old, new in ((1, 2), (3, 7), (4, 7), (6, 8), (8, 13), (32, 33), (65, 100)):
        spoil_consistency(group, f"{old} to {new}", consistency(old, new))
    add_consistency_edges(group)
    return group


def spoil_consistency(group: Group, name: str, good: Fields) -> None:
    """A good proof with one thing changed at a time."""
    proof, old_root, new_root = good["proof_hex"], good["old_root_hex"], good["new_root_hex"]
    other = seeded_bytes("other").hex()

    def spoil(what: str, reason: str, **changes: object) -> None:
        group.invalid(f"{name}: {what}", reason, **(good | changes))

    spoil("the wrong way round", "range", old=good["new"], new=good["old"])
    spoil("roots swapped", "root", old_root_hex=new_root, new_root_hex=old_root)
    spoil("other old root", "root", old_root_hex=other)
    spoil("other new root", "root", new_root_hex=other)
    spoil("same root twice", "root", new_root_hex=old_root)
    spoil("one hash more", "length", proof_hex=[*proof, other])
    spoil("one hash more in front", "length", proof_hex=[old_root, *proof])
    spoil("last hash missing", "length", proof_hex=proof[:-1])
    spoil("no hashes", "length", proof_hex=[])
    spoil("first hash changed", "root", proof_hex=[other, *proof[1:]])
    spoil("last hash changed", "root", proof_hex=[*proof[:-1], other])
    spoil("first hash of 31 bytes", "hash_size", proof_hex=[proof[0][2:], *proof[1:]])
    spoil("old root of 33 bytes", "hash_size", old_root_hex=old_root + "00")
    spoil("new root empty", "hash_size", new_root_hex="")


def add_consistency_edges(group: Group) -> None:
    same, empty = consistency(7, 7), consistency(0, 7)
    other = seeded_bytes("other").hex()
    group.invalid("7 to 7: other root", "root", **(same | {"new_root_hex": other}))
    group.invalid("7 to 7: a hash", "length", **(same | {"proof_hex": [other]}))
    group.invalid("0 to 7: a hash", "length", **(empty | {"proof_hex": [other]}))
    group.invalid("0 to 7: other old root", "root", **(empty | {"old_root_hex": other}))
    group.invalid("0 to 7: old root of zeros", "root", **(empty | {"old_root_hex": "00" * 32}))
    group.valid("0 to 7: any new root", **(empty | {"new_root_hex": other}))
    group.invalid("0 to 0: other new root", "root", **(consistency(0, 0) | {"new_root_hex": other}))
    group.invalid("8 to 7", "range", **(same | {"old": 8}))
    group.invalid("1 to 0", "range", **(same | {"old": 1, "new": 0}))
