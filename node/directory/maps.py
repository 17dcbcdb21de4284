# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the map on a page is told: the search, its words, where its pictures come from. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

import msgspec

from protocol.record import KINDS

if TYPE_CHECKING:
    from node.directory.asked import Asked
    from node.directory.tiles import Ground
    from node.web.words import Words

_NOT_OF_A_MAP = frozenset({"limit", "cursor"})


class Map(NamedTuple):
    """What the template shows and the script reads.

    `search` is a query string, `picture` the address of the same as SVG (it has a query), `list` that of the page with
    the list, `words` JSON, `tiles` a URL template if the operator has set one.
    """

    search: str
    picture: str
    list: str
    words: str
    target: str
    tiles: str
    attribution: str


def map_of(asked: Asked, words: Words, ground: Ground, target: str = "") -> Map:
    """The map of what was asked for."""
    values = {name: value for name, value in asked.values.items() if name not in _NOT_OF_A_MAP}
    search = urlencode(values)
    return Map(
        search=search,
        picture=f"/map.svg?{urlencode(values | {'lang': words.language})}",
        list="/",
        words=_words(words),
        target=target,
        tiles=ground.template,
        attribution=ground.attribution,
    )


def _words(words: Words) -> str:
    """The few texts that the script puts together; `{number}` is put in there."""
    told = {
        "closer": words("Look closer"),
        "farther": words("See more around"),
        "close": words("Close"),
        "cluster": words("Entries here: {number}. Look closer", number="{number}"),
        "together": words("Entries at this place: {number}", number="{number}"),
        "all": words("All that is here: {number}", number="{number}"),
        "shown": words("Entries on this map: {number}", number="{number}"),
        "fault": words("The map cannot be shown at the moment. The list has everything."),
        "kinds": {kind: words.label("kind", kind) for kind in KINDS},
    }
    return msgspec.json.encode(told).decode()
