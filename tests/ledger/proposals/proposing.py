# SPDX-License-Identifier: AGPL-3.0-or-later
"""An organisation with one record, and somebody who proposes with a key of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.proposals.inbox import Sent
from protocol.statement import make_statement, sign_statement
from tests.builders import START, seeded, signing_key

if TYPE_CHECKING:
    from ledger.ledger import Ledger

SOMEBODY = signing_key("somebody")
MILL: dict[str, Any] = {
    "id": seeded("mill", 16),
    "kind": "place",
    "name": {"en": "The mill", "fr": "Le moulin"},
    "description": {"en": "Bread."},
    "licence": "CC0-1.0",
}


def enter(ledger: Ledger, **changes: Any) -> None:
    """Puts the mill into the log, with changes."""
    record = {key: value for key, value in (MILL | changes).items() if value is not None}
    ledger.writer.append([ledger.state("record.put", {"record": record})]).result()
    ledger.writer.settle()


def correction(ledger: Ledger, label: str = "one", note: str = "", **changes: Any) -> Sent:
    """What somebody sends: the mill with changes."""
    record = {key: value for key, value in (MILL | changes).items() if value is not None}
    body: dict[str, Any] = {"subject": {"log": ledger.log_id, "id": record["id"]}, "record": record}
    return sent(ledger, "claim.correct", body | ({"note": note} if note else {}), label)


def report(ledger: Ledger, label: str = "report", **changes: Any) -> Sent:
    """A report about the mill."""
    body = {"subject": {"log": ledger.log_id, "id": MILL["id"]}, "type": "not_there"} | changes
    return sent(ledger, "claim.report", body, label)


def sent(ledger: Ledger, kind: str, body: dict[str, Any], label: str, log_id: bytes = b"") -> Sent:
    """A statement of somebody's with their signature."""
    made = make_statement(log_id or ledger.log_id, kind, seeded(label, 16), START, SOMEBODY.public, body)
    return Sent(made, sign_statement(made, SOMEBODY)[1])
