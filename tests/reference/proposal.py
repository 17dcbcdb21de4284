# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposals of anybody and decisions on them, spec 21."""

import hashlib

from tests.reference import messagepack
from tests.reference.messagepack import Value

PURPOSE = b"folkmoot/proposal/1\0"


def decision_id(claim_id: bytes, name: str) -> bytes:
    """The id of a statement that is entered with a claim, §2."""
    return hashlib.sha256(PURPOSE + claim_id + name.encode()).digest()[:16]


def state_of(record: dict[str, Value]) -> bytes:
    """The digest of a record that is accepted, §2."""
    shown = dict(record)
    contact = shown.get("contact")
    if isinstance(contact, dict) and contact["visibility"] == "members":
        del shown["contact"]
    return hashlib.sha256(messagepack.encode(shown)).digest()


def verdict(kind: str, signers: list[bytes], writers: list[bytes]) -> str:
    """Whether a claim by the first of the signers counts, §1: of the two kinds for anybody, any signature will do."""
    asked = signers if kind in {"claim.correct", "claim.report"} else signers[:1]
    return "applied" if any(signer in writers for signer in asked) else "not_authorised"
