# SPDX-License-Identifier: AGPL-3.0-or-later
"""A small labour mutual written into a log: invoices and wages, work, gifts and care, a tool, the assembly."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from protocol.amounts import parse_day
from protocol.encoding import encode
from protocol.signature import SigningKey
from tests.builders import seeded, signing_key
from tests.ledger.organising import ready

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.own.log import Submission

NAMES = ("amina", "bruno", "choir", "baker", "shop")
DRILL = seeded("drill", 16)
TITLE = {"en": "Labour mutual", "fr": "Mutuelle de travail"}
EVIL = "<b>{{ 7*7 }}\u202e\"'><script>alert(1)</script>"


def one(label: str) -> bytes:
    """The id of what the story calls so."""
    return seeded(f"mutual {label}", 16)


def account_id(name: str) -> bytes:
    """The id of an account."""
    return one(f"account {name}")


def key(name: str) -> SigningKey:
    """A member's key."""
    return signing_key(f"mutual {name}")


def write_mutual(ledger: Ledger) -> None:
    """Writes the story, signs and folds it; every statement has an effect."""
    teller = Teller(ledger)
    _found(teller)
    _agree(teller)
    _invoice(teller)
    _give(teller)
    _lend(teller)
    _assemble(teller)
    ledger.writer.append(teller.said).result()
    ledger.writer.settle()
    with ledger.store.read() as reads:
        refused = reads.verdicts(ledger.own.tree, 0, 10_000)
    assert refused == {}, refused


class Teller:
    """Collects what is said; the label becomes the id."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.org = ledger.key
        self.said: list[Submission] = []

    def say(self, label: str, kind: str, body: dict[str, Any], *signers: SigningKey, scope: int = 0) -> bytes:
        """Says something, by the organisation if nobody is named."""
        item = ready(self.ledger, kind, body, *signers, label=f"mutual {label}")
        self.said.append(item._replace(scope=scope))
        return item.id

    def event(self, label: str, provider: str, receiver: str, on: str, stream: str, **more: Any) -> bytes:
        """Something that was done, by its provider's word."""
        party = one(receiver) if receiver else self.ledger.log_id
        body = {"action": "work", "provider": one(provider), "receiver": party, "on": parse_day(on), "stream": stream}
        return self.say(label, "event", {**body, "expects": "reciprocity", **more}, key(provider))

    def post(self, label: str, code: str, on: str, legs: dict[str, int], *signers: SigningKey, **basis: Any) -> None:
        """A movement between accounts by their names."""
        body: dict[str, Any] = {"code": code, "on": parse_day(on)}
        body["legs"] = sorted([one(f"account {name}"), amount] for name, amount in legs.items())
        self.say(label, "post", body | ({"basis": basis} if basis else {}), *signers)


def hours(amount: int) -> dict[str, Any]:
    """An effort in tenths of an hour."""
    return {"effort": {"amount": amount, "unit": "h"}}


def _found(teller: Teller) -> None:
    for code, scale, sort, names in (
        ("EUR", 2, "money", {"en": "euro"}),
        ("h", 1, "time", {"en": "hour", "fr": "heure"}),
        ("kWh", 0, "energy", {"en": "kilowatt-hour"}),
        ("kgCO2e", 1, "co2e", {"en": "kilogram of CO2e"}),
        ("pot", 0, "goods", {"en": "pot of jam", "fr": "pot de confiture"}),
    ):
        teller.say(code, "unit.define", {"code": code, "scale": scale, "sort": sort, "name": names})
    classes = {"amina": "worker", "bruno": "worker", "choir": "commoner", "baker": "user", "shop": "for_profit"}
    for name in NAMES:
        custody = "node" if name == "baker" else "own"
        body = {"key": key(name).public, "class": classes[name], "custody": custody}
        teller.say(name, "member.join", body | ({"group": True} if name == "choir" else {}), teller.org, key(name))
    teller.say("amina profile", "member.profile", {"member": one("amina"), "name": "Amina Diallo"}, key("amina"))
    secret = {"member": one("bruno"), "name": "Bruno Secret", "contact": "bruno@example.org"}
    teller.say("bruno profile", "member.profile", secret, scope=2)
    teller.say("shop profile", "member.profile", {"member": one("shop"), "name": EVIL, "about": EVIL}, key("shop"))
    for name in ("services", "fund", "reserve", "bank", "social", "tax"):
        type_ = {"services": "pool", "fund": "fund", "reserve": "reserve"}.get(name, "external")
        _open(teller, name, b"", type_, title={"en": name.title()})
    for name in NAMES:
        _open(teller, name, one(name), "member")
    _open(teller, "hours", b"", "pool", unit="h", floor=-100_000)
    for name in ("amina", "bruno"):
        _open(teller, f"{name} h", one(name), "member", unit="h")
    teller.post(
        "opening", "opening", "2026-01-02", {"bank": -600_000, "fund": 500_000, "amina": 50_000, "baker": 50_000}
    )


