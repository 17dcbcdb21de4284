# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 17 §12: requests that a member signs."""

from collections.abc import Iterator

from tests.reference import reader
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.vector import Fields, Group

LOG, MEMBER = seeded_bytes("reader log"), seeded_bytes("reader member", 16)
KEY = signer("a member who asks")
AT = 1_772_000_000


def groups() -> Iterator[Group]:
    """The groups `reader` and `reader_header`."""
    signed = Group(
        "reader",
        "A request to host for target, by member_hex of the log log_hex at a time, with key seed_hex. Gives"
        " message_hex, which is signed, and header, the value of Authorization.",
        check_signed,
    )
    for name, host, target in (
        ("by name", "commons.example.org", "/v1/ledger/x/members"),
        ("with a port and a query", "127.0.0.1:8080", "/v1/ledger/x/members/y?scope=public&from=2026-01"),
        ("a host in capitals", "Commons.Example.org", "/"),
        ("a target with escapes", "[::1]:443", "/v1/%C3%A9"),
    ):
        signed.valid(
            name, host=host, target=target, log_hex=LOG.hex(), member_hex=MEMBER.hex(), at=AT, seed_hex=KEY.seed.hex()
        )
    yield signed
    headers = Group("reader_header", "Read header. Gives member_hex, at and signature_hex.", check_header)
    good = reader.header(KEY, MEMBER, AT, b"")
    scheme, member, at, signature = good.split(" ")
    headers.valid("as it should be", header=good)
    headers.valid("at the beginning of time", header=f"{scheme} {member} 0 {signature}")
    headers.valid("at its end", header=f"{scheme} {member} {2**40 - 1} {signature}")
    for name, text in {
        "empty": "",
        "of another scheme": f"Bearer {member} {at} {signature}",
        "the scheme in small letters": good.lower(),
        "without a signature": f"{scheme} {member} {at}",
        "with two blanks": good.replace(" ", "  "),
        "with something behind": f"{good} ",
        "a member in capitals": f"{scheme} {member.upper()} {at} {signature}",
        "a member of 15 bytes": f"{scheme} {member[2:]} {at} {signature}",
        "a time with a zero in front": f"{scheme} {member} 0{at} {signature}",
        "a time below zero": f"{scheme} {member} -1 {signature}",
        "a time beyond the last": f"{scheme} {member} {2**40} {signature}",
        "a signature of 63 bytes": f"{scheme} {member} {at} {signature[:-4]}",
        "a signature without padding": f"{scheme} {member} {at} {signature.rstrip('=')}",
        "a second spelling of the signature": f"{scheme} {member} {at} {signature[:-3]}{chr(ord(signature[-3]) + 1)}==",
    }.items():
        headers.invalid(name, "reader", header=text)
    yield headers


def check_signed(inputs: Fields) -> Fields:
    log_id, member = bytes.fromhex(inputs["log_hex"]), bytes.fromhex(inputs["member_hex"])
    message = reader.message(inputs["host"], log_id, member, inputs["target"], inputs["at"])
    header = reader.header(KEY, member, inputs["at"], message)
    assert reader.holds(header, message, KEY.public_key)
    return {"message_hex": message.hex(), "header": header}


def check_header(inputs: Fields) -> Fields:
    member, at, signature = reader.read(inputs["header"])
    return {"member_hex": member.hex(), "at": at, "signature_hex": signature.hex()}
