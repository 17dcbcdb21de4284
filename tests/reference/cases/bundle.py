# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 14: records, headers, whole bundles and what becomes of their logs."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from tests.reference import messagepack, tree, world
from tests.reference.bundle import TAG, Held, Name, cut, frame_record, read_file, take, write_header
from tests.reference.charter import log_id_of, to_base32
from tests.reference.checkpoint import Checkpoint
from tests.reference.frame import encode_frame
from tests.reference.messagepack import Value
from tests.reference.note import Note, sign_line
from tests.reference.rejection import reject
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.statement import Statement, seal
from tests.reference.vector import Fields, Group, vector_file
from tests.reference.verifier_key import LOG_TYPE, VerifierKey

END = frame_record(b"")


class Log(NamedTuple):
    """A small log of the cases."""

    key: Signer
    log_id: bytes
    charter: bytes
    entries: list[tuple[bytes, bytes]]


@cache
def small_log(label: str, branch: str = "") -> Log:
    """Five entries; those of another branch differ from the third on."""
    key = signer(f"bundle {label}")
    made = world.charter_statement(world.charter_body(keys=[key.public_key], name={"en": label}), key)
    charter = seal(made, seeded_bytes(f"{label} salt"), key, world.recovery_signers(0)[:2]).encode()
    log_id = log_id_of(made.encode())
    payloads = [charter]
    for number in range(1, 5):
        said = f"{label} {number}{branch if number >= 3 else ''}"
        at = world.START + 60 * number
        statement = Statement(
            log_id, "claim.endorse", seeded_bytes(f"{said} id", 16), at, key.public_key, {"note": said}
        )
        payloads.append(seal(statement, seeded_bytes(f"{said} salt"), key).encode())
    entries = [(world.make_entry(data, position).encode(), data) for position, data in enumerate(payloads)]
    return Log(key, log_id, charter, entries)


def note_of(log: Log, size: int, key: Signer | None = None) -> bytes:
    """The checkpoint of the log when it had that many entries."""
    origin = f"folkmoot/{to_base32(log.log_id)}/1"
    root = tree.root([tree.leaf_hash(entry) for entry, _ in log.entries[:size]])
    text = str(Checkpoint(origin, size, root))
    signing = key or log.key
    return str(Note(text, [sign_line(text, VerifierKey(origin, LOG_TYPE, signing.public_key), signing)])).encode()


def head_frame(log: Log, size: int, **changes: Value) -> bytes:
    """HEADS with one head."""
    head: dict[str, Value] = {
        "log": log.log_id,
        "epoch": 1,
        "checkpoint": note_of(log, size),
        "charters": [log.charter],
    }
    return encode_frame("HEADS", {"heads": [head | changes]})


def range_frame(log: Log, size: int, start: int, end: int, **changes: Value) -> bytes:
    """ENTRIES."""
    leaves = [tree.leaf_hash(entry) for entry, _ in log.entries[:size]]
    content: dict[str, Value] = {
        "log": log.log_id,
        "epoch": 1,
        "size": size,
        "from": start,
        "entries": [list(pair) for pair in log.entries[start:end]],
        "proof": list(tree.prove_consistency(end, leaves)) if end < size else [],
    }
    return encode_frame("ENTRIES", content | changes)


def part(of: Log, start: int, to: int, **changes: Value) -> dict[str, Value]:
    """What the header says of a log."""
    made: dict[str, Value] = {"log": of.log_id, "epoch": 1, "from": start, "to": to}
    return made | changes


def bundle(parts: list[Value], frames: list[bytes]) -> bytes:
    """A bundle of these frames."""
    return write_header(parts) + b"".join(frame_record(frame) for frame in frames) + END


def frames_of(log: Log, size: int, start: int = 0) -> list[bytes]:
    """A head, and ranges of two entries."""
    steps = range(start, size, 2)
    return [head_frame(log, size), *(range_frame(log, size, at, min(size, at + 2)) for at in steps)]


@cache
def two() -> list[Log]:
    """Two logs in the order of a bundle."""
    return sorted([small_log("alder"), small_log("birch")], key=lambda log: log.log_id)


def both(first: list[bytes] | None = None, second: list[bytes] | None = None) -> bytes:
    """A bundle of the two logs, the frames of one of them perhaps others."""
    one, other = two()
    frames = [*(frames_of(one, 5) if first is None else first), *(frames_of(other, 5) if second is None else second)]
    return bundle([part(one, 0, 5), part(other, 0, 5)], frames)


