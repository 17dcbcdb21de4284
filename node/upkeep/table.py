# SPDX-License-Identifier: AGPL-3.0-or-later
"""All routes of upkeep, and what they keep while the node runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.directory import image_files
from node.upkeep import check_pages, checks, checks_api, duplicates, given, images, looked, moderation, places, roles
from node.upkeep.place_queue import PLACES, PlaceQueue

if TYPE_CHECKING:
    from aiohttp import web

ROUTES = (
    *duplicates.ROUTES,
    *places.ROUTES,
    *images.ROUTES,
    *image_files.ROUTES,
    *checks.ROUTES,
    *given.ROUTES,
    *looked.ROUTES,
    *check_pages.ROUTES,
    *moderation.ROUTES,
    *roles.ROUTES,
)
API_ROUTES = (*places.API_ROUTES, *checks_api.ROUTES, *moderation.API_ROUTES, *roles.API_ROUTES)
"""Those that /openapi.json describes."""


def prepare(app: web.Application) -> None:
    """Puts into the application what the handlers look for there."""
    app[PLACES] = places_queue = PlaceQueue()

    async def close(_: web.Application) -> None:
        places_queue.close()

    app.on_shutdown.append(close)
    image_files.prepare(app)
