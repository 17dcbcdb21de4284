# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an operator decides for this node alone, signed by nobody: peers, witnesses, whose logs are held."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from ledger.errors import NotFoundError
from ledger.held.scopes import decide
from ledger.own.choosing import check_choice, parse_witness_key
from ledger.own.watchers import forget_peer, watchers_of
from node.config import parse_peer_url
from node.keys import HUB, LEDGER

if TYPE_CHECKING:
    from aiohttp import web


async def add_peer(app: web.Application, text: str) -> str:
    """Connects to a node; its address as it is kept. Raises Malformed."""
    url = parse_peer_url(text)
    await asyncio.wrap_future(app[LEDGER].writer.run(lambda change: change.add_peer(url, int(time.time()))))
    app[HUB].dial(url, trusted=True)
    return url


async def remove_peer(app: web.Application, name: str) -> None:
    """Forgets a peer, by its address or the id of its log. Raises NotFoundError."""
    ledger = app[LEDGER]
    app[HUB].forget(name)
    if not await asyncio.wrap_future(ledger.writer.run(lambda change: forget_peer(change, name))):
        raise NotFoundError("no such peer is known here")
    await asyncio.wrap_future(ledger.writer.change_own(lambda own, change: own.watch(watchers_of(change, ledger.keys))))


async def add_witness(app: web.Application, text: str, url: str) -> tuple[str, str]:
    """Chooses a witness; its key and address as they are kept. Raises Malformed, RefusedError."""
    ledger = app[LEDGER]
    key, url = parse_witness_key(text), parse_peer_url(url) if url else ""
    await asyncio.to_thread(check_choice, ledger, key)
    await asyncio.wrap_future(ledger.writer.run(lambda change: change.add_witness(str(key), url, int(time.time()))))
    app[HUB].witnessing.choose_anew()
    return str(key), url


async def remove_witness(app: web.Application, key: str) -> None:
    """Gives up a witness. Raises NotFoundError."""
    if not await asyncio.wrap_future(app[LEDGER].writer.run(lambda change: change.remove_witness(key))):
        raise NotFoundError("no such witness was chosen here")
    app[HUB].witnessing.choose_anew()


async def decide_here(app: web.Application, action: str, subject: bytes | str) -> None:
    """Carries out a decision about a log or region (ledger.held.scopes). Raises RefusedError."""
    await asyncio.wrap_future(app[LEDGER].writer.run(lambda change: decide(change, action, subject)))
    app[HUB].scoping.changed()
