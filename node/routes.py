# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one table of routes: what can be asked of a node. The server and /openapi.json are made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web


class Parameter(NamedTuple):
    """A query parameter."""

    name: str
    about: str


class Route(NamedTuple):
    """One thing that can be asked.

    `steward`: only with the steward's token. `body`: name of the schema of its JSON body. `streams`: it takes the body
    itself, piece by piece and under limits of its own.
    """

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    about: str
    media_type: str = "application/json"
    parameters: tuple[Parameter, ...] = ()
    statuses: tuple[int, ...] = (200, 400)
    steward: bool = False
    body: str = ""
    streams: bool = False
