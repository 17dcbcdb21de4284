# SPDX-License-Identifier: AGPL-3.0-or-later
"""What `upkeep_map.html` needs: points, the picture of them, the ground, the words of the map's buttons. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from node.upkeep.point_picture import picture_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from node.directory.tiles import Ground
    from node.web.words import Words


def ground_values(
    ground: Ground, words: Words, points: Sequence[tuple[str, float, float]], *, movable: bool = False
) -> dict[str, Any]:
    """The values for points (letter, latitude, longitude in degrees); `movable`: the first can be dragged."""
    told = {
        "closer": words("Look closer"),
        "farther": words("See more around"),
        "point": words("The point: drag it, or move it with the arrow keys"),
    }
    shown = [{"letter": letter, "lat": lat, "lon": lon} for letter, lat, lon in points]
    return {
        "tiles": ground.template,
        "attribution": ground.attribution,
        "map_words": msgspec.json.encode(told).decode(),
        "points": msgspec.json.encode(shown).decode(),
        "has_points": bool(shown),
        "picture": picture_of(points),
        "movable": movable,
    }
