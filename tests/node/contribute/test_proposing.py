# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposing, reporting and deciding on the pages, without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ledger.directory.expiry import end_of
from ledger.proposals.inbox import ORIGIN_BYTES, invite
from node.contribute.openness import SENDS_MAX, Openness
from node.contribute.work import read_work, work_texts
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.contribute.proposing import Visitor, fields_of
from tests.node.stewarding import EVIL, Steward, plain, point, put, record

if TYPE_CHECKING:
    from tests.node.running import RunningNode

MILL = "mill"


@pytest.fixture
def visitor(node: RunningNode) -> Visitor:
    more = {"description": {"en": "Flour."}, "point": point(50.63, 3.06), "categories": ["osm:shop=bakery"]}
    put(node.ledger, record(MILL, **more))
    return Visitor(node)


def change_of(name: str = MILL) -> str:
    return f"/propose?record={seeded(name, 16).hex()}"


def record_path(node: RunningNode) -> str:
    return f"/record/{show_log_id(node.log_id)}/{seeded(MILL, 16).hex()}"


async def test_something_new_from_form_to_search(node: RunningNode, visitor: Visitor, steward: Steward) -> None:
    assert "/propose" in (await visitor.read("/")).links()
    written = {"name_en": "Tool library", "near": "Lille", "category_0": "Bakery", "category_1": "my own word"}
    place = await visitor.propose("/propose?kind=place", country="France", url="tools.example.org", **written)
    assert place.endswith("?sent=yes")
    page = await visitor.read(place)
    assert "Thank you" in page.text
    assert "Tool library" in page.text
    assert (await visitor.read("/?q=tool")).text.count("Tool library") == 0
    path = place.partition("?")[0]
    await steward.send(path, fields_of(await steward.read(path)) | {"act": "accepted", "reason": "seen"}, 303)
    node.ledger.writer.settle()
    assert "Tool library" in (await visitor.read("/?q=tool")).text
    _, found = await node.get("/v1/records?q=tool")
    (one,) = found["records"]
    assert one["categories"] == ["osm:shop=bakery", "tag:my own word"]
    assert (one["point"]["method"], one["address"]["country"], one["url"]) == (
        "town",
        "FR",
        "https://tools.example.org",
    )
    page = await visitor.read(path)
    assert "Accepted" in page.text
    assert "seen" in page.text
    assert "Tool library" in (await visitor.read("/proposals")).text


@pytest.mark.parametrize(("written", "days"), [({}, 90), ({"term_lend": "yes"}, 360)])
async def test_what_is_offered_ends_by_itself(
    node: RunningNode, visitor: Visitor, written: dict[str, str], days: int
) -> None:
    form = await visitor.read("/propose?kind=offer")
    assert "ends by itself after 90 days, what is lent or done again and again after 360." in plain(form.text)
    place = await visitor.propose("/propose?kind=offer", name_en="Seeds", **written)
    _, told = await node.get(f"/v1/proposals/{place.partition('?')[0].rpartition('/')[2]}")
    end = told["record"]["valid_until"]
    assert end == end_of(["lend"] if written else [], int(node.ledger.clock()))
    assert end // 86_400 == int(node.ledger.clock()) // 86_400 + days
    assert "Valid until" in plain((await visitor.read(place)).text)