def _open(teller: Teller, name: str, owner: bytes, type_: str, **more: Any) -> None:
    body = {"owner": owner or teller.ledger.log_id, "unit": "EUR", "type": type_, **more}
    teller.say(f"account {name}", "account.open", body)


def _agree(teller: Teller) -> None:
    shares = sorted([[account_id("services"), 50], [account_id("fund"), 10], [account_id("reserve"), 5]])
    lines = [
        {"name": "gross", "base": ["budget"], "rate": [100, 125]},
        {"name": "employer", "base": ["gross"], "rate": [25, 100], "to": account_id("social")},
        {"name": "employee", "base": ["gross"], "rate": [1307, 10_000], "to": account_id("social")},
        {"name": "tax", "base": ["gross"], "less": ["employee"], "rate": [20, 100], "to": account_id("tax")},
    ]
    clauses = [
        {"kind": "rate_contribution", "of": "claim", "rate": [65, 1000], "to": shares},
        {"kind": "guaranteed_payment", "days": 7, "calendar": "days", "fund": account_id("fund"), "cap": 500_000},
        {"kind": "wage_conversion", "lines": lines},
        {"kind": "gift", "ack": "wanted"},
    ]
    _sign(teller, "contract", clauses, TITLE, {"amina": key("amina")}, accede=["worker"])
    access = {"kind": "access", "resource": DRILL, "unit_price": 4_000, "unit": "EUR", "per": "day"}
    access |= {"by_class": {"worker": [0, 1], "user": [1, 4], "for_profit": "deny"}, "to": account_id("services")}
    _sign(teller, "tools", [access], {"en": EVIL}, {"baker": key("baker")})
    offered = {"parties": sorted([teller.ledger.log_id, one("bruno")]), "clauses": [{"kind": "gift", "ack": "wanted"}]}
    teller.say("open offer", "contract.offer", offered | {"from": parse_day("2026-10-01"), "title": {"en": "Garden"}})


def _sign(
    teller: Teller, label: str, clauses: list[Any], title: dict[str, str], parties: dict[str, SigningKey], **more: Any
) -> None:
    ids = sorted([teller.ledger.log_id, *(one(name) for name in parties)])
    body = {"parties": ids, "clauses": clauses, "from": parse_day("2026-01-01"), "title": title, **more}
    teller.say(label, "contract.offer", body)
    terms = sha256(encode(body)).digest()
    for party, signer in [
        (teller.ledger.log_id, teller.org),
        *((one(name), one_key) for name, one_key in parties.items()),
    ]:
        said = {"contract": one(label), "party": party, "terms": terms}
        teller.say(f"{label} signed {party.hex()}", "contract.sign", said, signer)


