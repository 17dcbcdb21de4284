# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checkpoints and their origins, spec 06 §3 and spec 04 §6."""

import base64
import re
from dataclasses import dataclass

from tests.reference.charter import to_base32
from tests.reference.note import parse_note, verify_note
from tests.reference.rejection import require
from tests.reference.verifier_key import VerifierKey, from_base64, to_base64


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of its tree."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text, or `lines`, `origin`, `size`, `root`."""
    lines = text.split("\n")
    require(len(lines) == 4 and lines[3] == "", "lines")
    origin, size, root_text, _ = lines
    require(origin, "origin")
    require(re.fullmatch(r"0|[1-9][0-9]{0,18}", size) and int(size) < 2**63, "size")
    root = from_base64(root_text, "root")
    require(len(root) == 32, "root")
    return Checkpoint(origin, int(size), root)


def parse_origin(origin: str) -> tuple[bytes, int]:
    """LogId and epoch of one of our origins, or `origin`."""
    match = re.fullmatch(r"folkmoot/([a-z2-7]{52})/([1-9][0-9]*)", origin)
    require(match, "origin")
    assert match
    log_id = base64.b32decode(match[1].upper() + "====")
    require(to_base32(log_id) == match[1], "origin")
    return log_id, int(match[2])


def open_checkpoint(data: bytes, key: VerifierKey, origin: str) -> Checkpoint:
    """The checkpoint of this origin in a note that this key signed."""
    note = parse_note(data)
    verify_note(note, [key])
    checkpoint = parse_checkpoint(note.text)
    require(checkpoint.origin == origin, "origin")
    return checkpoint
