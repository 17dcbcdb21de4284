# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small reciprocity ledger in the log of `world`: one member with one account, and what concerns them."""

from dataclasses import dataclass, field, replace

from tests.reference import member_statement, messagepack, multiproof, state, tree, world
from tests.reference.balance import Balance
from tests.reference.checkpoint import Checkpoint
from tests.reference.messagepack import Value
from tests.reference.note import Note, cosign_line, sign_line
from tests.reference.proof import ProofFile
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.state import Leaf
from tests.reference.statement import Payload, seal

ANA, BO = signer("ana"), signer("bo")
MEMBER, PURSE, TILL, CONNECTOR = (seeded_bytes(f"{name} id", 16) for name in ("ana joins", "purse", "till", "other"))
DAY = 20_089
PROOF: dict[str, Value] = {"charters": [b"c"], "note": b"n", "index": 0, "hashes": [], "entry": b"e", "payload": b"p"}


@dataclass
class Ledger:
    """Entries with payloads, the leaves of the state, and which leaves each entry concerns."""

    entries: list[tuple[bytes, bytes]] = field(default_factory=lambda: [world.log()[0]])
    leaves: dict[bytes, Leaf] = field(default_factory=dict)
    concerned: dict[int, set[bytes]] = field(default_factory=dict)
    beside: set[int] = field(default_factory=set)
    stated: int = 0

    def say(self, label: str, kind: str, body: dict[str, Value], concerns: set[bytes], *signers: Signer) -> bytes:
        """Enter a statement, a minute after the one before; its id."""
        if kind in ("note", "member.profile"):
            self.beside.add(len(self.entries))
        author, *others = signers or (world.OPERATOR,)
        said = world.make_statement(label, body, kind=kind, author=author.public_key)
        self.add(seal(said, seeded_bytes(f"{label} salt"), author, others), concerns, 2 if kind == "note" else 0)
        return said.id

    def add(self, payload: Payload, concerns: set[bytes], scope: int = 0) -> None:
        """Enter a payload."""
        position, data = len(self.entries), payload.encode()
        entry = world.make_entry(data, position, scope).encode()
        self.entries.append((entry, data))
        self.concerned[position] = concerns
        for one in concerns:
            leaf = self.leaves[one]
            head = state.link(leaf.head, tree.leaf_hash(entry), position)
            self.leaves[one] = replace(leaf, count=leaf.count + 1, head=head)

    def move(self, account: bytes, posted: int, reserved: int = 0) -> None:
        """Change what the state says of an account."""
        leaf = self.leaves[account]
        self.leaves[account] = replace(leaf, posted=leaf.posted + posted, reserved=leaf.reserved + reserved)

    def ordered(self) -> list[Leaf]:
        """The leaves in the order in which they came."""
        return list(self.leaves.values())

    def state(self, *signers: Signer, **changes: Value) -> None:
        """State the state."""
        leaves = self.ordered()
        self.stated = len(self.entries)
        body: dict[str, Value] = {"size": self.stated, "leaves": len(leaves), "root": state.root(leaves)}
        self.say(f"state {self.stated}", "state", body | changes, set(), *signers)

    def checkpoint(self) -> Checkpoint:
        """The checkpoint over all entries."""
        return Checkpoint(world.origin(), len(self.entries), tree.root(self.hashes()))

    def hashes(self) -> list[bytes]:
        """The leaf hashes of the log."""
        return [tree.leaf_hash(entry) for entry, _ in self.entries]

    def note(self, witnesses: str = "") -> Note:
        """The signed and cosigned checkpoint."""
        text = str(self.checkpoint())
        lines = [
            cosign_line(text, world.witness_key(name), world.WITNESSES[name], world.START + 900)
            for name in witnesses.split()
        ]
        return Note(text, [sign_line(text, world.log_key(), world.OPERATOR), *lines])

    def statement(self, mine: tuple[bytes, ...] = (MEMBER, PURSE), witnesses: str = "") -> dict[str, Value]:
        """The member statement, as a value."""
        wanted, leaves = [one for one in self.leaves if one in mine], self.ordered()
        indexes = [index for index, leaf in enumerate(leaves) if leaf.id in wanted]
        told = [
            position
            for position, concerned in sorted(self.concerned.items())
            if position <= self.stated and (concerned & set(wanted) or position in {*self.beside, self.stated})
        ]
        return {
            "log": world.log_id(),
            "epoch": 1,
            "member": MEMBER,
            "charters": [world.log()[0][1]],
            "note": str(self.note(witnesses)).encode(),
            "trust": f"log {world.log_key()}\nquorum none\n".encode(),
            "entries": [
                [
                    position,
                    *self.entries[position],
                    [number for number, one in enumerate(wanted) if one in self.concerned[position]],
                ]
                for position in told
            ],
            "hashes": list[Value](multiproof.prove(told, self.hashes())),
            "leaves": [[index, leaves[index].encode()] for index in indexes],
            "path": list[Value](multiproof.prove(indexes, [tree.leaf_hash(leaf.encode()) for leaf in leaves])),
        }

    def proof(self, position: int, witnesses: str = "") -> ProofFile:
        """The proof of an entry."""
        extra = messagepack.encode(list(self.entries[position]))
        return ProofFile(extra, position, tree.prove_inclusion(position, self.hashes()), self.note(witnesses))

    def balance(self, account: bytes = PURSE, witnesses: str = "") -> ProofFile:
        """The proof of a balance."""
        leaves = self.ordered()
        index = [leaf.id for leaf in leaves].index(account)
        path = tree.prove_inclusion(index, [tree.leaf_hash(leaf.encode()) for leaf in leaves])
        balance = Balance(*self.entries[self.stated], index, self.leaves[account].encode(), path)
        return replace(self.proof(self.stated, witnesses), extra=balance.encode())


