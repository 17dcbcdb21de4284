# SPDX-License-Identifier: AGPL-3.0-or-later
"""Certificates that a node makes for itself, bound to its log's key (spec 09 §8): https without an authority."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

from ledger.own.keys import write_private
from protocol.encoding import decode, encode
from protocol.errors import Malformed
from protocol.identity import short_log_id
from protocol.signature import verify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from protocol.signature import SigningKey

BINDING = x509.ObjectIdentifier(f"2.25.{UUID('6f9c1f0e-51c5-4b0e-9d53-1f2a8e6c9b70').int}")
VALID_DAYS = 365
_BEFORE_DAYS = 3_650
"""Clocks of small machines may be years behind: freshness is not what this certificate is for."""

_TAG = b"folkmoot/tls/1\0"


class Bound(NamedTuple):
    """Whose node a certificate says it is: the log, and the key that says so."""

    log: bytes
    key: bytes


def write_certificate(path: Path, log_id: bytes, key: SigningKey, names: Sequence[str], now: float) -> None:
    """Makes a certificate for these host names and addresses; with its private key in one PEM file."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"folkmoot {short_log_id(log_id)}")])
    begun = datetime.fromtimestamp(now, UTC)
    signature = key.sign(_bound_message(log_id, public))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun - timedelta(days=_BEFORE_DAYS))
        .not_valid_after(begun + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_alternative(text) for text in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.UnrecognizedExtension(BINDING, encode([log_id, key.public, signature])), critical=False)
        .sign(private, SHA256())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(path, pem + certificate.public_bytes(Encoding.PEM))


def server_context(path: Path) -> ssl.SSLContext:
    """What a server needs to speak TLS with a certificate file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(path)
    return context


def lax_context() -> ssl.SSLContext:
    """For a client that takes any certificate, and then looks whose node it says it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def read_binding(certificate: bytes) -> Bound:
    """Whose node a certificate (DER) says it is; only AUTH shows that the key speaks for the log. Raises Malformed."""
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        content = parsed.extensions.get_extension_for_oid(BINDING).value
        public = parsed.public_key()
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise Malformed("binding", f"the certificate is not a node's own: {error}") from None
    assert isinstance(content, x509.UnrecognizedExtension)
    match decode(content.value):
        case [bytes(log_id), bytes(key), bytes(signature)] if len(log_id) == 32:
            if verify(key, _bound_message(log_id, public), signature):
                return Bound(log_id, key)
    raise Malformed("binding", "the certificate says whose node it is, but the signature on that fails")


def _bound_message(log_id: bytes, public: object) -> bytes:
    encoded = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined] # any public key
    return _TAG + log_id + sha256(encoded).digest()


def _alternative(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
