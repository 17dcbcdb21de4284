# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements that nobody thought of: sensible, hostile and half-right ones, drawn from a source of chance.

The organisation has one contract with a clause of every kind that moves amounts, so that each of them is met often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.reciprocity.lines import ClauseError, legs_of
from ledger.reciprocity.outcomes import borne
from ledger.reciprocity.state import ClaimState, Commitment, Contract, DividendState, EventState, Member
from ledger.reciprocity.yields import budget, loss, settlement, wage
from ledger.reciprocity.yields_use import (
    Given,
    access_fee,
    booked_units,
    host_fee,
    lease_period,
    reinvestment,
)
from protocol.amounts import month_of
from protocol.clauses import MutualGuarantee
from tests.builders import seeded
from tests.ledger.reciprocity.town import AT, DAY, Town, event_body, post_body

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from protocol.signature import SigningKey

VAN = b"van".ljust(16)
PEER = seeded("a neighbour")
CONTRIBUTION, GUARANTEE, WAGE, PLEDGES, REINVEST, ACCESS, PATRONAGE, LEASE, SHARE, HOST = range(10)
DAY_S = 86_400


class Statement(NamedTuple):
    """What is said, and by whom."""

    kind: str
    body: dict[str, Any]
    signers: tuple[SigningKey, ...]


