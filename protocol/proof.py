# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof file (C2SP tlog-proof) and the verdict on it, offline (spec 08)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from protocol.checkpoint import Checkpoint, check_cosignature, parse_checkpoint, parse_decimal
from protocol.encoding import Limits, decode, encode
from protocol.errors import Malformed
from protocol.identity import Origin
from protocol.merkle import check_inclusion, leaf_hash
from protocol.note import Note, parse_note, strict_base64, verified_by
from protocol.policy import Policy
from protocol.statement import Entry, Opened, Statement, open_payload, parse_entry, parse_payload, parse_statement

PROOF_BYTES_MAX = 262_144
HASHES_MAX = 63
_HEADER = "c2sp.org/tlog-proof@v1"
_EXTRA_LIMITS = Limits(input_bytes=PROOF_BYTES_MAX, string_bytes=65_536, array_elements=2, depth=1)


class Proof(NamedTuple):
    """A parsed proof file: nothing in it is verified yet."""

    extra: bytes
    position: int
    hashes: tuple[bytes, ...]
    note: bytes


class Graded(Enum):
    """A verdict: the word of the spec, and the exit code of `folkmoot verify`."""

    @property
    def word(self) -> str:
        """The verdict's name in the spec."""
        return self.value[0]  # type: ignore[no-any-return] # a pair of text and number

    @property
    def exit_code(self) -> int:
        """What the command line exits with."""
        return self.value[1]  # type: ignore[no-any-return] # a pair of text and number


class Verdict(Graded):
    """What can be said of a proof (spec 08 §3)."""

    MALFORMED = ("malformed", 3)
    UNKNOWN_LOG = ("unknown log", 7)
    SIGNATURE = ("false: signature", 3)
    NOT_WITNESSED = ("not witnessed", 7)
    INCLUSION = ("false: inclusion", 3)
    COMMITMENT = ("false: commitment", 3)
    STATEMENT = ("false: statement", 3)
    NO_PAYLOAD = ("no payload", 7)
    TRUE = ("true", 0)


class Finding(NamedTuple):
    """A verdict with its grounds: why, and as far as the check came, what was found."""

    verdict: Verdict
    why: str
    position: int = 0
    checkpoint: Checkpoint | None = None
    witnesses: tuple[tuple[str, int], ...] = ()
    entry: Entry | None = None
    opened: Opened | None = None


