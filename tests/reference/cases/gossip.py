# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 09: frames, the opening of a session, ranges, local discovery."""

from collections.abc import Iterator
from functools import cache

from tests.reference import messagepack, session, tree, world
from tests.reference.cases.frames import (
    NONCE,
    PEER,
    check_frame,
    check_frame_size,
    frame_sizes,
    frames,
    malformed_frames,
    own_hello,
)
from tests.reference.charter import log_id_of
from tests.reference.frame import decode_frame, encode_frame
from tests.reference.messagepack import Value
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.statement import seal
from tests.reference.vector import Fields, Group, hexes, vector_file

PEER_NONCE = seeded_bytes("peer nonce")


def generate() -> bytes:
    """The file 09-gossip.json."""
    return vector_file("09", "Gossip", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    about = (
        "Read the frame frame_hex. Gives type, frame_name (null for a type that is not known, whose frame is"
        " ignored) and"
        " fields, a value as in 01 (unknown fields, which are ignored, are among them)."
    )
    yield frames(Group("frame", about, check_frame))
    yield malformed_frames(Group("frame_malformed", "Frames that end the session with BYE malformed.", check_frame))
    yield frame_sizes(
        Group(
            "frame_size",
            "As frame, but the bytes are the pieces of frame_runs_hex, each [hexadecimal, how many times],"
            " joined. Gives type.",
            check_frame_size,
        )
    )
    yield auth_messages(
        Group(
            "auth_message",
            "The sender's AUTH: over its own role, log_hex and nonce_hex and the other side's other_log_hex and"
            " other_nonce_hex, by the operating key of seed_hex. Gives message_hex, key_hex and signature_hex.",
            check_auth_message,
        )
    )
    yield hellos(
        Group(
            "hello",
            "A node that sent the HELLO frame own_hello_hex gets other_hello_hex. The reason is the code of its"
            " REJECT. Gives"
            " keys_hex, the operating keys in force of the other side.",
            check_hello,
        )
    )
    yield auths(
        Group(
            "auth",
            "After own_hello_hex and other_hello_hex, which are in order, the node gets the frame auth_hex. The"
            " reason is the"
            " code of its REJECT.",
            check_auth,
        )
    )
    yield ranges(
        Group(
            "range",
            "A receiver that holds held_entries_hex asked for what follows, up to a verified checkpoint of"
            " `size` and root_hex,"
            " and gets the ENTRIES frame answer_hex. Gives grown_size and grown_root_hex, its tree afterwards.",
            check_range,
        )
    )
    yield services(
        Group(
            "service",
            "What a node of this organisation_name, log_id_hex and boot id boot_hex announces (§7): instance,"
            " host and txt.",
            check_service,
        )
    )


def check_auth_message(inputs: Fields) -> Fields:
    own, other = ("log_hex", "nonce_hex"), ("other_log_hex", "other_nonce_hex")
    log_id, nonce = (bytes.fromhex(inputs[name]) for name in own)
    other_log_id, other_nonce = (bytes.fromhex(inputs[name]) for name in other)
    message = session.auth_message(inputs["network"], inputs["role"], (log_id, other_log_id), (nonce, other_nonce))
    sender = Signer(bytes.fromhex(inputs["seed_hex"]))
    return {
        "message_hex": message.hex(),
        "key_hex": sender.public_key.hex(),
        "signature_hex": sender.sign(message).hex(),
    }


def fields_of(inputs: Fields, name: str) -> dict[str, Value]:
    """The fields of the frame in an input."""
    return decode_frame(bytes.fromhex(inputs[name]))[1]


def check_hello(inputs: Fields) -> Fields:
    charter = session.check_hello(fields_of(inputs, "own_hello_hex"), fields_of(inputs, "other_hello_hex"))
    return {"keys_hex": hexes(charter.keys)}


def check_auth(inputs: Fields) -> Fields:
    own, other = fields_of(inputs, "own_hello_hex"), fields_of(inputs, "other_hello_hex")
    session.check_auth(own, other, fields_of(inputs, "auth_hex"))
    return {}


def check_range(inputs: Fields) -> Fields:
    held = [bytes.fromhex(entry) for entry in inputs["held_entries_hex"]]
    answer = fields_of(inputs, "answer_hex")
    grown = session.check_range(held, inputs["size"], bytes.fromhex(inputs["root_hex"]), answer)
    return {"grown_size": len(held) + len(answer["entries"]), "grown_root_hex": grown.hex()}


def check_service(inputs: Fields) -> Fields:
    log_id, boot = bytes.fromhex(inputs["log_id_hex"]), bytes.fromhex(inputs["boot_hex"])
    return session.describe_service(inputs["organisation_name"], log_id, boot, tls=inputs["tls"])


@cache
def peer_charter() -> bytes:
    """The first charter of the other node's log, as a payload."""
    made = world.charter_statement(world.charter_body(keys=[PEER.public_key]), PEER)
    return seal(made, bytes(32), PEER, world.recovery_signers(0)[:2]).encode()


@cache
def peer_log() -> bytes:
    """The LogId of the other node's log."""
    return log_id_of(messagepack.decode(peer_charter())[1])


def peer_hello(**changes: Value) -> dict[str, Value]:
    """The HELLO of the other side."""
    made = {"log": peer_log(), "nonce": PEER_NONCE, "role": 1, "charters": [peer_charter()]}
    return own_hello(**(made | changes))


def auth_messages(group: Group) -> Group:
    mine = {"log_hex": world.log_id().hex(), "nonce_hex": NONCE.hex(), "seed_hex": world.OPERATOR.seed.hex()}
    theirs = {"other_log_hex": peer_log().hex(), "other_nonce_hex": PEER_NONCE.hex()}
    group.valid("opener", network="folkmoot", role=0, **mine, **theirs)
    group.valid("opener on another network", network="village", role=0, **mine, **theirs)
    swapped = {
        "log_hex": peer_log().hex(),
        "nonce_hex": PEER_NONCE.hex(),
        "seed_hex": PEER.seed.hex(),
        "other_log_hex": world.log_id().hex(),
        "other_nonce_hex": NONCE.hex(),
    }
    group.valid("the other side", network="folkmoot", role=1, **swapped)
    return group


def hello_inputs(own: dict[str, Value], other: dict[str, Value]) -> Fields:
    """Two HELLO frames as inputs."""
    return {"own_hello_hex": encode_frame("HELLO", own).hex(), "other_hello_hex": encode_frame("HELLO", other).hex()}


def hellos(group: Group) -> Group:
    amended = amended_charters()
    group.valid("in order", **hello_inputs(own_hello(), peer_hello()))
    group.valid("from the other side", **hello_inputs(peer_hello(), own_hello()))
    group.valid("a later version is spoken too", **hello_inputs(own_hello(), peer_hello(versions=[1, 2])))
    group.valid("unknown features", **hello_inputs(own_hello(), peer_hello(features=["time-travel"])))
    group.valid("after an amendment of keys", **hello_inputs(peer_hello(), own_hello(charters=amended)))
    network = {"network": "village"}
    group.valid("both on another network", **hello_inputs(own_hello(**network), peer_hello(**network)))
    torn = peer_charter()[:-1] + bytes([peer_charter()[-1] ^ 1])
    for name, reason, changes in (
        ("only a later version", "version", {"versions": [2]}),
        ("no version", "version", {"versions": []}),
        ("another network", "network", {"network": "village"}),
        ("network in another case", "network", {"network": "Folkmoot"}),
        ("the same log", "self", {"log": world.log_id(), "charters": [world.first_payload().encode()]}),
        ("the same role", "role", {"role": 0}),
        ("no charters", "charter", {"charters": []}),
        ("charter of another log", "charter", {"charters": [world.first_payload().encode()]}),
        ("log is not that of the charter", "charter", {"log": seeded_bytes("another log")}),
        ("charter whose signature fails", "charter", {"charters": [torn]}),
        ("charter that is not one", "charter", {"charters": [world.make_payload("none").encode()]}),
        ("charter twice", "charter", {"charters": [peer_charter(), peer_charter()]}),
    ):
        group.invalid(name, reason, **hello_inputs(own_hello(), peer_hello(**changes)))
    group.invalid(
        "amendment without the first", "charter", **hello_inputs(peer_hello(), own_hello(charters=amended[1:]))
    )
    return group


def amended_charters() -> list[bytes]:
    """The common log's charters after a change to another operating key."""
    holders = world.recovery_signers(1)
    body = world.charter_body(1, keys=[signer("new operator").public_key])
    made = world.charter_statement(body, holders[0], world.log_id())
    by = [*world.recovery_signers(0)[:2], holders[1]]
    return [world.first_payload().encode(), seal(made, bytes(32), holders[0], by).encode()]


def auth_of(sender: Signer, **changes: Value) -> str:
    """The AUTH of the other side, by some key over some fields."""
    made: dict[str, Value] = {
        "network": "folkmoot",
        "role": 1,
        "logs": (peer_log(), world.log_id()),
        "nonces": (PEER_NONCE, NONCE),
    }
    said = made | changes
    message = session.auth_message(said["network"], said["role"], said["logs"], said["nonces"])
    return encode_frame("AUTH", {"key": sender.public_key, "signature": sender.sign(message)}).hex()


def auths(group: Group) -> Group:
    hello = hello_inputs(own_hello(), peer_hello())
    group.valid("good", **hello, auth_hex=auth_of(PEER))
    other = bytes(32)
    for name, auth in (
        ("key that the charter does not name", auth_of(signer("stranger"))),
        ("recovery key", auth_of(world.recovery_signers(0)[0])),
        ("our own key", auth_of(world.OPERATOR)),
        (
            "our own AUTH sent back",
            auth_of(world.OPERATOR, role=0, logs=(world.log_id(), peer_log()), nonces=(NONCE, PEER_NONCE)),
        ),
        ("logs and nonces swapped", auth_of(PEER, logs=(world.log_id(), peer_log()), nonces=(NONCE, PEER_NONCE))),
        ("the other role", auth_of(PEER, role=0)),
        ("another network", auth_of(PEER, network="village")),
        ("another nonce of ours", auth_of(PEER, nonces=(PEER_NONCE, other))),
        ("another nonce of its own", auth_of(PEER, nonces=(other, NONCE))),
        ("meant for another log", auth_of(PEER, logs=(peer_log(), other))),
        ("signature of zeros", encode_frame("AUTH", {"key": PEER.public_key, "signature": bytes(64)}).hex()),
        ("key of small order", encode_frame("AUTH", {"key": bytes(32), "signature": bytes(64)}).hex()),
    ):
        group.invalid(name, "auth", **hello, auth_hex=auth)
    amended = hello_inputs(peer_hello(), own_hello(charters=amended_charters()))
    swap = {"role": 0, "logs": (world.log_id(), peer_log()), "nonces": (NONCE, PEER_NONCE)}
    group.valid("new key after an amendment", **amended, auth_hex=auth_of(signer("new operator"), **swap))
    group.invalid("old key after an amendment", "auth", **amended, auth_hex=auth_of(world.OPERATOR, **swap))
    return group


def range_inputs(start: int, end: int, **changes: Value) -> Fields:
    """What is held before `start`, and the answer up to `end` of the common log."""
    log = world.log()
    leaves = [tree.leaf_hash(entry) for entry, _ in log]
    answer = {
        "log": world.log_id(),
        "epoch": 1,
        "size": len(log),
        "from": start,
        "entries": [list(pair) for pair in log[start:end]],
        "proof": tree.prove_consistency(end, leaves),
    }
    return {
        "held_entries_hex": hexes([entry for entry, _ in log[:start]]),
        "size": len(log),
        "root_hex": tree.root(leaves).hex(),
        "answer_hex": encode_frame("ENTRIES", answer | changes).hex(),
    }


def ranges(group: Group) -> Group:
    log = world.log()
    for start, end in ((0, 1), (0, 7), (3, 4), (3, 5), (3, 7), (6, 7)):
        group.valid(f"{start} to {end}", **range_inputs(start, end))
    bare = [[entry, b""] for entry, _ in log[3:5]]
    group.valid("without payloads", **range_inputs(3, 5, entries=bare))
    wrong = [[log[3][0], log[4][1]], [log[4][0], b"\xff"]]
    group.valid("payloads that are faulty in themselves", **range_inputs(3, 5, entries=wrong))
    first, second = [list(pair) for pair in log[3:5]]
    proof = tree.prove_consistency(5, [tree.leaf_hash(entry) for entry, _ in log])
    for name, changes in (
        ("entries swapped", {"entries": [second, first]}),
        ("an entry missing", {"entries": [first]}),
        ("an entry twice", {"entries": [first, first]}),
        ("an entry too many", {"entries": [first, second, second]}),
        ("an entry changed", {"entries": [first, [second[0][:-1] + b"\0", second[1]]]}),
        ("entries from elsewhere", {"entries": [second, list(log[5])]}),
        ("no proof", {"proof": []}),
        ("a hash missing", {"proof": proof[:-1]}),
        ("a hash more", {"proof": [*proof, bytes(32)]}),
        ("a hash changed", {"proof": [bytes(32), *proof[1:]]}),
    ):
        group.invalid(name, "false_range", **range_inputs(3, 5, **changes))
    group.invalid("last range with a proof", "false_range", **range_inputs(3, 7, proof=[bytes(32)]))
    beyond = [list(pair) for pair in (*log[3:7], log[6])]
    group.invalid("beyond the size", "false_range", **range_inputs(3, 7, entries=beyond))
    return group


def services(group: Group) -> Group:
    for name, organisation, tls in (
        ("short name", "Green Quarter", False),
        ("TLS", "Green Quarter", True),
        ("40 bytes", "a" * 40, False),
        ("41 bytes", "a" * 41, False),
        ("cut between letters of two bytes", "\u00e9" * 21, False),
        ("cut within a letter of two bytes", "a" + "\u00e9" * 20, False),
        ("cut within a letter of four bytes", "abc" + "\U0001f33e" * 10, False),
    ):
        boot = seeded_bytes("boot", 4).hex()
        group.valid(name, organisation_name=organisation, log_id_hex=world.log_id().hex(), boot_hex=boot, tls=tls)
    return group
