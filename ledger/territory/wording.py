# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a statement about a territory says, line by line, for whoever is about to sign it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ledger.territory.knowledge import Knowledge, first_title
from protocol.amounts import show_day
from protocol.record import Subject

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from protocol.knowledge import KnowledgeBody


def knowledge_lines(body: KnowledgeBody, reads: Snapshot) -> list[tuple[str, str]]:
    """(field, what it says): a text in several languages has a line for each."""
    knowledge = Knowledge(reads)
    value: dict[str, Any] = msgspec.to_builtins(body, builtin_types=(bytes,))
    return [line for name, part in value.items() if name != "id" for line in _lines(name, part, knowledge)]


def _lines(name: str, part: Any, knowledge: Knowledge) -> list[tuple[str, str]]:  # noqa: ANN401 - any part of a body
    if isinstance(part, list):
        return [line for one in part for line in _lines(name, one, knowledge)]
    if name == "on":
        return [(name, show_day(part))]
    if isinstance(part, bytes):
        return [(name, part.hex())]
    if not isinstance(part, dict):
        return [(name, "yes" if part is True else str(part))]
    if part.keys() == {"log", "id"}:
        title = first_title(knowledge.called(Subject(part["log"], part["id"])))
        return [(name, title or part["id"].hex()[:8])]
    if name == "place":
        return [(name, part["name"])]
    if all(isinstance(one, str) for one in part.values()) and "code" not in part and name != "sources":
        return [(name, f"{tag}: {text}") for tag, text in part.items()]
    inner = [text for key, one in part.items() for _, text in _lines(key, one, knowledge)]
    return [(name, ", ".join(inner))]
