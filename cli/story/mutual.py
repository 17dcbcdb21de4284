# SPDX-License-Identifier: AGPL-3.0-or-later
"""A year of a labour mutual: 200 members, 30 clients, a collective, a tool library, a city contract, gifts and care."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cli.story.lending import tell_lending
from cli.story.people import clients, names
from cli.story.scribe import Scribe
from cli.story.territory import tell_territory
from ledger.reciprocity.decisions import act_digest
from ledger.reciprocity.lines import legs_of
from ledger.reciprocity.patronage import Total, patronage
from ledger.reciprocity.yields import budget, contribution, loss, settlement, wage
from ledger.reciprocity.yields_use import Given, access_fee, reinvestment
from protocol.amounts import first_day, month_of, multiply
from protocol.clauses import Clause, read_clauses

if TYPE_CHECKING:
    from random import Random

    from ledger.ledger import Ledger

WORKERS, COMMONERS, USERS = 150, 30, 20
INVOICES_A_MONTH, FAILING = 50, 2
_WAGE, _GUARANTEE, _PATRONAGE = 2, 3, 4
"""Indexes of clauses in the mutual's contract."""
_DAY_S = 86_400


class Mutual(NamedTuple):
    """What pages to look at: ids of things in the mutual's ledger, and how much was said."""

    member: bytes
    contract: bytes
    collective: bytes
    till: bytes
    statements: int
    said: dict[str, int]


def tell(ledger: Ledger, chance: Random, today: int) -> Mutual:
    """Writes the year before `today`, a day, into the log of a mutual that has just been founded."""
    return _Year(Scribe(ledger, chance), today).tell()


def _read(clauses: list[Any]) -> list[Clause]:
    return read_clauses(clauses)