def write_proof(entry: bytes, payload: bytes, index: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    """A proof file that carries the entry and its payload (empty if it is not to be shown)."""
    return write_extra(encode([entry, payload], _EXTRA_LIMITS), index, hashes, note)


def write_extra(extra: bytes, index: int, hashes: Sequence[bytes], note: bytes) -> bytes:
    """A proof file that carries these bytes beside the proof."""
    lines = [_HEADER, f"extra {b64encode(extra).decode()}", f"index {index}"]
    lines += [b64encode(value).decode() for value in hashes]
    return "\n".join(lines).encode() + b"\n\n" + note


def parse_proof(data: bytes) -> Proof:
    """The parts of a proof file. Raises Malformed with the reason of spec 08 §1."""
    head, gap, note = data.partition(b"\n\n")
    try:
        lines = head.decode().split("\n")
    except UnicodeDecodeError:
        raise Malformed("header", "not a proof file: not UTF-8") from None
    if len(data) > PROOF_BYTES_MAX or lines.pop(0) != _HEADER:
        raise Malformed("header", f"not a proof file: it does not begin with {_HEADER}, or is too long")
    extra = b""
    if lines and lines[0].startswith("extra "):
        try:
            extra = strict_base64(lines.pop(0).removeprefix("extra "))
        except Malformed as error:
            raise Malformed("extra", error.text) from None
    if not lines or not lines[0].startswith("index "):
        raise Malformed("index", "no index line where it belongs")
    try:
        index = parse_decimal(lines.pop(0).removeprefix("index "))
    except Malformed as error:
        raise Malformed("index", error.text) from None
    hashes = _parse_hashes(lines)
    try:
        parse_note(note)
    except Malformed as error:
        raise Malformed("note", error.text if gap else "no empty line before the checkpoint") from None
    return Proof(extra, index, hashes, note)


def _parse_hashes(lines: list[str]) -> tuple[bytes, ...]:
    try:
        hashes = tuple(strict_base64(line) for line in lines)
    except Malformed as error:
        raise Malformed("hash", error.text) from None
    if len(hashes) > HASHES_MAX or any(len(value) != 32 for value in hashes):
        raise Malformed("hash", "a hash that is not 32 bytes, or too many of them")
    return hashes


def read_extra(extra: bytes) -> tuple[bytes, bytes]:
    """The entry and payload that our proof files carry. Raises Malformed (`extra`)."""
    try:
        value = decode(extra, _EXTRA_LIMITS)
    except Malformed as error:
        raise Malformed("extra", error.text) from None
    match value:
        case [bytes(entry), bytes(payload)]:
            return entry, payload
    raise Malformed("extra", "the extra line does not carry an entry and its payload")


def judge(data: bytes, policy: Policy) -> Finding:
    """The verdict on a proof file under a trust file, with no network, node or clock (spec 08 §3)."""
    try:
        proof = parse_proof(data)
        checkpoint, note = parse_checkpoint(proof.note)
        entry_bytes, payload = read_extra(proof.extra)
        entry = parse_entry(entry_bytes)
        if not isinstance(entry, Entry):
            raise Malformed("entry_version", f"an entry of version {entry.version}, which this program does not know")
        if payload:
            check_payload_form(payload)
        origin = Origin.parse(checkpoint.origin)
    except Malformed as error:
        return Finding(Verdict.MALFORMED, str(error))
    found = Finding(Verdict.TRUE, "", proof.position, checkpoint, entry=entry)
    failed = judge_checkpoint(note, checkpoint, policy)
    if isinstance(failed, Finding):
        return failed._replace(position=proof.position, checkpoint=checkpoint)
    found = found._replace(witnesses=failed)
    try:
        check_inclusion(proof.position, checkpoint.size, leaf_hash(entry_bytes), proof.hashes, checkpoint.root)
    except Malformed as error:
        return found._replace(verdict=Verdict.INCLUSION, why=str(error))
    if not payload:
        return found._replace(
            verdict=Verdict.NO_PAYLOAD, why="the entry is in the log; what it says is not in this file"
        )
    try:
        opened = open_payload(payload, entry.commitment, origin.log_id, proof.position, origin.epoch)
        opened.verify()
    except Malformed as error:
        verdict = Verdict.COMMITMENT if error.reason == "commitment" else Verdict.STATEMENT
        return found._replace(verdict=verdict, why=str(error))
    return found._replace(opened=opened, why="everything holds")


def check_payload_form(data: bytes) -> None:
    """Raises Malformed unless the bytes are a payload with a statement, both of their form (spec 03 §1, §2)."""
    payload = parse_payload(data)
    statement = parse_statement(payload.statement)
    if not isinstance(statement, Statement):
        raise Malformed("statement_version", f"a statement of version {statement.version}, which is not known here")
    statement.read_body()
    if payload.signatures[0].key != statement.author:
        raise Malformed("author_signature", "the first signature is not the author's")


def judge_checkpoint(note: Note, checkpoint: Checkpoint, policy: Policy) -> Finding | tuple[tuple[str, int], ...]:
    """The witnesses (name, time) that cosigned a trusted checkpoint, or the finding that it is not to be trusted."""
    try:
        verified_by(note, [key for key in policy.logs if key.name == checkpoint.origin])
    except Malformed as error:
        if error.reason == "unsigned":
            why = f"the trust file has no key that signed as {checkpoint.origin}"
            return Finding(Verdict.UNKNOWN_LOG, why)
        return Finding(Verdict.SIGNATURE, str(error))
    known = {(key.name, key.key_id): (name, key) for name, key in policy.witnesses.items()}
    witnessed: dict[str, int] = {}
    for line in note.signatures:
        name, key = known.get((line.name, line.key_id), ("", None))
        if key is not None:
            try:
                witnessed[name] = check_cosignature(note, line, key)
            except Malformed as error:
                return Finding(Verdict.SIGNATURE, str(error))
    if not policy.reached(witnessed):
        why = f"{len(witnessed)} of the trusted witnesses cosigned; the trust file asks for more ({policy.quorum})"
        return Finding(Verdict.NOT_WITNESSED, why)
    return tuple(sorted(witnessed.items()))
