# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking that the node be closed, something be done with the closed data directory, and the node be started again.

All in one process, which keeps listening meanwhile: whoever asks for a page in between is answered by the next node.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from ledger.errors import LedgerError, RefusedError
from node.web.session import MEMBERS_MAX, ROLES_MAX, Sessions

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

log = logging.getLogger("folkmoot")

ANSWER_S = 0.3
"""For the answer that says so to get out, and what its page brings along."""


@dataclass
class Restarting:
    """What outlives a node that is started again, and what is to be done before that.

    `possible`: whoever runs the node does it (node.serving). `problem` is why the last thing could not be done,
    `wanted` the number of the charter that it should have brought.
    """

    possible: bool = False
    problem: str = ""
    wanted: int | None = None
    token: str = ""
    sessions: Sessions = field(default_factory=Sessions)
    members: Sessions = field(default_factory=lambda: Sessions(most=MEMBERS_MAX))
    roles: Sessions = field(default_factory=lambda: Sessions(most=ROLES_MAX))
    sockets: list[socket.socket] = field(default_factory=list)
    _work: Callable[[], None] | None = None
    _asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pending(self) -> bool:
        """Whether the node is about to be closed."""
        return self._work is not None

    def ask(self, work: Callable[[], None], wanted: int) -> None:
        """Asks for it. Raises RefusedError if that is not possible, or was asked for already."""
        if not self.possible:
            raise RefusedError("whatever runs this node cannot start it again: stop it, and use the command line")
        if self.pending:
            raise RefusedError("this node is about to start again already")
        self._work, self.wanted, self.problem = work, wanted, ""
        asyncio.get_running_loop().call_later(ANSWER_S, self._asked.set)

    async def asked(self) -> None:
        """Waits until somebody has asked."""
        await self._asked.wait()

    def carry_out(self) -> None:
        """Does what was asked for, while the data directory is closed; what goes wrong is remembered, to be told."""
        work, self._work = self._work, None
        self._asked.clear()
        try:
            if work is not None:
                work()
        except (LedgerError, OSError, ValueError) as error:
            self.problem = str(error)
        except Exception:
            log.exception("fault while the node was closed")
            self.problem = "the program has a fault; its log says more"

    def close(self) -> None:
        """Listens no more."""
        while self.sockets:
            self.sockets.pop().close()


RESTARTING = web.AppKey("restarting", Restarting)
