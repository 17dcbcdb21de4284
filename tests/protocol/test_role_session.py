# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 04 §9: sessions that a key with a role begins."""

from __future__ import annotations

from protocol.role_session import SessionAsked
from tests.protocol.vectors import Case, agreed, vectors


@vectors("04-charter", "role_session")
def test_sessions(case: Case) -> None:
    parts = (bytes.fromhex(case[f"{name}_hex"]) for name in ("log", "key", "challenge"))
    asked = SessionAsked(case["host"], *parts)
    with agreed(case):
        asked.check(bytes.fromhex(case["signature_hex"]))
        assert asked.message().hex() == case["message_hex"]
