# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known in a territory, in the browser and at the API: read by all, said by stewards, voted on by members."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.own.member_keys import keep_member_key
from ledger.territory.knowledge import SORTS, Knowledge, Known
from ledger.territory.needs import needs
from ledger.territory.principles import template_id
from node.knowledge.glossary import heard_first
from protocol.carried import BEGIN, END, Carried, read_carried, sign_carried, write_carried
from protocol.identity import show_log_id
from protocol.reader import Asking
from protocol.statement import make_statement
from tests.builders import seeded
from tests.ledger.making import Scribe, derive, hold
from tests.node.browsing import serve
from tests.node.mutual import key, one, write_mutual
from tests.node.running import record
from tests.node.steward.test_steward import HTML, fill, read, send, sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiohttp.test_utils import TestClient

    Browser = TestClient[Any, Any]

NOW = 1_790_000_000
PAGES = ("", "/glossary", "/problems", "/needs", "/skills", "/principles")


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    directory = DataDirectory(tmp_path / "mutual")
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        write_mutual(opened)
        bakery = record(1, name={"en": "The Bakery"}, kind="organisation")
        opened.writer.append([opened.state("record.put", {"record": bakery}, seeded("put", 16))]).result()
        opened.writer.settle()
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[Browser]:
    async for client in serve(ledger):
        yield client


@pytest.fixture
async def steward(browser: Browser) -> Browser:
    answer = await browser.post("/steward/sign-in", data={"token": "token"}, headers=HTML)
    assert answer.url.path == "/steward"
    return browser


async def do(steward: Browser, form: str, **fields: Any) -> None:
    """Fills a form in and signs what it comes to."""
    shown = await fill(steward, form, **fields)
    done = await read(steward, await sign(steward, form, shown))
    assert "It is written" in done.text
    assert "/knowledge" in done.links()


async def found(browser: Browser, sort: str) -> list[dict[str, Any]]:
    answer = await browser.get(f"/v1/knowledge/{sort}")
    value = await answer.json()
    assert (answer.status, value["sort"]) == (200, sort)
    return list(value["known"])


@pytest.mark.parametrize("path", PAGES)
async def test_where_nothing_is_known_the_page_invites(browser: Browser, path: str) -> None:
    page = await read(browser, f"/knowledge{path}")
    assert re.search(r"yet|No problem", page.text)
    assert "/knowledge/glossary" in page.links()


async def test_what_is_not_there(browser: Browser, ledger: Ledger) -> None:
    log = show_log_id(ledger.log_id)
    for path in ("term", "problem", "need", "principles", "holder"):
        await read(browser, f"/knowledge/{path}/{log}/{'0' * 32}", 404)
        await read(browser, f"/knowledge/{path}/x/y", 404)
    for path in ("nothing", f"terms/{log}/{'0' * 32}", "terms/x/y", "experts/x/y"):
        assert (await browser.get(f"/v1/knowledge/{path}")).status == 404
    assert (await browser.get("/v1/knowledge/experts?near=Qqqqxz")).status == 400
    assert "No town Qqqqxz is known here" in (await read(browser, "/knowledge/skills?near=Qqqqxz")).text


async def test_a_word_is_explained_linked_changed_and_taken_back(steward: Browser) -> None:
    await do(steward, "term", term="commons\nfr: commun", definition="What is ours.\nfr: Ce qui est à nous.")
    await do(steward, "term", term="fr: tiers-lieu", see="broader: commons", place="Lille")
    terms = {term["term"]["fr"]: term for term in await found(steward, "terms")}
    assert terms["commun"]["definition"] == {"en": "What is ours.", "fr": "Ce qui est à nous."}
    assert terms["tiers-lieu"]["place"]["point"]["lat"] == pytest.approx(50.6, abs=0.1)
    page = await read(steward, "/knowledge/glossary?q=LIEU")
    assert "tiers-lieu" in page.text
    assert "commun" not in page.text
    url = f"/knowledge/term/{terms['commun']['log']}/{terms['commun']['id']}"
    page = await read(steward, url, language="fr")
    assert all(text in page.text for text in ("Ce qui est à nous.", "tiers-lieu", "Comprend"))
    change = next(link for link in page.links() if link.startswith("/steward/do/term?"))
    shown = await read(steward, change)
    assert "fr: commun" in shown.text
    fields = {"term": "fr: le commun", "definition": "fr: Ce qui est à nous.", "licence": "CC0-1.0"}
    await do(steward, "term", **fields, id=terms["commun"]["id"])
    assert [one["term"]["fr"] for one in await found(steward, "terms")] == ["le commun", "tiers-lieu"]
    graph = await (await steward.get("/v1/knowledge/glossary.jsonld")).json()
    assert len(graph["@graph"]) == 3
    await do(steward, "take-back", sort="terms", id=terms["commun"]["id"])
    await read(steward, url, 404)