async def test_work_is_offered_with_skills_rate_and_days(node: RunningNode, visitor: Visitor, steward: Steward) -> None:
    page = await visitor.read("/propose?kind=offer")
    assert ("details", True) in [(tag, "open" in one) for tag, one in page.elements if one.get("id") == "offer-part"]
    work = {
        "work_skills": "joinery\n oak  windows\n\njoinery",
        "work_rate": "24,5",
        "work_unit": "EUR",
        "work_per": "hour",
    }
    work |= {"work_by": "Union of joiners", "work_table": "https://example.org/rates", "work_remote": "yes"}
    work |= {"work_from": "2026-10-01", "work_until": "2026-12-01"}
    place = await visitor.propose("/propose?kind=offer", name_en="Windows", **work)
    path = place.partition("?")[0]
    assert "24.50\N{NO-BREAK SPACE}EUR an hour" in (await visitor.read(place)).text
    await steward.send(path, fields_of(await steward.read(path)) | {"act": "accepted", "reason": "seen"}, 303)
    node.ledger.writer.settle()
    _, found = await node.get("/v1/records?kind=offer")
    (one,) = found["records"]
    rate = {"amount": 2450, "scale": 2, "unit": "EUR", "per": "hour", "by": "Union of joiners"}
    days = {"from": 20_727, "until": 20_788}
    told = {"skills": ["joinery", "oak windows"], "rate": rate | {"table": "https://example.org/rates"}, "remote": True}
    assert one["work"] == told | days
    page = await visitor.read(f"/propose?record={one['id']}")
    shown = fields_of(page)
    assert shown["work_rate"] == "24.50"
    assert "joinery\noak windows" in page.text


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("work_rate", "much", "Such as 25 or"),
        ("work_rate", "", "This is needed."),
        ("work_unit", "two words", "Such as EUR"),
        ("work_table", "ftp://x", "An address like"),
        ("work_until", "2026-01-01", "ends before it begins"),
        ("work_skills", "x" * 101, "At most 32 skills"),
        ("kind", "place", "Work stands in an offer or a need"),
    ],
)
async def test_work_that_does_not_do(visitor: Visitor, field: str, text: str, said: str) -> None:
    form = fields_of(await visitor.read("/propose?kind=need")) | {
        "name_en": "Windows",
        "kind": "need",
        "work_by": "Union",
    }
    form |= {"work_rate": "25", "work_unit": "EUR", "work_per": "day", "work_from": "2026-10-01"}
    page = await visitor.send("/propose", form | {field: text, "step": "check"}, 422)
    assert said in page.text


def test_a_rate_keeps_the_contract_that_it_names_until_it_is_another() -> None:
    rate = {"amount": 40, "unit": "EUR", "scale": 0, "per": "day", "contract": {"log": b"l", "id": b"i"}, "clause": 0}
    texts = work_texts({"skills": ["joinery"], "rate": rate})
    faults: dict[str, str] = {}
    assert read_work(texts, {"rate": rate}, "offer", faults)["rate"] == rate
    other = read_work(texts | {"work_rate": "41"}, {"rate": rate}, "offer", faults)["rate"]
    assert other == {"amount": 41, "unit": "EUR", "scale": 0, "per": "day"}
    assert faults == {}


async def test_a_change_shows_what_would_be_different(node: RunningNode, visitor: Visitor, steward: Steward) -> None:
    links = (await visitor.read(record_path(node))).links()
    assert change_of() in links
    filled = fields_of(await visitor.read(change_of()))
    assert (filled["name_en"], filled["lat"], filled["category_0"]) == (MILL, "50.63", "Bakery")
    same = await visitor.send("/propose", filled | {"step": "check"}, 422)
    assert "Nothing is different" in same.text
    shown = await visitor.send("/propose", filled | {"step": "check", "name_en": "old mill", "lat": "50.64"})
    assert "Moved by 1.1\u00a0km" in shown.text
    assert [tag for tag, _ in shown.elements if tag in {"ins", "del"}]
    again = await visitor.send("/propose", fields_of(shown) | {"step": "edit"})
    assert fields_of(again)["name_en"] == "old mill"
    place = await visitor.send("/propose", fields_of(shown) | {"step": "send"}, 303)
    twice = await visitor.send("/propose", fields_of(shown) | {"step": "send"}, 303)
    assert place == twice
    path = place.partition("?")[0]
    changed = fields_of(await steward.read(f"/propose?proposal={path.rpartition('/')[2]}"))
    shown = await steward.send("/propose", changed | {"step": "check", "name_en": "The old mill"})
    assert await steward.send(f"{path}/accept", fields_of(shown), 303) == path
    assert "Accepted with changes" in (await visitor.read(path)).text
    node.ledger.writer.settle()
    assert "The old mill" in (await visitor.read(record_path(node))).text


