# SPDX-License-Identifier: AGPL-3.0-or-later
"""A member's balances and contributions as a W3C Verifiable Credential (Data Model 2.0). Pure.

It is secured by Data Integrity with the cryptosuite eddsa-jcs-2022 (W3C Data Integrity EdDSA Cryptosuites 1.0, §3.3).
The issuer is the organisation's operating key as did:key; the member is named by its own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import rfc8785

from protocol.errors import Malformed
from protocol.reciprocity_bodies import Event
from protocol.signature import verify

if TYPE_CHECKING:
    from ledger.exporting.journal import Journal
    from protocol.signature import SigningKey

CONTEXTS = ["https://www.w3.org/ns/credentials/v2", {"@vocab": "urn:folkmoot:"}]
SUITE = "eddsa-jcs-2022"
_ED25519_PREFIX = b"\xed\x01"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_SIGNATURE_BYTES = 64


def did_key(public: bytes) -> str:
    """An Ed25519 key as did:key (W3C did:key §2.1)."""
    return f"did:key:{multibase(_ED25519_PREFIX + public)}"


def multibase(data: bytes) -> str:
    """Base58 with the prefix z (Bitcoin's alphabet)."""
    number = int.from_bytes(data, "big")
    digits = ""
    while number:
        number, digit = divmod(number, 58)
        digits = _BASE58[digit] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + "1" * zeros + digits


def parse_multibase(text: str) -> bytes:
    """The bytes of a base58 multibase. Raises Malformed (`multibase`)."""
    if not text.startswith("z") or not set(text[1:]) <= set(_BASE58) or len(text) > 200:
        raise Malformed("multibase", f"not base58 with the prefix z: {text[:20]!r}")
    number = 0
    for digit in text[1:]:
        number = number * 58 + _BASE58.index(digit)
    zeros = len(text[1:]) - len(text[1:].lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def credential(journal: Journal, member_id: bytes, key: SigningKey, at: int) -> dict[str, Any]:
    """What the ledger says of a member at `at`, UTC seconds, signed by an operating key of its log."""
    member = journal.members[member_id]
    issuer, moment = did_key(key.public), _time(at)
    value: dict[str, Any] = {
        "@context": CONTEXTS,
        "type": ["VerifiableCredential", "MemberStanding"],
        "issuer": {"id": issuer, "name": journal.name, "log": journal.log},
        "validFrom": moment,
        "credentialSubject": {
            "id": did_key(member.key),
            "member": member_id.hex(),
            "class": member.class_,
            "status": member.status,
            "entries": str(member.count),
            "balances": [
                {"account": one.hex(), "unit": account.unit, "amount": journal.quantity(account.posted, account.unit)}
                for one, account in journal.accounts.items()
                if account.owner == member_id
            ],
            "contributions": _contributions(journal, member_id),
        },
    }
    return value | {"proof": _prove(value, key, moment)}


def _contributions(journal: Journal, member_id: bytes) -> list[dict[str, str]]:
    """The member's effort in each unit of time and stream."""
    sums: dict[tuple[str, str], int] = {}
    for told in journal.told:
        if isinstance(told.said, Event) and told.said.provider == member_id and told.said.effort is not None:
            key = told.said.stream, told.said.effort.unit
            sums[key] = sums.get(key, 0) + told.said.effort.amount
    return [
        {"stream": stream, "unit": unit, "amount": journal.quantity(amount, unit)}
        for (stream, unit), amount in sorted(sums.items())
    ]


def _prove(value: dict[str, Any], key: SigningKey, moment: str) -> dict[str, Any]:
    issuer = did_key(key.public)
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": moment,
        "verificationMethod": f"{issuer}#{issuer.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
        "@context": value["@context"],
    }
    return options | {"proofValue": multibase(key.sign(_hash_data(options, value)))}


def _hash_data(options: dict[str, Any], value: dict[str, Any]) -> bytes:
    """What is signed: the hash of the proof's options, then that of the document, both in canonical JSON (RFC 8785)."""
    return sha256(rfc8785.dumps(options)).digest() + sha256(rfc8785.dumps(value)).digest()


def check_credential(value: dict[str, Any]) -> bytes:
    """The key that signed a credential of this form. Raises Malformed (`credential`) if it does not hold."""
    proof = value.get("proof")
    if not isinstance(proof, dict) or (proof.get("type"), proof.get("cryptosuite")) != ("DataIntegrityProof", SUITE):
        raise Malformed("credential", f"not a credential with a {SUITE} proof")
    unsigned = {name: part for name, part in value.items() if name != "proof"}
    options = {name: part for name, part in proof.items() if name != "proofValue"}
    method, signature = str(proof.get("verificationMethod")), parse_multibase(str(proof.get("proofValue")))
    prefixed = parse_multibase(method.partition("#")[2])
    public = prefixed.removeprefix(_ED25519_PREFIX)
    if options.get("@context") != unsigned.get("@context") or not prefixed.startswith(_ED25519_PREFIX):
        raise Malformed("credential", "its proof is about another context, or by another sort of key")
    issuer = unsigned.get("issuer")
    if not isinstance(issuer, dict) or issuer.get("id") != did_key(public):
        raise Malformed("credential", "it is not signed by its issuer")
    if len(signature) != _SIGNATURE_BYTES or not verify(public, _hash_data(options, unsigned), signature):
        raise Malformed("credential", "its signature does not hold: it was changed, or never signed")
    return public


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
