# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs in a file for a steward, without scripts: taken along, brought in, and what is wrong with a file."""

from __future__ import annotations

import asyncio
import errno
import tarfile
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import FormData

from ledger.carried.bundle import choose, write_bundle
from ledger.carried.folder import read_disk, read_folder
from ledger.carried.intake import Importer, Intake, Outcome
from ledger.errors import StoreFullError
from ledger.ledger import Ledger
from ledger.own.writer import Writer
from ledger.sqlite.store import SqliteStore
from node.steward import carrying
from node.steward.carrying import CARRYING, RESUMED_MAX, Carrying
from node.web.kept_files import Receiving
from protocol.bundle import MEDIA_TYPE, read_header, read_items
from protocol.identity import show_log_id
from tests.builders import Log, found_organisation
from tests.ledger.making import hold
from tests.node.running import found, until
from tests.node.stewarding import HTML, Steward, checked, form_of, plain

if TYPE_CHECKING:
    from pathlib import Path

    from node.steward.carrying import Carried
    from protocol.errors import Malformed
    from tests.node.browsing import Page
    from tests.node.running import RunningNode

PAGE = "/steward/bundles"


def bundle_of(path: Path, *labels: str, size: int = 300, since: int = 0) -> bytes:
    """A bundle of these logs."""
    store = SqliteStore(path)
    try:
        for label in labels:
            hold(store, Log(found_organisation(label)).grow(size))
        with store.read() as reads:
            chosen = choose(reads, (), since)
        return b"".join(write_bundle(store, chosen))
    finally:
        store.close()


def taken_elsewhere(path: Path, data: bytes) -> tuple[list[Outcome], Malformed | None]:
    """What another node makes of a bundle."""
    store, outcomes = SqliteStore(path), list[Outcome]()
    writer = Writer(store, None)
    try:
        read = BytesIO(data).read
        return outcomes, Intake(read_header(read), Importer(store, writer, bytes(32)), outcomes.append).run(
            read_items(read)
        )
    finally:
        writer.close()
        store.close()


