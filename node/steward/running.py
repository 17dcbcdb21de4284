# SPDX-License-Identifier: AGPL-3.0-or-later
"""What works for a steward beside everything else, from the start of the node to its stop: bundles, checks."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from node.importing.running import TIDY_EVERY_S
from node.keys import LEDGER
from node.steward.audits import AUDITS, Audits
from node.steward.carrying import CARRYING, Carrying

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web


async def run_steward(app: web.Application) -> AsyncIterator[None]:
    """Takes up the bundles that were under way, tidies now and then, and stops at a good place."""
    carrying, audits = Carrying(app[LEDGER]), Audits(app[LEDGER])
    app[CARRYING], app[AUDITS] = carrying, audits
    await asyncio.to_thread(carrying.resume)
    tidying = asyncio.create_task(_tidy(carrying))
    yield
    tidying.cancel()
    with suppress(asyncio.CancelledError):
        await tidying
    await asyncio.to_thread(audits.stop)
    await asyncio.to_thread(carrying.stop)


async def _tidy(carrying: Carrying) -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY_S)
        await asyncio.to_thread(carrying.files.sweep)
