# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 15: keys of a session, sealed payloads."""

from collections.abc import Iterator

from tests.reference import world
from tests.reference.sealing import Place, key_of, nonce_of, seal, unseal
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group, vector_file

OPENER, ACCEPTER = seeded_bytes("opener's secret"), seeded_bytes("accepter's secret")
SMALL_ORDER = (
    bytes(32),
    b"\x01" + bytes(31),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    b"\xec" + b"\xff" * 30 + b"\x7f",
)


def generate() -> bytes:
    """The file 15-private.json."""
    return vector_file("15", "Private payloads", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    about = (
        "The side of `role` drew secret_hex and got other_nonce_hex in the other's HELLO. Gives nonce_hex, its own,"
        " and key_hex."
    )
    yield keys(Group("key", about, check_key))
    about = (
        "The side of `role` seals text_hex as its text number `counter` for the entry at `position` of the log log_hex"
        " in `epoch`. Gives sealed_hex."
    )
    yield sealed(Group("seal", about, check_seal))
    about = "The side of `role` got sealed_hex for that entry from the other one. Gives text_hex."
    yield opened(Group("open", about, check_open))


def check_key(inputs: Fields) -> Fields:
    secret = bytes.fromhex(inputs["secret_hex"])
    key = key_of(inputs["role"], secret, bytes.fromhex(inputs["other_nonce_hex"]))
    return {"nonce_hex": nonce_of(secret).hex(), "key_hex": key.hex()}


def place_of(inputs: Fields) -> Place:
    """The entry that a case speaks of."""
    return bytes.fromhex(inputs["log_hex"]), inputs["epoch"], inputs["position"]


def session_key(inputs: Fields) -> bytes:
    """The key of the session of a case."""
    return key_of(inputs["role"], bytes.fromhex(inputs["secret_hex"]), bytes.fromhex(inputs["other_nonce_hex"]))


def check_seal(inputs: Fields) -> Fields:
    text, place = bytes.fromhex(inputs["text_hex"]), place_of(inputs)
    return {"sealed_hex": seal(session_key(inputs), inputs["role"], inputs["counter"], text, place).hex()}


def check_open(inputs: Fields) -> Fields:
    text = unseal(session_key(inputs), 1 - inputs["role"], bytes.fromhex(inputs["sealed_hex"]), place_of(inputs))
    return {"text_hex": text.hex()}


def side(role: int) -> Fields:
    """One side of the common session."""
    mine, theirs = (OPENER, ACCEPTER) if role == 0 else (ACCEPTER, OPENER)
    return {"role": role, "secret_hex": mine.hex(), "other_nonce_hex": nonce_of(theirs).hex()}


def entry(**changes: object) -> Fields:
    """The place of an entry."""
    return {"log_hex": world.log_id().hex(), "epoch": 1, "position": 3} | changes


def keys(group: Group) -> Group:
    group.valid("opener", **side(0))
    group.valid("accepter", **side(1))
    for number, nonce in enumerate(SMALL_ORDER):
        group.invalid(f"nonce of small order, {number}", "seal", **side(0) | {"other_nonce_hex": nonce.hex()})
    return group


def sealed(group: Group) -> Group:
    payload = world.log()[3][1]
    group.valid("first text", **side(0), **entry(), counter=0, text_hex=payload.hex())
    group.valid("the same text a second time", **side(0), **entry(), counter=1, text_hex=payload.hex())
    group.valid("by the other side", **side(1), **entry(), counter=0, text_hex=payload.hex())
    group.valid("nothing", **side(0), **entry(), counter=2, text_hex="")
    group.valid("large numbers", **side(0), **entry(epoch=2**32 - 1, position=2**63 - 1), counter=2**40, text_hex="00")
    return group


def opened(group: Group) -> Group:
    text = world.log()[3][1]
    key = key_of(0, OPENER, nonce_of(ACCEPTER))
    place = place_of(entry())
    made = seal(key, 1, 5, text, place)
    group.valid("good", **side(0), **entry(), sealed_hex=made.hex())
    for name, wrong, where in (
        ("one's own", seal(key, 0, 5, text, place), entry()),
        ("a bit changed", made[:-1] + bytes([made[-1] ^ 1]), entry()),
        ("another counter", b"\0" * 8 + made[8:], entry()),
        ("for another position", made, entry(position=4)),
        ("for another epoch", made, entry(epoch=2)),
        ("for another log", made, entry(log_hex=seeded_bytes("another log").hex())),
        ("under another session's key", seal(seeded_bytes("key"), 1, 5, text, place), entry()),
        ("without a tag", made[:20], entry()),
        ("counter alone", made[:8], entry()),
        ("seven bytes", made[:7], entry()),
        ("empty", b"", entry()),
    ):
        group.invalid(name, "seal", **side(0), **where, sealed_hex=wrong.hex())
    return group
