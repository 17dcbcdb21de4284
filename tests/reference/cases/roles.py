# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 04 §5: what each role covers."""

from tests.reference import role
from tests.reference.vector import Fields, Group

KINDS = (
    *("record.put", "record.close", "import.undo", "claim.checked", "claim.same", "claim.correct"),
    *("claim.report", "claim.decided", "label", "deny", "vouch", "role", "circle"),
)


def group() -> Group:
    """Each role with kinds that it covers and kinds that it does not."""
    about = "The verdict on a well-formed public statement of a kind by an author with that role, and no other (§5)."
    made = Group("role", about, check)
    for name in ("steward", "moderator", "editor", "none"):
        for kind in KINDS:
            made.valid(f"{name}, {kind}", role=name, kind=kind)
    return made


def check(inputs: Fields) -> Fields:
    """The verdict."""
    return {"verdict": role.verdict(inputs["role"], inputs["kind"])}
