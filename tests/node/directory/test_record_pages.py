# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a record: its history as differences, and what the rest of the node knows of it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from node.directory.listing import Checked, Reader
from node.directory.profile_around import Around, Claim
from node.directory.record_pages import _last_look
from node.web.languages import Text
from node.web.words import choose_words
from protocol.identity import show_log_id
from tests.builders import Log, found_organisation, make_statement_payload, seeded
from tests.ledger.making import hold
from tests.node.browsing import Page
from tests.node.running import RunningNode, record

HTML = {"Accept": "text/html", "Accept-Language": "en"}
FAR = 2**39
EVIL = "<script>alert(1)</script>\"'&\u202e"


def write(node: RunningNode, *said: tuple[str, dict[str, Any]]) -> None:
    """Enters statements, whose ids follow from what they say."""
    group = [
        node.ledger.state(kind, body, seeded(f"{kind} {number} {body}", 16)) for number, (kind, body) in enumerate(said)
    ]
    node.ledger.writer.append(group).result()
    node.ledger.writer.settle()


def address(node: RunningNode, number: int) -> str:
    return f"/record/{show_log_id(node.log_id)}/{record(number)['id'].hex()}"


def subject(node: RunningNode, number: int) -> dict[str, bytes]:
    return {"log": node.log_id, "id": record(number)["id"]}


async def page_of(node: RunningNode, path: str, status: int = 200, **headers: str) -> Page:
    async with node.client.get(node.url + path, headers=HTML | headers) as answer:
        assert answer.status == status, path
        page = Page(await answer.text())
    assert page.foreign() == []
    return page


@pytest.mark.parametrize(
    ("endpoint", "leads_to"),
    [
        ("https://moot.example/a/", ("https://moot.example/a/propose?record=", "moot.example")),
        (
            "https://known.example@other.example",
            ("https://known.example@other.example/propose?record=", "other.example"),
        ),
        ("http://[", None),
        ("", None),
    ],
)
async def test_an_entry_of_others_is_changed_at_their_node(
    node: RunningNode, endpoint: str, leads_to: tuple[str, str] | None
) -> None:
    other = found_organisation("other", endpoints=[endpoint] if endpoint else [])
    log, theirs = Log(other), record(7_001)
    log.append(make_statement_payload(other.log_id, "record.put", {"record": theirs}, [other.key]))
    hold(node.ledger.store, log)
    node.ledger.writer.run(lambda _: None).result()
    node.ledger.writer.settle()
    page = await page_of(node, f"/record/{show_log_id(other.origin.log_id)}/{theirs['id'].hex()}")
    found = [url for url in page.links() if "/propose?record=" in url]
    assert found == ([leads_to[0] + theirs["id"].hex()] if leads_to else [])
    assert (f"Change this entry at {leads_to[1]}" if leads_to else "Report something") in page.text


async def test_each_step_says_what_it_changed(node: RunningNode) -> None:
    changed = record(1, name={"en": "Commons of the mill"}, hours="Mo 10:00-12:00")
    write(node, ("record.put", {"record": changed}))
    page = await page_of(node, address(node, 1))
    assert "Name (English), Opening hours" in page.text
    assert page.count("del") == 1
    assert page.count("ins") == 2
    assert page.text.count("Changed") == 1
    assert re.search("[0-9]{4} Entered", page.text)


async def test_many_steps_show_the_latest_changes_and_prove_the_rest(node: RunningNode) -> None:
    for number in range(14):
        write(node, ("record.put", {"record": record(1, item=f"thing {number}")}))
    page = await page_of(node, address(node, 1))
    steps = list(dict.fromkeys(link for link in page.links() if "/proof?entry=" in link))
    assert len(steps) == 15
    assert page.text.count("thing 13") == 2  # the fact, and what changed
    assert "thing 1\n" not in page.text
    assert "thing 1" in (await page_of(node, steps[-3])).text
    assert "Item" in (await page_of(node, steps[-2])).text


async def test_hostile_text_in_a_difference_stays_text(node: RunningNode) -> None:
    write(node, ("record.put", {"record": record(1, name={"en": EVIL}, description={"en": EVIL})}))
    page = await page_of(node, address(node, 1))
    assert page.text.count("<script>") > 2


def relation(node: RunningNode, predicate: str, number: int) -> dict[str, Any]:
    return {"predicate": predicate, "object": subject(node, number)}


