# SPDX-License-Identifier: AGPL-3.0-or-later
"""A resource in the browser: its calendar, terms by class, booking, cancelling, and as iCalendar."""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from ledger.ledger import Ledger
from ledger.own.member_keys import keep_member_key
from ledger.reciprocity.state import Commitment
from ledger.showing.view import LedgerView, own_tree
from protocol.carried import read_carried, sign_carried, write_carried
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.mutual import DRILL, key, one
from tests.node.reciprocity.test_member_session import code, sign_in
from tests.node.steward.test_steward import HTML, read

if TYPE_CHECKING:
    from aiohttp.test_utils import TestClient

from tests.node.reciprocity.lending.acting import (
    FREE,
    TAKEN,
    as_baker,
    as_steward,
    commitments,
    confirmed,
    fields_of,
    record_page,
    send,
)


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


async def test_a_steward_is_told_that_a_contract_gives_no_access(
    browser: TestClient[Any, Any], ledger: Ledger, base: str
) -> None:
    await as_steward(browser)
    csrf = fields_of(await read(browser, base), "csrf")
    for name, said in (("amina", True), ("baker", False)):
        shown = await send(browser, f"{base}/book", csrf | FREE | {"receiver": one(name).hex()})
        assert ("it is lent by your word" in shown.text) == said, ledger.log_id


async def test_stewards_are_offered_things_by_name(browser: TestClient[Any, Any]) -> None:
    await as_steward(browser)
    page = await read(browser, "/steward/do/booking-add")
    (field,) = [a for tag, a in page.elements if tag == "input" and a.get("name") == "resource"]
    assert field["list"] in [a.get("id") for tag, a in page.elements if tag == "datalist"]
    assert any(a.get("value", "").startswith("Drill") for tag, a in page.elements if tag == "option")


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
