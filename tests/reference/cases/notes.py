# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 06 §1 and §2: signed notes of any text."""

from tests.reference.note import DASH, Note, SignatureLine, parse_note, sign_line, verify_note
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.vector import Fields, Group, hexes, join_runs, split_runs
from tests.reference.verifier_key import LOG_TYPE, WITNESS_TYPE, VerifierKey, parse_verifier_key, to_base64

AUTHOR = signer("note author")
KEY = VerifierKey("log.example", LOG_TYPE, AUTHOR.public_key)
ACCENTED = "caf\u00e9"
OTHER = signer("other author")
OTHER_KEY = VerifierKey("other.example", LOG_TYPE, OTHER.public_key)


def note_bytes(inputs: Fields) -> bytes:
    """The note of a case, from whichever field holds it."""
    if "note" in inputs:
        return bytes(inputs["note"].encode())
    return bytes.fromhex(inputs["note_hex"]) if "note_hex" in inputs else join_runs(inputs["note_runs_hex"])


def check_form(inputs: Fields) -> Fields:
    note = parse_note(note_bytes(inputs))
    if "note" not in inputs:
        return {}
    assert str(note) == inputs["note"]
    lines = note.lines
    return {
        "text": note.text,
        "names": [line.name for line in lines],
        "key_ids_hex": hexes([line.key_id for line in lines]),
        "signatures_hex": hexes([line.signature for line in lines]),
    }


def check_signatures(inputs: Fields) -> Fields:
    known = [parse_verifier_key(text) for text in inputs["verifier_keys"]]
    verified = verify_note(parse_note(inputs["note"].encode()), known)
    return {"verified": [str(one.key) for one in verified]}


def malformed_notes() -> Group:
    """The group of notes and of what is not one."""
    group = Group(
        "note_form",
        "Split the note into its text and signatures by §1 alone. The note is the text `note`, or the bytes"
        " note_hex, or the"
        " pieces of note_runs_hex, each [hexadecimal, how many times], joined. For `note`, gives text and, in"
        " order of the"
        " lines, names, key_ids_hex and signatures_hex (what follows the key id); writing them gives the note again.",
        check_form,
    )
    line = str(sign_line("text\n", KEY, AUTHOR))
    short = str(SignatureLine("a", bytes(4), b"\1"))
    for name, note in (
        ("one signature", f"text\n\n{line}"),
        ("two signatures", f"text\n\n{line}{short}"),
        ("the same line twice", f"text\n\n{line}{line}"),
        ("sixty-four signatures", "text\n\n" + short * 64),
        ("empty lines in the text", f"\n\none\n\n\ntwo\n\n{line}"),
        ("text is one newline", f"\n\n{line}"),
        ("text is two newlines", f"\n\n\n{line}"),
        ("text that holds a signature line", f"text\n{line}\n{short}"),
        ("text that is a note", f"text\n\n{line}\n{short}"),
        ("text not ASCII and not in form C", f"e\u0301 \u00e9 \U0001f33e\n\n{line}"),
        ("white space in the text", f" text \u2028 more \n\n{line}"),
        ("name not ASCII", f"text\n\n{SignatureLine(ACCENTED, bytes(4), b'x' * 64)}"),
        ("name with a slash and a dash", f"text\n\n{SignatureLine(DASH + '/a', bytes(4), b'x' * 64)}"),
        ("signature of 1,000 bytes", f"text\n\n{SignatureLine('a', bytes(4), seeded_bytes('long', 1000))}"),
    ):
        group.valid(name, note=note)
    add_malformed_frames(group, line, short)
    add_malformed_lines(group)
    head = f"\n\n{line}"
    for size in (65_536, 65_537):
        runs = split_runs(("a" * (size - len(head.encode())) + head).encode(), b"a")
        if size == 65_536:
            group.valid("65,536 bytes", note_runs_hex=runs)
        else:
            group.invalid("65,537 bytes", "size", note_runs_hex=runs)
    return group


def add_malformed_frames(group: Group, line: str, short: str) -> None:
    """What is wrong around the signature lines."""
    for name, reason, note in (
        ("empty", "no_signatures", ""),
        ("a text only", "no_signatures", "text\n"),
        ("no empty line", "no_signatures", f"text\n{line}"),
        ("nothing behind the empty line", "no_signatures", "text\n\n"),
        ("a signature line only", "no_signatures", line),
        ("an empty line and a signature", "no_signatures", f"\n{line}"),
        ("an empty line behind the signatures", "no_signatures", f"text\n\n{line}\n"),
        ("sixty-five signatures", "size", "text\n\n" + short * 65),
        ("no newline at the end", "signature_line", f"text\n\n{line[:-1]}"),
        ("a line of text behind the signatures", "signature_line", f"text\n\n{line}more\n"),
        ("a line of text among the signatures", "signature_line", f"text\n\n{line}more\n{line}"),
        ("last empty line before plain text", "signature_line", f"text\n\n{line}\nmore\n"),
        ("carriage returns", "control", f"text\r\n\r\n{line}"),
        ("a tab", "control", f"te\txt\n\n{line}"),
        ("NUL", "control", f"te\0xt\n\n{line}"),
        ("escape", "control", f"\x1b[1mtext\n\n{line}"),
        ("delete", "control", f"te\x7fxt\n\n{line}"),
        ("next line, U+0085", "control", f"te\x85xt\n\n{line}"),
        ("control sequence introducer, U+009B", "control", f"te\x9bxt\n\n{line}"),
        ("control character in a signature line", "control", f"text\n\n{line[:-1]}\r\n"),
    ):
        group.invalid(name, reason, note=note)
    for name, bad in (
        ("Latin-1", b"caf\xe9"),
        ("surrogate", b"\xed\xa0\x80"),
        ("overlong slash", b"\xc0\xaf"),
        ("torn", b"\xe2\x82"),
    ):
        group.invalid(f"not UTF-8: {name}", "utf8", note_hex=(bad + f"\n\n{line}".encode()).hex())