async def test_nothing_is_put_but_what_was_shown(node: RunningNode, visitor: Visitor, steward: Steward) -> None:
    first = (await visitor.propose(change_of(), description_en="Flour and bread.")).partition("?")[0]
    second = (await visitor.propose(change_of(), name_en="Old mill")).partition("?")[0]
    seen = fields_of(await steward.read(second)) | {"act": "accepted"}
    edited = fields_of(await steward.read(f"/propose?proposal={second.rpartition('/')[2]}")) | {"name_en": "Mill 2"}
    await steward.send(first, fields_of(await steward.read(first)) | {"act": "accepted"}, 303)
    assert "changed since this page was opened" in (await steward.send(second, seen, 422)).text
    shown = fields_of(await steward.send("/propose", edited | {"step": "check"}))
    assert "changed since this page was opened" in (await steward.send(f"{second}/accept", shown, 422)).text
    await steward.send(second, {"csrf": seen["csrf"], "act": "accepted"}, 422)
    await steward.send(second, fields_of(await steward.read(second)) | {"act": "accepted"}, 303)
    node.ledger.writer.settle()
    page = (await visitor.read(record_path(node))).text
    assert "Flour and bread." in page
    assert "Old mill" in page


async def test_a_refusal_and_a_report_are_read_by_everybody(
    node: RunningNode, visitor: Visitor, steward: Steward
) -> None:
    place = (await visitor.propose(change_of(), name_en="Pills")).partition("?")[0]
    assert "Decide" not in (await visitor.read(place)).text
    form = fields_of(await steward.read(place))
    await steward.send(place, form | {"act": "refused", "reason": "this sells pills", "hold_back": "yes"}, 303)
    assert "this sells pills" in (await visitor.read("/proposals")).text
    assert "What was written was not kept" in (await visitor.read(place)).text
    kept = (await visitor.propose(change_of(), name_en="Windmill", note="it has wings")).partition("?")[0]
    await steward.send(kept, fields_of(await steward.read(kept)) | {"act": "refused"}, 303)
    told = (await visitor.read(kept)).text
    assert "Windmill" in told
    assert "it has wings" in told
    about = f"/propose/report?log={show_log_id(node.log_id)}&id={seeded(MILL, 16).hex()}"
    assert about in (await visitor.read(record_path(node))).links()
    empty = fields_of(await visitor.read(about))
    assert "Choose one" in (await visitor.send("/propose/report", empty | {"step": "check"}, 422)).text
    place = (await visitor.propose(about, type="not_there", note="bricked up")).partition("?")[0]
    assert "bricked up" in (await visitor.read(place)).text
    await steward.send(place, fields_of(await steward.read(place)) | {"act": "closed"}, 303)
    node.ledger.writer.settle()
    assert "This has closed" in (await visitor.read(record_path(node))).text
    assert "The entry was closed" in (await visitor.read(place)).text


async def test_a_link_gives_a_name(visitor: Visitor, steward: Steward) -> None:
    page = await steward.send(
        "/steward/links", fields_of(await steward.read("/steward/links")) | {"name": "Marie, Fives"}
    )
    found = re.search(r"/propose\?link=[\w-]+", page.text)
    assert found is not None
    link = found[0]
    assert "Marie, Fives" in (await visitor.read(link)).text
    place = await visitor.propose(link, kind="place", name_en="Orchard")
    assert "Marie, Fives" in (await visitor.read(place)).text
    (drop,) = [a["value"] for tag, a in page.elements if tag == "button" and a.get("name") == "drop"]
    await steward.send("/steward/links", {"csrf": fields_of(page)["csrf"], "drop": drop}, 303)
    assert "not good any more" in (await visitor.read(link)).text


async def test_what_is_not_taken(node: RunningNode, visitor: Visitor) -> None:
    form = fields_of(await visitor.read("/propose"))
    for name, value in (
        ("name_en", ""),
        ("kind", "vehicle"),
        ("name_en", "a" * 301),
        ("lat", "91"),
        ("lon", "east"),
        ("near", "Nowhereville"),
        ("country", "Atlantis"),
        ("url", "javascript:alert(1)"),
        ("email", "nobody"),
        ("valid_until", "tomorrow"),
        ("licence", "do & what <you> want"),
        ("note", "a" * 2001),
        ("hours", "a\u0007"),
    ):
        wrong = form | {"step": "check", "kind": "place", "name_en": "Mill"} | {name: value}
        page = await visitor.send("/propose", wrong, 422)
        assert "Nothing has been sent yet" in page.text, name
    shown = await visitor.send("/propose", form | {"step": "check", "kind": "place", "name_en": "Mill"})
    sent = fields_of(shown) | {"step": "send"}
    assert "has to stay empty" in (await visitor.send("/propose", sent | {"nickname": "Bob"}, 422)).text
    assert "too old" in (await visitor.send("/propose", sent | {"token": "1-00"}, 422)).text
    headers = visitor.headers | {"Origin": "https://evil.example"}
    async with node.client.post(f"{node.url}/propose", data=sent, headers=headers) as answer:
        assert answer.status == 403
    async with node.client.post(
        f"{node.url}/proposals/{'00' * 16}", data={"act": "accepted"}, allow_redirects=False
    ) as answer:
        assert answer.headers["Location"] == "/steward/sign-in"
    assert (await visitor.read("/proposals/00", 404)).text
    assert (await visitor.read("/propose?record=00", 404)).text


