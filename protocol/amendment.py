# SPDX-License-Identifier: AGPL-3.0-or-later
"""An amendment of a charter on its way from holder to holder (spec 04 §8)."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import NamedTuple

import msgspec

from protocol.charter import Charter, LogKeys, establish, parse_charter, recovery_key, unknown_fields
from protocol.errors import Malformed
from protocol.statement import (
    SIGNATURES_MAX,
    Signature,
    Statement,
    holds,
    make_payload,
    parse_statement,
    sign_statement,
)

AMENDMENT_BYTES_MAX = 1_048_576
SCHEMA = "folkmoot.amendment/1"


class _File(msgspec.Struct):
    schema: str
    charters: list[str]
    statement: str
    signatures: list[tuple[str, str]]


class Amendment(NamedTuple):
    """A charter that is to follow those in force, and who has signed it so far."""

    keys: LogKeys
    statement: bytes
    charter: Charter
    author: bytes
    signatures: tuple[tuple[bytes, bytes], ...]

    def signed_by(self, keys: list[bytes]) -> int:
        """How many of these keys have signed."""
        return len({key for key, _ in self.signatures} & set(keys))

    def lacking(self) -> tuple[int, int]:
        """How many signatures of the set in force, and of the one that follows, it still lacks."""
        old, new = self.keys.charter.recovery, self.charter.recovery
        return max(0, old.threshold - self.signed_by(old.keys)), max(0, new.threshold - self.signed_by(new.keys))

    def sign(self, secret: bytes) -> Amendment:
        """With the signatures of one more holder, by their keys of both generations.

        Raises Malformed: `body` if it says what no spec names, `secret` if that is of no holder, `kseq` if of an
        earlier set, `signatures` if there is no room.
        """
        if unknown := unknown_fields(bytes(parse_charter_statement(self.statement).body)):
            raise Malformed("body", f"the charter says what this program does not know: {', '.join(unknown)[:200]}")
        old, new = self.keys.charter, self.charter
        pair = recovery_key(secret, old.kseq), recovery_key(secret, new.kseq)
        wanted = [(pair[0], old.recovery.keys), (pair[1], new.recovery.keys)]
        signers = [key for key, among in wanted if key.public in among]
        if not signers:
            generations = [recovery_key(secret, number).public for number in range(old.kseq)]
            known = {key for charter in self.keys.charters for key in charter.recovery.keys}
            if known & set(generations):
                raise Malformed("kseq", "this sheet belonged to an earlier recovery set and not to the one in force")
            raise Malformed("secret", "this sheet is not one of the recovery sheets of this organisation")
        signed = dict(self.signatures) | dict(sign_statement(self.statement, key) for key in signers)
        if len(signed) > SIGNATURES_MAX:
            raise Malformed("signatures", f"more than {SIGNATURES_MAX} signatures: it has all that it needs")
        return self._replace(signatures=tuple(signed.items()))

    def joined(self, other: Amendment) -> Amendment:
        """With the signatures of a copy that went to another holder. Raises Malformed: `other`, or `signatures`."""
        if other.statement != self.statement or other.keys.log_id != self.keys.log_id:
            raise Malformed("other", "this is another amendment than the one that waits for signatures here")
        signed = dict(self.signatures) | dict(other.signatures)
        if len(signed) > SIGNATURES_MAX:
            raise Malformed("signatures", f"more than {SIGNATURES_MAX} signatures: it has all that it needs")
        return self._replace(signatures=tuple(signed.items()))

    def payload(self, salt: bytes) -> bytes:
        """The payload of the amendment. Raises Malformed with the reason of spec 04 §4 if it is not valid yet."""
        signed = dict(self.signatures)
        if self.author not in signed:
            raise Malformed("author", "its author has not signed it")
        first = (self.author, signed.pop(self.author))
        payload = make_payload(salt, self.statement, [first, *sorted(signed.items())])
        establish([*self.keys.payloads, payload])
        return payload


def begin(keys: LogKeys, statement: bytes) -> Amendment:
    """An amendment that nobody has signed. Raises Malformed if the statement is not a charter that can follow."""
    parsed = parse_charter_statement(statement)
    if parsed.log_id != keys.log_id:
        raise Malformed("log_id", "the amendment is for another log")
    charter = parse_charter(bytes(parsed.body))
    keys.check_following(charter, parsed.author)
    return Amendment(keys, statement, charter, parsed.author, ())


def parse_charter_statement(data: bytes) -> Statement:
    """The statement of a charter. Raises Malformed."""
    parsed = parse_statement(data)
    if not isinstance(parsed, Statement) or parsed.kind != "charter":
        raise Malformed("body", "what is to be signed is not a charter")
    return parsed


def read_amendment(data: bytes) -> Amendment:
    """The amendment in a file. Raises Malformed: `file`, or the reason of what it holds."""
    if len(data) > AMENDMENT_BYTES_MAX:
        raise Malformed("file", f"an amendment of {len(data)} bytes")
    try:
        file = msgspec.json.decode(data, type=_File)
        charters = [b64decode(text, validate=True) for text in file.charters]
        statement = b64decode(file.statement, validate=True)
        signatures = tuple((bytes.fromhex(key), bytes.fromhex(signature)) for key, signature in file.signatures)
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed("file", f"not an amendment: {error}") from None
    if file.schema != SCHEMA:
        raise Malformed("file", f"a file of {file.schema[:60]!r}, not of {SCHEMA!r}")
    if len(dict(signatures)) != len(signatures) or len(signatures) > SIGNATURES_MAX:
        raise Malformed("file", f"a key that signed twice, or more than {SIGNATURES_MAX}")
    if any((len(key), len(signature)) != (32, 64) for key, signature in signatures):
        raise Malformed("file", "a key or signature of another length")
    amendment = begin(establish(charters), statement)
    for key, signature in signatures:
        if not holds(statement, Signature(key, signature)):
            raise Malformed("bad_signature", f"the signature by {key.hex()[:16]} does not hold")
    return amendment._replace(signatures=signatures)


def write_amendment(amendment: Amendment) -> bytes:
    """The file of an amendment."""
    file = _File(
        SCHEMA,
        [b64encode(payload).decode() for payload in amendment.keys.payloads],
        b64encode(amendment.statement).decode(),
        [(key.hex(), signature.hex()) for key, signature in amendment.signatures],
    )
    return msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n"
