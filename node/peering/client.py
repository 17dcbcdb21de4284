# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one HTTP client: whatever a peer says, it does not lead us to places of its choice.

No redirects, no decompression, no proxies from the environment, no cookies; and an address that came from a peer is
checked at the moment of connecting: no loopback, link-local, multicast, metadata or private network.
"""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import IPv4Address, IPv6Network, ip_address
from ssl import CERT_NONE
from typing import TYPE_CHECKING, Any

from aiohttp import (
    ClientConnectorCertificateError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWSTimeout,
    DummyCookieJar,
    TCPConnector,
    TraceConfig,
)
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from node.peering.errors import UnreachableError
from node.peering.tls import lax_context, read_binding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import ClientResponse, ClientWebSocketResponse
    from aiohttp.abc import ResolveResult

    from node.peering.tls import Bound

CONNECT_S, TOTAL_S = 10.0, 60.0
_REDIRECTS, _REDIRECTS_MAX = frozenset({301, 302, 303, 307, 308}), 6


class DialRefusedError(Exception):
    """A peer's address leads to a network where it has no business."""


def is_public(address: str) -> bool:
    """Whether an IP address may be dialled on a peer's word: also where an IPv4 address is wrapped in one of IPv6."""
    ip = ip_address(address)
    if not isinstance(ip, IPv4Address):
        if ip.ipv4_mapped or ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFF_FFFF)
        elif ip not in _GLOBAL_UNICAST or any(ip in network for network in _WRAPPING):
            return False
    return ip.is_global and not ip.is_multicast


_GLOBAL_UNICAST, _NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")
_WRAPPING = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
"""Teredo and 6to4: obsolete, and they lead to an IPv4 address that somebody else chose."""


