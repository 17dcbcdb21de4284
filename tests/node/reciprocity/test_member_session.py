# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members sign in with their key, and see what is said of them and not public; nobody else does (spec 17 §12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from node.web.session import ATTEMPTS_MAX, COOKIE, MEMBER_COOKIE
from protocol.identity import show_log_id
from protocol.member_replay import MemberVerdict
from protocol.member_verdict import judge_member
from protocol.reader import Asking
from protocol.signature import SigningKey
from tests.builders import seeded
from tests.ledger.organising import say
from tests.node.browsing import serve
from tests.node.mutual import key, one, write_mutual
from tests.node.steward.test_steward import HTML, given_out, read, send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000
SECRET = b"Bruno Secret"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path_factory.mktemp("mutual"))
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        write_mutual(opened)
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


@pytest.fixture
def base(ledger: Ledger) -> str:
    return f"/ledger/{show_log_id(ledger.log_id)}"


def code(browser: TestClient[Any, Any], ledger: Ledger, name: str = "bruno", **changes: Any) -> str:
    """What `folkmoot member sign-in` shows."""
    there = f"/ledger/{show_log_id(ledger.log_id)}/sign-in"
    host = f"{browser.host}:{browser.port}"
    signer = changes.pop("signer", None) or key(name)
    return Asking(host, ledger.log_id, one(name), there, NOW)._replace(**changes).header(signer)


async def sign_in(browser: TestClient[Any, Any], ledger: Ledger, text: str) -> str:
    """Pastes a code; where it leads."""
    path = f"/ledger/{show_log_id(ledger.log_id)}/sign-in"
    answer = await browser.post(path, data={"code": text}, headers=HTML, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


async def test_a_member_sees_their_own(browser: TestClient[Any, Any], ledger: Ledger, base: str) -> None:
    own, other = (f"{base}/member/{one(name).hex()}" for name in ("bruno", "amina"))
    before = await read(browser, own)
    assert "Bruno Secret" not in before.text
    (there,) = [url for url in before.links() if "sign-in" in url]
    page = await read(browser, there)
    assert f"folkmoot member sign-in http://{browser.host}:{browser.port}{own} --key" in page.text

    assert await sign_in(browser, ledger, f"\n {code(browser, ledger)}\n") == own
    answer = await browser.get(own, headers=HTML)
    assert (await answer.text()).count("Bruno Secret") > 1
    assert answer.headers["Cache-Control"] == "no-store"
    page = await read(browser, own)
    assert "You are signed in: what only you and stewards see is shown" in page.text
    assert "bruno@example.org" in page.text
    assert "Your page" in (await read(browser, other)).text
    data = f"/v1{base}/members/{one('bruno').hex()}"
    for path in (data, f"{data}/statement", f"{data}/page"):
        answer = await browser.get(path)
        assert (SECRET in await answer.read()) or path.endswith("page")
        assert answer.headers["Cache-Control"] == "no-store"
    statement = await (await browser.get(f"{data}/statement")).read()
    assert judge_member(statement).verdict is MemberVerdict.TRUE
    assert (await browser.get(f"{data}?scope=private")).status == 401
    answer = await browser.get("/steward", headers=HTML, allow_redirects=False)
    assert answer.headers["Location"] == "/steward/sign-in"

    page = await read(browser, f"{base}/sign-in")
    assert "You are signed in as Bruno Secret" in page.text
    forged = await browser.post(f"{base}/sign-out", data={"csrf": "x"}, headers=HTML)
    assert forged.status == 403
    answer = await browser.post(f"{base}/sign-out", data=given_out(page), headers=HTML, allow_redirects=False)
    assert answer.headers["Location"] == base
    assert "Bruno Secret" not in (await read(browser, own)).text


async def test_others_see_no_more_than_before(browser: TestClient[Any, Any], ledger: Ledger, base: str) -> None:
    await sign_in(browser, ledger, code(browser, ledger, "amina"))
    for path in ("", "/members", f"/member/{one('bruno').hex()}"):
        answer = await browser.get(base + path, headers=HTML)
        assert SECRET not in await answer.read()
    for path in ("", "/statement", "/page"):
        answer = await browser.get(f"/v1{base}/members/{one('bruno').hex()}{path}")
        assert SECRET not in await answer.read()


async def test_a_code_is_good_once_for_this_page_and_now(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    used = code(browser, ledger)
    await sign_in(browser, ledger, used)
    browser.session.cookie_jar.clear()
    for text in (
        used,
        code(browser, ledger, host="elsewhere.example.org"),
        code(browser, ledger, target=f"{base}/sign-out"),
        code(browser, ledger, at=NOW - 301),
    ):
        page = await send(browser, f"{base}/sign-in", {"code": text}, 403)
        assert "Make a new one" in page.text


async def test_nobody_comes_in_with_another_key(browser: TestClient[Any, Any], ledger: Ledger, base: str) -> None:
    for text in (
        code(browser, ledger, signer=key("amina")),
        code(browser, ledger, member=one("nobody")),
        code(browser, ledger, log_id=bytes(32)),
        "",
    ):
        answer = await browser.post(f"{base}/sign-in", data={"code": text}, headers=HTML)
        assert answer.status == 403
        assert MEMBER_COOKIE not in answer.cookies
    for _ in range(ATTEMPTS_MAX - 4):
        await send(browser, f"{base}/sign-in", {"code": "x"}, 403)
    await send(browser, f"{base}/sign-in", {"code": "x"}, 429)
    await send(browser, f"{base}/sign-in", {"code": code(browser, ledger)})


async def test_the_cookie_is_no_stewards(browser: TestClient[Any, Any], ledger: Ledger, base: str) -> None:
    path = f"{base}/sign-in"
    answer = await browser.post(path, data={"code": code(browser, ledger)}, headers=HTML, allow_redirects=False)
    for said in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert said in answer.headers["Set-Cookie"]
    cookie = answer.cookies[MEMBER_COOKIE].value
    browser.session.cookie_jar.clear()
    answer = await browser.get("/steward", headers=HTML | {"Cookie": f"{COOKIE}={cookie}"}, allow_redirects=False)
    assert answer.status == 303
    elsewhere = base[:-1] + ("a" if base[-1] != "a" else "q")
    assert (await browser.get(f"{elsewhere}/sign-in", headers=HTML)).status == 404


async def test_a_new_key_ends_the_session(browser: TestClient[Any, Any], ledger: Ledger, base: str) -> None:
    """The last of these: afterwards the member has another key."""
    own = f"{base}/member/{one('bruno').hex()}"
    await sign_in(browser, ledger, code(browser, ledger))
    assert "Bruno Secret" in (await read(browser, own)).text
    new = SigningKey.from_seed(seeded("bruno's new key"))
    body = {"member": one("bruno"), "key": new.public, "custody": "own"}
    say(ledger, "member.set", body, key("bruno"), new)
    ledger.writer.settle()
    assert "Bruno Secret" not in (await read(browser, own)).text
    assert await sign_in(browser, ledger, code(browser, ledger, signer=new)) == own
    assert "Bruno Secret" in (await read(browser, own)).text