def _invoice(teller: Teller) -> None:
    claim = {"debtor": one("shop"), "creditor": teller.ledger.log_id, "unit": "EUR", "contract": one("contract")}
    claim |= {"for": one("amina"), "account": one("account amina")}
    first = claim | {"amount": 100_000, "ended": parse_day("2026-03-02")}
    teller.say("claim 1", "claim", first)
    teller.say("advance", "advance", {"claim": one("claim 1"), "on": parse_day("2026-03-09")})
    wage = {"fund": -93_500, "amina": 52_019, "social": 28_476, "tax": 13_005}
    basis = {"contract": one("contract"), "claim": one("claim 1")}
    teller.post("wage", "wage", "2026-03-09", wage, **basis, clause=2)
    paid = {"bank": -100_000, "fund": 93_500 + 1_000, "services": 5_000, "reserve": 500}
    teller.post("settled", "settle", "2026-04-20", paid, **basis)
    teller.say(
        "claim 2", "claim", claim | {"amount": 33_333, "ended": parse_day("2026-08-03"), "due": parse_day("2026-09-01")}
    )
    owed = {"debtor": one("shop"), "creditor": one("choir"), "amount": 12_000, "unit": "EUR"}
    teller.say("claim 3", "claim", owed | {"account": one("account choir")}, key("choir"))
    teller.say("dispute", "dispute.open", {"about": one("claim 3")}, key("shop"))


def _give(teller: Teller) -> None:
    for number in range(9):
        on = f"2026-{number + 1:02}-10"
        teller.event(
            f"work {number}", "amina", "", on, "livelihood", contract=one("contract"), **hours(70 + 5 * number)
        )
        teller.event(f"care {number}", "amina", "bruno", on, "care", **hours(20 + 10 * (number % 3)))
    teller.event("love", "amina", "choir", "2026-05-01", "love", expects="none", **hours(35))
    jam = {"action": "transfer", "quantity": {"amount": 12, "unit": "pot"}}
    teller.event("jam", "bruno", "amina", "2026-07-14", "love", expects="none", **jam)
    teller.event("evil", "shop", "amina", "2026-08-01", "love", expects="none", **hours(5))
    teller.event("wrong", "amina", "", "2026-08-02", "livelihood", **hours(999))
    teller.say("taken back", "correct", {"event": one("wrong")}, key("amina"))
    footprint = [{"amount": 14, "unit": "kWh"}, {"amount": 31, "unit": "kgCO2e"}]
    teller.event(
        "oven", "baker", "", "2026-06-03", "livelihood", contract=one("tools"), footprint=footprint, **hours(40)
    )
    for label, who, says in (("love", "choir", "thanks"), ("jam", "amina", "thanks"), ("care 1", "bruno", "confirmed")):
        teller.say(f"ack {label}", "ack", {"event": one(label), "says": says}, key(who))
    teller.post("paid hours", "transfer", "2026-06-30", {"hours": -120, "amina h": 80, "bruno h": 40})
    teller.post("helped", "transfer", "2026-07-05", {"amina": -2_500, "bruno": 2_500}, key("amina"))


def _lend(teller: Teller) -> None:
    booking = {"action": "use", "provider": teller.ledger.log_id, "receiver": one("baker"), "resource": DRILL}
    day = 86_400
    for number, first in enumerate(("2026-06-01", "2026-09-28")):
        begin = parse_day(first) * day
        said = booking | {"begin": begin, "end": begin + 3 * day, "contract": one("tools")}
        teller.say(f"booking {number}", "commit", said, teller.org, key("baker"))
    fee = {"baker": -3_000, "services": 3_000}
    basis = {"contract": one("tools"), "clause": 0, "commit": one("booking 0")}
    teller.post("fee", "access_fee", "2026-06-04", fee, **basis)


def _assemble(teller: Teller) -> None:
    asked = {"title": {"en": "A second drill?", "fr": "Une deuxième perceuse ?"}, "choices": ["yes", "no"]}
    teller.say("proposal", "proposal", asked | {"closes": parse_day("2100-01-01")}, key("amina"))
    teller.say("delegate", "member.set", {"member": one("bruno"), "delegate": one("amina")}, key("bruno"))
    teller.say("vote", "vote", {"proposal": one("proposal"), "member": one("amina"), "choice": 0}, key("amina"))
    old = {"title": {"en": "Open on Sundays?"}, "choices": ["yes", "no"], "closes": parse_day("2100-01-01")}
    teller.say("old", "proposal", old)
    for name, choice in (("amina", 0), ("baker", 1)):
        teller.say(f"old {name}", "vote", {"proposal": one("old"), "member": one(name), "choice": choice}, key(name))
    counts = {"proposal": one("old"), "choice": 0, "counts": [2, 1], "abstained": 0}
    teller.say("decided", "decision", counts)
