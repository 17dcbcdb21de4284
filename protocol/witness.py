# SPDX-License-Identifier: AGPL-3.0-or-later
"""C2SP tlog-witness: what a witness is asked, how it decides, what it answers, and what a quorum is (spec 11)."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from protocol.checkpoint import Checkpoint, check_cosignature, parse_checkpoint, parse_decimal
from protocol.errors import Malformed
from protocol.merkle import EMPTY_ROOT, HASH_BYTES, check_consistency
from protocol.note import NOTE_BYTES_MAX, TYPE_COSIGNATURE, Note, SignatureLine, VerifierKey, parse_note, strict_base64
from protocol.note import verified_by as log_signatures

PROOF_HASHES_MAX = 63
HEAD_BYTES_MAX = len("old 9223372036854775807\n") + 45 * PROOF_HASHES_MAX
REQUEST_BYTES_MAX = HEAD_BYTES_MAX + 1 + NOTE_BYTES_MAX
LINES_BYTES_MAX = 16_384
SIGNATURES_KEPT = 16
"""As many signatures as every reader of notes takes (C2SP signed-note)."""

_REPLACED_MAX = 4

SIZE_MEDIA_TYPE = "text/x.tlog.size"
_OLD_LINE = re.compile(r"old ([0-9]{1,19})")


class Request(NamedTuple):
    """A checkpoint to be cosigned, with the proof that leads to it from the size that the witness saw last."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


class Seen(NamedTuple):
    """What a witness cosigned last of an origin."""

    size: int = 0
    root: bytes = EMPTY_ROOT


class Answer(NamedTuple):
    """What a witness answers: a status, the size it saw last in a 409, its signature lines in a 200 (spec 11 §3)."""

    code: int
    old: int = 0
    lines: bytes = b""


def write_request(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """The body of a request (spec 11 §1)."""
    lines = [f"old {old}", *(b64encode(value).decode() for value in proof), "", ""]
    return "\n".join(lines).encode() + note


def parse_request(data: bytes) -> Request:
    """The request in a body. Raises Malformed with the reason of spec 11 §1."""
    if len(data) > REQUEST_BYTES_MAX:
        raise Malformed("length", f"a request of {len(data)} bytes, at most {REQUEST_BYTES_MAX} are allowed")
    head, gap, note = data.partition(b"\n\n")
    try:
        first, *rest = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Malformed("old", "the lines before the checkpoint are not ASCII") from None
    match = _OLD_LINE.fullmatch(first)
    if not match:
        raise Malformed("old", f"not the line `old <size>`: {first[:40]!r}")
    try:
        old = parse_decimal(match[1])
    except Malformed as error:
        raise Malformed("old", error.text) from None
    try:
        proof = [strict_base64(line) for line in rest]
    except Malformed as error:
        raise Malformed("hash", error.text) from None
    if not gap:
        raise Malformed("checkpoint", "no empty line before the checkpoint")
    return make_request(old, proof, note)


def make_request(old: int, proof: Sequence[bytes], note: bytes) -> Request:
    """A request from its parts, however they came. Raises Malformed (`hash`, `checkpoint`)."""
    if len(proof) > PROOF_HASHES_MAX or any(len(value) != HASH_BYTES for value in proof):
        raise Malformed("hash", f"a hash that is not {HASH_BYTES} bytes, or more than {PROOF_HASHES_MAX} of them")
    try:
        checkpoint, parsed = parse_checkpoint(note)
    except Malformed as error:
        raise Malformed("checkpoint", str(error)) from None
    return Request(old, tuple(proof), parsed, checkpoint)


def decide(request: Request, keys: Sequence[VerifierKey], seen: Seen) -> Answer:
    """The answer of a witness that trusts `keys` for the origin; a 200 is still without lines (spec 11 §2)."""
    if not keys:
        return Answer(404)
    try:
        log_signatures(request.note, keys)
    except Malformed:
        return Answer(403)
    size, root = request.checkpoint.size, request.checkpoint.root
    if request.old > size:
        return Answer(400)
    if request.old != seen.size:
        return Answer(409, seen.size)
    try:
        check_consistency(request.old, size, seen.root, root, request.proof)
    except Malformed:
        return Answer(422)
    if size == 0 and root != EMPTY_ROOT:
        return Answer(422)
    return Answer(200)


def read_answer(code: int, media_type: str, body: bytes) -> Answer:
    """An answer as it came over HTTP. Raises Malformed (`size`) if a 409 does not say a size."""
    if code != 409:
        return Answer(code, 0, body if code == 200 else b"")
    if media_type != SIZE_MEDIA_TYPE or not body.endswith(b"\n"):
        raise Malformed("size", "a 409 that does not say what the witness saw last")
    return Answer(code, parse_decimal(body[:-1].decode("latin-1")))


def resend_from(answer: Answer, sent: int, size: int) -> int | None:
    """From which size to ask once more for a checkpoint of `size` entries; None if the answer is final."""
    return answer.old if answer.code == 409 and sent != answer.old <= size else None


def read_cosignature(lines: bytes, text: str, key: VerifierKey) -> SignatureLine:
    """The witness's own line among those of its answer. Raises Malformed as a note does (spec 11 §3)."""
    if len(lines) > LINES_BYTES_MAX:
        raise Malformed("size", f"signature lines of {len(lines)} bytes")
    note = parse_note(f"{text}\n".encode() + lines)
    for line in note.signatures:
        if (line.name, line.key_id) == (key.name, key.key_id):
            check_cosignature(note, line, key)
            return line
    raise Malformed("unsigned", f"no cosignature by {key.name} in its answer")


def cosigned_by(note: Note, keys: Iterable[VerifierKey]) -> dict[VerifierKey, SignatureLine]:
    """The witnesses among `keys` whose cosignatures hold, each with its line."""
    known = {(key.name, key.key_id): key for key in keys if key.type == TYPE_COSIGNATURE}
    found: dict[VerifierKey, SignatureLine] = {}
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is None or key in found:
            continue
        try:
            check_cosignature(note, line, key)
        except Malformed:  # whoever passed the note on may have added it
            continue
        found[key] = line
    return found


class Quorum(NamedTuple):
    """The witnesses of a log, and how many of them it takes; with none of them it is never reached (spec 11 §4)."""

    keys: tuple[VerifierKey, ...]
    needed: int

    def reached(self, note: Note) -> bool:
        """Whether enough of them have cosigned."""
        return bool(self.keys) and len(cosigned_by(note, self.keys)) >= max(1, self.needed)

    def cleaned(self, note: Note, log_keys: Sequence[VerifierKey]) -> Note:
        """The note with the log's signatures and the cosignatures that hold, and nothing else that somebody added.

        Of many cosignatures as many as are needed, and others only up to 16 signatures in all.
        """
        own = {(key.name, key.key_id) for key in log_keys}
        lines = {(line.name, line.key_id): line for line in note.signatures}
        signed = [line for key, line in lines.items() if key in own]
        if not signed:  # by a key that has been replaced since
            origin = note.text.partition("\n")[0]
            signed = [line for line in lines.values() if line.name == origin][:_REPLACED_MAX]
        room = max(SIGNATURES_KEPT - len(signed), self.needed)
        return Note(note.text, (*signed, *list(cosigned_by(note, self.keys).values())[:room]))
