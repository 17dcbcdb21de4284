# SPDX-License-Identifier: AGPL-3.0-or-later
"""Downloads: one for a household at a time; what takes long to make is waited for, who takes nothing is not."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from node.web import downloading
from node.web.downloading import DOWNLOADS_MAX, Download, Downloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

HOUSEHOLD = "2001:db8:0:1::"


def test_who_has_many_addresses_has_one_download() -> None:
    downloads = Downloads()
    assert downloads.enter(f"{HOUSEHOLD}1")
    assert not downloads.enter(f"{HOUSEHOLD}2")
    others = [f"192.0.2.{number}" for number in range(DOWNLOADS_MAX)]
    assert [downloads.enter(other) for other in others] == [True] * (DOWNLOADS_MAX - 1) + [False]
    downloads.leave(f"{HOUSEHOLD}1")
    assert downloads.enter(f"{HOUSEHOLD}2")


async def test_what_takes_long_to_make_comes_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "ANSWER_S", 0.1)
    made, left = threading.Event(), []

    def pieces() -> Iterator[bytes]:
        made.wait(10)
        yield b"whole"

    async def answer(_: web.Request) -> web.StreamResponse:
        asyncio.get_running_loop().call_later(0.3, made.set)
        return Download(pieces(), "text/plain", "file", lambda: left.append(True))

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestClient(TestServer(app)) as client:
        assert await (await client.get("/")).read() == b"whole"
    assert left == [True]
