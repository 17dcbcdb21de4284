# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames of a gossip session, spec 09 §1 and §2."""

from tests.reference import messagepack
from tests.reference.messagepack import Limits, Value
from tests.reference.record import Check, array, fields, integer
from tests.reference.rejection import RejectionError, require
from tests.reference.shape import is_array, is_bytes, is_integer, is_map, is_text

FRAME_LIMITS = Limits(input_bytes=1_048_576, string_bytes=1_048_575, array_elements=16_384)


def octets(length: int | None = None) -> Check:
    """Bytes, of this length if one is given."""
    return lambda value: is_bytes(value, length)


def frame_array(element: Check, high: int = 16_384) -> Check:
    """An array of such elements."""
    return lambda value: is_array(value, 0, high) and all(element(one) for one in value)


def is_boolean(value: Value) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_role(value: Value) -> bool:
    """0, which opened the connection, or 1."""
    return is_integer(value, 0, 1)


def is_word(value: Value) -> bool:
    """Any text."""
    return is_text(value)


def is_store(value: Value) -> bool:
    """The id of a store, or the empty one at first contact."""
    return is_bytes(value, 16) or value == b""


def octets_up_to(length: int) -> Check:
    """Bytes, at most this many."""
    return lambda value: is_bytes(value) and len(value) <= length


def is_status(value: Value) -> bool:
    """A status of HTTP."""
    return is_integer(value, 100, 599)


def is_tunnel_code(value: Value) -> bool:
    """What a TUNNEL does."""
    return is_text(value) and value in {"open", "data", "close", "refused"}


def is_item(value: Value) -> bool:
    """A position and a payload."""
    return is_array(value, 2, 2) and is_integer(value[0], 0) and is_bytes(value[1])


def is_pair(value: Value) -> bool:
    """An entry and its payload."""
    return is_array(value, 2, 2) and all(is_bytes(one) for one in value)


IN_LOG: dict[str, Check] = {"log": octets(32), "epoch": integer()}
HEAD = fields(IN_LOG | {"checkpoint": octets(), "charters": frame_array(octets())})
# Number -> (name, required fields, optional fields).
FRAMES: dict[int, tuple[str, dict[str, Check], dict[str, Check]]] = {
    1: (
        "HELLO",
        {
            "versions": array(integer()),
            "network": is_word,
            "log": octets(32),
            "nonce": octets(32),
            "role": is_role,
            "features": array(is_word),
            "charters": frame_array(octets()),
        },
        {},
    ),
    2: ("AUTH", {"key": octets(32), "signature": octets(64)}, {}),
    3: ("REJECT", {"code": is_word}, {}),
    4: ("RESUME", {"scope": is_word, "store": is_store, "cursor": integer()}, {}),
    5: ("HEADS", {"heads": frame_array(HEAD, 256)}, {}),
    6: ("CURSOR", {"store": octets(16), "upto": integer()}, {}),
    7: (
        "WANT",
        IN_LOG | dict.fromkeys(("size", "from", "to", "bytes"), integer()) | {"payloads": is_boolean},
        {},
    ),
    8: (
        "ENTRIES",
        IN_LOG
        | {"size": integer(), "from": integer(), "entries": frame_array(is_pair), "proof": frame_array(octets(32))},
        {},
    ),
    9: ("MISSING", IN_LOG | {"from": integer(), "code": is_word}, {}),
    10: ("BUSY", {"retry": integer()}, IN_LOG | {"from": integer()}),
    11: ("PING", {"time": integer(), "reply": is_boolean}, {}),
    12: ("BYE", {"code": is_word, "retry": integer()}, {}),
    13: ("GET_HEADS", {"logs": frame_array(octets(32), 256)}, {}),
    14: ("SKIP", {"logs": frame_array(octets(32), 256), "code": is_word}, {}),
    17: ("PAYLOADS", IN_LOG | {"ask": frame_array(integer(), 1_024), "items": frame_array(is_item, 1_024)}, {}),
    18: ("WITNESS", IN_LOG | {"old": integer(), "proof": frame_array(octets(32), 63), "checkpoint": octets()}, {}),
    19: (
        "COSIGNATURE",
        IN_LOG | {"size": integer(), "code": is_status, "old": integer(), "lines": octets()},
        {},
    ),
    20: ("FORK", {"proof": octets_up_to(65_536)}, {}),
    21: ("PEERS", {"ask": is_boolean, "records": frame_array(octets_up_to(4_096), 32)}, {}),
    22: (
        "TUNNEL",
        {
            "to": octets(32),
            "sender": octets(32),
            "stream": integer(),
            "code": is_tunnel_code,
            "data": octets_up_to(1_000_000),
        },
        {},
    ),
}


def decode_frame(data: bytes) -> tuple[int, dict[str, Value]]:
    """The type and the fields of a frame, of an unknown type too; or `malformed`."""
    try:
        value = messagepack.decode(data, FRAME_LIMITS)
    except RejectionError:
        raise RejectionError("malformed") from None
    require(is_array(value, 2, 2) and is_integer(value[0]) and is_map(value[1]), "malformed")
    number, content = value
    if number in FRAMES:
        _, required, optional = FRAMES[number]
        require(fields(required, optional)(content), "malformed")
    return number, content


def encode_frame(name: str, content: dict[str, Value]) -> bytes:
    """A frame of this name."""
    (number,) = (number for number, frame in FRAMES.items() if frame[0] == name)
    return messagepack.encode([number, content])
