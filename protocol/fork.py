# SPDX-License-Identifier: AGPL-3.0-or-later
"""The fork proof: two checkpoints of one log that cannot both be true, in a file that anybody can check (spec 12)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from hashlib import sha256
from typing import NamedTuple

from protocol.charter import CHARTERS_MAX, LogKeys, establish, parse_charter
from protocol.checkpoint import Checkpoint, parse_checkpoint
from protocol.encoding import Limits, Value, decode, encode
from protocol.errors import Malformed
from protocol.identity import Origin
from protocol.merkle import HASH_BYTES, check_consistency
from protocol.note import TYPE_ED25519, Note, VerifierKey, parse_note, verified_by
from protocol.statement import Statement, parse_payload, parse_statement

FORK_PROOF_BYTES_MAX = 65_536
FORK_HASHES_MAX = 64
HEADER = b"folkmoot/fork-proof/1\n"
_LIMITS = Limits(
    input_bytes=FORK_PROOF_BYTES_MAX - len(HEADER), array_elements=max(CHARTERS_MAX, FORK_HASHES_MAX), depth=2
)


class ForkProof(NamedTuple):
    """A parsed fork proof: of its form, but nothing in it is verified yet.

    `root` is that of the first `first.size` entries in the tree of the second checkpoint, as `hashes` are to show.
    """

    charters: tuple[bytes, ...]
    notes: tuple[Note, Note]
    first: Checkpoint
    second: Checkpoint
    root: bytes
    hashes: tuple[bytes, ...]


class ForkVerdict(Enum):
    """What can be said of a fork proof (spec 12 §3): the word, and the exit code of `folkmoot verify`."""

    MALFORMED = ("malformed", 3)
    ORIGIN = ("false: origin", 3)
    CHARTERS = ("false: charters", 3)
    UNKNOWN_LOG = ("unknown log", 7)
    SIGNATURE = ("false: signature", 3)
    REMOVED_KEY = ("removed key", 7)
    CONSISTENCY = ("false: consistency", 3)
    SAME_HISTORY = ("false: same history", 3)
    TRUE = ("true", 0)

    @property
    def word(self) -> str:
        """The verdict's name in the spec."""
        return self.value[0]

    @property
    def exit_code(self) -> int:
        """What the command line exits with."""
        return self.value[1]


class ForkFinding(NamedTuple):
    """A verdict with its grounds: why, and as far as the check came, what was found.

    `keys` are the organisation's, if its charters and not a trust file decided whose signatures count.
    """

    verdict: ForkVerdict
    why: str
    proof: ForkProof | None = None
    keys: LogKeys | None = None


def fork_digest(data: bytes) -> bytes:
    """What names a fork proof in the charter that opens the next epoch: H of the file."""
    return sha256(data).digest()


def write_fork_proof(
    keys: LogKeys, notes: tuple[bytes, bytes], root: bytes = b"", hashes: Sequence[bytes] = ()
) -> bytes:
    """A fork proof from two checkpoints as notes, the smaller one first, which keys in force have signed.

    `root` is that of the second one's tree at the size of the first, `hashes` the consistency proof; both are left out
    for notes of the same size. Of each note one signature is kept. The charters are left out, all of them, if the file
    would be over 65,536 bytes with them: whoever knows the log can check it still. Raises Malformed.
    """
    checkpoint = parse_checkpoint(notes[0])[0]
    known = keys.verifier_keys(Origin.parse(checkpoint.origin).epoch)
    bare = [_one_signature(note, known) for note in notes]
    first, second = parse_checkpoint(bare[0])[0], parse_checkpoint(bare[1])[0]
    if first.size == second.size:
        if first.root > second.root:
            bare.reverse()
        root, hashes = max(first.root, second.root), ()
    parts: list[Value] = [*bare, root, list(hashes)]
    try:
        return HEADER + encode([list(keys.payloads), *parts], _LIMITS)
    except Malformed:
        return HEADER + encode([[], *parts], _LIMITS)


def _one_signature(note: bytes, keys: Iterable[VerifierKey]) -> bytes:
    """The note with the first signature by one of the keys, and no other line."""
    parsed = parse_note(note)
    signer = verified_by(parsed, keys)[0]
    line = next(line for line in parsed.signatures if (line.name, line.key_id) == (signer.name, signer.key_id))
    return bytes(Note(parsed.text, (line,)))


def parse_fork_proof(data: bytes) -> ForkProof:
    """The parts of a fork proof. Raises Malformed with the reason of spec 12 §1."""
    if not data.startswith(HEADER):
        raise Malformed("header", f"not a fork proof: it does not begin with {HEADER.decode().strip()}")
    if len(data) > FORK_PROOF_BYTES_MAX:
        raise Malformed("size", f"a fork proof of over {FORK_PROOF_BYTES_MAX} bytes")
    try:
        value = decode(data[len(HEADER) :], _LIMITS)
    except Malformed as error:
        raise Malformed("form", error.text) from None
    match value:
        case [list(charters), bytes(one), bytes(other), bytes(root), list(hashes)]:
            pass
        case _:
            raise Malformed("form", "a fork proof holds charters, two checkpoints, a root and hashes")
    if not all(isinstance(part, bytes) for part in (*charters, *hashes)):
        raise Malformed("form", "charters and hashes are byte strings")
    if any(len(item) != HASH_BYTES for item in (root, *hashes)):  # type: ignore[arg-type] # they are bytes
        raise Malformed("form", f"a root or a hash that is not {HASH_BYTES} bytes")
    first, first_note = _parse_signed(one)
    second, second_note = _parse_signed(other)
    if not 1 <= first.size <= second.size or (first.size == second.size and first.root > second.root):
        raise Malformed("order", "the checkpoints are not in their order, or of no entries")
    return ForkProof(
        tuple(charters),  # type: ignore[arg-type] # they are bytes
        (first_note, second_note),
        first,
        second,
        root,
        tuple(hashes),  # type: ignore[arg-type] # they are bytes
    )


