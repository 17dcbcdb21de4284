# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the form shows: its choices, its languages, which of its parts are open. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from node.contribute.reading import CATEGORIES_MAX, PRECISIONS, languages_of
from node.translations import own_names
from node.web.words import message
from protocol.record import DIRECTED_KINDS, KINDS, PER, STATUSES, TERMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from node.directory.listing import Reader
    from node.web.words import Words

LICENCES = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "ODbL-1.0", "PDDL-1.0")
_EMPTY_CATEGORIES = 3
_PRECISE = {20: message("at the door"), 100: message("to about 100 metres"), 1_000: message("to about a kilometre")}
_PARTS = {
    "hours": ("hours", "hours_note", "wheelchair", "fee", "conditions", "audience"),
    "contact": ("url", "email", "phone"),
    "offer": ("direction", "term_", "item", "valid_until", "work_"),
    "source": ("licence", "source", "status"),
}


def form_values(texts: Mapping[str, str], present: dict[str, Any] | None, reader: Reader) -> dict[str, Any]:
    """The values of the template."""
    words, names = reader.words, own_names()
    tags = languages_of(texts) or [words.language]
    numbered = [int(name.partition("_")[2]) for name in texts if name.startswith("category_") and texts[name].strip()]
    shown = min(CATEGORIES_MAX, max([*numbered, -1]) + 1 + _EMPTY_CATEGORIES)
    return {
        "tags": [(tag, "" if tag == "und" else names.get(tag, tag)) for tag in tags],
        "more_tags": [(tag, name) for tag, name in names.items() if tag not in tags],
        "kinds": [(kind, words.label("kind", kind)) for kind in KINDS],
        "statuses": [(one, words.label("status", one)) for one in STATUSES],
        "terms": [(term, words.label("terms", term)) for term in TERMS],
        "wheelchairs": [(one, words.label("wheelchair", one)) for one in ("yes", "limited", "no")],
        "fees": [(one, words.label("fee", one)) for one in ("yes", "no")],
        "precisions": [(str(metres), words(_PRECISE[metres])) for metres in PRECISIONS],
        "category_numbers": range(shown),
        "licences": LICENCES,
        "open_parts": {
            part: any(name in texts and texts[name] for name in _named(texts, prefixes))
            for part, prefixes in _PARTS.items()
        }
        | ({"offer": True} if texts.get("kind") in DIRECTED_KINDS else {}),
        "pers": [(one, words.label("per", one)) for one in PER],
        "changing": present is not None,
        "map_words": _map_words(words),
    }


def _named(texts: Mapping[str, str], prefixes: tuple[str, ...]) -> list[str]:
    return [name for name in texts if name.startswith(prefixes) and name not in {"status", "licence", "work_per"}]


def _map_words(words: Words) -> str:
    told = {
        "closer": words("Look closer"),
        "farther": words("See more around"),
        "point": words("The point: drag it"),
        "set": words("The point is set: {place}", place="{place}"),
    }
    return msgspec.json.encode(told).decode()


def missing_text(words: Words) -> str:
    """What is said where the node itself cannot keep it."""
    return words("The node cannot keep anything at the moment. Nothing was lost: try again later.")
