# SPDX-License-Identifier: AGPL-3.0-or-later
"""Choosing the witnesses of the own log, and showing them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import RefusedError
from ledger.held.state import witnesses_of
from ledger.held.witness import witness_verifier
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


def parse_witness_key(text: str) -> VerifierKey:
    """The verifier key of a witness. Raises Malformed (`verifier_key`)."""
    key = VerifierKey.parse(text)
    if key.type != TYPE_COSIGNATURE:
        raise Malformed("verifier_key", f"{key.name} is not the key of a witness (type {TYPE_COSIGNATURE})")
    return key


def check_choice(ledger: Ledger, key: VerifierKey) -> None:
    """Raises RefusedError if a key cannot be that of a witness of the own log: it is the own one, or chosen already."""
    own = witness_verifier(ledger)
    if key.public == own.public:
        raise RefusedError("that is this node's own witness key: give it to others, and take theirs")
    with ledger.store.read() as reads:
        for text, _ in reads.witnesses():
            other = VerifierKey.parse(text)
            if other.public == key.public and other != key:
                raise RefusedError(f"that is the key of {other.name}, which is a witness already")
