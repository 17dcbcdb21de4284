# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of the charter without scripts: what it says, what is drafted, dropped, taken in, and what is wrong."""

from __future__ import annotations

import json
from base64 import b64decode
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, FormData

from ledger.errors import StoreFullError
from ledger.own.amending import put_in_force
from ledger.own.keys import read_key
from ledger.own.operating import make_coming_key
from node import restarting
from node.steward import charter
from node.web.session import COOKIE
from protocol.amendment import Amendment, read_amendment, write_amendment
from protocol.charter import establish
from tests.node.running import RunningNode, until
from tests.node.steward.amending import SECRETS, Served, found, serving
from tests.node.stewarding import EVIL, Steward, checked, form_of, plain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PAGE = "/steward/charter"


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    running = await RunningNode(found(tmp_path / "moot")).start()
    try:
        yield running
    finally:
        await running.stop()


async def fields(steward: Steward, action: str, **texts: str) -> dict[str, str]:
    """What a form of the page sends, with some of it filled in."""
    page = await steward.read(PAGE)
    number = sum(tag == "form" and a.get("action") == PAGE for tag, a in page.elements)
    forms = [form_of(page, PAGE, one) for one in range(number)]
    return next(one for one in forms if one["action"] == action) | texts


async def do(steward: Steward, action: str, status: int = 303, **texts: str) -> Any:
    return await steward.send(PAGE, await fields(steward, action, **texts), status)


async def kept(steward: Steward) -> Amendment:
    """The amendment as it is handed out."""
    url = f"{steward.node.url}{PAGE}/amendment.json"
    async with steward.node.client.get(url, headers=steward.headers) as answer:
        assert "attachment" in answer.headers["Content-Disposition"]
        return read_amendment(await answer.read())


async def send_file(steward: Steward, content: bytes, status: int) -> str:
    form = FormData()
    form.add_field("csrf", (await fields(steward, "drop"))["csrf"])
    form.add_field("file", BytesIO(content), filename="signed.json", content_type="application/json")
    url = f"{steward.node.url}{PAGE}/signed"
    async with steward.node.client.post(url, data=form, headers=steward.headers, allow_redirects=False) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


async def test_who_can_sign_and_who_can_change_that(node: RunningNode, steward: Steward) -> None:
    text = plain((await steward.read(PAGE)).text)
    key = node.ledger.key.public.hex()
    assert f"{key[:4]} {key[4:8]}" in text
    assert "Any 2 of the 3 recovery sheets together." in text
    status, told = await node.get("/v1/charter")
    assert (status, told["schema"], told["operating"], told["kseq"]) == (200, "folkmoot.charter/1", [key], 0)
    assert told["recovery"]["threshold"] == 2
    assert told["assembly"] == {"quorum": [1, 2], "majority": [1, 2]}
    assert establish([b64decode(one) for one in told["charters"]]).log_id == node.log_id


async def test_what_is_wrong_stands_beside_its_field(node: RunningNode, steward: Steward) -> None:
    page = await do(
        steward, "amend", 422, endpoints=f"https://a.example\n{EVIL.split()[0]}", turnout="2", quorum="1",
        licence="my own!", name_en="", name_fr="",
    )  # fmt: skip
    wrong = {a["id"].removesuffix("-fault") for tag, a in page.elements if a.get("class") == "fault"}
    assert wrong == {"endpoints", "turnout", "quorum", "licence", "name_en", "name_fr"}
    assert (
        next(a for _, a in page.elements if a.get("id") == "turnout")["aria-describedby"]
        == "turnout-hint turnout-fault"
    )
    assert "Nothing was changed." in page.text
    same = await do(steward, "amend", 422)
    assert "Nothing is different from what the charter says." in same.text
    assert not node.directory.amendment.exists()


