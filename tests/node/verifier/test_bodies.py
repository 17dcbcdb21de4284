# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a statement of the ledger may say is the same for the verifier and for the program."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

from protocol.errors import Malformed
from protocol.reciprocity import RECIPROCITY_BODIES, read_reciprocity
from protocol.statement import Statement, make_statement, parse_statement
from tests.node.verifier.bodies import Drawing
from tests.node.verifier.running import ask_node

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 30


def test_every_body_is_known_to_both_or_to_none(tmp_path: Path) -> None:
    chance = random.Random(17)
    asked, wanted = [], []
    for kind, shape in RECIPROCITY_BODIES.items():
        for _ in range(ROUNDS * (4 if kind == "contract.offer" else 1)):
            body = Drawing(chance, chance.choice([6, 12, 40, 1_000])).body(shape)
            try:
                statement = make_statement(bytes(32), kind, bytes(16), 0, bytes(32), body)
            except Malformed:
                continue
            asked.append(statement.hex())
            wanted.append(is_known(statement))
    found = ask_node(tmp_path, "knowAll", asked, "vectors.js")
    differing = [bytes.fromhex(asked[at]) for at, known in enumerate(found) if known != wanted[at]]
    assert differing == []
    assert min(Counter(wanted).values()) > len(wanted) // 5


def is_known(statement: bytes) -> bool:
    parsed = parse_statement(statement)
    assert isinstance(parsed, Statement)
    try:
        read_reciprocity(parsed)
    except Malformed:
        return False
    return True
