# SPDX-License-Identifier: AGPL-3.0-or-later
"""What happened and was decided, over HTTP; and what a member is shown of themselves, who proves who they are."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import ClientResponse

from ledger.showing import recent
from ledger.showing.events import Wanted, recent_events
from ledger.showing.view import LedgerView
from protocol.identity import show_log_id
from protocol.reader import Asking
from protocol.signature import SigningKey
from tests.node.mutual import DRILL, key, one, write_mutual
from tests.node.running import RunningNode


@pytest.fixture
def ledger(node: RunningNode) -> str:
    """The path of a small mutual's ledger."""
    write_mutual(node.ledger)
    return f"/v1/ledger/{show_log_id(node.log_id)}"


async def ask(node: RunningNode, path: str, **query: str) -> Any:
    answered, value = await node.get(path, params=query)
    assert answered == 200, value
    return value


async def test_events_and_bookings(node: RunningNode, ledger: str) -> None:
    amina = one("amina").hex()
    found = await ask(node, f"{ledger}/events", party=amina, **{"from": "2026-05-01", "until": "2026-06-01"})
    assert {event["stream"] for event in found["events"]} == {"livelihood", "care", "love"}
    assert all("2026-05-01" <= event["on"] < "2026-06-01" for event in found["events"])
    assert len((await ask(node, f"{ledger}/events", limit="3"))["events"]) == 3
    love = (await ask(node, f"{ledger}/events/{one('love').hex()}"))["event"]
    assert (love["gift"], love["says"], love["effort"]) == (True, ["thanks"], {"amount": "3.5", "unit": "h"})
    booked = (await ask(node, f"{ledger}/bookings", resource=DRILL.hex(), **{"from": "2026-01-01"}))["bookings"]
    assert [(one_["begin"], one_["charged"]) for one_ in booked] == [
        ("2026-06-01T00:00Z", True),
        ("2026-09-28T00:00Z", False),
    ]
    at = f"{ledger}/bookings"
    days = {"from": "2026-06-03", "until": "2026-06-30"}
    assert len((await ask(node, at, **days))["bookings"]) == 1, "it has not ended yet"
    assert (await ask(node, at, **days | {"from": "2026-06-05"}))["bookings"] == []
    assert len((await ask(node, at, all="1", limit="1"))["bookings"]) == 1
    assert (await ask(node, f"{ledger}/stock"))["stock"] == []


async def test_page_by_page_everything_is_seen_once(node: RunningNode, ledger: str) -> None:
    for path, name in (("events", "events"), ("posts", "posts"), ("bookings?all=1", "bookings")):
        whole = (await ask(node, f"{ledger}/{path}", limit="1000"))[name]
        seen: list[Any] = []
        query = {"limit": "2"}
        while True:
            value = await ask(node, f"{ledger}/{path}", **query)
            seen += value[name]
            if value["next"] is None:
                break
            query["before"] = str(value["next"])
        assert seen == whole
        assert len(whole) > 1