async def test_holders_copies_come_together(node: RunningNode, steward: Steward) -> None:
    await do(steward, "amend", name_fr="Les communs", turnout="1/3", endpoints="https://moot.example/")
    page = plain((await steward.read(PAGE)).text)
    assert "An amendment waits: charter number 1" in page
    assert "2 more of the holders have to sign." in page
    assert "fr: Les communs" in page
    assert "1/3 of the members have to vote, more than 50 % of the votes decide" in page
    draft = await kept(steward)
    await do(steward, "merge", text=write_amendment(draft.sign(SECRETS[2])).decode())
    assert "1 more of the holders has to sign." in plain((await steward.read(PAGE)).text)
    _, desk = await node.get("/v1/desk", headers={"Authorization": f"Bearer {node.token}"})
    row = next(row for row in desk["waiting"] if row["sort"] == "amendment")
    assert (row["count"], row["first"][0]["remark"]) == (1, "signatures lacking: 1")
    await send_file(steward, write_amendment(draft.sign(SECRETS[0])), 303)
    page = plain((await steward.read(PAGE)).text)
    assert "Enough of the holders have signed." in page
    assert "This node cannot start itself again." in page
    csrf = (await fields(steward, "drop"))["csrf"]
    refused = await steward.send(PAGE, {"csrf": csrf, "action": "apply"}, 422)
    assert "use the command line" in refused.text
    await node.stop()
    put_in_force(node.directory, draft.sign(SECRETS[0]).sign(SECRETS[1]), 1_790_000_000)
    await node.start()
    _, told = await node.get("/v1/charter")
    assert (told["kseq"], told["name"]["fr"], told["assembly"]["quorum"]) == (1, "Les communs", [1, 3])


async def test_what_does_not_belong_is_not_taken_in(node: RunningNode, steward: Steward) -> None:
    await do(steward, "amend", territory="Lille")
    draft = await kept(steward)
    file = json.loads(write_amendment(draft.sign(SECRETS[0])))
    forged = json.dumps(file | {"signatures": [[key, "00" * 64] for key, _ in file["signatures"]]}).encode()
    for content, said in (
        (b"{}", "This is not the file of an amendment."),
        (b"", "This is not the file of an amendment."),
        (forged, "A signature in it does not hold"),
        (b"x" * 1_048_577, "This is not the file of an amendment."),
    ):
        assert said in await send_file(steward, content, 422)
    await do(steward, "drop")
    assert "An amendment waits" not in (await steward.read(PAGE)).text
    await do(steward, "amend", territory="Roubaix")
    assert "another amendment than the one that waits here" in await send_file(steward, write_amendment(draft), 422)
    async with node.client.post(f"{node.url}{PAGE}/signed", data=FormData(), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/steward/sign-in")
    stranger = await steward.send(PAGE, {"csrf": "x", "action": "drop"}, 403)
    assert "too old" in stranger.text
    assert node.directory.amendment.exists()


async def test_keys_are_replaced_and_what_is_dropped_leaves_none(node: RunningNode, steward: Steward) -> None:
    await do(steward, "rotate")
    (coming,) = node.directory.key.parent.glob("operating-*.key")
    assert (await kept(steward)).charter.keys == [read_key(coming).public]
    csrf = (await fields(steward, "drop"))["csrf"]
    page = await steward.send(PAGE, {"csrf": csrf, "action": "rotate"}, 422)
    assert "An amendment waits for signatures already" in page.text
    await do(steward, "drop")
    assert not coming.exists()
    page = await do(steward, "epoch", 422, size="99")
    assert "1 are held here" in page.text
    assert await steward.send(PAGE, {"csrf": csrf, "action": "epoch", "size": "x"}, 422)
    await do(steward, "epoch", size="1")
    assert "Epoch 2 is opened. Of the one before, the first 1 entries count" in plain((await steward.read(PAGE)).text)
    await do(steward, "drop")
    gone = await steward.send(PAGE, {"csrf": csrf, "action": "revoke", "about": "ab" * 32}, 422)
    assert "There is no such key any more" in gone.text
    assert not list(node.directory.key.parent.glob("operating-*.key"))
    assert (
        "There is no such key"
        in (await steward.send(PAGE, {"csrf": csrf, "action": "destroy", "about": "x"}, 422)).text
    )
    assert "nothing of that name" in (await steward.send(PAGE, {"csrf": csrf, "action": "explode"}, 422)).text


async def test_a_removed_key_that_was_kept_aside_is_destroyed(node: RunningNode, steward: Steward) -> None:
    old = node.ledger.key.public
    await do(steward, "rotate")
    draft = await kept(steward)
    await node.stop()
    put_in_force(node.directory, draft.sign(SECRETS[0]).sign(SECRETS[1]), 1_790_000_000)
    await node.start()
    again = Steward(node)
    assert node.directory.removed_key(old).exists()
    await do(again, "destroy", about=old.hex())
    assert not node.directory.removed_key(old).exists()
    make_coming_key(node.directory)
    assert "Kept aside" not in (await again.read(PAGE)).text


async def test_the_page_that_signs_goes_along(node: RunningNode, steward: Steward) -> None:
    async with node.client.get(f"{node.url}/sign-amendment") as answer:
        html = await answer.text()
        assert "connect-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert 'id="file"' not in html
    assert (await steward.read(f"{PAGE}/amendment.json", 404)).text
    await do(steward, "amend", name_en=EVIL)
    for path, saved in ((f"{PAGE}/sign", False), (f"{PAGE}/sign?save", True)):
        async with node.client.get(node.url + path, headers=steward.headers) as answer:
            html = await answer.text()
            assert ("Content-Disposition" in answer.headers) == saved
            assert 'id="file"' in html
            assert "alert(1)" not in html  # it stands there in base64
    async with node.client.get(f"{node.url}{PAGE}/sign", allow_redirects=False) as answer:
        assert answer.status == 303


@pytest.mark.parametrize(("action", "more", "epoch"), [("rotate", {}, 1), ("epoch", {"size": "1"}, 2)])
async def test_it_is_put_in_force_without_scripts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str, more: dict[str, str], epoch: int
) -> None:
    """The page that says so asks for the next one, which is answered when the node runs again, in the same session."""
    monkeypatch.setattr(restarting, "ANSWER_S", 0)
    directory = found(tmp_path / "moot")
    async with serving(directory) as served:
        url, csrf = served.url + PAGE, await begin(served)
        headers = {"Cookie": f"{COOKIE}={served.cookie}", "Accept": "text/html", "Accept-Language": "en"}
        async with ClientSession(headers=headers) as client:

            async def send(action: str, status: int, **texts: str) -> str:
                async with client.post(url, data={"csrf": csrf, "action": action} | texts) as answer:
                    assert answer.status == status
                    return await answer.text()

            await send(action, 200, **more)
            assert "Too few holders have signed." in await send("apply", 422)
            draft = read_amendment(directory.amendment.read_bytes())
            await send("merge", 200, text=write_amendment(draft.sign(SECRETS[0]).sign(SECRETS[1])).decode())
            old = served.node.ledger.key.public
            page = checked(await send("apply", 200))
            assert "Starting again" in page.text
            assert any(a.get("content") == f"2; url={PAGE}" for tag, a in page.elements if tag == "meta")
            await until(lambda: "started again" in served.said)
            async with client.get(url) as answer:
                text = plain(checked(await answer.text()).text)
            assert "Charter number 1 is in force." in text
            assert "Kept aside, though nothing needs it:" in text
            assert read_key(directory.key).public != old
            async with client.get(f"{served.url}/v1/charter") as answer:
                told = await answer.json()
            assert (told["epoch"], told["kseq"], told["removed"]) == (epoch, 1, [old.hex()])
            async with client.get(f"{served.url}/readyz") as answer:
                assert (await answer.json())["signing"] is True


