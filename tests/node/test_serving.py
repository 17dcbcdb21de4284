# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node that is closed and started again in one process: nobody is turned away, nobody has to sign in again."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

from ledger.errors import RefusedError, StoreLockedError
from ledger.ledger import Ledger
from node import restarting
from node import serving as node_serving
from node.restarting import Restarting
from node.web.session import COOKIE
from tests.node.running import until
from tests.node.steward.amending import found, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from ledger.data_directory import DataDirectory
    from tests.node.steward.amending import Served


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDirectory:
    monkeypatch.setattr(restarting, "ANSWER_S", 0)
    return found(tmp_path / "moot")


@pytest.fixture
async def served(directory: DataDirectory) -> AsyncIterator[Served]:
    async with serving(directory) as running:
        yield running


async def status(url: str, cookie: str = "") -> int:
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    async with ClientSession() as client, client.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status


async def test_who_asks_in_between_is_answered_by_the_next_node(served: Served, directory: DataDirectory) -> None:
    kept, begun, go_on = served.node.restarting, Event(), Event()
    token, cookie = directory.token.read_text(), kept.sessions.begin()

    def work() -> None:
        with directory.locked():  # nobody has it
            begun.set()
            go_on.wait()

    kept.ask(work, 1)
    assert kept.pending
    with pytest.raises(RefusedError, match="about to start again"):
        kept.ask(work, 1)
    await asyncio.to_thread(begun.wait)
    asked = asyncio.create_task(status(f"{served.url}/steward", cookie))
    await asyncio.sleep(0)
    assert not asked.done()
    go_on.set()
    assert await asked == 200
    assert (directory.token.read_text(), kept.problem, kept.pending) == (token, "", False)
    assert directory.url.read_text() == f"{served.url}\n"
    assert "started again" in served.said


@pytest.mark.parametrize(
    ("error", "told"), [(RefusedError("no"), "no"), (OSError("full"), "full"), (KeyError("x"), "fault")]
)
async def test_what_fails_is_told_and_the_node_runs_as_before(served: Served, error: Exception, told: str) -> None:
    def work() -> None:
        raise error

    kept = served.node.restarting
    kept.ask(work, 1)
    await until(lambda: any("the charter was not changed" in text for text in served.said))
    assert told in kept.problem
    assert await status(f"{served.url}/readyz") == 200


async def test_a_command_that_came_in_between_is_waited_for(
    served: Served, directory: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_serving, "AGAIN_S", 0.01)
    held, taken = directory.locked(), Event()

    def work() -> None:
        held.__enter__()
        taken.set()

    served.node.restarting.ask(work, 1)
    await until(lambda: "closing, to change the charter" in served.said)
    asked = asyncio.create_task(status(f"{served.url}/readyz"))
    await asyncio.to_thread(taken.wait)
    with pytest.raises(StoreLockedError):
        Ledger(directory)
    held.__exit__(None, None, None)
    assert await asked == 200


async def test_told_to_stop_while_it_is_closed_it_stays_so(directory: DataDirectory) -> None:
    async with serving(directory) as served:
        served.node.restarting.ask(served.stop.set, 1)
        await until(lambda: "closing, to change the charter" in served.said)
    assert "started again" not in served.said
    assert served.node.restarting.sockets == []
    with Ledger(directory):
        assert not directory.url.exists()


async def test_what_runs_a_node_otherwise_cannot_start_it_again() -> None:
    with pytest.raises(RefusedError, match="use the command line"):
        Restarting().ask(lambda: None, 1)