def generate() -> bytes:
    """The file 14-bundle.json."""
    return vector_file("14", "Bundle", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    records = Group("record", "The record of content_hex; of no content it is the end mark. Gives record_hex.", record)
    for name, content in (("end mark", ""), ("one byte", "00"), ("300 bytes", "ab" * 300)):
        records.valid(name, content_hex=content)
    yield records
    cuts = Group(
        "cut",
        "Entries of these sizes, each with its payload, in ranges as a writer cuts them. Gives ends, where each ends.",
        lambda inputs: {"ends": cut(inputs["sizes"])},
    )
    for name, sizes in (
        ("none", []),
        ("one", [100]),
        ("one that is large", [131_070]),
        ("just full", [65_524, 65_524]),
        ("one byte too many", [65_524, 65_525]),
        ("large ones", [131_061, 1, 131_047, 1, 131_048, 1]),
        ("many", [1_000] * 300),
    ):
        cuts.valid(name, sizes=sizes)
    yield cuts
    about = "Read the bundle bundle_hex. Gives logs, what its header names. What stands in its frames is not looked at."
    yield files(Group("file", about, check_file))
    yield taken(
        Group(
            "take",
            "A reader takes in the bundles before_hex, one after the other, and then bundle_hex. Gives logs, what"
            " became of each of its logs: state (taken, held or refused), reason (empty unless it was refused),"
            " taken, how many entries were new, and held, how many there are then (null if its head was not accepted);"
            " and fault, the reason why not all of the file was read, or null.",
            check_take,
        )
    )


def record(inputs: Fields) -> Fields:
    return {"record_hex": frame_record(bytes.fromhex(inputs["content_hex"])).hex()}


def check_file(inputs: Fields) -> Fields:
    file = read_file(bytes.fromhex(inputs["bundle_hex"]))
    if file.fault:
        reject(file.fault)
    return {
        "logs": [
            {"log_hex": one["log"].hex(), "epoch": one["epoch"], "from": str(one["from"]), "to": str(one["to"])}
            for one in file.parts
        ]
    }


def check_take(inputs: Fields) -> Fields:
    store: dict[Name, Held] = {}
    for before in inputs["before_hex"]:
        _, fault = take(bytes.fromhex(before), store)
        assert fault is None
    results, fault = take(bytes.fromhex(inputs["bundle_hex"]), store)
    return {
        "logs": [
            {
                "log_hex": result.name[0].hex(),
                "epoch": result.name[1],
                "state": result.state,
                "reason": result.reason,
                "taken": result.taken,
                "held": len(store[result.name].entries) if result.begun else None,
            }
            for result in results
        ],
        "fault": fault,
    }


def files(group: Group) -> Group:
    one, other = two()
    parts: list[Value] = [part(one, 0, 5), part(other, 2, 2, epoch=4_294_967_295)]
    whole = bundle(parts, [b"\xc0"])
    group.valid("two logs and a record", bundle_hex=whole.hex())
    group.valid("nothing in it", bundle_hex=bundle([], []).hex())
    group.valid("two epochs", bundle_hex=bundle([part(one, 0, 1), part(one, 0, 1, epoch=2)], []).hex())
    far: Value = part(one, 2**63 - 1, 2**63 - 1, more="ignored")
    group.valid("far positions and an unknown field", bundle_hex=bundle([far], []).hex())
    header = write_header(parts)
    for name, reason, data in (
        ("nothing", "tag", b""),
        ("something else", "tag", b"PK\3\4" + bytes(40)),
        ("another version", "version", TAG.replace(b"1", b"2") + header[len(TAG) :] + END),
        ("a longer version", "version", TAG.replace(b"1", b"12") + header[len(TAG) :] + END),
        ("cut in its tag", "truncated", TAG[:10]),
        ("cut after its tag", "truncated", TAG),
        ("cut in its header", "truncated", header[:-1]),
        ("cut after its header", "truncated", header),
        ("cut in a record", "truncated", header + frame_record(b"\xc0")[:-1]),
        ("cut in a length", "truncated", header + frame_record(b"\xc0") + b"\0\0"),
        ("cut in its end mark", "truncated", whole[:-1]),
        ("a byte behind", "trailing", whole + b"\0"),
        ("another bundle behind", "trailing", whole + whole),
        ("a length over the limit", "record_size", header + (1_048_577).to_bytes(4, "big") + bytes(8)),
        ("a length over all measure", "record_size", header + b"\xff" * 12),
        ("header damaged", "damaged", header[:-1] + bytes([header[-1] ^ 1]) + END),
        ("end mark damaged", "damaged", header + END[:-1] + b"\0"),
        ("no header", "header", TAG + END),
        ("a header that is no map", "header", TAG + frame_record(b"\x90") + END),
        ("a header without logs", "header", TAG + frame_record(b"\x80") + END),
        ("a header that is not canonical", "header", TAG + frame_record(b"\xde\0\0") + END),
        ("logs not in order", "header", bundle([part(other, 0, 1), part(one, 0, 1)], [])),
        ("a log twice", "header", bundle([part(one, 0, 1), part(one, 1, 2)], [])),
        ("ends before it begins", "header", bundle([part(one, 2, 1)], [])),
        ("epoch 0", "header", bundle([part(one, 0, 1, epoch=0)], [])),
        ("epoch 2^32", "header", bundle([part(one, 0, 1, epoch=2**32)], [])),
        ("a log id of 31 bytes", "header", bundle([part(one, 0, 1, log=bytes(31))], [])),
        ("a position below 0", "header", bundle([part(one, -1, 1)], [])),
    ):
        group.invalid(name, reason, bundle_hex=data.hex())
    return group


def taken(group: Group) -> Group:
    one, other = two()

    def case(name: str, data: bytes, *before: bytes) -> None:
        group.valid(name, before_hex=[one.hex() for one in before], bundle_hex=data.hex())

    first, second = frames_of(one, 5), frames_of(other, 5)
    alone = [part(one, 0, 5)]
    whole = bundle(list[Value](alone), first)
    shorter = bundle([part(one, 0, 3)], frames_of(one, 3))
    case("two logs", both())
    case("again", whole, whole)
    case("a log that has grown", whole, shorter)
    case("an older one", shorter, whole)
    case("only what is new", bundle([part(one, 3, 5)], frames_of(one, 5, 3)), shorter)
    case("only a head", bundle([part(one, 5, 5)], first[:1]))
    case("less than the checkpoint", bundle([part(one, 0, 4)], first[:3]))
    case("a frame of unknown type", bundle(list[Value](alone), [first[0], messagepack.encode([99, {}]), *first[1:]]))
    bare = [[entry, b""] for entry, _ in one.entries[:2]]
    without = [first[0], range_frame(one, 5, 0, 2, entries=bare), *first[2:]]
    case("without some payloads", bundle(list[Value](alone), without))
    case("a gap", bundle([part(one, 3, 5)], frames_of(one, 5, 3)))
    case("a range left out", both(first[:2] + first[3:]))
    case("the last range left out", both(first[:-1]))
    case("a head left out", both(first[1:]))
    case("the last log left out", both(second=[]))
    case("the first log left out", both(first=[]))
    case("ranges swapped", both([first[0], first[2], first[1], first[3]]))
    case("a range twice", both([first[0], first[1], *first[1:]]))
    case("a head twice", both([first[0], *first]))
    case("logs swapped", both(second, first))
    case("not a frame", both([first[0], b"\xc1", *first[2:]]))
    case(
        "a frame that does not belong", both([first[0], encode_frame("PING", {"time": 1, "reply": False}), *first[1:]])
    )
    changed = both([*first[:2], range_frame(one, 5, 2, 4, entries=[list(one.entries[3])] * 2), first[3]])
    case("an entry changed", changed)
    case("an entry changed that is held", changed, whole)
    case("a proof too short", both([first[0], range_frame(one, 5, 0, 2, proof=[]), *first[2:]]))
    case("another size", both([first[0], range_frame(one, 4, 0, 2), *first[2:]]))
    case("to beyond the checkpoint", bundle([part(one, 0, 5)], frames_of(one, 4)))
    case("signed by somebody else", both([head_frame(one, 5, checkpoint=note_of(one, 5, other.key)), *first[1:]]))
    case("charters of another log", both([head_frame(one, 5, charters=[other.charter]), *first[1:]]))
    case("a checkpoint of another log", both([head_frame(one, 5, checkpoint=note_of(other, 5)), *first[1:]]))
    branch = small_log("alder" if one == small_log("alder") else "birch", " otherwise")
    for size in (4, 5):
        forked = bundle([part(branch, 0, size)], frames_of(branch, size))
        case(f"a fork of size {size}", forked, bundle([part(one, 0, 4)], frames_of(one, 4)))
    broken(case)
    return group


def broken(case: Callable[[str, bytes], None]) -> None:
    """Files that were damaged or cut."""
    one, other = two()
    hurt = bytearray(both())
    hurt[len(hurt) - len(END) - 20] ^= 1
    case("damaged in the last record", bytes(hurt))
    hurt = bytearray(both())
    hurt[len(write_header([part(one, 0, 5), part(other, 0, 5)])) + 30] ^= 1
    case("damaged in the first record", bytes(hurt))
    case("cut in the second log", both()[: -len(END) - 40])
    case("cut before its end mark", both()[: -len(END)])
    case("something behind", both() + b"\0")
