# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 06: verifier keys, notes, checkpoints, cosignatures."""

from collections.abc import Iterator

from tests.reference import world
from tests.reference.cases.notes import malformed_notes, signed_notes
from tests.reference.charter import to_base32
from tests.reference.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint, parse_origin
from tests.reference.note import Note, cosign_line, cosigned_message, parse_note, sign_line, verify_note
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.tree import EMPTY_ROOT
from tests.reference.vector import Fields, Group, vector_file
from tests.reference.verifier_key import LOG_TYPE, WITNESS_TYPE, VerifierKey, parse_verifier_key, to_base64

ROOT = seeded_bytes("root")


def generate() -> bytes:
    """The file 06-checkpoint.json."""
    return vector_file("06", "Checkpoint", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield verifier_keys(
        Group(
            "verifier_key",
            "Read the text verifier_key. Gives its key_name, type, key_id_hex and public_key_hex; writing them gives"
            " verifier_key again.",
            check_verifier_key,
        )
    )
    yield malformed_notes()
    yield signed_notes()
    yield checkpoints(
        Group(
            "checkpoint",
            "Read the note text checkpoint_text by §3, whatever its origin. Gives origin, size (decimal text)"
            " and root_hex;"
            " writing them gives checkpoint_text again.",
            check_checkpoint,
        )
    )
    yield origins(Group("origin", "Read one of our origins. Gives log_id_hex and epoch.", check_origin))
    yield opened(
        Group(
            "signed_checkpoint",
            "Accept the note as a checkpoint of the origin asked for, signed by verifier_key. The order is: the"
            " form of the"
            " note, its signature, the form of the checkpoint, its origin. Gives size (decimal text) and root_hex.",
            check_opened,
        )
    )
    yield signing(
        Group(
            "sign",
            "Sign text with the Ed25519 seed seed_hex as a key of type 1 and of the name key_name. Gives"
            " verifier_key and note.",
            check_signing,
        )
    )
    yield cosigning(
        Group(
            "cosign",
            "Cosign checkpoint_text at time (UTC seconds, decimal text) with the seed seed_hex and the name"
            " key_name, type 4."
            " Gives verifier_key, signed_message (a text) and signature_line with its newline.",
            check_cosigning,
        )
    )
    yield cosigned(
        Group(
            "cosignature",
            "Check the cosignature of the witness verifier_key in the note. Gives its time (decimal text).",
            check_cosigned,
        )
    )


def check_verifier_key(inputs: Fields) -> Fields:
    key = parse_verifier_key(inputs["verifier_key"])
    assert str(key) == inputs["verifier_key"]
    return {
        "key_name": key.name,
        "type": key.type,
        "key_id_hex": key.key_id.hex(),
        "public_key_hex": key.public_key.hex(),
    }


def check_checkpoint(inputs: Fields) -> Fields:
    checkpoint = parse_checkpoint(inputs["checkpoint_text"])
    assert str(checkpoint) == inputs["checkpoint_text"]
    return {"origin": checkpoint.origin, "size": str(checkpoint.size), "root_hex": checkpoint.root.hex()}


def check_origin(inputs: Fields) -> Fields:
    log_id, epoch = parse_origin(inputs["origin"])
    return {"log_id_hex": log_id.hex(), "epoch": epoch}


def check_opened(inputs: Fields) -> Fields:
    key = parse_verifier_key(inputs["verifier_key"])
    checkpoint = open_checkpoint(inputs["note"].encode(), key, inputs["origin"])
    return {"size": str(checkpoint.size), "root_hex": checkpoint.root.hex()}


def check_signing(inputs: Fields) -> Fields:
    author = Signer(bytes.fromhex(inputs["seed_hex"]))
    key = VerifierKey(inputs["key_name"], LOG_TYPE, author.public_key)
    note = str(Note(inputs["text"], [sign_line(inputs["text"], key, author)]))
    verify_note(parse_note(note.encode()), [key])
    return {"verifier_key": str(key), "note": note}


def check_cosigning(inputs: Fields) -> Fields:
    witness, time, text = Signer(bytes.fromhex(inputs["seed_hex"])), int(inputs["time"]), inputs["checkpoint_text"]
    key = VerifierKey(inputs["key_name"], WITNESS_TYPE, witness.public_key)
    return {
        "verifier_key": str(key),
        "signed_message": cosigned_message(text, time).decode(),
        "signature_line": str(cosign_line(text, key, witness, time)),
    }


def check_cosigned(inputs: Fields) -> Fields:
    key = parse_verifier_key(inputs["verifier_key"])
    (verified,) = verify_note(parse_note(inputs["note"].encode()), [key])
    return {"time": str(verified.time)}


def verifier_keys(group: Group) -> Group:
    public_key = signer("verifier key").public_key
    for name, key in (
        ("log", world.log_key()),
        ("witness", VerifierKey(f"folkmoot/{to_base32(world.log_id())}/witness", WITNESS_TYPE, public_key)),
        ("name not ASCII", VerifierKey("caf\u00e9.example", LOG_TYPE, public_key)),
        ("name of one character", VerifierKey("a", LOG_TYPE, public_key)),
    ):
        group.valid(name, verifier_key=str(key))
    plus = next(key for key in numbered_keys() if "+" in to_base64(b"\1" + key.public_key))
    group.valid("plus sign in the base64", verifier_key=str(plus))
    good = VerifierKey("log.example", LOG_TYPE, public_key)
    name, key_id, key_text = str(good).split("+", 2)
    letter = "0" if key_id[0] != "0" else "1"
    hexadecimal = next(key for key in numbered_keys() if key.key_id.hex().upper() != key.key_id.hex())
    data = bytes([LOG_TYPE]) + public_key
    for title, text in (
        ("empty", ""),
        ("only a name", name),
        ("two parts", f"{name}+{key_id}"),
        ("name empty", str(VerifierKey("", LOG_TYPE, public_key))),
        ("name with a space", str(VerifierKey("log example", LOG_TYPE, public_key))),
        ("name with a no-break space", str(VerifierKey("log\u00a0example", LOG_TYPE, public_key))),
        ("name with a line separator", str(VerifierKey("log\u2028example", LOG_TYPE, public_key))),
        ("another key id", f"{name}+{letter}{key_id[1:]}+{key_text}"),
        ("key id of another name", f"{name}s+{key_id}+{key_text}"),
        ("key id in upper case", str(hexadecimal).replace(hexadecimal.key_id.hex(), hexadecimal.key_id.hex().upper())),
        ("key id of 7 digits", f"{name}+{key_id[1:]}+{key_text}"),
        ("key id of 9 digits", f"{name}+0{key_id}+{key_text}"),
        ("type changed, key id not", f"{name}+{key_id}+{to_base64(bytes([WITNESS_TYPE]) + public_key)}"),
        ("key of 31 bytes", str(VerifierKey("log.example", LOG_TYPE, public_key[1:]))),
        ("key of 33 bytes", str(VerifierKey("log.example", LOG_TYPE, public_key + b"\0"))),
        ("no key", str(VerifierKey("log.example", LOG_TYPE, b""))),
        ("unknown type", str(VerifierKey("log.example", 0x02, public_key))),
        ("base64 with a newline", f"{good!s}\n"),
        ("base64 with a space", str(good).replace(key_text, f" {key_text}")),
        (
            "base64 URL alphabet",
            str(plus).replace(to_base64(b"\1" + plus.public_key), url_base64(b"\1" + plus.public_key)),
        ),
        ("base64 torn", str(good)[:-1]),
        ("base64 with padding behind", f"{good!s}="),
    ):
        group.invalid(title, "verifier_key", verifier_key=text)
    assert to_base64(data) == key_text
    return group


def numbered_keys() -> Iterator[VerifierKey]:
    """Ever new keys."""
    number = 0
    while True:
        yield VerifierKey("log.example", LOG_TYPE, signer(f"numbered {number}").public_key)
        number += 1


def url_base64(data: bytes) -> str:
    """Base64 with the alphabet for URLs."""
    return to_base64(data).replace("+", "-").replace("/", "_")


def checkpoints(group: Group) -> Group:
    root, origin = to_base64(ROOT), world.origin()
    for size in (0, 1, 10, 2**32, 2**53 + 1, 2**63 - 1):
        group.valid(f"size {size}", checkpoint_text=str(Checkpoint(origin, size, ROOT)))
    group.valid("the empty tree", checkpoint_text=str(Checkpoint(origin, 0, EMPTY_ROOT)))
    group.valid("origin of another kind", checkpoint_text=str(Checkpoint("log.example/2025 a", 1, ROOT)))
    for name, reason, text in (
        ("empty", "lines", ""),
        ("one newline", "lines", "\n"),
        ("two lines", "lines", f"{origin}\n5\n"),
        ("no newline at the end", "lines", f"{origin}\n5\n{root}"),
        ("an extension line", "lines", f"{origin}\n5\n{root}\nextension\n"),
        ("an empty line behind", "lines", f"{origin}\n5\n{root}\n\n"),
        ("an empty line in front", "lines", f"\n{origin}\n5\n{root}\n"),
        ("origin empty", "origin", f"\n5\n{root}\n"),
        ("size with a leading zero", "size", f"{origin}\n05\n{root}\n"),
        ("size of two zeros", "size", f"{origin}\n00\n{root}\n"),
        ("size empty", "size", f"{origin}\n\n{root}\n"),
        ("size with a plus sign", "size", f"{origin}\n+5\n{root}\n"),
        ("size negative", "size", f"{origin}\n-5\n{root}\n"),
        ("size with a space", "size", f"{origin}\n5 \n{root}\n"),
        ("size with an underscore", "size", f"{origin}\n1_0\n{root}\n"),
        ("size in hexadecimal", "size", f"{origin}\n0x5\n{root}\n"),
        ("size in Arabic digits", "size", f"{origin}\n\u0665\n{root}\n"),
        ("size in full-width digits", "size", f"{origin}\n\uff15\n{root}\n"),
        ("size with a fraction", "size", f"{origin}\n5.0\n{root}\n"),
        ("size 2^63", "size", f"{origin}\n{2**63}\n{root}\n"),
        ("size 2^64 + 5", "size", f"{origin}\n{2**64 + 5}\n{root}\n"),
        ("size of 400 digits", "size", f"{origin}\n{'9' * 400}\n{root}\n"),
        ("size of 5,000 digits", "size", f"{origin}\n{'9' * 5000}\n{root}\n"),
        ("root of 31 bytes", "root", f"{origin}\n5\n{to_base64(ROOT[1:])}\n"),
        ("root of 33 bytes", "root", f"{origin}\n5\n{to_base64(ROOT + ROOT[:1])}\n"),
        ("root empty", "root", f"{origin}\n5\n\n"),
        ("root without padding", "root", f"{origin}\n5\n{root[:-1]}\n"),
        ("root with stray bits", "root", f"{origin}\n5\n{stray_bits(root)}\n"),
        ("root with a space", "root", f"{origin}\n5\n{root} \n"),
        ("root in hexadecimal", "root", f"{origin}\n5\n{ROOT.hex()}\n"),
    ):
        group.invalid(name, reason, checkpoint_text=text)
    return group


def stray_bits(text: str) -> str:
    """Base64 of 32 bytes whose last letter carries bits that decode to nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-2] + alphabet[alphabet.index(text[-2]) + 1] + "="


def origins(group: Group) -> Group:
    log_id = to_base32(world.log_id())
    for epoch in (1, 2, 10, 4_294_967_295):
        group.valid(f"epoch {epoch}", origin=f"folkmoot/{log_id}/{epoch}")
    group.valid("log_id of zeros", origin=f"folkmoot/{'a' * 52}/1")
    group.valid("log_id of all ones", origin=f"folkmoot/{to_base32(bytes([255]) * 32)}/1")
    assert to_base32(bytes([255]) * 32)[-1] == "q"
    for name, origin in (
        ("empty", ""),
        ("epoch 0", f"folkmoot/{log_id}/0"),
        ("epoch with a leading zero", f"folkmoot/{log_id}/01"),
        ("epoch empty", f"folkmoot/{log_id}/"),
        ("epoch missing", f"folkmoot/{log_id}"),
        ("epoch not a number", f"folkmoot/{log_id}/witness"),
        ("epoch in Arabic digits", f"folkmoot/{log_id}/\u0661"),
        ("a newline behind", f"folkmoot/{log_id}/1\n"),
        ("a slash behind", f"folkmoot/{log_id}/1/"),
        ("51 characters", f"folkmoot/{log_id[1:]}/1"),
        ("53 characters", f"folkmoot/a{log_id}/1"),
        ("52 characters and padding", f"folkmoot/{log_id}====/1"),
        ("upper case", f"folkmoot/{log_id.upper()}/1"),
        ("a digit that base32 lacks", f"folkmoot/1{log_id[1:]}/1"),
        ("stray bits in the last character", f"folkmoot/{'a' * 51}b/1"),
        ("another word in front", f"forkmoot/{log_id}/1"),
        ("a space in front", f" folkmoot/{log_id}/1"),
    ):
        group.invalid(name, "origin", origin=origin)
    return group


def note_of(text: str) -> str:
    """A text signed by the log."""
    return str(Note(text, [sign_line(text, world.log_key(), world.OPERATOR)]))


def opened(group: Group) -> Group:
    origin, other = world.origin(), world.origin(2)
    good = str(Checkpoint(origin, 5, ROOT))
    asked = {"verifier_key": str(world.log_key()), "origin": origin}
    group.valid("good", note=note_of(good), **asked)
    witnessed = note_of(good) + str(cosign_line(good, world.witness_key("north"), world.WITNESSES["north"], 9))
    group.valid("with a cosignature of a witness that is not known", note=witnessed, **asked)
    group.invalid("of another epoch", "origin", note=note_of(str(Checkpoint(other, 5, ROOT))), **asked)
    group.invalid("of another kind", "origin", note=note_of(str(Checkpoint("log.example", 5, ROOT))), **asked)
    group.invalid("with an extension line", "lines", note=note_of(good + "more\n"), **asked)
    group.invalid("size with a leading zero", "size", note=note_of(good.replace("\n5\n", "\n05\n")), **asked)
    group.invalid("changed after signing", "bad_signature", note=note_of(good).replace("\n5\n", "\n6\n"), **asked)
    stranger = signer("stranger")
    key = VerifierKey(origin, LOG_TYPE, stranger.public_key)
    group.invalid("signed by a stranger", "unsigned", note=str(Note(good, [sign_line(good, key, stranger)])), **asked)
    group.invalid("not signed", "no_signatures", note=good + "\n", **asked)
    return group


def signing(group: Group) -> Group:
    checkpoint = str(Checkpoint(world.origin(), 5, ROOT))
    for name, text in (
        ("checkpoint", checkpoint),
        ("one line", "text\n"),
        ("an empty line inside", "one\n\ntwo\n"),
        ("only a newline", "\n"),
        ("a text that looks like a note", note_of(checkpoint)),
    ):
        group.valid(name, seed_hex=world.OPERATOR.seed.hex(), key_name=world.origin(), text=text)
    return group


def cosigning(group: Group) -> Group:
    text, witness = str(Checkpoint(world.origin(), 5, ROOT)), world.WITNESSES["north"]
    for time in (0, world.START, 2**40, 2**63 - 1):
        inputs = {"time": str(time), "seed_hex": witness.seed.hex(), "key_name": "witness.example/north"}
        group.valid(f"time {time}", checkpoint_text=text, **inputs)
    return group


def cosigned(group: Group) -> Group:
    text, witness, key = str(Checkpoint(world.origin(), 5, ROOT)), world.WITNESSES["north"], world.witness_key("north")
    asked = {"verifier_key": str(key)}
    for time in (0, world.START, 2**63 - 1):
        group.valid(f"time {time}", note=note_of(text) + str(cosign_line(text, key, witness, time)), **asked)
    for time in (2**63, 2**64 - 1):
        note = note_of(text) + str(cosign_line(text, key, witness, time))
        group.invalid(f"time {time}", "time", note=note, **asked)
    good = cosign_line(text, key, witness, world.START)
    plain = sign_line(text, key, witness)
    for name, blob in (
        ("another time than was signed", bytes(8) + good.signature[8:]),
        ("an ordinary signature by the witness key", plain.signature),
        ("an ordinary signature with a time in front", good.signature[:8] + plain.signature),
        ("one byte short", good.signature[:-1]),
        ("one byte more", good.signature + b"\0"),
        ("only the time", good.signature[:8]),
    ):
        line = type(good)(key.name, key.key_id, blob)
        group.invalid(name, "bad_signature", note=note_of(text) + str(line), **asked)
    group.invalid("no cosignature", "unsigned", note=note_of(text), **asked)
    other = str(Checkpoint(world.origin(), 6, ROOT))
    group.invalid("cosignature of another checkpoint", "bad_signature", note=note_of(other) + str(good), **asked)
    return group
