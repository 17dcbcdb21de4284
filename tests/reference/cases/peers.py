# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 16: peer records."""

from collections.abc import Iterator

from tests.reference import messagepack, world
from tests.reference.messagepack import Value
from tests.reference.peer_record import read, sign
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.vector import Fields, Group, hexes, vector_file

UNTIL = world.START + 7 * 86_400


def generate() -> bytes:
    """The file 16-peers.json."""
    return vector_file("16", "Peers, scopes, moderation", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    about = (
        "The peer record record_hex, where keys_hex are the operating keys in force of its log. Gives log_hex,"
        " sequence, addresses, via_hex and until."
    )
    yield broken(records(Group("peer_record", about, check)))


def check(inputs: Fields) -> Fields:
    keys = [bytes.fromhex(key) for key in inputs["keys_hex"]]
    _, log_id, sequence, addresses, via, until = read(bytes.fromhex(inputs["record_hex"]), keys)
    return {
        "log_hex": log_id.hex(),
        "sequence": sequence,
        "addresses": addresses,
        "via_hex": hexes(via),
        "until": until,
    }


def said(**changes: Value) -> bytes:
    """What a record says."""
    parts: dict[str, Value] = {
        "version": 1,
        "log": world.log_id(),
        "sequence": 7,
        "addresses": ["https://moot.example"],
        "via": [],
        "until": UNTIL,
    }
    return messagepack.encode(list((parts | changes).values()))


def inputs_of(record: bytes) -> Fields:
    """A record, with the operating key of the common log."""
    return {"record_hex": record.hex(), "keys_hex": hexes([world.OPERATOR.public_key])}


def records(group: Group) -> Group:
    relay = seeded_bytes("relay")
    for name, changes in (
        ("one address", {}),
        ("behind a router", {"addresses": [], "via": [relay]}),
        ("four of each", {"addresses": [f"http://192.0.2.{n}:8080/moot" for n in range(4)], "via": [relay] * 4}),
        ("IPv6", {"addresses": ["http://[2001:db8::1]:8080"]}),
        ("nowhere", {"addresses": []}),
        ("largest numbers", {"sequence": 2**63 - 1, "until": 2**63 - 1}),
        ("200 characters", {"addresses": ["http://" + "a" * 193]}),
    ):
        group.valid(name, **inputs_of(sign(said(**changes), world.OPERATOR)))
    group.invalid("another key", "key", **inputs_of(sign(said(), signer("stranger"))))
    group.invalid("recovery key", "key", **inputs_of(sign(said(), world.recovery_signers(0)[0])))
    good = sign(said(), world.OPERATOR)
    group.invalid("a bit of the signature changed", "bad_signature", **inputs_of(good[:-1] + bytes([good[-1] ^ 1])))
    swapped = messagepack.encode([said(sequence=8), *messagepack.decode(good)[1:]])
    group.invalid("signature of another record", "bad_signature", **inputs_of(swapped))
    bare = messagepack.encode([said(), world.OPERATOR.public_key, world.OPERATOR.sign(said())])
    group.invalid("signature without its purpose", "bad_signature", **inputs_of(bare))
    return group


def broken(group: Group) -> Group:
    for name, changes in (
        ("another version", {"version": 2}),
        ("log of 31 bytes", {"log": bytes(31)}),
        ("sequence below zero", {"sequence": -1}),
        ("sequence as text", {"sequence": "7"}),
        ("until below zero", {"until": -1}),
        ("five addresses", {"addresses": ["http://a.example"] * 5}),
        ("five relays", {"via": [bytes(32)] * 5}),
        ("relay of 31 bytes", {"via": [bytes(31)]}),
        ("address of 201 characters", {"addresses": ["http://" + "a" * 194]}),
        ("address without a scheme", {"addresses": ["moot.example"]}),
        ("address of another scheme", {"addresses": ["ftp://moot.example"]}),
        ("address without a host", {"addresses": ["http:///path"]}),
        ("address with a blank", {"addresses": ["http://moot.example/a b"]}),
        ("empty address", {"addresses": [""]}),
        ("address in bytes", {"addresses": [b"http://moot.example"]}),
    ):
        group.invalid(name, "form", **inputs_of(sign(said(**changes), world.OPERATOR)))
    good = sign(said(), world.OPERATOR)
    text, key, signature = messagepack.decode(good)
    for name, data in (
        ("empty", b""),
        ("a byte behind", good + b"\0"),
        ("torn", good[:-1]),
        ("no signature", messagepack.encode([text, key])),
        ("four parts", messagepack.encode([text, key, signature, b""])),
        ("signature of 63 bytes", messagepack.encode([text, key, signature[:-1]])),
        ("key of 33 bytes", messagepack.encode([text, key + b"\0", signature])),
        ("what is said is a map", sign(b"\x80", world.OPERATOR)),
        ("what is said has a part too many", sign(messagepack.encode([*messagepack.decode(text), 0]), world.OPERATOR)),
        ("a number in a longer form", sign(text.replace(b"\x96\x01", b"\x96\xcc\x01"), world.OPERATOR)),
    ):
        group.invalid(name, "form", **inputs_of(data))
    return group