def add_malformed_lines(group: Group) -> None:
    """What is wrong within a signature line."""
    data = to_base64(bytes(4) + b"x" * 64)
    padded = to_base64(bytes(4) + b"x")
    for name, reason, line in (
        ("a hyphen for the dash", "signature_line", f"- a {data}"),
        ("an en dash", "signature_line", f"\u2013 a {data}"),
        ("no dash", "signature_line", f"a {data}"),
        ("a space in front", "signature_line", f" {DASH} a {data}"),
        ("no space behind the dash", "signature_line", f"{DASH}a {data}"),
        ("two spaces behind the dash", "signature_line", f"{DASH}  a {data}"),
        ("a no-break space behind the dash", "signature_line", f"{DASH}\u00a0a {data}"),
        ("only a dash and a space", "signature_line", f"{DASH} "),
        ("name only", "signature_line", f"{DASH} a"),
        ("name with a plus sign", "signature_line", f"{DASH} a+b {data}"),
        ("name with a no-break space", "signature_line", f"{DASH} a\u00a0b {data}"),
        ("name with an ideographic space", "signature_line", f"{DASH} a\u3000b {data}"),
        ("key id of three bytes", "signature_line", f"{DASH} a {to_base64(bytes(3))}"),
        ("key id and no signature", "signature_line", f"{DASH} a {to_base64(bytes(4))}"),
        ("a space behind", "base64", f"{DASH} a {data} "),
        ("two spaces before the base64", "base64", f"{DASH} a  {data}"),
        ("a word behind", "base64", f"{DASH} a {data} b"),
        ("no padding", "base64", f"{DASH} a {padded.rstrip('=')}"),
        ("too much padding", "base64", f"{DASH} a {padded}="),
        ("padding inside", "base64", f"{DASH} a {padded}{padded}"),
        ("stray bits", "base64", f"{DASH} a {padded[:-2]}{chr(ord(padded[-2]) + 1)}="),
        ("URL alphabet", "base64", f"{DASH} a {to_base64(bytes(6))}_-_-"),
        ("not base64", "base64", f"{DASH} a !!!!!!!!"),
        ("hexadecimal of odd length", "base64", f"{DASH} a 0123456789a"),
    ):
        group.invalid(f"line with {name}", reason, note=f"text\n\n{line}\n")


def signed_notes() -> Group:
    """The group of notes whose signatures are checked."""
    group = Group(
        "note_signatures",
        "Check the signatures of the note by the known verifier_keys (§2). Gives verified: the known keys that"
        " signed, each"
        " once, in order of their lines.",
        check_signatures,
    )
    text = "text\n"
    mine, other = sign_line(text, KEY, AUTHOR), sign_line(text, OTHER_KEY, OTHER)
    flipped = SignatureLine(KEY.name, KEY.key_id, bytes([mine.signature[0] ^ 1]) + mine.signature[1:])
    garbage = SignatureLine("unknown.example", b"\1\2\3\4", b"garbage")
    same_name = SignatureLine(KEY.name, b"\1\2\3\4", bytes(64))
    same_id = SignatureLine("unknown.example", KEY.key_id, bytes(64))
    witness = VerifierKey(KEY.name, WITNESS_TYPE, AUTHOR.public_key)
    as_witness = sign_line(text, witness, AUTHOR)
    stale = sign_line("text", KEY, AUTHOR)
    both, one = [str(KEY), str(OTHER_KEY)], [str(KEY)]
    for name, lines, keys in (
        ("one known key", [mine], one),
        ("two known keys", [other, mine], both),
        ("one of two known keys", [other], both),
        ("unknown keys are ignored", [garbage, mine, other], one),
        ("unknown key of a known name", [same_name, mine], one),
        ("unknown name with a known key id", [same_id, mine], one),
        ("the same signature twice", [mine, mine], one),
    ):
        group.valid(name, note=str(Note(text, lines)), verifier_keys=keys)
    for name, reason, lines, keys in (
        ("a known key fails", "bad_signature", [flipped], one),
        ("a known key fails, another holds", "bad_signature", [other, flipped], both),
        ("a known key holds, then fails", "bad_signature", [mine, flipped], one),
        ("text signed without its newline", "bad_signature", [stale], one),
        ("signature of 63 bytes", "bad_signature", [SignatureLine(KEY.name, KEY.key_id, bytes(63))], one),
        ("signature of 65 bytes", "bad_signature", [SignatureLine(KEY.name, KEY.key_id, mine.signature + b"\0")], one),
        ("ordinary signature under a type 4 key", "bad_signature", [as_witness], [str(witness)]),
        ("only unknown keys", "unsigned", [garbage, other], one),
        ("only an unknown key of a known name", "unsigned", [same_name], one),
        ("no known keys", "unsigned", [mine], []),
        ("the key known with another type", "unsigned", [mine], [str(witness)]),
    ):
        group.invalid(name, reason, note=str(Note(text, lines)), verifier_keys=keys)
    changed = str(Note("test\n", [mine]))
    group.invalid("text changed", "bad_signature", note=changed, verifier_keys=one)
    return group
