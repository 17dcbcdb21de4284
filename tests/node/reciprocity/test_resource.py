# SPDX-License-Identifier: AGPL-3.0-or-later
"""A resource in the browser: its calendar, terms by class, booking, cancelling, use, thanks, and as iCalendar."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from ledger.ledger import DataDirectory, Ledger, found_log
from ledger.own.member_keys import keep_member_key
from ledger.reciprocity.state import Commitment, EventState
from ledger.showing.view import LedgerView, own_tree
from protocol.carried import read_carried, sign_carried, write_carried
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.ledger.organising import ready
from tests.node.browsing import Page, serve
from tests.node.mutual import DRILL, EVIL, key, one, write_mutual
from tests.node.reciprocity.test_member_session import code, sign_in
from tests.node.steward.test_steward import HTML, read

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000  # 2026-09-21, 16:13 in Brussels
TAKEN = {"begin": "2026-09-29T10:00", "end": "2026-09-29T12:00"}
FREE = {"begin": "2026-10-24T22:00", "end": "2026-10-25T04:00"}
"""Over the night in which the clocks are put back: seven hours."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path / "mutual")
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        said: dict[str, Any] = {"licence": "CC0-1.0", "name": {"en": f"Drill {EVIL}"}}
        records = [said | {"id": DRILL, "kind": "resource"}]
        for number, (contract, clause, amount) in enumerate((("tools", 0, 4_000), ("tools", 0, 1), ("contract", 0, 1))):
            agreed = {"contract": {"log": opened.log_id, "id": one(contract)}, "clause": clause}
            rate = {"amount": amount, "unit": "EUR", "scale": 2, "per": "day"} | agreed
            work = {"kind": "offer", "direction": "offer", "work": {"rate": rate, "remote": True}}
            records.append(said | {"id": seeded(f"work {number}", 16)} | work)
        group = [opened.state("record.put", {"record": one_}, seeded(f"put {one_['id']}", 16)) for one_ in records]
        opened.writer.append(group).result()
        write_mutual(opened)
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger, zone="Europe/Brussels"):
        yield client


@pytest.fixture
def base(ledger: Ledger) -> str:
    return f"/ledger/{show_log_id(ledger.log_id)}/resource/{DRILL.hex()}"


