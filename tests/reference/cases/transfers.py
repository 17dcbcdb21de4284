# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 19: payments between two logs."""

from collections.abc import Iterator
from typing import Any

from tests.reference import messagepack, tree, world
from tests.reference.cases import ledger_bodies
from tests.reference.cases.story import TIME, Body, Story
from tests.reference.charter import log_id_of, to_base32
from tests.reference.checkpoint import Checkpoint
from tests.reference.note import Note, sign_line
from tests.reference.reciprocity.book import Said
from tests.reference.reciprocity.fold import Fold
from tests.reference.reciprocity.transfers import check_proof
from tests.reference.rejection import RejectionError, reject
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.statement import (
    Entry,
    Payload,
    Statement,
    commitment,
    decode_entry,
    decode_payload,
    decode_statement,
    seal,
)
from tests.reference.vector import Fields, Group, vector_file
from tests.reference.verifier_key import LOG_TYPE, VerifierKey


def generate() -> bytes:
    """The file 19-transfers.json."""
    return vector_file("19", "Transfers between two logs", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    about = "The body of a statement of this kind; an invalid one breaks one rule of its types or of page 17 §3."
    yield ledger_bodies.bodies(Group("body", about, ledger_bodies.check), transfers=True)
    about = "Check the proof in proof_hex (its map, encoded) for the log log_hex. Gives `kind`, id_hex and time `at`."
    yield proofs(Group("proof", about, check_proven))
    about = (
        "Fold both logs: `said` are entries with payloads, each in the log `log` (0 or 1) of logs_hex with the keys"
        " operators_hex, in the order in which they were made. Gives the verdicts, and the roots of both states."
    )
    yield pairs(Group("pair", about, check_pair))


class Logged(Story):
    """A story whose statements stand in a log with a charter."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        body = world.charter_body(keys=[self.org.public_key])
        first = world.charter_statement(body, self.org)
        self.charter = seal(first, seeded_bytes(f"{name} charter"), self.org, world.recovery_signers(0)[:2])
        self.log = log_id_of(self.charter.statement)
        self.fold = Fold(self.log, frozenset({self.org.public_key}))
        self.entries: list[tuple[bytes, bytes]] = []
        self.add(self.charter.encode())
        self.shared: list[Fields] = []
        self.number = 0

    def add(self, payload: bytes, scope: int = 0) -> bytes:
        """Appends a payload; its entry."""
        entry = Entry(self.at, scope, commitment(payload)).encode()
        self.entries.append((entry, payload))
        return entry

    def hear(self, data: bytes, keys: tuple[Signer, ...], leaf: bytes, expect: str) -> None:
        del leaf
        salt = seeded_bytes(f"{self.name} salt {self.position}")
        payload = seal(decode_statement(data), salt, keys[0], list(keys[1:]))
        entry = self.add(payload.encode())
        super().hear(data, keys, tree.leaf_hash(entry), expect)
        self.shared.append({"log": self.number, "entry_hex": entry.hex(), "payload_hex": payload.encode().hex()})

    def prove(self, position: int, **changes: Any) -> Body:
        """A proof of an entry in the log as it is now."""
        leaves = [tree.leaf_hash(entry) for entry, _ in self.entries]
        text = str(Checkpoint(self.origin(), len(leaves), tree.root(leaves)))
        key = VerifierKey(self.origin(), LOG_TYPE, self.org.public_key)
        return {
            "charters": [self.charter.encode()],
            "note": str(Note(text, [sign_line(text, key, self.org)])).encode(),
            "index": position,
            "hashes": tree.prove_inclusion(position, leaves),
            "entry": self.entries[position][0],
            "payload": self.entries[position][1],
            **changes,
        }

    def origin(self, epoch: int = 1) -> str:
        """The origin of its checkpoints."""
        return f"folkmoot/{to_base32(self.log)}/{epoch}"

    def prove_last(self) -> Body:
        """A proof of what was said last."""
        return self.prove(self.position - 1)


def check_proven(inputs: Fields) -> Fields:
    proof = messagepack.decode(bytes.fromhex(inputs["proof_hex"]))
    try:
        proven = check_proof(proof, bytes.fromhex(inputs["log_hex"]))
    except RejectionError:
        reject("proof")
    return {"kind": proven.statement.kind, "id_hex": proven.statement.id.hex(), "at": proven.at}


def proofs(group: Group) -> Group:
    story = Logged("a log that proves")
    story.unit()
    story.member()
    other = Logged("another log")
    other.unit()

    def case(name: str, proof: Body, log: bytes = story.log, *, holds: bool = False) -> None:
        inputs = {"log_hex": log.hex(), "proof_hex": messagepack.encode(dict(sorted(proof.items()))).hex()}
        if holds:
            group.valid(name, **inputs)
        else:
            group.invalid(name, "proof", **inputs)

    case("of a unit", story.prove(1), holds=True)
    case("of a member, with two signatures", story.prove(2), holds=True)
    good = story.prove(1)
    case("of another log", other.prove(1))
    case("for another log", good, other.log)
    case("with the charters of another log", good | {"charters": other.prove(1)["charters"]})
    case("with the checkpoint of another log", good | {"note": other.prove(1)["note"]})
    case("at another position", good | {"index": 2})
    case("beyond the end", good | {"index": 3})
    case("without a hash", good | {"hashes": good["hashes"][:-1]})
    case("with a hash too many", good | {"hashes": [*good["hashes"], bytes(32)]})
    case("with another entry", good | {"entry": story.entries[2][0]})
    case("with another payload", good | {"payload": story.entries[2][1]})
    changed = good["payload"][:-1] + bytes([good["payload"][-1] ^ 1])
    case(
        "with a byte of the payload changed",
        good | {"payload": changed},
    )
    case("with a note that nobody of the log signed", good | {"note": forged(story, signer("a stranger"))})
    case("with a note that is none", good | {"note": b"note"})
    case("of the charter itself", story.prove(0), holds=True)
    add_renewed(story, case)
    add_private(story, case)
    return group


def forged(story: Logged, key: Signer) -> bytes:
    """A checkpoint of the log that somebody else signed."""
    leaves = [tree.leaf_hash(entry) for entry, _ in story.entries]
    text = str(Checkpoint(story.origin(), len(leaves), tree.root(leaves)))
    return str(Note(text, [sign_line(text, VerifierKey(story.origin(), LOG_TYPE, key.public_key), key)])).encode()


def add_renewed(story: Logged, case: Any) -> None:
    """The operating key was replaced: what the old one signed still proves, and so does what the new one signs."""
    new = signer("a new operator")
    body = world.charter_body(1, keys=[new.public_key])
    holders = [*world.recovery_signers(0)[:2], *world.recovery_signers(1)[:2]]
    statement = world.charter_statement(body, new, story.log)
    renewed = seal(
        Statement(**{**vars(statement), "id": seeded_bytes("renewed", 16)}), seeded_bytes("salt"), new, holders
    )
    charters = [story.charter.encode(), renewed.encode()]
    case("under a key that was replaced since", story.prove(1, charters=charters), holds=True)
    case("under the key that replaced it", story.prove(1, charters=charters, note=forged(story, new)), holds=True)
    case("without the charter that names its key", story.prove(1, note=forged(story, new)))
    case("with the charters in another order", story.prove(1, charters=charters[::-1]))


def add_private(story: Logged, case: Any) -> None:
    """Entries that have no effect prove nothing."""
    said = Statement(story.log, "unit.define", seeded_bytes("private", 16), TIME, story.org.public_key, {})
    story.add(seal(said, seeded_bytes("private salt"), story.org).encode(), 2)
    case("of an entry that is not public", story.prove(3))
    data = seal(said, seeded_bytes("false salt"), story.org)
    false = Payload(data.salt, data.statement, [(story.org.public_key, bytes(64))])
    story.add(false.encode())
    case("of a payload whose signature does not hold", story.prove(4))
    elsewhere = Statement(bytes(32), "unit.define", said.id, TIME, story.org.public_key, {})
    story.add(seal(elsewhere, seeded_bytes("wrong salt"), story.org).encode())
    case("of a statement made for another log", story.prove(5))


class Pair:
    """Two neighbours, each with a member who has 50.00, and what a payment from one to the other says."""

    def __init__(self) -> None:
        self.shared: list[Fields] = []
        self.alder, self.birch = self.sides = Logged("alder"), Logged("birch")
        self.wallets, self.connectors, self.keys = dict[str, bytes](), dict[str, bytes](), dict[str, Signer]()
        self.members = dict[str, bytes]()
        for number, (story, other) in enumerate(((self.alder, self.birch), (self.birch, self.alder))):
            story.number, story.shared = number, self.shared
            story.unit()
            member = self.members[story.name] = story.member()
            self.keys[story.name] = story.keys[member]
            self.wallets[story.name] = story.account(member)
            limits: Body = {"floor": -1_000, "ceiling": 5_000}
            self.connectors[story.name] = story.account(type_="connector", peer=other.log, **limits)
            bank = story.account(type_="external")
            story.post("opening", {bank: -5_000, self.wallets[story.name]: 5_000})

    def reserve(self, amount: int, expect: str = "applied", **changes: Any) -> tuple[bytes, Body]:
        """A payment from alder to birch, and its proof."""
        body: Body = {"account": self.wallets["alder"], "connector": self.connectors["alder"], "log": self.birch.log}
        body |= {"to": self.wallets["birch"], "amount": amount, "unit": "EUR", "scale": 2, "deadline": TIME + 1_000}
        made = self.alder.say("xfer.reserve", body | changes, self.keys["alder"], expect=expect)
        return made, self.alder.prove_last()

    def accept(self, transfer: tuple[bytes, Body], amount: int, *signers: Signer, expect: str = "applied") -> Body:
        """Birch takes it; the proof."""
        one, proof = transfer
        body: Body = {"transfer": one, "log": self.alder.log, "account": self.wallets["birch"], "amount": amount}
        body |= {"connector": self.connectors["birch"], "unit": "EUR", "proof": proof}
        self.birch.say("xfer.accept", body, *signers, expect=expect)
        return self.birch.prove_last()

    def refuse(self, transfer: tuple[bytes, Body], why: str) -> Body:
        """Birch does not take it; the proof."""
        one, proof = transfer
        self.birch.say("xfer.refuse", {"transfer": one, "log": self.alder.log, "why": why, "proof": proof})
        return self.birch.prove_last()

    def finish(self, kind: str, transfer: tuple[bytes, Body], proof: Body, expect: str = "applied") -> None:
        """Alder posts it or makes it void."""
        self.alder.say(kind, {"transfer": transfer[0], "proof": proof}, expect=expect)


def pairs(group: Group) -> Group:
    pair = Pair()
    alder, birch, bo = pair.alder, pair.birch, pair.keys["birch"]
    for amount, changes, verdict in ((5_001, {}, "floor"), (9, {"scale": 3}, "wrong_unit"), (0, {}, "bad_amount")):
        pair.reserve(amount, verdict, **changes)
    first = pair.reserve(900)
    pair.accept(first, 900, expect="not_authorised")
    pair.accept(first, 901, bo, expect="clause_mismatch")
    pair.accept(first, -900, bo, expect="bad_amount")
    birch.say("member.set", {"member": pair.members["birch"], "consent": 900}, bo)
    answer = pair.accept(first, 900)
    pair.accept(first, 900, bo, expect="already_resolved")
    pair.finish("xfer.void", first, answer, "clause_mismatch")
    pair.finish("xfer.post", first, answer)
    pair.finish("xfer.post", first, answer, "already_resolved")
    second = pair.reserve(200)
    pair.accept(second, 200, expect="floor")
    answer = pair.refuse(second, "limit")
    pair.finish("xfer.post", second, answer, "clause_mismatch")
    pair.finish("xfer.void", second, answer)
    third = pair.reserve(50)
    given_up: Body = {"transfer": third[0]}
    alder.say("xfer.void", {**given_up, "decision": alder.decide("xfer.void", given_up)})
    pair.finish("xfer.post", third, pair.accept(third, 50))
    fourth = pair.reserve(50)
    birch.at = TIME + 1_001
    pair.accept(fourth, 50, expect="late")
    pair.finish("xfer.void", fourth, pair.refuse(fourth, "late"))
    held = [story.balances(pair.wallets[story.name], pair.connectors[story.name]) for story in pair.sides]
    assert held == [[4_050, 950], [5_950, -950]]
    logs = [story.log.hex() for story in pair.sides]
    operators = [[story.org.public_key.hex()] for story in pair.sides]
    group.valid("two neighbours", logs_hex=logs, operators_hex=operators, said=pair.shared)
    return group


def check_pair(inputs: Fields) -> Fields:
    folds = [
        Fold(bytes.fromhex(log), frozenset(bytes.fromhex(key) for key in keys))
        for log, keys in zip(inputs["logs_hex"], inputs["operators_hex"], strict=True)
    ]
    positions, verdicts = [1, 1], []
    for one in inputs["said"]:
        log = one["log"]
        entry, payload = decode(one)
        said = decode_statement(payload.statement)
        signers = frozenset(key for key, _ in payload.signatures)
        heard = Said(said.kind, said.id, said.body, said.author, signers, positions[log], entry.at)
        verdicts.append(folds[log].hear(heard, tree.leaf_hash(bytes.fromhex(one["entry_hex"]))))
        positions[log] += 1
    return {"verdicts": verdicts, "roots_hex": [fold.book.root().hex() for fold in folds]}


def decode(one: Fields) -> tuple[Entry, Payload]:
    """Entry and payload as they stand in a case."""
    return decode_entry(bytes.fromhex(one["entry_hex"])), decode_payload(bytes.fromhex(one["payload_hex"]))
