# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cases of spec 20 §1 and of what spec 17 §10 hashes: multiproofs, chains, leaves, roots."""

from collections.abc import Iterator

from tests.reference import messagepack, multiproof, state, tree
from tests.reference.cases.tree import counted_leaves
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes
from tests.reference.state import Leaf
from tests.reference.vector import Fields, Group, hexes


def groups() -> Iterator[Group]:
    """The groups that the state rests on."""
    yield multiproofs(
        Group(
            "multiproof",
            "Check proof_hex for the leaf hashes leaf_hashes_hex at `positions` in the tree of `size` leaves with"
            " root_hex. The entries are counted ones (page 05); building the proof must give proof_hex too.",
            check_multiproof,
        )
    )
    yield chains(
        Group("chain", "The head_hex after the entry of leaf_hash_hex at `position`, before it before_hex.", check_link)
    )
    yield leaves(Group("state_leaf", "Read leaf_hex (page 17 §10). Gives its fields.", check_leaf))
    yield roots(Group("state_root", "The root_hex over leaves_hex, which are in order.", check_root))


def check_multiproof(inputs: Fields) -> Fields:
    hashes, proof = ([bytes.fromhex(item) for item in inputs[name]] for name in ("leaf_hashes_hex", "proof_hex"))
    multiproof.check(inputs["positions"], hashes, inputs["size"], proof, bytes.fromhex(inputs["root_hex"]))
    return {}


def multiproofs(group: Group) -> Group:
    chosen = [
        (1, [0]), (2, [1]), (2, [0, 1]), (5, [4]), (7, [0, 6]), (7, [0, 1, 2, 3, 4, 5, 6]), (8, [3, 4]), (13, [5]),
        (13, [1, 5, 12]), (64, [0, 1, 2, 63]), (100, [7, 31, 32, 33, 96, 99]), (100, list(range(0, 100, 9))),
    ]  # fmt: skip
    for size, positions in chosen:
        group.valid(f"{len(positions)} of {size}, from {positions[0]}", **proved(positions, size))
    for size, positions in ((7, [0, 6]), (13, [1, 5, 12]), (2, [0, 1])):
        spoil(group, f"{positions} of {size}", proved(positions, size))
    return group


def proved(positions: list[int], size: int) -> Fields:
    """The inputs of a good multiproof."""
    found = counted_leaves(size)
    return {
        "positions": positions,
        "size": size,
        "leaf_hashes_hex": hexes([found[position] for position in positions]),
        "proof_hex": hexes(multiproof.prove(positions, found)),
        "root_hex": tree.root(found).hex(),
    }


def spoil(group: Group, name: str, good: Fields) -> None:
    """A good proof with one thing changed at a time."""
    positions, hashes, proof = good["positions"], good["leaf_hashes_hex"], good["proof_hex"]
    other = seeded_bytes("other").hex()
    changes: list[tuple[str, str, Fields]] = [
        ("no position", "range", {"positions": [], "leaf_hashes_hex": []}),
        ("a position twice", "range", {"positions": [*positions, positions[-1]], "leaf_hashes_hex": [*hashes, other]}),
        ("positions descend", "range", {"positions": positions[::-1], "leaf_hashes_hex": hashes[::-1]}),
        ("a position beyond", "range", {"positions": [*positions[:-1], good["size"]]}),
        ("one leaf hash less", "length", {"leaf_hashes_hex": hashes[1:]}),
        ("one hash more", "length", {"proof_hex": [*proof, other]}),
        ("a leaf hash of 31 bytes", "hash_size", {"leaf_hashes_hex": [other[2:], *hashes[1:]]}),
        ("other leaf", "root", {"leaf_hashes_hex": [other, *hashes[1:]]}),
        ("other root", "root", {"root_hex": other}),
        ("leaves in each other's place", "root", {"leaf_hashes_hex": hashes[::-1]}),
    ]
    if proof:
        changes += [
            ("one hash less", "length", {"proof_hex": proof[1:]}),
            ("other hash", "root", {"proof_hex": [other, *proof[1:]]}),
            ("a hash of 33 bytes", "hash_size", {"proof_hex": [*proof[:-1], proof[-1] + "00"]}),
        ]
    for what, reason, change in changes:
        group.invalid(f"{name}: {what}", reason, **(good | change))


