# SPDX-License-Identifier: AGPL-3.0-or-later
"""Made-up organisations with real logs, so that what one has said can be proved to the other."""

from __future__ import annotations

from typing import Any, NamedTuple

from ledger.reciprocity.book import Said
from ledger.reciprocity.state import Outgoing
from protocol.merkle import leaf_hash
from protocol.signature import SigningKey
from protocol.statement import commit, make_entry, make_payload, sign_statement
from tests.builders import Log, found_organisation, seeded
from tests.ledger.reciprocity.town import AT, Town


class Moot(Town):
    """An organisation whose statements stand in a log with a charter."""

    def __init__(self, label: str) -> None:
        self.log = Log(found_organisation(label))
        super().__init__(self.log.organisation.log_id)
        self.org = self.log.organisation.key
        self.position = 1

    def enter(self, data: bytes, keys: tuple[SigningKey, ...]) -> None:
        payload = make_payload(seeded(f"salt {self.position}"), data, [sign_statement(data, key) for key in keys])
        entry = make_entry(self.at, 0, commit(payload))
        self.log.add(entry, payload)
        self.hear(data, frozenset(key.public for key in keys), leaf_hash(entry))

    def where(self, statement_id: bytes) -> int:
        """The position of a statement."""
        said: Said | None = self.book.said(statement_id)
        assert said is not None
        return said.position

    def prove(self, statement_id: bytes) -> dict[str, Any]:
        """A proof of what was said under that id, as the log is now."""
        return self.prove_at(self.where(statement_id))

    def prove_at(self, position: int) -> dict[str, Any]:
        entry, payload = self.log.entries[position]
        return {
            "charters": [self.log.organisation.payload],
            "note": bytes(self.log.note()),
            "index": position,
            "hashes": self.log.prove_inclusion(position),
            "entry": entry,
            "payload": payload,
        }


class Side(NamedTuple):
    """A moot with one member, who has an account with 10,000, and the account of the neighbour."""

    moot: Moot
    member: bytes
    wallet: bytes
    bank: bytes
    connector: bytes

    @property
    def key(self) -> SigningKey:
        return self.moot.keys[self.member]

    def reserving(self, other: Side, amount: int, **fields: Any) -> dict[str, Any]:
        body = {"account": self.wallet, "connector": self.connector, "log": other.moot.log_id, "to": other.wallet}
        return {**body, "amount": amount, "unit": "EUR", "scale": 2, "deadline": AT + 1_000, **fields}

    def reserve(self, other: Side, amount: int, **fields: Any) -> bytes:
        """Reserves an amount for the other's member; the id of the payment."""
        return self.moot.must("xfer.reserve", self.reserving(other, amount, **fields), self.key)

    def accepting(self, payer: Side, transfer: bytes, **fields: Any) -> dict[str, Any]:
        outgoing = payer.moot.cell(Outgoing, transfer)
        body = {"transfer": transfer, "log": payer.moot.log_id, "account": self.wallet, "connector": self.connector}
        proof = {} if "proof" in fields else {"proof": payer.moot.prove(transfer)}
        return {**body, "amount": outgoing.amount, "unit": outgoing.unit, **proof, **fields}

    def accept(self, payer: Side, transfer: bytes) -> bytes:
        return self.moot.must("xfer.accept", self.accepting(payer, transfer), self.key)

    def refusing(self, payer: Side, transfer: bytes, why: str = "unwanted") -> dict[str, Any]:
        return {"transfer": transfer, "log": payer.moot.log_id, "why": why, "proof": payer.moot.prove(transfer)}


def neighbours(**limits: Any) -> tuple[Side, Side]:
    """Two organisations that trade; `limits` are those that both give."""
    moots = [Moot("alder"), Moot("birch")]
    sides = []
    for moot, other in zip(moots, reversed(moots), strict=True):
        moot.unit()
        member = moot.member()
        wallet, bank = moot.account(member), moot.account(type_="external")
        connector = moot.account(type_="connector", peer=other.log_id, **limits)
        moot.move("opening", {bank: -10_000, wallet: 10_000})
        sides.append(Side(moot, member, wallet, bank, connector))
    return sides[0], sides[1]
