# SPDX-License-Identifier: AGPL-3.0-or-later
"""The short form of proofs and its digits, spec 20 §4."""

import base64
import hashlib
import re

from tests.reference import balance, messagepack, proof, statement, tree
from tests.reference.charter import to_base32
from tests.reference.checkpoint import Checkpoint, parse_checkpoint, parse_origin
from tests.reference.messagepack import Value
from tests.reference.note import Note, SignatureLine
from tests.reference.proof import ProofFile, parse_proof
from tests.reference.rejection import RejectionError, require
from tests.reference.shape import is_array, is_bytes, is_integer, is_map
from tests.reference.state import decode_leaf
from tests.reference.statement import Entry, Payload, Statement

# How many digits stand for so many bytes.
DIGITS = {
    1: 3, 2: 5, 3: 8, 4: 10, 5: 13, 6: 15, 7: 17, 8: 20, 9: 22, 10: 25, 11: 27, 12: 29, 13: 32, 14: 34, 15: 37, 16: 39,
    17: 41, 18: 44, 19: 46, 20: 49, 21: 51, 22: 53,
}  # fmt: skip
PART = re.compile(r"(?:[^\s#]*#)?([1-9])\.([1-9])\.([0-9]{4})\.([0-9]+)")
WITNESS = re.compile(r"folkmoot/([a-z2-7]{52})/witness")


def pack(text: str) -> bytes:
    """The short form of a proof file, or `short`."""
    try:
        packed = take_apart(text)
        require(unpack(packed) == text, "short")
    except RejectionError:
        raise RejectionError("short") from None
    return packed


def take_apart(text: str) -> bytes:
    """The parts of a proof file, or any reason."""
    file = parse_proof(text)
    checkpoint = parse_checkpoint(file.note.text)
    log_id, epoch = parse_origin(checkpoint.origin)
    told: balance.Balance | None = None
    try:
        told = balance.parse_extra(file.extra or b"")
        entry_bytes, payload_bytes = told.entry, told.payload
    except RejectionError:
        entry_bytes, payload_bytes = proof.parse_extra(file.extra or b"")
    entry, payload = statement.decode_entry(entry_bytes), statement.decode_payload(payload_bytes)
    said = statement.decode_statement(payload.statement)
    lines = [[short_name(line.name, checkpoint.origin), line.key_id + line.signature] for line in file.note.lines]
    common: list[Value] = [
        log_id, epoch, checkpoint.size, lines, file.index, b"".join(file.hashes), entry.at, entry.scope, payload.salt,
        [[key, signature] for key, signature in payload.signatures],
    ]  # fmt: skip
    before = entry.at - said.at
    if told is None:
        return messagepack.encode([1, *common, said.kind, said.id, before, said.body])
    leaves = said.body.get("leaves", 0)
    rest: list[Value] = [said.id, before, leaves, told.index, told.leaf, b"".join(told.hashes)]
    return messagepack.encode([2, *common, *rest])


def short_name(name: str, origin: str) -> Value:
    """What stands for the name of a key."""
    if name == origin:
        return 0
    match = WITNESS.fullmatch(name)
    log_id = base64.b32decode(match[1].upper() + "====") if match else b""
    return log_id if log_id and to_base32(log_id) == match[1] else name  # type: ignore[index] # there is a match


def unpack(packed: bytes) -> str:
    """The proof file, or `short`."""
    try:
        value = messagepack.decode(packed)
        require(is_array(value, 1) and is_integer(value[0], 1, 2), "short")
        require(len(value) == (15 if value[0] == 1 else 17), "short")
        return put_together(value)
    except RejectionError:
        raise RejectionError("short") from None


