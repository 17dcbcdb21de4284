# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 09 §1 and §2: frames."""

from functools import cache

from tests.reference import messagepack, world
from tests.reference.frame import FRAMES, decode_frame, encode_frame
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.vector import Fields, Group, join_runs, tagged

PEER = signer("peer operator")
NONCE = seeded_bytes("nonce")
STORE = seeded_bytes("store", 16)


def check_frame(inputs: Fields) -> Fields:
    number, content = decode_frame(bytes.fromhex(inputs["frame_hex"]))
    name = FRAMES[number][0] if number in FRAMES else None
    return {"type": number, "frame_name": name, "fields": tagged(content)}


def check_frame_size(inputs: Fields) -> Fields:
    return {"type": decode_frame(join_runs(inputs["frame_runs_hex"]))[0]}


def own_hello(**changes: Value) -> dict[str, Value]:
    """The HELLO of the node that opened the connection."""
    made = {
        "versions": [1],
        "network": "folkmoot",
        "log": world.log_id(),
        "nonce": NONCE,
        "role": 0,
        "features": [],
        "charters": [world.first_payload().encode()],
    }
    return made | changes


def head() -> dict[str, Value]:
    """A head of the common log."""
    return {"log": world.log_id(), "epoch": 1, "checkpoint": b"a note", "charters": [world.first_payload().encode()]}


@cache
def samples() -> dict[str, dict[str, Value]]:
    """One frame of each type."""
    here: dict[str, Value] = {"log": world.log_id(), "epoch": 1}
    place: dict[str, Value] = here | {"from": 3}
    return {
        "HELLO": own_hello(features=["bundles"]),
        "AUTH": {"key": PEER.public_key, "signature": seeded_bytes("signature", 64)},
        "REJECT": {"code": "version"},
        "RESUME": {"scope": "all", "store": STORE, "cursor": 17},
        "HEADS": {"heads": [head()]},
        "CURSOR": {"store": STORE, "upto": 18},
        "WANT": place | {"size": 7, "to": 7, "bytes": 262_144, "payloads": True},
        "ENTRIES": place | {"size": 7, "entries": [list(pair) for pair in world.log()[3:5]], "proof": [bytes(32)]},
        "MISSING": place | {"code": "range"},
        "BUSY": place | {"retry": 5},
        "PING": {"time": world.START, "reply": False},
        "BYE": {"code": "malformed", "retry": 60},
        "GET_HEADS": {"logs": [world.log_id()]},
        "SKIP": {"logs": [world.log_id()], "code": "unknown"},
        "PAYLOADS": here | {"ask": [3, 5], "items": [[4, world.log()[4][1]]]},
        "WITNESS": here | {"old": 3, "proof": [bytes(32)], "checkpoint": b"a note"},
        "COSIGNATURE": here | {"size": 7, "code": 200, "old": 0, "lines": b"a line"},
        "FORK": {"proof": b"a proof"},
        "PEERS": {"ask": True, "records": [b"a record"]},
        "TUNNEL": {"to": world.log_id(), "sender": seeded_bytes("sender"), "stream": 1, "code": "data", "data": b"x"},
    }


def frames(group: Group) -> Group:
    def add(title: str, name: str, **changes: Value) -> None:
        group.valid(title, frame_hex=encode_frame(name, samples()[name] | changes).hex())

    for name in samples():
        add(name, name)
        add(f"{name} with an unknown field", name, zzz=[1, {"a": b""}])
    add("RESUME at first contact", "RESUME", store=b"", cursor=0)
    add("HEADS of none", "HEADS", heads=[])
    add("HEADS with an unknown field in a head", "HEADS", heads=[head() | {"size": 7}])
    add("ENTRIES without payloads", "ENTRIES", entries=[[entry, b""] for entry, _ in world.log()[3:6]])
    add("ENTRIES without a proof", "ENTRIES", proof=[])
    add("MISSING for an unknown reason", "MISSING", code="tired")
    add("HELLO of several versions", "HELLO", versions=[1, 2, 7])
    group.valid("BUSY alone", frame_hex=encode_frame("BUSY", {"retry": 0}).hex())
    for number in (0, 23, 99, 2**63 - 1):
        group.valid(f"unknown type {number}", frame_hex=messagepack.encode([number, {"a": [1]}]).hex())
    return group


