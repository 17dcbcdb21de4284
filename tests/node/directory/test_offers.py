# SPDX-License-Identifier: AGPL-3.0-or-later
"""Offers and needs in the browser and the API: side by side, what fits and why, what is over and renewed."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.directory.expiry import end_of
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from node.directory.listing import facet_text
from node.directory.offers import reasons_text
from node.web.words import words_in
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.browsing import ACTIVE, Page, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp.test_utils import TestClient

NOW = int(time.time())
HTML = {"Accept": "text/html", "Accept-Language": "en"}
LILLE, ROUBAIX = (506_292_000, 30_573_000), (506_942_000, 31_746_000)
EVIL = "\"'><script>alert(1)</script>{{ 7*7 }}\u202e </h3>"


def offer(label: str, *, wanted: bool = False, at: tuple[int, int] | None = None, **fields: Any) -> dict[str, Any]:
    kind, direction = ("need", "want") if wanted else ("offer", "offer")
    body = {"id": seeded(label, 16), "kind": kind, "direction": direction, "name": {"en": label}}
    point = {"point": {"lat": at[0], "lon": at[1], "precision": 10, "method": "hand"}} if at else {}
    return body | point | {"licence": "CC0-1.0"} | fields


TODAY = NOW // 86_400
RATE: dict[str, Any] = {"amount": 2_450, "unit": "EUR", "scale": 2, "per": "hour", "by": EVIL}
WORK: dict[str, Any] = {"skills": ["joinery", "osm:craft=carpenter", EVIL], "rate": RATE, "until": TODAY + 90}
RECORDS: tuple[dict[str, Any], ...] = (
    offer("Cargo bike", at=LILLE, terms=["lend"], categories=["osm:amenity=bicycle_rental"]),
    offer("Bike for moving house", wanted=True, at=ROUBAIX, terms=["rent"], categories=["osm:amenity=bicycle_rental"]),
    offer(f"Bike {EVIL}", wanted=True, terms=["lend"], address={"locality": EVIL}),
    offer("Old bike", terms=["give"], valid_until=NOW - 86_400),
    offer("Jam", terms=["give"]),
    offer("Joiner", address={"country": "FR"}, work=WORK),
    offer("A joiner for our hall", wanted=True, work=WORK | {"rate": RATE | {"amount": 30, "scale": 0}}),
    offer("A joiner, paid badly", wanted=True, work={"skills": ["joinery"], "rate": RATE | {"amount": 1_000}}),
    offer("Watchman", hours="Mo-Su 00:00-24:00", address={"country": "FR"}, work={"from": TODAY + 1}),
    {"id": seeded("place", 16), "kind": "place", "name": {"en": "Bike shed"}, "licence": "CC0-1.0"},
)


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    directory = DataDirectory(tmp_path / "moot")
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, time.time) as opened:
        group = [opened.state("record.put", {"record": one}, seeded(f"{one['id']}", 16)) for one in RECORDS]
        opened.writer.append(group).result()
        opened.writer.settle()
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


async def read(browser: TestClient[Any, Any], path: str, status: int = 200, language: str = "en") -> Page:
    answer = await browser.get(path, headers=HTML | {"Accept-Language": language})
    assert answer.status == status, path
    html = await answer.text()
    assert "<script>alert" not in html
    page = Page(html)
    assert not page.foreign() or not ACTIVE & {tag for tag, _ in page.foreign()}
    return page


def page_of(ledger: Ledger, label: str) -> str:
    return f"/record/{show_log_id(ledger.log_id)}/{seeded(label, 16).hex()}"


async def test_offers_and_needs_stand_side_by_side_with_what_fits(browser: TestClient[Any, Any]) -> None:
    page = await read(browser, "/offers")
    text = " ".join(page.text.split())
    assert "Cargo bike" in text
    assert "Bike for moving house" in text
    assert "Jam" in text
    assert "Old bike" not in text
    assert "Bike shed" not in text
    assert "same category: Bicycle Rental · both say “bike” · 11 km away · offered to lend" in text


async def test_the_lists_are_narrowed_down(browser: TestClient[Any, Any]) -> None:
    near = (await read(browser, "/offers?near=Roubaix&radius=5km")).text
    assert "Bike for moving house" in near
    assert "Jam" not in near
    assert "Jam" in (await read(browser, "/offers?terms=give&near=")).text
    assert "There is nothing" not in near
    assert "no town" in (await read(browser, "/offers?near=Nowhereville", 400)).text
    assert "Nothing is wanted here now." in (await read(browser, "/offers?q=jam")).text


async def test_a_record_shows_what_fits_it(ledger: Ledger, browser: TestClient[Any, Any]) -> None:
    offer_page = " ".join((await read(browser, page_of(ledger, "Cargo bike"))).text.split())
    assert "Needs that fit" in offer_page
    assert "Bike for moving house" in offer_page
    need_page = " ".join((await read(browser, page_of(ledger, "Bike for moving house"))).text.split())
    assert "Offers that fit Cargo bike" in need_page
    assert "Nothing that fits is known today" in (await read(browser, page_of(ledger, "Jam"))).text
    assert "that fit" not in (await read(browser, page_of(ledger, "place"))).text


async def test_what_is_over_says_so_and_is_renewed_with_one_click(
    ledger: Ledger, browser: TestClient[Any, Any]
) -> None:
    path = page_of(ledger, "Old bike")
    page = await read(browser, path)
    assert "This is over" in page.text
    assert "Renew until" not in page.text
    answer = await browser.post(f"{path}/renew", data={"until": "5"}, headers=HTML, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/steward/sign-in")
    await browser.post("/steward/sign-in", data={"token": "token"}, headers=HTML)
    page = await read(browser, path)
    until = str(end_of(["give"], int(time.time())))
    fields = {
        attributes.get("name"): attributes.get("value", "") for tag, attributes in page.elements if tag == "input"
    }
    assert fields["until"] == until
    wrong = await browser.post(f"{path}/renew", data={"csrf": fields["csrf"], "until": "99999999999"}, headers=HTML)
    assert wrong.status == 403
    right = await browser.post(f"{path}/renew", data={"csrf": fields["csrf"], "until": until}, headers=HTML)
    assert (right.status, right.url.path) == (200, path)
    assert "This is over" not in await right.text()


async def test_matches_are_told_to_programs(ledger: Ledger, browser: TestClient[Any, Any]) -> None:
    told = await (await browser.get("/v1/matches?near=Lille")).json()
    assert told["schema"] == "folkmoot.matches/1"
    (found,) = told["offers"]
    assert found["record"]["name"] == {"en": "Cargo bike"}
    best = found["matches"][0]
    assert best["record"]["name"] == {"en": "Bike for moving house"}
    assert best["reasons"] == {
        "categories": ["osm:amenity=bicycle_rental"],
        "words": ["bike"],
        "distance_m": best["reasons"]["distance_m"],
        "terms": [],
        "better": "lend",
    }
    assert 10_000 < best["reasons"]["distance_m"] < 12_000
    base = f"/v1/matches/{show_log_id(ledger.log_id)}"
    one = await (await browser.get(f"{base}/{seeded('Cargo bike', 16).hex()}")).json()
    assert [match["score"] for match in one["matches"]] == sorted((m["score"] for m in one["matches"]), reverse=True)
    assert len(one["matches"]) == 2
    place = await (await browser.get(f"{base}/{seeded('place', 16).hex()}")).json()
    assert place["matches"] == []
    assert (await browser.get(f"{base}/00")).status == 404
    assert (await browser.get("/v1/matches?limit=x")).status == 400


async def test_the_pages_speak_the_language_of_the_reader(browser: TestClient[Any, Any]) -> None:
    for language, title in (("fr", "Offres et besoins"), ("nl", "Aanbod en vraag")):
        assert re.search(title, (await read(browser, "/offers", language=language)).text)


async def test_work_is_found_by_skill_rate_and_day(browser: TestClient[Any, Any]) -> None:
    async def listed(query: str) -> list[str]:
        html = await (await browser.get(f"/offers?{query}", headers=HTML)).text()
        return sorted(re.findall(r"<h3><a href=[^>]*><bdi[^>]*>(.*?)</bdi>", html))

    assert await listed("work=1") == ["A joiner for our hall", "A joiner, paid badly", "Joiner", "Watchman"]
    assert await listed("work=1&rate=24.50") == ["A joiner for our hall", "Joiner"]
    assert await listed("work=1&rate=24,49+eur") == ["A joiner for our hall"]
    assert await listed("work=1&rate=25+USD") == []
    assert await listed("work=1&open=now") == ["A joiner for our hall", "A joiner, paid badly", "Joiner"]
    assert await listed("work=1&category=skill:joinery&rate=9") == ["A joiner for our hall", "A joiner, paid badly"]
    assert "an amount, such as 25" in (await read(browser, "/offers?work=1&rate=lots", 400)).text
    found = await (await browser.get("/v1/records?category=work:work&direction=offer")).json()
    assert {record["name"]["en"] for record in found["records"]} == {"Joiner", "Watchman"}


async def test_a_rate_that_is_too_high_does_not_fit(ledger: Ledger, browser: TestClient[Any, Any]) -> None:
    base = f"/v1/matches/{show_log_id(ledger.log_id)}"
    told = await (await browser.get(f"{base}/{seeded('Joiner', 16).hex()}")).json()
    assert [match["record"]["name"]["en"] for match in told["matches"]] == ["A joiner for our hall"]
    assert "skill:joinery" in told["matches"][0]["reasons"]["categories"]


async def test_work_is_shown_with_its_rate_and_whose_word_it_is(ledger: Ledger, browser: TestClient[Any, Any]) -> None:
    text = " ".join((await read(browser, page_of(ledger, "Joiner"))).text.split())
    assert "24.50 EUR an hour" in text
    assert "as is said here" in text
    assert "joinery" in text
    assert "carpent" in text.lower()


async def test_who_works_for_whom_is_told_to_stewards_and_members_alone(
    ledger: Ledger, browser: TestClient[Any, Any]
) -> None:
    own = {"log": ledger.log_id, "id": seeded("place", 16)}
    client: dict[str, Any] = {"id": seeded("client", 16), "kind": "organisation", "name": {"en": f"Bakery {EVIL}"}}
    client |= {"relations": [{"predicate": "clientOf", "object": own}], "licence": "CC0-1.0"}
    client |= {"contact": {"email": "bakery@example.org", "visibility": "members"}}
    other: dict[str, Any] = {
        "id": seeded("other", 16),
        "kind": "organisation",
        "name": {"en": "No client"},
        "licence": "CC0-1.0",
    }
    group = [ledger.state("record.put", {"record": one}, one["id"], 1) for one in (client, other)]
    ledger.writer.append(group).result()
    ledger.writer.settle()
    stranger = await read(browser, "/clients", 403)
    assert "Bakery" not in stranger.text
    assert "Bakery" not in (await read(browser, "/?q=bakery")).text
    await browser.post("/steward/sign-in", data={"token": "token"}, headers=HTML)
    page = await read(browser, "/clients")
    assert "Works for them: Bike shed" in " ".join(page.text.split())
    assert "bakery@example.org" in page.text
    assert "No client" not in page.text


def test_what_is_near_is_no_nearer_than_points_are_exact() -> None:
    reasons = {"categories": [], "words": [], "distance_m": 0, "terms": [], "better": ""}
    assert reasons_text(reasons, words_in("en")) == "less than 1\N{NO-BREAK SPACE}km away"
    assert reasons_text(reasons | {"distance_m": 1_200}, words_in("en")) == "1.2\N{NO-BREAK SPACE}km away"


@pytest.mark.parametrize(
    ("value", "text"),
    [("work:work", "travail"), ("skill:joinery", "joinery (savoir-faire)"), ("tag:joinery", "joinery")],
)
def test_work_and_skills_are_told_apart_in_the_language_of_the_reader(value: str, text: str) -> None:
    assert facet_text("category", value, words_in("fr"), {}) == text