async def test_what_keeps_it_from_coming_into_force_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarting, "ANSWER_S", 0)
    monkeypatch.setattr(charter, "put_in_force", refuse)
    directory = found(tmp_path / "moot")
    async with serving(directory) as served:
        url, csrf = served.url + PAGE, await begin(served)
        async with ClientSession(headers={"Cookie": f"{COOKIE}={served.cookie}", "Accept-Language": "en"}) as client:
            async with client.post(url, data={"csrf": csrf, "action": "amend", "territory": "Lille"} | REST):
                draft = read_amendment(directory.amendment.read_bytes())
            directory.amendment.write_bytes(write_amendment(draft.sign(SECRETS[0]).sign(SECRETS[1])))
            async with client.post(url, data={"csrf": csrf, "action": "apply"}) as answer:
                assert answer.status == 200
            await until(lambda: any("the charter was not changed" in said for said in served.said))
            async with client.get(url) as answer:
                text = plain(checked(await answer.text()).text)
            assert "The charter was not changed; the node runs as before. the disk is full" in text
            assert "Enough of the holders have signed." in text


REST = {"licence": "CC0-1.0", "quorum": "0", "name_en": "Moot", "name_fr": "Communs"}


def refuse(*_: object, **__: object) -> None:
    raise StoreFullError("the disk is full")


async def begin(served: Served) -> str:
    """Signs in; what stands in each form."""
    served.cookie = served.node.restarting.sessions.begin()
    session = served.node.restarting.sessions.find(served.cookie)
    assert session is not None
    return session.csrf
