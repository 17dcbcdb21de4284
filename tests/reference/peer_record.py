# SPDX-License-Identifier: AGPL-3.0-or-later
"""Peer records, spec 16 §1."""

from urllib.parse import urlsplit

from tests.reference import ed25519, messagepack
from tests.reference.messagepack import Limits, Value
from tests.reference.rejection import RejectionError, require
from tests.reference.seeded import Signer
from tests.reference.shape import is_array, is_bytes, is_integer, is_text

RECORD_LIMITS = Limits(input_bytes=4_096, string_bytes=4_096, array_elements=8)


def sign(said: bytes, signer: Signer) -> bytes:
    """A record: what is said, by whom, and the signature."""
    signature = signer.sign(b"folkmoot/peer/1\0" + said)
    return messagepack.encode([said, signer.public_key, signature])


def is_address(value: Value) -> bool:
    """An http or https URL with a host."""
    if not is_text(value, 1, 200) or any(letter.isspace() for letter in value):
        return False
    scheme, _, rest = value.partition("://")
    return scheme in {"http", "https"} and bool(urlsplit(value).netloc) and bool(rest)


def read(data: bytes, keys: list[bytes]) -> list[Value]:
    """What a record says, signed by one of the keys; or `form`, `key`, `bad_signature`."""
    try:
        value = messagepack.decode(data, RECORD_LIMITS)
        require(is_array(value, 3, 3), "form")
        said, key, signature = value
        require(is_bytes(said) and is_bytes(key, 32) and is_bytes(signature, 64), "form")
        parts = messagepack.decode(said, RECORD_LIMITS)
    except RejectionError:
        raise RejectionError("form") from None
    require(is_array(parts, 6, 6), "form")
    version, log_id, sequence, addresses, via, until = parts
    require(is_integer(version, 1, 1) and is_bytes(log_id, 32) and is_integer(sequence, 0), "form")
    require(is_array(addresses, 0, 4) and all(is_address(one) for one in addresses), "form")
    require(is_array(via, 0, 4) and all(is_bytes(one, 32) for one in via) and is_integer(until, 0), "form")
    require(key in keys, "key")
    require(ed25519.is_valid(key, b"folkmoot/peer/1\0" + said, signature), "bad_signature")
    return list(parts)