async def as_baker(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    await sign_in(browser, ledger, code(browser, ledger, "baker"))


async def as_steward(browser: TestClient[Any, Any]) -> None:
    await browser.post("/steward/sign-in", data={"token": "token"}, headers=HTML)


def fields_of(page: Page, *names: str) -> dict[str, str]:
    found = {one.get("name", ""): one.get("value", "") for tag, one in page.elements if tag == "input"}
    return {name: found[name] for name in names}


async def send(browser: TestClient[Any, Any], path: str, fields: dict[str, str], status: int = 200) -> Page:
    answer = await browser.post(path, data=fields, headers=HTML)
    html = await answer.text()
    assert answer.status == status, html
    return Page(html)


async def record_page(browser: TestClient[Any, Any], path: str) -> Page:
    """A page of the directory, which may have scripts of ours, but none of others."""
    html = await (await browser.get(path, headers=HTML)).text()
    assert "<script>alert" not in html
    return Page(html)


def commitments(ledger: Ledger) -> list[Commitment]:
    with ledger.store.read() as reads:
        return [one for _, one in LedgerView(reads, own_tree(reads)).book.scan(Commitment)]


async def confirmed(browser: TestClient[Any, Any], path: str, fields: dict[str, str]) -> Page:
    """What would be signed is shown, then signed."""
    shown = await send(browser, path, fields)
    assert "What would be signed" in shown.text
    kept = fields_of(shown, "csrf", "nonce", "seen")
    carried = {name: text for name, text in fields.items() if name != "csrf"}
    return await send(browser, path, kept | carried | {"step": "sign"})


async def test_everybody_sees_what_is_free_and_on_which_terms(browser: TestClient[Any, Any], base: str) -> None:
    text = " ".join((await read(browser, base)).text.split())
    assert "September 2026" in text
    assert "Times of Europe/Brussels" in text
    assert "workerfree of charge" in text
    assert "user10.00 EUR a day, what has begun counts" in text
    assert "for-profit firmno access" in text
    assert "28 September 2026, 02:00 – 1 October 2026, 02:00" in text.replace("\u00a0", " ")
    assert one("baker").hex()[:8] not in text
    week = " ".join((await read(browser, f"{base}?week=2026-W40")).text.split()).replace("\u00a0", " ")
    assert "Mon, 28 September 2026 Taken: 02:00–24:00 Free: 00:00–02:00" in week
    assert "Thu, 1 October 2026 Taken: 00:00–02:00 Free: 02:00–24:00" in week
    assert "Fri, 2 October 2026 Taken: –nothing Free: 00:00–24:00" in week
    for odd in ("?week=2026-W99", "?month=0000-00", "?week=9999-W01", "?month=x"):
        assert "September 2026" in (await read(browser, base + odd)).text
    assert "Sign in as a member" in text


async def test_what_is_not_known_is_not_there(browser: TestClient[Any, Any], base: str) -> None:
    await read(browser, base.replace(DRILL.hex(), "00" * 16), 404)
    await read(browser, base.replace(DRILL.hex(), "zz"), 404)
    answer = await browser.post(f"{base}/book", data={"csrf": "x"} | FREE, headers=HTML)
    assert answer.status == 403


async def test_a_member_books_with_the_key_that_the_node_keeps(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    keep_member_key(ledger.directory, key("baker"))
    await as_baker(browser, ledger)
    page = await read(browser, base)
    assert "yours" in page.text
    csrf = fields_of(page, "csrf")
    shown = await send(browser, f"{base}/book", csrf | FREE)
    assert "24 October 2026, 22:00 – 25 October 2026, 04:00" in shown.text.replace("\u00a0", " ")
    assert "It costs 10.00\u00a0EUR under the contract." in shown.text
    before = len(commitments(ledger))
    await confirmed(browser, f"{base}/book", csrf | FREE)
    made = max(commitments(ledger), key=lambda commitment: commitment.begin or 0)
    assert len(commitments(ledger)) == before + 1
    assert made.begin is not None
    assert made.end is not None
    assert made.end - made.begin == 7 * 3_600
    assert (made.receiver, made.contract, made.by_receiver) == (one("baker"), one("tools"), True)


async def test_a_time_that_is_taken_is_refused_with_others_that_are_free(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    keep_member_key(ledger.directory, key("baker"))
    await as_baker(browser, ledger)
    csrf = fields_of(await read(browser, base), "csrf")
    page = await send(browser, f"{base}/book", csrf | TAKEN, 422)
    assert "It is taken at that time. Free for as long:" in " ".join(page.text.split())
    begins = {one["value"] for tag, one in page.elements if tag == "input" and one.get("name") == "begin"}
    assert {"2026-09-28T00:00", "2026-10-01T02:00", "2026-10-01T10:00"} <= begins
    for fields, said in (
        ({"begin": "2026-03-28T02:30", "end": "2026-03-29T02:30"}, "that time does not come"),
        ({"begin": "2026-10-10T10:00", "end": "2026-10-10T10:00"}, "It ends before it begins."),
        ({"begin": "2026-09-10T10:00", "end": "2026-09-10T11:00"}, "That is over already."),
        ({"begin": "soon", "end": "2026-02-30T10:00"}, "Write a day and a time"),
        ({"begin": "", "end": ""}, "This is needed."),
    ):
        assert said in (await send(browser, f"{base}/book", csrf | fields, 422)).text


async def test_a_member_without_access_is_told_so(browser: TestClient[Any, Any], ledger: Ledger, base: str) -> None:
    await sign_in(browser, ledger, code(browser, ledger, "amina"))
    csrf = fields_of(await read(browser, base), "csrf")
    page = await send(browser, f"{base}/book", csrf | FREE | {"receiver": one("baker").hex()}, 422)
    assert "No contract that you have signed gives you access" in page.text
    with ledger.store.read() as reads:
        booking = one("booking 1").hex()
        assert LedgerView(reads, own_tree(reads)).book.get(Commitment, one("booking 1")) is not None
    assert (await browser.post(f"{base}/cancel", data=csrf | {"booking": booking}, headers=HTML)).status == 404
    assert (await browser.post(f"{base}/use", data=csrf | {"booking": booking}, headers=HTML)).status == 404
    assert (await browser.post(f"{base}/no", data=csrf, headers=HTML)).status == 404


async def test_whose_key_is_elsewhere_signs_there_and_brings_it_back(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    await as_baker(browser, ledger)
    csrf = fields_of(await read(browser, base), "csrf")
    answer = await browser.post(f"{base}/book", data=csrf | FREE, headers=HTML)
    html = await answer.text()
    assert "Your key is not on this machine" in html
    found = re.search(r"-----BEGIN.*?-----END FOLKMOOT STATEMENT-----", html, re.DOTALL)
    assert found is not None
    signed = write_carried(sign_carried(read_carried(found[0]), key("baker")))
    before = len(commitments(ledger))
    await send(browser, f"{base}/book", csrf | {"step": "carried", "carried": signed})
    assert len(commitments(ledger)) == before + 1
    again = await send(browser, f"{base}/book", csrf | {"step": "carried", "carried": "nonsense"}, 422)
    assert "It was not written" in again.text


async def test_from_booking_to_thanks(browser: TestClient[Any, Any], ledger: Ledger, base: str) -> None:
    keep_member_key(ledger.directory, key("baker"))
    await as_baker(browser, ledger)
    member = fields_of(await read(browser, base), "csrf")
    await confirmed(browser, f"{base}/cancel", member | {"booking": one("booking 1").hex()})
    over = {"booking": one("booking 0").hex()}
    await as_steward(browser)
    page = await read(browser, base)
    assert "Over, and nobody has said what became of it" in page.text
    assert "Bruno Secret" in page.text
    steward = fields_of(page, "csrf")
    await confirmed(browser, f"{base}/use", steward | over)
    with ledger.store.read() as reads:
        ((event_id, event),) = [
            (key_, event)
            for key_, event in LedgerView(reads, own_tree(reads)).book.scan(EventState)
            if event.fulfils == one("booking 0")
        ]
    assert (event.provider, event.receiver, event.effort) == (ledger.log_id, one("baker"), (720, "h"))
    await confirmed(browser, f"{base}/thank", member | {"event": event_id.hex()})
    assert "✓ thanks" in (await read(browser, base)).text
    booked = steward | {"begin": "2026-11-01T10:00", "end": "2026-11-01T12:00", "receiver": one("amina").hex()}
    await confirmed(browser, f"{base}/book", booked)
    assert max(commitments(ledger), key=lambda made: made.begin or 0).receiver == one("amina")


def uses_of_booking(ledger: Ledger) -> list[EventState]:
    with ledger.store.read() as reads:
        events = LedgerView(reads, own_tree(reads)).book.scan(EventState)
        return [event for _, event in events if event.fulfils == one("booking 0")]


async def test_a_booking_that_is_over_is_thanked_for_on_its_page(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    keep_member_key(ledger.directory, key("baker"))
    over = {"booking": one("booking 0").hex()}
    await as_baker(browser, ledger)
    page = await read(browser, base)
    assert "Say thanks" in page.text
    assert "It was used as booked" in page.text
    assert "It was not used" not in page.text
    member = fields_of(page, "csrf")
    early = {"booking": one("booking 1").hex()}
    assert "not over yet" in (await send(browser, f"{base}/thank", member | early, 422)).text
    shown = await send(browser, f"{base}/thank", member | over)
    assert "Thanks to Moot" in shown.text
    assert shown.text.count("What would be signed") == 2
    await confirmed(browser, f"{base}/thank", member | over)
    (event,) = uses_of_booking(ledger)
    assert (event.provider, event.receiver, event.says) == (ledger.log_id, one("baker"), ["thanks"])
    page = await read(browser, base)
    assert "✓ thanks" in page.text
    assert "Over, and nobody" not in page.text
    assert "already" in (await send(browser, f"{base}/thank", member | over, 422)).text


async def test_whose_key_is_elsewhere_says_that_it_was_used_then_thanks(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    await as_baker(browser, ledger)
    member = fields_of(await read(browser, base), "csrf")
    shown = await send(browser, f"{base}/thank", member | {"booking": one("booking 0").hex()})
    assert "First what it is for" in shown.text
    await confirmed(browser, f"{base}/thank", member | {"booking": one("booking 0").hex()})
    assert [event.says for event in uses_of_booking(ledger)] == [[]]
    assert "Say thanks" in (await read(browser, base)).text


async def test_what_is_over_is_found_by_those_whom_it_concerns(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    log = base.partition("/resource/")[0]
    over = "Over, and nobody has said what became of it"
    assert over not in (await read(browser, f"{log}/bookings")).text
    await as_baker(browser, ledger)
    page = await read(browser, f"{log}/bookings")
    assert over in page.text
    assert f"{base}#over" in page.links()
    assert "Times of Europe/Brussels" in (await read(browser, f"{log}/member/{one('baker').hex()}")).text
    await as_steward(browser)
    assert over in (await read(browser, f"{log}/bookings")).text
    page = await read(browser, "/steward")
    assert "Bookings that are over" in page.text
    assert f"{base}#over" in page.links()
    await confirmed(
        browser, f"{base}/use", fields_of(await read(browser, base), "csrf") | {"booking": one("booking 0").hex()}
    )
    assert f"{base}#over" not in (await read(browser, "/steward")).links()


def made_of(secret: bytes, ledger: Ledger, member: bytes) -> str:
    """An address as somebody makes it who has guessed the secret."""
    said = b"folkmoot/calendar-link/1\0" + ledger.log_id + member + key("baker").public
    return f"own={member.hex()}-{hmac.new(secret, said, 'sha256').hexdigest()[:40]}"


async def test_others_subscribe_to_what_is_taken_and_see_no_names(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    icalendar: Any = pytest.importorskip("icalendar")

    async def events(query: str = "") -> list[Any]:
        answer = await browser.get(f"{base}/calendar.ics{query}")
        assert (answer.status, answer.content_type) == (200, "text/calendar")
        assert ("no-store" in answer.headers["Cache-Control"]) == bool(query)
        return list(icalendar.Calendar.from_ical(await answer.read()).walk("VEVENT"))

    (event,) = await events()
    assert str(event["SUMMARY"]).startswith("Taken: Drill <b>")
    assert event["UID"] == f"{one('booking 1').hex()}@{show_log_id(ledger.log_id)}"
    assert "DESCRIPTION" not in event
    keep_member_key(ledger.directory, key("baker"))
    await as_baker(browser, ledger)
    page = await read(browser, base)
    (link,) = [url for url in page.links() if "own=" in url]
    (event,) = await events("?" + link.partition("?")[2])
    assert str(event["DESCRIPTION"]) == "With Moot"
    secret = ledger.directory.calendar_secret
    kept = secret.read_bytes()
    for torn in (b"", kept[:7]):
        secret.write_bytes(torn)
        assert (await browser.get(f"{base}/calendar.ics?{made_of(torn, ledger, one('baker'))}")).status == 404
        assert len(secret.read_bytes()) == len(kept)
    secret.write_bytes(kept)
    for wrong in ("own=x", link.partition("?")[2][:-1] + "g", urlencode({"own": f"{one('amina').hex()}-{'0' * 40}"})):
        assert (await browser.get(f"{base}/calendar.ics?{wrong}")).status == 404
    csrf = fields_of(page, "csrf")
    await confirmed(browser, f"{base}/cancel", csrf | {"booking": one("booking 1").hex()})
    (event,) = await events()
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


async def test_programs_read_the_same(browser: TestClient[Any, Any], base: str) -> None:
    path = f"/v1{base.replace('/resource/', '/resources/')}"
    told = await (await browser.get(f"{path}?from=2026-09-01&until=2026-10-01")).json()
    assert told["zone"] == "Europe/Brussels"
    assert [(one["begin"], one["end"]) for one in told["taken"]] == [("2026-09-28T00:00Z", "2026-10-01T00:00Z")]
    assert told["terms"][0]["classes"] == [
        {"class": "for_profit", "price": None},
        {"class": "user", "price": "10.00"},
        {"class": "worker", "price": "0.00"},
    ]
    assert (await browser.get(path.replace(DRILL.hex(), "11" * 16))).status == 404


async def test_a_rate_is_compared_with_the_contract_that_it_names(
    browser: TestClient[Any, Any], ledger: Ledger
) -> None:
    async def shown(number: int) -> str:
        path = f"/record/{show_log_id(ledger.log_id)}/{seeded(f'work {number}', 16).hex()}"
        return " ".join((await record_page(browser, path)).text.split())

    assert "says the same" in await shown(0)
    assert "says something else: 40.00 EUR" in await shown(1)
    assert "Under the contract “Labour mutual”, in force, signed by" in await shown(2)
    assert "from anywhere" in await shown(2)


async def test_whom_an_offer_helped_says_thanks(browser: TestClient[Any, Any], ledger: Ledger, base: str) -> None:
    offer = seeded("work 0", 16)
    record = f"/record/{show_log_id(ledger.log_id)}/{offer.hex()}"
    path = base.replace(DRILL.hex(), offer.hex()) + "/helped"
    assert "Thanks" not in (await record_page(browser, record)).text
    keep_member_key(ledger.directory, key("baker"))
    await as_baker(browser, ledger)
    page = await record_page(browser, record)
    assert "Nothing has been recorded of it for you yet" in page.text
    csrf = fields_of(await read(browser, base), "csrf")
    assert "Nothing has been recorded" in (await send(browser, path, csrf, 422)).text
    given = {"action": "transfer", "provider": ledger.log_id, "receiver": one("baker"), "on": NOW // 86_400}
    given |= {"resource": offer, "stream": "love", "expects": "none"}
    ledger.writer.append([ready(ledger, "event", given, ledger.key, label="given")]).result()
    ledger.writer.settle()
    page = await record_page(browser, record)
    assert "This helped me" in page.text
    await confirmed(browser, path, fields_of(page, "csrf"))
    page = await record_page(browser, record)
    assert "1 thank-you" in page.text
    assert "This helped me" not in page.text
    await as_steward(browser)
    assert any(url.startswith("/steward/do/event?resource=") for url in (await record_page(browser, record)).links())
    steward = fields_of(await read(browser, base), "csrf")
    assert (await browser.post(path, data=steward, headers=HTML)).status == 422
