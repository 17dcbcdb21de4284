# SPDX-License-Identifier: AGPL-3.0-or-later
"""The local networks that this machine is on, as far as other people's machines may be there."""

from __future__ import annotations

import os
import re
import socket
from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path
from typing import NamedTuple

import ifaddr

_NOT_A_LAN = re.compile("docker|br-[0-9a-f]{12}|virbr|lxc|lxd|veth|vnet|vmnet|vbox|cni|podman|tun|tap|wg|zt|tailscale")
"""How the names begin of what machines make for containers, virtual machines and tunnels."""
_DEVICES = Path("/sys/class/net")
_LOOPBACK = IPv4Interface("127.0.0.1/8")


class Lan(NamedTuple):
    """A local network: the interface to it, and the own addresses there."""

    interface: str
    addresses: tuple[IPv4Interface, ...]

    def may_hold(self, address: str) -> bool:
        """Whether an address can be that of a machine there."""
        ip = IPv4Address(address)
        if ip.is_multicast or ip.is_unspecified or ip.is_reserved:
            return False
        if any(ip in own.network for own in self.addresses):
            return True
        # With an address that stands for no network, as in a mesh, the others' addresses can be anything ordinary.
        alone = any(own.network.prefixlen > 30 for own in self.addresses)
        return alone and not (ip.is_loopback or ip.is_link_local)


def lans(host: str) -> list[Lan]:
    """The local networks on which a listening address is reached: those of all interfaces, or that of the one named.

    Interfaces to containers, virtual machines and tunnels only count if their address is named. This machine alone
    counts if there is nothing else.
    """
    adapters = {
        adapter.nice_name: tuple(IPv4Interface(f"{ip.ip}/{ip.network_prefix}") for ip in adapter.ips if ip.is_IPv4)
        for adapter in ifaddr.get_adapters()
    }
    if host not in {"", "0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        named = [Lan(name, (own,)) for name, addresses in adapters.items() for own in addresses if str(own.ip) == host]
        return named[:1] or [Lan("", (_address(host) or _LOOPBACK,))]
    found = [
        Lan(name, kept)
        for name, addresses in adapters.items()
        if is_lan(name) and (kept := tuple(own for own in addresses if not own.is_loopback))
    ]
    return found or [Lan("", (_LOOPBACK,))]


def lan_addresses(host: str) -> list[str]:
    """The IPv4 addresses under which a listening address is reached on local networks."""
    return [str(own.ip) for lan in lans(host) for own in lan.addresses]


def is_lan(interface: str) -> bool:
    """Whether an interface, by its name and what the system says of it, leads to other people's machines."""
    if _NOT_A_LAN.match(interface):
        return False
    device = _DEVICES / interface
    if (device / "tun_flags").exists() or "DEVTYPE=wireguard" in _text(device / "uevent"):
        return False
    ports = device / "brif"  # a bridge joins containers, unless a real card is in it
    return not ports.exists() or any((_DEVICES / port.name / "device").exists() for port in ports.iterdir())


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""


def _address(text: str) -> IPv4Interface | None:
    try:
        return IPv4Interface(text)
    except ValueError:
        return None


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
