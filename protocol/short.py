# SPDX-License-Identifier: AGPL-3.0-or-later
"""The short form of a proof, for QR codes: its parts, without what follows from others (spec 20 §4)."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import msgspec

from protocol.balance import Balance, read_balance, write_balance
from protocol.chain import parse_state_leaf
from protocol.checkpoint import Checkpoint, parse_checkpoint
from protocol.encoding import Value, decode, encode
from protocol.errors import Malformed
from protocol.identity import Origin, log_id_of_witness, witness_name
from protocol.merkle import HASH_BYTES, leaf_hash, root_from_inclusion
from protocol.note import Note, SignatureLine
from protocol.proof import parse_proof, read_extra, write_proof
from protocol.statement import (
    Entry,
    Payload,
    Statement,
    commit,
    make_entry,
    make_payload,
    make_statement,
    parse_entry,
    parse_payload,
    parse_statement,
)

_ENTRY, _BALANCE = 1, 2
_STATE = "state"

_Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Short(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What both forms begin with."""

    form: int
    log: _Hash
    epoch: Annotated[int, msgspec.Meta(ge=1, le=2**32)]
    size: _Number
    lines: list[tuple[msgspec.Raw, bytes]]
    position: _Number
    hashes: bytes
    at: _Number
    scope: _Number
    salt: _Hash
    signatures: Annotated[list[tuple[bytes, bytes]], msgspec.Meta(min_length=1)]


class _ShortEntry(_Short, array_like=True, frozen=True, forbid_unknown_fields=True):
    kind: str
    id: _Id
    before: int
    body: msgspec.Raw


class _ShortBalance(_Short, array_like=True, frozen=True, forbid_unknown_fields=True):
    id: _Id
    before: int
    leaves: _Number
    index: _Number
    leaf: bytes
    path: bytes


_decoders: dict[int, msgspec.msgpack.Decoder[_ShortEntry] | msgspec.msgpack.Decoder[_ShortBalance]] = {
    _ENTRY: msgspec.msgpack.Decoder(_ShortEntry),
    _BALANCE: msgspec.msgpack.Decoder(_ShortBalance),
}


class _Said(NamedTuple):
    """What a proof file carries, taken apart."""

    entry: Entry
    payload: Payload
    statement: Statement


def pack(data: bytes) -> bytes:
    """The short form of a proof file. Raises Malformed (`short`) if it is not true, or not one that can be packed."""
    try:
        packed = _pack(data)
        if unpack(packed) == data:
            return packed
    except Malformed as error:
        raise Malformed("short", f"this proof has no short form: {error.text}") from None
    raise Malformed("short", "this proof has no short form: its parts do not follow from each other")


def _pack(data: bytes) -> bytes:
    proof = parse_proof(data)
    checkpoint, note = parse_checkpoint(proof.note)
    origin = Origin.parse(checkpoint.origin)
    try:
        entry, payload, balance = read_balance(proof.extra)
    except Malformed:
        (entry, payload), balance = read_extra(proof.extra), None
    said = _take_apart(entry, payload)
    common: list[Value] = [
        _ENTRY if balance is None else _BALANCE,
        origin.log_id,
        origin.epoch,
        checkpoint.size,
        [[_short_name(line.name, checkpoint.origin), line.key_id + line.signature] for line in note.signatures],
        proof.position,
        b"".join(proof.hashes),
        said.entry.at,
        said.entry.scope,
        said.payload.salt,
        [[signature.key, signature.signature] for signature in said.payload.signatures],
    ]
    statement, before = said.statement, said.entry.at - said.statement.at
    body = statement.read_body()
    if balance is None:
        return encode([*common, statement.kind, statement.id, before, body])
    leaves = body.get("leaves", 0)
    return encode([*common, statement.id, before, leaves, balance.number, balance.leaf, b"".join(balance.hashes)])


def _take_apart(entry_bytes: bytes, payload_bytes: bytes) -> _Said:
    entry, payload = parse_entry(entry_bytes), parse_payload(payload_bytes)
    statement = parse_statement(payload.statement)
    if not isinstance(entry, Entry) or not isinstance(statement, Statement):
        raise Malformed("short", "an entry or statement of a version that this program does not know")
    return _Said(entry, payload, statement)


def _short_name(name: str, origin: str) -> Value:
    return 0 if name == origin else log_id_of_witness(name) or name


def unpack(packed: bytes) -> bytes:
    """The proof file that a short form stands for. Raises Malformed (`short`)."""
    try:
        value = decode(packed)
        form = value[0] if isinstance(value, list) and value else 0
        decoder = _decoders.get(form) if type(form) is int else None
        if decoder is None:
            raise Malformed("short", "not the short form of a proof")
        return _put_together(decoder.decode(packed))
    except (Malformed, msgspec.DecodeError, ValueError) as error:
        why = error.text if isinstance(error, Malformed) else str(error)
        raise Malformed("short", f"not the short form of a proof: {why}") from None


def _put_together(short: _ShortEntry | _ShortBalance) -> bytes:
    statement = make_statement(
        b"" if (short.position, short.epoch) == (0, 1) else short.log,
        short.kind if isinstance(short, _ShortEntry) else _STATE,
        short.id,
        short.at - short.before,
        short.signatures[0][0],
        _body(short),
    )
    payload = make_payload(short.salt, statement, short.signatures)
    entry = make_entry(short.at, short.scope, commit(payload))
    hashes = _cut(short.hashes)
    origin = str(Origin(short.log, short.epoch))
    root = root_from_inclusion(short.position, short.size, leaf_hash(entry), hashes)
    lines = tuple(_line(name, signature, origin) for name, signature in short.lines)
    note = bytes(Note(Checkpoint(origin, short.size, root).text, lines))
    if isinstance(short, _ShortEntry):
        return write_proof(entry, payload, short.position, hashes, note)
    balance = Balance(short.index, short.leaf, _cut(short.path))
    return write_balance(entry, payload, balance, short.position, hashes, note)


def _body(short: _ShortEntry | _ShortBalance) -> dict[str, Value]:
    if isinstance(short, _ShortEntry):
        body = decode(bytes(short.body))
        if not isinstance(body, dict):
            raise Malformed("short", "the body of a statement is a map")
        return body
    parse_state_leaf(short.leaf)
    root = root_from_inclusion(short.index, short.leaves, leaf_hash(short.leaf), _cut(short.path))
    return {"leaves": short.leaves, "root": root, "size": short.position}


def _line(name: msgspec.Raw, blob: bytes, origin: str) -> SignatureLine:
    match decode(bytes(name)):
        case bool():
            pass
        case 0:
            return SignatureLine(origin, blob[:4], blob[4:])
        case bytes(log_id):
            return SignatureLine(witness_name(log_id), blob[:4], blob[4:])
        case str(text):
            return SignatureLine(text, blob[:4], blob[4:])
    raise Malformed("short", "a signature under a name of another form")


def _cut(joined: bytes) -> tuple[bytes, ...]:
    if len(joined) % HASH_BYTES:
        raise Malformed("short", f"hashes that are not {HASH_BYTES} bytes each")
    return tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))
