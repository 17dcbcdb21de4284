# SPDX-License-Identifier: AGPL-3.0-or-later
"""One small log with its keys and witnesses, which the cases of several pages use."""

from functools import cache

from tests.reference.charter import log_id_of, recovery_digest, recovery_signer, to_base32
from tests.reference.messagepack import Value
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.statement import Entry, Payload, Statement, commitment, seal
from tests.reference.verifier_key import LOG_TYPE, WITNESS_TYPE, VerifierKey

OPERATOR = signer("operator")
SECRETS = [seeded_bytes(f"recovery secret {number}") for number in range(3)]
WITNESSES = {name: signer(name) for name in ("north", "south", "east", "west")}
# 2025-01-01 00:00 UTC.
START = 1_735_689_600


def recovery_signers(generation: int) -> list[Signer]:
    """The holders' keys of a generation, in order of holder."""
    return [recovery_signer(secret, generation) for secret in SECRETS]


def recovery_set(generation: int, threshold: int = 2) -> dict[str, Value]:
    """The recovery set of a generation as a charter states it."""
    keys: list[Value] = sorted(one.public_key for one in recovery_signers(generation))
    return {"keys": keys, "threshold": threshold}


def next_digest(generation: int, threshold: int = 2) -> bytes:
    """The digest of the recovery set of a generation."""
    return recovery_digest(threshold, [one.public_key for one in recovery_signers(generation)])


def charter_body(kseq: int = 0, **changes: Value) -> dict[str, Value]:
    """A plain charter; the recovery set's generation is its kseq."""
    body: dict[str, Value] = {
        "name": {"en": "Green Quarter Assembly", "de": "Versammlung Gr\u00fcnes Viertel"},
        "kind": "assembly",
        "languages": ["en", "de"],
        "keys": [OPERATOR.public_key],
        "recovery": recovery_set(kseq),
        "next": next_digest(kseq + 1),
        "witnesses": [],
        "quorum": 0,
        "endpoints": ["https://moot.example/"],
        "licence": "CC0-1.0",
        "kseq": kseq,
    }
    return body | changes


def charter_statement(body: dict[str, Value], author: Signer = OPERATOR, log_id: bytes = b"") -> Statement:
    """A charter as a statement."""
    return Statement(log_id, "charter", seeded_bytes("charter id", 16), START, author.public_key, body)


@cache
def first_payload() -> Payload:
    """The payload of the first charter, signed by the operator and two of three holders."""
    statement = charter_statement(charter_body())
    return seal(statement, seeded_bytes("charter salt"), OPERATOR, recovery_signers(0)[:2])


@cache
def log_id() -> bytes:
    """The identity of the log."""
    return log_id_of(first_payload().statement)


def origin(epoch: int = 1) -> str:
    """The origin of the log's checkpoints."""
    return f"folkmoot/{to_base32(log_id())}/{epoch}"


def log_key() -> VerifierKey:
    """The key that signs the log's checkpoints."""
    return VerifierKey(origin(), LOG_TYPE, OPERATOR.public_key)


def witness_key(name: str) -> VerifierKey:
    """The cosigning key of a witness."""
    return VerifierKey(f"witness.example/{name}", WITNESS_TYPE, WITNESSES[name].public_key)


def make_statement(label: str, body: dict[str, Value] | None = None, **changes: Value) -> Statement:
    """A statement of the operator in the log."""
    fields: dict[str, Value] = {
        "log_id": log_id(),
        "kind": "claim.endorse",
        "id": seeded_bytes(f"{label} id", 16),
        "at": START + 60,
        "author": OPERATOR.public_key,
        "body": {"note": label} if body is None else body,
    }
    return Statement(**(fields | changes))


def make_payload(label: str, **changes: Value) -> Payload:
    """A payload of such a statement, signed by the operator."""
    return seal(make_statement(label, **changes), seeded_bytes(f"{label} salt"), OPERATOR)


def make_entry(payload: bytes, position: int = 1, scope: int = 0) -> Entry:
    """The entry of a payload, one minute after the one before."""
    return Entry(START + 60 * position, scope, commitment(payload))


@cache
def log(length: int = 7) -> tuple[tuple[bytes, bytes], ...]:
    """The log's entries with their payloads: the charter, then endorsements."""
    payloads = [first_payload(), *(make_payload(f"entry {number}") for number in range(1, length))]
    encoded = [payload.encode() for payload in payloads]
    return tuple((make_entry(data, position).encode(), data) for position, data in enumerate(encoded))
