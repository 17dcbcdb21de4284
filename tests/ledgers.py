# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small reciprocity ledger in a log, made from labels; who is concerned and what is moved is said by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocol.chain import SORT_ACCOUNT, SORT_MEMBER, START, StateLeaf, link
from protocol.encoding import Value
from protocol.member_statement import MemberStatement
from protocol.merkle import Node, Peaks, fold_nodes, leaf_hash
from protocol.multiproof import multiproof_nodes
from protocol.signature import SigningKey
from protocol.statement import SCOPE_PRIVATE, SCOPE_PUBLIC
from tests.builders import Log, Organisation, found_organisation, make_statement_payload, seeded, signing_key

DAY = 20_089
PROOF: dict[str, Value] = {"charters": [b"c"], "note": b"n", "index": 0, "hashes": [], "entry": b"e", "payload": b"p"}
"""Of the form of a proof of another log; nobody checks it here."""


@dataclass
class Thing:
    """A member or an account as the state has it."""

    sort: int
    owner: bytes = b""
    positions: list[int] = field(default_factory=list)
    head: bytes = START
    posted: int = 0
    reserved: int = 0


class Ledger:
    """Members are named by labels; `say` enters a statement."""

    def __init__(self, label: str = "moot") -> None:
        self.organisation: Organisation = found_organisation(label)
        self.log = Log(self.organisation)
        self.things: dict[bytes, Thing] = {}
        self.beside: list[int] = []
        self.stated = 0

    @property
    def log_id(self) -> bytes:
        """The log's id."""
        return self.organisation.log_id

    def say(
        self,
        kind: str,
        body: dict[str, Value],
        concerns: set[bytes],
        *signers: SigningKey,
        scope: int = SCOPE_PUBLIC,
        label: str = "",
    ) -> bytes:
        """Enters a statement; its id."""
        label = label or f"{kind} {self.log.size}"
        keys = list(signers) or [self.organisation.key]
        position = self.log.append(make_statement_payload(self.log_id, kind, body, keys, label), scope)
        self.concern(position, concerns)
        return seeded(f"{label} id", 16)

    def concern(self, position: int, concerns: set[bytes]) -> None:
        """An entry concerns members and accounts."""
        leaf = leaf_hash(self.log.entries[position][0])
        for one in concerns:
            thing = self.things[one]
            thing.positions.append(position)
            thing.head = link(thing.head, leaf, position)

    def join(self, label: str) -> bytes:
        """A member joins."""
        key, member = signing_key(label), seeded(f"{label} joins id", 16)
        self.things[member] = Thing(SORT_MEMBER)
        body: dict[str, Value] = {"key": key.public, "class": "worker", "custody": "own"}
        return self.say("member.join", body, {member}, self.organisation.key, key, label=f"{label} joins")

    def open(self, owner: bytes, label: str) -> bytes:
        """An account is opened for a member, or for the organisation."""
        account = seeded(f"{label} opens id", 16)
        self.things[account] = Thing(SORT_ACCOUNT, owner)
        body: dict[str, Value] = {"owner": owner, "unit": "EUR", "type": "member" if len(owner) == 16 else "fund"}
        return self.say("account.open", body, {account, *self.members(owner)}, label=f"{label} opens")

    def members(self, *ids: bytes) -> set[bytes]:
        """Those of the ids that are members."""
        return {one for one in ids if one in self.things}

    def touched(self, *accounts: bytes) -> set[bytes]:
        """Accounts and the members who own them."""
        return {*accounts, *self.members(*(self.things[account].owner for account in accounts))}

    def post(self, *legs: tuple[bytes, int]) -> bytes:
        """Amounts are moved."""
        for account, amount in legs:
            self.things[account].posted += amount
        body: dict[str, Value] = {"code": "transfer", "legs": [list(leg) for leg in sorted(legs)], "on": DAY}
        return self.say("post", body, self.touched(*(account for account, _ in legs)))

    def event(self, provider: bytes, receiver: bytes) -> bytes:
        """Something is done for somebody."""
        body: dict[str, Value] = {
            "action": "work", "provider": provider, "receiver": receiver, "on": DAY, "stream": "care",
            "expects": "none",
        }  # fmt: skip
        return self.say("event", body, self.members(provider, receiver))

    def reserve(self, account: bytes, connector: bytes, amount: int) -> bytes:
        """An amount is set aside for another log."""
        self.things[account].reserved += amount
        body: dict[str, Value] = {
            "account": account, "connector": connector, "log": bytes(32), "to": bytes(16), "amount": amount,
            "unit": "EUR", "scale": 2, "deadline": 2_000_000_000,
        }  # fmt: skip
        return self.say("xfer.reserve", body, self.touched(account, connector))

    def void(self, transfer: bytes, account: bytes, connector: bytes, amount: int) -> None:
        """It is free again."""
        self.things[account].reserved -= amount
        self.say("xfer.void", {"transfer": transfer, "proof": PROOF}, self.touched(account, connector))

    def pay(self, transfer: bytes, account: bytes, connector: bytes, amount: int, held: int) -> None:
        """It leaves the account."""
        self.things[account].posted -= amount
        self.things[account].reserved -= held
        self.things[connector].posted += amount
        self.say("xfer.post", {"transfer": transfer, "proof": PROOF}, self.touched(account, connector))

    def accept(self, account: bytes, connector: bytes, amount: int) -> None:
        """An amount comes from another log."""
        self.things[account].posted += amount
        self.things[connector].posted -= amount
        body: dict[str, Value] = {
            "transfer": bytes(16), "log": bytes(32), "account": account, "connector": connector, "amount": amount,
            "unit": "EUR", "proof": PROOF,
        }  # fmt: skip
        self.say("xfer.accept", body, self.touched(account, connector))

    def profile(self, member: bytes, *signers: SigningKey) -> None:
        """Words about a member."""
        self.beside.append(self.log.size)
        self.say("member.profile", {"member": member, "name": "Ana"}, set(), *signers, scope=SCOPE_PRIVATE)

    def note(self, about: bytes) -> None:
        """Words about something."""
        self.beside.append(self.log.size)
        self.say("note", {"about": about, "text": "well done"}, set())

    def leaves(self) -> dict[bytes, StateLeaf]:
        """The leaves of the state in order."""
        return {
            one: StateLeaf(one, SORT_MEMBER, len(thing.positions), thing.head)
            if thing.sort == SORT_MEMBER
            else StateLeaf(one, SORT_ACCOUNT, len(thing.positions), thing.head, thing.posted, thing.reserved, "EUR", 2)
            for one, thing in self.things.items()
        }

    def state(self, **changes: Value) -> None:
        """The state is stated."""
        leaves = self.leaves()
        root = Peaks()
        for leaf in leaves.values():
            root.append(leaf_hash(leaf.encode()))
        self.stated = self.log.size
        body: dict[str, Value] = {"size": self.stated, "leaves": len(leaves), "root": root.root()}
        self.say("state", body | changes, set())

    def statement(self, member: bytes, witnesses: tuple[str, ...] = (), trust: bytes = b"") -> MemberStatement:
        """Everything about a member, at the state that was stated last."""
        wanted = [one for one, thing in self.things.items() if member in {one, thing.owner}]
        positions = {position for one in wanted for position in self.things[one].positions}
        shown = sorted(positions | {at for at in self.beside if at < self.stated} | {self.stated})
        leaves = self.leaves()
        indexes = [list(leaves).index(one) for one in wanted]
        return MemberStatement(
            log=self.log_id,
            epoch=1,
            member=member,
            charters=[self.organisation.payload],
            note=bytes(self.log.note(witnesses)),
            trust=trust or f"log {self.organisation.verifier_key}\nquorum none\n".encode(),
            entries=[
                (
                    position,
                    *self.log.entries[position],
                    [number for number, one in enumerate(wanted) if position in self.things[one].positions],
                )
                for position in shown
            ],
            hashes=self.log.prove_many(shown),
            leaves=[(index, leaves[one].encode()) for index, one in zip(indexes, wanted, strict=True)],
            path=_prove([leaf_hash(leaf.encode()) for leaf in leaves.values()], indexes),
        )


