# SPDX-License-Identifier: AGPL-3.0-or-later
"""C2SP signed note: a text with signature lines, and the keys that verify them (spec 06 §1, §2)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from protocol.errors import Malformed
from protocol.signature import KEY_BYTES, SigningKey, verify

NOTE_BYTES_MAX = 65_536
SIGNATURES_MAX = 64
TYPE_ED25519, TYPE_COSIGNATURE = 0x01, 0x04
_PREFIX = "\u2014 "

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_NOT_IN_NAMES = re.compile(r"[\s+\x00-\x1f]")


class SignatureLine(NamedTuple):
    """One signature of a note: the key's name, its 4-byte id, and the bytes after it."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        """The line without its newline."""
        return f"{_PREFIX}{self.name} {b64encode(self.key_id + self.signature).decode()}"


class Note(NamedTuple):
    """A parsed note: nothing in it is verified yet. `text` ends in a newline and is what was signed."""

    text: str
    signatures: tuple[SignatureLine, ...]

    def __bytes__(self) -> bytes:
        """The note as a file."""
        return (self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)).encode()


class VerifierKey(NamedTuple):
    """A public key with the name and type under which its signatures stand in notes."""

    name: str
    type: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """First 4 bytes of H(name || 0x0A || type || public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:4]

    def __str__(self) -> str:
        """The text form: name+key id+base64(type || public key)."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(bytes([self.type]) + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that its text form spells. Raises Malformed (`verifier_key`)."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not is_key_name(parts[0]):
            raise Malformed("verifier_key", f"not a verifier key (name+id+key): {text[:100]!r}")
        try:
            blob = strict_base64(parts[2])
        except Malformed as error:
            raise Malformed("verifier_key", error.text) from None
        if len(blob) != 1 + KEY_BYTES or blob[0] not in {TYPE_ED25519, TYPE_COSIGNATURE}:
            raise Malformed("verifier_key", f"a verifier key of unknown type or length: {text[:100]!r}")
        key = cls(parts[0], blob[0], blob[1:])
        if key.key_id.hex() != parts[1]:
            raise Malformed("verifier_key", f"the id {parts[1]!r} does not belong to this key: {text[:100]!r}")
        return key


def is_key_name(name: str) -> bool:
    """Whether a name can stand in a signature line: not empty, no white space, no plus, no control characters."""
    return bool(name) and not _NOT_IN_NAMES.search(name)


def strict_base64(text: str) -> bytes:
    """Standard padded base64 in its one spelling. Raises Malformed (`base64`)."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        data = b""
    if b64encode(data).decode() != text:
        raise Malformed("base64", f"not strict base64: {text[:60]!r}")
    return data


def parse_note(data: bytes) -> Note:
    """The parts of a signed note, unverified. Raises Malformed with the reason of spec 06 §1."""
    if len(data) > NOTE_BYTES_MAX:
        raise Malformed("size", f"a note of {len(data)} bytes, at most {NOTE_BYTES_MAX} are allowed")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise Malformed("utf8", f"a note that is not UTF-8: {error}") from None
    if _CONTROL.search(whole):
        raise Malformed("control", "a note with control characters")
    split = whole.rfind("\n\n")
    if split < 0:
        raise Malformed("no_signatures", "no empty line between the text and its signatures")
    text, rest = whole[: split + 1], whole[split + 2 :]
    if not rest:
        raise Malformed("no_signatures", "a note without signatures")
    if not rest.endswith("\n"):
        raise Malformed("signature_line", "an unfinished signature line")
    if rest.count("\n") > SIGNATURES_MAX:
        raise Malformed("size", f"more than {SIGNATURES_MAX} signatures")
    return Note(text, tuple(_parse_line(line) for line in rest[:-1].split("\n")))


def _parse_line(line: str) -> SignatureLine:
    name, space, blob = line.removeprefix(_PREFIX).partition(" ")
    if not line.startswith(_PREFIX) or not space or not is_key_name(name):
        raise Malformed("signature_line", f"not a signature line: {line[:60]!r}")
    data = strict_base64(blob)
    if len(data) < 5:
        raise Malformed("signature_line", "a signature line without a signature")
    return SignatureLine(name, data[:4], data[4:])


def sign_note(text: str, name: str, key: SigningKey) -> SignatureLine:
    """The signature line of an Ed25519 log key over a note text."""
    verifier = VerifierKey(name, TYPE_ED25519, key.public)
    return SignatureLine(name, verifier.key_id, key.sign(text.encode()))


def verified_by(note: Note, keys: Iterable[VerifierKey]) -> list[VerifierKey]:
    """Those of the Ed25519 keys whose signatures the note carries, each once, all of them verified (spec 06 §2).

    Raises Malformed: `bad_signature` if one of a known key fails, `unsigned` if there is none of a known key.
    """
    known = {(key.name, key.key_id): key for key in keys if key.type == TYPE_ED25519}
    signed = []
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None:
            continue
        if not verify(key.public, note.text.encode(), line.signature):
            raise Malformed("bad_signature", f"the signature by {line.name} does not hold")
        if key not in signed:
            signed.append(key)
    if not signed:
        raise Malformed("unsigned", "not signed by any of the expected keys")
    return signed
