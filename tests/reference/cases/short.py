# SPDX-License-Identifier: AGPL-3.0-or-later
"""Cases of spec 20 §3 and §4: balance proofs, the short form and its parts."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.reference import balance, messagepack, short, world
from tests.reference.cases import trust
from tests.reference.charter import to_base32
from tests.reference.ledger import MEMBER, PURSE, TILL, common
from tests.reference.note import Note, cosign_line
from tests.reference.proof import ProofFile
from tests.reference.rejection import reject
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group
from tests.reference.verifier_key import WITNESS_TYPE, VerifierKey

URL = "https://moot.example/verify"


def groups() -> Iterator[Group]:
    """The groups of short proofs."""
    told = " A case is valid when the verdict is true; of the others the reason is the verdict."
    yield balances(
        Group(
            "balance",
            "Check the balance proof `proof` by §3 under `trust`. Gives verdict and exit." + told,
            check_balance,
        )
    )
    yield shorts(
        Group(
            "short",
            "Pack the proof file `proof` (§4). Gives short_hex and digits; unpacking them gives the file again.",
            check_short,
        )
    )
    yield unpacked(Group("short_form", "Unpack short_hex: gives proof.", check_unpack))
    yield parts(Group("parts", "Join `parts`, in any order. Gives short_hex.", check_parts))


def check_balance(inputs: Fields) -> Fields:
    verdict = balance.judge(inputs["proof"], trust.read(inputs))
    if verdict != "true":
        reject(verdict)
    return {"verdict": verdict, "exit": balance.EXITS[verdict]}


def balances(group: Group) -> Group:
    plain = f"{trust.LOG}quorum none\n"
    ledger = common()

    def judged(name: str, verdict: str, file: ProofFile, trusted: str = plain) -> None:
        if verdict == "true":
            group.valid(name, proof=str(file), trust=trusted)
            return
        group.invalid(f"{verdict}: {name}", verdict, proof=str(file), trust=trusted)
        group.cases[-1] |= {"verdict": verdict, "exit": balance.EXITS[verdict]}

    good = ledger.balance()
    carried = balance.parse_extra(good.extra or b"")

    def carrying(**changes: Any) -> ProofFile:
        return replace(good, extra=replace(carried, **changes).encode())

    judged("of an account", "true", good)
    judged("of a member", "true", ledger.balance(MEMBER))
    north = f"{trust.LOG}{trust.NORTH}quorum north\n"
    judged("cosigned", "true", ledger.balance(TILL, "north"), north)
    judged("no cosignature", "not witnessed", good, north)
    judged("no key listed", "unknown log", good, "quorum none\n")
    judged("extra of an entry alone", "malformed", ledger.proof(ledger.stated))
    judged("a leaf of another form", "malformed", carrying(leaf=b"\x90"))
    judged("the payload of another entry", "false: commitment", carrying(payload=ledger.entries[1][1]))
    judged("the payload is not shown", "no payload", carrying(payload=b""))
    judged("another position", "false: inclusion", replace(good, index=3))
    raised = common()
    raised.move(PURSE, 1)
    judged("another balance", "false: state", carrying(leaf=raised.leaves[PURSE].encode()))
    judged("another index", "false: state", carrying(index=carried.index ^ 1))
    judged("a hash too many", "false: state", carrying(hashes=[*carried.hashes, bytes(32)]))
    entry, payload = ledger.entries[1]
    judged(
        "not of a state",
        "false: state",
        replace(ledger.proof(1), extra=replace(carried, entry=entry, payload=payload).encode()),
    )
    wrong = common()
    wrong.state(size=1)
    judged("a state of another size", "false: state", wrong.balance())
    foreign = common()
    foreign.state(world.WITNESSES["north"], world.OPERATOR)
    judged("a state by another author", "false: state", foreign.balance())
    return group


def check_short(inputs: Fields) -> Fields:
    packed = short.pack(inputs["proof"])
    assert short.from_digits(short.to_digits(packed)) == packed
    return {"short_hex": packed.hex(), "digits": short.to_digits(packed)}


def with_node_witnesses(file: ProofFile) -> ProofFile:
    """The proof, cosigned by three nodes."""
    lines = []
    for name in ("north", "south", "east"):
        node = f"folkmoot/{to_base32(seeded_bytes(name))}/witness"
        key = VerifierKey(node, WITNESS_TYPE, world.WITNESSES[name].public_key)
        lines.append(cosign_line(file.note.text, key, world.WITNESSES[name], world.START + 900))
    return replace(file, note=Note(file.note.text, [*file.note.lines, *lines]))


def shorts(group: Group) -> Group:
    ledger = common()
    good = ledger.proof(5)
    group.valid("an entry", proof=str(good))
    group.valid("the first entry", proof=str(ledger.proof(0)))
    group.valid("two signers", proof=str(ledger.proof(1)))
    group.valid("a witness of another sort", proof=str(ledger.proof(5, "north")))
    group.valid("three nodes as witnesses", proof=str(with_node_witnesses(good)))
    group.valid("a balance", proof=str(ledger.balance()))
    group.valid("a balance, three nodes as witnesses", proof=str(with_node_witnesses(ledger.balance())))
    text = str(good)
    entry, payload = ledger.entries[5][0], ledger.entries[4][1]
    for name, proof in (
        ("not a proof file", "proof"),
        ("no payload", str(replace(good, extra=messagepack.encode([entry, b""])))),
        ("a payload of another entry", str(replace(good, extra=messagepack.encode([entry, payload])))),
        ("another hash", str(replace(good, hashes=[bytes(32), *good.hashes[1:]]))),
        ("another index", text.replace("index 5", "index 4")),
        ("no extra", str(replace(good, extra=None))),
    ):  # fmt: skip
        group.invalid(name, "short", proof=proof)
    return group


def check_unpack(inputs: Fields) -> Fields:
    return {"proof": short.unpack(bytes.fromhex(inputs["short_hex"]))}


def unpacked(group: Group) -> Group:
    packed = short.pack(str(common().proof(5)))
    value = messagepack.decode(packed)
    group.valid("an entry", short_hex=packed.hex())
    for name, changed in (
        ("empty", b""),
        ("a byte behind", packed + b"\0"),
        ("form 3", messagepack.encode([3, *value[1:]])),
        ("one part less", messagepack.encode(value[:-1])),
        ("hashes torn", messagepack.encode([*value[:6], value[6][1:], *value[7:]])),
        ("position is the size", messagepack.encode([*value[:5], value[3], *value[6:]])),
        ("a name of another form", messagepack.encode([*value[:4], [[1, value[4][0][1]]], *value[5:]])),
        ("body is not a map", messagepack.encode([*value[:-1], 1])),
    ):
        group.invalid(name, "short", short_hex=changed.hex())
    return group


def check_parts(inputs: Fields) -> Fields:
    return {"short_hex": short.join_parts(inputs["parts"]).hex()}


def parts(group: Group) -> Group:
    data = seeded_bytes("short", 300)
    one, three = short.make_parts(data, 1, URL), short.make_parts(data, 3, URL)
    other = short.make_parts(seeded_bytes("other", 300), 3, URL)
    group.valid("one", parts=one)
    group.valid("three", parts=three)
    group.valid("three, the other way round", parts=three[::-1])
    group.valid("without the URL", parts=[text.partition("#")[2] for text in three])
    for length in range(1, 24):
        group.valid(f"{length} bytes", parts=short.make_parts(b"\xff" * length, 1, URL))
    head, digits = one[0].rsplit(".", 1)
    for name, reason, texts in (
        ("none", "part", []),
        ("one of three is missing", "part", three[1:]),
        ("one is there twice", "part", [*three, three[0]]),
        ("one of another proof", "part", [*three[:2], other[2]]),
        ("a fourth of three", "part", [*three, three[2].replace("#3.", "#4.")]),
        ("not a part", "part", [URL]),
        ("a letter", "part", [one[0] + "a"]),
        ("no digits", "part", [head + "."]),
        ("one digit more", "digits", [f"{one[0]}1"]),
        ("a group too large", "digits", [f"{head}.{'9' * 53}{digits[53:]}"]),
        ("another digit", "tag", [f"{head}.{'1' if digits[0] == '0' else '0'}{digits[1:]}"]),
    ):
        group.invalid(name, reason, parts=texts)
    return group