class Invented(Town):
    """An organisation with everything in it. `known` are ids of what was applied, by kind, and of what was not."""

    def __init__(self, *named: Any) -> None:
        super().__init__(*named)
        for code, scale, sort in (("EUR", 2, "money"), ("h", 2, "time"), ("part", 0, "share")):
            self.unit(code, scale, sort)
        self.people = [self.member(class_) for class_ in ("worker", "user", "coop", "for_profit")]
        self.group = self.member("nonprofit", group=True)
        self.wallets = [self.account(one, floor=-5_000, ceiling=90_000) for one in self.people]
        self.holdings = [self.account(one, unit="part") for one in self.people]
        self.bank, self.issue = self.account(type_="external"), self.account(type_="external", unit="part")
        self.pool, self.fund, self.reserve = (self.account(type_=sort) for sort in ("pool", "fund", "reserve"))
        self.purse = self.account(self.group)
        self.connector = self.account(type_="connector", peer=PEER, ceiling=9_000)
        self.move("opening", {self.bank: -500_000, self.fund: 400_000, self.pool: 60_000, self.reserve: 40_000})
        self.terms = self.contract(self._clauses(), self.log_id, *self.people[:3], self.group, accede=["for_profit"])
        self.known: dict[str, list[bytes]] = {
            "account": [*self.wallets, self.pool, self.fund, self.reserve, self.purse]
        }
        self.known |= {"contract": [self.terms], "member": [*self.people, self.group]}

    def _clauses(self) -> list[dict[str, Any]]:
        wallets, shares = sorted(self.wallets[:3]), sorted([[self.pool, 5], [self.reserve, 2]])
        tax = {"name": "tax", "base": ["budget"], "rate": [1, 5], "to": self.pool}
        classes = {"worker": [1, 2], "user": [1, 1], "coop": "deny", "for_profit": [3, 2]}
        return [
            {"kind": "rate_contribution", "of": "claim", "rate": [13, 200], "to": shares},
            {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": self.fund, "cap": 50_000},
            {"kind": "wage_conversion", "lines": [tax]},
            {"kind": "mutual_guarantee", "pool": self.fund, "pledges": [[one, 2_000] for one in wallets]},
            {"kind": "reinvest", "rate": [1, 20], "from": self.wallets[0], "to": [[self.pool, 1]]}
            | {"in_kind": {"unit": "h", "price": 2_000, "cap": [1, 2]}},
            {"kind": "access", "resource": VAN, "unit_price": 700, "unit": "EUR", "per": "hour", "to": self.pool}
            | {"by_class": classes},
            {"kind": "patronage", "base": "purchases", "unit": "EUR", "reserve": [1, 3], "reserve_to": self.reserve}
            | {"commons": [1, 10], "commons_to": self.pool},
            {"kind": "lease", "resource": VAN, "years": 2, "rent": 300, "from": self.wallets[1], "to": self.wallets[2]}
            | {"every": "month"},
            {"kind": "share", "shares": "part", "nominal": 500, "unit": "EUR", "min": 1, "refund": "nominal"}
            | {"notice_days": 0},
            {"kind": "host_fee", "fund": self.purse, "rate": [7, 100], "to": self.pool},
        ]  # fmt: skip

    def apply(self, statement: Statement) -> bytes:
        """Says it, and remembers what it may have made; its id."""
        one_id = self.say(statement.kind, statement.body, *statement.signers)
        self.known.setdefault(statement.kind if self.verdict == "applied" else "rejected", []).append(one_id)
        if self.verdict == "applied" and dict(statement.body.get("legs", [])).get(self.purse, 0) > 0:
            self.known.setdefault("income", []).append(one_id)
        if self.verdict == "applied" and statement.kind == "member.set" and "key" in statement.body:
            self.keys[statement.body["member"]] = statement.signers[-1]
        return one_id


class Inventor:
    """Draws statements for an organisation from a source of chance."""

    def __init__(self, town: Invented, chance: Random) -> None:
        self.town = town
        self.chance = chance

    def draw(self) -> Statement:
        """A statement; seldom one with something wrong in it on purpose."""
        made = self.chance.choice(_MOVES)(self)
        signers = made.signers
        if self.chance.random() < 0.1:
            signers = (self._signer(), *([self._signer()] if self.chance.random() < 0.5 else []))
        return Statement(made.kind, made.body, tuple(dict.fromkeys(signers)))

    def _signer(self) -> SigningKey:
        return self.town.key(self.chance.choice([self.town.log_id, *self.town.people]))

    def _one(self, name: str) -> bytes:
        """Something of that name, seldom something that was rejected, or is not there."""
        if self.chance.random() < 0.05:
            name = "rejected"
        return self.chance.choice((self.town.known.get(name) or [bytes(16)])[-8:])

    def _party(self) -> bytes:
        return self.chance.choice([self.town.log_id, *self.town.people])

    def _amount(self, most: int) -> int:
        return self.chance.choice([1, self.chance.randint(1, most), most])

    def _everybody(self) -> tuple[SigningKey, ...]:
        return (self.town.org, *(self.town.keys[one] for one in (*self.town.people, self.town.group)))

    def _post(self, code: str, legs: Sequence[tuple[bytes, int]], *signers: SigningKey, **basis: Any) -> Statement:
        """A post; seldom one whose legs are a little off, or that the assembly has decided."""
        moved = dict(legs)
        if moved and self.chance.random() < 0.05:
            first, last = min(moved), max(moved)
            moved = {**moved, first: moved[first] + 1, last: moved[last] - 1}
        body = post_body(code, moved, **basis)
        if code in {"writeoff", "guarantee_call"} or self.chance.random() < 0.1:
            body["basis"] = {**body.get("basis", {}), "decision": self._decided("post", body)}
        return Statement("post", body, signers or (self.town.org,))

    def _decided(self, kind: str, body: dict[str, Any]) -> bytes:
        """A decision of all who may vote; or where there is nobody, none."""
        members = [self.town.cell(Member, one) for one in self.town.keys]
        if not any(member.votes and member.status == "active" for member in members):
            return bytes(16)
        return self.town.decide(kind, body)

    def transfer(self) -> Statement:
        town = self.town
        source, target = self._one("account"), self._one("account")
        amount = self._amount(6_000)
        code = self.chance.choice(["transfer", "contribution", "demurrage"])
        if source == target:
            source, code = town.bank, "opening"
        return self._post(code, [(source, -amount), (target, amount)], *self._everybody())

    def claim(self) -> Statement:
        town = self.town
        creditor = self.chance.choice([town.log_id, town.people[0]])
        body: dict[str, Any] = {"debtor": town.people[3], "creditor": creditor, "for": town.people[0], "unit": "EUR"}
        body |= {"amount": self._amount(60_000), "account": town.wallets[0]}
        if self.chance.random() < 0.8:
            body["contract"] = town.terms
        return Statement("claim", body, (town.key(creditor),))

    def advance(self) -> Statement:
        return Statement("advance", {"claim": self._one("claim"), "on": DAY}, (self.town.org,))

    def settle(self) -> Statement:
        claim_id, claimed, clauses = self._claim()
        left = claimed.amount - claimed.paid if claimed else 0
        payment = self.chance.choice([left, max(1, left // 2), self._amount(500)])
        basis: dict[str, Any] = {"claim": claim_id} | (
            {"contract": claimed.contract} if claimed and claimed.contract else {}
        )
        legs = [(self.town.bank, -payment), (self.town.fund, payment)]
        if claimed:
            try:
                lines = settlement(clauses, claimed.amount, claimed.account, claimed.paid, payment)
                legs = [(self.town.bank, -payment), *legs_of(lines)]
            except ClauseError:
                pass
        return self._post("settle", legs, **basis)

    def _claim(self) -> tuple[bytes, ClaimState | None, list[Any]]:
        claim_id = self._one("claim")
        claimed = self.town.book.get(ClaimState, claim_id)
        contract = self.town.cell(Contract, self.town.terms)
        return claim_id, claimed, contract.clauses if claimed and claimed.contract else []

    def wage(self) -> Statement:
        claim_id, claimed, clauses = self._claim()
        legs = legs_of(wage(clauses, WAGE, claimed.amount, claimed.account)) if claimed and clauses else []
        return self._post("wage", legs, contract=self.town.terms, clause=WAGE, claim=claim_id)

    def call(self) -> Statement:
        town = self.town
        claim_id, claimed, clauses = self._claim()
        legs: list[tuple[bytes, int]] = []
        if claimed and clauses:
            clause = clauses[PLEDGES]
            before = borne(town.book, town.terms, PLEDGES, 3)
            left = [(one, weight - gone) for (one, weight), gone in zip(clause.pledges, before, strict=True)]
            if any(weight for _, weight in left) and budget(clauses, claimed.amount) > claimed.paid:
                rest = [*clauses[:PLEDGES], MutualGuarantee(clause.pool, left)]
                legs = legs_of(loss([*rest, *clauses[PLEDGES + 1 :]], PLEDGES, claimed.amount, claimed.paid))
        return self._post("guarantee_call", legs, contract=town.terms, clause=PLEDGES, claim=claim_id)

    def write_off(self) -> Statement:
        return self._post("writeoff", [], claim=self._one("claim"))

    def reinvest(self) -> Statement:
        claim_id, claimed, clauses = self._claim()
        given, used = [], self._one("event")
        event = self.town.book.get(EventState, used)
        if event and event.effort and self.chance.random() < 0.5:
            given = [Given(used, event.effort[0])]
        legs = legs_of(reinvestment(clauses, REINVEST, claimed.amount, given, 2)) if claimed and clauses else []
        basis: dict[str, Any] = {"contract": self.town.terms, "clause": REINVEST, "claim": claim_id}
        return self._post("reinvest", legs, **basis, **({"events": [used]} if given else {}))

    def event(self) -> Statement:
        provider, receiver = self._party(), self._party()
        fields: dict[str, Any] = {"effort": {"amount": self._amount(900), "unit": "h"}}
        if self.chance.random() < 0.5:
            fields["contract"] = self.town.terms
        if self.chance.random() < 0.4:
            action, fields["resource"] = "use", VAN
        else:
            action = self.chance.choice(["work", "transfer", "produce", "consume"])
            fields |= {"resource": VAN, "to": VAN, "quantity": {"amount": self._amount(50), "unit": "part"}}
        fields["expects"] = self.chance.choice(["reciprocity", "reciprocity", "none"])
        if self.chance.random() < 0.3:
            fields["fulfils"] = self._one("commit")
        return Statement("event", event_body(provider, receiver, action, **fields), (self.town.key(provider),))

    def acknowledge(self) -> Statement:
        event_id = self._one("event")
        event = self.town.book.get(EventState, event_id)
        says = self.chance.choice(["thanks", "confirmed", "used"])
        signer = self.town.key(event.receiver) if event else self._signer()
        return Statement("ack", {"event": event_id, "says": says}, (signer,))

    def correct_event(self) -> Statement:
        return Statement("correct", {"event": self._one("event")}, self._everybody())

    def promise(self) -> Statement:
        town, user = self.town, self.chance.choice(self.town.people)
        begin = AT + 3_600 * self.chance.randint(0, 300)
        body: dict[str, Any] = {
            "action": "use",
            "provider": town.log_id,
            "receiver": user,
            "resource": VAN,
            "contract": town.terms,
        }
        body |= {"begin": begin, "end": begin + 3_600 * self._amount(30)}
        return Statement("commit", body, (self.chance.choice([town.org, town.key(user)]),))

    def cancel(self) -> Statement:
        return Statement("commit.cancel", {"commit": self._one("commit")}, (self.town.org,))

    def fee(self) -> Statement:
        town, clauses = self.town, self.town.cell(Contract, self.town.terms).clauses
        name = self.chance.choice(["commit", "event"])
        which = self._one(name)
        found = town.book.get(Commitment, which) or town.book.get(EventState, which)
        legs: list[tuple[bytes, int]] = []
        if found and found.receiver in town.people:
            payer = town.wallets[town.people.index(found.receiver)]
            if isinstance(found, Commitment):
                units = booked_units("hour", found.begin or 0, found.end or 0)
            else:
                units = -(-(found.effort or (0, ""))[0] // 100)
            try:
                legs = legs_of(access_fee(clauses, ACCESS, found.class_, units, payer))
            except ClauseError:
                legs = [(payer, -1), (town.pool, 1)]
        return self._post("access_fee", legs, **{"contract": town.terms, "clause": ACCESS, name: which})

    def rent(self) -> Statement:
        clauses, period = self.town.cell(Contract, self.town.terms).clauses, self.chance.randint(0, 14)
        legs = legs_of(lease_period(clauses, LEASE, period))
        signer = self.town.key(self.chance.choice(self.town.people[:3]))
        return self._post("rent", legs, signer, contract=self.town.terms, clause=LEASE, period=period)

    def share(self) -> Statement:
        town, who, count = self.town, self.chance.randrange(4), self._amount(6)
        code, sign = self.chance.choice([("share_in", 1), ("share_out", -1)])
        legs = [(town.issue, -count * sign), (town.holdings[who], count * sign)]
        legs += [(town.wallets[who], -500 * count * sign), (town.pool, 500 * count * sign)]
        signer = town.key(town.people[who])
        return self._post(code, legs, signer, contract=town.terms, clause=SHARE)

    def income(self) -> Statement:
        amount = self._amount(9_000)
        return self._post("transfer", [(self.town.bank, -amount), (self.town.purse, amount)])

    def host(self) -> Statement:
        town, post_id = self.town, self._one("income")
        said = town.book.said(post_id)
        income = town.kept.bodies.get(said.position) if said else None
        amount = dict(getattr(income, "legs", [])).get(town.purse, 0)
        clauses = town.cell(Contract, town.terms).clauses
        legs = legs_of(host_fee(clauses, HOST, amount)) if amount > 0 else []
        return self._post("host_fee", legs, contract=town.terms, clause=HOST, post=post_id)

    def declare(self) -> Statement:
        month = month_of(DAY) + self.chance.choice([0, 0, -1])
        body = {"contract": self.town.terms, "clause": PATRONAGE, "from": month, "until": month + 1}
        body |= {"surplus": self._amount(2_000), "pool": self.town.pool}
        return Statement("dividend", {**body, "decision": self._decided("dividend", body)}, (self.town.org,))

    def dividend(self) -> Statement:
        which = self._one("dividend")
        declared = self.town.book.get(DividendState, which)
        legs = declared.legs if declared else []
        return self._post("dividend", legs, contract=self.town.terms, clause=PATRONAGE, dividend=which)

    def correction(self) -> Statement:
        post_id = self._one("post")
        said = self.town.book.said(post_id)
        before = self.town.kept.bodies.get(said.position) if said else None
        legs = [(account, -amount) for account, amount in getattr(before, "legs", [])]
        return self._post("correction", legs, *self._everybody(), post=post_id)

    def dispute(self) -> Statement:
        name = self.chance.choice(["claim", "event", "commit", "post"])
        about = self._one(name) if self.chance.random() < 0.95 else self.town.terms
        return Statement("dispute.open", {"about": about}, (self._signer(),))

    def peace(self) -> Statement:
        body = {"dispute": self._one("dispute.open"), "outcome": self.chance.choice(["withdrawn", "settled"])}
        return Statement("dispute.close", body, self._everybody())

    def member(self) -> Statement:
        which = self.chance.choice(self.town.people)
        fields: dict[str, Any] = self.chance.choice(
            [{"status": "paused"}, {"status": "active"}, {"status": "active"}, {"consent": 50}, {"class": "user"},
             {"delegate": self.chance.choice(self.town.people)}, {"votes": True}]
        )  # fmt: skip
        return Statement("member.set", {"member": which, **fields}, (self.town.org, self.town.key(which)))

    def limit(self) -> Statement:
        which = self._one("account")
        fields: dict[str, Any] = self.chance.choice(
            [{"state": "frozen"}, {"state": "open"}, {"state": "open"}, {"floor": 0}, {"ceiling": 20_000},
             {"ceiling": 10**9}, {"floor": -9_000}, {"state": "closed"}]
        )  # fmt: skip
        return Statement("account.set", {"account": which, **fields}, self._everybody())

    def contract(self) -> Statement:
        town, who = self.town, self.chance.choice(self.town.people)
        if self.chance.random() < 0.9:
            body = {"contract": town.terms, "party": who, "terms": town.cell(Contract, town.terms).terms}
            return Statement("contract.sign", body, (town.key(who),))
        return Statement("contract.end", {"contract": town.terms, "on": DAY + 9}, (town.key(town.people[3]),))

    def pay_out(self) -> Statement:
        town, who = self.town, self.chance.randrange(4)
        body = {"account": town.wallets[who], "connector": town.connector, "log": PEER, "to": bytes(16), "scale": 2}
        body |= {"amount": self._amount(4_000), "unit": "EUR", "deadline": AT}
        return Statement("xfer.reserve", body, (town.key(town.people[who]),))

    def give_up(self) -> Statement:
        body = {"transfer": self._one("xfer.reserve")}
        return Statement("xfer.void", {**body, "decision": self._decided("xfer.void", body)}, (self.town.org,))


_MOVES: list[Callable[[Inventor], Statement]] = [
    *[Inventor.transfer] * 3, *[Inventor.claim] * 3, *[Inventor.advance] * 2, *[Inventor.settle] * 4,
    *[Inventor.wage] * 2, Inventor.call, Inventor.write_off, Inventor.reinvest, *[Inventor.event] * 3,
    *[Inventor.acknowledge] * 3, Inventor.correct_event, *[Inventor.promise] * 3, Inventor.cancel,
    *[Inventor.fee] * 3, *[Inventor.rent] * 2, *[Inventor.share] * 2, Inventor.income, *[Inventor.host] * 2,
    Inventor.declare, *[Inventor.dividend] * 2, *[Inventor.correction] * 4, Inventor.dispute,
    *[Inventor.peace] * 2, Inventor.member, Inventor.limit, Inventor.contract, *[Inventor.pay_out] * 2,
    Inventor.give_up,
]  # fmt: skip
