# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fork proofs and their verdicts, spec 12 §1 to §3."""

from dataclasses import dataclass

from tests.reference import messagepack, tree
from tests.reference.charter import follow, read_charter
from tests.reference.checkpoint import Checkpoint, parse_checkpoint, parse_origin
from tests.reference.messagepack import Limits, Value
from tests.reference.note import Note, parse_note, verify_note
from tests.reference.rejection import RejectionError, reject, require
from tests.reference.shape import is_array, is_bytes
from tests.reference.verifier_key import LOG_TYPE, VerifierKey

HEADER = b"folkmoot/fork-proof/1\n"
BYTES_MAX = 65_536
LIMITS = Limits(input_bytes=BYTES_MAX)
EXITS = {
    "malformed": 3,
    "false: origin": 3,
    "false: charters": 3,
    "unknown log": 7,
    "false: signature": 3,
    "removed key": 7,
    "false: consistency": 3,
    "false: same history": 3,
    "true": 0,
}


@dataclass(frozen=True)
class ForkFile:
    """What a fork proof holds, both notes as bytes."""

    charters: list[bytes]
    first: bytes
    second: bytes
    root: bytes
    hashes: list[bytes]

    def encode(self) -> bytes:
        """The file."""
        parts: list[Value] = [list[Value](self.charters), self.first, self.second, self.root, list[Value](self.hashes)]
        return HEADER + messagepack.encode(parts)


@dataclass(frozen=True)
class Fork:
    """A fork proof of which every part is of its form."""

    file: ForkFile
    notes: list[Note]
    first: Checkpoint
    second: Checkpoint


def parse_fork(data: bytes) -> Fork:
    """The fork proof, or `header`, `size`, `form`, `note`, `order`."""
    require(data.startswith(HEADER), "header")
    require(len(data) <= BYTES_MAX, "size")
    try:
        value = messagepack.decode(data.removeprefix(HEADER), LIMITS)
    except RejectionError:
        reject("form")
    require(is_array(value, 5, 5), "form")
    charters, first, second, root, hashes = value
    require(is_array(charters, 0, 64) and all(is_bytes(item) for item in charters), "form")
    require(is_array(hashes, 0, 64) and all(is_bytes(item, 32) for item in hashes), "form")
    require(is_bytes(first) and is_bytes(second) and is_bytes(root, 32), "form")
    pairs = [parse_one(first), parse_one(second)]
    (_, one), (_, other) = pairs
    require(1 <= one.size <= other.size, "order")
    require(one.size < other.size or one.root <= other.root, "order")
    return Fork(ForkFile(charters, first, second, root, hashes), [note for note, _ in pairs], one, other)


def parse_one(data: bytes) -> tuple[Note, Checkpoint]:
    """A checkpoint that has one signature by a key of its origin's name, or `note`."""
    try:
        note = parse_note(data)
        checkpoint = parse_checkpoint(note.text)
    except RejectionError:
        reject("note")
    require([line.name for line in note.lines] == [checkpoint.origin], "note")
    return note, checkpoint


def judge_fork(data: bytes, trusted: list[VerifierKey] | None, known: list[bytes]) -> str:
    """The verdict, in the order of spec 12 §3. `trusted` are a trust file's log keys, `known` charters known."""
    try:
        fork = parse_fork(data)
    except RejectionError:
        return "malformed"
    if fork.first.origin != fork.second.origin:
        return "false: origin"
    failed = judge_trusted(fork, trusted) if trusted is not None else judge_charters(fork, known)
    return failed or judge_histories(fork)


def judge_trusted(fork: Fork, trusted: list[VerifierKey]) -> str:
    """What is wrong with the signatures under a trust file; empty if nothing is."""
    return judge_signatures(fork, [key for key in trusted if key.name == fork.first.origin], "unknown log")


def judge_charters(fork: Fork, known: list[bytes]) -> str:
    """What is wrong with the signatures under the longer of the two chains; empty if nothing is."""
    chain = fork.file.charters if len(fork.file.charters) > len(known) else known
    try:
        log_id, _ = parse_origin(fork.first.origin)
        for one in (fork.file.charters, known):
            require(not one or follow(one)[0] == log_id, "log_id")
    except RejectionError:
        return "false: charters"
    if not chain:
        return "unknown log"
    present = keys_of(chain[-1], fork)
    earlier = [key for payload in chain[:-1] for key in keys_of(payload, fork) if key not in present]
    failed = judge_signatures(fork, [*present, *earlier], "false: signature" if fork.file.charters else "unknown log")
    if failed:
        return failed
    removed = {(key.name, key.key_id) for key in earlier}
    signed = {(line.name, line.key_id) for note in fork.notes for line in note.lines}
    return "removed key" if removed & signed else ""


def keys_of(payload: bytes, fork: Fork) -> list[VerifierKey]:
    """The operating keys of a charter as keys of the checkpoints' origin."""
    _, _, charter = read_charter(payload)
    return [VerifierKey(fork.first.origin, LOG_TYPE, key) for key in charter.keys]


def judge_signatures(fork: Fork, keys: list[VerifierKey], otherwise: str) -> str:
    """Empty if both checkpoints are signed by one of the keys."""
    for note in fork.notes:
        try:
            verify_note(note, keys)
        except RejectionError as error:
            return otherwise if error.reason == "unsigned" else "false: signature"
    return ""


def judge_histories(fork: Fork) -> str:
    """The verdict on two checkpoints that the log signed."""
    first, second, file = fork.first, fork.second, fork.file
    try:
        tree.check_consistency(first.size, second.size, file.root, second.root, file.hashes)
    except RejectionError:
        return "false: consistency"
    return "false: same history" if file.root == first.root else "true"
