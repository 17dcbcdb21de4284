# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many who ask at once: nobody is refused while there is room, and who takes most of it gives way.

Fifty people behind one router are one address, and their browsers open six connections each. So an address may have as
many as there is room for; what it has in hand at one time is limited, and the rest of it waits. When there is no room
left, the address that has most loses the connection on which least is lost. Whoever has one address of IPv6 has 2^64:
these count as one.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Protocol, TypeVar
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

IN_HAND_PER_ADDRESS_MAX = 64


class Connected(Protocol):
    """A connection: whose it is, and whether it waits for a request of theirs."""

    @property
    def address(self) -> str: ...  # noqa: D102 - as above

    @property
    def idle(self) -> bool: ...  # noqa: D102 - as above


One = TypeVar("One", bound=Connected)


def gives_way(connections: Sequence[One], newcomer: One) -> One:
    """Which of more connections than there is room for is to end; they are in the order in which they came.

    It is one of the address that has most, which is the newcomer's if none has more: the one of them that came first
    and is idle, or else the one that came last.
    """
    held = Counter(one.address for one in connections)
    most = max(held.values())
    address = newcomer.address if held[newcomer.address] == most else held.most_common(1)[0][0]
    of_it = [one for one in connections if one.address == address]
    return next((one for one in of_it if one.idle and one is not newcomer), of_it[-1])


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network of a household, but on the local link each address by itself."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address) or found.is_link_local:
        return address
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ip_network((int(found), 64), strict=False))


def around(address: IPv4Address | IPv6Address) -> str:
    """The network of a site: one that asks for it has 65,536 networks of IPv6, or 256 addresses of IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    found = mapped or address
    if isinstance(found, IPv4Address):
        return str(IPv4Network((int(found), 24), strict=False))
    return str(IPv6Network((int(found), 48), strict=False))


class Turns:
    """Who is asked for how much at one time, by address; those that come later wait, first come, first served."""

    def __init__(self) -> None:
        self._lines: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def take(self, address: str, wait_s: float) -> AsyncIterator[None]:
        """Waits for a turn and has it. Raises TimeoutError if none comes."""
        line = self._lines.get(address)
        if line is None:
            line = self._lines[address] = asyncio.Semaphore(IN_HAND_PER_ADDRESS_MAX)
        async with asyncio.timeout(wait_s):
            await line.acquire()
        try:
            yield
        finally:
            line.release()
