# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 04 §8: amendments on their way."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from tests.reference import amendment
from tests.reference.seeded import signer
from tests.reference.statement import STATEMENT_PURPOSE, decode_payload
from tests.reference.vector import Fields, Group, hexes


def group(start: str, amend: Callable[..., str]) -> Group:
    """The group `amendment`; `amend` makes the payload of an amendment of the charter `start`."""
    made = Group(
        "amendment",
        "The file of an amendment, as text. Gives log_id_hex, the kseq of the charter to come, and signers_hex in the"
        " order of the file.",
        check,
    )
    good = fields(start, amend())
    made.valid("signed by all that it needs", file=text(good))
    made.valid("signed by nobody", file=text(good | {"signatures": []}))
    made.valid("signed by one", file=text(good | {"signatures": good["signatures"][2:3]}))
    made.valid("on one line, with a key that the page does not name", file=json.dumps(good | {"more": 1}))
    stranger = signer("a bystander")
    message = bytes.fromhex(statement_hex(amend()))
    by_stranger = [stranger.public_key.hex(), stranger.sign(STATEMENT_PURPOSE + message).hex()]
    made.valid("signed by a bystander", file=text(good | {"signatures": [by_stranger]}))
    add_bad_files(made, good)
    forged = [[good["signatures"][0][0], "00" * 64]]
    made.invalid("a signature that does not hold", "bad_signature", file=text(good | {"signatures": forged}))
    for reason, payload in (
        ("kseq", amend(2)),
        ("log_id", amend(log_id=bytes(32))),
        ("next", amend(recovery={"keys": [bytes(32)], "threshold": 1})),
        ("author", amend(author=stranger)),
        ("epoch", amend(keys=[stranger.public_key], opens={"epoch": 3, "size": 1, "root": bytes(32)})),
        ("keys", amend(opens={"epoch": 2, "size": 1, "root": bytes(32)})),
        ("body", amend(name={})),
    ):
        made.invalid(f"a statement refused for {reason}", reason, file=text(fields(start, payload)))
    return made


def add_bad_files(made: Group, good: dict[str, Any]) -> None:
    first = good["signatures"][0]
    bad: dict[str, dict[str, Any]] = {
        "of another schema": {"schema": "folkmoot.amendment/2"},
        "whose statement is not base64": {"statement": "!"},
        "whose charters are text": {"charters": 1},
        "whose signatures are not hexadecimal": {"signatures": [["x", "y"]]},
        "with a key of 31 bytes": {"signatures": [[first[0][2:], first[1]]]},
        "with a signature twice": {"signatures": [first, first]},
        "with 17 signatures": {"signatures": [[f"{number:064x}", first[1]] for number in range(17)]},
    }
    for name, changes in bad.items():
        made.invalid(f"a file {name}", "file", file=text(good | changes))
    for field in good:
        torn = {name: value for name, value in good.items() if name != field}
        made.invalid(f"a file without {field}", "file", file=text(torn))
    made.invalid("a file that is a list", "file", file="[]")
    made.invalid("an empty file", "file", file="")


def check(inputs: Fields) -> Fields:
    read = amendment.read(inputs["file"].encode())
    return {"log_id_hex": read.log_id.hex(), "kseq": read.charter.kseq, "signers_hex": hexes(read.signers)}


def statement_hex(payload: str) -> str:
    """The statement in a payload."""
    return decode_payload(bytes.fromhex(payload)).statement.hex()


def fields(start: str, payload: str) -> dict[str, Any]:
    """The fields of a file for an amendment of one charter, with the signatures of a payload."""
    read = decode_payload(bytes.fromhex(payload))
    return {
        "schema": amendment.SCHEMA,
        "charters": [b64encode(bytes.fromhex(start)).decode()],
        "statement": b64encode(read.statement).decode(),
        "signatures": [[key.hex(), signature.hex()] for key, signature in read.signatures],
    }


def text(file: dict[str, Any]) -> str:
    """A file as it is written."""
    return json.dumps(file, indent=1) + "\n"
