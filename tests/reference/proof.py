# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proof files and their verdicts, spec 08 §1 and §3."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.reference import messagepack, statement, tree
from tests.reference.charter import log_id_of
from tests.reference.checkpoint import Checkpoint, parse_checkpoint, parse_origin
from tests.reference.messagepack import Limits
from tests.reference.note import Note, Verified, parse_note, verify_note
from tests.reference.rejection import RejectionError, require
from tests.reference.shape import is_array, is_bytes
from tests.reference.trust import Trust
from tests.reference.verifier_key import from_base64, to_base64

HEADER = "c2sp.org/tlog-proof@v1"
EXITS = {
    "malformed": 3,
    "unknown log": 7,
    "false: signature": 3,
    "not witnessed": 7,
    "false: inclusion": 3,
    "false: commitment": 3,
    "false: statement": 3,
    "no payload": 7,
    "true": 0,
}
# Entry and payload of the greatest size, with their heads.
EXTRA_LIMITS = Limits(input_bytes=131_200, string_bytes=65_536)


@dataclass(frozen=True)
class ProofFile:
    """What a proof file holds; no `extra` is `None`."""

    extra: bytes | None
    index: int
    hashes: list[bytes]
    note: Note

    def __str__(self) -> str:
        extra = "" if self.extra is None else f"extra {to_base64(self.extra)}\n"
        hashes = "".join(f"{to_base64(item)}\n" for item in self.hashes)
        return f"{HEADER}\n{extra}index {self.index}\n{hashes}\n{self.note}"


def parse_proof(text: str) -> ProofFile:
    """The proof file, or `header`, `extra`, `index`, `hash`, `note`."""
    lines: Iterator[str] = iter(text.split("\n"))
    require(next(lines, "") == HEADER, "header")
    line, extra = next(lines, ""), None
    if line.startswith("extra"):
        require(line.startswith("extra "), "extra")
        extra = from_base64(line.removeprefix("extra "), "extra")
        line = next(lines, "")
    match = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", line)
    require(match is not None and int(match[1]) < 2**63, "index")
    assert match
    hashes = []
    while line := next(lines, ""):
        hashes.append(from_base64(line, "hash"))
        require(len(hashes[-1]) == 32 and len(hashes) <= 63, "hash")
    try:
        note = parse_note("\n".join(lines).encode())
    except RejectionError:
        raise RejectionError("note") from None
    return ProofFile(extra, int(match[1]), hashes, note)


def parse_extra(extra: bytes) -> tuple[bytes, bytes]:
    """Entry and payload (which may be empty), or `extra`."""
    try:
        value = messagepack.decode(extra, EXTRA_LIMITS)
    except RejectionError:
        raise RejectionError("extra") from None
    require(is_array(value, 2, 2) and is_bytes(value[0]) and is_bytes(value[1]), "extra")
    return value[0], value[1]


@dataclass(frozen=True)
class Proved:
    """A proof file of which every part is of its form."""

    file: ProofFile
    checkpoint: Checkpoint
    entry: bytes
    payload: bytes


def read_proof(text: str) -> Proved:
    """The proof and what it proves; refuses for whatever is not of its form."""
    file = parse_proof(text)
    checkpoint = parse_checkpoint(file.note.text)
    require(file.extra is not None, "extra")
    entry, payload = parse_extra(file.extra or b"")
    statement.decode_entry(entry)
    if payload:
        read = statement.decode_payload(payload)
        statement.check_signature_order(read, statement.decode_statement(read.statement).author)
    return Proved(file, checkpoint, entry, payload)


def judge(text: str, trust: Trust) -> str:
    """The verdict, in the order of spec 08 §3."""
    try:
        proved = read_proof(text)
    except RejectionError:
        return "malformed"
    note, origin = proved.file.note, proved.checkpoint.origin
    named = {(line.name, line.key_id) for line in note.lines}
    if not any(key.name == origin and (key.name, key.key_id) in named for key in trust.logs):
        return "unknown log"
    try:
        verified = verify_note(note, [*trust.logs, *trust.witnesses.values()])
    except RejectionError:
        return "false: signature"
    if not trust.is_satisfied(cosigners(verified, trust)):
        return "not witnessed"
    return judge_content(proved)


def cosigners(verified: list[Verified], trust: Trust) -> set[str]:
    """The names that the trust file gives to the witnesses that cosigned."""
    keys = [one.key for one in verified]
    return {name for name, key in trust.witnesses.items() if key in keys}


def judge_content(proved: Proved) -> str:
    """The verdict once the checkpoint is trusted."""
    file, checkpoint, leaf = proved.file, proved.checkpoint, tree.leaf_hash(proved.entry)
    try:
        tree.check_inclusion(file.index, checkpoint.size, leaf, file.hashes, checkpoint.root)
    except RejectionError:
        return "false: inclusion"
    if not proved.payload:
        return "no payload"
    if statement.commitment(proved.payload) != statement.decode_entry(proved.entry).commitment:
        return "false: commitment"
    try:
        check_statement(proved)
    except RejectionError:
        return "false: statement"
    return "true"


def check_statement(proved: Proved) -> None:
    """Refuse a statement that is not for the log of the origin, or a signature that fails."""
    log_id, epoch = parse_origin(proved.checkpoint.origin)
    payload = statement.decode_payload(proved.payload)
    said = statement.decode_statement(payload.statement)
    if proved.file.index == 0 and epoch == 1:
        require(said.log_id == b"" and log_id_of(payload.statement) == log_id, "wrong_log")
    else:
        require(said.log_id == log_id, "wrong_log")
    statement.check_signatures(payload, said.author)