async def test_nobody_fills_the_page_of_a_word_of_others(
    steward: Browser, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await do(steward, "term", term="commons")
    (term,) = await found(steward, "terms")
    path = f"{term['log']}/{term['id']}"
    subject = {"log": ledger.log_id, "id": bytes.fromhex(term["id"])}
    for relation in ("same", "broader"):
        see: Any = {"see": [{"relation": relation, "term": subject}]}
        group = [
            ledger.state("term.put", {"id": seeded(name, 16), "term": {"en": name}, "licence": "CC0-1.0", **see})
            for name in (f"{relation} {number}" for number in range(4))
        ]
        ledger.writer.append(group).result()
    ledger.writer.settle()
    monkeypatch.setattr("node.knowledge.glossary.VOICES_MAX", 2)
    monkeypatch.setattr("node.knowledge.glossary.LINKED_MAX", 3)
    page = await read(steward, f"/knowledge/term/{path}")
    assert len([a for tag, a in page.elements if tag == "section" and a.get("class") == "voice"]) == 2
    assert "3 more" in page.text
    assert len({link for link in page.links() if link.startswith("/knowledge/term/") and "?" not in link}) == 3


def test_each_log_is_heard_once_before_one_is_heard_again() -> None:
    def said(log: bytes, number: int) -> Known:
        return Known(log, cast("Any", number), cast("Any", None))

    loud, quiet = [said(b"a", number) for number in range(3)], said(b"b", 3)
    assert heard_first([*loud, quiet]) == [loud[0], quiet, loud[1], loud[2]]


async def test_what_does_not_do_is_said_beside_the_field(steward: Browser) -> None:
    for form, fields, said in (
        ("term", {"term": "a", "see": "rhymes: b"}, "Each line is one of"),
        ("term", {"term": "a", "see": "same: nowhere"}, "not known here"),
        ("term", {"term": "a", "id": "x"}, "An id is 32 characters"),
        ("solution", {"problem": "nothing", "how": "so", "state": "open"}, "not known here"),
        ("skill", {"subject": "Nobody", "skill": "flying"}, "not known here"),
        (
            "need-vote",
            {"need": "nothing"} | dict.fromkeys(("choice_for", "choice_against", "choice_back"), "a"),
            "not known here",
        ),
        ("principles-declared", {"subject": "The Bakery", "set": "nothing"}, "not known here"),
        ("take-back", {"sort": "terms", "id": "0" * 32}, "Nothing of this organisation"),
    ):
        page = await fill(steward, form, 422, **fields)
        assert said in page.text, form


async def test_a_problem_and_how_it_was_solved(steward: Browser) -> None:
    await do(steward, "problem", title="No shelter", description="Rain.", state="open", place="Lille")
    (problem,) = await found(steward, "problems")
    name = f"{problem['log']}/{problem['id']}"
    fields = {"how": "A roof\nfr: Un toit", "by": "The Bakery", "evidence": "https://a.example/", "on": "2026-05-03"}
    await do(steward, "solution", problem=name, state="solved", **fields)
    page = await read(steward, f"/knowledge/problem/{name}")
    assert all(
        text in page.text
        for text in ("A roof", "The Bakery", "https://a.example/", "3\N{NO-BREAK SPACE}May 2026", "Solved")
    )
    assert "No shelter" in (await read(steward, "/knowledge/problems?state=solved")).text
    assert "No shelter" not in (await read(steward, "/knowledge/problems?state=open")).text
    await do(steward, "problem", title="No shelter for bikes", state="solved", id=problem["id"])
    (problem,) = await found(steward, "problems")
    assert problem["solutions"][0]["on"] == "2026-05-03"


async def sign_in(browser: Browser, ledger: Ledger, name: str) -> None:
    """A member comes in with what their key has signed."""
    there = f"/ledger/{show_log_id(ledger.log_id)}/sign-in"
    host = f"{browser.host}:{browser.port}"
    code = Asking(host, ledger.log_id, one(name), there, NOW).header(key(name))
    answer = await browser.post(there, data={"code": code}, headers=HTML, allow_redirects=False)
    assert answer.status == 303


async def test_members_vote_on_a_need_and_change_their_mind(steward: Browser, ledger: Ledger) -> None:
    await do(steward, "need", title="A bench", state="voiced", heard="by letter")
    await do(steward, "need", title="A crossing", state="voiced")
    bench, crossing = await found(steward, "needs")
    assert bench["title"] == {"en": "A bench"}
    name = f"{crossing['log']}/{crossing['id']}"
    await do(steward, "need-vote", need=name, choice_for="We need it", choice_against="No", choice_back="No opinion")
    steward.session.cookie_jar.clear()
    url = f"/knowledge/need/{name}"
    assert "Sign in as a member to vote" in (await read(steward, url)).text
    await sign_in(steward, ledger, "amina")
    page = await read(steward, url)
    texts = re.findall(f"{re.escape(BEGIN)}.*?{re.escape(END)}", page.text, re.DOTALL)
    assert len(texts) == 3  # she keeps her key herself
    signed = write_carried(sign_carried(read_carried(texts[0]), key("amina")))
    for text, why in (
        (texts[0], "has not signed it yet"),
        (signed.replace(END, ""), "It was not written"),
        (write_carried(sign_carried(read_carried(texts[0]), key("bruno"))), "It was not written"),
        (carried_remark(ledger), "another statement"),
    ):
        refused = await send(steward, f"{url}/vote", given_out_vote(page) | {"signed": text}, 422)
        assert why in refused.text
    answer = await steward.post(
        f"{url}/vote", data=given_out_vote(page) | {"signed": signed}, headers=HTML, allow_redirects=False
    )
    assert answer.status == 303
    page = await read(steward, url)
    assert "2 votes for it" in page.text
    refused = await send(steward, f"{url}/vote", {"csrf": "none", "choice": "0"}, 403)
    assert "too old" in refused.text
    keep_member_key(ledger.directory, key("amina"))
    for choice, told in (
        ("0", "2 votes for it"),
        ("1", "0 votes for it"),
        ("0", "2 votes for it"),
    ):  # and Bruno through her
        page = await read(steward, url)
        fields = given_out_vote(page) | {"choice": choice}
        answer = await steward.post(f"{url}/vote", data=fields, headers=HTML, allow_redirects=False)
        assert answer.status == 303, await answer.text()
        assert told in (await read(steward, url)).text
    with ledger.store.read() as reads:
        first, second = needs(Knowledge(reads), NOW // 86_400)
    assert (first.known.title["en"], second.votes) == ("A crossing", None)
    assert first.votes is not None
    assert (first.votes.supporting, first.votes.against) == (2, 0)
    await send(steward, f"{url}/vote", given_out_vote(page) | {"choice": "7"}, 404)
    assert (await steward.post(f"{url}/vote", data={"choice": "0"}, headers=HTML)).status == 403


def carried_remark(ledger: Ledger) -> str:
    """Another statement that she has signed."""
    body = {"about": one("amina"), "text": "hello"}
    statement = make_statement(ledger.log_id, "note", seeded("remark", 16), NOW, key("amina").public, body)  # type: ignore[arg-type] # it is a body
    return write_carried(sign_carried(Carried(statement, 2), key("amina")))


def given_out_vote(page: Any) -> dict[str, str]:
    """What the ballot holds, none where it cannot be sent."""
    csrf = [at for tag, at in page.elements if tag == "input" and at.get("name") == "csrf"]
    return {"csrf": csrf[0]["value"]} if csrf else {"csrf": "none"}


async def test_principles_are_declared_reviewed_and_others_have_their_say(steward: Browser, ledger: Ledger) -> None:
    await do(steward, "principles-taken", template="co-operative")
    name = f"{show_log_id(ledger.log_id)}/{template_id('co-operative').hex()}"
    await do(steward, "principles-declared", subject="The Bakery", set=name, note="Since we began")
    fields = {"code": "2", "answer": "partly", "evidence": "Minutes", "links": "https://a.example/m"}
    await do(steward, "principles-reviewed", subject="The Bakery", set="The seven co-operative principles", **fields)
    (review,) = await found(steward, "reviews")
    assert (review["code"], review["on"]) == ("democratic-control", "2026-09-21")
    other = Scribe("other")
    about = {"log": ledger.log_id, "id": bytes.fromhex(review["id"])}
    other.say("principle.dispute", {"about": about, "note": "We were not asked."})
    ledger.writer.run(lambda _: None).result()
    hold(ledger.store, other.log)
    derive(ledger.store)
    subject = review["subject"]
    page = await read(steward, f"/knowledge/holder/{subject['log']}/{subject['id']}")
    assert all(text in page.text for text in ("Since we began", "In part", "Minutes", "Disputed", "We were not asked."))
    assert "The Bakery" in (await read(steward, f"/knowledge/principles/{name}")).text
    refused = await fill(
        steward, "principles-opinion", 422, about=f"{subject['log']}/{review['id']}", opinion="endorse"
    )
    assert "Others endorse or dispute" in refused.text
    await do(steward, "principles", title="Ours", principles="The door is open: to all\nWe share")
    ours = next(one for one in await found(steward, "principles") if one["title"] == {"en": "Ours"})
    assert [one["code"] for one in ours["principles"]] == ["the-door-is-open", "we-share"]


async def test_who_knows_what(steward: Browser) -> None:
    await do(steward, "skill", subject="The Bakery", skill="Sourdough bread", note="since 1990")
    page = await read(steward, "/knowledge/skills?q=sour")
    assert all(text in page.text for text in ("The Bakery", "sourdough bread", "since 1990", "by their own word"))
    (expert,) = (await (await steward.get("/v1/knowledge/experts")).json())["experts"]
    assert expert["skills"][0]["skill"] == "skill:sourdough bread"
    assert "Nobody here is known for that" in (await read(steward, "/knowledge/skills?q=flying")).text
    await do(steward, "skill", subject="The Bakery", skill="sourdough bread", withdrawn="on")
    assert "The Bakery" not in (await read(steward, "/knowledge/skills")).text


async def test_every_sort_is_told_at_the_api(browser: Browser) -> None:
    for sort in SORTS:
        assert await found(browser, sort) == []


async def test_programs_say_it_through_the_api(browser: Browser, ledger: Ledger) -> None:
    log, thing = show_log_id(ledger.log_id), seeded("said by a program", 16).hex()
    see = [{"relation": "related", "term": {"log": log, "id": "00" * 16}}]
    body = {"id": thing, "term": {"en": "commons"}, "see": see, "licence": "CC0-1.0"}
    headers = {"Authorization": "Bearer token", "Idempotency-Key": "one"}
    for more, status in (({"zz": 1}, 400), ({}, 201)):
        entries = {"entries": [{"kind": "term.put", "body": body | more}]}
        answer = await browser.post("/v1/entries", json=entries, headers=headers)
        assert answer.status == status, await answer.text()
    ledger.writer.settle()
    (term,) = await found(browser, "terms")
    assert (term["id"], term["see"], term["by"]) == (thing, see, "Moot")
    answer = await browser.get(f"/v1/knowledge/terms/{log}/{thing}")
    assert (await answer.json())["known"] == term