async def test_what_points_here_is_told_with_offers_and_needs_apart(node: RunningNode) -> None:
    offer = {"kind": "offer", "direction": "offer", "terms": ["lend"], "valid_until": FAR}
    write(
        node,
        ("record.put", {"record": record(2, kind="resource", relations=[relation(node, "maintainedBy", 1)])}),
        ("record.put", {"record": record(3, **offer, relations=[relation(node, "offered-by", 1)])}),
        (
            "record.put",
            {"record": record(4, **offer | {"valid_until": 1}, relations=[relation(node, "offered-by", 1)])},
        ),
        ("record.put", {"record": record(5, relations=[relation(node, "near", 1)])}),
        ("record.close", {"id": record(5)["id"], "reason": "closed"}),
        ("record.put", {"record": record(6, relations=[relation(node, "near", 1)])}),
        ("record.put", {"record": record(6)}),
    )
    page = await page_of(node, address(node, 1))
    assert "Resource, maintained by" in page.text
    assert "Offered · to lend · until" in page.text
    assert {address(node, 2), address(node, 3)} <= set(page.links())
    assert not {address(node, 4), address(node, 5), address(node, 6)} & set(page.links())


async def test_who_looked_and_who_vouches_is_told_by_name(node: RunningNode) -> None:
    about = subject(node, 1)
    write(
        node,
        ("claim.checked", {"subject": about, "finding": "right", "note": EVIL}),
        ("claim.endorse", {"subject": about, "note": "we work with them"}),
        ("claim.report", {"subject": about, "type": "wrong", "note": "not decided on"}),
    )
    page = await page_of(node, address(node, 1))
    assert re.search(r"Checked .* by\s+Moot", page.text)
    assert "Vouches for it" in page.text
    assert "we work with them" in page.text
    assert "not decided on" not in page.text


async def test_the_same_thing_is_shown_with_what_it_says_differently(node: RunningNode) -> None:
    write(
        node,
        ("record.put", {"record": record(1, name={"en": "Old mill"}, hours="Mo 10:00-12:00")}),
        ("record.put", {"record": record(2, name={"en": "The mill"}, item="flour")}),
        ("claim.same", {"subject": subject(node, 2), "other": subject(node, 1)}),
    )
    page = await page_of(node, address(node, 1))
    assert "What it says differently: Name (English)\n" in page.text
    assert address(node, 2) in page.links()


async def test_opening_hours_and_the_map_need_no_script(node: RunningNode) -> None:
    point = {"lat": 506_292_000, "lon": 30_573_000, "precision": 5_000, "method": "town"}
    write(node, ("record.put", {"record": record(1, point=point, hours="24/7")}))
    page = await page_of(node, address(node, 1))
    assert "Open all the time" in page.text
    assert "Lille" in page.text
    circles = [
        attributes for tag, attributes in page.elements if tag == "circle" and attributes.get("class") == "within"
    ]
    assert 15 < float(circles[0]["r"]) < 120
    assert page.count("table") == 1


async def test_programs_are_told_what_surrounds_a_record(node: RunningNode) -> None:
    write(
        node,
        ("record.put", {"record": record(2, relations=[relation(node, "near", 1)])}),
        ("claim.endorse", {"subject": subject(node, 1), "note": "yes"}),
        ("claim.report", {"subject": subject(node, 1), "type": "wrong"}),
    )
    status, told = await node.get("/v1/records" + address(node, 1).removeprefix("/record") + "/around")
    assert status == 200
    assert [(one["kind"], one["note"], one["by"]) for one in told["claims"]] == [
        ("claim.endorse", "yes", {"en": "Moot"})
    ]
    assert [(one["predicate"], one["record"]["id"]) for one in told["relations"]] == [("near", record(2)["id"].hex())]
    assert told["contracts"] == []
    assert (await node.get("/v1/records/x/00/around"))[0] == 404


def test_the_last_look_is_that_of_whoever_looked_last() -> None:
    reader = Reader(("en",), choose_words(("en",)), 1_800_000_000)
    claim = Claim("Checked", "", Text("Other Moot", "en"), "Ann", "then", "/proof", 1_790_000_000)
    none, some = Around([], None, [], [], [], []), Around([claim], claim, [], [], [], [])
    assert _last_look(None, none, reader) == (Checked("", stale=True), None)
    assert _last_look(None, some, reader) == (Checked("21\u00a0September 2026", stale=False), claim)
    assert _last_look(1_799_000_000, some, reader)[1] is None  # somebody looked later, and said so otherwise
    assert _last_look(1_700_000_000, some, reader)[1] is claim
