# SPDX-License-Identifier: AGPL-3.0-or-later
"""All statement kinds that this program knows, beside `charter`: of directory, territory and reciprocity ledger."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeAlias

from protocol import directory
from protocol.directory import BODIES
from protocol.errors import Malformed
from protocol.knowledge import KNOWLEDGE_BODIES
from protocol.reciprocity import PERSONAL_KINDS, RECIPROCITY_BODIES, check_reciprocity, read_reciprocity
from protocol.reciprocity_bodies import ReciprocityBody

if TYPE_CHECKING:
    from protocol.encoding import Value
    from protocol.statement import Statement

Body: TypeAlias = directory.Body | ReciprocityBody

PUBLIC_KINDS = directory.PUBLIC_KINDS | KNOWLEDGE_BODIES.keys() | (RECIPROCITY_BODIES.keys() - PERSONAL_KINDS)
"""Kinds on which the effect of other statements hangs, or that are for everybody: they count in public entries only
(specs 15 §2, 22 §1)."""


def read_body(statement: Statement) -> Body | None:
    """What somebody else's statement says, or None for a kind that this program does not know. Raises Malformed."""
    if statement.kind in RECIPROCITY_BODIES:
        return read_reciprocity(statement)
    return directory.read_body(statement)


def check_body(kind: str, value: dict[str, Value]) -> Body:
    """What is about to be signed. Raises Malformed if anything in it is unknown or wrong."""
    if kind in RECIPROCITY_BODIES:
        scoped = {key: part for key, part in value.items() if key != "parties" or kind not in PERSONAL_KINDS}
        return check_reciprocity(kind, scoped)
    if kind not in BODIES and kind not in KNOWLEDGE_BODIES:
        known = [*BODIES, *KNOWLEDGE_BODIES, *RECIPROCITY_BODIES]
        meant = ", ".join(get_close_matches(kind[:70], known, 5, 0.3) or known[:5])
        raise Malformed("kind", f"no statement kind {kind[:70]!r}; known are such as {meant}")
    return directory.check_body(kind, value)
