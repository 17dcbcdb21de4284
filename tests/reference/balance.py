# SPDX-License-Identifier: AGPL-3.0-or-later
"""Balance proofs, spec 20 §3."""

from dataclasses import dataclass

from tests.reference import messagepack, proof, tree
from tests.reference.messagepack import Limits
from tests.reference.moving import read_body
from tests.reference.proof import ProofFile, parse_proof
from tests.reference.rejection import RejectionError, require
from tests.reference.shape import is_array, is_bytes, is_integer
from tests.reference.state import decode_leaf
from tests.reference.statement import decode_payload, decode_statement
from tests.reference.trust import Trust

EXITS = proof.EXITS | {"false: state": 3}
LIMITS = Limits(input_bytes=262_144, string_bytes=65_536, array_elements=63, depth=2)


@dataclass(frozen=True)
class Balance:
    """The `extra` of a balance proof."""

    entry: bytes
    payload: bytes
    index: int
    leaf: bytes
    hashes: list[bytes]

    def encode(self) -> bytes:
        """The bytes of `extra`."""
        return messagepack.encode([self.entry, self.payload, self.index, self.leaf, list(self.hashes)])


def parse_extra(extra: bytes) -> Balance:
    """Entry, payload, index, leaf and hashes, or `extra`."""
    try:
        value = messagepack.decode(extra, LIMITS)
    except RejectionError:
        raise RejectionError("extra") from None
    require(is_array(value, 5, 5), "extra")
    entry, payload, index, leaf, hashes = value
    require(is_bytes(entry) and is_bytes(payload) and is_integer(index) and is_bytes(leaf), "extra")
    require(is_array(hashes) and all(is_bytes(one) for one in hashes), "extra")
    return Balance(entry, payload, index, leaf, hashes)


def judge(text: str, trust: Trust) -> str:
    """The verdict: that of the entry's own proof, then that on the leaf."""
    try:
        file = parse_proof(text)
        balance = parse_extra(file.extra or b"")
        decode_leaf(balance.leaf)
    except RejectionError:
        return "malformed"
    plain = ProofFile(messagepack.encode([balance.entry, balance.payload]), file.index, file.hashes, file.note)
    verdict = proof.judge(str(plain), trust)
    if verdict != "true":
        return verdict
    said = decode_statement(decode_payload(balance.payload).statement)
    body = read_body(said)
    origin = file.note.text.split("\n")[0]
    try:
        require(said.kind == "state" and body is not None, "kind")
        assert body is not None
        require(said.author in [key.public_key for key in trust.logs if key.name == origin], "author")
        require(body["size"] == file.index, "size")
        leaf = tree.leaf_hash(balance.leaf)
        tree.check_inclusion(balance.index, body["leaves"], leaf, balance.hashes, body["root"])
    except RejectionError:
        return "false: state"
    return "true"
