# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 04 §5: what somebody with a role may say."""

_RECORDS = "record.put record.close import.start import.done import.undo"
_CLAIMS = "checked same different endorse"
_DECIDING = "claim.correct claim.report claim.decided label deny"


def verdict(role: str, kind: str) -> str:
    """The verdict on a well-formed statement of a kind by a key with a role, or with none."""
    editing = [*_RECORDS.split(), *(f"claim.{word}" for word in _CLAIMS.split())]
    may = {"editor": editing, "moderator": editing + _DECIDING.split()}
    if kind in {"role", "circle", "vouch"}:
        return "not_authorised"
    return "applied" if role == "steward" or kind in may.get(role, []) else "not_authorised"
