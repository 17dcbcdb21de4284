# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding nodes on the local networks, and being found: DNS-SD over multicast DNS (spec 09 §7).

Everything found is a hint: it is dialled, and believed only after AUTH. Announcing and browsing go on in the
background; a network without multicast is no reason not to start. Each network has a presence of its own, with the
addresses that this machine has there and no others.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from typing import TYPE_CHECKING

from zeroconf import IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from node.peering.lan import lans
from protocol.errors import Malformed
from protocol.identity import parse_log_id, short_log_id, show_log_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeroconf import Zeroconf

    from node.peering.lan import Lan

log = logging.getLogger("folkmoot.discovery")
logging.getLogger("zeroconf").setLevel(logging.CRITICAL)  # that an address has gone is no trouble to tell of

SERVICE = "_folkmoot._tcp.local."
FOLLOW_S = 15.0
"""How often the addresses of this machine are looked at."""

_START_S, _LEAVE_S = 20.0, 3.0
_RESOLVE_MS = 3_000
_NAME_BYTES_MAX = 40
_MULTICAST_ALL = 49
"""Linux: whether a socket hears what comes in on networks that others of this machine have joined."""


def _instance_name(title: str) -> str:
    """The organisation's name as far as it can stand in a DNS label (spec 09 §7)."""
    plain = "".join(character if character.isprintable() and character != "." else " " for character in title)
    return plain.encode()[:_NAME_BYTES_MAX].decode(errors="ignore").strip()


class Discovery:
    """One node's presence on the local networks."""

    def __init__(
        self,
        log_id: bytes,
        title: str,
        host: str,
        port: int,
        found: Callable[[str, bytes], None],
        lost: Callable[[str], None] = lambda _: None,
        *,
        tls: bool = False,
    ) -> None:
        self.problem = ""
        self.log_id = log_id
        self.title = title
        self.port = port
        self.tls = tls
        self._host = host
        self._found = found
        self._lost = lost
        self._presences: dict[Lan, Presence] = {}
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to announce and browse; never fails, but says in `problem` what does not work."""
        await self._follow()
        self._following = asyncio.ensure_future(self._keep_following())

    async def stop(self) -> None:
        """Takes the announcements back."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        await asyncio.gather(*(presence.stop() for presence in self._presences.values()))

    @property
    def urls(self) -> dict[str, list[str]]:
        """What was found, by the names of the instances."""
        return {name: urls for presence in self._presences.values() for name, urls in presence.urls.items()}

    def hear(self, urls: list[str], log_id: bytes) -> None:
        """Takes what a presence found."""
        for url in urls:
            self._found(url, log_id)

    def miss(self, urls: list[str]) -> None:
        """Takes what a presence lost, unless another one still sees it."""
        seen = {url for presence in self._presences.values() for found in presence.urls.values() for url in found}
        for url in urls:
            if url not in seen:
                self._lost(url)

    async def _keep_following(self) -> None:
        while True:
            await asyncio.sleep(FOLLOW_S)
            try:
                await self._follow()
            except Exception:
                log.exception("fault while following the addresses of this machine")

    async def _follow(self) -> None:
        """Is present on the networks that this machine is on now, and no longer on those that it has left."""
        present = lans(self._host)
        gone = [self._presences.pop(lan) for lan in set(self._presences) - set(present)]
        await asyncio.gather(*(presence.stop() for presence in gone))
        for presence in gone:
            self.miss([url for urls in presence.urls.values() for url in urls])
        new = [Presence(self, lan) for lan in present if lan not in self._presences]
        self._presences |= {presence.lan: presence for presence in new}
        for presence, problem in zip(new, await asyncio.gather(*(one.start() for one in new)), strict=True):
            if problem:  # tried again when the addresses are looked at next
                self.problem = f"multicast DNS does not work on {presence.lan.addresses[0].ip}: {problem}"
                log.warning(self.problem)
                await self._presences.pop(presence.lan).stop()


class Presence:
    """A node's presence on one network."""

    def __init__(self, discovery: Discovery, lan: Lan) -> None:
        self.lan = lan
        self.urls: dict[str, list[str]] = {}
        self._discovery = discovery
        boot = os.urandom(4).hex()
        short = short_log_id(discovery.log_id)
        self.info = AsyncServiceInfo(
            SERVICE,
            f"{f'{_instance_name(discovery.title)} {short}'.strip()}.{SERVICE}",
            port=discovery.port,
            server=f"folkmoot-{short}-{boot}.local.",
            parsed_addresses=[str(own.ip) for own in lan.addresses],
            properties={
                "v": "1",
                "id": show_log_id(discovery.log_id),
                "p": "/gossip",
                "t": str(int(discovery.tls)),
                "b": boot,
            },
        )
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Begins to announce and browse. Why that does not work, or nothing."""
        try:
            async with asyncio.timeout(_START_S):
                await self._start()
        except Exception as error:  # noqa: BLE001 - whatever multicast does, the node goes on without it
            return str(error) or type(error).__name__
        return ""

    async def _start(self) -> None:
        interfaces = [str(own.ip) for own in self.lan.addresses]
        self._zeroconf = AsyncZeroconf(interfaces=interfaces, ip_version=IPVersion.V4Only)
        await self._hear_this_network_only(self._zeroconf.zeroconf)
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=[self._changed])
        await self._zeroconf.async_register_service(self.info, allow_name_change=True)

    async def stop(self) -> None:
        """Takes the announcement back; does not wait long for it."""
        for task in self._tasks:
            task.cancel()
        leaving = asyncio.ensure_future(self._leave())
        await asyncio.wait({leaving}, timeout=_LEAVE_S)
        leaving.cancel()

    async def _leave(self) -> None:
        try:
            if self._browser:
                await self._browser.async_cancel()
            if self._zeroconf:
                await self._zeroconf.async_unregister_all_services()
                await self._zeroconf.async_close()
        except Exception as error:  # noqa: BLE001 - leaving must not fail
            log.info("while leaving multicast DNS: %r", error)

    async def _hear_this_network_only(self, zeroconf: Zeroconf) -> None:
        """Keeps what comes in on other networks of this machine from being heard here, or heard in place of here.

        Linux hands a datagram that a single socket listens for to any one of those that share its port by SO_REUSEPORT.
        SO_REUSEADDR, which is set as well, is enough to share it.
        """
        await zeroconf.async_wait_for_start()
        for reader in zeroconf.engine.readers:
            own = reader.transport.get_extra_info("socket")
            with contextlib.suppress(OSError):  # where there is no such option, nothing needs it
                own.setsockopt(socket.IPPROTO_IP, _MULTICAST_ALL, 0)
                own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Removed:
            self._discovery.miss(self.urls.pop(name, []))
            return
        task = asyncio.ensure_future(self._resolve(zeroconf, service_type, name))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _resolve(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        info = AsyncServiceInfo(service_type, name)
        if not await info.async_request(zeroconf, _RESOLVE_MS):
            return
        try:
            log_id = parse_log_id((info.properties.get(b"id") or b"").decode(errors="replace"))
        except Malformed:
            return
        if log_id == self._discovery.log_id or info.properties.get(b"v") != b"1" or not info.port:
            return
        scheme = "https" if info.properties.get(b"t") == b"1" else "http"
        addresses = [address for address in info.parsed_addresses(IPVersion.V4Only) if self.lan.may_hold(address)]
        before, self.urls[name] = self.urls.get(name, []), [f"{scheme}://{one}:{info.port}" for one in addresses]
        self._discovery.miss(before)
        self._discovery.hear(self.urls[name], log_id)
