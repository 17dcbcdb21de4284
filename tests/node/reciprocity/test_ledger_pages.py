# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of the ledger: what they show, to whom, and that picture and table say the same."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.showing.flows import Flows, pair_up
from ledger.showing.view import LedgerView, own_tree
from node.reciprocity.contract_pages import exact_text
from node.reciprocity.periods import Period, read_period
from node.reciprocity.pictures import Column, Stream, draw_bands, draw_columns
from node.web.words import Words
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.member_replay import MemberVerdict
from protocol.member_verdict import judge_member
from tests.builders import seeded
from tests.node.browsing import read, serve
from tests.node.mutual import one, write_mutual

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000
MARCH = 12 * 2026 + 2


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path_factory.mktemp("mutual"))
    names = {"en": "Lille Commons", "fr": "Communs de Lille"}
    fields = {"name": names, "kind": "assembly", "languages": ["fr"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        write_mutual(opened)
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


def at(ledger: Ledger, path: str = "") -> str:
    """The address of a page of the ledger."""
    return f"/ledger/{show_log_id(ledger.log_id)}{path}"


def of(ledger: Ledger, name: str) -> str:
    """The address of a member's page."""
    return at(ledger, f"/member/{one(name).hex()}")


async def data(browser: TestClient[Any, Any], ledger: Ledger, path: str) -> Any:
    response = await browser.get(f"/v1/ledger/{show_log_id(ledger.log_id)}{path}")
    assert response.status == 200, path
    return await response.json()


PAGES = (
    "",
    "/members",
    "/accounts",
    "/contracts",
    "/claims",
    "/assembly",
    "/bookings",
    "/neighbours",
    "/sign-in",
    f"/proposal/{one('proposal').hex()}",
    f"/proposal/{one('old').hex()}",
    f"/account/{one('account fund').hex()}",
    *(f"/contract/{one(name).hex()}" for name in ("contract", "tools", "open offer")),
    *(f"/member/{one(name).hex()}" for name in ("amina", "bruno", "choir", "baker", "shop")),
)


async def test_the_overview_shows_who_gave_to_whom(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, at(ledger))
    for text in ("Lille Commons", "5 members", "Money, EUR", "Time, h", "Goods, pot", "indivisible reserve"):
        assert text in page.text
    assert page.count("figure") == 3
    assert page.count("table") == 3 + 5, "one for each picture; footprint, claims, contracts, accounts, proposals"
    flows = (await data(browser, ledger, "/flows?from=2026-01&until=2026-12"))["flows"]
    rows = sum(tag == "path" and "band" in attributes.get("class", "") for tag, attributes in page.elements)
    assert rows == len(flows) == 15
    wages = {(row["source"], row["target"]): row["amount"] for row in flows if row["what"] == "wage"}
    assert wages == {("fund", "members"): "520.19", ("fund", "outside"): "414.81"}


async def test_a_period_is_what_it_says(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, at(ledger, "?from=2026-07&until=2026-07"))
    assert "12\u00a0pot" in page.text
    assert "520.19\u00a0EUR" not in page.text.partition("Common accounts")[0]
    assert "Nothing moved" in (await read(browser, at(ledger, "?from=2001-01&until=2001-12"))).text
    assert "is not a month" in (await read(browser, at(ledger, "?from=x"), status=400)).text
    assert "not a period" in (await read(browser, at(ledger, "?from=2026-03&until=2026-02"), status=400)).text


async def test_names_are_shown_where_they_are_public(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    for path in PAGES:
        page = await read(browser, at(ledger, path))
        assert "Secret" not in page.text
        assert "bruno@example.org" not in page.text
    assert "Amina Diallo" in (await read(browser, at(ledger, "/members"))).text
    assert one("bruno").hex()[:8] in (await read(browser, at(ledger, "/members"))).text


async def test_a_member_s_page_shows_contributions_balances_and_thanks(
    browser: TestClient[Any, Any], ledger: Ledger
) -> None:
    page = await read(browser, of(ledger, "amina"))
    for text in ("Amina Diallo", "worker", "995.19", "8.0", "The member's own", "thanks", "confirmed", "65.00"):
        assert text in page.text
    told = await data(browser, ledger, f"/members/{one('amina').hex()}/contributions")
    parts = [part for row in told["given"][0]["months"] for part in row["parts"]]
    bars = [attributes for tag, attributes in page.elements if tag == "rect" and "bar" in attributes.get("class", "")]
    assert len(bars) == len(parts) + 3, "a bar for each part, and the legend"
    assert sum(float(part["amount"]) for part in parts) == 111.5, "what was taken back does not count"
    assert [row["says"] for row in told["thanks_given"]] == [["thanks"]]
    assert "Kept by this organisation" in (await read(browser, of(ledger, "baker"))).text
    assert "a collective" in (await read(browser, of(ledger, "choir"))).text
    assert "through Amina" in re.sub(r"\s+", " ", (await read(browser, of(ledger, "bruno"))).text)


async def test_a_contract_is_told_in_plain_words(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    path = at(ledger, f"/contract/{one('contract').hex()}")
    page = await read(browser, path)
    for text in ("Labour mutual", "in force", "6.5% of each claim goes to: ", "It pays at most 5,000.00\u00a0EUR"):
        assert text in page.text
    for text in (
        "Mutuelle de travail",
        "6,5\u00a0% de chaque créance va à",
        "Il avance au plus 5\u202f000,00\u00a0EUR",
    ):
        assert text in (await read(browser, path, language="fr")).text
    offered = await read(browser, at(ledger, f"/contract/{one('open offer').hex()}"))
    assert "offered, not signed by all yet" in offered.text
    assert offered.text.count("has not signed") == 2
    tools = await read(browser, at(ledger, f"/contract/{one('tools').hex()}"))
    assert "for-profit firm no access" in tools.text


async def test_a_contract_shows_each_line_with_its_rule(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, at(ledger, f"/contract/{one('contract').hex()}"))
    told = await data(browser, ledger, f"/contracts/{one('contract').hex()}/explanation")
    lines = [line for item in told["items"] for line in item["lines"]]
    assert page.count("summary") == len(told["items"]) == 6
    assert sum(attributes.get("class") == "lines" for _, attributes in page.elements) == 6
    for line in lines:
        assert line["rule"].replace("1000.00", "1,000.00") in page.text
        for source in line["sources"]:
            assert f"/v1/log/{show_log_id(ledger.log_id)}/1/proofs/{source['position']}" in page.links()
    tax = next(line for line in lines if line["name"] == "tax")
    assert (tax["amount"], tax["rule"], tax["exact"]) == ("130.05", "(748.00 - 97.76) × 20/100", [65024, 500])
    assert "130.048" in page.text
    french = await read(browser, at(ledger, f"/contract/{one('contract').hex()}"), language="fr")
    assert "65,00 × 10/65, 65,00 = 1\u202f000,00 × 65/1000" in french.text


async def test_an_explanation_comes_in_parts(
    browser: TestClient[Any, Any], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/contracts/{one('contract').hex()}/explanation"
    whole = (await data(browser, ledger, path))["items"]
    first, second = [await data(browser, ledger, f"{path}?limit=4&after={begin}") for begin in (0, 4)]
    assert (first["items"] + second["items"], first["next"], second["next"]) == (whole, 4, None)
    coming = (await data(browser, ledger, f"{path}?state=coming"))["items"]
    assert coming == [item for item in whole if item["state"] == "coming"] != []
    claim = whole[0]["about"]
    of_claim = (await data(browser, ledger, f"{path}?claim={claim}"))["items"]
    assert of_claim == [item for item in whole if item["about"] == claim] != whole
    for wrong in ("state=some", "claim=12", "after=x"):
        response = await browser.get(f"/v1/ledger/{show_log_id(ledger.log_id)}{path}?{wrong}")
        assert response.status == 400
    monkeypatch.setattr("node.reciprocity.contract_pages.SUBJECTS_SHOWN", 1)
    page = at(ledger, f"/contract/{one('contract').hex()}")
    begin, end = await read(browser, page), await read(browser, f"{page}?page=2")
    assert "?page=2#follows" in begin.links()
    assert "?#follows" in end.links()
    assert begin.count("summary") + end.count("summary") == 6


async def test_what_is_owed_is_shown_with_its_day(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    unpaid, _, settled = (await read(browser, at(ledger, "/claims"))).text.partition("Paid or given up")
    assert "1\u00a0September 2026" in unpaid
    assert "late" in unpaid
    assert "in dispute" in unpaid
    assert "1,000.00" not in unpaid
    assert "1,000.00" in settled
    assert "333.33" in (await read(browser, of(ledger, "amina"))).text
    claims = (await data(browser, ledger, "/claims"))["claims"]
    assert sorted(claim["state"] for claim in claims) == ["late", "open", "paid"]


async def test_the_assembly_shows_votes_turnout_and_outcome(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, at(ledger, "/assembly"))
    for text in ("A second drill?", "Open on Sundays?", "decided: yes", "more than 50% of those who vote"):
        assert text in page.text
    old = await read(browser, at(ledger, f"/proposal/{one('old').hex()}"))
    assert "3 of 3 members have voted" in old.text
    widths = [a["width"] for tag, a in old.elements if tag == "rect" and a["class"] == "livelihood"]
    assert widths == ["66", "33"]
    asked = await read(browser, at(ledger, f"/proposal/{one('proposal').hex()}"), language="fr")
    assert "Une deuxième perceuse" in asked.text
    assert "2 membres sur 3 ont voté" in asked.text
    assert "par Amina Diallo" in re.sub(r"\s+", " ", asked.text)


async def test_bookings_and_disagreements_are_shown(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, at(ledger, "/bookings"))
    assert "28\u00a0September 2026" in page.text
    assert "1\u00a0June 2026" not in page.text, "what is over is left out"
    overview = await read(browser, at(ledger))
    for text in ("Booked next", "Disagreements", "A second drill?"):
        assert text in overview.text
    assert "There are no neighbours yet" in (await read(browser, at(ledger, "/neighbours"))).text


def test_fractions_are_written_as_far_as_they_go() -> None:
    assert exact_text(130048, 1000, Words("en")) == "130.048"
    assert exact_text(-1, 3, Words("fr")) == "\N{MINUS SIGN}0,333333…"
    assert exact_text(8, 4, Words("en")) == "2"


async def test_an_account_shows_what_it_held_after_each_movement(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    rows = (await data(browser, ledger, f"/accounts/{one('account fund').hex()}"))["movements"]
    assert [(row["code"], row["amount"], row["posted"]) for row in rows] == [
        ("settle", "945.00", "5010.00"),
        ("wage", "-935.00", "4065.00"),
        ("opening", "5000.00", "5000.00"),
    ]
    page = await read(browser, at(ledger, f"/account/{one('account fund').hex()}"))
    assert "\N{MINUS SIGN}935.00" in page.text
    assert f"/v1/log/{show_log_id(ledger.log_id)}/1/proofs/{rows[0]['position']}" in page.links()


async def test_what_is_taken_away_can_be_checked(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    path = f"/v1/ledger/{show_log_id(ledger.log_id)}/members/{one('bruno').hex()}"
    assert f"{path}/statement" in (await read(browser, of(ledger, "bruno"))).links()
    statement = await browser.get(f"{path}/statement")
    body = await statement.read()
    assert judge_member(body).verdict in {MemberVerdict.TRUE, MemberVerdict.NOT_WITNESSED}
    assert b"Secret" not in body, "whoever is not known gets what is public"
    table = await browser.get(f"{path}/csv?year=2026")
    rows = list(csv.DictReader((await table.text()).splitlines()))
    assert {row["what"] for row in rows} == {"work", "transfer"}
    assert sum(float(row["amount"]) for row in rows if row["kind"] == "post" and row["unit"] == "EUR") == 25.0
    assert list(csv.DictReader((await (await browser.get(f"{path}/csv?year=2025")).text()).splitlines())) == []
    assert (await browser.get(f"{path}/csv?year=twenty")).status == 400


async def test_what_is_private_takes_the_token(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    path = f"/v1/ledger/{show_log_id(ledger.log_id)}/members/{one('bruno').hex()}?scope=private"
    assert (await browser.get(path)).status == 401
    answer = await browser.get(path, headers={"Authorization": "Bearer token"})
    assert (await answer.json())["member"]["name"] == "Bruno Secret"


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_nothing_in_a_ledger_acts(browser: TestClient[Any, Any], ledger: Ledger, language: str) -> None:
    for path in PAGES:
        page = await read(browser, at(ledger, path), language=language)
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in page.links())
        labels = [attributes["for"] for tag, attributes in page.elements if tag == "label"]
        fields = [attributes["id"] for tag, attributes in page.elements if tag in {"input", "select", "textarea"}]
        assert sorted(labels) == sorted(fields)
    evil = await read(browser, of(ledger, "shop"), language=language)
    assert "<script>" in evil.text
    assert "{{" in evil.text


async def test_the_ledger_speaks_french(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    page = await read(browser, at(ledger), language="fr")
    for text in ("Communs de Lille", "Qui a donné à qui", "Argent, EUR", "5\u202f010,00\u00a0EUR", "un don"):
        assert text in page.text


@pytest.mark.parametrize("path", ["/member/" + "0" * 32, "/account/x", "/member/" + "zz" * 16, "/nothing"])
async def test_what_is_not_there_is_a_page_too(browser: TestClient[Any, Any], ledger: Ledger, path: str) -> None:
    assert "There is no such page" in (await read(browser, at(ledger, path), status=404)).text
    assert (await browser.get("/v1/ledger/x/members")).status == 404


async def test_the_own_ledger_has_a_short_address(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    response = await browser.get("/ledger", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, at(ledger))


def test_flows_taken_in_bit_by_bit_are_the_same(ledger: Ledger) -> None:
    with ledger.store.read() as reads:
        tree = own_tree(reads)
        whole, bits = Flows(), Flows()
        assert whole.advance(reads, tree) == 0
        steps = [bits.advance(reads, tree, entries=7) for _ in range(-(-tree.derived // 7))]
        assert steps == [max(0, tree.derived - 7 * (number + 1)) for number in range(len(steps))]
        assert bits.months == whole.months
        assert LedgerView(reads, tree).log_id == ledger.log_id
    corrected = {flow: amount for flow, amount in whole.between(MARCH + 5, MARCH + 5).items() if flow.unit == "h"}
    assert sum(amount for flow, amount in corrected.items() if flow.what == "livelihood") == 105


def test_pairs_keep_what_each_gives_and_takes() -> None:
    amounts = [("members", -70), ("fund", -30), ("outside", 45), ("reserve", 5), ("organisation", 50), ("members", 0)]
    pairs = pair_up(amounts)
    for group in {name for name, _ in amounts}:
        given = sum(amount for source, _, amount in pairs if source == group)
        taken = sum(amount for _, target, amount in pairs if target == group)
        assert taken - given == sum(amount for name, amount in amounts if name == group)
    assert pair_up([]) == []


def test_bands_are_as_thick_as_their_amounts() -> None:
    streams = [Stream("a", "b", 300, "money"), Stream("a", "c", 100, "care"), Stream("b", "b", 1, "love gift")]
    drawn = draw_bands(streams, ("a", "b", "c"))
    heights = {node.name: node.height for node in drawn.givers}
    assert heights["a"] == pytest.approx(400 / 401 * 190, abs=0.1)
    assert heights["b"] == 1.5, "what is there is seen"
    assert {node.name: node.amount for node in drawn.takers} == {"b": 301, "c": 100}
    assert len(drawn.bands) == 3
    for one_band in drawn.bands:
        numbers = [float(number) for number in re.findall(r"[0-9.]+", one_band.path)]
        assert all(0 <= number <= max(drawn.width, drawn.height) for number in numbers)


def test_columns_are_as_high_as_their_amounts() -> None:
    drawn = draw_columns(
        [Column("Jan", [("care", 30), ("love", 20)]), Column("Feb", []), Column("Mar", [("care", 25)])]
    )
    first, second, third = drawn.bars
    assert first.height + second.height == drawn.base - drawn.line
    assert second.y + second.height == pytest.approx(first.y)
    assert third.height == pytest.approx((first.height + second.height) / 2, abs=0.1)
    assert [label.text for label in drawn.labels] == ["Jan", "Feb", "Mar"]


def test_long_periods_are_seen_by_years() -> None:
    assert len(Period(MARCH, MARCH + 35).steps()) == 36
    steps = Period(MARCH, MARCH + 40).steps()
    assert [(step.since, step.until) for step in steps][:2] == [("2026-03", "2026-12"), ("2027-01", "2027-12")]
    assert steps[-1].last == MARCH + 40
    assert read_period({}, MARCH) == Period(MARCH - 11, MARCH)
    assert read_period({"from": "2025-01"}, MARCH) == Period(12 * 2025, MARCH)
    with pytest.raises(Malformed):
        read_period({"from": "0001-01", "until": "9999-12"}, MARCH)
