# SPDX-License-Identifier: AGPL-3.0-or-later
"""A member with something of everything: accounts, a contract, two years of contributions, words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.chain import SORT_ACCOUNT
from protocol.member_statement import write_member_statement
from tests.builders import Log, found_organisation, seeded, signing_key, witness_key
from tests.ledgers import DAY, Ledger, Thing

if TYPE_CHECKING:
    from protocol.encoding import Value

ACTIONS = ("work", "deliverService", "produce", "modify", "transfer", "dropoff")
ANSWERS = ("thanks", "confirmed", "used")


class RichLedger(Ledger):
    """A ledger whose statements say more; `words`, if there are any, stand in every text."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        self.organisation = found_organisation("moot", name={"en": words or "The Moot", "fr": words or "Le Moot"})
        self.log = Log(self.organisation)

    def names(self, text: str) -> dict[str, Value]:
        """A text in two languages."""
        return {"en": self.words or text, "fr": self.words or f"{text} (fr)"}

    def open_titled(self, owner: bytes) -> None:
        """An account with a title is opened."""
        account = seeded("titled opens id", 16)
        self.things[account] = Thing(SORT_ACCOUNT, owner)
        body: dict[str, Value] = {"owner": owner, "unit": "EUR", "type": "member", "title": self.names("Savings")}
        self.say("account.open", body, {account, owner}, label="titled opens")

    def contract(self, member: bytes, account: bytes) -> None:
        """The member signs an offer of two clauses, and not another one."""
        clauses: list[Value] = [
            {"kind": "rate_contribution", "of": "claim", "rate": [65, 1000], "to": [[account, 1]]},
            {"kind": "guaranteed_payment", "days": 7, "calendar": "working", "fund": account},
        ]
        offer: dict[str, Value] = {
            "parties": [self.log_id, member] if self.log_id < member else [member, self.log_id],
            "clauses": clauses, "from": DAY, "title": self.names("Labour mutual"),
        }  # fmt: skip
        signed = self.say("contract.offer", offer, {member})
        self.say("contract.sign", {"contract": signed, "party": member, "terms": bytes(32)}, {member})
        self.say("contract.offer", offer | {"until": DAY + 365, "title": self.names("Tool library")}, {member})

    def give(self, provider: bytes, receiver: bytes, number: int) -> None:
        """Something is done for somebody, now and then as a gift, and answered."""
        gift = number % 4 == 0
        body: dict[str, Value] = {
            "action": ACTIONS[number % len(ACTIONS)], "provider": provider, "receiver": receiver,
            "on": DAY + 11 * number, "stream": "love" if gift else "livelihood",
            "expects": "none" if gift else "reciprocity", "effort": {"amount": 150 + number, "unit": "h"},
        }  # fmt: skip
        concerned = self.members(provider, receiver)
        event = self.say("event", body, concerned)
        if number % 2:
            self.say("ack", {"event": event, "says": ANSWERS[number % 3]}, concerned)

    def speak(self, member: bytes) -> None:
        """A profile and a note."""
        text = self.words or "Carpenter, on Tuesdays"
        profile: dict[str, Value] = {"member": member, "name": self.words or "Ana", "contact": text, "about": text}
        self.beside += [self.log.size, self.log.size + 1]
        self.say("member.profile", profile, set(), signing_key("ana"), scope=2)
        self.say("note", {"about": member, "text": self.words or "Thank you.", "shows": text}, set())


def rich_statement(words: str = "", witnesses: tuple[str, ...] = (), years: int = 2) -> bytes:
    """The file of a member's two years; with `words` in every text field."""
    ledger = RichLedger(words)
    ana, bo = ledger.join("ana"), ledger.join("bo")
    fund, purse = ledger.open(ledger.log_id, "fund"), ledger.open(ana, "purse")
    ledger.open_titled(ana)
    ledger.contract(ana, fund)
    for number in range(30 * years):
        ledger.give(ana, bo if number % 3 else ledger.log_id, number)
        if number % 5 == 0:
            ledger.post((fund, -1_234_567), (purse, 1_234_567))
    claim: dict[str, Value] = {
        "debtor": ledger.log_id, "creditor": ana, "amount": 100_000, "unit": "EUR", "account": purse, "due": DAY + 30,
    }  # fmt: skip
    ledger.say("claim", claim, {ana})
    ledger.speak(ana)
    ledger.state()
    return write_member_statement(ledger.statement(ana, witnesses, trust_of(ledger, witnesses)))


def trust_of(ledger: Ledger, witnesses: tuple[str, ...]) -> bytes:
    """A trust file that names the log, and asks for all of these witnesses."""
    lines = [f"log {ledger.organisation.verifier_key}", *(f"witness {name} {witness_key(name)}" for name in witnesses)]
    lines += [f"group all all {' '.join(witnesses)}", "quorum all"] if witnesses else ["quorum none"]
    return "\n".join([*lines, ""]).encode()
