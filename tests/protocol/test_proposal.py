# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 21 §2: bodies of decisions, the ids of what is entered with a claim, the state that was accepted."""

from __future__ import annotations

from protocol.directory import ClaimDecided
from protocol.encoding import decode
from protocol.proposal import decision_ids, state_digest, without_private
from tests.protocol.test_directory import receive
from tests.protocol.vectors import Case, agreed, vectors


@vectors("21-proposals", "body")
def test_bodies_of_decisions(case: Case) -> None:
    with agreed(case, by_reason=False):
        assert isinstance(receive(case["kind"], bytes.fromhex(case["body_hex"])), ClaimDecided)


@vectors("21-proposals", "decision_ids")
def test_ids_follow_from_the_claim(case: Case) -> None:
    ids = decision_ids(bytes.fromhex(case["claim_id_hex"]))
    assert {f"{name}_id_hex": value.hex() for name, value in ids._asdict().items()}.items() <= case.items()


@vectors("21-proposals", "state")
def test_the_state_leaves_out_what_is_for_members(case: Case) -> None:
    record = decode(bytes.fromhex(case["record_hex"]))
    assert isinstance(record, dict)
    assert state_digest(record).hex() == case["state_hex"]
    assert ("contact" in without_private(record)) == (case["name"] == "contact for everybody")
