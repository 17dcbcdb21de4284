# SPDX-License-Identifier: AGPL-3.0-or-later
"""A made-up organisation whose ledger is folded in memory: statements in, verdicts out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ledger.reciprocity.applying import apply
from ledger.reciprocity.book import Book, Said
from ledger.reciprocity.decisions import act_digest
from ledger.reciprocity.hearing import Heard
from ledger.reciprocity.state import Account, AnyCell, Contract, Member
from protocol.merkle import leaf_hash
from protocol.reciprocity import check_reciprocity, read_reciprocity
from protocol.reciprocity_bodies import ReciprocityBody
from protocol.signature import SigningKey
from protocol.statement import Statement, make_statement, parse_statement
from tests.builders import seeded

LOG_ID = seeded("town log")
AT = 1_772_000_000
DAY = AT // 86_400


class Kept:
    """What a store would keep: cells, ids, the statements themselves."""

    def __init__(self) -> None:
        self.data: dict[tuple[str, bytes], bytes] = {}
        self.ids: dict[bytes, Said] = {}
        self.bodies: dict[int, ReciprocityBody] = {}

    def cell(self, sort: str, key: bytes) -> bytes | None:
        return self.data.get((sort, key))

    def cells(self, sort: str, prefix: bytes) -> Iterable[tuple[bytes, bytes]]:
        return [(key, data) for (name, key), data in self.data.items() if name == sort and key.startswith(prefix)]

    def said(self, statement_id: bytes) -> Said | None:
        return self.ids.get(statement_id)

    def recall(self, position: int) -> ReciprocityBody | None:
        return self.bodies.get(position)

    def take(self, book: Book) -> None:
        """Keeps what has changed, as the end of a chunk does."""
        cells, _, said = book.changes()
        self.data |= {(sort, key): value for sort, key, value in cells}
        self.ids |= dict(said)


class Entered(NamedTuple):
    """A statement as it was heard; `leaf` is the hash of its entry, `at` the time of that."""

    data: bytes
    signers: frozenset[bytes]
    leaf: bytes
    at: int


class Town:
    """An organisation, its members and their keys. Every statement goes through the fold; `verdict` is the last one."""

    def __init__(self, log_id: bytes = LOG_ID) -> None:
        self.kept = Kept()
        self.book = Book(log_id, self.kept)
        self.log_id = log_id
        self.org = SigningKey.from_seed(seeded(f"org {log_id.hex()}"))
        self.keys: dict[bytes, SigningKey] = {}
        self.position = 0
        self.at = AT
        self.verdict = ""
        self.entries: list[Entered] = []
        self.verdicts: list[str] = []
        self._numbers = 0

    def next_id(self) -> bytes:
        self._numbers += 1
        return seeded(f"{self.log_id.hex()} {self._numbers}", 16)

    def say(self, kind: str, body: dict[str, Any], *signers: SigningKey, statement_id: bytes = b"") -> bytes:
        """Says something, by the organisation if nobody is named; the statement's id."""
        check_reciprocity(kind, body)
        keys = signers or (self.org,)
        one_id = statement_id or self.next_id()
        data = make_statement(self.log_id, kind, one_id, self.at, keys[0].public, body)
        self.enter(data, keys)
        return one_id

    def enter(self, data: bytes, keys: tuple[SigningKey, ...]) -> None:
        """Enters a statement and folds it."""
        self.hear(data, frozenset(key.public for key in keys), leaf_hash(data))

    def hear(self, data: bytes, signers: frozenset[bytes], leaf: bytes) -> None:
        """Folds a statement in the next place."""
        statement = parse_statement(data)
        assert isinstance(statement, Statement)
        said = read_reciprocity(statement)
        self.kept.bodies[self.position] = said
        self.entries.append(Entered(data, signers, leaf, self.at))
        heard = Heard(statement, said, signers, self.position, self.at, self.may_write)
        self.verdict = apply(self.book, heard, leaf)
        self.verdicts.append(self.verdict)
        self.position += 1

    def may_write(self, key: bytes) -> bool:
        """Whether a key speaks for the organisation."""
        return key == self.org.public

    def must(self, kind: str, body: dict[str, Any], *signers: SigningKey) -> bytes:
        """Says something that has to be applied."""
        one_id = self.say(kind, body, *signers)
        assert self.verdict == "applied", (kind, body, self.verdict)
        return one_id

    def refused(self, kind: str, body: dict[str, Any], *signers: SigningKey) -> str:
        """The verdict on something that has to be refused; nothing may have changed by it."""
        before = self.snapshot()
        self.say(kind, body, *signers)
        assert self.verdict != "applied", (kind, body)
        assert self.snapshot() == before
        return self.verdict

    def snapshot(self) -> dict[tuple[str, bytes], bytes]:
        """All cells as they would be kept."""
        self.kept.take(self.book)
        return dict(self.kept.data)

    def unit(self, code: str = "EUR", scale: int = 2, sort: str = "money") -> None:
        self.must("unit.define", {"code": code, "scale": scale, "sort": sort, "name": {"en": code}})

    def member(self, class_: str = "worker", **fields: Any) -> bytes:
        key = SigningKey.from_seed(seeded(f"member {self._numbers} {self.log_id.hex()}"))
        body = {"key": key.public, "class": class_, "custody": "own", **fields}
        one_id = self.must("member.join", body, self.org, key)
        self.keys[one_id] = key
        return one_id

    def account(self, owner: bytes | None = None, type_: str = "member", unit: str = "EUR", **fields: Any) -> bytes:
        body = {"owner": owner or self.log_id, "unit": unit, "type": type_, **fields}
        signers = [self.org, *([self.keys[owner]] if owner else [])]
        return self.must("account.open", body, *signers)

    def key(self, party: bytes) -> SigningKey:
        return self.org if party == self.log_id else self.keys[party]

    def contract(self, clauses: list[dict[str, Any]], *parties: bytes, **fields: Any) -> bytes:
        """A contract that all its parties have signed."""
        ordered = sorted(parties)
        body = {"parties": ordered, "clauses": clauses, "from": DAY - 365, "title": {"en": "Contract"}, **fields}
        one_id = self.must("contract.offer", body)
        for party in ordered:
            self.sign(one_id, party)
        return one_id

    def sign(self, contract: bytes, party: bytes) -> None:
        offered = self.book.get(Contract, contract)
        assert offered is not None
        self.must("contract.sign", {"contract": contract, "party": party, "terms": offered.terms}, self.key(party))

    def post(self, code: str, legs: dict[bytes, int], *signers: SigningKey, **fields: Any) -> bytes:
        """Says a post; see `verdict`."""
        return self.say("post", post_body(code, legs, **fields), *signers)

    def move(self, code: str, legs: dict[bytes, int], *signers: SigningKey, **fields: Any) -> bytes:
        """A post that has to be applied."""
        return self.must("post", post_body(code, legs, **fields), *signers)

    def posted(self, account: bytes) -> int:
        return self.cell(Account, account).posted

    def cell(self, sort: type[AnyCell], key: bytes) -> AnyCell:
        """What has been derived of a thing that is there."""
        found = self.book.get(sort, key)
        assert found is not None
        return found

    def cell_owner(self, account: bytes) -> bytes:
        return self.cell(Account, account).owner

    def event(self, provider: bytes, receiver: bytes, action: str = "work", **fields: Any) -> bytes:
        """An event that is applied."""
        return self.must("event", event_body(provider, receiver, action, **fields), self.key(provider))

    def claim(self, debtor: bytes, creditor: bytes, amount: int, account: bytes, **fields: Any) -> bytes:
        """A claim that is applied."""
        body = {"debtor": debtor, "creditor": creditor, "amount": amount, "unit": "EUR", "account": account, **fields}
        return self.must("claim", body, self.key(creditor))

    def decide(self, kind: str, body: dict[str, Any]) -> bytes:
        """A decision of all members who have a vote for one act."""
        voters = [
            one for one in self.keys if self.cell(Member, one).votes and self.cell(Member, one).status == "active"
        ]
        proposal = {"title": {"en": "?"}, "choices": ["yes", "no"], "closes": DAY, "acts": [[kind, act_digest(body)]]}
        asked = self.must("proposal", proposal)
        for voter in voters:
            self.must("vote", {"proposal": asked, "member": voter, "choice": 0}, self.keys[voter])
        counts = [len(voters), 0]
        return self.must("decision", {"proposal": asked, "choice": 0, "counts": counts, "abstained": 0})

    def by_decision(self, kind: str, body: dict[str, Any]) -> bytes:
        """A statement that the assembly has permitted; its id."""
        decision = self.decide(kind, body)
        if kind == "post":
            return self.must(kind, {**body, "basis": {**body.get("basis", {}), "decision": decision}})
        return self.must(kind, {**body, "decision": decision})


def event_body(provider: bytes, receiver: bytes, action: str = "work", **fields: Any) -> dict[str, Any]:
    """The body of an event that expects something in return."""
    return {
        "action": action,
        "provider": provider,
        "receiver": receiver,
        "on": DAY,
        "stream": "livelihood",
        "expects": "reciprocity",
        **fields,
    }


def post_body(code: str, legs: dict[bytes, int], on: int = DAY, **basis: Any) -> dict[str, Any]:
    """The body of a post; what is named beside is its basis."""
    body: dict[str, Any] = {
        "code": code,
        "legs": sorted([account, amount] for account, amount in legs.items()),
        "on": on,
    }
    if basis:
        body["basis"] = basis
    return body