async def test_a_language_more(visitor: Visitor) -> None:
    form = fields_of(await visitor.read("/propose"))
    page = await visitor.send("/propose", form | {"step": "language", "language_new": "nl", "name_en": "Mill"})
    filled = fields_of(page)
    assert (filled["name_en"], filled["name_nl"]) == ("Mill", "")


async def test_hostile_text_stays_text(visitor: Visitor, steward: Steward) -> None:
    names = ("description_en", "street", "locality", "item", "hours", "conditions", "note", "source")
    texts = dict.fromkeys(names, EVIL)
    place = await visitor.propose("/propose?kind=place", name_en=EVIL, category_0=EVIL, **texts)
    for path in (place, "/proposals", f"/propose?proposal={place[11:43]}"):
        page = await steward.read(path)
        assert "<script>alert(1)</script>" in page.text or fields_of(page)["name_en"] == EVIL.strip()


async def test_what_is_said_of_a_person_is_seen_by_stewards_only(
    node: RunningNode, visitor: Visitor, steward: Steward
) -> None:
    place = (await visitor.propose("/propose?kind=person", name_en="Jo Doe", note="lives there")).partition("?")[0]
    for path in (place, "/proposals"):
        told = (await visitor.read(path)).text
        assert "Jo Doe" not in told
        assert "lives there" not in told
        assert "Jo Doe" in (await steward.read(path)).text
    _, told = await node.get(f"/v1{place}")
    assert (told["record"], told["note"]) == (None, "")


async def test_it_can_be_switched_off(node: RunningNode, visitor: Visitor) -> None:
    token = invite(node.ledger, "Marie")
    await node.stop()
    for whom, status, by_link in (("links", 403, 200), ("closed", 403, 403)):
        node.config = node.config.__class__(**(node.config.__dict__ | {"proposals": whom}))
        await node.start()
        assert "not open to everybody" in (await visitor.read("/propose", status)).text
        await visitor.read(f"/propose?link={token}", by_link)
        answered, _ = await node.post("/v1/proposals", {"statement": ""}, token=None)
        assert answered == 403
        await node.stop()


def test_addresses_are_told_apart_and_not_kept() -> None:
    now = 0.0
    openness = Openness(lambda: now)
    assert openness.origin("192.0.2.1") != openness.origin("192.0.2.2")
    assert openness.origin("2001:db8::1") == openness.origin("2001:db8::2")
    for one, near, far in (
        ("192.0.2.1", "192.0.2.200", "192.0.3.1"),
        ("::ffff:192.0.2.1", "192.0.2.200", "192.0.3.1"),
        ("2001:db8:1:1::1", "2001:db8:1:2::1", "2001:db8:2:1::1"),
        ("fe80::1%eth0", "fe80::2%eth0", "2001:db8::1"),
    ):
        site, other, elsewhere = map(openness.origin, (one, near, far))
        assert len(site) == ORIGIN_BYTES
        assert site != other
        assert site[: ORIGIN_BYTES // 2] == other[: ORIGIN_BYTES // 2] != elsewhere[: ORIGIN_BYTES // 2]
    assert openness.origin("127.0.0.1") == openness.origin("here") == b""
    assert Openness().origin("192.0.2.1") != openness.origin("192.0.2.1")
    for _ in range(SENDS_MAX):
        openness.count(b"one")
    with pytest.raises(Exception, match="a lot at once"):
        openness.count(b"one")
    openness.count(b"other")
    token = openness.form_token()
    assert openness.is_form(token)
    assert not any(map(openness.is_form, ("", "x-y", token[:-1], f"1{token}", "-1-" + token)))
    now = 60.0
    openness.count(b"one")
    now = 13 * 3600.0
    assert not openness.is_form(token)
