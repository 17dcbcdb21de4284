# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding nodes on the local network, and being found: DNS-SD over multicast DNS (spec 09 §7).

Everything found is a hint: it is dialled, and believed only after AUTH. Announcing and browsing go on in the
background; a network without multicast
is no reason not to start.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

import ifaddr
from zeroconf import IPVersion, ServiceStateChange
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from protocol.errors import Malformed
from protocol.identity import parse_log_id, short_log_id, show_log_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from zeroconf import Zeroconf

log = logging.getLogger("folkmoot.discovery")

SERVICE = "_folkmoot._tcp.local."
_NOT_A_LAN = ("docker", "br-", "virbr", "veth", "tun", "tap", "wg", "zt", "tailscale")
_RESOLVE_MS = 3_000
_NAME_BYTES_MAX = 40


def lan_addresses(host: str) -> list[str]:
    """The IPv4 addresses to announce for a listening address: that of each usable interface, or the one bound to."""
    if host not in {"", "0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return [host] if _is_ipv4(host) else ["127.0.0.1"]
    found = []
    for adapter in ifaddr.get_adapters():
        if not adapter.nice_name.startswith(_NOT_A_LAN):
            found += [str(ip.ip) for ip in adapter.ips if ip.is_IPv4 and not ip_address(str(ip.ip)).is_loopback]
    return found or ["127.0.0.1"]


def _is_ipv4(host: str) -> bool:
    try:
        return ip_address(host).version == 4
    except ValueError:
        return False


def _instance_name(title: str) -> str:
    """The organisation's name as far as it can stand in a DNS label (spec 09 §7)."""
    plain = "".join(character if character.isprintable() and character != "." else " " for character in title)
    return plain.encode()[:_NAME_BYTES_MAX].decode(errors="ignore").strip()


class Discovery:
    """One node's presence on the local network."""

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
        self._log_id = log_id
        self._found = found
        self._lost = lost
        self._urls: dict[str, list[str]] = {}
        self._addresses = lan_addresses(host)
        boot = os.urandom(4).hex()
        short = short_log_id(log_id)
        self._info = AsyncServiceInfo(
            SERVICE,
            f"{f'{_instance_name(title)} {short}'.strip()}.{SERVICE}",
            port=port,
            server=f"folkmoot-{short}-{boot}.local.",
            parsed_addresses=self._addresses,
            properties={"v": "1", "id": show_log_id(log_id), "p": "/gossip", "t": str(int(tls)), "b": boot},
        )
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begins to announce and browse; never fails, but says in `problem` what does not work."""
        try:
            self._zeroconf = AsyncZeroconf(interfaces=list(self._addresses), ip_version=IPVersion.V4Only)
            self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=[self._changed])
            await self._zeroconf.async_register_service(self._info, allow_name_change=True)
        except Exception as error:  # noqa: BLE001 - whatever multicast does, the node goes on without it
            self.problem = f"multicast DNS does not work here: {str(error) or type(error).__name__}"
            log.info(self.problem)

    async def stop(self) -> None:
        """Takes the announcement back."""
        for task in self._tasks:
            task.cancel()
        try:
            if self._browser:
                await self._browser.async_cancel()
            if self._zeroconf:
                async with asyncio.timeout(3):
                    await self._zeroconf.async_unregister_all_services()
                    await self._zeroconf.async_close()
        except Exception as error:  # noqa: BLE001 - leaving must not fail
            log.info("while leaving multicast DNS: %r", error)

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        if state_change is ServiceStateChange.Removed:
            for url in self._urls.pop(name, ()):
                self._lost(url)
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
        if log_id == self._log_id or info.properties.get(b"v") != b"1" or not info.port:
            return
        scheme = "https" if info.properties.get(b"t") == b"1" else "http"
        addresses = [address for address in info.parsed_addresses(IPVersion.V4Only) if self._may_be_here(address)]
        urls = [f"{scheme}://{address}:{info.port}" for address in addresses]
        for url in set(self._urls.get(name, ())) - set(urls):
            self._lost(url)
        self._urls[name] = urls
        for url in urls:
            self._found(url, log_id)

    def _may_be_here(self, address: str) -> bool:
        """Whether an address can be of this network: loopback and link-local only if we have such a one ourselves."""
        ip, own = ip_address(address), [ip_address(one) for one in self._addresses]
        if ip.is_multicast or ip.is_unspecified or ip.is_reserved:
            return False
        if ip.is_loopback:
            return any(one.is_loopback for one in own)
        return not ip.is_link_local or any(one.is_link_local for one in own)


def multicast_works(address: str = "127.0.0.1") -> str:
    """Why a multicast datagram sent over an interface does not come back; empty if it does."""
    group, text = "224.0.0.251", os.urandom(8)
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            receiver.bind(("", 0))
            membership = socket.inet_aton(group) + socket.inet_aton(address)
            receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            receiver.settimeout(1)
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            sender.sendto(text, (group, receiver.getsockname()[1]))
            return "" if receiver.recv(64) == text else "something else came back"
    except OSError as error:
        return str(error)
