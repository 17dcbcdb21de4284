# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a record: its history as differences, and what the rest of the node knows of it."""

from __future__ import annotations

import re
from typing import Any

from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.browsing import Page
from tests.node.running import RunningNode, record

HTML = {"Accept": "text/html", "Accept-Language": "en"}
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


async def test_each_step_says_what_it_changed(node: RunningNode) -> None:
    changed = record(1, name={"en": "Commons of the mill"}, hours="Mo 10:00-12:00")
    write(node, ("record.put", {"record": changed}))
    page = await page_of(node, address(node, 1))
    assert "Name (English), Opening hours" in page.text
    assert page.count("del") == 1
    assert page.count("ins") > 2
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
