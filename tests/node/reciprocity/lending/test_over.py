# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of bookings and offers: that something was used, and thanks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.ledger import Ledger
from ledger.own.member_keys import keep_member_key
from ledger.reciprocity.state import EventState
from ledger.showing.view import LedgerView, own_tree
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.ledger.organising import ready
from tests.node.mutual import DRILL, key, one
from tests.node.steward.test_steward import HTML, read

if TYPE_CHECKING:
    from aiohttp.test_utils import TestClient

from tests.node.reciprocity.lending.acting import (
    NOW,
    as_baker,
    as_steward,
    commitments,
    confirmed,
    fields_of,
    record_page,
    send,
)


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
    ids = [a["id"] for _, a in shown.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    await confirmed(browser, f"{base}/thank", member | over)
    (event,) = uses_of_booking(ledger)
    assert (event.provider, event.receiver, event.says) == (ledger.log_id, one("baker"), ["thanks"])
    page = await read(browser, base)
    assert "✓ thanks" in page.text
    assert "Over, and nobody" not in page.text
    assert "already" in (await send(browser, f"{base}/thank", member | over, 422)).text
    page = await read(browser, f"{base.partition('/resource/')[0]}/member/{one('baker').hex()}")
    assert page.links().count(base) >= 2, "what was used and what the thanks are for is named"


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