def put_together(value: list[Value]) -> str:
    """The proof file of the parts of a short form, or any reason."""
    form, log_id, epoch, size, lines, position, joined, at, scope, salt, signatures, *rest = value
    require(is_bytes(log_id, 32) and is_integer(epoch, 1, 2**32) and is_integer(size), "short")
    require(is_integer(position) and is_bytes(joined) and is_bytes(salt, 32), "short")
    require(is_array(signatures, 1) and all(is_array(pair, 2, 2) for pair in signatures), "short")
    require(is_integer(at) and is_integer(scope), "short")
    if form == 1:
        kind, identity, before, body = rest
        require(is_map(body), "short")
    else:
        identity, before, leaves, index, leaf, path = rest
        require(is_integer(leaves) and is_integer(index) and is_bytes(leaf) and is_bytes(path), "short")
        decode_leaf(leaf)
        require(index < leaves, "short")
        root = tree.root_from_path(index, leaves, tree.leaf_hash(leaf), cut(path))
        kind, body = "state", {"leaves": leaves, "root": root, "size": position}
    require(is_integer(before, -(2**63)), "short")
    owner = b"" if position == 0 and epoch == 1 else log_id
    said = Statement(owner, kind, identity, at - before, signatures[0][0], body)
    payload = Payload(salt, said.encode(), [(key, signature) for key, signature in signatures]).encode()
    decoded = statement.decode_payload(payload)
    statement.check_signature_order(decoded, statement.decode_statement(decoded.statement).author)
    entry = Entry(at, scope, statement.commitment(payload)).encode()
    hashes = cut(joined)
    require(position < size, "short")
    origin = f"folkmoot/{to_base32(log_id)}/{epoch}"
    checkpoint = Checkpoint(origin, size, tree.root_from_path(position, size, tree.leaf_hash(entry), hashes))
    note = Note(str(checkpoint), [line_of(line, origin) for line in lines])
    extra = messagepack.encode([entry, payload])
    if form == 2:
        extra = balance.Balance(entry, payload, index, leaf, cut(path)).encode()
    return str(ProofFile(extra, position, hashes, note))


def line_of(line: Value, origin: str) -> SignatureLine:
    """A signature line from its short form."""
    require(is_array(line, 2, 2) and is_bytes(line[1]), "short")
    name, blob = line
    if is_integer(name):
        require(name == 0, "short")
        name = origin
    elif is_bytes(name):
        name = f"folkmoot/{to_base32(name)}/witness"
    require(isinstance(name, str), "short")
    return SignatureLine(name, blob[:4], blob[4:])


def cut(joined: bytes) -> list[bytes]:
    """Hashes that stand joined."""
    require(len(joined) % 32 == 0, "short")
    return [joined[at : at + 32] for at in range(0, len(joined), 32)]


def to_digits(data: bytes) -> str:
    """Decimal digits, group by group."""
    groups = [data[at : at + 22] for at in range(0, len(data), 22)]
    return "".join(f"{int.from_bytes(group, 'big'):0{DIGITS[len(group)]}}" for group in groups)


def from_digits(digits: str) -> bytes:
    """The bytes, or `digits`."""
    data, sizes = b"", {count: size for size, count in DIGITS.items()}
    for at in range(0, len(digits), 53):
        group = digits[at : at + 53]
        require(len(group) in sizes and int(group) < 256 ** sizes.get(len(group), 0), "digits")
        data += int(group).to_bytes(sizes[len(group)], "big")
    return data


def tag(data: bytes) -> str:
    """Four digits that tell whether parts belong together."""
    return f"{int.from_bytes(hashlib.sha256(data).digest()[:4], 'big') % 10_000:04}"


def make_parts(data: bytes, count: int, url: str) -> list[str]:
    """The data in so many parts."""
    digits = to_digits(data)
    size = len(digits)
    return [
        f"{url}#{number + 1}.{count}.{tag(data)}.{digits[size * number // count : size * (number + 1) // count]}"
        for number in range(count)
    ]


def join_parts(texts: list[str]) -> bytes:
    """The data, or `part`, `digits`, `tag`."""
    found: dict[int, str] = {}
    wholes = set()
    for text in texts:
        match = PART.fullmatch(text)
        require(match, "part")
        assert match
        require(int(match[1]) not in found, "part")
        found[int(match[1])] = match[4]
        wholes.add((int(match[2]), match[3]))
    require(len(wholes) == 1, "part")
    ((count, expected),) = wholes
    require(sorted(found) == list(range(1, count + 1)), "part")
    data = from_digits("".join(found[number] for number in range(1, count + 1)))
    require(tag(data) == expected, "tag")
    return data