async def test_no_question_looks_at_everything(node: RunningNode, ledger: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_STEP", 3)
    with node.ledger.store.read() as reads:
        view = LedgerView(reads, reads.tree_numbered(node.ledger.own.tree))
        found, before, pages = [], None, 0
        while pages == 0 or before is not None:
            page = recent_events(view, Wanted(party=one("amina")), 100, before, looked_max=4)
            found += page.found
            before, pages = page.next, pages + 1
        assert pages > 5
    assert len(found) == len((await ask(node, f"{ledger}/events", party=one("amina").hex()))["events"])


async def test_posts(node: RunningNode, ledger: str) -> None:
    posts = (await ask(node, f"{ledger}/posts", account=one("account reserve").hex()))["posts"]
    assert [(post["code"], post["basis"]["claim"]) for post in posts] == [("settle", one("claim 1").hex())]
    assert {leg["amount"] for leg in posts[0]["legs"]} == {"-1000.00", "945.00", "50.00", "5.00"}
    by_id = await ask(node, f"{ledger}/posts/{posts[0]['id']}")
    assert await ask(node, f"{ledger}/posts/{posts[0]['position']}") == by_id
    assert (await ask(node, f"{ledger}/posts", party=show_log_id(node.log_id), limit="1"))["posts"]
    answered, _ = await node.get(f"{ledger}/posts/{one('love').hex()}")
    assert answered == 404


async def test_the_assembly_and_what_is_in_dispute(node: RunningNode, ledger: str) -> None:
    value = await ask(node, f"{ledger}/proposals")
    assert value["rules"]["quorum"] == [1, 2]
    states = {proposal["name"]: proposal["state"] for proposal in value["proposals"]}
    assert states == {"Open on Sundays?": "decided", "A second drill?": "open"}
    old = (await ask(node, f"{ledger}/proposals/{one('old').hex()}"))["proposal"]
    assert [choice["votes"] for choice in old["choices"]] == [2, 1]
    (dispute,) = (await ask(node, f"{ledger}/disputes"))["disputes"]
    assert dispute["about"]["id"] == one("claim 3").hex()
    choir = one("choir").hex()
    (collective,) = (await ask(node, f"{ledger}/collectives"))["collectives"]
    assert collective["id"] == choir
    shown = (await ask(node, f"{ledger}/collectives/{choir}"))["collective"]
    assert (shown["requests"], len(shown["funds"])) == ([], 1)


async def test_what_is_asked_wrongly_is_told(node: RunningNode, ledger: str) -> None:
    for path, query in (
        ("events", {"limit": "0"}),
        ("events", {"party": "zz"}),
        ("events", {"from": "yesterday"}),
        ("posts", {"account": "00"}),
    ):
        answered, _ = await node.get(f"{ledger}/{path}", params=query)
        assert answered == 400, (path, query)
    for path in ("events/00", f"proposals/{'0' * 32}", f"collectives/{one('amina').hex()}", "posts/999999"):
        answered, _ = await node.get(f"{ledger}/{path}")
        assert answered == 404, path


async def as_member(node: RunningNode, target: str, member: bytes, signer: SigningKey, at: int) -> ClientResponse:
    host = node.url.partition("://")[2]
    headers = {"Authorization": Asking(host, node.log_id, member, target, at).header(signer)}
    async with node.client.get(node.url + target, headers=headers) as answer:
        await answer.read()
        return answer


async def test_a_member_sees_what_is_said_of_themselves(node: RunningNode, ledger: str) -> None:
    bruno, now = one("bruno"), int(node.ledger.clock())
    target = f"{ledger}/members/{bruno.hex()}"
    assert "Bruno Secret" not in str(await ask(node, target))
    answer = await as_member(node, target, bruno, key("bruno"), now)
    assert "bruno@example.org" in await answer.text()
    listed = await as_member(node, f"{ledger}/members", one("amina"), key("amina"), now)
    assert "Bruno Secret" not in await listed.text(), "others see no more than before"


async def test_whoever_cannot_prove_it_is_refused(node: RunningNode, ledger: str) -> None:
    bruno, now = one("bruno"), int(node.ledger.clock())
    target = f"{ledger}/members/{bruno.hex()}"
    for member, signer, at in (
        (bruno, key("amina"), now),
        (one("nobody"), key("bruno"), now),
        (bruno, key("bruno"), now - 3_600),
    ):
        assert (await as_member(node, target, member, signer, at)).status == 401
    header = Asking("elsewhere.example.org", node.log_id, bruno, target, now).header(key("bruno"))
    for given in (header, "Folkmoot-Member x"):
        answered, _ = await node.get(target, headers={"Authorization": given})
        assert answered == 401


async def test_notes_are_for_whom_they_are_about(node: RunningNode, ledger: str) -> None:
    bruno, now = one("bruno"), int(node.ledger.clock())
    body = {"about": bruno.hex(), "text": "needs a ramp"}
    entry = {"kind": "note", "body": body, "id": "12" * 16, "scope": 2}
    answered, _ = await node.post("/v1/entries", {"entries": [entry]})
    assert answered == 201
    node.ledger.writer.settle()
    target = f"{ledger}/notes/{bruno.hex()}"
    assert (await ask(node, target))["notes"] == []
    assert "needs a ramp" in await (await as_member(node, target, bruno, key("bruno"), now)).text()
    headers = {"Authorization": f"Bearer {node.token}"}
    answered, value = await node.get(f"{target}?scope=private", headers=headers)
    assert [note["text"] for note in value["notes"]] == ["needs a ramp"]
