# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one HTTP client: whatever a peer says, it does not lead us to places of its choice.

No redirects, no decompression, no proxies from the environment, no cookies; and an address that came from a peer is
checked at the moment of
connecting: no loopback, link-local, multicast, metadata or private network.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, ClientTimeout, ClientWSTimeout, DummyCookieJar, TCPConnector
from aiohttp.resolver import ThreadedResolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientWebSocketResponse
    from aiohttp.abc import ResolveResult

CONNECT_S, TOTAL_S = 10.0, 60.0


class DialRefusedError(Exception):
    """A peer's address leads to a network where it has no business."""


def is_public(address: str) -> bool:
    """Whether an IP address may be dialled on a peer's word."""
    ip = ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global and not (mapped or ip).is_multicast


class _PublicResolver(ThreadedResolver):
    """Resolves names to public addresses only."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:  # noqa: ANN401 - aiohttp's
        found = await super().resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise DialRefusedError(f"{host} is not a public address: a peer may not send us there")
        return public


class Client:
    """Connections to others. Make it and close it in the event loop."""

    def __init__(self, agent: str) -> None:
        def session(connector: TCPConnector) -> ClientSession:
            return ClientSession(
                connector=connector,
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=ClientTimeout(total=TOTAL_S, connect=CONNECT_S, sock_read=30),
                headers={"User-Agent": agent},
            )

        self._trusted = session(TCPConnector(limit=64))
        self._public = session(TCPConnector(limit=64, resolver=_PublicResolver()))

    @asynccontextmanager
    async def websocket(
        self, url: str, subprotocol: str, message_bytes_max: int, *, trusted: bool
    ) -> AsyncIterator[ClientWebSocketResponse]:
        """A WebSocket without compression. `trusted`: the address came from the operator or from the local link."""
        async with self._session(url, trusted=trusted).ws_connect(
            url,
            protocols=(subprotocol,),
            compress=0,
            max_msg_size=message_bytes_max,
            timeout=ClientWSTimeout(ws_close=5.0),
            autoping=True,
        ) as socket:
            yield socket

    def _session(self, url: str, *, trusted: bool) -> ClientSession:
        from yarl import URL  # noqa: PLC0415 - part of aiohttp

        host = URL(url).host or ""
        if not trusted and _is_literal(host) and not is_public(host):
            raise DialRefusedError(f"{host} is not a public address: a peer may not send us there")
        return self._trusted if trusted else self._public

    async def close(self) -> None:
        """Closes all connections."""
        await self._trusted.close()
        await self._public.close()


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