def _parse_signed(data: bytes) -> tuple[Checkpoint, Note]:
    try:
        checkpoint, note = parse_checkpoint(data)
    except Malformed as error:
        raise Malformed("note", error.text) from None
    if len(note.signatures) != 1 or note.signatures[0].name != checkpoint.origin:
        raise Malformed("note", "a checkpoint in a fork proof has one signature, by a key that is called as its log")
    return checkpoint, note


def judge_fork(
    data: bytes, *, trusted: Sequence[VerifierKey] | None = None, charters: Sequence[bytes] = ()
) -> ForkFinding:
    """The verdict on a fork proof, with no network, node or clock (spec 12 §3).

    `trusted` are the log keys of a trust file: then they alone count. Otherwise the keys follow from the charters in
    the file or from `charters`, those that the verifier knows of that log: the longer chain decides.
    """
    try:
        proof = parse_fork_proof(data)
    except Malformed as error:
        return ForkFinding(ForkVerdict.MALFORMED, str(error))
    found = ForkFinding(ForkVerdict.TRUE, "", proof)
    if proof.first.origin != proof.second.origin:
        return found._replace(verdict=ForkVerdict.ORIGIN, why="the two checkpoints are of different logs")
    if trusted is not None:
        named = [key for key in trusted if key.name == proof.first.origin]
        failed = _judge_signatures(proof, named, ForkVerdict.UNKNOWN_LOG, "the trust file has no key that signed both")
        return found._replace(verdict=failed[0], why=failed[1]) if failed else _judge_histories(found)
    return _judge_by_charters(found, charters)


def _judge_by_charters(found: ForkFinding, known: Sequence[bytes]) -> ForkFinding:
    """The verdict where charters say whose signatures count: those in the file, or a longer chain that is known."""
    proof = found.proof
    assert proof is not None
    try:
        origin = Origin.parse(proof.first.origin)
        given = () if proof.charters == tuple(known[: len(proof.charters)]) else proof.charters
        chains = [establish(chain) for chain in (known, given) if chain]
        if any(keys.log_id != origin.log_id for keys in chains):
            raise Malformed("log_id", "the charters are of another log than the checkpoints")
    except Malformed as error:
        return found._replace(verdict=ForkVerdict.CHARTERS, why=str(error))
    if not chains:
        why = "the file has no charters in it: say whose keys you believe"
        return found._replace(verdict=ForkVerdict.UNKNOWN_LOG, why=why)
    keys = max(chains, key=lambda chain: chain.charter.kseq)
    found = found._replace(keys=keys)
    in_force, removed = keys.verifier_keys(origin.epoch), _removed_keys(keys, origin)
    otherwise = ForkVerdict.SIGNATURE if proof.charters else ForkVerdict.UNKNOWN_LOG
    failed = _judge_signatures(proof, [*in_force, *removed], otherwise, "a checkpoint is not signed by the log's key")
    if failed:
        return found._replace(verdict=failed[0], why=failed[1])
    if any(_is_by(note, removed) for note in proof.notes):
        why = "signed by a key that the organisation has removed: what it signs says nothing of the organisation"
        return found._replace(verdict=ForkVerdict.REMOVED_KEY, why=why)
    return _judge_histories(found)


def _removed_keys(keys: LogKeys, origin: Origin) -> list[VerifierKey]:
    """Operating keys of earlier charters that the charter in force does not have."""
    earlier: set[bytes] = set()
    for payload in keys.payloads[:-1]:
        statement = parse_statement(parse_payload(payload).statement)
        assert isinstance(statement, Statement), "the charters were established"
        earlier.update(parse_charter(bytes(statement.body)).keys)
    return [VerifierKey(str(origin), TYPE_ED25519, key) for key in sorted(earlier - set(keys.charter.keys))]


def _is_by(note: Note, keys: Sequence[VerifierKey]) -> bool:
    (line,) = note.signatures
    return any((key.name, key.key_id) == (line.name, line.key_id) for key in keys)


def _judge_signatures(
    proof: ForkProof, keys: Sequence[VerifierKey], otherwise: ForkVerdict, why: str
) -> tuple[ForkVerdict, str] | None:
    """What is wrong with the signatures, if these are the log's keys; `otherwise` if another key signed."""
    for note in proof.notes:
        try:
            verified_by(note, keys)
        except Malformed as error:
            return (otherwise, why) if error.reason == "unsigned" else (ForkVerdict.SIGNATURE, error.text)
    return None


def _judge_histories(found: ForkFinding) -> ForkFinding:
    """Whether two checkpoints that the log did sign contradict each other."""
    proof = found.proof
    assert proof is not None
    first, second = proof.first, proof.second
    try:
        check_consistency(first.size, second.size, proof.root, second.root, proof.hashes)
    except Malformed as error:
        return found._replace(verdict=ForkVerdict.CONSISTENCY, why=error.text)
    if proof.root == first.root:
        why = "both checkpoints are of one history: the first is the beginning of the second"
        return found._replace(verdict=ForkVerdict.SAME_HISTORY, why=why)
    return found._replace(why="one log signed two histories that cannot both be true")
