# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every request passes: deadlines, limits, foreign sites; and that honest requests are answered meanwhile."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import WSServerHandshakeError

from node.web import guard
from node.web.problem import MEDIA_TYPE
from protocol.identity import show_log_id
from tests.node.running import RunningNode, fill, found, record, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LOCAL = b"Host: 127.0.0.1\r\n"
WRITE = b"POST /v1/entries HTTP/1.1\r\n" + LOCAL + b"Content-Type: application/json\r\n"
PATIENCE_S = 0.2
CLOSED_WITHIN_S = PATIENCE_S + 2.0 + 3.0
"""The patched deadline, the time for which aiohttp reads on, and room for a busy machine."""


@pytest_asyncio.fixture
async def strict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningNode]:
    """A node with short deadlines."""
    for name in ("HEADERS_S", "BODY_S", "ANSWER_S"):
        monkeypatch.setattr(guard, name, PATIENCE_S)
    node = await RunningNode(found(tmp_path / "moot", "Moot")).start()
    try:
        yield node
    finally:
        await node.stop()


async def _answer(node: RunningNode, data: bytes, trickle: bytes = b"") -> bytes:
    """All that comes back until the node hangs up; `trickle` is sent on and on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)

    async def feed() -> None:
        while True:
            writer.write(trickle)
            await asyncio.sleep(PATIENCE_S / 10)

    writer.write(data)
    feeding = asyncio.create_task(feed()) if trickle else None
    got = b""
    try:
        async with asyncio.timeout(CLOSED_WITHIN_S):
            while part := await reader.read(65_536):
                got += part
    except ConnectionError:
        pass
    finally:
        if feeding:
            feeding.cancel()
        writer.close()
    return got


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


HALF = {
    "nothing": (b"", b""),
    "a line": (b"GET / HTTP/1.1\r\n", b""),
    "headers": (b"GET / HTTP/1.1\r\n" + LOCAL + b"X-Long: ", b"a"),
    "a second request": (b"GET /healthz HTTP/1.1\r\n" + LOCAL + b"\r\nGET / HTTP/1.1\r\nX-Long: ", b"a"),
    "a body": (WRITE + b"Content-Length: 100000\r\n\r\n{", b""),
    "a body byte by byte": (WRITE + b"Content-Length: 100000\r\n\r\n{", b" "),
    "endless chunks": (WRITE + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a body of a page": (b"GET / HTTP/1.1\r\n" + LOCAL + b"Content-Length: 100000\r\n\r\n", b" "),
    "a body that was waited for": (WRITE + b"Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n", b""),
    "a body of an upgrade": (WRITE + b"Upgrade: websocket\r\nContent-Length: 100000\r\n\r\n{", b" "),
    "a body nobody wants": (b"POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 100000\r\n\r\n", b" "),
    "an upgrade that is none": (
        b"GET /gossip HTTP/1.1\r\n" + LOCAL + b"Upgrade: websocket\r\nContent-Length: 9\r\n\r\n",
        b"",
    ),
}


async def test_half_requests_are_closed_in_time(strict: RunningNode) -> None:
    """All at once, and honest requests are answered beside them."""
    waiting = [asyncio.create_task(_answer(strict, *half)) for half in HALF.values()]
    begun = time.monotonic()
    assert (await strict.get("/healthz"))[0] == 200
    assert time.monotonic() - begun < 2
    answers = dict(zip(HALF, await asyncio.gather(*waiting), strict=True))
    assert answers["nothing"] == answers["a line"] == answers["headers"] == b""
    assert answers["a second request"].count(b"HTTP/1.1 200 OK") == 1
    for name in ("a body", "a body byte by byte", "endless chunks", "a body of a page", "a body of an upgrade"):
        assert _status(answers[name]) == 408, name
    assert _status(answers["a body nobody wants"]) == 421
    assert _status(answers["an upgrade that is none"]) == 426


async def test_whoever_does_not_take_the_answer_is_hung_up_on(strict: RunningNode) -> None:
    long = dict.fromkeys(("en", "fr", "nl"), "é" * 8000)
    for begin in (0, 50):
        records = [record(number, description=long) for number in range(begin, begin + 50)]
        strict.ledger.writer.append([strict.ledger.state("record.put", {"record": item}) for item in records])
    strict.ledger.writer.settle()
    server = strict.running._runner.server if strict.running._runner else None
    assert server is not None
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(0)
        await asyncio.get_running_loop().sock_connect(deaf, ("127.0.0.1", strict.port))
        deaf.send(b"GET /v1/records?limit=100 HTTP/1.1\r\n" + LOCAL + b"\r\n")
        await until(lambda: len(server.connections) == 1)
        await until(lambda: not server.connections, "hanging up")


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "GZIP", "identity, gzip"])
async def test_compressed_bodies_are_refused(node: RunningNode, coding: str) -> None:
    answered, value = await node.post(
        "/v1/entries", data=b"x", headers={"Content-Encoding": coding}, skip_auto_headers=[]
    )
    assert (answered, value["status"]) == (415, 415)


async def test_only_known_hosts_are_answered(tmp_path: Path) -> None:
    """A name that somebody points at this address is not this node: against DNS rebinding."""
    node = await RunningNode(found(tmp_path / "moot", "Moot"), public_url="https://commons.example.org").start()
    try:
        for host, expected in {
            "evil.example": 421,
            "evil.example:80": 421,
            "127.0.0.1.evil.example": 421,
            "localhost.evil.example": 421,
            "commons.example.org.": 421,
            "": 421,
            "[": 421,
            "127.0.0.1:80:80": 421,
            "127.0.0.1": 200,
            f"localhost:{node.port}": 200,
            "[::1]": 200,
            "[::1]:80": 200,
            "192.168.1.7:7450": 200,
            "moot.local": 200,
            "commons.example.org": 200,
            "COMMONS.example.org:443": 200,
        }.items():
            async with node.client.get(node.url + "/healthz", headers={"Host": host}) as answer:
                assert answer.status == expected, host
    finally:
        await node.stop()


async def test_foreign_sites_cannot_write(node: RunningNode) -> None:
    own, entries = node.url, {"entries": [{"kind": "record.put", "body": {}, "id": "00" * 16}]}
    for origin in (
        "https://evil.example",
        "null",
        "http://127.0.0.1:1",
        f"ftp://127.0.0.1:{node.port}",
        f"{own}.evil.example",
        "",
    ):
        for path in ("/v1/entries", "/v1/peers"):
            answered, value = await node.post(path, entries, headers={"Origin": origin})
            assert (answered, value["status"]) == (403, 403), origin
    assert (await node.post("/v1/entries", entries, headers={"Origin": own}))[0] == 400
    assert (await node.get("/v1/records", headers={"Origin": "https://evil.example"}))[0] == 200


async def test_foreign_sites_cannot_gossip(node: RunningNode) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        with pytest.raises(WSServerHandshakeError) as refused:
            await node.client.ws_connect(node.url + "/gossip", headers=headers, protocols=("folkmoot.1",))
        assert refused.value.status in {403, 421}
    async with node.client.ws_connect(node.url + "/gossip", protocols=("folkmoot.1",)) as socket_:
        assert socket_.protocol == "folkmoot.1"
        await socket_.receive_bytes()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + LOCAL + b"\r\n",
        b"GET / HTTP/1.1\r\n" + LOCAL + b"X: " + b"a" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + LOCAL + b"X: y\r\n" * 20_000 + b"\r\n",
        b"\x00\xff\x13" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        WRITE + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        WRITE + b"Content-Length: -1\r\n\r\n",
        WRITE + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + LOCAL + b"\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_refused(strict: RunningNode, request_: bytes) -> None:
    answer = await _answer(strict, request_)
    assert _status(answer) == 400
    assert b"Traceback" not in answer
    assert (await strict.get("/healthz"))[0] == 200


async def test_a_body_over_the_limit_is_refused(node: RunningNode) -> None:
    def much(size: int) -> bytes:
        return WRITE + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size + b" " * size

    assert _status(await _answer(node, much(guard.BODY_BYTES_MAX))) == 400
    over = await _answer(node, much(guard.BODY_BYTES_MAX + 1))
    assert _status(over) == 413
    assert MEDIA_TYPE.encode() in over
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(WRITE + b"Content-Length: 99999999999\r\n\r\n" + b" " * 300_000)
    assert _status(await reader.readline()) == 413
    writer.close()


async def test_pipelined_requests_are_answered_in_order(node: RunningNode) -> None:
    paths = ["/healthz", "/v1/log", "/nothing", "/healthz"] * 20
    requests = b"".join(b"GET %s HTTP/1.1\r\n%s\r\n" % (path.encode(), LOCAL) for path in paths)
    answer = await _answer(node, requests[:-2] + b"Connection: close\r\n\r\n")
    answers = [200 if part.startswith(b" 200") else 404 for part in answer.split(b"HTTP/1.1")[1:]]
    assert answers == [404 if path == "/nothing" else 200 for path in paths]


async def test_connections_are_capped_in_all(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "CONNECTIONS_MAX", 3)
    idle = [await asyncio.open_connection("127.0.0.1", node.port) for _ in range(5)]
    ended = [asyncio.create_task(reader.read(1)) for reader, _ in idle]
    await until(lambda: sum(task.done() for task in ended) == 2, "the end of two of five connections")
    for _, writer in idle:
        writer.close()
    await asyncio.gather(*ended, return_exceptions=True)


async def test_every_page_carries_the_headers_that_keep_scripts_out(node: RunningNode) -> None:
    log = show_log_id(node.log_id)
    pages = (
        "/",
        "/logs",
        f"/record/{log}/{record(1)['id'].hex()}",
        "/nothing",
        "/v1/records?limit=0",
        "/gossip",
        "/openapi.json",
    )
    for page in pages:
        async with node.client.get(node.url + page, headers={"Accept": "text/html"}) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy, page
            assert "unsafe" not in policy, page
            assert "frame-ancestors 'none'" in policy, page
            assert answer.headers["X-Content-Type-Options"] == "nosniff", page
            assert answer.headers["Referrer-Policy"] == "same-origin", page
            assert "Access-Control-Allow-Origin" not in answer.headers, page
            assert answer.status < 500, page


async def test_an_upgrade_header_switches_nothing_off(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only /gossip is a WebSocket: elsewhere the header must not lead around deadlines and error texts."""

    def fail(*_: object) -> None:
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(node.running.finder, "find", fail)
    request = b"GET /v1/records HTTP/1.1\r\n" + LOCAL + b"Upgrade: websocket\r\nConnection: close\r\n\r\n"
    answer = await _answer(node, request)
    assert _status(answer) == 500
    assert b"secret" not in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 500
    assert b"Content-Security-Policy" in answer


