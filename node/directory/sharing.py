# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ways to take a view of the directory along: as files, as a picture, into another site, to other people; pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode

from ledger.directory.query import LIMIT_MAX
from node.directory.listing import Link

if TYPE_CHECKING:
    from node.directory.asked import Asked
    from node.web.words import Words

FILES = {"csv": "CSV", "ods": "ODS", "geojson": "GeoJSON", "jsonld": "JSON-LD", "gogocarto.json": "GoGoCarto"}
"""The formats by which people know what to do with them (ledger.publishing.formats): names, not words."""


class Sharing(NamedTuple):
    """What the template shows: `files` hold all hits, `letter` begins an e-mail with the address, `embed` is HTML.

    `paper` is the view with as many entries on a page as there can be.
    """

    address: str
    letter: str
    files: list[Link]
    picture: str
    paper: Link
    embed: str


def sharing(asked: Asked, base: str, title: str, words: Words) -> Sharing:
    """How to take along what was asked for; `base` is the address of the node."""
    view = asked.first_page()
    values = {name: value for name, value in view.values.items() if name != "limit"}
    query = f"?{urlencode(values)}" if values else ""
    address = base + view.url()
    inside = f"{base}/embed?{urlencode(view.values | {'lang': words.language})}"
    return Sharing(
        address=address,
        letter=f"mailto:?{urlencode({'subject': title, 'body': address}, quote_via=quote)}",
        files=[Link(name, f"/v1/records.{ending}{query}") for ending, name in FILES.items()],
        paper=Link(
            words("Up to {number} entries on one page", number=words.number(LIMIT_MAX)),
            view.with_value("limit", str(LIMIT_MAX)).url(),
        ),
        picture=f"/map.svg?{urlencode(values | {'lang': words.language})}",
        embed=(
            f'<iframe src="{escape(inside)}" width="100%" height="640" loading="lazy" title="{escape(title)}"></iframe>'
        ),
    )
