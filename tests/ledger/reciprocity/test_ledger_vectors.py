# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of specs 17 and 19: whole ledgers, statement by statement; proofs of entries of other logs."""

from __future__ import annotations

import msgspec
import pytest

from ledger.deriving.fold import read_entry
from ledger.reciprocity.state_check import leaf_of, state_tree
from protocol.errors import Malformed
from protocol.merkle import leaf_hash
from protocol.proven import check_proven
from protocol.reciprocity import read_reciprocity
from protocol.reciprocity_bodies import ProvenEntry
from protocol.statement import Statement, make_statement, parse_payload, parse_statement
from tests.ledger.reciprocity.town import Town
from tests.protocol.vectors import Case, agreed, bytes_of, hex_of, vectors

proof_decoder = msgspec.msgpack.Decoder(ProvenEntry)


def statement_of(kind: str, body: bytes) -> Statement:
    """A statement with this body."""
    data = make_statement(bytes(32), kind, bytes(16), 0, bytes(32), {})
    made = parse_statement(data[: -len(b"\x80")] + body)
    assert isinstance(made, Statement)
    return made


@vectors("17-reciprocity", "body")
def test_bodies_of_the_ledger(case: Case) -> None:
    with agreed(case):
        read_reciprocity(statement_of(case["kind"], bytes.fromhex(case["body_hex"])))


@vectors("19-transfers", "body")
def test_bodies_of_transfers(case: Case) -> None:
    with agreed(case):
        read_reciprocity(statement_of(case["kind"], bytes.fromhex(case["body_hex"])))


class Told(Town):
    """A ledger whose operating keys are given."""

    def __init__(self, log_id: bytes, operators: list[bytes]) -> None:
        super().__init__(log_id)
        self.operators = operators

    def may_write(self, key: bytes) -> bool:
        return key in self.operators


@vectors("17-reciprocity", "ledger")
def test_ledgers(case: Case) -> None:
    town = Told(bytes.fromhex(case["log_hex"]), bytes_of(case["operators_hex"]))
    for one, verdict in zip(case["said"], case["verdicts"], strict=True):
        town.position, town.at = one["position"], one["at"]
        signers = frozenset(bytes_of(one["signers_hex"]))
        town.hear(bytes.fromhex(one["statement_hex"]), signers, bytes.fromhex(one["leaf_hash_hex"]))
        assert town.verdict == verdict, one
    tree = state_tree(town.book)
    assert hex_of([leaf_of(town.book, one).encode() for one in tree.ids()]) == case["leaves_hex"]
    assert tree.root().hex() == case["root_hex"]


@vectors("19-transfers", "proof")
def test_proofs(case: Case) -> None:
    proof = proof_decoder.decode(bytes.fromhex(case["proof_hex"]))
    if not case["valid"]:
        with pytest.raises(Malformed):
            check_proven(proof, bytes.fromhex(case["log_hex"]))
        return
    proven = check_proven(proof, bytes.fromhex(case["log_hex"]))
    assert (proven.statement.kind, proven.statement.id.hex(), proven.at) == (case["kind"], case["id_hex"], case["at"])


@vectors("19-transfers", "pair")
def test_pairs(case: Case) -> None:
    towns = [
        Told(bytes.fromhex(log), bytes_of(operators))
        for log, operators in zip(case["logs_hex"], case["operators_hex"], strict=True)
    ]
    for town in towns:
        town.position = 1
    for one, verdict in zip(case["said"], case["verdicts"], strict=True):
        town = towns[one["log"]]
        entry, payload = bytes.fromhex(one["entry_hex"]), bytes.fromhex(one["payload_hex"])
        reading = read_entry(town.log_id, town.position, entry, payload)
        assert reading.spoken is not None
        town.at = reading.spoken.at
        town.hear(parse_payload(payload).statement, reading.spoken.signers, leaf_hash(entry))
        assert town.verdict == verdict, one
    assert [state_tree(town.book).root().hex() for town in towns] == case["roots_hex"]
