# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 17 §11: statements on their way from signer to signer."""

import hashlib
from collections.abc import Iterator

from tests.reference import carried, messagepack
from tests.reference.carried import BEGIN, END
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.statement import STATEMENT_PURPOSE, Statement
from tests.reference.vector import Fields, Group, hexes

LOG = seeded_bytes("carried log")
MEMBER, ORGANISATION = sorted((signer("a member"), signer("the organisation")), key=lambda one: one.public_key)
ID = seeded_bytes("carried id", 16)


def groups() -> Iterator[Group]:
    """The group `carried`."""
    made = Group(
        "carried",
        "Read text. Gives statement_hex, scope, signers_hex in their order, names as [id in hexadecimal, name, unit]"
        " and units as [code, scale]. An invalid case breaks one rule.",
        check,
    )
    add_good(made)
    add_bad_texts(made)
    add_bad_forms(made)
    yield made


def check(inputs: Fields) -> Fields:
    read = carried.read(inputs["text"])
    return {
        "statement_hex": read.statement.encode().hex(),
        "scope": read.scope,
        "signers_hex": hexes(read.signers),
        "names": [[one.hex(), name, unit] for one, name, unit in read.names],
        "units": read.units,
    }


def said(kind: str = "ack", **body: Value) -> Statement:
    """A statement of the member."""
    return Statement(LOG, kind, ID, 1_772_000_000, MEMBER.public_key, body or {"event": ID, "says": "thanks"})


def parts(statement: Statement, /, signers: int = 1, **changed: Value) -> list[Value]:
    """The value of a statement with the signatures of so many."""
    data = statement.encode()
    signatures: list[Value] = [
        [one.public_key, one.sign(STATEMENT_PURPOSE + data)] for one in (MEMBER, ORGANISATION)[:signers]
    ]
    made = {
        "version": 1,
        "scope": 0,
        "statement": data,
        "signatures": signatures,
        "terms": b"",
        "names": [],
        "units": [],
    }
    return list((made | changed).values())


def add_good(made: Group) -> None:
    plain = said()
    made.valid("signed by nobody", text=carried.write(parts(plain, 0)))
    made.valid("signed by its author", text=carried.write(parts(plain)))
    made.valid("signed by two", text=carried.write(parts(plain, 2)))
    names: list[Value] = [[ID, "Amina/EUR", "EUR"], [LOG, "La Mutuelle", ""]]
    made.valid("with names and units", text=carried.write(parts(plain, names=names, units=[["EUR", 2], ["h", 0]])))
    made.valid("for a private entry", text=carried.write(parts(said("note", about=ID, text="x"), scope=2)))
    terms = messagepack.encode({"title": {"fr": "Contrat"}})
    signing = said("contract.sign", contract=ID, party=ID, terms=hashlib.sha256(terms).digest())
    made.valid("with the terms that it agrees to", text=carried.write(parts(signing, terms=terms)))
    made.valid("with terms that do not go along", text=carried.write(parts(signing)))
    text = carried.write(parts(plain))
    made.valid("in a letter", text=f"Bonjour,\n{text}Merci !\n{BEGIN}\n")
    made.valid("with Windows line ends and indented", text=text.replace("\n", "\r\n\t  "))
    made.valid("on one line", text=text.replace("\n", ""))
    made.invalid("terms of another offer", "terms", text=carried.write(parts(signing, terms=terms + b"\0")))
    made.invalid("terms beside another kind", "terms", text=carried.write(parts(plain, terms=terms)))


def add_bad_texts(made: Group) -> None:
    text = carried.write(parts(said()))
    made.invalid("an empty text", "markers", text="")
    made.invalid("a text that was cut off", "markers", text=text.replace(END, "")[:-10])
    made.invalid("only the end", "markers", text=text.replace(BEGIN, ""))
    made.invalid("nothing in between", "carried_form", text=f"{BEGIN}\n{END}\n")
    made.invalid("a character that is not base64", "base64", text=text.replace(BEGIN, f"{BEGIN}\n!"))
    made.invalid("quoted with >", "base64", text=text.replace("\n", "\n> "))
    made.invalid("a second beginning", "base64", text=f"{BEGIN}\n{text}")
    made.invalid("base64 without its padding", "base64", text=f"{BEGIN}\nkg\n{END}\n")
    made.invalid("base64 with bits that do not count", "base64", text=f"{BEGIN}\nkh==\n{END}\n")


def add_bad_forms(made: Group) -> None:
    plain = said()
    good = parts(plain)
    pair = good[3][0]
    for name, value in {
        "a map": {"statement": plain.encode()},
        "one part too few": good[:6],
        "one part too many": [*good, 0],
        "version 0": [0, *good[1:]],
        "a version that is text": ["1", *good[1:]],
        "scope 3": parts(plain, scope=3),
        "a scope that is a boolean": parts(plain, scope=False),
        "a key of 31 bytes": parts(plain, signatures=[[pair[0][1:], pair[1]]]),
        "a signature of 63 bytes": parts(plain, signatures=[[pair[0], pair[1][1:]]]),
        "17 signatures": parts(plain, signatures=[[bytes([number]) * 32, pair[1]] for number in range(17)]),
        "a name for an id of 15 bytes": parts(plain, names=[[ID[1:], "x", ""]]),
        "a name without a unit": parts(plain, names=[[ID, "x"]]),
        "a name of 301 characters": parts(plain, names=[[ID, "x" * 301, ""]]),
        "a unit whose code is empty": parts(plain, units=[["", 2]]),
        "a unit with ten decimals": parts(plain, units=[["EUR", 10]]),
        "65 units": parts(plain, units=[[f"u{number}", 0] for number in range(65)]),
    }.items():
        made.invalid(name, "carried_form", text=carried.write(value))
    made.invalid("version 2", "carried_version", text=carried.write([2]))
    made.invalid("no statement", "statement_form", text=carried.write(parts(plain, statement=b"")))
    torn = parts(plain, statement=plain.encode()[:-1])
    made.invalid("a statement that was cut off", "statement_form", text=carried.write(torn))
    version = messagepack.decode(plain.encode())
    newer = messagepack.encode([2, *version[1:]])
    made.invalid("a statement of version 2", "statement_version", text=carried.write(parts(plain, statement=newer)))
    both = parts(plain, 2)[3]
    made.invalid(
        "signatures in another order", "signature_order", text=carried.write(parts(plain, signatures=both[::-1]))
    )
    twice = [pair, pair]
    made.invalid("a key twice", "signature_order", text=carried.write(parts(plain, signatures=twice)))
    other = parts(said(event=ID, says="used"))[3]
    made.invalid(
        "a signature over another statement", "bad_signature", text=carried.write(parts(plain, signatures=other))
    )
