# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steward's forms in a browser: signing in, what is shown before it is signed, what is refused and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.own.member_keys import kept_member_key
from ledger.reciprocity.state import Account, Member
from ledger.showing.view import LedgerView, own_tree
from node.forms.table import FORMS, SECTIONS
from node.web.session import ATTEMPTS_ALL_MAX, ATTEMPTS_MAX, COOKIE
from protocol.carried import read_carried, sign_carried, write_carried
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.browsing import ACTIVE, Page, serve
from tests.node.mutual import EVIL, account_id, key, one, write_mutual

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000
HTML = {"Accept": "text/html", "Accept-Language": "en"}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path_factory.mktemp("mutual"))
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        write_mutual(opened)
        yield opened


@pytest.fixture
async def stranger(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


@pytest.fixture
async def steward(stranger: TestClient[Any, Any]) -> TestClient[Any, Any]:
    await sign_in(stranger)
    return stranger


async def sign_in(browser: TestClient[Any, Any]) -> None:
    answer = await browser.post("/steward/sign-in", data={"token": "token"}, headers=HTML)
    assert (answer.status, answer.url.path) == (200, "/steward")


async def read(browser: TestClient[Any, Any], path: str, status: int = 200, language: str = "en") -> Page:
    answer = await browser.get(path, headers=HTML | {"Accept-Language": language})
    assert answer.status == status, path
    return checked(await answer.text())


async def send(browser: TestClient[Any, Any], path: str, fields: dict[str, str], status: int = 200) -> Page:
    answer = await browser.post(path, data=fields, headers=HTML)
    assert answer.status == status, await answer.text()
    return checked(await answer.text())


def checked(html: str) -> Page:
    page = Page(html)
    assert not ACTIVE & {tag for tag, _ in page.elements}
    assert page.count("h1") == page.count("main") == 1
    return page


def given_out(page: Page) -> dict[str, str]:
    """What the last form of a page sends by itself."""
    hidden = [a for tag, a in page.elements if tag == "input" and a.get("type") == "hidden"]
    begin = max(number for number, a in enumerate(hidden) if a["name"] == "csrf")
    return {a["name"]: a["value"] for a in hidden[begin:]}


async def fill(browser: TestClient[Any, Any], form: str, status: int = 200, **fields: Any) -> Page:
    """Opens a form and sends it: what would be signed, or what does not do."""
    page = await read(browser, f"/steward/do/{form}")
    return await send(browser, f"/steward/do/{form}", given_out(page) | fields, status)


async def sign(browser: TestClient[Any, Any], name: str, shown: Page) -> str:
    """Confirms what was shown; the address of what was written."""
    fields = given_out(shown) | {"step": "sign"}
    answer = await browser.post(f"/steward/do/{name}", data=fields, headers=HTML, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    return answer.headers["Location"]


def held(ledger: Ledger, name: str) -> int:
    """What an account holds."""
    ledger.writer.settle()
    with ledger.store.read() as reads:
        return LedgerView(reads, own_tree(reads)).book.need(Account, account_id(name)).posted


async def test_nobody_comes_in_without_the_token(stranger: TestClient[Any, Any]) -> None:
    for path in ("/steward", "/steward/do/pay", "/steward/done/3"):
        answer = await stranger.get(path, headers=HTML, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/steward/sign-in")
    wrong = await send(stranger, "/steward/sign-in", {"token": "tokens"}, 403)
    assert "That is not the token" in wrong.text
    for _ in range(ATTEMPTS_MAX - 1):
        await send(stranger, "/steward/sign-in", {"token": ""}, 403)
    assert "Too many attempts" in (await send(stranger, "/steward/sign-in", {"token": ""}, 429)).text


async def test_who_has_the_token_is_not_locked_out_by_others(stranger: TestClient[Any, Any]) -> None:
    for _ in range(ATTEMPTS_ALL_MAX + 1):
        await stranger.post("/steward/sign-in", data={"token": ""}, headers=HTML)
    await send(stranger, "/steward/sign-in", {"token": "token"})


async def test_the_cookie_goes_nowhere_else(stranger: TestClient[Any, Any]) -> None:
    answer = await stranger.post("/steward/sign-in", data={"token": " token\n"}, headers=HTML, allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    page = await stranger.get("/steward", headers=HTML)
    assert page.headers["Cache-Control"] == "no-store"
    shown = Page(await page.text())
    out = await stranger.post("/steward/sign-out", data=given_out(shown), headers=HTML, allow_redirects=False)
    assert out.status == 303
    assert (await stranger.get("/steward", headers=HTML, allow_redirects=False)).status == 303


async def test_a_form_of_another_site_does_nothing(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    size = ledger.own.size
    page = await read(steward, "/steward/do/pay")
    fields = given_out(page) | {"payer": "Bank", "payee": "Fund", "amount": "1", "on": "2026-09-01"}
    for csrf in ({}, {"csrf": ""}, {"csrf": "x" * 43}):
        stale = {name: text for name, text in fields.items() if name != "csrf"} | csrf
        assert "too old" in (await send(steward, "/steward/do/pay", stale, 403)).text
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = await steward.post("/steward/do/pay", data=fields, headers=HTML | headers)
        assert answer.status == 403
    for kind in ("text/plain", "application/json", "multipart/form-data; boundary=x"):
        body = urlencode(fields)
        answer = await steward.post("/steward/do/pay", data=body, headers=HTML | {"Content-Type": kind})
        assert answer.status == 400
    assert ledger.own.size == size


@pytest.mark.parametrize("body", ["a=1&" * 101, "%ff=%ff", "csrf=1&csrf=2", "&&&", "\0"])
async def test_strange_forms_are_refused(steward: TestClient[Any, Any], body: str) -> None:
    headers = HTML | {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await steward.post("/steward/do/pay", data=body, headers=headers)).status in {400, 403}


async def test_every_form_opens_in_both_languages(steward: TestClient[Any, Any]) -> None:
    index = await read(steward, "/steward")
    assert {f"/steward/do/{name}" for name in FORMS} <= set(index.links())
    assert {form.section for form in FORMS.values()} == set(SECTIONS)
    for name, form in FORMS.items():
        for language in ("en", "fr"):
            page = await read(steward, f"/steward/do/{name}", language=language)
            labelled = {a["for"] for tag, a in page.elements if tag == "label"}
            fields = {a["id"] for tag, a in page.elements if tag in {"input", "select", "textarea"} and "id" in a}
            assert labelled == fields == {field.name for field in form.fields}
    assert (await steward.get("/steward/do/nothing", headers=HTML)).status == 404
    template = await read(steward, "/steward/do/contract-offer?start=tool-library")
    assert 'kind = "access"' in template.text
    assert (await steward.get("/steward/do/contract-offer?start=../x", headers=HTML)).status == 404


async def test_a_form_never_sends_an_empty_one(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    size = ledger.own.size
    for name, form in FORMS.items():
        if any(field.required and field.sort != "check" and not field.default for field in form.fields):
            page = await fill(steward, name, 422)
            assert "This is needed." in page.text, name
            described = {i for _, a in page.elements for i in a.get("aria-describedby", "").split()}
            assert described <= {a["id"] for _, a in page.elements if "id" in a}
            assert any(a.get("aria-invalid") == "true" for _, a in page.elements)
    assert ledger.own.size == size


async def test_what_would_be_signed_is_shown_and_then_written_once(
    steward: TestClient[Any, Any], ledger: Ledger
) -> None:
    before = held(ledger, "fund")
    shown = await fill(steward, "pay", payer="Bank", payee="Fund", amount="1 012,5", on="2026-09-01")
    text = re.sub(r"\s+", " ", shown.text)
    for said in (
        "What would be signed",
        "Takes from",
        "Bank (",
        "1,012.50 EUR",
        "1 September 2026",
        "Moot",
        '"code": "transfer"',
    ):
        assert said in text
    assert held(ledger, "fund") == before
    place = await sign(steward, "pay", shown)
    assert await sign(steward, "pay", shown) == place, "whoever presses twice pays once"
    assert held(ledger, "fund") == before + 101_250
    done = await read(steward, place)
    assert "It is written" in done.text
    assert f"/ledger/{show_log_id(ledger.log_id)}/account/{account_id('fund').hex()}" in done.links()


async def test_what_would_be_signed_is_told_in_the_language_of_the_reader(steward: TestClient[Any, Any]) -> None:
    page = await read(steward, "/steward/do/event")
    fields = {"action": "deliverService", "provider": "Amina", "receiver": "Bruno", "on": "2026-09-01"}
    fields |= {"stream": "care", "gift": "yes", "effort_unit": "h", "effort": "1000.5"}
    answer = await steward.post(
        "/steward/do/event", data=given_out(page) | fields, headers=HTML | {"Accept-Language": "fr"}
    )
    text = re.sub(r"\s+", " ", checked(await answer.text()).text).partition("Exactement")[0]
    for said in ("service", "Soin", "rien en retour", "1er septembre 2026", "1 000,5"):
        assert said in text
    for left in ("deliverService", "care", "2026-09-01", "1000.5", "none"):
        assert left not in text


async def test_only_what_was_seen_is_signed(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    before = held(ledger, "fund")
    shown = await fill(steward, "pay", payer="Bank", payee="Fund", amount="1.00", on="2026-09-01")
    fields = given_out(shown) | {"step": "sign", "amount": "1000000.00"}
    again = await send(steward, "/steward/do/pay", fields)
    assert "It is not the same any more" in again.text
    assert "1,000,000.00\N{NO-BREAK SPACE}EUR" in again.text
    assert held(ledger, "fund") == before
    edited = await send(steward, "/steward/do/pay", given_out(again) | {"step": "edit"})
    assert "1000000.00" in [a.get("value") for tag, a in edited.elements if tag == "input"]


async def test_what_is_refused_is_told_beside_its_field(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    size = ledger.own.size
    page = await fill(steward, "pay", 422, payer="Services", payee="Fund", amount="99999", on="2026-09-01")
    assert "an account does not hold that much" in page.text
    (wrong,) = [a for tag, a in page.elements if a.get("aria-invalid")]
    assert wrong["name"] == "amount"
    for fields, said in (
        ({"amount": "1.005"}, "Write an amount like 12.50 EUR."),
        ({"amount": "0"}, "Write more than nothing"),
        ({"payee": "Services"}, "That is the account that pays."),
        ({"payee": "nobody"}, "is not known here"),
        ({"on": "2026-13-01"}, "Write a day like"),
        ({"payee": account_id("hours").hex()}, "That account is in h, not in EUR."),
    ):
        sent: dict[str, Any] = {"payer": "Services", "payee": "Fund", "amount": "1", "on": "2026-09-01"} | fields
        assert said in (await fill(steward, "pay", 422, **sent)).text
    assert ledger.own.size == size


async def test_a_member_is_taken_in_with_a_key_that_is_kept(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    fields: dict[str, Any] = {"class": "worker", "name": "Zoé", "contact": "z@example.org"}
    shown = await fill(steward, "member-add", **fields)
    assert "a new one, which this node makes and keeps" in shown.text
    assert "only this node; it can be erased" in shown.text
    place = await sign(steward, "member-add", shown)
    done = await read(steward, place)
    (path,) = [link for link in done.links() if "/member/" in link]
    page = await read(steward, path)
    assert "Zoé" in page.text
    with ledger.store.read() as reads:
        member = LedgerView(reads, own_tree(reads)).book.need(Member, bytes.fromhex(path.rpartition("/")[2]))
    assert kept_member_key(ledger.directory, member.key) is not None


async def test_whose_key_is_elsewhere_signs_there(steward: TestClient[Any, Any]) -> None:
    fields: dict[str, Any] = {"proposal": one("proposal").hex(), "member": one("amina").hex(), "choice": "no"}
    shown = await fill(steward, "vote", **fields)
    assert "What has to be signed elsewhere, too" in shown.text
    assert "their key is not kept here" in shown.text
    carried = read_carried(shown.text)
    unsigned = await fill(steward, "submit", 422, text=write_carried(carried))
    assert "it is not signed for everybody" in unsigned.text
    signed = write_carried(sign_carried(carried, key("amina")))
    shown = await fill(steward, "submit", text=signed)
    await sign(steward, "submit", shown)
    again = await fill(steward, "submit", text=signed)
    assert "It is written" in again.text, "it stands there already"


async def test_what_the_assembly_has_to_decide_is_put_to_it(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    size = ledger.own.size
    shown = await fill(steward, "claim-give-up", claim=one("claim 2").hex())
    assert "What the assembly would decide" in shown.text
    hidden = [a for tag, a in shown.elements if tag == "input" and a.get("name") == "permits"]
    fields = {"csrf": given_out(shown)["csrf"], "step": "edit", "permits": hidden[0]["value"], "choices": "yes\nno"}
    asked = await send(steward, "/steward/do/proposal", fields)
    fields = given_out(asked) | {"title": "Give it up?", "choices": "yes\nno", "permits": hidden[0]["value"]}
    proposal = await send(steward, "/steward/do/proposal", fields)
    assert "Permits" in proposal.text
    await sign(steward, "proposal", proposal)
    enacted = await fill(steward, "enact", 422, text=hidden[0]["value"])
    assert "No decision of the assembly permits exactly this" in enacted.text
    assert ledger.own.size - size <= 2


async def test_a_steward_sees_names_and_what_there_is_to_do(steward: TestClient[Any, Any], ledger: Ledger) -> None:
    base = f"/ledger/{show_log_id(ledger.log_id)}"
    bruno = await read(steward, f"{base}/member/{one('bruno').hex()}")
    assert "Bruno Secret" in bruno.text
    assert f"/steward/do/member-set?member={one('bruno').hex()}" in bruno.links()
    statement = next(link for link in bruno.links() if link.endswith("/statement?scope=private"))
    assert b"Bruno Secret" in await (await steward.get(statement)).read()
    contract = await read(steward, f"{base}/contract/{one('contract').hex()}")
    assert f"/steward/do/contract-sign?contract={one('contract').hex()}" in contract.links()


@pytest.mark.parametrize("name", ["pay", "member-profile", "note", "contract-offer", "dispute-open", "submit", "enact"])
async def test_what_somebody_writes_acts_nowhere(steward: TestClient[Any, Any], name: str) -> None:
    fields = dict.fromkeys((field.name for field in FORMS[name].fields), EVIL)
    opened = await read(steward, f"/steward/do/{name}")
    answer = await steward.post(f"/steward/do/{name}", data=given_out(opened) | fields, headers=HTML)
    assert answer.status in {200, 422}
    page = checked(await answer.text())
    assert "<script>" in page.text
    for _, attributes in page.elements:
        assert not [attribute for attribute in attributes if attribute.startswith("on") or attribute == "style"]
