# SPDX-License-Identifier: AGPL-3.0-or-later
"""The jobs of imports, from the start of the node to its stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from node.importing.fetching import FETCHER
from node.importing.jobs import JOBS, Jobs
from node.keys import LEDGER
from node.peering.client import Client
from protocol import __version__

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

TIDY_EVERY_S = 300.0


async def run_imports(app: web.Application) -> AsyncIterator[None]:
    """Takes up what was under way, tidies now and then, and stops at a good place."""
    jobs = app[JOBS] = Jobs(app[LEDGER])
    client = app[FETCHER] = Client(f"folkmoot/{__version__}")
    await asyncio.to_thread(jobs.resume)
    tidying = asyncio.create_task(_tidy(jobs))
    yield
    tidying.cancel()
    with suppress(asyncio.CancelledError):
        await tidying
    await client.close()
    await asyncio.to_thread(jobs.stop)


async def _tidy(jobs: Jobs) -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY_S)
        await asyncio.to_thread(jobs.tidy)