class _PublicResolver(ThreadedResolver):
    """Resolves names to public addresses only."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:  # noqa: ANN401 - aiohttp's
        found = await super().resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise DialRefusedError(f"{host} is not a public address: a peer may not send us there")
        return public


def _public_socket(address: Any) -> socket.socket:  # noqa: ANN401 - as getaddrinfo gives it
    """A socket for an address that is about to be connected to, however it was come by."""
    family, kind, protocol, _, (host, *_) = address
    if not is_public(host):
        raise DialRefusedError(f"{host} is not a public address: a peer may not send us there")
    return socket.socket(family, kind, protocol)


async def _refuse_redirect(_: object, __: object, request: Any) -> None:  # noqa: ANN401 - aiohttp's
    raise DialRefusedError(f"{request.url} sends us elsewhere, and redirects are not followed")


class Client:
    """Connections to others. Make it and close it in the event loop."""

    def __init__(self, agent: str) -> None:
        straight_on = TraceConfig()
        straight_on.on_request_redirect.append(_refuse_redirect)

        def session(connector: TCPConnector) -> ClientSession:
            return ClientSession(
                trace_configs=[straight_on],
                connector=connector,
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=ClientTimeout(total=TOTAL_S, connect=CONNECT_S, sock_read=30),
                headers={"User-Agent": agent},
            )

        self._lax = lax_context()
        self._trusted = session(TCPConnector(limit=64))
        self._public = session(TCPConnector(limit=64, resolver=_PublicResolver(), socket_factory=_public_socket))

    @asynccontextmanager
    async def websocket(
        self, url: str, subprotocol: str, message_bytes_max: int, *, trusted: bool
    ) -> AsyncIterator[ClientWebSocketResponse]:
        """A WebSocket without compression. `trusted`: the address came from the operator or from the local link.

        A certificate that no authority vouches for is taken here; see `read_binding` for what it is worth.
        """
        session = self._trusted if trusted else self._public
        dial = partial(
            session.ws_connect,
            url,
            protocols=(subprotocol,),
            compress=0,
            max_msg_size=message_bytes_max,
            timeout=ClientWSTimeout(ws_close=5.0),
            autoping=True,
        )
        try:
            socket = await dial()
        except ClientConnectorCertificateError:
            socket = await dial(ssl=self._lax)
        async with socket:
            yield socket

    async def post_text(
        self, url: str, body: bytes, answer_bytes_max: int, seconds: float, *, trusted: bool
    ) -> tuple[int, str, bytes]:
        """Status, media type and body of the answer to a text that is posted.

        Raises UnreachableError if there is none in time, or one that is too long.
        """
        headers, timeout = {"Content-Type": "text/plain; charset=utf-8"}, ClientTimeout(total=seconds)
        session, content = self._trusted if trusted else self._public, bytearray()
        try:
            async with session.post(url, data=body, headers=headers, timeout=timeout) as answer:
                async for chunk in answer.content.iter_any():
                    content += chunk
                    if len(content) > answer_bytes_max:
                        raise UnreachableError(f"it answers with more than {answer_bytes_max} bytes")
                return answer.status, answer.content_type, bytes(content)
        except (ClientError, OSError, TimeoutError, DialRefusedError, ValueError) as error:
            raise UnreachableError(str(error) or type(error).__name__) from error

    def binding(self, socket: ClientWebSocketResponse) -> Bound | None:
        """Whose node the certificate at the other end says it is; None where an authority vouches, or without TLS.

        Raises Malformed if nobody vouches for it.
        """
        tls = socket.get_extra_info("ssl_object")
        if tls is None or tls.context.verify_mode is not CERT_NONE:
            return None
        return read_binding(tls.getpeercert(binary_form=True) or b"")

    @asynccontextmanager
    async def download(self, url: str, *, trusted: bool) -> AsyncIterator[ClientResponse]:
        """The answer to a GET, of any length; it is given up when nothing comes for a while."""
        timeout = ClientTimeout(total=None, connect=CONNECT_S, sock_read=30)
        session = self._trusted if trusted else self._public
        ask = partial(session.get, url, timeout=timeout, headers={"Accept-Encoding": "identity"})
        try:
            answer = await ask()
        except ClientConnectorCertificateError:  # what is downloaded verifies itself
            answer = await ask(ssl=self._lax)
        async with answer:
            yield answer

    @asynccontextmanager
    async def fetch(self, url: str) -> AsyncIterator[ClientResponse]:
        """The answer to a GET somewhere on the public internet, after a few redirects; certificates count.

        Raises DialRefusedError for an address inside a private network, however it is come to.
        """
        timeout = ClientTimeout(total=None, connect=CONNECT_S, sock_read=30)
        for _ in range(_REDIRECTS_MAX):
            ask = partial(self._public.get, url, timeout=timeout, headers={"Accept-Encoding": "identity"})
            async with ask(allow_redirects=False) as answer:
                if answer.status not in _REDIRECTS or not answer.headers.get("Location"):
                    yield answer
                    return
                there = answer.url.join(URL(answer.headers["Location"]))
            if there.scheme not in {"http", "https"} or (answer.url.scheme == "https" and there.scheme != "https"):
                raise DialRefusedError(f"{url} leads to an address of another sort: {there.scheme}")
            url = str(there)
        raise DialRefusedError(f"{url} sends us elsewhere again and again")

    async def close(self) -> None:
        """Closes all connections."""
        await self._trusted.close()
        await self._public.close()

    async def get_text(self, url: str, answer_bytes_max: int, seconds: float) -> tuple[int, bytes]:
        """Status and body of the answer from an address that the operator named.

        Raises UnreachableError if there is none in time, or one that is too long.
        """
        content = bytearray()
        try:
            async with self._trusted.get(url, timeout=ClientTimeout(total=seconds)) as answer:
                async for chunk in answer.content.iter_any():
                    content += chunk
                    if len(content) > answer_bytes_max:
                        raise UnreachableError(f"it answers with more than {answer_bytes_max} bytes")
                return answer.status, bytes(content)
        except (ClientError, OSError, TimeoutError, DialRefusedError, ValueError) as error:
            raise UnreachableError(str(error) or type(error).__name__) from error
