# SPDX-License-Identifier: AGPL-3.0-or-later
"""An entry of another log that proves itself: charters, checkpoint, inclusion, payload (spec 19). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from protocol.charter import establish
from protocol.checkpoint import parse_checkpoint
from protocol.errors import Malformed
from protocol.identity import Origin
from protocol.merkle import check_inclusion, leaf_hash
from protocol.note import verified_by
from protocol.statement import SCOPE_PUBLIC, Entry, Statement, open_payload, parse_entry

if TYPE_CHECKING:
    from protocol.reciprocity_bodies import ProvenEntry


class Proven(NamedTuple):
    """What was proved: the log, its position, the entry's time, the statement, and whose signatures on it hold."""

    log_id: bytes
    position: int
    at: int
    statement: Statement
    signers: frozenset[bytes]


def check_proven(proof: ProvenEntry, log_id: bytes) -> Proven:
    """What a proof shows of a log. Raises Malformed with the reason why it shows nothing.

    Any operating key that the charters name may have signed the checkpoint: a proof made before a key was replaced
    stays one.
    """
    keys = establish(proof.charters)
    if keys.log_id != log_id:
        raise Malformed("wrong_log", "the charters are those of another log")
    checkpoint, note = parse_checkpoint(proof.note)
    origin = Origin.parse(checkpoint.origin)
    if origin.log_id != log_id:
        raise Malformed("wrong_log", "the checkpoint is that of another log")
    if not verified_by(note, [*keys.verifier_keys(origin.epoch), *keys.earlier_keys(origin.epoch)]):
        raise Malformed("bad_signature", "no operating key of that log has signed the checkpoint")
    check_inclusion(proof.index, checkpoint.size, leaf_hash(proof.entry), tuple(proof.hashes), checkpoint.root)
    entry = parse_entry(proof.entry)
    if not isinstance(entry, Entry):
        raise Malformed("entry_version", "an entry of a version that this program does not know")
    if entry.scope != SCOPE_PUBLIC:
        raise Malformed("scope", "an entry that is not public has no effect")
    opened = open_payload(proof.payload, entry.commitment, log_id, proof.index, origin.epoch)
    if not isinstance(opened.statement, Statement):
        raise Malformed("statement_version", "a statement of a version that this program does not know")
    opened.verify()
    signers = frozenset(signature.key for signature in opened.payload.signatures)
    return Proven(log_id, proof.index, entry.at, opened.statement, signers)
