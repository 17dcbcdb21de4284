# SPDX-License-Identifier: AGPL-3.0-or-later
"""What follows from a ledger, in plain maps; what every kind needs of it (specs 17 §2, §4, §8, §10)."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from tests.reference import messagepack
from tests.reference.rejection import require
from tests.reference.state import START, Leaf, link, root

Thing = dict[str, Any]
AMOUNT_MAX, TOTAL_MAX = 10**15, 10**18


@dataclass(frozen=True)
class Said:
    """A statement in its place; `at` is the entry's time."""

    kind: str
    id: bytes
    body: Thing
    author: bytes
    signers: frozenset[bytes]
    position: int
    at: int

    @property
    def day(self) -> int:
        """The entry's day."""
        return self.at // 86_400


@dataclass
class Book:
    """Everything that is known, by sort and key. `concerned` are members and accounts that this statement concerns."""

    log: bytes
    operators: frozenset[bytes]
    things: dict[str, dict[Any, Thing]] = field(default_factory=dict)
    leaves: list[bytes] = field(default_factory=list)
    concerned: set[bytes] = field(default_factory=set)

    def all(self, sort: str) -> dict[Any, Thing]:
        """All things of a sort."""
        return self.things.setdefault(sort, {})

    def need(self, sort: str, key: Any) -> Thing:
        """A thing that is named, or `unknown_ref`."""
        require(key in self.all(sort), "unknown_ref")
        return self.all(sort)[key]

    def know(self, *parties: bytes) -> None:
        """Parties that are named are there."""
        for party in parties:
            require(party == self.log or party in self.all("member"), "unknown_ref")

    def active(self, *parties: bytes) -> None:
        """Parties that are named are active."""
        for party in parties:
            require(party == self.log or self.all("member")[party]["status"] == "active", "not_authorised")

    def by_org(self, said: Said) -> bool:
        """Whether it is signed for the organisation."""
        return bool(said.signers & self.operators)

    def by(self, said: Said, party: bytes) -> bool:
        """Whether it is signed for a party."""
        if party == self.log:
            return self.by_org(said)
        member = self.all("member").get(party)
        return member is not None and member["status"] == "active" and member["key"] in said.signers

    def concern(self, *ids: bytes) -> None:
        """Members and accounts are concerned."""
        self.concerned |= {one for one in ids if one in self.all("member") or one in self.all("account")}

    def touch(self, account_id: bytes) -> None:
        """An account and its owner are concerned."""
        self.concern(account_id, self.all("account")[account_id]["owner"])

    def add_leaf(self, one: bytes) -> None:
        """A member or account has come."""
        self.leaves.append(one)
        self.all("chain")[one] = {"count": 0, "head": START}

    def go_on(self, leaf: bytes, position: int) -> None:
        """The chains of all that the entry concerns go on."""
        for one in self.concerned:
            chain = self.all("chain")[one]
            chain["count"], chain["head"] = chain["count"] + 1, link(chain["head"], leaf, position)

    def leaf(self, one: bytes) -> Leaf:
        """The leaf of a member or an account."""
        chain, account = self.all("chain")[one], self.all("account").get(one)
        if account is None:
            return Leaf(one, 0, chain["count"], chain["head"])
        unit = account["unit"]
        scale = self.all("unit")[unit]["scale"]
        amounts = (account["posted"], account["reserved"], unit, scale)
        return Leaf(one, 1, chain["count"], chain["head"], *amounts)

    def root(self) -> bytes:
        """The root of the state."""
        return root([self.leaf(one) for one in self.leaves])

    def move(self, account_id: bytes, amount: int, reserved: int = 0, *, promised: bool = False) -> None:
        """A movement of an account; what was promised is not refused for a limit."""
        account = self.all("account")[account_id]
        posted, held = account["posted"] + amount, account["reserved"] + reserved
        if not promised:
            less = amount - reserved < 0
            require(account["state"] != "closed", "closed")
            require(not (less and account["state"] == "frozen"), "frozen")
            require(not (less and account["floor"] is not None and posted - held < account["floor"]), "floor")
            require(amount <= 0 or account["ceiling"] is None or posted <= account["ceiling"], "ceiling")
        require(abs(posted) <= AMOUNT_MAX, "bad_amount")
        account["posted"], account["reserved"] = posted, held
        self.touch(account_id)

    def add(self, sort: str, key: Any, amount: int, limit: int = TOTAL_MAX) -> None:
        """A total or a quantity grows."""
        found = self.all(sort).setdefault(key, {"amount": 0})
        found["amount"] += amount
        require(abs(found["amount"]) <= limit, "bad_amount")

    def decided(self, said: Said, decision_id: bytes | None) -> None:
        """A decision that is named permits the statement, once."""
        if decision_id is None:
            return
        decision = self.need("decision", decision_id)
        require(self.by_org(said) and decision["choice"] == 0, "not_authorised")
        act = [said.kind, act_digest(said.body)]
        acts = self.all("proposal")[decision["proposal"]]["acts"]
        wanted = [number for number, one in enumerate(acts) if list(one) == act]
        require(wanted, "not_authorised")
        free = [number for number in wanted if number not in decision["used"]]
        require(free, "already_resolved")
        decision["used"].append(free[0])


def act_digest(body: Thing) -> bytes:
    """What a proposal names of a statement, §8."""
    bare = {name: part for name, part in body.items() if name != "decision"}
    if isinstance(bare.get("basis"), dict):
        bare["basis"] = {name: part for name, part in bare["basis"].items() if name != "decision"}
        if not bare["basis"]:
            del bare["basis"]
    return hashlib.sha256(messagepack.encode(bare)).digest()


def month_of(day: int) -> int:
    """The month of a day, §1."""
    found = date(1970, 1, 1) + timedelta(days=day)
    return 12 * found.year + found.month - 1


def months_of(begin: int, end: int) -> list[int]:
    """The months in UTC that a time from begin to before end touches."""
    first, last = month_beyond(begin // 86_400), month_beyond((end - 1) // 86_400)
    return list(range(first, last + 1))


def month_beyond(day: int) -> int:
    """The same, also for days that the standard library has no date for: the calendar comes again every 400 years."""
    cycles = max(0, (day - 2_000_000) // 146_097)
    return month_of(day - 146_097 * cycles) + 4_800 * cycles
