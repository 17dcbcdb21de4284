# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 04 §9: sessions that a key with a role begins."""

from tests.reference import role_session
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.vector import Fields, Group

LOG, CHALLENGE = seeded_bytes("role session log"), seeded_bytes("role session challenge")
KEY, OTHER = signer("an editor"), signer("another editor")
HOST = "commons.example.org"


def group() -> Group:
    """The group `role_session`."""
    made = Group(
        "role_session",
        "A session at host in log_hex, by key_hex with challenge_hex and signature_hex (§9). Gives message_hex.",
        check_session,
    )

    def fields(host: str = HOST, *, signed_for: str = HOST, key: bytes = KEY.public_key) -> dict[str, str]:
        signature = KEY.sign(role_session.message(signed_for, LOG, KEY.public_key, CHALLENGE))
        return {
            "host": host,
            "log_hex": LOG.hex(),
            "key_hex": key.hex(),
            "challenge_hex": CHALLENGE.hex(),
            "signature_hex": signature.hex(),
        }

    made.valid("by name", **fields())
    made.valid("a host in capitals", **fields("Commons.Example.ORG"))
    made.valid("with a port", **fields("127.0.0.1:8080", signed_for="127.0.0.1:8080"))
    made.invalid("for another host", "bad_signature", **fields(signed_for="elsewhere.example.org"))
    made.invalid("for the host with another port", "bad_signature", **fields(f"{HOST}:8443"))
    made.invalid("another key", "bad_signature", **fields(key=OTHER.public_key))
    made.invalid("another log", "bad_signature", **fields() | {"log_hex": seeded_bytes("elsewhere").hex()})
    made.invalid("another challenge", "bad_signature", **fields() | {"challenge_hex": bytes(32).hex()})
    made.invalid("a signature of 63 bytes", "bad_signature", **fields() | {"signature_hex": bytes(63).hex()})
    made.invalid("a challenge of 31 bytes", "challenge", **fields() | {"challenge_hex": CHALLENGE[1:].hex()})
    made.invalid("no challenge", "challenge", **fields() | {"challenge_hex": ""})
    return made


def check_session(inputs: Fields) -> Fields:
    key = bytes.fromhex(inputs["key_hex"])
    challenge = bytes.fromhex(inputs["challenge_hex"])
    signed = role_session.message(inputs["host"], bytes.fromhex(inputs["log_hex"]), key, challenge)
    role_session.check(key, signed, bytes.fromhex(inputs["signature_hex"]))
    return {"message_hex": signed.hex()}
