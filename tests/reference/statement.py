# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statement, payload and entry, spec 03."""

import hashlib
import re
from dataclasses import dataclass

from tests.reference import ed25519, messagepack
from tests.reference.messagepack import Value
from tests.reference.rejection import RejectionError, require
from tests.reference.seeded import Signer
from tests.reference.shape import is_array, is_bytes, is_integer, is_map

STATEMENT_PURPOSE = b"folkmoot/statement/1\0"
PAYLOAD_PURPOSE = b"folkmoot/payload/1\0"
TIME_MAX = 2**40 - 1


@dataclass(frozen=True)
class Statement:
    """What is said, spec 03 §1; version 1."""

    log_id: bytes
    kind: str
    id: bytes
    at: int
    author: bytes
    body: dict[str, Value]

    def encode(self) -> bytes:
        """The bytes that authors sign."""
        return messagepack.encode([1, self.log_id, self.kind, self.id, self.at, self.author, self.body])


@dataclass(frozen=True)
class Payload:
    """A statement's bytes with a salt and signatures, spec 03 §2."""

    salt: bytes
    statement: bytes
    signatures: list[tuple[bytes, bytes]]

    def encode(self) -> bytes:
        """The bytes that an entry commits to."""
        pairs: list[Value] = [[key, signature] for key, signature in self.signatures]
        return messagepack.encode([self.salt, self.statement, pairs])


@dataclass(frozen=True)
class Entry:
    """The leaf data of the tree, spec 03 §3; version 1."""

    at: int
    scope: int
    commitment: bytes

    def encode(self) -> bytes:
        """The bytes of the leaf."""
        return messagepack.encode([1, self.at, self.scope, self.commitment])


def decode_versioned(data: bytes, form: str, version: str, length: int) -> list[Value]:
    """An array that begins with the integer 1; another integer there is refused before all else."""
    try:
        value = messagepack.decode(data)
    except RejectionError:
        raise RejectionError(form) from None
    require(is_array(value, 1) and is_integer(value[0], -(2**63)), form)
    require(value[0] == 1, version)
    require(len(value) == length, form)
    return list(value)


def decode_statement(data: bytes) -> Statement:
    """A statement, or `statement_form`, `statement_version`."""
    value = decode_versioned(data, "statement_form", "statement_version", 7)
    require(len(data) <= 61_440, "statement_form")
    _, log_id, kind, identity, at, author, body = value
    require(is_bytes(log_id, 32) or log_id == b"", "statement_form")
    require(isinstance(kind, str) and re.fullmatch(r"[a-z0-9._-]{1,64}", kind), "statement_form")
    require(is_bytes(identity, 16) and is_integer(at, 0, TIME_MAX) and is_bytes(author, 32), "statement_form")
    require(is_map(body), "statement_form")
    return Statement(log_id, kind, identity, at, author, body)


def decode_payload(data: bytes) -> Payload:
    """A payload of the right form, or `payload_form`. The order of its signatures is not looked at."""
    try:
        value = messagepack.decode(data)
    except RejectionError:
        raise RejectionError("payload_form") from None
    require(is_array(value, 3, 3), "payload_form")
    salt, statement, signatures = value
    require(is_bytes(salt, 32) and is_bytes(statement) and is_array(signatures, 1, 16), "payload_form")
    for pair in signatures:
        require(is_array(pair, 2, 2), "payload_form")
        require(is_bytes(pair[0], 32) and is_bytes(pair[1], 64), "payload_form")
    return Payload(salt, statement, [(key, signature) for key, signature in signatures])


def decode_entry(data: bytes) -> Entry:
    """An entry, or `entry_form`, `entry_version`, `scope`."""
    _, at, scope, entry_commitment = decode_versioned(data, "entry_form", "entry_version", 4)
    require(is_integer(at, 0, TIME_MAX) and is_bytes(entry_commitment, 32), "entry_form")
    require(is_integer(scope, -(2**63)), "entry_form")
    require(scope in (0, 1, 2), "scope")
    return Entry(at, scope, entry_commitment)


def commitment(payload: bytes) -> bytes:
    """What an entry says of its payload, spec 03 §3."""
    return hashlib.sha256(PAYLOAD_PURPOSE + payload).digest()


def seal(statement: Statement, salt: bytes, author: Signer, others: list[Signer] | None = None) -> Payload:
    """A payload with the author's signature and those of the others in order of key."""
    data = statement.encode()
    ordered = [author, *sorted(others or [], key=lambda other: other.public_key)]
    return Payload(salt, data, [(one.public_key, one.sign(STATEMENT_PURPOSE + data)) for one in ordered])


def check_signature_order(payload: Payload, author: bytes) -> None:
    """`author_signature` or `signature_order`, spec 03 §2."""
    first, *others = [key for key, _ in payload.signatures]
    require(first == author, "author_signature")
    require(others == sorted(set(others)) and author not in others, "signature_order")


def check_signatures(payload: Payload, author: bytes) -> None:
    """`author_signature`, `signature_order` or `bad_signature`, spec 03 §4."""
    check_signature_order(payload, author)
    for key, signature in payload.signatures:
        valid = ed25519.is_valid(key, STATEMENT_PURPOSE + payload.statement, signature)
        require(valid, "bad_signature")


def check_entry(entry_bytes: bytes, payload_bytes: bytes, log_id: bytes, position: int, at_before: int) -> None:
    """All that spec 03 §4 asks of an entry that is under a checkpoint, in the order of its reason words.

    Empty `payload_bytes`: there is no payload.
    """
    entry = decode_entry(entry_bytes)
    require(entry.at >= at_before, "at_decreases")
    if not payload_bytes:
        return
    require(commitment(payload_bytes) == entry.commitment, "commitment")
    payload = decode_payload(payload_bytes)
    statement = decode_statement(payload.statement)
    if position == 0:
        require(statement.log_id == b"", "wrong_log")
        require(hashlib.sha256(payload.statement).digest() == log_id, "wrong_log")
    else:
        require(statement.log_id == log_id, "wrong_log")
    check_signatures(payload, statement.author)


def check_erase_body(body: Value) -> None:
    """The body of an `erase`, spec 03 §5, or `malformed` (spec 10 §3)."""
    require(is_map(body), "malformed")
    require(is_integer(body.get("position")), "malformed")
    require(body.get("reason") in ("request", "expired", "mistake", "law"), "malformed")


def check_override_body(body: Value) -> None:
    """The body of an `override`, spec 03 §6, or `malformed` (spec 10 §3)."""
    require(is_map(body), "malformed")
    require(is_integer(body.get("size")), "malformed")
    root, reason = body.get("root"), body.get("reason")
    require(isinstance(root, bytes) and len(root) == 32, "malformed")
    require(isinstance(reason, str) and 1 <= len(reason) <= 500, "malformed")
