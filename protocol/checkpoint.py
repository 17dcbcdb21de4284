# SPDX-License-Identifier: AGPL-3.0-or-later
"""C2SP checkpoint and cosignature: what a log and its witnesses sign (spec 06 §3, §4)."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import NamedTuple

from protocol.errors import Malformed
from protocol.merkle import HASH_BYTES
from protocol.note import TYPE_COSIGNATURE, Note, SignatureLine, VerifierKey, parse_note, strict_base64
from protocol.signature import SIGNATURE_BYTES, SigningKey, verify

SIZE_MAX = 2**63 - 1
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


class Checkpoint(NamedTuple):
    """The size and root of a log at one moment. `origin` is text: third-party logs have origins of their own."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def parse_decimal(text: str) -> int:
    """A decimal number without leading zeros and below 2^63. Raises Malformed (`size`)."""
    if not _DECIMAL.fullmatch(text) or int(text) > SIZE_MAX:
        raise Malformed("size", f"not a size: {text[:40]!r}")
    return int(text)


def parse_checkpoint_text(text: str) -> Checkpoint:
    """The checkpoint in a note text. Raises Malformed (`lines`, `origin`, `size`, `root`)."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("lines", "a checkpoint has exactly three lines: origin, size, root")
    if not lines[0]:
        raise Malformed("origin", "a checkpoint without an origin")
    size = parse_decimal(lines[1])
    try:
        root = strict_base64(lines[2])
    except Malformed as error:
        raise Malformed("root", error.text) from None
    if len(root) != HASH_BYTES:
        raise Malformed("root", f"a root of {len(root)} bytes")
    return Checkpoint(lines[0], size, root)


def parse_checkpoint(data: bytes) -> tuple[Checkpoint, Note]:
    """The checkpoint that a note carries, and the note, both unverified. Raises Malformed."""
    note = parse_note(data)
    return parse_checkpoint_text(note.text), note


def _cosigned_message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosign(checkpoint: Checkpoint, name: str, key: SigningKey, time: int) -> SignatureLine:
    """A witness's signature line over a checkpoint that it found consistent, at a time in UTC seconds."""
    verifier = VerifierKey(name, TYPE_COSIGNATURE, key.public)
    signature = key.sign(_cosigned_message(checkpoint.text, time))
    return SignatureLine(name, verifier.key_id, time.to_bytes(8, "big") + signature)


def check_cosignature(note: Note, line: SignatureLine, key: VerifierKey) -> int:
    """The time (UTC seconds) at which a witness cosigned. Raises Malformed (`time`, `bad_signature`)."""
    if len(line.signature) != 8 + SIGNATURE_BYTES:
        raise Malformed("bad_signature", f"a cosignature by {line.name} of wrong length")
    time = int.from_bytes(line.signature[:8], "big")
    if time > SIZE_MAX:
        raise Malformed("time", f"a cosignature by {line.name} with an impossible time")
    if not verify(key.public, _cosigned_message(note.text, time), line.signature[8:]):
        raise Malformed("bad_signature", f"the cosignature by {line.name} does not hold")
    return time
