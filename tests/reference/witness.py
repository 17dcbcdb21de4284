# SPDX-License-Identifier: AGPL-3.0-or-later
"""Witnesses: their requests, decisions and answers, and quorums, spec 11."""

from dataclasses import dataclass

from tests.reference.checkpoint import Checkpoint, parse_checkpoint
from tests.reference.note import Note, parse_note, verify_line, verify_note
from tests.reference.rejection import RejectionError, reject, require
from tests.reference.tree import EMPTY_ROOT, check_consistency
from tests.reference.verifier_key import VerifierKey, from_base64, to_base64

REQUEST_BYTES_MAX = 68_396
LINES_BYTES_MAX = 16_384
SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True)
class Request:
    """What a witness is asked, spec 11 §1."""

    old: int
    proof: list[bytes]
    note: Note
    checkpoint: Checkpoint


def write_request(old: int, proof: list[bytes], note: str) -> str:
    """A request as a text."""
    return f"old {old}\n" + "".join(f"{to_base64(value)}\n" for value in proof) + f"\n{note}"


def parse_request(data: bytes) -> Request:
    """The request, or `length`, `old`, `hash`, `checkpoint`."""
    require(len(data) <= REQUEST_BYTES_MAX, "length")
    end = data.find(b"\n\n")
    head = data if end < 0 else data[:end]
    require(head.isascii(), "old")
    first, *hashes = head.decode().split("\n")
    require(first.startswith("old "), "old")
    old = read_size(first[4:], "old")
    proof = [from_base64(line, "hash") for line in hashes]
    require(end >= 0, "checkpoint")
    require(len(proof) <= 63 and all(len(value) == 32 for value in proof), "hash")
    try:
        note = parse_note(data[end + 2 :])
        checkpoint = parse_checkpoint(note.text)
    except RejectionError:
        reject("checkpoint")
    return Request(old, proof, note, checkpoint)


def read_size(text: str, reason: str) -> int:
    """A decimal number without leading zeros and below 2^63."""
    require(text != "" and len(text) < 20 and all(letter in "0123456789" for letter in text), reason)
    require(str(int(text)) == text and int(text) < 2**63, reason)
    return int(text)


def decide(data: bytes, keys: list[VerifierKey], seen: tuple[int, bytes]) -> int:
    """The status that a witness answers, which trusts these keys and saw this size and root last, spec 11 §2."""
    try:
        request = parse_request(data)
    except RejectionError:
        return 400
    trusted = [key for key in keys if key.name == request.checkpoint.origin]
    if not trusted:
        return 404
    try:
        verify_note(request.note, trusted)
    except RejectionError:
        return 403
    new = request.checkpoint
    if request.old > new.size:
        return 400
    if request.old != seen[0]:
        return 409
    try:
        check_consistency(request.old, new.size, seen[1], new.root, request.proof)
        require(new.size > 0 or new.root == EMPTY_ROOT, "root")
    except RejectionError:
        return 422
    return 200


def read_lines(lines: bytes, checkpoint_text: str, key: VerifierKey) -> int:
    """The time in a witness's own line of its answer, spec 11 §3; or a reason."""
    require(len(lines) <= LINES_BYTES_MAX, "size")
    note = parse_note(checkpoint_text.encode() + b"\n" + lines)
    own = [line for line in note.lines if (line.name, line.key_id) == (key.name, key.key_id)]
    require(own, "unsigned")
    time = verify_line(note.text, own[0], key).time
    assert time is not None
    return time


def ask_again(status: int, media_type: str, body: bytes, sent: int, size: int) -> int | None:
    """The old size to ask again with after an answer, or None; or `size`."""
    if status != 409:
        return None
    require(media_type == SIZE_TYPE and body.endswith(b"\n"), "size")
    told = read_size(body[:-1].decode("latin-1"), "size")
    return told if told <= size and told != sent else None


def count(note: Note, witnesses: list[VerifierKey]) -> set[str]:
    """The names of the witnesses whose cosignatures in a note hold."""
    found = set()
    for line in note.lines:
        for key in witnesses:
            if (line.name, line.key_id) == (key.name, key.key_id):
                try:
                    verify_line(note.text, line, key)
                except RejectionError:
                    continue
                found.add(key.name)
    return found


def is_published(note: Note, witnesses: list[VerifierKey], quorum: int) -> bool:
    """Whether a checkpoint carries a quorum, spec 11 §4."""
    return len(count(note, witnesses)) >= max(quorum, 1)
