# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever a peer says, the node does not go where a peer has no business to send it (P13)."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp import ClientError, WSMsgType, web
from aiohttp.resolver import ThreadedResolver
from hypothesis import given
from hypothesis import strategies as st

from node.peering.client import Client, DialRefusedError, is_public

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

NOT_PUBLIC = (
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.5.4",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "169.254.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.251",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::fb",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:7f00:1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
)
PUBLIC = ("1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1")
ODD_SPELLINGS = (
    "http://2130706433",
    "http://0x7f000001",
    "http://0177.0.0.1",
    "http://127.1",
    "http://[::ffff:127.0.0.1]",
    "http://0",
)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    """The client under test."""
    made = Client("folkmoot/test")
    try:
        yield made
    finally:
        await made.close()


async def _dial(client: Client, url: str, *, trusted: bool = False, limit: int = 1000) -> str:
    """The first message that comes back, or the name of its kind."""
    async with client.websocket(url, "folkmoot.1", limit, trusted=trusted) as opened:
        message = await opened.receive()
        return str(message.data) if message.type is WSMsgType.TEXT else message.type.name


class Server:
    """A server on this machine that counts its visitors."""

    def __init__(self, answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> None:
        self.visits: list[str] = []
        self._answer = answer

    async def __aenter__(self) -> str:
        async def visit(request: web.Request) -> web.StreamResponse:
            self.visits.append(request.path)
            return await self._answer(request)

        application = web.Application()
        application.router.add_get("/{path:.*}", visit)
        self._runner = web.AppRunner(application)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def _greet(request: web.Request) -> web.StreamResponse:
    opened = web.WebSocketResponse(protocols=("folkmoot.1",))
    await opened.prepare(request)
    await opened.send_str("hello")
    return opened


def test_only_public_addresses_are_public() -> None:
    assert [address for address in NOT_PUBLIC if is_public(address)] == []
    assert [address for address in PUBLIC if not is_public(address)] == []


@given(st.ip_addresses())
def test_whatever_hides_a_private_address_is_not_public(address: Any) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        assert not is_public(str(address))
    if address.version == 4 and not is_public(str(address)):
        assert not is_public(f"::ffff:{address}")


async def test_addresses_from_peers_are_refused_before_a_packet_is_sent(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", refuse)
    for address in NOT_PUBLIC:
        if "%" in address:
            continue
        url = f"http://[{address}]:7450/gossip" if ":" in address else f"http://{address}:7450/gossip"
        with pytest.raises(DialRefusedError, match="not a public address"):
            await _dial(client, url)


async def test_odd_spellings_of_loopback_lead_nowhere(client: Client) -> None:
    server = Server(_greet)
    async with server as url:
        port = url.rpartition(":")[2]
        for spelling in ODD_SPELLINGS:
            with pytest.raises((DialRefusedError, ClientError, OSError)):
                await _dial(client, f"{spelling}:{port}/gossip")
        for name in ("localhost", "LOCALHOST", "localhost."):
            with pytest.raises((DialRefusedError, ClientError, OSError)):
                await _dial(client, f"http://{name}:{port}/gossip")
    assert server.visits == []


async def test_names_are_judged_by_where_they_lead(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may lead to private addresses, or to a public and a private one: only the public one is used."""
    leads = {
        "inside.example": ["10.0.0.7"],
        "metadata.example": ["169.254.169.254"],
        "mixed.example": ["::1", "127.0.0.1"],
    }
    asked: list[str] = []

    async def resolve(_: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        asked.append(host)
        assert family in {socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6}
        return [
            {"hostname": host, "host": address, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for address in leads[host]
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    for name in leads:
        with pytest.raises(DialRefusedError, match=name):
            await _dial(client, f"http://{name}:7450/gossip")
    assert asked == list(leads)
    leads["mixed.example"] = ["127.0.0.1", "1.1.1.1"]
    resolver = client._public.connector._resolver  # type: ignore[union-attr] # what it was made with
    assert [found["host"] for found in await resolver.resolve("mixed.example", 80)] == ["1.1.1.1"]


async def test_what_the_operator_named_may_be_local(client: Client) -> None:
    async with Server(_greet) as url:
        assert await _dial(client, f"{url}/gossip", trusted=True) == "hello"
        with pytest.raises(DialRefusedError):
            await _dial(client, f"{url}/gossip")


async def test_redirects_are_not_followed(client: Client) -> None:
    target = Server(_greet)
    async with target as inside:

        async def redirect(_: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"{inside}/gossip")

        async with Server(redirect) as url:
            with pytest.raises(DialRefusedError, match="redirects"):
                await _dial(client, f"{url}/gossip", trusted=True)
    assert target.visits == []


async def test_a_public_address_cannot_pass_on_to_a_private_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is checked is the address that is connected to, whatever way it came about."""
    monkeypatch.setattr("node.peering.client._refuse_redirect", None)
    connector = client._public.connector
    async with Server(_greet) as url:
        port = int(url.rpartition(":")[2])
        with pytest.raises(DialRefusedError):
            connector._socket_factory((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)))  # type: ignore[union-attr] # what it was made with


async def test_oversize_messages_are_cut(client: Client) -> None:
    async def flood(request: web.Request) -> web.StreamResponse:
        opened = web.WebSocketResponse(protocols=("folkmoot.1",))
        await opened.prepare(request)
        await opened.send_bytes(b"x" * 1001)
        return opened

    async with Server(flood) as url:
        assert await _dial(client, f"{url}/gossip", trusted=True) in {"CLOSE", "ERROR", "CLOSED"}


async def test_endless_headers_and_bodies_instead_of_an_upgrade_are_cut(client: Client) -> None:
    for answer in (
        b"HTTP/1.1 101 Switching\r\nX: " + b"a" * 100_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 1_000_000,
        b"\xff" * 1000,
        b"",
    ):

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes = answer) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises((ClientError, OSError)):
            await _dial(client, f"http://127.0.0.1:{port}/gossip", trusted=True)
        server.close()


async def test_proxies_and_cookies_of_the_environment_are_not_used(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Server(_greet)
    async with proxy as proxy_url, Server(_greet) as url:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy_url)
        assert await _dial(client, f"{url}/gossip", trusted=True) == "hello"
    assert proxy.visits == []
