# SPDX-License-Identifier: AGPL-3.0-or-later
"""The file in which an amendment goes from holder to holder, spec 04 §8."""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from tests.reference import charter, ed25519
from tests.reference.rejection import RejectionError, require
from tests.reference.statement import STATEMENT_PURPOSE, decode_statement

SCHEMA = "folkmoot.amendment/1"


@dataclass(frozen=True)
class Amendment:
    """What a file says: the log, the charter to come, and who has signed."""

    log_id: bytes
    charter: charter.Charter
    signers: list[bytes]


def read(data: bytes) -> Amendment:
    """The amendment in a file."""
    file = parse(data)
    chain = charter.chain_of(file["charters"])
    statement = decode_statement(file["statement"])
    following = chain.check_next(statement)
    for key, signature in file["signatures"]:
        require(ed25519.is_valid(key, STATEMENT_PURPOSE + file["statement"], signature), "bad_signature")
    return Amendment(chain.log_id, following, [key for key, _ in file["signatures"]])


def parse(data: bytes) -> dict[str, Any]:
    """The fields of a file, as bytes, or `file`."""
    require(len(data) <= 1_048_576, "file")
    try:
        file = json.loads(data)
        require(isinstance(file, dict) and file["schema"] == SCHEMA, "file")
        charters = [base64.b64decode(text, validate=True) for text in file["charters"]]
        statement = base64.b64decode(file["statement"], validate=True)
        signatures = [(bytes.fromhex(key), bytes.fromhex(signature)) for key, signature in file["signatures"]]
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise RejectionError("file") from None
    require(len(signatures) <= 16 and len(dict(signatures)) == len(signatures), "file")
    require(all(len(key) == 32 and len(signature) == 64 for key, signature in signatures), "file")
    return {"charters": charters, "statement": statement, "signatures": signatures}
