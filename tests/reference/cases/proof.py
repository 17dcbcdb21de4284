# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 08: proof files, trust files, quorums, verdicts."""

from collections.abc import Iterator
from dataclasses import replace

from tests.reference import messagepack, statement, tree, world
from tests.reference.cases import trust
from tests.reference.checkpoint import Checkpoint
from tests.reference.note import Note, SignatureLine, cosign_line, sign_line
from tests.reference.proof import EXITS, HEADER, ProofFile, judge, parse_extra, parse_proof
from tests.reference.rejection import reject
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.statement import Payload
from tests.reference.vector import Fields, Group, hexes, vector_file
from tests.reference.verifier_key import LOG_TYPE, VerifierKey, to_base64


def generate() -> bytes:
    """The file 08-proof.json."""
    return vector_file("08", "Proof and trust", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield proof_files(
        Group(
            "proof_form",
            "Read the proof file `proof` by §1; what is in extra, in the checkpoint and whether anything holds"
            " is not looked at."
            " Gives extra_hex (null when there is none), index, hashes_hex and note; writing them gives the file"
            " again.",
            check_form,
        )
    )
    yield extras(
        Group("extra", "Read extra_hex by §1. Gives entry_hex and payload_hex (empty when there is none).", check_extra)
    )
    yield trust.trust_files()
    yield trust.quorums()
    yield verdicts(
        Group(
            "verdict",
            "Check the proof file `proof` under the trust file `trust` by §3: gives verdict and exit. A case is"
            " valid when the"
            " verdict is true; of the others the reason is the verdict.",
            check_verdict,
        )
    )


def check_form(inputs: Fields) -> Fields:
    file = parse_proof(inputs["proof"])
    assert str(file) == inputs["proof"]
    extra = None if file.extra is None else file.extra.hex()
    return {"extra_hex": extra, "index": file.index, "hashes_hex": hexes(file.hashes), "note": str(file.note)}


def check_extra(inputs: Fields) -> Fields:
    entry, payload = parse_extra(bytes.fromhex(inputs["extra_hex"]))
    return {"entry_hex": entry.hex(), "payload_hex": payload.hex()}


def check_verdict(inputs: Fields) -> Fields:
    verdict = judge(inputs["proof"], trust.read(inputs))
    if verdict != "true":
        reject(verdict)
    return {"verdict": verdict, "exit": EXITS[verdict]}


def note_of(checkpoint: Checkpoint, witnesses: str = "") -> Note:
    """The checkpoint, signed by the log and cosigned by the witnesses (names between spaces)."""
    text = str(checkpoint)
    cosignatures = [
        cosign_line(text, world.witness_key(name), world.WITNESSES[name], world.START + 900)
        for name in witnesses.split()
    ]
    return Note(text, [sign_line(text, world.log_key(), world.OPERATOR), *cosignatures])


def prove(index: int, log: list[tuple[bytes, bytes]] | None = None, witnesses: str = "") -> ProofFile:
    """The proof of an entry of a log, by default the common one."""
    pairs = log or list(world.log())
    leaves = [tree.leaf_hash(entry) for entry, _ in pairs]
    checkpoint = Checkpoint(world.origin(), len(leaves), tree.root(leaves))
    extra = messagepack.encode(list(pairs[index]))
    return ProofFile(extra, index, tree.prove_inclusion(index, leaves), note_of(checkpoint, witnesses))


def with_payload(payload: bytes, index: int = 3) -> ProofFile:
    """The proof of a log in which this payload stands at the index."""
    pairs = list(world.log())
    pairs[index] = (world.make_entry(payload, index).encode(), payload)
    return prove(index, pairs)


def proof_files(group: Group) -> Group:
    good = prove(3)
    group.valid("plain", proof=str(good))
    group.valid("without extra", proof=str(replace(good, extra=None)))
    group.valid("the only entry: no hashes", proof=str(prove(0, list(world.log())[:1])))
    group.valid("63 hashes", proof=str(replace(good, hashes=[seeded_bytes(f"{n}") for n in range(63)])))
    group.valid("index 2^53 - 1", proof=str(replace(good, index=2**53 - 1)))
    group.valid("cosigned", proof=str(prove(3, witnesses="north south")))
    group.valid("extra of other content", proof=str(replace(good, extra=b"\xff\0")))
    text, index, header = str(good), "index 3\n", f"{HEADER}\n"
    extra = text.split("\n")[1]
    first = to_base64(good.hashes[0])
    for name, reason, changed in (
        ("empty", "header", ""),
        ("header missing", "header", text.removeprefix(header)),
        ("header of another version", "header", text.replace("@v1", "@v2", 1)),
        ("header with a space behind", "header", text.replace("@v1\n", "@v1 \n", 1)),
        ("header with a carriage return", "header", text.replace("@v1\n", "@v1\r\n", 1)),
        ("byte order mark", "header", "\ufeff" + text),
        ("empty line in front", "header", "\n" + text),
        ("extra torn", "extra", text.replace(extra, extra[:-1], 1)),
        ("extra with a word behind", "extra", text.replace(extra, f"{extra} x", 1)),
        ("extra not base64", "extra", text.replace(extra, "extra !", 1)),
        ("index missing", "index", text.replace(index, "", 1)),
        ("extra twice", "index", text.replace(extra, f"{extra}\n{extra}", 1)),
        ("index empty", "index", text.replace(index, "index \n", 1)),
        ("index without its word", "index", text.replace(index, "3\n", 1)),
        ("index with a leading zero", "index", text.replace(index, "index 03\n", 1)),
        ("index negative", "index", text.replace(index, "index -3\n", 1)),
        ("index with a plus sign", "index", text.replace(index, "index +3\n", 1)),
        ("index with two spaces", "index", text.replace(index, "index  3\n", 1)),
        ("index with a space behind", "index", text.replace(index, "index 3 \n", 1)),
        ("index in Arabic digits", "index", text.replace(index, "index \u0663\n", 1)),
        ("index 2^63", "index", text.replace(index, f"index {2**63}\n", 1)),
        ("index of 5,000 digits", "index", text.replace(index, f"index {'9' * 5000}\n", 1)),
        ("extra behind the index", "hash", text.replace(f"{extra}\n{index}", f"{index}{extra}\n", 1)),
        ("index twice", "hash", text.replace(index, index + index, 1)),
        ("hash of 31 bytes", "hash", str(replace(good, hashes=[good.hashes[0][1:], *good.hashes[1:]]))),
        ("hash of 33 bytes", "hash", str(replace(good, hashes=[good.hashes[0] + b"\0"]))),
        ("hash without padding", "hash", text.replace(first, first[:-1], 1)),
        ("hash with a space behind", "hash", text.replace(first, f"{first} ", 1)),
        ("hash in hexadecimal", "hash", text.replace(first, good.hashes[0].hex(), 1)),
        ("64 hashes", "hash", str(replace(good, hashes=[seeded_bytes(f"{n}") for n in range(64)]))),
        (
            "no empty line before the checkpoint",
            "hash",
            text.replace(f"\n\n{good.note.text}", f"\n{good.note.text}", 1),
        ),
        ("nothing behind the hashes", "note", text.split("\n\n", maxsplit=1)[0] + "\n\n"),
        ("checkpoint not signed", "note", text.split("\n\n\u2014", maxsplit=1)[0] + "\n"),
        ("checkpoint with a tab", "note", text.replace(good.note.text, "\t" + good.note.text)),
        ("a line behind", "note", text + "more\n"),
    ):
        group.invalid(name, reason, proof=changed)
    return group


def extras(group: Group) -> Group:
    entry, payload = world.log()[1]
    encode = messagepack.encode
    group.valid("entry and payload", extra_hex=encode([entry, payload]).hex())
    group.valid("no payload", extra_hex=encode([entry, b""]).hex())
    for name, value in (
        ("only an entry", [entry]),
        ("three", [entry, payload, b""]),
        ("entry not as bytes", [messagepack.decode(entry), payload]),
        ("payload is false", [entry, False]),
        ("a map", {"entry": entry, "payload": payload}),
        ("bytes", entry),
    ):
        group.invalid(name, "extra", extra_hex=encode(value).hex())
    group.invalid("empty", "extra", extra_hex="")
    group.invalid("a byte behind", "extra", extra_hex=encode([entry, b""]).hex() + "00")
    group.invalid("payload is nil", "extra", extra_hex=encode([entry, b""]).hex()[:-4] + "c0")
    return group


TRUST = f"{trust.LOG}quorum none\n"
WITNESSED = f"{trust.LOG}{trust.ALL}group g 2 north south east\nquorum g\n"


def verdicts(group: Group) -> Group:
    for index in (0, 3, 6):
        group.valid(f"entry {index} of 7", proof=str(prove(index)), trust=TRUST)
    group.valid("the only entry", proof=str(prove(0, list(world.log())[:1])), trust=TRUST)
    group.valid("witnessed by two of three", proof=str(prove(3, witnesses="north east")), trust=WITNESSED)
    group.valid("witnesses that are not listed", proof=str(prove(3, witnesses="north")), trust=TRUST)
    several = statement.seal(world.make_statement("several"), bytes(32), world.OPERATOR, [signer("a"), signer("b")])
    group.valid("three signatures", proof=str(with_payload(several.encode())), trust=TRUST)
    author = signer("some author")
    foreign = statement.seal(world.make_statement("foreign", author=author.public_key), bytes(32), author)
    group.valid("author that is not the operator", proof=str(with_payload(foreign.encode())), trust=TRUST)
    add_malformed(group)
    add_untrusted(group)
    add_false(group)
    return group


def judged(group: Group, name: str, verdict: str, proof: ProofFile | str, trusted: str = TRUST) -> None:
    """Add a case whose verdict is not true, with its exit status."""
    group.invalid(name, verdict, proof=str(proof), trust=trusted)
    group.cases[-1] |= {"verdict": verdict, "exit": EXITS[verdict]}


def add_malformed(group: Group) -> None:
    good = prove(3)
    entry, payload = world.log()[3]
    root = Checkpoint(world.origin(), 7, seeded_bytes("root"))
    for name, proof in (
        ("header of another version", str(good).replace("@v1", "@v2", 1)),
        ("no extra", replace(good, extra=None)),
        ("extra is not two byte strings", replace(good, extra=messagepack.encode([entry]))),
        ("entry torn", replace(good, extra=messagepack.encode([entry[:-1], payload]))),
        (
            "entry with scope 3",
            replace(good, extra=messagepack.encode([world.make_entry(payload, 3, 3).encode(), payload])),
        ),
        ("payload torn", replace(good, extra=messagepack.encode([entry, payload[:-1]]))),
        ("statement that is not one", with_payload(Payload(bytes(32), b"\x90", [(bytes(32), bytes(64))]).encode())),
        ("author's signature missing", with_payload(signed_by_another().encode())),
        ("checkpoint of two lines", replace(good, note=resigned(f"{world.origin()}\n7\n"))),
        ("checkpoint with an extension line", replace(good, note=resigned(f"{root}more\n"))),
        ("checkpoint size with a leading zero", replace(good, note=resigned(str(root).replace("\n7\n", "\n07\n")))),
        ("malformed comes before unknown log", str(prove(3)).replace("index 3", "index 03")),
    ):
        trusted = "quorum none\n" if name.startswith("malformed comes") else TRUST
        judged(group, f"malformed: {name}", "malformed", proof, trusted)


def resigned(text: str) -> Note:
    """Any text, signed by the log."""
    return Note(text, [sign_line(text, world.log_key(), world.OPERATOR)])


def signed_by_another() -> Payload:
    """A statement of the operator, signed by another only."""
    return statement.seal(world.make_statement("stolen"), bytes(32), signer("another"))


def add_untrusted(group: Group) -> None:
    good = prove(3)
    stranger = VerifierKey(world.origin(), LOG_TYPE, signer("stranger").public_key)
    flipped = flip(good.note.lines[0])
    failing = replace(good, note=Note(good.note.text, [flipped]))
    judged(group, "unknown log: none listed", "unknown log", good, "quorum none\n")
    judged(group, "unknown log: another key of that name listed", "unknown log", good, f"log {stranger}\nquorum none\n")
    other = VerifierKey("other.example", LOG_TYPE, signer("other log").public_key)
    signed = replace(
        good, note=Note(good.note.text, [*good.note.lines, sign_line(good.note.text, other, signer("other log"))])
    )
    judged(
        group,
        "unknown log: signed by a listed log of another name",
        "unknown log",
        signed,
        f"log {other}\nquorum none\n",
    )
    witnessed = str(prove(3, witnesses="north south"))
    without_log = trust.ALL + "group g 2 north south east\nquorum g\n"
    judged(group, "unknown log: witnessed all the same", "unknown log", witnessed, without_log)
    judged(
        group, "unknown log: a failing signature of a key that is not listed", "unknown log", failing, "quorum none\n"
    )
    judged(group, "false: signature: bit flipped", "false: signature", failing)
    grown = str(good).replace("\n7\n", "\n8\n")
    judged(group, "false: signature: size changed", "false: signature", grown)
    cosigned = prove(3, witnesses="north south")
    lines = cosigned.note.lines
    bad_witness = replace(cosigned, note=Note(cosigned.note.text, [lines[0], flip(lines[1]), lines[2]]))
    judged(group, "false: signature: a listed witness fails", "false: signature", bad_witness, WITNESSED)
    group.valid("a witness that is not listed fails", proof=str(bad_witness), trust=TRUST)
    judged(group, "false: signature comes before not witnessed", "false: signature", failing, WITNESSED)
    judged(group, "not witnessed: by none", "not witnessed", good, WITNESSED)
    judged(group, "not witnessed: by one of two", "not witnessed", prove(3, witnesses="south"), WITNESSED)
    judged(group, "not witnessed: by one twice", "not witnessed", prove(3, witnesses="south south"), WITNESSED)
    judged(
        group, "not witnessed: by one that is no member", "not witnessed", prove(3, witnesses="south west"), WITNESSED
    )
    wrong = replace(good, index=4)
    judged(group, "not witnessed comes before false: inclusion", "not witnessed", wrong, WITNESSED)


def flip(line: SignatureLine) -> SignatureLine:
    """The line with one bit of its signature changed."""
    return replace(line, signature=line.signature[:8] + bytes([line.signature[8] ^ 1]) + line.signature[9:])


def add_false(group: Group) -> None:
    good = prove(3)
    entry, payload = world.log()[3]
    other_entry, other_payload = world.log()[4]
    for name, proof in (
        ("another index", replace(good, index=4)),
        ("index is the size", replace(good, index=7)),
        ("a hash changed", replace(good, hashes=[seeded_bytes("other"), *good.hashes[1:]])),
        ("a hash missing", replace(good, hashes=good.hashes[:-1])),
        ("a hash more", replace(good, hashes=[*good.hashes, seeded_bytes("other")])),
        ("another entry", replace(good, extra=messagepack.encode([other_entry, other_payload]))),
        ("another entry and no payload", replace(good, extra=messagepack.encode([other_entry, b""]))),
    ):
        judged(group, f"false: inclusion: {name}", "false: inclusion", proof)
    swapped = replace(good, extra=messagepack.encode([entry, other_payload]))
    judged(group, "false: commitment: payload of another entry", "false: commitment", swapped)
    read = statement.decode_payload(payload)
    resalted = Payload(bytes(32), read.statement, read.signatures).encode()
    judged(
        group,
        "false: commitment: another salt",
        "false: commitment",
        replace(good, extra=messagepack.encode([entry, resalted])),
    )
    foreign = world.make_payload("foreign log", log_id=seeded_bytes("another log")).encode()
    judged(group, "false: statement: of another log", "false: statement", with_payload(foreign))
    nameless = world.make_payload("no log", log_id=b"").encode()
    judged(group, "false: statement: of no log, not the first", "false: statement", with_payload(nameless))
    judged(group, "false: statement: first entry that names its log", "false: statement", with_payload(payload, 0))
    stranger = world.charter_statement(world.charter_body(licence="CC-BY-4.0"))
    charter = statement.seal(stranger, bytes(32), world.OPERATOR).encode()
    judged(group, "false: statement: first entry of another log", "false: statement", with_payload(charter, 0))
    key, signature = read.signatures[0]
    for name, bad in (
        ("signature of zeros", bytes(64)),
        ("log key's signature fails", signature[:32] + bytes([signature[32] ^ 1]) + signature[33:]),
        ("signed without the purpose", world.OPERATOR.sign(read.statement)),
    ):
        spoilt = Payload(read.salt, read.statement, [(key, bad)]).encode()
        judged(group, f"false: statement: {name}", "false: statement", with_payload(spoilt))
    several = statement.seal(world.make_statement("several"), bytes(32), world.OPERATOR, [signer("a")])
    second = (several.signatures[1][0], several.signatures[0][1])
    spoilt = Payload(several.salt, several.statement, [several.signatures[0], second]).encode()
    judged(group, "false: statement: second signature fails", "false: statement", with_payload(spoilt))
    judged(group, "no payload", "no payload", replace(good, extra=messagepack.encode([entry, b""])))
    witnessed = prove(3, witnesses="north east")
    erased = replace(witnessed, extra=messagepack.encode([entry, b""]))
    judged(group, "no payload, witnessed", "no payload", erased, WITNESSED)
