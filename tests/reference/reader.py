# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a member shows a node who is asking, spec 17 §12."""

import base64
import binascii

from tests.reference import ed25519, messagepack
from tests.reference.rejection import reject, require
from tests.reference.seeded import Signer

PURPOSE = b"folkmoot/reader/1\0"


def message(host: str, log_id: bytes, member: bytes, target: str, at: int) -> bytes:
    """What the member signs."""
    return PURPOSE + messagepack.encode([host.lower(), log_id, member, target, at])


def header(signer: Signer, member: bytes, at: int, signed: bytes) -> str:
    """The value of the header."""
    return f"Folkmoot-Member {member.hex()} {at} {base64.b64encode(signer.sign(signed)).decode()}"


def read(text: str) -> tuple[bytes, int, bytes]:
    """Member, time and signature of a header, or `reader`."""
    parts = text.split(" ")
    require(len(parts) == 4 and parts[0] == "Folkmoot-Member", "reader")
    _, member, at, signature = parts
    require(len(member) == 32 and set(member) <= set("0123456789abcdef"), "reader")
    require(at.isascii() and at.isdigit() and str(int(at)) == at and int(at) < 2**40, "reader")
    try:
        data = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        reject("reader")
    require(len(data) == 64 and base64.b64encode(data).decode() == signature, "reader")
    return bytes.fromhex(member), int(at), data


def holds(text: str, signed: bytes, key: bytes) -> bool:
    """Whether a header's signature is that of a key over a message."""
    return ed25519.is_valid(key, signed, read(text)[2])
