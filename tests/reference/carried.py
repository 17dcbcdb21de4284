# SPDX-License-Identifier: AGPL-3.0-or-later
"""A statement on its way from signer to signer, spec 17 §11."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from tests.reference import ed25519, messagepack
from tests.reference.messagepack import Limits, Value
from tests.reference.rejection import RejectionError, reject, require
from tests.reference.shape import is_array, is_bytes, is_integer, is_text
from tests.reference.statement import STATEMENT_PURPOSE, Statement, decode_statement

BEGIN = "-----BEGIN FOLKMOOT STATEMENT-----"
END = "-----END FOLKMOOT STATEMENT-----"
LIMITS = Limits(input_bytes=196_608)


@dataclass(frozen=True)
class Carried:
    """What a text says."""

    statement: Statement
    scope: int
    signers: list[bytes]
    names: list[Value]
    units: list[Value]


def write(value: Value) -> str:
    """The text of a value."""
    data = base64.b64encode(messagepack.encode(value)).decode()
    lines = [data[start : start + 64] for start in range(0, len(data), 64)]
    return "".join(f"{line}\n" for line in (BEGIN, *lines, END))


def read(text: str) -> Carried:
    """The statement in a text, or the reason why it is refused."""
    require(len(text) <= 393_216, "markers")
    start = text.find(BEGIN)
    require(start >= 0, "markers")
    stop = text.find(END, start + len(BEGIN))
    require(stop >= 0, "markers")
    value = decode_form(decode_base64(text[start + len(BEGIN) : stop]))
    _, scope, data, signatures, terms, names, units = value
    statement = decode_statement(data)
    keys = [key for key, _ in signatures]
    require(keys == sorted(set(keys)), "signature_order")
    for key, signature in signatures:
        require(ed25519.is_valid(key, STATEMENT_PURPOSE + data, signature), "bad_signature")
    if terms:
        require(statement.kind == "contract.sign", "terms")
        require(statement.body.get("terms") == hashlib.sha256(terms).digest(), "terms")
    return Carried(statement, scope, keys, names, units)


def decode_base64(text: str) -> bytes:
    """Bytes from base64 in which white space does not count, or `base64`."""
    bare = re.sub(r"[ \t\r\n]", "", text)
    try:
        data = base64.b64decode(bare, validate=True)
    except (binascii.Error, ValueError):
        reject("base64")
    require(base64.b64encode(data).decode() == bare, "base64")
    return data


def decode_form(data: bytes) -> list[Value]:
    """The seven parts, or `carried_form`, `carried_version`."""
    try:
        value = messagepack.decode(data, LIMITS)
    except RejectionError:
        raise RejectionError("carried_form") from None
    require(is_array(value, 1) and is_integer(value[0], -(2**63)), "carried_form")
    require(value[0] <= 1, "carried_version")
    require(value[0] == 1 and len(value) == 7, "carried_form")
    _, scope, statement, signatures, terms, names, units = value
    require(scope in (0, 1, 2) and is_integer(scope), "carried_form")
    require(is_bytes(statement) and len(statement) <= 61_440, "carried_form")
    require(is_bytes(terms) and len(terms) <= 61_440, "carried_form")
    require(is_array(signatures, 0, 16) and all(map(is_signature, signatures)), "carried_form")
    require(is_array(names, 0, 256) and all(map(is_name, names)), "carried_form")
    require(is_array(units, 0, 64) and all(map(is_unit, units)), "carried_form")
    return list(value)


def is_signature(value: Value) -> bool:
    """A key and a signature."""
    return is_array(value, 2, 2) and is_bytes(value[0], 32) and is_bytes(value[1], 64)


def is_name(value: Value) -> bool:
    """An id with its name, and the unit of an account."""
    if not is_array(value, 3, 3) or not (is_bytes(value[0], 16) or is_bytes(value[0], 32)):
        return False
    return is_text(value[1], 0, 300) and (value[2] == "" or is_code(value[2]))


def is_unit(value: Value) -> bool:
    """A code and a scale."""
    return is_array(value, 2, 2) and is_code(value[0]) and is_integer(value[1], 0, 9)


def is_code(value: Value) -> bool:
    """The code of a unit, spec 17 §3."""
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9._-]{1,12}", value))
