# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles over HTTP (spec 14 §4, §5): a first load in one download, pieces for a steward, folders on a web server."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import repeat
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientError

from ledger.carried.bundle import choose, write_bundle
from ledger.carried.folder import write_folder
from ledger.carried.intake import Importer, Intake, Outcome
from ledger.errors import NotFoundError, StoreDamagedError
from ledger.own.writer import Writer
from ledger.sqlite.store import SqliteStore
from node.api import bundles
from node.peering.web_source import open_web
from node.web import downloading
from node.web.downloading import Downloads
from protocol.bundle import MEDIA_TYPE, encode_header, encode_piece, read_header, read_items
from protocol.errors import Malformed
from protocol.frames import Entries, HeadField, Heads
from protocol.identity import show_log_id
from tests.builders import Log, found_organisation
from tests.ledger.making import hold
from tests.node.running import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.node.running import RunningNode


def take_from(url: str, path: Path) -> tuple[list[Outcome], Malformed | None, int]:
    """What becomes of what an address leads to, in a new store; and how many entries that has then."""
    store, outcomes = SqliteStore(path), list[Outcome]()
    writer = Writer(store, None)
    try:
        with open_web(url) as (parts, items):
            fault = Intake(parts, Importer(store, writer, bytes(32)), outcomes.append).run(items)
        with store.read() as reads:
            return outcomes, fault, sum(tree.size for tree in reads.trees())
    finally:
        writer.close()
        store.close()


def source_of(path: Path, size: int = 300) -> SqliteStore:
    store = SqliteStore(path)
    for label in ("alder", "birch"):
        hold(store, Log(found_organisation(label)).grow(size))
    return store


async def test_a_node_gives_what_it_holds_in_one_download(node: RunningNode, tmp_path: Path) -> None:
    size = node.ledger.own.size
    outcomes, fault, entries = await asyncio.to_thread(take_from, f"{node.url}/bundle", tmp_path / "a.db")
    assert ([outcome.state for outcome in outcomes], fault, entries) == (["taken"], None, size)
    log = show_log_id(node.log_id)
    outcomes, _, _ = await asyncio.to_thread(take_from, f"{node.url}/bundle?log={log}&from=5", tmp_path / "b.db")
    assert outcomes[0].reason == "gap"
    async with node.client.get(f"{node.url}/bundle") as answer:
        assert answer.content_type == MEDIA_TYPE
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert len(read_header(BytesIO(await answer.read()).read)) == 1
    async with node.client.head(f"{node.url}/bundle") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.parametrize(
    ("query", "status"),
    [("log=" + "a" * 52, 404), ("log=x", 400), ("from=-1", 400), ("from=" + "9" * 30, 400), ("from=x", 400)],
)
async def test_what_it_does_not_hold_it_does_not_give(node: RunningNode, query: str, status: int) -> None:
    assert (await node.get(f"/bundle?{query}"))[0] == status
    async with node.client.get(f"{node.url}/bundle") as answer:
        assert answer.status == 200
        await answer.read()


