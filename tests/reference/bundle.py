# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles and what becomes of their logs, spec 14."""

import hashlib
from dataclasses import dataclass, field

from tests.reference import messagepack, tree
from tests.reference.charter import follow
from tests.reference.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, parse_origin
from tests.reference.frame import FRAME_LIMITS, FRAMES, decode_frame
from tests.reference.messagepack import Value
from tests.reference.note import parse_note
from tests.reference.record import array, fields, integer
from tests.reference.rejection import RejectionError, reject, require
from tests.reference.shape import is_bytes
from tests.reference.verifier_key import LOG_TYPE, VerifierKey

TAG = b"folkmoot/bundle/1\0"
RECORD_BYTES_MAX = 1_048_576
HEADS, ENTRIES = 5, 8
PART = fields(
    {
        "log": lambda value: is_bytes(value, 32),
        "epoch": integer(1, 2**32 - 1),
        "from": integer(),
        "to": integer(),
    }
)
HEADER = fields({"logs": array(PART, 10_000)})
Name = tuple[bytes, int]


def frame_record(content: bytes) -> bytes:
    """A record, or with no content the end mark."""
    before = len(content).to_bytes(4, "big") + content
    return before + hashlib.sha256(before).digest()[:8]


def write_header(parts: list[Value]) -> bytes:
    """How a bundle begins."""
    return TAG + frame_record(messagepack.encode({"logs": parts}))


def cut(sizes: list[int]) -> list[int]:
    """Where the ranges end: of pairs of these sizes as many as fit, at least one."""
    ends, room = [], 131_072
    for number, size in enumerate(sizes):
        if number and size + 12 > room:
            ends.append(number)
            room = 131_072
        room -= size + 12
    return [*ends, len(sizes)] if sizes else []


@dataclass
class File:
    """A bundle as far as it can be read; an item is the content of a record, None where its check is wrong."""

    parts: list[dict[str, Value]]
    items: list[bytes | None]
    fault: str | None


def read_file(data: bytes) -> File:
    """The header and the records, or the reason why there is not even a header."""
    require(data.startswith(TAG[:16]) or (data and TAG.startswith(data)), "tag")
    require(len(data) >= len(TAG), "truncated")
    require(data.startswith(TAG), "version")
    content, at = read_record(data, len(TAG))
    require(content is not None, "damaged")
    parts = read_header(content or b"")
    items: list[bytes | None] = []
    while True:
        try:
            content, at = read_record(data, at)
        except RejectionError as error:
            return File(parts, items, error.reason)
        if content == b"":
            return File(parts, items, None if at == len(data) else "trailing")
        items.append(content)


def read_record(data: bytes, at: int) -> tuple[bytes | None, int]:
    """What a record holds and where the next begins; None if its check is wrong."""
    require(len(data) >= at + 4, "truncated")
    length = int.from_bytes(data[at : at + 4], "big")
    require(length <= RECORD_BYTES_MAX, "record_size")
    end = at + 4 + length + 8
    require(len(data) >= end, "truncated")
    content = data[at + 4 : end - 8]
    if frame_record(content) == data[at:end]:
        return content, end
    return (None, end) if length else reject("damaged")


def read_header(content: bytes) -> list[dict[str, Value]]:
    """What a bundle says it holds, or `header`."""
    try:
        value = messagepack.decode(content, FRAME_LIMITS)
    except RejectionError:
        reject("header")
    require(HEADER(value), "header")
    parts: list[dict[str, Value]] = value["logs"]
    names = [(part["log"], part["epoch"]) for part in parts]
    require(names == sorted(set(names)), "header")
    require(all(part["from"] <= part["to"] for part in parts), "header")
    return parts


@dataclass
class Held:
    """A log as a reader holds it: entries, and the size of the newest head."""

    entries: list[bytes] = field(default_factory=list)
    head: int = -1


@dataclass
class Result:
    """What became of a log."""

    name: Name
    reason: str = ""
    begun: bool = False
    news: bool = False
    taken: int = 0
    next: int = 0
    checkpoint: Checkpoint | None = None

    @property
    def state(self) -> str:
        """The word of the page's vectors."""
        return "refused" if self.reason else "taken" if self.taken or self.news else "held"


