# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a role lets a key say in the organisation's name (spec 04 §5)."""

from __future__ import annotations

from typing import Final

EDITOR_KINDS: Final = frozenset(
    {
        *("record.put", "record.close", "claim.checked", "claim.same", "claim.different", "claim.endorse"),
        *("import.start", "import.done", "import.undo"),
    }
)
MODERATOR_KINDS: Final = EDITOR_KINDS | {"claim.correct", "claim.report", "claim.decided", "label", "deny"}
ROLES: Final = ("steward", "moderator", "editor", "none")


def covers(role: str, kind: str) -> bool:
    """Whether a key with a role may make statements of a kind; a steward all that is not an operating key's alone."""
    if role == "steward":
        return True
    return kind in {"moderator": MODERATOR_KINDS, "editor": EDITOR_KINDS}.get(role, frozenset())
