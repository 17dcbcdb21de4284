# SPDX-License-Identifier: AGPL-3.0-or-later
"""What names the statements that carry out a decision on a claim, and the state that was accepted (spec 21 §2)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from protocol.encoding import encode

if TYPE_CHECKING:
    from protocol.encoding import Value

_TAG = b"folkmoot/proposal/1\0"
_ID_BYTES = 16


class DecisionIds(NamedTuple):
    """The ids of the statements that are entered with a claim: they follow from its own."""

    put: bytes
    close: bytes
    circle: bytes
    decided: bytes


def decision_ids(claim_id: bytes) -> DecisionIds:
    """The ids that belong to a claim of this id."""
    return DecisionIds(*(_id(claim_id, name) for name in DecisionIds._fields))


def _id(claim_id: bytes, name: str) -> bytes:
    return sha256(_TAG + claim_id + name.encode()).digest()[:_ID_BYTES]


def without_private(record: dict[str, Value]) -> dict[str, Value]:
    """A record's map without a contact that is for members."""
    contact = record.get("contact")
    private = isinstance(contact, dict) and contact.get("visibility") != "public"
    return {key: value for key, value in record.items() if key != "contact" or not private}


def state_digest(record: dict[str, Value]) -> bytes:
    """What a decision names of the record that it accepts."""
    return sha256(encode(without_private(record))).digest()
