# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 16: peer records."""

from collections.abc import Iterator

from tests.reference import messagepack, world
from tests.reference.cases.bodies import check_body
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
    yield bodies(Group("body", "Read body_hex as the body of a statement of this kind, §2 and §4.", check_body))


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


def bodies(group: Group) -> Group:
    """What is said of logs: vouches, denials, labels."""
    log, record_id = seeded_bytes("a log"), seeded_bytes("a record", 16)
    good: dict[str, dict[str, Value]] = {
        "vouch": {"log": log, "vouched": True},
        "deny": {"log": log, "denied": True, "reason": "spam"},
        "label": {"subject": {"log": log}, "label": "adults only", "set": True},
    }

    def add(kind: str, name: str, body: dict[str, Value], *, valid: bool) -> None:
        body_hex = messagepack.encode(body).hex()
        if valid:
            group.valid(f"{kind} {name}", kind=kind, body_hex=body_hex)
        else:
            group.invalid(f"{kind}: {name}", "malformed", kind=kind, body_hex=body_hex)

    for kind, content in good.items():
        add(kind, "plain", content, valid=True)
        add(kind, "with a note of 2,000 characters", content | {"note": "a" * 2_000}, valid=True)
        add(kind, "note of 2,001 characters", content | {"note": "a" * 2_001}, valid=False)
        for key in content:
            add(kind, f"{key} missing", {k: v for k, v in content.items() if k != key}, valid=False)
            add(kind, f"{key} of another type", content | {key: [False]}, valid=False)
    for kind, key in (("vouch", "vouched"), ("deny", "denied"), ("label", "set")):
        add(kind, "taken back", good[kind] | {key: False}, valid=True)
        add(kind, f"{key} as a number", good[kind] | {key: 1}, valid=False)
    for reason in ("false", "against_charter", "illegal", "duplicate", "not_there", "request"):
        add("deny", f"for {reason}", good["deny"] | {"reason": reason}, valid=True)
    add("deny", "of a record", good["deny"] | {"id": record_id}, valid=True)
    add("deny", "id of 15 bytes", good["deny"] | {"id": bytes(15)}, valid=False)
    add("deny", "log of 31 bytes", good["deny"] | {"log": bytes(31)}, valid=False)
    add("vouch", "log of 33 bytes", good["vouch"] | {"log": bytes(33)}, valid=False)
    add("label", "on a record", good["label"] | {"subject": {"log": log, "id": record_id}}, valid=True)
    add("label", "of 64 characters", good["label"] | {"label": "\u00e9" * 64}, valid=True)
    add("label", "empty", good["label"] | {"label": ""}, valid=False)
    add("label", "of 65 characters", good["label"] | {"label": "a" * 65}, valid=False)
    add("label", "on nothing", good["label"] | {"subject": {"id": record_id}}, valid=False)
    return group
