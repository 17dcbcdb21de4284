# SPDX-License-Identifier: AGPL-3.0-or-later
"""Choosing the witnesses of the own log, and showing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import RefusedError
from ledger.state import witnesses_of
from ledger.witness import witness_verifier
from protocol.errors import Malformed
from protocol.note import TYPE_COSIGNATURE, VerifierKey

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.sqlite.store import Snapshot


def witnesses_object(reads: Snapshot, own: int) -> dict[str, Any]:
    """The witnesses of the own log as JSON."""
    tree = reads.tree_numbered(own)
    found = witnesses_of(reads, tree)
    return {
        "schema": "folkmoot.witnesses/1",
        "by": "charter" if found.by_charter else "operator",
        "quorum": found.needed,
        "size": tree.size,
        "published_size": reads.published(own)[0],
        "witnesses": [{"name": one.key.name, "key": str(one.key), "url": one.url} for one in found.chosen],
    }


def parse_witness_key(ledger: Ledger, text: str) -> str:
    """A verifier key that can be that of a witness of the own log. Raises Malformed, RefusedError."""
    key = VerifierKey.parse(text)
    if key.type != TYPE_COSIGNATURE:
        raise Malformed("verifier_key", f"{key.name} is not the key of a witness (type {TYPE_COSIGNATURE})")
    if key == witness_verifier(ledger):
        raise RefusedError("that is this node's own witness key: give it to others, and take theirs")
    return text