async def test_nobody_downloads_twice_at_once(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    going_on = threading.Event()

    def slow(*arguments: Any) -> Iterator[bytes]:
        going_on.wait(5)
        yield from write_bundle(*arguments)

    monkeypatch.setattr(bundles, "write_bundle", slow)
    async with node.client.get(f"{node.url}/bundle") as first:
        async with node.client.get(f"{node.url}/bundle") as second:
            assert (second.status, second.headers["Retry-After"]) == (429, "30")
        going_on.set()
        read_header(BytesIO(await first.read()).read)
    async with node.client.get(f"{node.url}/bundle") as third:
        assert third.status == 200
        await third.read()


async def test_who_takes_nothing_is_hung_up_on(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloading, "ANSWER_S", 0.2)
    monkeypatch.setattr(bundles, "write_bundle", lambda *_: repeat(bytes(2**20)))
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port, limit=1000)
    writer.write(f"GET /bundle HTTP/1.1\r\nHost: 127.0.0.1:{node.port}\r\n\r\n".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    runner = node.running._runner
    assert runner is not None
    downloads = runner.app[bundles.DOWNLOADS]
    assert not downloads.enter("127.0.0.1")
    await until(lambda: downloads.enter("127.0.0.1"), "the end of the download")
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(5):
            while await reader.read(2**20):
                pass
    writer.close()


async def test_a_store_that_fails_in_the_middle_is_seen(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any) -> Iterator[bytes]:
        yield encode_header([])
        raise StoreDamagedError("a part is missing")

    monkeypatch.setattr(bundles, "write_bundle", failing)
    for _ in range(2):
        async with node.client.get(f"{node.url}/bundle") as answer:
            assert answer.status == 200
            with pytest.raises(ClientError):
                await answer.read()


def test_there_is_room_for_few() -> None:
    downloads = Downloads()
    assert [downloads.enter(address) for address in "aabcde"] == [True, False, True, True, True, False]
    downloads.leave("b")
    assert downloads.enter("e")


def pieces_of(store: SqliteStore) -> list[bytes]:
    with store.read() as reads:
        data = b"".join(write_bundle(store, choose(reads)))
    stream, pieces = BytesIO(data), []
    read_header(stream.read)
    head: HeadField | None = None
    for item in read_items(stream.read):
        assert isinstance(item, Heads | Entries)
        head = item.heads[0] if isinstance(item, Heads) else head
        assert head
        pieces.append(encode_piece(head, item if isinstance(item, Entries) else None))
    return pieces


async def post(node: RunningNode, piece: bytes, token: str | None = "") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token or node.token}"} if token is not None else {}
    async with node.client.post(f"{node.url}/v1/bundle", data=piece, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def test_a_steward_hands_a_bundle_in_piece_by_piece(node: RunningNode, tmp_path: Path) -> None:
    pieces = pieces_of(source_of(tmp_path / "source.db"))
    for again in (False, True):
        for piece in pieces:
            status, answer = await post(node, piece)
            (log,) = answer["logs"]
            assert (status, log["state"], answer["broken"]) == (200, "held" if again else "taken", None)
    assert all(node.holds(found_organisation(label).log_id, 300) for label in ("alder", "birch"))


async def test_who_is_not_a_steward_hands_nothing_in(node: RunningNode, tmp_path: Path) -> None:
    piece = pieces_of(source_of(tmp_path / "source.db", 3))[0]
    assert (await post(node, piece, None))[0] == 401
    assert (await post(node, piece, "guessed"))[0] == 401
    assert node.tree(found_organisation("alder").log_id) is None


async def test_pieces_that_are_wrong(node: RunningNode, tmp_path: Path) -> None:
    pieces = pieces_of(source_of(tmp_path / "source.db", 600))
    for wrong in (b"", b"something", pieces[0][:30]):
        status, answer = await post(node, wrong)
        assert (status, answer["reason"]) == (400, "truncated" if wrong.startswith(b"folk") else "tag")
    status, answer = await post(node, pieces[0][:-3])
    assert (status, answer["broken"]["reason"]) == (200, "truncated")
    status, answer = await post(node, pieces[2])
    assert (status, answer["logs"][0]["reason"]) == (200, "gap")
    assert (await post(node, bytes(300_000)))[0] == 413


async def test_peers_hear_of_what_was_handed_in(
    three: tuple[RunningNode, RunningNode, RunningNode], tmp_path: Path
) -> None:
    alder, birch, _ = three
    birch.running.hub.dial(alder.url, trusted=True)
    await until(lambda: birch.connected(alder), "a connection")
    for piece in pieces_of(source_of(tmp_path / "source.db", 30)):
        await post(alder, piece)
    await until(lambda: birch.holds(found_organisation("alder").log_id, 30), "the log")


class Quiet(SimpleHTTPRequestHandler):
    """A plain web server that says nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def website(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which a plain web server offers it."""
    folder = tmp_path / "www"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


Website = tuple["Path", str]


def put_on(website: Website, tmp_path: Path) -> None:
    store = source_of(tmp_path / "source.db")
    with store.read() as reads:
        chosen = choose(reads)
    write_folder(store, chosen, website[0] / "logs-of-ours")
    (website[0] / "all.bundle").write_bytes(b"".join(write_bundle(store, chosen)))


@pytest.mark.parametrize("path", ["logs-of-ours", "logs-of-ours/", "all.bundle"])
def test_a_plain_web_server_is_a_source(website: Website, tmp_path: Path, path: str) -> None:
    put_on(website, tmp_path)
    outcomes, fault, entries = take_from(f"{website[1]}/{path}", tmp_path / "target.db")
    assert ([outcome.state for outcome in outcomes], fault, entries) == (["taken", "taken"], None, 600)


def test_a_bundle_that_was_cut_on_the_server(website: Website, tmp_path: Path) -> None:
    put_on(website, tmp_path)
    whole = (website[0] / "all.bundle").read_bytes()
    (website[0] / "all.bundle").write_bytes(whole[: len(whole) * 3 // 4])
    _, fault, entries = take_from(f"{website[1]}/all.bundle", tmp_path / "target.db")
    assert fault is not None
    assert (fault.reason, 0 < entries < 600) == ("truncated", True)


def test_addresses_that_lead_to_nothing(website: Website, tmp_path: Path) -> None:
    (website[0] / "page.html").write_text("<html>nothing here</html>")
    (website[0] / "empty").write_bytes(b"")
    for path in ("", "nowhere", "page.html", "empty"):
        with pytest.raises(NotFoundError, match="neither"):
            take_from(f"{website[1]}/{path}", tmp_path / "target.db")
    with pytest.raises(ConnectionError):
        take_from("http://127.0.0.1:9/x", tmp_path / "target.db")


def test_redirects_are_not_followed(tmp_path: Path) -> None:
    class Elsewhere(Quiet):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        with pytest.raises(ConnectionError, match="redirects are not followed"):
            take_from(f"http://127.0.0.1:{server.server_port}/x", tmp_path / "target.db")
        server.shutdown()
        thread.join()
