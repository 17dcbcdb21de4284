# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members and accounts in a real data directory: what is said is written, signed and folded."""

from __future__ import annotations

from typing import Any

from ledger.deriving.books import open_book
from ledger.ledger import Ledger
from ledger.own.log import Submission, submission
from ledger.reciprocity.state import Account
from protocol.signature import SigningKey
from protocol.statement import make_payload, make_statement, sign_statement
from tests.builders import seeded, signing_key


def payload_of(ledger: Ledger, kind: str, body: dict[str, Any], *signers: SigningKey, label: str = "") -> bytes:
    """A signed payload, by the organisation if nobody is named; the label gives it its id."""
    keys = signers or (ledger.key,)
    one_id = seeded(label or f"{kind} {body}", 16)
    statement = make_statement(ledger.log_id, kind, one_id, int(ledger.clock()), keys[0].public, body)
    return make_payload(
        seeded(f"salt {label} {kind} {body}"), statement, [sign_statement(statement, key) for key in keys]
    )


def ready(ledger: Ledger, kind: str, body: dict[str, Any], *signers: SigningKey, label: str = "") -> Submission:
    return submission(payload_of(ledger, kind, body, *signers, label=label))


def say(ledger: Ledger, kind: str, body: dict[str, Any], *signers: SigningKey, label: str = "") -> bytes:
    """Writes a statement; its id."""
    item = ready(ledger, kind, body, *signers, label=label)
    ledger.writer.append([item]).result()
    return item.id


def unit(ledger: Ledger, code: str = "EUR") -> None:
    say(ledger, "unit.define", {"code": code, "scale": 2, "sort": "money", "name": {"en": code}})


def member(ledger: Ledger, name: str) -> tuple[bytes, SigningKey]:
    """A member and its key."""
    key = signing_key(f"member {name}")
    return say(ledger, "member.join", {"key": key.public, "class": "worker", "custody": "own"}, ledger.key, key), key


def account(ledger: Ledger, owner: bytes = b"", type_: str = "member", **fields: Any) -> bytes:
    body = {"owner": owner or ledger.log_id, "unit": "EUR", "type": type_, **fields}
    return say(ledger, "account.open", body, label=f"account {owner.hex()} {type_} {fields}")


def post(code: str, legs: dict[bytes, int], **basis: Any) -> dict[str, Any]:
    """The body of a post."""
    body: dict[str, Any] = {"code": code, "legs": sorted([one, amount] for one, amount in legs.items()), "on": 20_000}
    return body | ({"basis": basis} if basis else {})


def posted(ledger: Ledger, one: bytes) -> int:
    """What an account holds, everything folded."""
    ledger.writer.settle()
    with ledger.store.read() as reads:
        found = open_book(reads, reads.tree_numbered(ledger.own.tree)).get(Account, one)
    assert found is not None
    return found.posted
