# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signed notes and cosignatures, spec 06 §1, §2 and §4."""

import unicodedata
from dataclasses import dataclass

from tests.reference import ed25519
from tests.reference.rejection import reject, require
from tests.reference.seeded import Signer
from tests.reference.verifier_key import WITNESS_TYPE, VerifierKey, from_base64, is_name, to_base64

NOTE_BYTES_MAX = 65_536
DASH = "\u2014"


@dataclass(frozen=True)
class SignatureLine:
    """One signature: the key's name and id, and what follows the id."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH} {self.name} {to_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True)
class Note:
    """A text and its signature lines, spec 06 §1."""

    text: str
    lines: list[SignatureLine]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(str(line) for line in self.lines)


@dataclass(frozen=True)
class Verified:
    """A known key whose signature holds; `time` in UTC seconds for a cosignature."""

    key: VerifierKey
    time: int | None


def parse_note(data: bytes) -> Note:
    """The note, or the reasons of spec 06 §1 for a malformed one."""
    require(len(data) <= NOTE_BYTES_MAX, "size")
    try:
        whole = data.decode()
    except UnicodeDecodeError:
        reject("utf8")
    controls = (character for character in whole if unicodedata.category(character) == "Cc")
    require(all(character == "\n" for character in controls), "control")
    before, empty_line, behind = whole.rpartition("\n\n")
    require(empty_line and behind, "no_signatures")
    require(behind.endswith("\n"), "signature_line")
    lines = [parse_signature_line(line) for line in behind[:-1].split("\n")]
    require(len(lines) <= 64, "size")
    return Note(before + "\n", lines)


def parse_signature_line(line: str) -> SignatureLine:
    """A signature line without its newline, or `signature_line`, `base64`."""
    parts = line.split(" ", 2)
    require(len(parts) == 3 and parts[0] == DASH and is_name(parts[1]), "signature_line")
    data = from_base64(parts[2], "base64")
    require(len(data) > 4, "signature_line")
    return SignatureLine(parts[1], data[:4], data[4:])


def verify_note(note: Note, known: list[VerifierKey]) -> list[Verified]:
    """The known keys that signed, each once, in order of line; or `bad_signature`, `unsigned`, `time`."""
    verified: list[Verified] = []
    for line in note.lines:
        for key in known:
            if (key.name, key.key_id) == (line.name, line.key_id):
                found = verify_line(note.text, line, key)
                if key not in [other.key for other in verified]:
                    verified.append(found)
    require(verified, "unsigned")
    return verified


def verify_line(text: str, line: SignatureLine, key: VerifierKey) -> Verified:
    """The key, as it signed the text; or `bad_signature`, `time`."""
    if key.type != WITNESS_TYPE:
        require(ed25519.is_valid(key.public_key, text.encode(), line.signature), "bad_signature")
        return Verified(key, None)
    require(len(line.signature) == 72, "bad_signature")
    time = int.from_bytes(line.signature[:8], "big")
    require(time < 2**63, "time")
    message = cosigned_message(text, time)
    require(ed25519.is_valid(key.public_key, message, line.signature[8:]), "bad_signature")
    return Verified(key, time)


def cosigned_message(text: str, time: int) -> bytes:
    """What a witness signs, spec 06 §4; time in UTC seconds."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def sign_line(text: str, key: VerifierKey, signer: Signer) -> SignatureLine:
    """A signature of type 1."""
    return SignatureLine(key.name, key.key_id, signer.sign(text.encode()))


def cosign_line(text: str, key: VerifierKey, signer: Signer, time: int) -> SignatureLine:
    """A cosignature, of type 4; time in UTC seconds."""
    signature = signer.sign(cosigned_message(text, time))
    return SignatureLine(key.name, key.key_id, time.to_bytes(8, "big") + signature)