def begin() -> Ledger:
    """A member joins, and there are two accounts."""
    ledger = Ledger()
    ledger.leaves = {MEMBER: Leaf(MEMBER, 0), PURSE: Leaf(PURSE, 1, unit="EUR", scale=2)}
    ledger.leaves[TILL] = Leaf(TILL, 1, unit="EUR", scale=2)
    join: dict[str, Value] = {"key": ANA.public_key, "class": "worker", "custody": "own"}
    ledger.say("ana joins", "member.join", join, {MEMBER}, world.OPERATOR, ANA)
    till: dict[str, Value] = {"owner": world.log_id(), "unit": "EUR", "type": "fund"}
    ledger.say("till", "account.open", till, {TILL})
    ledger.say("purse", "account.open", till | {"owner": MEMBER, "type": "member"}, {MEMBER, PURSE})
    return ledger


def post(ledger: Ledger, amount: int = 500) -> None:
    """From the till to the purse."""
    legs: list[Value] = [list(leg) for leg in sorted([(TILL, -amount), (PURSE, amount)])]
    body: dict[str, Value] = {"code": "transfer", "legs": legs, "on": DAY}
    ledger.move(TILL, -amount)
    ledger.move(PURSE, amount)
    ledger.say(f"post {len(ledger.entries)}", "post", body, {TILL, PURSE, MEMBER})


def reserve(ledger: Ledger, amount: int = 120) -> bytes:
    """Set an amount aside for another log."""
    body: dict[str, Value] = {
        "account": PURSE, "connector": CONNECTOR, "log": seeded_bytes("other log"), "to": seeded_bytes("to", 16),
        "amount": amount, "unit": "EUR", "scale": 2, "deadline": world.START + 9_000,
    }  # fmt: skip
    ledger.move(PURSE, 0, amount)
    return ledger.say(f"reserve {len(ledger.entries)}", "xfer.reserve", body, {PURSE, MEMBER}, ANA)


def answer(ledger: Ledger, kind: str, transfer: bytes, posted: int, reserved: int) -> None:
    """Post or void a payment."""
    ledger.move(PURSE, posted, reserved)
    ledger.say(f"{kind} {len(ledger.entries)}", kind, {"transfer": transfer, "proof": PROOF}, {PURSE, MEMBER})


def common(*, note: bool = True) -> Ledger:
    """A ledger of nine entries, of which the last but one states the state."""
    ledger = begin()
    if note:
        ledger.say("note", "note", {"about": MEMBER, "text": "welcome"}, set())
    post(ledger)
    reserve(ledger)
    ledger.state()
    ledger.add(world.make_payload("later"), set())
    return ledger


def encode(value: dict[str, Value]) -> str:
    """The file of a statement in hexadecimal."""
    return member_statement.encode(dict(sorted(value.items()))).hex()
