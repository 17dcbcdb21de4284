# SPDX-License-Identifier: AGPL-3.0-or-later
"""Short ways to say something of a territory in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.builders import seeded

if TYPE_CHECKING:
    from tests.ledger.making import Scribe


def thing(scribe: Scribe, label: str) -> dict[str, bytes]:
    """What was said under a label, as a subject."""
    return {"log": scribe.log_id, "id": seeded(label, 16)}


def put(scribe: Scribe, kind: str, label: str, titles: dict[str, str], **fields: Any) -> int:
    """Says something that has a title and a licence."""
    name = "term" if kind == "term.put" else "title"
    return scribe.say(kind, {"id": seeded(label, 16), name: titles, "licence": "CC0-1.0", **fields})


def see(scribe: Scribe, **relations: str) -> list[dict[str, Any]]:
    """Links to terms of a log, by relation."""
    return [{"relation": relation, "term": thing(scribe, label)} for relation, label in relations.items()]