def check_link(inputs: Fields) -> Fields:
    before, leaf = bytes.fromhex(inputs["before_hex"]), bytes.fromhex(inputs["leaf_hash_hex"])
    return {"head_hex": state.link(before, leaf, inputs["position"]).hex()}


def chains(group: Group) -> Group:
    head = state.START
    for position in (1, 2, 300, 2**40):
        leaf = seeded_bytes(f"leaf {position}")
        case = group.valid(f"at {position}", before_hex=head.hex(), leaf_hash_hex=leaf.hex(), position=position)
        head = bytes.fromhex(case["head_hex"])
    return group


def check_leaf(inputs: Fields) -> Fields:
    leaf = state.decode_leaf(bytes.fromhex(inputs["leaf_hex"]))
    assert leaf.encode().hex() == inputs["leaf_hex"]
    return {
        "id_hex": leaf.id.hex(), "sort": leaf.sort, "count": leaf.count, "head_hex": leaf.head.hex(),
        "posted": str(leaf.posted), "reserved": str(leaf.reserved), "unit": leaf.unit, "scale": leaf.scale,
    }  # fmt: skip


def leaves(group: Group) -> Group:
    identity, head = seeded_bytes("leaf", 16), seeded_bytes("head")
    member, account = Leaf(identity, 0, 3, head), Leaf(identity, 1, 300, head, -1250, 70, "EUR", 2)
    group.valid("a member", leaf_hex=member.encode().hex())
    group.valid("an account", leaf_hex=account.encode().hex())
    group.valid(
        "greatest amounts", leaf_hex=Leaf(identity, 1, 2**40, head, -(10**15), 10**15, "a-b_c.d", 9).encode().hex()
    )
    good: list[Value] = [identity, 1, 300, head, -1250, 70, "EUR", 2]
    for name, at, other in (
        ("id of 15 bytes", 0, identity[1:]), ("sort 2", 1, 2), ("count below 0", 2, -1),
        ("head of 31 bytes", 3, head[1:]),
        ("posted as text", 4, "-12.50"), ("reserved below 0", 5, -1), ("no unit", 6, ""), ("a unit of 13", 6, "A" * 13),
        ("a unit with a space", 6, "A B"), ("a unit with a newline", 6, "EUR\n"),
        ("scale 10", 7, 10), ("a member with an amount", 1, 0),
    ):  # fmt: skip
        group.invalid(name, "leaf", leaf_hex=messagepack.encode([*good[:at], other, *good[at + 1 :]]).hex())
    too_many = messagepack.encode([*good[:2], 2**63 - 1, *good[3:]]).replace(b"\xcf\x7f", b"\xcf\x80", 1)
    group.invalid("a count of more than 63 bits", "leaf", leaf_hex=too_many.hex())
    group.invalid("seven parts", "leaf", leaf_hex=messagepack.encode(good[:7]).hex())
    group.invalid("a byte behind", "leaf", leaf_hex=account.encode().hex() + "00")
    return group


def check_root(inputs: Fields) -> Fields:
    return {"root_hex": state.root([state.decode_leaf(bytes.fromhex(leaf)) for leaf in inputs["leaves_hex"]]).hex()}


def roots(group: Group) -> Group:
    for count in (0, 1, 5):
        ids = [seeded_bytes(f"thing {number}", 16) for number in range(count)]
        made = [
            Leaf(one, number % 2, number, seeded_bytes("head"), *((number, 0, "h", 0) if number % 2 else ()))
            for number, one in enumerate(ids)
        ]
        group.valid(f"{count} leaves", leaves_hex=[leaf.encode().hex() for leaf in made])
    return group
