# SPDX-License-Identifier: AGPL-3.0-or-later
"""What nobody has seen for a year: grey, archived, listed, given out on paper and by link, answered, taken back."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ledger.directory import checks
from ledger.directory.checks import ANSWERS_MAX, CODE_LETTERS, STALE_S, new_code, read_code, show_code
from ledger.directory.query import ARCHIVED_S
from ledger.errors import StoreFullError
from tests.node.stewarding import EVIL, HTML, checked, form_of, plain, point, put, record, record_path

if TYPE_CHECKING:
    from tests.node.browsing import Page
    from tests.node.running import RunningNode
    from tests.node.stewarding import Steward

LILLE = {"street": "12 rue de la Clef", "postcode": "59000", "locality": "Lille", "country": "FR"}
FRESH = record("fresh", address=LILLE)
OLD = record("old", address=LILLE, hours="Mo-Fr 09:00-18:00", point=point(50.63, 3.06))
OLDER = record("older", address=LILLE | {"locality": "Gent", "country": "BE"})


@dataclass
class Visitor:
    """Somebody without an account."""

    node: RunningNode

    async def read(self, path: str, status: int = 200) -> Page:
        async with self.node.client.get(self.node.url + path, headers=HTML, allow_redirects=False) as answer:
            assert answer.status == status, path
            return checked(await answer.text())

    async def send(self, path: str, fields: dict[str, str], status: int = 303) -> str:
        url = self.node.url + path
        async with self.node.client.post(url, data=fields, headers=HTML, allow_redirects=False) as answer:
            assert answer.status == status, await answer.text()
            return answer.headers["Location"] if status == 303 else await answer.text()


@pytest.fixture
def visitor(node: RunningNode) -> Visitor:
    return Visitor(node)


@pytest.fixture
def aged(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> RunningNode:
    """A node with one record of today, one that was put over a year ago, one over two years ago."""
    now = time.time()
    for one, age in ((FRESH, 0), (OLD, STALE_S + 86_400), (OLDER, ARCHIVED_S + 86_400)):
        monkeypatch.setattr(node.ledger, "clock", lambda then=now - age: then)
        put(node.ledger, one)
    monkeypatch.setattr(node.ledger, "clock", time.time)
    return node


def test_codes_are_typed_from_paper() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert {len(code) for code in codes} == {CODE_LETTERS}
    for code in codes:
        assert read_code(show_code(code)) == code
        assert read_code(f" {show_code(code).lower().replace('0', 'o').replace('1', 'l')} ") == code
    for wrong in ("", "K7QF-2M9X", "K7QF-2M9X-41T!", "U" * 12, "K7QF2M9X41TBK"):
        assert read_code(wrong) == ""


async def test_search_leaves_out_what_is_archived_and_greys_what_is_old(aged: RunningNode) -> None:
    async def names(query: str) -> set[str]:
        _, page = await aged.get(f"/v1/records?{query}")
        return {one["name"]["en"] for one in page["records"]}

    assert await names("") == {"fresh", "old"}
    assert await names("archived=include") == {"fresh", "old", "older"}
    assert await names("archived=only") == {"older"}
    status, found = await aged.get(f"/v1/records/{record_path(aged, OLDER)}")
    assert (status, found["record"]["name"]) == (200, {"en": "older"})
    assert (await aged.get("/v1/records?archived=x"))[0] == 400
    visitor = Visitor(aged)
    page = await visitor.read("/")
    grey = [a for tag, a in page.elements if tag == "li" and a.get("class") == "grey"]
    assert len(grey) == 1
    assert "/?archived=only" in page.links()
    assert "Only what is archived" in (await visitor.read("/?archived=only")).text


async def give(steward: Steward, **fields: str) -> tuple[str, list[str]]:
    """Gives out links; the address of the list, and the codes on it."""
    page = await steward.read("/steward/checks")
    where = await steward.send("/steward/checks", form_of(page, "/steward/checks", 1) | fields, 303)
    listed = await steward.read(where)
    return where, re.findall(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b(?=\s*\n)", listed.text)


async def test_a_list_is_given_out_and_answered_and_the_history_says_through_what(
    aged: RunningNode, steward: Steward, visitor: Visitor
) -> None:
    page = await steward.read("/steward/checks")
    names = {a.get("name") for _, a in page.elements}
    assert [one["name"]["en"] for one in (FRESH, OLD, OLDER) if f"pick-{one['id'].hex()}" in names] == ["old", "older"]
    assert plain(page.text).index("Gent") < plain(page.text).index("Lille")
    where, codes = await give(steward, to="the neighbours of Wazemmes", **{f"pick-{OLD['id'].hex()}": "yes"})
    assert len(set(codes)) == 1
    listed = await steward.read(where)
    text = plain(listed.text)
    for said in (
        "the neighbours of Wazemmes",
        "12 rue de la Clef, 59000, Lille, FR",
        "Mo-Fr 09:00-18:00",
        "still right",
    ):
        assert said in text
    assert any(tag == "path" for tag, _ in listed.elements)
    assert f"{aged.url}/check/{codes[0]}" in text

    page = await visitor.read(f"/check/{codes[0]}")
    assert "Mo-Fr 09:00-18:00" in page.text
    then = await visitor.send(f"/check/{codes[0]}", {"finding": "right", "note": ""})
    assert "with today's date" in (await visitor.read(then)).text
    _, told = await aged.get(f"/v1/records/{record_path(aged, OLD)}")
    assert time.time() - told["record"]["checked_at"] < 600
    latest = told["history"][0]
    assert latest["kind"] == "claim.checked"
    assert latest["body"]["note"] == "checked through the link given out to the neighbours of Wazemmes"
    assert f"pick-{OLD['id'].hex()}" not in {a.get("name") for _, a in (await steward.read("/steward/checks")).elements}
    assert "1 of 1 answered" in (await steward.read("/steward/checks")).text


async def test_what_has_changed_waits_for_a_steward(aged: RunningNode, steward: Steward, visitor: Visitor) -> None:
    _, codes = await give(steward, to="Repair Café")
    code = codes[-1]
    then = await visitor.send(f"/check/{code}", {"finding": "closed", "note": f"nobody there {EVIL}"})
    assert "close the entry" in (await visitor.read(then)).text
    page = await steward.read("/steward/checks")
    assert "it is closed for good" in page.text
    assert EVIL in page.text
    assert f"/propose?record={OLD['id'].hex()}" in page.links()
    _, told = await aged.get(f"/v1/records/{record_path(aged, OLD)}")
    assert told["record"]["status"] == "active", "a steward decides"
    assert "Entries that somebody says have changed" in (await steward.read("/steward")).text
    handled = "/steward/checks/handled"
    await steward.send(handled, form_of(page, handled), 303)
    assert "Somebody says that it has changed" not in (await steward.read("/steward/checks")).text


async def test_links_are_taken_back_and_end(aged: RunningNode, steward: Steward, visitor: Visitor) -> None:
    where, codes = await give(steward, to="a group")
    first, second = sorted(set(codes))
    listed = await steward.read(where)
    taken = next(
        form for number in range(3) if (form := form_of(listed, where, number)).get("code") == first.replace("-", "")
    )
    await steward.send(where, taken, 303)
    assert "not good any more" in (await visitor.read(f"/check/{first}")).text
    assert "not good any more" in await visitor.send(f"/check/{first}", {"finding": "right"}, 422)
    for _ in range(ANSWERS_MAX):
        await visitor.send(f"/check/{second}", {"finding": "right"})
    size = aged.ledger.own.size
    assert "not good any more" in await visitor.send(f"/check/{second}", {"finding": "right"}, 422)
    await steward.send(where, form_of(listed, where), 303)
    assert aged.ledger.own.size == size


async def test_many_answers_at_once_are_no_more_than_a_link_takes(
    aged: RunningNode, steward: Steward, visitor: Visitor
) -> None:
    _, codes = await give(steward, to="a group")
    size = aged.ledger.own.size

    async def answer() -> int:
        url = f"{aged.url}/check/{codes[0]}"
        async with aged.client.post(url, data={"finding": "right"}, headers=HTML, allow_redirects=False) as told:
            return told.status

    statuses = await asyncio.gather(*(answer() for _ in range(5 * ANSWERS_MAX)))
    assert statuses.count(303) == aged.ledger.own.size - size == ANSWERS_MAX
    assert {*statuses} <= {303, 409, 422}
    assert "not good any more" in await visitor.send(f"/check/{codes[0]}", {"finding": "right"}, 422)


async def test_an_answer_that_could_not_be_kept_is_not_counted(
    aged: RunningNode, steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, codes = await give(steward, to="a group")

    def full(_: object) -> None:
        raise StoreFullError("no room left")

    code = read_code(codes[0])
    with monkeypatch.context() as patch:
        patch.setattr(aged.ledger.writer, "append", full)
        with pytest.raises(StoreFullError):
            checks.answer(aged.ledger, code, "right", "")
    with aged.ledger.store.read() as reads:
        link = reads.check_link(code)
    assert link is not None
    assert (link.answers, link.finding) == (0, "")


async def test_a_link_ends_with_its_time(
    aged: RunningNode, steward: Steward, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, codes = await give(steward, to="a group", days="2")
    monkeypatch.setattr(aged.ledger, "clock", lambda: time.time() + 3 * 86_400)
    assert "not good any more" in (await visitor.read(f"/check/{codes[0]}")).text


async def test_what_makes_no_sense_is_refused(aged: RunningNode, steward: Steward, visitor: Visitor) -> None:
    _, codes = await give(steward, to="a group")
    for wrong in ({"finding": "perhaps"}, {}, {"finding": "right", "note": "x" * 1001}):
        await visitor.send(f"/check/{codes[0]}", wrong, 422)
    for nowhere in ("/check/0000-0000-0000", "/check/x", "/steward/checks/given/" + "00" * 16):
        answer = await (visitor.read(nowhere, 404) if "steward" not in nowhere else steward.read(nowhere, 404))
        assert "There is no such page" in answer.text or "Not found" in answer.text
    page = await steward.read("/steward/checks")
    fields = form_of(page, "/steward/checks", 1)
    assert "Say whom the links are given to." in (await steward.send("/steward/checks", fields, 422)).text
    for wrong in ({"to": "x" * 101}, {"to": "a", "days": "0"}, {"to": "a", "pick-zz": "yes"}, {"to": "a\x07"}):
        await steward.send("/steward/checks", fields | wrong, 400)
    await steward.send("/steward/checks", fields | {"to": "a", f"pick-{'00' * 16}": "yes"}, 404)
    typed = await visitor.read("/check?code=hello", 422)
    assert "That is no code of a list" in typed.text
    async with aged.client.get(f"{aged.url}/check?code={codes[0].lower()}", allow_redirects=False) as led:
        assert led.headers["Location"] == f"/check/{codes[0]}"


async def test_programs_give_out_links_too(aged: RunningNode) -> None:
    value: dict[str, Any] = {"records": [OLD["id"].hex()], "given_to": "a program"}
    status, told = await aged.post("/v1/checks", value)
    assert status == 201
    assert told["links"][0]["url"].startswith(f"{aged.url}/check/")
    _, given = await aged.get("/v1/checks", headers={"Authorization": f"Bearer {aged.token}"})
    assert [(one["given_to"], one["links"], one["answered"]) for one in given["given"]] == [("a program", 1, 0)]
    assert (await aged.post("/v1/checks", value, token=None))[0] == 401
    for wrong in ({}, value | {"days": "x"}, value | {"records": "x"}, value | {"records": ["x"]}, value | {"more": 1}):
        assert (await aged.post("/v1/checks", wrong))[0] == 400, wrong


@pytest.mark.usefixtures("aged")
async def test_the_list_is_narrowed(steward: Steward) -> None:
    for query, shown in (
        ("near=Gand", ["older"]),
        ("near=Lille", ["old"]),
        ("age=archived", ["older"]),
        ("kind=offer", []),
    ):
        names = {a.get("name") for _, a in (await steward.read(f"/steward/checks?{query}")).elements}
        assert [one for one in ("old", "older") if f"pick-{record(one)['id'].hex()}" in names] == shown, query
    assert "No town" in (await steward.read("/steward/checks?near=Qqqxz")).text
