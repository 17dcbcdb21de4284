# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §12: requests that a member signs."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.reader import WINDOW_S, Asking, read_header
from protocol.signature import SigningKey
from tests.builders import START, seeded, signing_key
from tests.protocol.vectors import Case, agreed, vectors

KEY = signing_key("member")
ASKING = Asking("commons.example.org", seeded("log"), seeded("member", 16), "/v1/ledger/x/members/y?a=b", START)


@vectors("17-reciprocity", "reader")
def test_signed_requests(case: Case) -> None:
    log_id, member = bytes.fromhex(case["log_hex"]), bytes.fromhex(case["member_hex"])
    asking = Asking(case["host"], log_id, member, case["target"], case["at"])
    key = SigningKey.from_seed(bytes.fromhex(case["seed_hex"]))
    assert (asking.message().hex(), asking.header(key)) == (case["message_hex"], case["header"])
    assert read_header(case["header"]).holds(asking, key.public, case["at"])


@vectors("17-reciprocity", "reader_header")
def test_headers(case: Case) -> None:
    with agreed(case):
        shown = read_header(case["header"])
        found = (shown.member.hex(), shown.at, shown.signature.hex())
        assert found == (case["member_hex"], case["at"], case["signature_hex"])


@pytest.mark.parametrize(
    "other",
    [
        {"host": "elsewhere.example.org"},
        {"log_id": seeded("other log")},
        {"member": seeded("other", 16)},
        {"target": "/v1/ledger/x/members/z"},
        {"at": START + 1},
    ],
    ids=str,
)
def test_it_holds_for_this_request_alone(other: dict[str, Any]) -> None:
    shown = read_header(ASKING.header(KEY))
    assert shown.holds(ASKING, KEY.public, START)
    assert not shown.holds(ASKING._replace(**other), KEY.public, START)
    assert not shown.holds(ASKING, signing_key("another").public, START)


def test_it_holds_for_a_while() -> None:
    shown = read_header(ASKING.header(KEY))
    assert shown.holds(ASKING, KEY.public, START + WINDOW_S)
    assert not shown.holds(ASKING, KEY.public, START + WINDOW_S + 1)
    assert not shown.holds(ASKING, KEY.public, START - WINDOW_S - 1)
