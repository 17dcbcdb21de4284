# SPDX-License-Identifier: AGPL-3.0-or-later
"""An organisation that says one thing after the other; what comes of each is known beforehand."""

from typing import Any

from tests.reference.messagepack import Value
from tests.reference.reciprocity.book import Said, act_digest
from tests.reference.reciprocity.fold import Fold
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.statement import Statement, decode_statement
from tests.reference.vector import Fields, Group

DAY = 20_509
TIME = DAY * 86_400 + 1_000
Body = dict[str, Any]


class Story:
    """Statements of one log, with their verdicts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.log = seeded_bytes(f"{name} log")
        self.org = signer(f"{name} organisation")
        self.fold = Fold(self.log, frozenset({self.org.public_key}))
        self.said: list[Fields] = []
        self.verdicts: list[str] = []
        self.keys: dict[bytes, Signer] = {}
        self.at = TIME
        self.position = 1

    def say(self, kind: str, body: Body, *signers: Signer, expect: str = "applied", label: str = "") -> bytes:
        """Says something that must get this verdict; its id."""
        keys = signers or (self.org,)
        one = seeded_bytes(label or f"{self.name} {len(self.said)}", 16)
        data = Statement(self.log, kind, one, self.at, keys[0].public_key, body).encode()
        self.hear(data, keys, seeded_bytes(f"{self.name} leaf {self.position}"), expect)
        return one

    def hear(self, data: bytes, keys: tuple[Signer, ...], leaf: bytes, expect: str) -> None:
        """Folds a statement in the next place."""
        signers = [one.public_key for one in keys]
        said = {"statement_hex": data.hex(), "signers_hex": [key.hex() for key in signers], "at": self.at}
        self.said.append({**said, "position": self.position, "leaf_hash_hex": leaf.hex()})
        found = hear(self.fold, self.said[-1])
        assert found == expect, f"{self.name}, {len(self.said)}: {found}, not {expect}: {decode_statement(data)}"
        self.verdicts.append(found)
        self.position += 1

    def unit(self, code: str = "EUR", scale: int = 2, sort: str = "money") -> None:
        """A unit."""
        self.say("unit.define", {"code": code, "scale": scale, "sort": sort, "name": {"en": code}})

    def member(self, class_: str = "worker", **fields: Value) -> bytes:
        """A member."""
        key = signer(f"{self.name} member {len(self.said)}")
        body = {"key": key.public_key, "class": class_, "custody": "own", **fields}
        one = self.say("member.join", body, self.org, key)
        self.keys[one] = key
        return one

    def account(self, owner: bytes = b"", type_: str = "member", unit: str = "EUR", **fields: Value) -> bytes:
        """An account, of the organisation if nobody is named."""
        body = {"owner": owner or self.log, "unit": unit, "type": type_, **fields}
        return self.say("account.open", body, self.org, *([self.keys[owner]] if owner else []))

    def key(self, party: bytes) -> Signer:
        """The key of a party."""
        return self.org if party == self.log else self.keys[party]

    def contract(self, clauses: list[Body], *parties: bytes, **fields: Value) -> bytes:
        """A contract that all have signed."""
        body = {"parties": sorted(parties), "clauses": clauses, "from": DAY - 365, "title": {"en": "Terms"}, **fields}
        one = self.say("contract.offer", body)
        for party in sorted(parties):
            self.sign(one, party)
        return one

    def sign(self, contract: bytes, party: bytes, expect: str = "applied") -> None:
        """Signs a contract for a party."""
        terms = self.fold.book.all("contract")[contract]["terms"]
        self.say(
            "contract.sign", {"contract": contract, "party": party, "terms": terms}, self.key(party), expect=expect
        )

    def post(
        self, code: str, legs: dict[bytes, int], *signers: Signer, expect: str = "applied", basis: Body | None = None
    ) -> bytes:
        """A post."""
        return self.say("post", post_body(code, legs, basis), *signers, expect=expect)

    def decide(self, kind: str, body: Body) -> bytes:
        """A decision of all who have a vote for one act."""
        members = self.fold.book.all("member")
        voters = [one for one in self.keys if members[one]["votes"] and members[one]["status"] == "active"]
        acts: list[Value] = [[kind, act_digest(body)]]
        asked = self.say("proposal", {"title": {"en": "?"}, "choices": ["yes", "no"], "closes": DAY, "acts": acts})
        for voter in voters:
            self.say("vote", {"proposal": asked, "member": voter, "choice": 0}, self.keys[voter])
        return self.say("decision", {"proposal": asked, "choice": 0, "counts": [len(voters), 0], "abstained": 0})

    def decided_post(self, code: str, legs: dict[bytes, int], basis: Body | None = None, *signers: Signer) -> bytes:
        """A post that the assembly permits."""
        body = post_body(code, legs, basis)
        decision = self.decide("post", body)
        return self.say("post", {**body, "basis": {**(basis or {}), "decision": decision}}, *signers)

    def balances(self, *accounts: bytes) -> list[int]:
        """What accounts hold."""
        return [self.fold.book.all("account")[one]["posted"] for one in accounts]

    def enter(self, group: Group) -> None:
        """Adds the story as a case, whose verdicts are those that were expected."""
        case = group.valid(self.name, log_hex=self.log.hex(), operators_hex=[self.org.public_key.hex()], said=self.said)
        assert case["verdicts"] == self.verdicts


def post_body(code: str, legs: dict[bytes, int], basis: Body | None = None) -> Body:
    """The body of a post."""
    body: Body = {"code": code, "legs": sorted([account, amount] for account, amount in legs.items()), "on": DAY}
    return body | ({"basis": basis} if basis else {})


def hear(fold: Fold, one: Fields) -> str:
    """The verdict on a statement as it stands in a case."""
    said = decode_statement(bytes.fromhex(one["statement_hex"]))
    signers = frozenset(bytes.fromhex(key) for key in one["signers_hex"])
    heard = Said(said.kind, said.id, said.body, said.author, signers, one["position"], one["at"])
    return fold.hear(heard, bytes.fromhex(one["leaf_hash_hex"]))


def check(inputs: Fields) -> Fields:
    """Folds a story anew."""
    fold = Fold(bytes.fromhex(inputs["log_hex"]), frozenset(bytes.fromhex(key) for key in inputs["operators_hex"]))
    verdicts = [hear(fold, one) for one in inputs["said"]]
    leaves = [fold.book.leaf(one).encode().hex() for one in fold.book.leaves]
    return {"verdicts": verdicts, "leaves_hex": leaves, "root_hex": fold.book.root().hex()}
