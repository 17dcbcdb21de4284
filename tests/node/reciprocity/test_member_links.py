# SPDX-License-Identifier: AGPL-3.0-or-later
"""Links by which members whose key the node keeps sign in: once, for a while, for them alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ledger.data_directory import DataDirectory
from ledger.errors import NotFoundError, RefusedError
from ledger.keeping.backup import restore, take_backup
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.own.member_keys import keep_member_key
from ledger.own.member_links import GOOD_S, _digest, give_link, use_link, whose_link
from ledger.own.trial import wait_until_folded
from ledger.reciprocity.state import Member
from ledger.showing.view import LedgerView, own_tree
from ledger.sqlite.store import SqliteStore
from node.web.session import MEMBER_COOKIE
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.ledger.organising import say
from tests.node.browser.everybody import check_for_everybody, for_each_reader
from tests.node.browsing import serve
from tests.node.mutual import key, one, write_mutual
from tests.node.steward.test_steward import HTML, given_out, read, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from aiohttp.test_utils import TestClient

    from ledger.sqlite.store import Snapshot
    from tests.node.browser.everybody import Reader
    from tests.node.running import RunningNode
    from tests.node.verifier.browser import Tab

NOW = 1_790_000_000


class Clock:
    """A time that goes on when it is told to."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path / "mutual")
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, clock) as opened:
        write_mutual(opened)
        keep_member_key(opened.directory, key("baker"))
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


def given(ledger: Ledger, name: str = "baker") -> str:
    with ledger.store.read() as reads:
        return give_link(ledger, view_of(reads), one(name)).code


def view_of(reads: Snapshot) -> LedgerView:
    return LedgerView(reads, own_tree(reads), private=True)


def whose(ledger: Ledger, code: str) -> bytes:
    with ledger.store.read() as reads:
        return whose_link(ledger, view_of(reads), code)


def used(ledger: Ledger, code: str) -> tuple[bytes, bytes]:
    with ledger.store.read() as reads:
        return use_link(ledger, view_of(reads), code)


def test_a_link_lets_in_once(ledger: Ledger) -> None:
    code = given(ledger)
    assert whose(ledger, code) == whose(ledger, code) == one("baker")
    assert used(ledger, code) == (one("baker"), key("baker").public)
    for again in (whose, used):
        with pytest.raises(NotFoundError, match="not good any more"):
            again(ledger, code)


def test_of_two_who_use_it_at_once_one_comes_in(ledger: Ledger) -> None:
    code = given(ledger)
    with ledger.store.read() as reads:  # has seen it unused
        view = view_of(reads)
        assert whose_link(ledger, view, code) == one("baker")
        used(ledger, code)
        assert whose_link(ledger, view, code) == one("baker")
        with pytest.raises(NotFoundError):
            use_link(ledger, view, code)


def test_a_newer_link_takes_the_place_of_the_one_before(ledger: Ledger) -> None:
    before, code = given(ledger), given(ledger)
    with pytest.raises(NotFoundError):
        used(ledger, before)
    assert used(ledger, code)[0] == one("baker")


def test_it_is_good_for_a_week(ledger: Ledger, clock: Clock) -> None:
    code = given(ledger)
    clock.now += GOOD_S - 1
    assert whose(ledger, code) == one("baker")
    clock.now += 1
    with pytest.raises(NotFoundError):
        used(ledger, code)


def test_with_another_key_it_is_worth_nothing(ledger: Ledger) -> None:
    code = given(ledger)
    body = {"member": one("baker"), "key": key("baker's own").public, "custody": "own"}
    say(ledger, "member.set", body, key("baker"), key("baker's own"))
    wait_until_folded(ledger.store, ledger.own.tree)
    with ledger.store.read() as reads:
        assert view_of(reads).book.need(Member, one("baker")).key == key("baker's own").public
    with pytest.raises(NotFoundError):
        used(ledger, code)


def test_a_backup_that_is_put_back_lets_nobody_in_again(ledger: Ledger, tmp_path: Path) -> None:
    code = given(ledger)
    ledger.writer.settle()
    take_backup(ledger.directory, tmp_path / "backup", None, NOW)
    used(ledger, code)
    again = DataDirectory(tmp_path / "again")
    restore(again, tmp_path / "backup", None)
    store = SqliteStore(again.store)
    try:
        with store.read() as reads:
            assert reads.member_link(_digest(code)) is None
    finally:
        store.close()


def test_who_has_a_key_of_their_own_gets_none(ledger: Ledger) -> None:
    with pytest.raises(RefusedError, match="their own key"):
        given(ledger, "amina")
    with pytest.raises(NotFoundError):
        given(ledger, "nobody")


async def test_from_the_member_s_page_to_the_member(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    base = f"/ledger/{show_log_id(ledger.log_id)}"
    member = f"{base}/member/{one('baker').hex()}"
    await sign_in(browser)
    page = await read(browser, member)
    assert "with a link they sign in once" in page.text
    forged = await browser.post(f"{member}/link", data={"csrf": "x"}, headers=HTML)
    assert forged.status == 403
    answer = await browser.post(f"{member}/link", data=given_out(page), headers=HTML)
    told = await answer.text()
    assert answer.status == 200, told
    assert answer.headers["Cache-Control"] == "no-store"
    url = told.partition('dir="ltr">http')[2].partition("<")[0]
    path = urlsplit(f"http{url}").path
    assert path.startswith(f"{base}/come-in/")

    browser.session.cookie_jar.clear()
    for _ in range(2):  # looking uses nothing up
        page = await read(browser, path)
        assert "It is good once." in page.text
    assert MEMBER_COOKIE not in {cookie.key for cookie in browser.session.cookie_jar}
    answer = await browser.post(path, data={}, headers=HTML, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, member)
    assert "You are signed in" in (await read(browser, member)).text
    answer = await browser.post(path, data={}, headers=HTML)
    assert answer.status == 404
    assert "Ask a steward for another" in await answer.text()


async def test_over_a_way_on_which_others_read_along_nobody_comes_in(
    browser: TestClient[Any, Any], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.reciprocity.member_links.is_private_way", lambda _: False)
    code = given(ledger)
    path = f"/ledger/{show_log_id(ledger.log_id)}/come-in/{code}"
    answer = await browser.post(path, data={}, headers=HTML, allow_redirects=False)
    assert answer.status == 403
    assert "others could read along" in await answer.text()
    assert whose(ledger, code) == one("baker")


async def test_programs_of_a_steward_make_links_too(node: RunningNode) -> None:
    write_mutual(node.ledger)
    keep_member_key(node.ledger.directory, key("baker"))
    status, told = await node.post("/v1/member-links", {"member": one("baker").hex()})
    assert status == 201
    code = told["url"].rpartition("/")[2]
    assert whose(node.ledger, code) == one("baker")
    assert (await node.post("/v1/member-links", {"member": one("amina").hex()}))[0] == 409
    assert (await node.post("/v1/member-links", {"member": one("nobody").hex()}))[0] == 404
    assert (await node.post("/v1/member-links", {"member": "x"}))[0] == 400
    assert (await node.post("/v1/member-links", {"member": one("baker").hex()}, token=None))[0] == 401


@pytest.mark.long
@for_each_reader
async def test_the_page_of_a_link_is_for_everybody(
    bare: RunningNode, tab: Tab, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    write_mutual(bare.ledger)
    keep_member_key(bare.ledger.directory, key("baker"))
    path = f"/ledger/{show_log_id(bare.log_id)}/come-in/{given(bare.ledger)}"
    await check_for_everybody(bare, tab, monkeypatch, reader, [path])