async def test_what_is_no_http_is_not_heard_further_and_not_logged(
    node: RunningNode, caplog: pytest.LogCaptureFixture
) -> None:
    """Else each piece would be kept with an error, and a few connections would take all memory."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(b"GET / HTTP/1.1\r\n" + LOCAL + b"X-More: more\r\n" * 300_000)
    answer = await asyncio.wait_for(reader.readline(), 5)
    assert answer.startswith(b"HTTP/1.0 400")
    writer.transport.abort()
    assert [record for record in caplog.records if record.name == "aiohttp.server"] == []


async def test_honest_requests_are_answered_beside_hostile_ones(node: RunningNode) -> None:
    fill(node.ledger, 100, 100)
    hostile = [await asyncio.open_connection("127.0.0.1", node.port) for _ in range(56)]
    for number, (_, writer) in enumerate(hostile):
        writer.write((b"GET / HTTP/1.1\r\nX: ", WRITE + b"Content-Length: 200000\r\n\r\n{", b"\x00")[number % 3])
    took = []
    for _ in range(20):
        begun = time.monotonic()
        assert (await node.get("/v1/records", params={"q": "commons", "limit": "20"}))[0] == 200
        took.append(time.monotonic() - begun)
    for _, writer in hostile:
        writer.close()
    assert max(took) < 2
