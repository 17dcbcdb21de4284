# SPDX-License-Identifier: AGPL-3.0-or-later
"""A map of hits as an SVG picture, for whoever runs no scripts, prints, or shows it elsewhere. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from node.directory.outlines import View, border_path, land_path, view_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.directory.clusters import Cell, Clusters, Place
    from ledger.places.gazetteer import Place as Town
    from node.web.words import Words

WIDTH, HEIGHT = 960, 440
ZOOM_MAX = 12
_WORLD = (-56.0, -170.0, 72.0, 178.0)


class Theme(NamedTuple):
    """The colours of a picture: those of folkmoot.css, which a picture cannot read."""

    sea: str
    land: str
    coast: str
    border: str
    town: str
    hit: str
    on_hit: str


LIGHT = Theme("#dde7e4", "#f7f1e3", "#9fb0a6", "#cfc3a8", "#635a49", "#2a5a3b", "#fffaf0")
DARK = Theme("#10161a", "#2c3028", "#55604f", "#474a3d", "#b3ab98", "#9cc79a", "#14200f")


def view_for(found: Clusters, box: tuple[int, int, int, int] | None) -> View:
    """The view that shows the box that was asked for, else all hits, else the world."""
    wanted = box if box is not None and box[1] <= box[3] else found.bounds
    degrees = _WORLD if wanted is None else tuple(edge / 1e7 for edge in wanted)
    south, west, north, east = degrees
    return view_of((south, west, north, east), WIDTH, HEIGHT, ZOOM_MAX)


def draw(found: Clusters, view: View, towns: Iterable[Town], title: str, words: Words, theme: Theme = LIGHT) -> str:
    """The picture: land, borders, names of towns, hits with their numbers."""
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {view.width} {view.height}" width="{view.width}"'
            f' height="{view.height}" role="img" aria-label={quoteattr(title)} font-family="sans-serif">'
        ),
        f'<rect width="100%" height="100%" fill="{theme.sea}"/>',
        f'<path d="{land_path(view)}" fill="{theme.land}" stroke="{theme.coast}" stroke-width="1"/>',
        f'<path d="{border_path(view)}" fill="none" stroke="{theme.border}" stroke-dasharray="5 3"/>',
        *(_town(town, view, theme) for town in towns),
        *_hits(found, view, words, theme),
        "</svg>\n",
    ]
    return "".join(parts)


def _town(town: Town, view: View, theme: Theme) -> str:
    x, y = map(round, view.place(town.lat / 1e7, town.lon / 1e7))
    name = escape(town.name)
    return (
        f'<circle cx="{x}" cy="{y}" r="2.5" fill="{theme.town}"/><text x="{x + 6}" y="{y + 4}" font-size="13"'
        f' fill="{theme.town}" stroke="{theme.land}" stroke-width="3" paint-order="stroke">{name}</text>'
    )


def _hits(found: Clusters, view: View, words: Words, theme: Theme) -> Iterable[str]:
    marks: list[Place | Cell] = [*found.places, *found.cells]
    for hit in marks:
        x, y = map(round, view.place(hit.lat / 1e7, hit.lon / 1e7))
        if not (0 <= x <= view.width and 0 <= y <= view.height):
            continue
        radius = 6 if hit.hits == 1 else 9 + 3 * len(str(hit.hits))
        yield (
            f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{theme.hit}" fill-opacity="0.9" stroke="{theme.on_hit}"'
            ' stroke-width="1.5"/>'
        )
        if hit.hits > 1:
            yield (
                f'<text x="{x}" y="{y + 4}" font-size="12" font-weight="bold" text-anchor="middle"'
                f' fill="{theme.on_hit}">{escape(words.number(hit.hits))}</text>'
            )
