# SPDX-License-Identifier: AGPL-3.0-or-later
"""A statement on its way from signer to signer, as text that fits into a file or a letter (spec 17 §11)."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from typing import Annotated, NamedTuple

import msgspec

from protocol.amounts import Scale, UnitCode
from protocol.encoding import Limits, Value, decode, encode
from protocol.errors import Malformed
from protocol.note import strict_base64
from protocol.signature import SigningKey
from protocol.statement import (
    SIGNATURES_MAX,
    STATEMENT_BYTES_MAX,
    Signature,
    Statement,
    holds,
    make_payload,
    parse_statement,
    sign_statement,
)

VERSION = 1
CARRIED_BYTES_MAX, CARRIED_CHARACTERS_MAX = 196_608, 393_216
NAMES_MAX, UNITS_MAX = 256, 64
BEGIN, END = "-----BEGIN FOLKMOOT STATEMENT-----", "-----END FOLKMOOT STATEMENT-----"
_LINE_CHARACTERS = 64
_MARKED = re.compile(f"{re.escape(BEGIN)}(.*?){re.escape(END)}", re.DOTALL)
_WHITE = re.compile(r"[ \t\r\n]+")
_LIMITS = Limits(input_bytes=CARRIED_BYTES_MAX)

_Named = Annotated[bytes, msgspec.Meta(min_length=16, max_length=32)]
_Name = Annotated[str, msgspec.Meta(max_length=300)]
_Unit = Annotated[str, msgspec.Meta(max_length=12)]


class _Form(msgspec.Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    version: int
    scope: Annotated[int, msgspec.Meta(ge=0, le=2)]
    statement: Annotated[bytes, msgspec.Meta(max_length=STATEMENT_BYTES_MAX)]
    signatures: Annotated[list[Signature], msgspec.Meta(max_length=SIGNATURES_MAX)]
    terms: Annotated[bytes, msgspec.Meta(max_length=STATEMENT_BYTES_MAX)]
    names: Annotated[list[tuple[_Named, _Name, _Unit]], msgspec.Meta(max_length=NAMES_MAX)]
    units: Annotated[list[tuple[UnitCode, Scale]], msgspec.Meta(max_length=UNITS_MAX)]


class Carried(NamedTuple):
    """A statement, who has signed it so far, and in which scope it is to be entered.

    `terms` are the terms that a `contract.sign` agrees to, which are proved by their hash. `names` (id: name and, of an
    account, its unit) and `units` (code: scale) are what whoever made it says, for whoever reads it.
    """

    statement: bytes
    scope: int = 0
    signatures: tuple[tuple[bytes, bytes], ...] = ()
    terms: bytes = b""
    names: tuple[tuple[bytes, str, str], ...] = ()
    units: tuple[tuple[str, int], ...] = ()

    @property
    def said(self) -> Statement:
        """The statement as it is read."""
        said = parse_statement(self.statement)
        assert isinstance(said, Statement), "it was checked when this was made"
        return said

    def signed_with(self, *signatures: tuple[bytes, bytes]) -> Carried:
        """With more signatures: (key, signature). Raises Malformed (`carried_form`) if there are too many."""
        signed = dict(self.signatures) | dict(signatures)
        if len(signed) > SIGNATURES_MAX:
            raise Malformed("carried_form", f"more than {SIGNATURES_MAX} signatures: it has all that it needs")
        return self._replace(signatures=tuple(sorted(signed.items())))

    def payload(self, salt: bytes) -> bytes:
        """The payload to be entered. Raises Malformed (`author_signature`) if its author has not signed it."""
        signed, author = dict(self.signatures), self.said.author
        if author not in signed:
            raise Malformed("author_signature", "its author has not signed it yet: they sign before it is entered")
        first = (author, signed.pop(author))
        return make_payload(salt, self.statement, [first, *sorted(signed.items())])


def write_carried(carried: Carried) -> str:
    """The text of a statement on its way."""
    value: list[Value] = [
        VERSION,
        carried.scope,
        carried.statement,
        [[key, signature] for key, signature in carried.signatures],
        carried.terms,
        [[one_id, name, unit] for one_id, name, unit in carried.names],
        [[code, scale] for code, scale in carried.units],
    ]
    text = b64encode(encode(value, _LIMITS)).decode()
    lines = [text[n : n + _LINE_CHARACTERS] for n in range(0, len(text), _LINE_CHARACTERS)]
    return "\n".join([BEGIN, *lines, END]) + "\n"


def read_carried(text: str) -> Carried:
    """The first statement in a text, whatever stands around it, with every signature checked.

    Raises Malformed with the reason of spec 17 §11.
    """
    if len(text) > CARRIED_CHARACTERS_MAX:
        raise Malformed("markers", f"a text of more than {CARRIED_CHARACTERS_MAX} characters")
    marked = _MARKED.search(text)
    if marked is None:
        raise Malformed("markers", f"no lines between {BEGIN} and {END}: was the text cut off?")
    form = _read_form(strict_base64(_WHITE.sub("", marked[1])))
    statement = parse_statement(form.statement)
    if not isinstance(statement, Statement):
        raise Malformed("statement_version", "a statement of a version that this program does not know")
    statement.read_body()
    if not all(one.key < other.key for one, other in pairwise(form.signatures)):
        raise Malformed("signature_order", "the signatures are not in ascending order of key, or one stands twice")
    for signature in form.signatures:
        if not holds(form.statement, signature):
            raise Malformed("bad_signature", f"the signature by {signature.key.hex()[:16]} does not hold")
    _check_terms(statement, form.terms)
    signatures = tuple((one.key, one.signature) for one in form.signatures)
    return Carried(form.statement, form.scope, signatures, form.terms, tuple(form.names), tuple(form.units))


def sign_carried(carried: Carried, key: SigningKey) -> Carried:
    """With the signature of one more key. Raises Malformed (`carried_form`) if there is no room."""
    return carried.signed_with(sign_statement(carried.statement, key))


def _read_form(data: bytes) -> _Form:
    try:
        value = decode(data, _LIMITS)
    except Malformed as error:
        raise Malformed("carried_form", error.text) from None
    version = value[0] if isinstance(value, list) and value else None
    if type(version) is int and version > VERSION:
        raise Malformed("carried_version", "it was made by a newer program than this one")
    try:
        form = msgspec.convert(value, _Form, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed("carried_form", f"not a statement on its way: {error}") from None
    if form.version != VERSION:
        raise Malformed("carried_form", f"version {form.version}")
    return form


def _check_terms(statement: Statement, terms: bytes) -> None:
    """The terms that go along are those that are agreed to, and nothing else can have any."""
    if not terms:
        return
    agreed = statement.read_body().get("terms") if statement.kind == "contract.sign" else None
    if agreed != sha256(terms).digest():
        raise Malformed("terms", "the terms that go along are not those that would be signed")