async def bring(steward: Steward, data: bytes, status: int = 303, name: str = "logs.bundle", csrf: str = "") -> str:
    """Sends a file with the form of the page: where it leads, or what is said instead."""
    fields = form_of(await steward.read(PAGE), PAGE)
    form = FormData()
    form.add_field("csrf", csrf or fields["csrf"])
    form.add_field("file", BytesIO(data), filename=name)
    url = steward.node.url + PAGE
    async with steward.node.client.post(url, data=form, headers=steward.headers, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return answer.headers["Location"] if status == 303 else plain(checked(await answer.text()).text)


async def ended(steward: Steward, place: str) -> Page:
    """The page of a bundle when the node has done with it."""
    async with asyncio.timeout(60):
        while True:
            page = await steward.read(place)
            if "refresh" not in page.html:
                return page


async def brought(steward: Steward, data: bytes) -> str:
    return plain((await ended(steward, await bring(steward, data))).text)


def jobs_of(node: RunningNode) -> Carrying:
    return node.running._runner.app[CARRYING]  # type: ignore[union-attr] # it runs


async def test_logs_are_brought_in_and_again(node: RunningNode, steward: Steward, tmp_path: Path) -> None:
    data = bundle_of(tmp_path / "a.db", "alder", "birch")
    told = await brought(steward, data)
    assert "Entries taken in600" in told
    assert told.count("taken in 300300") == 2
    again = await brought(steward, data)
    assert "Logs held already2" in again
    assert again.count("held already 0300") == 2
    for label in ("alder", "birch"):
        assert node.holds(found_organisation(label).log_id, 300)
    assert "logs.bundle" in (await steward.read(PAGE)).text
    one = jobs_of(node).files.all()[0]
    assert not jobs_of(node).files.path(one).exists(), "what was taken in takes no more room"
    place = f"{PAGE}/{one.id}"
    assert await steward.send(place, form_of(await steward.read(place), place) | {"step": "drop"}, 303) == PAGE
    await steward.read(place, 404)


async def test_logs_are_taken_along(node: RunningNode, steward: Steward, tmp_path: Path) -> None:
    log = show_log_id(node.log_id)
    hold(node.ledger.store, Log(found_organisation("alder")).grow(300))
    page = await steward.read(PAGE)
    assert [a["value"] for tag, a in page.elements if tag == "option"][:2] == ["", log]

    async def get(query: str, status: int = 200) -> bytes:
        url = f"{node.url}{PAGE}/file?{query}"
        async with node.client.get(url, headers=steward.headers) as answer:
            assert answer.status == status
            assert status != 200 or answer.headers["Content-Disposition"].startswith("attachment")
            return await answer.read()

    outcomes, fault = taken_elsewhere(tmp_path / "all.db", await get("log=&from="))
    assert ([one.state for one in outcomes], fault) == (["taken", "taken"], None)
    outcomes, _ = taken_elsewhere(tmp_path / "own.db", await get(f"log={log}&from=0"))
    assert [(one.origin.log_id, one.taken) for one in outcomes] == [(node.log_id, node.ledger.own.size)]
    outcomes, _ = taken_elsewhere(tmp_path / "all.db", await get(f"log={log}&from=5"))
    assert (outcomes[0].state, read_header(BytesIO(await get(f"log={log}&from=5")).read)[0].from_) == ("held", 5)
    with tarfile.open(fileobj=BytesIO(await get("log=&from=5&as=tar"))) as tar:
        tar.extractall(tmp_path / "www", filter="data")
    parts, _ = read_folder(read_disk(tmp_path / "www"))
    assert sorted(part.to for part in parts) == sorted([300, node.ledger.own.size])
    await get("log=&from=x", 400)
    await get("log=" + "a" * 52, 404)
    async with node.client.get(f"{node.url}{PAGE}/file", headers=HTML, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/steward/sign-in")
    async with node.client.head(f"{node.url}{PAGE}/file", headers=steward.headers) as answer:
        assert answer.content_type == MEDIA_TYPE


async def test_what_is_broken_or_false_is_named_and_the_rest_is_kept(
    node: RunningNode, steward: Steward, tmp_path: Path
) -> None:
    data = bytearray(bundle_of(tmp_path / "a.db", "alder", "birch"))
    data[-2_000] ^= 1
    told = await brought(steward, bytes(data))
    assert "Logs refused1" in told
    assert "refused: The file is damaged here." in told
    assert "Logs with news1" in told
    cut = bundle_of(tmp_path / "b.db", "cedar", size=3_000)
    told = await brought(steward, cut[: len(cut) * 2 // 3])
    assert "Not all of the file could be read." in told
    assert "it was cut off" in told
    tree = node.tree(found_organisation("cedar").log_id)
    assert tree is not None
    assert 0 < tree.size < 3_000
    assert "Logs with news1" in await brought(steward, cut)
    assert node.holds(found_organisation("cedar").log_id, 3_000)
    late = bundle_of(tmp_path / "c.db", "elder", since=100)
    assert "refused: Its entries begin later than what is held here." in await brought(steward, late)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the one that came is empty"),
        (b"name,town\nCafe,Lille\n", "This is no bundle of logs"),
        (b"folkmoot/bundle/9\0", "written by a newer program"),
        (b"folkmoot/bundle/1\0\0\0", "it was cut off"),
    ],
)
async def test_what_is_no_bundle_is_not_kept(
    node: RunningNode, steward: Steward, data: bytes, said: str, tmp_path: Path
) -> None:
    told = await bring(steward, data, 422)
    assert "Nothing was taken in." in told
    assert said in told
    assert list((tmp_path / "moot" / "bundles").glob("*")) == []
    assert node.tree(found_organisation("alder").log_id) is None


async def test_a_form_that_is_not_ours_and_one_too_large_leave_nothing(
    node: RunningNode, steward: Steward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bundle_of(tmp_path / "a.db", "alder")
    assert "too old" in await bring(steward, data, 422, csrf="0" * 32)
    monkeypatch.setattr(carrying, "BUNDLE_BYTES_MAX", 1_000)
    assert "larger than" in await bring(steward, data, 422)
    assert list((tmp_path / "moot" / "bundles").glob("*")) == []
    assert node.tree(found_organisation("alder").log_id) is None


async def test_an_upload_that_breaks_off_changes_nothing(node: RunningNode, steward: Steward, tmp_path: Path) -> None:
    data = bundle_of(tmp_path / "a.db", "alder")
    csrf = form_of(await steward.read(PAGE), PAGE)["csrf"]
    head = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf}\r\n--b\r\nContent-Disposition: form-data;'
    body = f'{head} name="file"; filename="x"\r\n\r\n'.encode() + data
    _, writer = await asyncio.open_connection("127.0.0.1", node.port)
    writer.write(
        f"POST {PAGE} HTTP/1.1\r\nHost: 127.0.0.1:{node.port}\r\nCookie: {steward.headers['Cookie']}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(body) + 10_000}\r\n\r\n".encode()
    )
    writer.write(body)
    await writer.drain()
    folder = tmp_path / "moot" / "bundles"
    await until(lambda: any(folder.glob("*/file")), "the beginning of the file")
    writer.close()
    await until(lambda: not list(folder.glob("*")), "what came is forgotten")
    assert node.tree(found_organisation("alder").log_id) is None


async def test_a_full_disk_is_said_and_it_goes_on_later(
    node: RunningNode, steward: Steward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bundle_of(tmp_path / "a.db", "alder")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Receiving, "write", full)
        assert "No space left on device" in await bring(steward, data, 422)
    assert list((tmp_path / "moot" / "bundles").glob("*")) == []

    def refuse(*_: Any) -> None:
        raise StoreFullError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Importer, "take", refuse)
        place = await bring(steward, data)
        page = await ended(steward, place)
    assert "It stopped." in page.text
    assert "the disk is full" in page.text
    await steward.send(place, form_of(page, place) | {"step": "again"}, 303)
    assert "Entries taken in300" in plain((await ended(steward, place)).text)
    assert node.holds(found_organisation("alder").log_id, 300)


def started(jobs: Carrying, data: bytes) -> Carried:
    receiving = jobs.files.receive()
    receiving.write(data)
    return jobs.take(receiving, "x.bundle")


def test_what_was_interrupted_goes_on_when_the_node_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, directory = bundle_of(tmp_path / "a.db", "alder", size=3_000), found(tmp_path / "moot", "Moot")
    with Ledger(directory) as ledger:
        jobs = Carrying(ledger)
        take = Importer.take

        def stopping(*arguments: Any) -> int:
            jobs._stopping.set()
            return take(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(Importer, "take", stopping)
            one = started(jobs, data)
            jobs.stop()
        assert jobs.files.get(one.id).phase == "taking"
    with Ledger(directory) as ledger:
        jobs = Carrying(ledger)
        jobs.resume()
        jobs.wait(one.id, 60)
        told = jobs.files.get(one.id)
        assert (told.phase, told.logs[0]["state"], told.logs[0]["taken"]) == ("done", "taken", 3_000)
        jobs.stop()


def test_what_ends_the_node_each_time_is_not_begun_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, directory = bundle_of(tmp_path / "a.db", "alder"), found(tmp_path / "moot", "Moot")
    with Ledger(directory) as ledger:
        jobs = Carrying(ledger)
        jobs._pool.shutdown()
        monkeypatch.setattr(jobs, "start", lambda _: None)  # as if the node had ended just then
        one = started(jobs, data)
        for _ in range(RESUMED_MAX + 1):
            jobs.resume()
        assert jobs.files.get(one.id).phase == "stopped"


def test_what_is_done_with_makes_room_and_what_waits_does_not(tmp_path: Path) -> None:
    data, directory = bundle_of(tmp_path / "a.db", "alder"), found(tmp_path / "moot", "Moot")
    with Ledger(directory) as ledger:
        jobs = Carrying(ledger)
        for _ in range(carrying.BUNDLES_MAX + 2):
            jobs.wait(started(jobs, data).id, 60)
        assert len(jobs.files.all()) == carrying.BUNDLES_MAX
        for one in jobs.files.all():
            jobs.files.change(one.id, phase="stopped")
        with pytest.raises(Exception, match="waiting here already"):
            jobs.files.receive()
        jobs.stop()