def take(data: bytes, store: dict[Name, Held]) -> tuple[list[Result], str | None]:
    """Takes a bundle in; what became of its logs, and why the rest could not be read."""
    file = read_file(data)
    ends = {(part["log"], part["epoch"]): part["to"] for part in file.parts}
    results = [Result((part["log"], part["epoch"]), next=part["from"]) for part in file.parts]
    turn = -1
    for item in file.items:
        frame, trouble = read_frame(item)
        if not frame and not trouble:
            continue
        found = next_turn(results, turn, frame, ends)
        if found == len(results):
            continue
        turn = found
        if not results[turn].reason:
            try:
                require(not trouble, trouble)
                hear(results[turn], frame, ends[results[turn].name], store)
            except RejectionError as error:
                results[turn].reason = error.reason
    rest = file.fault if file.fault not in (None, "trailing") else "missing"
    for number, result in enumerate(results):
        if not result.reason and not is_complete(result, ends):
            result.reason = (rest or "") if number >= turn else "missing"
    return results, file.fault


def is_complete(result: Result, ends: dict[Name, int]) -> bool:
    """Whether all of a log has come."""
    return result.begun and result.next == ends[result.name]


def next_turn(
    results: list[Result], turn: int, frame: tuple[int, dict[str, Value]] | None, ends: dict[Name, int]
) -> int:
    """Which log a frame, or what is damaged, counts for; the number of logs if none is left."""
    names = names_of(frame)
    for later in range(turn + 1, len(results)):
        if frame and frame[0] == HEADS and names == [results[later].name]:
            return later
    if turn < 0 or (is_complete(results[turn], ends) and results[turn].name not in names):
        return turn + 1
    return turn


def read_frame(item: bytes | None) -> tuple[tuple[int, dict[str, Value]] | None, str]:
    """A frame that counts, or what is wrong; neither for one of unknown type."""
    if item is None:
        return None, "damaged"
    try:
        number, content = decode_frame(item)
    except RejectionError:
        return None, "malformed"
    if number in (HEADS, ENTRIES):
        return (number, content), ""
    return None, "order" if number in FRAMES else ""


def names_of(frame: tuple[int, dict[str, Value]] | None) -> list[Name]:
    """The logs that a frame is of."""
    if frame is None:
        return []
    heads = frame[1]["heads"] if frame[0] == HEADS else [frame[1]]
    return [(one["log"], one["epoch"]) for one in heads]


def hear(result: Result, frame: tuple[int, dict[str, Value]] | None, to: int, store: dict[Name, Held]) -> None:
    """One frame of a log, or its reason."""
    assert frame
    number, content = frame
    require(names_of(frame) == [result.name], "order")
    if number == HEADS:
        require(not result.begun, "order")
        begin(result, content["heads"][0], to, store)
        return
    require(result.begun and result.checkpoint, "order")
    assert result.checkpoint
    pairs, start = content["entries"], content["from"]
    end = start + len(pairs)
    require(content["size"] == result.checkpoint.size and start == result.next and end <= to, "order")
    result.next = end
    held = store[result.name]
    require(start <= len(held.entries), "gap")
    entries = [entry for entry, _ in pairs]
    known = held.entries[start:end]
    if entries[: len(known)] != known:
        check_range([*held.entries[:start], *entries], result.checkpoint, content["proof"])
        reject("fork")
    if len(known) == len(entries):
        return
    require(all(len(entry) <= 65_535 for entry in entries), "entry_form")
    grown = [*held.entries, *entries[len(known) :]]
    check_range(grown, result.checkpoint, content["proof"])
    result.taken += len(grown) - len(held.entries)
    held.entries = grown


def check_range(entries: list[bytes], checkpoint: Checkpoint, proof: list[bytes]) -> None:
    """Whether these are the first entries of the log, by the proof."""
    root = tree.root([tree.leaf_hash(entry) for entry in entries])
    tree.check_consistency(len(entries), checkpoint.size, root, checkpoint.root, proof)


def begin(result: Result, head: dict[str, Value], to: int, store: dict[Name, Held]) -> None:
    """The head of a log, or its reason."""
    checkpoint = parse_checkpoint(parse_note(head["checkpoint"]).text)
    require(to <= checkpoint.size, "order")
    log_id, charter = follow(head["charters"])
    name = parse_origin(checkpoint.origin)
    require(name == result.name and log_id == result.name[0], "origin")
    keys = [VerifierKey(checkpoint.origin, LOG_TYPE, key) for key in charter.keys]
    open_checkpoint(head["checkpoint"], keys[0], checkpoint.origin)
    held = store.get(result.name, Held())
    if checkpoint.size <= len(held.entries):
        root = tree.root([tree.leaf_hash(entry) for entry in held.entries[: checkpoint.size]])
        require(root == checkpoint.root, "fork")
    result.news = held.head < checkpoint.size
    held.head = max(held.head, checkpoint.size)
    store[result.name] = held
    result.begun, result.checkpoint = True, checkpoint
