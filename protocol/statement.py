# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statement, payload, entry: what is said, what is kept, what is hashed (spec 03)."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, NamedTuple

import msgspec

from protocol.encoding import Limits, Value, decode, encode
from protocol.errors import Malformed
from protocol.signature import SigningKey, verify

VERSION = 1
AT_MAX = 2**40 - 1
STATEMENT_BYTES_MAX = 61_440
PAYLOAD_BYTES_MAX = 65_536
SIGNATURES_MAX = 16
SCOPE_PUBLIC, SCOPE_CIRCLE, SCOPE_PRIVATE = SCOPES = 0, 1, 2
SCOPE_NAMES = ("public", "circle", "private")

_STATEMENT_TAG = b"folkmoot/statement/1\0"
_PAYLOAD_TAG = b"folkmoot/payload/1\0"
_BODY_LIMITS = Limits(input_bytes=STATEMENT_BYTES_MAX, depth=7)
_KIND = re.compile(r"[a-z0-9._-]{1,64}")

_Time = Annotated[int, msgspec.Meta(ge=0, le=AT_MAX)]
_Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_LogId = Annotated[bytes, msgspec.Meta(max_length=32)]


class Statement(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """What somebody says (spec 03 §1). `body` is still encoded: `read_body` gives its value."""

    version: int
    log_id: _LogId
    kind: str
    id: _Id
    at: _Time
    author: _Hash
    body: msgspec.Raw

    def read_body(self) -> dict[str, Value]:
        """The body as a map. Raises Malformed (`statement_form`) if its encoding is not that of spec 01."""
        try:
            value = decode(bytes(self.body), _BODY_LIMITS)
        except Malformed as error:
            raise Malformed("statement_form", error.text) from None
        if not isinstance(value, dict):
            raise Malformed("statement_form", "the body of a statement is a map")
        return value


class Signature(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """Who signed, and the signature: 32 and 64 bytes."""

    key: _Hash
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class Payload(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is kept beside the log and can be erased (spec 03 §2). `statement` is the statement's bytes."""

    salt: _Hash
    statement: bytes
    signatures: list[Signature]


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False, forbid_unknown_fields=True):
    """The leaf data of the tree (spec 03 §3)."""

    version: int
    at: _Time
    scope: int
    commitment: _Hash


class Opaque(NamedTuple):
    """An entry or statement of a version that this program does not know: kept and passed on unread."""

    version: int


_encoder = msgspec.msgpack.Encoder()
_statement_decoder = msgspec.msgpack.Decoder(Statement)
_payload_decoder = msgspec.msgpack.Decoder(Payload)
_entry_decoder = msgspec.msgpack.Decoder(Entry)


def make_statement(
    log_id: bytes, kind: str, statement_id: bytes, at: int, author: bytes, body: dict[str, Value]
) -> bytes:
    """The bytes of a statement. Raises Malformed if a part breaks spec 03 §1."""
    data = encode([VERSION, log_id, kind, statement_id, at, author, body], Limits(input_bytes=STATEMENT_BYTES_MAX))
    parse_statement(data)
    return data


def parse_statement(data: bytes) -> Statement | Opaque:
    """The statement in these bytes, its body not yet read. Raises Malformed (`statement_form`)."""
    if len(data) > STATEMENT_BYTES_MAX:
        raise Malformed(
            "statement_form", f"a statement of {len(data)} bytes, at most {STATEMENT_BYTES_MAX} are allowed"
        )
    try:
        statement = _statement_decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return _opaque_or_refused(data, "statement_form", error)
    if statement.version != VERSION:
        return _opaque_or_refused(data, "statement_form", f"version {statement.version}")
    if len(statement.log_id) not in {0, 32} or not _is_kind(statement.kind):
        raise Malformed("statement_form", f"a statement with a wrong log id or kind {statement.kind[:70]!r}")
    if _encoder.encode(statement) != data or bytes(statement.body)[:1] not in _MAP_HEADS:
        raise Malformed("statement_form", "a second spelling of a statement, or a body that is not a map")
    return statement


@lru_cache(256)
def _is_kind(text: str) -> bool:
    return bool(_KIND.fullmatch(text))


_MAP_HEADS = frozenset(bytes([head]) for head in (*range(0x80, 0x90), 0xDE, 0xDF))


def _opaque_or_refused(data: bytes, reason: str, error: object) -> Opaque:
    """Opaque for well-encoded bytes of a higher version; raises Malformed for all else."""
    try:
        value = decode(data)
    except Malformed:
        value = 0
    version = value[0] if isinstance(value, list) and value else 0
    if type(version) is int and version > VERSION:
        return Opaque(version)
    raise Malformed(reason, f"not a {reason.removesuffix('_form')}: {error}")


def make_payload(salt: bytes, statement: bytes, signatures: list[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a payload; signatures are (key, signature), the author's first. Raises Malformed."""
    author, others = signatures[0], sorted(signatures[1:])
    payload = Payload(salt, statement, [Signature(*pair) for pair in (author, *others)])
    data = _encoder.encode(payload)
    parse_payload(data)
    return data


def parse_payload(data: bytes) -> Payload:
    """The payload in these bytes, nothing in it verified. Raises Malformed (`payload_form`, `signature_order`)."""
    if len(data) > PAYLOAD_BYTES_MAX:
        raise Malformed("payload_form", f"a payload of {len(data)} bytes, at most {PAYLOAD_BYTES_MAX} are allowed")
    try:
        payload = _payload_decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed("payload_form", f"not a payload: {error}") from None
    if not 1 <= len(payload.signatures) <= SIGNATURES_MAX:
        raise Malformed("payload_form", f"a payload with {len(payload.signatures)} signatures")
    if _encoder.encode(payload) != data:
        raise Malformed("payload_form", "a second spelling of a payload")
    if len(payload.signatures) > 1:
        keys = [signature.key for signature in payload.signatures]
        if keys[1:] != sorted(set(keys[1:]) - {keys[0]}):
            raise Malformed(
                "signature_order", "signatures after the author's are not in ascending order of distinct keys"
            )
    return payload


def commit(payload: bytes) -> bytes:
    """The commitment that stands in the entry."""
    return sha256(_PAYLOAD_TAG + payload).digest()


def make_entry(at: int, scope: int, commitment: bytes) -> bytes:
    """The bytes of an entry."""
    return _encoder.encode(Entry(VERSION, at, scope, commitment))


def parse_entry(data: bytes) -> Entry | Opaque:
    """The entry in these bytes. Raises Malformed (`entry_form`, `scope`)."""
    try:
        entry = _entry_decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return _opaque_or_refused(data, "entry_form", error)
    if entry.version != VERSION:
        return _opaque_or_refused(data, "entry_form", f"version {entry.version}")
    if _encoder.encode(entry) != data:
        raise Malformed("entry_form", "a second spelling of an entry")
    if not SCOPE_PUBLIC <= entry.scope <= SCOPE_PRIVATE:
        raise Malformed("scope", f"an entry with scope {entry.scope}")
    return entry


def signed_message(statement: bytes) -> bytes:
    """What the authors of a statement sign."""
    return _STATEMENT_TAG + statement


def sign_statement(statement: bytes, key: SigningKey) -> tuple[bytes, bytes]:
    """(key, signature) of one signer."""
    return key.public, key.sign(_STATEMENT_TAG + statement)


class Opened(NamedTuple):
    """A payload with its statement, both well-formed and matching their entry; signatures not yet checked."""

    payload: Payload
    statement: Statement | Opaque

    def unverified(self, covered: bytes = b"") -> list[Signature]:
        """The signatures that need a check: all but those by the key that signed the checkpoint (spec 03 §4)."""
        return [signature for signature in self.payload.signatures if signature.key != covered]

    def verify(self, covered: bytes = b"") -> None:
        """Checks all signatures but the covered key's. Raises Malformed (`bad_signature`)."""
        for signature in self.unverified(covered):
            if not holds(self.payload.statement, signature):
                raise Malformed("bad_signature", f"the signature by {signature.key.hex()[:16]} does not hold")


def holds(statement: bytes, signature: Signature) -> bool:
    """Whether one signature over a statement holds."""
    return verify(signature.key, _STATEMENT_TAG + statement, signature.signature)


def open_payload(data: bytes, commitment: bytes, log_id: bytes, position: int, epoch: int = 1) -> Opened:
    """A payload checked against its entry, the log and its place (spec 03 §4), but for the signatures themselves.

    Raises Malformed with the reason of that section.
    """
    if commit(data) != commitment:
        raise Malformed("commitment", "the payload is not the one that the entry commits to")
    payload = parse_payload(data)
    statement = parse_statement(payload.statement)
    if isinstance(statement, Statement):
        if position == 0 and epoch == 1:  # a later epoch begins with the amendment that opens it
            if statement.log_id or sha256(payload.statement).digest() != log_id:
                raise Malformed("wrong_log", "the first statement is not the charter that names this log")
        elif statement.log_id != log_id:
            raise Malformed("wrong_log", "a statement made for another log")
        if payload.signatures[0].key != statement.author:
            raise Malformed("author_signature", "the first signature is not the author's")
    return Opened(payload, statement)