class _Year:
    """The mutual as it grows: accounts, people, what each has contributed."""

    def __init__(self, scribe: Scribe, today: int) -> None:
        self.scribe = scribe
        self.chance = scribe.chance
        self.today = today
        last = month_of(today)
        self.months = range(last - 12, last)
        self.begin = first_day(self.months[0])
        self.given: dict[bytes, int] = {}

    def tell(self) -> Mutual:
        self._found()
        self._agree()
        for month in self.months:
            self._work(month)
            self._borrow(month)
            self._care(month)
        self._serve_the_city()
        self._host()
        self._fail()
        self._share()
        tell_territory(self.scribe, self.members, self.today)
        tell_lending(self.scribe, self.drill, self.library, self.members, self.today)
        statements = self.scribe.finish()
        return Mutual(self.workers[0], self.terms, self.collective, self.services, statements, self.scribe.said)

    def _found(self) -> None:
        """Units, accounts of the house, people and their accounts."""
        say, org = self.scribe, self.scribe.org
        for code, scale, sort, name in (
            ("EUR", 2, "money", {"fr": "euro", "en": "euro", "nl": "euro"}),
            ("h", 1, "time", {"fr": "heure", "en": "hour", "nl": "uur"}),
            ("kWh", 1, "energy", {"fr": "kilowattheure", "en": "kilowatt hour", "nl": "kilowattuur"}),
            ("kgCO2e", 1, "co2e", {"fr": "kg éq. CO2", "en": "kg CO2e", "nl": "kg CO2e"}),
        ):
            say.say("unit.define", {"code": code, "scale": scale, "sort": sort, "name": name})
        self.bank = say.account(org, "external", title="Banque")
        self.social = say.account(org, "external", title="Sécurité sociale")
        self.tax = say.account(org, "external", title="Impôts")
        self.services = say.account(org, "pool", title="Services")
        self.fund = say.account(org, "fund", title="Fonds de garantie")
        self.reserve = say.account(org, "reserve", title="Réserve impartageable")
        self.commons = say.account(org, "pool", title="Communs")
        self.tools = say.account(org, "pool", title="Outilthèque")
        people = names(self.chance, WORKERS + COMMONERS + USERS)
        classes = ["worker"] * WORKERS + ["commoner"] * COMMONERS + ["user"] * USERS
        members = [say.member(name, class_) for name, class_ in zip(people, classes, strict=True)]
        self.workers, self.neighbours = members[:WORKERS], members[WORKERS:]
        self.members = members
        self.wallets = {one: say.account(one, "member") for one in members}
        self.hours = {one: say.account(one, "member", "h", floor=-200) for one in members}
        sorts = ["for_profit"] * 18 + ["nonprofit"] * 11
        self.clients = [say.member(name, class_) for name, class_ in zip(clients(), sorts, strict=True)]
        self.city = say.member("Ville de Brasseneuve", "city")
        self.collective = say.member("Chorale des Deux Rives", "commoner", group=True)
        self.choir = say.account(self.collective, "member", title="Caisse de la chorale")
        say.post("opening", [(self.bank, -20_500_000), (self.fund, 20_000_000), (self.services, 500_000)], self.begin)
        for one in self.neighbours:
            say.post("transfer", [(self.bank, -6_000), (self.wallets[one], 6_000)], self.begin)

    def _agree(self) -> None:
        """The contracts: the mutual itself, the tool library, the city, the choir."""
        say, org = self.scribe, self.scribe.org
        self.pledges = {one: say.account(one, "member", floor=-500_000, title="Engagement") for one in self.workers[:5]}
        pledges = sorted((account, 500_000) for account in self.pledges.values())
        clauses: list[dict[str, Any]] = [
            {"kind": "rate_contribution", "of": "claim", "rate": [65, 1000], "to": self._shares()},
            {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": self.fund, "cap": 1_000_000},
            {"kind": "wage_conversion", "lines": self._wage_lines()},
            {"kind": "mutual_guarantee", "pool": self.fund, "pledges": [list(pledge) for pledge in pledges]},
            {
                "kind": "patronage",
                "base": "contributions",
                "unit": "EUR",
                "reserve": [3, 10],
                "reserve_to": self.reserve,
                "commons": [3, 100],
                "commons_to": self.commons,
            },
        ]
        title = {"fr": "Mutuelle de travail", "en": "Labour mutual", "nl": "Arbeidscoöperatie"}
        fields: dict[str, Any] = {"from": self.begin, "accede": ["worker"], "joining": self.workers}
        self.clauses = _read(clauses)
        self.terms = say.contract(title, clauses, [org], **fields)
        self.drill = self.chance.randbytes(16)
        access = {
            "kind": "access",
            "resource": self.drill,
            "unit_price": 400,
            "unit": "EUR",
            "per": "day",
            "by_class": {
                "worker": [0, 1],
                "commoner": [1, 2],
                "user": [1, 1],
                "nonprofit": [1, 1],
                "for_profit": [3, 1],
            },
            "to": self.tools,
        }
        fields = {"from": self.begin, "accede": ["worker", "commoner", "user"], "joining": self.members}
        self.library_clauses = _read([access])
        self.library = say.contract({"fr": "Outilthèque", "en": "Tool library"}, [access], [org], **fields)
        reinvest = {
            "kind": "reinvest",
            "rate": [5, 100],
            "from": self.services,
            "to": [list(one) for one in sorted(((self.tools, 50), (self.commons, 30), (self.choir, 20)))],
            "in_kind": {"unit": "h", "price": 3_500, "cap": [40, 100]},
        }
        self.city_clauses = _read([reinvest])
        title = {"fr": "Accord de réciprocité avec la ville", "en": "Reciprocity agreement with the city"}
        self.city_terms = say.contract(title, [reinvest], [org, self.city], **{"from": self.begin})
        fee = {"kind": "host_fee", "fund": self.choir, "rate": [8, 100], "to": self.services}
        self.hosting = say.contract(
            {"fr": "Hébergement", "en": "Hosting"}, [fee], [org, self.collective], **{"from": self.begin}
        )

    def _shares(self) -> list[list[Any]]:
        return [list(one) for one in sorted(((self.services, 50), (self.fund, 10), (self.reserve, 5)))]

    def _wage_lines(self) -> list[dict[str, Any]]:
        return [
            {"name": "gross", "base": ["budget"], "rate": [4, 5]},
            {"name": "employer", "base": ["gross"], "rate": [1, 4], "to": self.social},
            {"name": "employee", "base": ["gross"], "rate": [1307, 10000], "to": self.social},
            {"name": "tax", "base": ["gross"], "less": ["employee"], "rate": [1, 5], "to": self.tax},
        ]

    def _claim(self, debtor: bytes, worker: bytes, amount: int, ended: int) -> bytes:
        body = {"debtor": debtor, "creditor": self.scribe.org, "for": worker, "amount": amount, "unit": "EUR"}
        more = {"account": self.wallets[worker], "ended": ended, "due": ended + 30, "contract": self.terms}
        return self.scribe.say("claim", body | more)

    def _pay_wage(self, claim: bytes, worker: bytes, amount: int, on: int) -> None:
        legs = legs_of(wage(self.clauses, _WAGE, amount, self.wallets[worker]))
        self.scribe.post("wage", legs, on, contract=self.terms, clause=_WAGE, claim=claim)

    def _settle(self, claim: bytes, worker: bytes, amount: int, paid: int, on: int) -> None:
        """The client pays all, or only a part: what is `paid`."""
        legs = [(self.bank, -paid), *legs_of(settlement(self.clauses, amount, self.wallets[worker], 0, paid))]
        self.scribe.post("settle", legs, on, contract=self.terms, claim=claim)
        full = sum(line.amount for line in contribution(self.clauses, amount))
        given = max(0, paid - budget(self.clauses, amount))
        self.given[worker] = self.given.get(worker, 0) + min(full, given)

    def _work(self, month: int) -> None:
        """Invoices of a month: paid in time, or advanced by the fund and recovered from a late client."""
        say = self.scribe
        for _ in range(INVOICES_A_MONTH):
            worker, client = self.chance.choice(self.workers), self.chance.choice(self.clients[FAILING:])
            amount, ended = self.chance.randrange(20_000, 400_000, 500), first_day(month) + self.chance.randrange(20)
            self._effort(worker, client, amount, ended)
            claim = self._claim(client, worker, amount, ended)
            delay = self.chance.choice((3, 5, 20, 30, 45, 75))
            if delay > 7:
                say.say("advance", {"claim": claim, "on": ended + 7})
                self._pay_wage(claim, worker, amount, ended + 7)
            if ended + delay < self.today:
                self._settle(claim, worker, amount, amount, ended + delay)
                if delay <= 7:
                    self._pay_wage(claim, worker, amount, ended + 7)

    def _effort(self, worker: bytes, client: bytes, amount: int, on: int) -> None:
        body = {
            "action": "work",
            "provider": worker,
            "receiver": client,
            "on": on,
            "effort": {"amount": max(10, multiply(amount, 10, 4_500)), "unit": "h"},
            "contract": self.terms,
            "stream": "livelihood",
            "expects": "reciprocity",
        }
        self.scribe.say("event", body, worker)

    def _borrow(self, month: int) -> None:
        """The drill of the tool library: booked, used, paid for by those who are not workers, given thanks for."""
        say, day = self.scribe, first_day(month)
        for place in range(0, 24, 4):
            user = self.chance.choice(self.members)
            begin = (day + place) * _DAY_S + 9 * 3_600
            times = {"begin": begin, "end": begin + 2 * _DAY_S}
            body = {
                "action": "use",
                "provider": say.org,
                "receiver": user,
                "resource": self.drill,
                "contract": self.library,
            }
            booking = say.say("commit", body | times, user)
            class_ = self._class_of(user)
            legs = legs_of(access_fee(self.library_clauses, 0, class_, 2, self.wallets[user]))
            if legs:
                basis = {"contract": self.library, "clause": 0, "commit": booking}
                say.post("access_fee", legs, day + place, **basis)
            more = {"on": day + place + 2, "fulfils": booking, "stream": "livelihood", "expects": "reciprocity"}
            used = say.say("event", body | more)
            say.say("ack", {"event": used, "says": "thanks"}, user)

    def _class_of(self, member: bytes) -> str:
        at = self.members.index(member)
        return "worker" if at < WORKERS else "commoner" if at < WORKERS + COMMONERS else "user"

    def _care(self, month: int) -> None:
        """Gifts and care: nothing is owed for them, and many are thanked for. Hours go from hand to hand, too."""
        say = self.scribe
        for number in range(25):
            giver, taker = self.chance.sample(self.members, 2)
            on = first_day(month) + self.chance.randrange(28)
            body = {
                "action": "deliverService",
                "provider": giver,
                "receiver": taker,
                "on": on,
                "effort": {"amount": self.chance.randrange(5, 60, 5), "unit": "h"},
                "stream": self.chance.choice(("care", "care", "love")),
                "expects": "none",
            }
            event = say.say("event", body, giver)
            if number % 3:
                say.say("ack", {"event": event, "says": "thanks"}, taker)
            if number % 5 == 0:
                text = self.chance.choice(
                    ("Merci pour la soupe et la patience.", "Dank je, tot volgende week!", "Thank you.")
                )
                say.say("note", {"about": event, "text": text}, taker, scope=2)
            if number % 4 == 0:
                say.post("transfer", [(self.hours[taker], -10), (self.hours[giver], 10)], on, taker)

    def _serve_the_city(self) -> None:
        """Four invoices to the city; a part of each goes back to the commons, in hours and in money."""
        say, org = self.scribe, self.scribe.org
        for quarter in range(4):
            on, amount = first_day(self.months[quarter * 3]) + 9, 500_000
            body = {"debtor": self.city, "creditor": org, "amount": amount, "unit": "EUR", "account": self.services}
            claim = say.say("claim", body | {"ended": on, "due": on + 30, "contract": self.city_terms})
            basis = {"contract": self.city_terms, "claim": claim}
            say.post("settle", [(self.bank, -amount), (self.services, amount)], on + 20, **basis)
            event = {
                "action": "deliverService",
                "provider": org,
                "receiver": self.collective,
                "on": on + 12,
                "effort": {"amount": 25, "unit": "h"},
                "contract": self.city_terms,
                "stream": "livelihood",
                "expects": "reciprocity",
                "footprint": [{"amount": 120 + quarter * 10, "unit": "kWh"}, {"amount": 31, "unit": "kgCO2e"}],
            }
            hours = say.say("event", event)
            say.say("ack", {"event": hours, "says": "confirmed"}, self.collective)
            legs = legs_of(reinvestment(self.city_clauses, 0, amount, [Given(hours, 25)], 1))
            say.post("reinvest", legs, on + 21, **basis, clause=0, events=[hours])

    def _host(self) -> None:
        """The choir has no legal form: its fund is with the mutual. Concerts bring money, singers ask for expenses."""
        say = self.scribe
        for month in self.months[::3]:
            on = first_day(month) + 14
            income = say.post("transfer", [(self.bank, -80_000), (self.choir, 80_000)], on)
            fee = multiply(80_000, 8, 100)
            basis = {"contract": self.hosting, "clause": 0, "post": income}
            say.post("host_fee", [(self.choir, -fee), (self.services, fee)], on, **basis)
            singer = self.chance.choice(self.members)
            body = {"debtor": self.collective, "creditor": singer, "amount": 12_500, "unit": "EUR"}
            request = say.say("claim", body | {"account": self.wallets[singer], "due": on + 10}, singer)
            say.say(
                "note",
                {"about": request, "text": "Partitions et location de salle", "shows": "reçu 2026-17"},
                singer,
                scope=2,
            )
            legs = [(self.choir, -12_500), (self.wallets[singer], 12_500)]
            say.post("settle", legs, on + 3, self.collective, claim=request)

    def _first_account(self, member: bytes) -> bytes:
        """Where a member's share goes: of several accounts of theirs, the first by id (spec 18 §7)."""
        wallet = self.wallets[member]
        return min(wallet, self.pledges.get(member, wallet))

    def _decide(self, title: dict[str, str], kind: str, body: dict[str, Any]) -> bytes:
        """The assembly says yes: all members vote, some through a delegate, so that nobody need be waited for."""
        say = self.scribe
        acts = [[kind, act_digest(body)]]
        asked = say.say(
            "proposal", {"title": title, "choices": ["oui", "non"], "closes": self.today + 14, "acts": acts}
        )
        voters = self.members[: -self.delegating]
        against = 5
        for number, voter in enumerate(voters):
            say.say("vote", {"proposal": asked, "member": voter, "choice": int(number < against)}, voter)
        counts = [len(voters) - against + self.delegating, against]
        abstained = len(self.members) - sum(counts)
        return say.say("decision", {"proposal": asked, "choice": 0, "counts": counts, "abstained": abstained})

    def _fail(self) -> None:
        """Two clients fail for good: those who pledged bear what the fund has lost, once the assembly has said so."""
        say = self.scribe
        trusted = self.members[10]
        self.delegating = 20
        for member in self.members[-self.delegating :]:
            say.say("member.set", {"member": member, "delegate": trusted}, member)
        for client, amount in zip(self.clients[:FAILING], (100_000, 240_000), strict=True):
            worker, ended = self.workers[0], self.today - 120
            claim = self._claim(client, worker, amount, ended)
            say.say("advance", {"claim": claim, "on": ended + 7})
            self._pay_wage(claim, worker, amount, ended + 7)
            paid = amount * 6 // 10
            self._settle(claim, worker, amount, paid, ended + 60)
            legs = legs_of(loss(self.clauses, _GUARANTEE, amount, paid))
            basis = {"contract": self.terms, "clause": _GUARANTEE, "claim": claim}
            on = self.today - 20
            body = {"code": "guarantee_call", "legs": [list(leg) for leg in legs], "on": on, "basis": basis}
            title = {"fr": "Appeler la garantie mutuelle", "en": "Call the mutual guarantee"}
            decision = self._decide(title, "post", body)
            say.post("guarantee_call", legs, on, **basis, decision=decision)

    def _share(self) -> None:
        """The surplus of the year: to the reserve and the commons, then to the members by what they contributed."""
        say, on = self.scribe, self.today - 5
        surplus = 400_000
        first, after = self.months[0], self.months[-1] + 2
        body = {
            "contract": self.terms,
            "clause": _PATRONAGE,
            "from": first,
            "until": after,
            "surplus": surplus,
            "pool": self.services,
        }
        decision = self._decide({"fr": "Partager l'excédent", "en": "Share the surplus"}, "dividend", body)
        dividend = say.say("dividend", body | {"decision": decision})
        totals = [Total(one, given, self._first_account(one)) for one, given in self.given.items() if given]
        legs = legs_of(patronage(self.clauses, _PATRONAGE, surplus, self.services, totals))
        say.post("dividend", legs, on, contract=self.terms, clause=_PATRONAGE, dividend=dividend)
