# SPDX-License-Identifier: AGPL-3.0-or-later
"""Witnesses asked over HTTP: only what they vouch for is an answer."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web

from node.peering.asking import ask_witnesses
from node.peering.client import Client
from tests.builders import Log, found_organisation, witness_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LOG = Log(found_organisation()).grow(5)
ORIGIN = LOG.organisation.origin
GOOD = bytes(LOG.note(("elm",)))


class Answers:
    """A server that answers everything in one way, and remembers what was asked."""

    def __init__(self) -> None:
        self.status, self.body, self.url = 200, GOOD, ""
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        return web.Response(status=self.status, body=self.body)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Answers]:
    answers, app = Answers(), web.Application()
    app.router.add_get("/{path:.*}", answers.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    answers.url = f"http://127.0.0.1:{runner.addresses[0][1]}/witness"
    yield answers
    await runner.cleanup()


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    made = Client("test")
    yield made
    await made.close()


async def test_a_witness_tells_what_it_cosigned_last(server: Answers, client: Client) -> None:
    places = [(witness_key("elm"), server.url), (witness_key("ash"), ""), (witness_key("oak"), "http://127.0.0.1:1")]
    (said,) = await ask_witnesses(client, places, ORIGIN, [LOG.organisation.payload])
    assert said.name == witness_key("elm").name
    assert said.head is not None
    assert said.head.checkpoint == LOG.checkpoint()
    assert server.asked == [f"/witness/{sha256(str(ORIGIN).encode()).hexdigest()}/checkpoint"]


async def test_a_witness_that_knows_none_says_so(server: Answers, client: Client) -> None:
    server.status = 404
    (said,) = await ask_witnesses(client, [(witness_key("elm"), server.url)], ORIGIN, [LOG.organisation.payload])
    assert said.head is None


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, GOOD),
        (302, GOOD),
        (200, b""),
        (200, b"x" * 100_000),
        (200, bytes(LOG.note())),
        (200, bytes(LOG.note(("ash",)))),
        (200, GOOD.replace(b"\n5\n", b"\n6\n")),
        (200, bytes(Log(found_organisation("other")).note(("elm",)))),
    ],
)
async def test_anything_else_is_no_answer(server: Answers, client: Client, status: int, body: bytes) -> None:
    server.status, server.body = status, body
    places = [(witness_key("elm"), server.url)]
    assert await ask_witnesses(client, places, ORIGIN, [LOG.organisation.payload]) == []