def malformed_frames(group: Group) -> Group:
    for name, sample in samples().items():
        for key in sample:
            if name == "BUSY" and key != "retry":
                continue
            less = {k: v for k, v in sample.items() if k != key}
            group.invalid(f"{name} without {key}", "malformed", frame_hex=encode_frame(name, less).hex())
    for name, sample in samples().items():
        for key in sample:
            other = encode_frame(name, sample | {key: {"a": 1}})
            group.invalid(f"{name}: {key} of another type", "malformed", frame_hex=other.hex())
    for name, key, what, value in (
        ("HELLO", "log", "of 31 bytes", bytes(31)),
        ("HELLO", "nonce", "of 33 bytes", bytes(33)),
        ("HELLO", "role", "2", 2),
        ("HELLO", "role", "false", False),
        ("HELLO", "versions", "of text", ["1"]),
        ("HELLO", "features", "of bytes", [b"a"]),
        ("HELLO", "charters", "of arrays", [[]]),
        ("AUTH", "key", "empty", b""),
        ("AUTH", "signature", "of 63 bytes", bytes(63)),
        ("RESUME", "store", "of 15 bytes", bytes(15)),
        ("RESUME", "cursor", "negative", -1),
        ("HEADS", "heads", "without an epoch", [{k: v for k, v in head().items() if k != "epoch"}]),
        ("HEADS", "heads", "with the note as text", [head() | {"checkpoint": "a note"}]),
        ("CURSOR", "store", "empty", b""),
        ("WANT", "from", "negative", -1),
        ("WANT", "payloads", "1", 1),
        ("ENTRIES", "entries", "with an entry alone", [[b"\0"]]),
        ("ENTRIES", "entries", "with three", [[b"\0", b"", b""]]),
        ("ENTRIES", "entries", "with text", [["a", b""]]),
        ("ENTRIES", "proof", "with 31 bytes", [bytes(31)]),
        ("BUSY", "retry", "negative", -1),
        ("PING", "reply", "0", 0),
        ("GET_HEADS", "logs", "with 31 bytes", [bytes(31)]),
        ("SKIP", "logs", "with 33 bytes", [bytes(33)]),
        ("PAYLOADS", "ask", "negative", [-1]),
        ("PAYLOADS", "items", "without a position", [[b""]]),
        ("PAYLOADS", "items", "with text", [[0, "a"]]),
        ("WITNESS", "old", "negative", -1),
        ("WITNESS", "proof", "with 31 bytes", [bytes(31)]),
        ("WITNESS", "proof", "of 64 hashes", [bytes(32)] * 64),
        ("COSIGNATURE", "code", "99", 99),
        ("COSIGNATURE", "code", "600", 600),
        ("PEERS", "records", "33 of them", [b""] * 33),
        ("PEERS", "records", "one of 4,097 bytes", [bytes(4_097)]),
        ("TUNNEL", "to", "of 31 bytes", bytes(31)),
        ("TUNNEL", "code", "unknown", "shut"),
    ):
        made = encode_frame(name, samples()[name] | {key: value})
        group.invalid(f"{name}: {key} {what}", "malformed", frame_hex=made.hex())
    ping = encode_frame("PING", samples()["PING"])
    for name, data in (
        ("empty", b""),
        ("not an array", b"\x80"),
        ("empty array", b"\x90"),
        ("type alone", b"\x91\x0b"),
        ("three elements", b"\x93" + ping[1:] + b"\0"),
        ("type is text", messagepack.encode(["PING", samples()["PING"]])),
        ("type is true", messagepack.encode([True, {}])),
        ("fields are an array", messagepack.encode([11, []])),
        ("unknown type with fields that are an array", messagepack.encode([99, []])),
        ("unknown type with nil", b"\x92\x63\x81\xa1a\xc0"),
        ("a byte behind", ping + b"\0"),
        ("torn", ping[:-1]),
        ("type in a longer form", b"\x92\xcc" + ping[1:]),
        ("fields unsorted", b"\x92\x0b\x82\xa4time\x00\xa5reply\xc2"),
    ):
        group.invalid(name, "malformed", frame_hex=data.hex())
    return group


def frame_sizes(group: Group) -> Group:
    add_counted(group, "ENTRIES", "entries", [b"\0", b""], 16_384)
    add_counted(group, "HEADS", "heads", head(), 256)
    add_counted(group, "GET_HEADS", "logs", world.log_id(), 256)
    add_counted(group, "PAYLOADS", "ask", 7, 1_024)
    add_sized(group, "FORK", "proof", 65_536)
    add_sized(group, "TUNNEL", "data", 1_000_000)
    head_hex = "926381a162c6"
    room = 1_048_576 - len(bytes.fromhex(head_hex)) - 4
    group.valid("1,048,576 bytes", frame_runs_hex=[[head_hex + room.to_bytes(4, "big").hex(), 1], ["00", room]])
    more = [[head_hex + (room + 1).to_bytes(4, "big").hex(), 1], ["00", room + 1]]
    group.invalid("1,048,577 bytes", "malformed", frame_runs_hex=more)
    group.invalid("bytes said to be 4,294,967,295", "malformed", frame_runs_hex=[[head_hex + "ffffffff", 1]])
    group.invalid("arrays without end", "malformed", frame_runs_hex=[["91", 1_000_000]])
    return group


def add_counted(group: Group, name: str, key: str, element: Value, limit: int) -> None:
    """A frame with as many elements as there may be, and with one more."""
    one = messagepack.encode(element)
    front, behind = encode_frame(name, samples()[name] | {key: ["mark"]}).split(b"\x91\xa4mark")
    for count in (limit, limit + 1):
        runs = [[(front + b"\xdc" + count.to_bytes(2, "big")).hex(), 1], [one.hex(), count], [behind.hex(), 1]]
        if count == limit:
            group.valid(f"{name} of {count} {key}", frame_runs_hex=runs)
        else:
            group.invalid(f"{name} of {count} {key}", "malformed", frame_runs_hex=runs)


def add_sized(group: Group, name: str, key: str, limit: int) -> None:
    """A frame whose bytes are as many as there may be, and with one more."""
    front, behind = encode_frame(name, samples()[name] | {key: b"mark"}).split(b"\xc4\x04mark")
    for count in (limit, limit + 1):
        runs = [[(front + b"\xc6" + count.to_bytes(4, "big")).hex(), 1], ["00", count], [behind.hex(), 1]]
        if count == limit:
            group.valid(f"{name} with {count} bytes of {key}", frame_runs_hex=runs)
        else:
            group.invalid(f"{name} with {count} bytes of {key}", "malformed", frame_runs_hex=runs)
