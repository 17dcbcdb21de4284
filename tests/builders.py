# SPDX-License-Identifier: AGPL-3.0-or-later
"""Organisations and logs made from labels: the same label gives the same keys and bytes in every run."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from protocol.charter import Charter, recovery_key, recovery_set
from protocol.checkpoint import Checkpoint, cosign
from protocol.encoding import Value
from protocol.identity import Origin, log_id_of, witness_name
from protocol.merkle import Node, Peaks, consistency_nodes, fold_nodes, inclusion_nodes, leaf_hash
from protocol.multiproof import multiproof_nodes
from protocol.note import TYPE_COSIGNATURE, TYPE_ED25519, Note, VerifierKey, sign_note
from protocol.proof import write_proof
from protocol.signature import SigningKey
from protocol.statement import SCOPE_PUBLIC, commit, make_entry, make_payload, make_statement, sign_statement

START = 1_735_689_600
"""2025-01-01 00:00 UTC, when every log here begins."""


def seeded(label: str, size: int = 32) -> bytes:
    """Up to 32 bytes that stand for randomness."""
    return sha256(b"folkmoot/test\0" + label.encode()).digest()[:size]


def signing_key(label: str) -> SigningKey:
    """The key of that name."""
    return SigningKey.from_seed(seeded(label))


class Organisation(NamedTuple):
    """An organisation with all its secrets: two of its three recovery holders can change keys."""

    label: str
    key: SigningKey
    secrets: tuple[bytes, ...]
    charter: Charter
    payload: bytes
    log_id: bytes

    @property
    def origin(self) -> Origin:
        """The first epoch of its log."""
        return Origin(self.log_id, 1)

    @property
    def verifier_key(self) -> VerifierKey:
        """The key that signs its checkpoints."""
        return VerifierKey(str(self.origin), TYPE_ED25519, self.key.public)

    def holder(self, number: int, generation: int = 0) -> SigningKey:
        """A recovery key of one of the three holders."""
        return recovery_key(self.secrets[number], generation)


def make_charter(label: str, kseq: int = 0, **changes: Any) -> Charter:
    """A plain charter; its recovery set is that of generation `kseq`."""
    secrets = _secrets(label)
    fields: dict[str, Any] = {
        "name": {"en": label},
        "kind": "assembly",
        "languages": ["en"],
        "keys": [signing_key(label).public],
        "recovery": recovery_set(secrets, 2, kseq),
        "next": recovery_set(secrets, 2, kseq + 1).digest(),
        "witnesses": [],
        "quorum": 0,
        "endpoints": [],
        "licence": "CC0-1.0",
        "kseq": kseq,
    }
    return Charter(**(fields | changes))


def found_organisation(label: str = "moot", **changes: Any) -> Organisation:
    """An organisation whose charter its key and the first two recovery holders signed."""
    key, secrets, charter = signing_key(label), _secrets(label), make_charter(label, **changes)
    statement = make_statement(b"", "charter", seeded(f"{label} id", 16), START, key.public, charter.body())
    signers = (key, recovery_key(secrets[0], 0), recovery_key(secrets[1], 0))
    payload = make_payload(
        seeded(f"{label} salt"), statement, [sign_statement(statement, signer) for signer in signers]
    )
    return Organisation(label, key, secrets, charter, payload, log_id_of(statement))


def amend(organisation: Organisation, charter: Charter) -> bytes:
    """The payload of a further charter, signed by two holders with their old and new recovery keys."""
    kseq = charter.kseq
    signers = [organisation.holder(number, kseq) for number in (0, 1)]
    signers += [organisation.holder(number, kseq - 1) for number in (0, 1)]
    return make_statement_payload(organisation.log_id, "charter", charter.body(), signers, f"charter {kseq}")


def make_statement_payload(
    log_id: bytes, kind: str, body: dict[str, Value], signers: list[SigningKey], label: str = "statement"
) -> bytes:
    """The payload of a statement by the first signer, signed by all of them."""
    statement = make_statement(log_id, kind, seeded(f"{label} id", 16), START, signers[0].public, body)
    return make_payload(seeded(f"{label} salt"), statement, [sign_statement(statement, signer) for signer in signers])


class Log:
    """A log with its tree: `entries` are (entry, payload), the charter first. Grows by `append`."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.entries: list[tuple[bytes, bytes]] = []
        self._peaks = Peaks()
        self._hashes: dict[Node, bytes] = {}
        self.append(organisation.payload)

    @property
    def size(self) -> int:
        """How many entries it has."""
        return len(self.entries)

    def append(self, payload: bytes, scope: int = SCOPE_PUBLIC) -> int:
        """Adds a payload, a minute after the one before; its position."""
        return self.add(make_entry(START + 60 * self.size, scope, commit(payload)), payload)

    def add(self, entry: bytes, payload: bytes) -> int:
        """Adds an entry as it is; its position."""
        position = self.size
        self.entries.append((entry, payload))
        leaf = leaf_hash(entry)
        self._hashes[Node(0, position)] = leaf
        self._peaks.append(leaf, lambda level, number, value: self._hashes.update({Node(level, number): value}))
        return position

    def grow(self, size: int) -> Log:
        """Adds endorsements by the organisation until there are `size` entries."""
        organisation = self.organisation
        for position in range(self.size, size):
            body: dict[str, Value] = {
                "subject": {"log": organisation.log_id, "id": seeded("endorsed", 16)},
                "note": f"entry {position}",
            }
            label = f"{organisation.label} {position}"
            self.append(make_statement_payload(organisation.log_id, "claim.endorse", body, [organisation.key], label))
        return self

    def checkpoint(self) -> Checkpoint:
        """What the log says of itself now."""
        return Checkpoint(str(self.organisation.origin), self.size, self._peaks.root())

    def note(self, witnesses: tuple[str, ...] = ()) -> Note:
        """The signed checkpoint, cosigned by the witnesses of these labels a minute after the last entry."""
        checkpoint, time = self.checkpoint(), START + 60 * self.size
        lines = [sign_note(checkpoint.text, checkpoint.origin, self.organisation.key)]
        lines += [cosign(checkpoint, witness_key(label).name, signing_key(label), time) for label in witnesses]
        return Note(checkpoint.text, tuple(lines))

    def prove_inclusion(self, index: int) -> list[bytes]:
        """The inclusion proof of an entry in the log as it is now."""
        return fold_nodes(inclusion_nodes(index, self.size), self._hashes)

    def prove_many(self, positions: list[int]) -> list[bytes]:
        """The multiproof of entries in the log as it is now."""
        return fold_nodes(multiproof_nodes(positions, self.size), self._hashes)

    def prove_consistency(self, old: int) -> list[bytes]:
        """The proof that the first `old` entries are the beginning of the log as it is now."""
        return fold_nodes(consistency_nodes(old, self.size), self._hashes)

    def proof_file(self, index: int, witnesses: tuple[str, ...] = ()) -> bytes:
        """The proof file of an entry, with its payload."""
        return write_proof(*self.entries[index], index, self.prove_inclusion(index), bytes(self.note(witnesses)))


def witness_key(label: str) -> VerifierKey:
    """The cosigning key of a witness: a node with a log of that label."""
    return VerifierKey(witness_name(seeded(f"{label} log")), TYPE_COSIGNATURE, signing_key(label).public)


def _secrets(label: str) -> tuple[bytes, ...]:
    return tuple(seeded(f"{label} holder {number}") for number in range(3))
