# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs whose keys change: what their owner signs, and what a thief does with a key that was removed."""

from __future__ import annotations

from typing import Any

from ledger.held.replica import Replica, VerifiedHead, accept_head, store_range, verify_head
from ledger.sqlite.store import SqliteStore
from protocol.charter import Opens
from protocol.checkpoint import Checkpoint
from protocol.identity import Origin
from protocol.merkle import Peaks, leaf_hash
from protocol.note import Note, sign_note
from protocol.signature import SigningKey
from tests.builders import Log, amend, found_organisation, make_charter, make_statement_payload, seeded, signing_key

Pair = tuple[bytes, bytes]

MOOT = found_organisation()
OLD, NEW, THIRD = MOOT.key, signing_key("new key"), signing_key("third key")


def rotated(**changes: Any) -> bytes:
    """The amendment that puts the new key in the place of the old one."""
    return amend(MOOT, make_charter("moot", 1, **({"keys": [NEW.public]} | changes)))


def said(log: Log, key: SigningKey, label: str) -> int:
    """Appends an endorsement by a key."""
    body: dict[str, Any] = {"subject": {"log": MOOT.log_id, "id": seeded("endorsed", 16)}, "note": label}
    return log.append(make_statement_payload(MOOT.log_id, "claim.endorse", body, [key], label))


def before(size: int = 10) -> Log:
    """The log before its key was changed."""
    return Log(MOOT).grow(size)


def root_of_pairs(pairs: list[Pair]) -> bytes:
    """The root over entries."""
    peaks = Peaks()
    for entry, _ in pairs:
        peaks.append(leaf_hash(entry))
    return peaks.root()


def head(pairs: list[Pair], key: SigningKey, charters: list[bytes], epoch: int = 1) -> VerifiedHead:
    """A checkpoint over entries by a key, told with these charters."""
    checkpoint = Checkpoint(str(Origin(MOOT.log_id, epoch)), len(pairs), root_of_pairs(pairs))
    note = Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, key),))
    return verify_head(bytes(note), charters)


def opening(pairs: list[Pair], epoch: int = 2) -> Opens:
    """What a charter says that accepts these entries."""
    return Opens(epoch, len(pairs), root_of_pairs(pairs))


def take(store: SqliteStore, pairs: list[Pair], given: VerifiedHead) -> None:
    """Accepts a head and fetches what it lacks, as a replica does. Raises RefusedError."""
    with store.write() as change:
        tree = accept_head(change, given)
    if tree.size >= given.checkpoint.size:
        return
    with store.read() as reads:
        replica = Replica(tree, reads)
    verified = replica.verify_range(given, tree.size, pairs[tree.size : given.checkpoint.size], [])
    with store.write() as change:
        store_range(change, verified)