def _prove(leaves: list[bytes], indexes: list[int]) -> list[bytes]:
    hashes = {Node(0, number): leaf for number, leaf in enumerate(leaves)}
    peaks = Peaks()
    for leaf in leaves:
        peaks.append(leaf, lambda level, number, value: hashes.update({Node(level, number): value}))
    return fold_nodes(multiproof_nodes(indexes, len(leaves)), hashes)


def year() -> tuple[Ledger, bytes]:
    """A ledger in which everything that moves an amount has happened, and the member whom the tests ask about."""
    ledger = Ledger()
    ana, bo = ledger.join("ana"), ledger.join("bo")
    fund, connector = ledger.open(ledger.log_id, "fund"), ledger.open(ledger.log_id, "connector")
    purse, other, second = ledger.open(ana, "purse"), ledger.open(bo, "other"), ledger.open(ana, "second")
    ledger.profile(ana, signing_key("ana"))
    ledger.post((fund, -5_000), (purse, 4_000), (other, 1_000))
    ledger.event(ana, bo)
    ledger.post((purse, -1_250), (second, 1_250))
    ledger.event(bo, ledger.log_id)
    voided = ledger.reserve(purse, connector, 300)
    paid = ledger.reserve(purse, connector, 200)
    ledger.void(voided, purse, connector, 300)
    ledger.pay(paid, purse, connector, 200, 200)
    ledger.pay(voided, purse, connector, 300, 0)
    ledger.reserve(purse, connector, 70)
    ledger.accept(second, connector, 45)
    ledger.post((fund, 10), (other, -10))
    ledger.note(ana)
    ledger.state()
    ledger.log.grow(ledger.log.size + 3)
    return ledger, ana
