# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 11: requests, decisions, answers and quorums of witnesses."""

from collections.abc import Iterator

from tests.reference import tree, world
from tests.reference.checkpoint import Checkpoint
from tests.reference.note import cosign_line, parse_note, sign_line
from tests.reference.seeded import Signer, signer
from tests.reference.tree import EMPTY_ROOT, leaf_hash
from tests.reference.vector import Fields, Group, hexes, join_runs, split_runs, vector_file
from tests.reference.verifier_key import LOG_TYPE, VerifierKey, parse_verifier_key, to_base64
from tests.reference.witness import ask_again, count, decide, is_published, parse_request, read_lines, write_request

ORIGIN = "log.example/one"
LOG = signer("witnessed log")
KEY = VerifierKey(ORIGIN, LOG_TYPE, LOG.public_key)
LEAVES = [leaf_hash(b"%d" % number) for number in range(40)]
OTHER = [leaf_hash(b"other %d" % number) for number in range(40)]
TIME = world.START


def generate() -> bytes:
    """The file 11-witness.json."""
    return vector_file("11", "Witness", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield requests()
    yield decisions()
    yield answers()
    yield cosignatures()
    yield quorums()


def text(size: int, leaves: list[bytes] = LEAVES) -> str:
    """The checkpoint text of the first leaves."""
    return str(Checkpoint(ORIGIN, size, tree.root(leaves[:size])))


def note(size: int, leaves: list[bytes] = LEAVES, by: Signer = LOG) -> str:
    """The checkpoint of the first leaves, signed."""
    return f"{text(size, leaves)}\n{sign_line(text(size, leaves), KEY, by)}"


def request(old: int, size: int, leaves: list[bytes] = LEAVES) -> str:
    """A good request."""
    return write_request(old, tree.prove_consistency(old, leaves[:size]) if old < size else [], note(size, leaves))


def request_bytes(inputs: Fields) -> bytes:
    """The request of a case, from whichever field holds it."""
    if "request" in inputs:
        return bytes(inputs["request"].encode())
    return join_runs(inputs["request_runs_hex"])


def check_request(inputs: Fields) -> Fields:
    found = parse_request(request_bytes(inputs))
    if "request" in inputs:
        assert write_request(found.old, found.proof, str(found.note)) == inputs["request"]
    return {
        "old": str(found.old),
        "proof_hex": hexes(found.proof),
        "origin": found.checkpoint.origin,
        "size": str(found.checkpoint.size),
    }


def requests() -> Group:
    """The group of requests and of what is not one."""
    group = Group(
        "request",
        "Read the request, the text `request` or the pieces of request_runs_hex, each [hexadecimal, how many times],"
        " joined. Gives old (decimal text), proof_hex, and origin and size (decimal text) of the checkpoint; writing"
        " them with the note gives `request` again.",
        check_request,
    )
    good, first = request(3, 7), note(7)
    hashes = [to_base64(value) for value in LEAVES]
    group.valid("three to seven", request=good)
    group.valid("nothing to seven", request=request(0, 7))
    group.valid("the same once more", request=request(7, 7))
    group.valid("empty tree", request=request(0, 0))
    group.valid("a proof that proves nothing", request=write_request(3, LEAVES[:2], first))
    group.valid("old above the size", request=write_request(9, [], first))
    group.valid("old 2^63 - 1", request=write_request(2**63 - 1, [], first))
    group.valid("sixty-three hashes", request=write_request(3, (LEAVES + OTHER)[:63], first))
    group.valid("more signatures", request=good + str(cosign_line(text(7), world.witness_key("north"), LOG, TIME)))
    for name, reason, asked in (
        ("empty", "old", ""),
        ("only a checkpoint", "old", first),
        ("no old line", "old", f"{hashes[0]}\n\n{first}"),
        ("old without a size", "old", f"old\n\n{first}"),
        ("old and a space", "old", f"old \n\n{first}"),
        ("two spaces", "old", f"old  3\n\n{first}"),
        ("a tab", "old", f"old\t3\n\n{first}"),
        ("a space behind", "old", f"old 3 \n\n{first}"),
        ("upper case", "old", f"OLD 3\n\n{first}"),
        ("a leading zero", "old", f"old 03\n\n{first}"),
        ("negative", "old", f"old -1\n\n{first}"),
        ("2^63", "old", f"old {2**63}\n\n{first}"),
        ("carriage return", "old", f"old 3\r\n\n{first}"),
        ("Arabic digit", "old", f"old \u0663\n\n{first}"),
        ("an empty line in front", "old", f"\n{good}"),
        ("not ASCII among the hashes", "old", f"old 3\n\u00e9\n\n{first}"),
        ("a hash of 31 bytes", "hash", f"old 3\n{to_base64(bytes(31))}\n\n{first}"),
        ("a hash of 33 bytes", "hash", f"old 3\n{to_base64(bytes(33))}\n\n{first}"),
        ("a hash without padding", "hash", f"old 3\n{hashes[0][:-1]}\n\n{first}"),
        ("a hash with a space", "hash", f"old 3\n{hashes[0]} \n\n{first}"),
        ("a hash in hexadecimal", "hash", f"old 3\n{LEAVES[0].hex()}\n\n{first}"),
        ("sixty-four hashes", "hash", write_request(3, (LEAVES + OTHER)[:64], first)),
        ("nothing behind the old line", "checkpoint", "old 3\n\n"),
        ("no empty line", "checkpoint", "old 3"),
        ("a checkpoint without signatures", "checkpoint", f"old 3\n\n{text(7)}"),
        ("a note that is no checkpoint", "checkpoint", f"old 3\n\ntext\n\n{sign_line('text', KEY, LOG)}"),
        ("two empty lines", "checkpoint", f"old 3\n\n\n{first}"),
        ("carriage returns in the checkpoint", "checkpoint", "old 3\n\n" + first.replace("\n", "\r\n")),
    ):
        group.invalid(name, reason, request=asked)
    long = "old 3\n\n" + "a" * (68_397 - len("old 3\n\n"))
    group.invalid("68,397 bytes", "length", request_runs_hex=split_runs(long.encode(), b"a"))
    group.invalid("68,396 bytes of no note", "checkpoint", request_runs_hex=split_runs(long[:-1].encode(), b"a"))
    return group


def check_decision(inputs: Fields) -> Fields:
    keys = [parse_verifier_key(key) for key in inputs["verifier_keys"]]
    seen = int(inputs["seen_size"]), bytes.fromhex(inputs["seen_root_hex"])
    return {"status": decide(inputs["request"].encode(), keys, seen)}


def decisions() -> Group:
    """The group of decisions: every one of them is an answer."""
    group = Group(
        "decision",
        "The answer to the text `request` of a witness that trusts verifier_keys, and that cosigned last a checkpoint"
        " of the origin with seen_size (decimal text; 0 if it cosigned none) and seen_root_hex. Gives the status.",
        check_decision,
    )
    mine, two = [str(KEY)], [str(KEY), str(VerifierKey(ORIGIN, LOG_TYPE, OTHER_LOG.public_key))]
    good = request(3, 7)
    for name, asked, size, leaves, keys in (
        ("the first one", request(0, 7), 0, LEAVES, mine),
        ("the next one", good, 3, LEAVES, mine),
        ("the same once more", request(7, 7), 7, LEAVES, mine),
        ("an empty tree", request(0, 0), 0, LEAVES, mine),
        ("an empty tree once more", request(0, 0), 0, LEAVES, two),
        ("from 32 to 40", request(32, 40), 32, LEAVES, mine),
        ("by one of two keys", good, 3, LEAVES, two),
        ("malformed", good.replace("old 3", "old 03"), 3, LEAVES, mine),
        ("no key of this log", good, 3, LEAVES, [str(world.log_key())]),
        ("no key at all", good, 3, LEAVES, []),
        ("old above the size, unknown log", write_request(9, [], note(7)), 3, LEAVES, []),
        ("signed by another key", write_request(0, [], note(7, by=signer("thief"))), 0, LEAVES, mine),
        ("signed by nobody known", write_request(0, [], note(7).replace(ORIGIN + " ", "x ")), 0, LEAVES, mine),
        ("old above the size", write_request(9, [], note(7)), 9, LEAVES, mine),
        ("old above the size, not what was seen", write_request(9, [], note(7)), 3, LEAVES, mine),
        ("nothing said, three seen", request(0, 7), 3, LEAVES, mine),
        ("three said, nothing seen", good, 0, LEAVES, mine),
        ("three said, five seen", good, 5, LEAVES, mine),
        ("smaller than what was seen", request(3, 5), 7, LEAVES, mine),
        ("no proof", write_request(3, [], note(7)), 3, LEAVES, mine),
        ("a false proof", write_request(3, LEAVES[:3], note(7)), 3, LEAVES, mine),
        ("a proof too long", write_request(3, [*proof(), LEAVES[0]], note(7)), 3, LEAVES, mine),
        ("a proof too short", write_request(3, proof()[:-1], note(7)), 3, LEAVES, mine),
        ("a proof from nothing", write_request(0, LEAVES[:1], note(7)), 0, LEAVES, mine),
        ("a proof of the same", write_request(7, LEAVES[:1], note(7)), 7, LEAVES, mine),
        ("another history", request(3, 7, OTHER), 3, LEAVES, mine),
        ("the same size with another root", request(7, 7, OTHER), 7, LEAVES, mine),
    ):
        root = tree.root(leaves[:size])
        group.valid(name, request=asked, verifier_keys=keys, seen_size=str(size), seen_root_hex=root.hex())
    false = str(Checkpoint(ORIGIN, 0, LEAVES[0]))
    asked = write_request(0, [], f"{false}\n{sign_line(false, KEY, LOG)}")
    empty = EMPTY_ROOT.hex()
    group.valid("an empty tree with a root", request=asked, verifier_keys=mine, seen_size="0", seen_root_hex=empty)
    return group


OTHER_LOG = signer("witnessed log, second key")


def proof() -> list[bytes]:
    """From three to seven."""
    return tree.prove_consistency(3, LEAVES[:7])


def check_answer(inputs: Fields) -> Fields:
    body = inputs["body"].encode()
    old = ask_again(inputs["status"], inputs["media_type"], body, int(inputs["sent"]), int(inputs["size"]))
    return {"again": None if old is None else str(old)}


def answers() -> Group:
    """The group of what is made of answers."""
    group = Group(
        "answer",
        "After an answer with status, media_type and the text body, to a request with the old size `sent` for a"
        " checkpoint of `size` entries (decimal texts): `again`, the old size to ask again with, or null.",
        check_answer,
    )
    plain, size = "text/plain", "text/x.tlog.size"
    for name, status, media_type, body, sent in (
        ("cosigned", 200, plain, "lines\n", 0),
        ("saw five", 409, size, "5\n", 0),
        ("saw nothing", 409, size, "0\n", 5),
        ("saw the same", 409, size, "7\n", 0),
        ("saw what was sent", 409, size, "5\n", 5),
        ("saw more", 409, size, "8\n", 0),
        ("saw 2^63 - 1", 409, size, f"{2**63 - 1}\n", 0),
        ("a size in a refusal", 422, size, "5\n", 0),
        ("malformed", 400, plain, "", 0),
        ("unknown", 404, plain, "", 0),
        ("moved", 302, plain, "", 0),
        ("broken", 500, plain, "", 0),
    ):
        group.valid(name, status=status, media_type=media_type, body=body, sent=str(sent), size="7")
    for name, media_type, body in (
        ("no size", size, ""),
        ("only a newline", size, "\n"),
        ("no newline", size, "5"),
        ("two newlines", size, "5\n\n"),
        ("a leading zero", size, "05\n"),
        ("negative", size, "-5\n"),
        ("2^63", size, f"{2**63}\n"),
        ("another type", plain, "5\n"),
        ("not digits", size, "\u0665\n"),
    ):
        group.invalid(name, "size", status=409, media_type=media_type, body=body, sent="0", size="7")
    return group


def check_lines(inputs: Fields) -> Fields:
    key = parse_verifier_key(inputs["verifier_key"])
    lines = inputs["lines"].encode() if "lines" in inputs else join_runs(inputs["lines_runs_hex"])
    return {"time": str(read_lines(lines, inputs["checkpoint_text"], key))}


def cosignatures() -> Group:
    """The group of lines that witnesses answer with."""
    group = Group(
        "cosignature_lines",
        "Take the cosignature of the witness verifier_key over checkpoint_text from the body of a 200, the text"
        " `lines` or the pieces of lines_runs_hex. Gives its time (decimal text).",
        check_lines,
    )
    key, asked = world.witness_key("north"), text(7)
    mine = str(cosign_line(asked, key, world.WITNESSES["north"], TIME))
    south = str(cosign_line(asked, world.witness_key("south"), world.WITNESSES["south"], TIME))
    later = str(cosign_line(asked, key, world.WITNESSES["north"], TIME + 1))
    for name, lines in (("one line", mine), ("behind another's", south + mine), ("twice", mine + later)):
        group.valid(name, lines=lines, checkpoint_text=asked, verifier_key=str(key))
    false = str(cosign_line(text(6), key, world.WITNESSES["north"], TIME))
    signed = str(sign_line(asked, VerifierKey(key.name, LOG_TYPE, key.public_key), world.WITNESSES["north"]))
    for name, reason, lines in (
        ("nothing", "no_signatures", ""),
        ("only another's", "unsigned", south),
        ("of type 1", "unsigned", signed),
        ("over another checkpoint", "bad_signature", false),
        ("false, and then good", "bad_signature", false + mine),
        ("by another key", "bad_signature", str(cosign_line(asked, key, LOG, TIME))),
        ("time 2^63", "time", str(cosign_line(asked, key, world.WITNESSES["north"], 2**63))),
        ("no newline", "signature_line", mine[:-1]),
        ("a page", "signature_line", "<html></html>\n"),
        ("an empty line in front", "signature_line", f"x\n{mine}"),
        ("carriage return", "control", mine[:-1] + "\r\n"),
        ("sixty-five lines", "size", south * 65),
    ):
        group.invalid(name, reason, lines=lines, checkpoint_text=asked, verifier_key=str(key))
    long = split_runs(b"a" * 16_385, b"a")
    group.invalid("16,385 bytes", "size", lines_runs_hex=long, checkpoint_text=asked, verifier_key=str(key))
    return group


def check_quorum(inputs: Fields) -> Fields:
    found, witnesses = parse_note(inputs["note"].encode()), [parse_verifier_key(key) for key in inputs["witnesses"]]
    published = is_published(found, witnesses, inputs["quorum"])
    return {"cosigned": sorted(count(found, witnesses)), "published": published}


def quorums() -> Group:
    """The group of quorums over a checkpoint's cosignatures."""
    group = Group(
        "published",
        "Which of the witnesses (verifier keys) have cosigned the checkpoint `note`: cosigned, their key names in"
        " ascending order; and whether they are a quorum: published.",
        check_quorum,
    )
    asked = note(7)
    line = {
        name: str(cosign_line(text(7), world.witness_key(name), world.WITNESSES[name], TIME))
        for name in world.WITNESSES
    }
    false = str(cosign_line(text(6), world.witness_key("south"), world.WITNESSES["south"], TIME))
    keys = [str(world.witness_key(name)) for name in ("north", "south", "east")]
    for name, lines, witnesses, quorum in (
        ("none there", "", keys, 2),
        ("one of two needed", line["north"], keys, 2),
        ("two of two needed", line["north"] + line["east"], keys, 2),
        ("all", line["north"] + line["south"] + line["east"], keys, 3),
        ("one twice", line["north"] * 2, keys, 2),
        ("one and a stranger", line["north"] + line["west"], keys, 2),
        ("one and a false one", line["north"] + false, keys, 2),
        ("a false one before the good one", false + line["south"], keys, 1),
        ("quorum 0, none there", "", keys, 0),
        ("quorum 0, one there", line["south"], keys, 0),
        ("no witnesses", line["north"], [], 0),
    ):
        group.valid(name, note=asked + lines, witnesses=witnesses, quorum=quorum)
    return group
