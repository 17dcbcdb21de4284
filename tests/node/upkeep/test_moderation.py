# SPDX-License-Identifier: AGPL-3.0-or-later
"""The moderation log: everything that was decided, by whom, page by page, for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.stewarding import EVIL, checked, plain, put, record, twins

if TYPE_CHECKING:
    import pytest

    from tests.node.browsing import Page
    from tests.node.running import RunningNode


def say(node: RunningNode, kind: str, **body: Any) -> None:
    node.ledger.writer.append([node.ledger.state(kind, body)]).result()
    node.ledger.writer.settle()


async def page(node: RunningNode, path: str = "/moderation", status: int = 200) -> Page:
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    async with node.client.get(node.url + path, headers=headers) as answer:
        assert answer.status == status
        return checked(await answer.text())


def decide(node: RunningNode) -> None:
    """One decision of each sort."""
    one, other = twins()
    put(node.ledger, one, other, record("third"), record("fourth"))
    first, second, third = ({"log": node.log_id, "id": r["id"]} for r in (one, other, record("third")))
    say(node, "role", key=seeded("key"), role="steward", name="<b>Zoé</b>")
    say(node, "claim.same", subject=first, other=second)
    say(node, "claim.different", subject=first, other=third)
    say(node, "claim.same", subject=first, other=second, withdrawn=True)
    say(node, "label", subject=third, label="adults only", set=True, note=EVIL)
    say(node, "record.close", id=record("fourth")["id"], reason="closed")
    say(node, "vouch", log=b"\7" * 32, vouched=True)
    say(node, "deny", log=node.log_id, id=third["id"], denied=True, reason="spam")
    claim: dict[str, Any] = {"claim": seeded("claim", 16), "author": seeded("stranger"), "subject": first}
    say(node, "claim.decided", **claim, outcome="refused", reason="it is not so")
    say(node, "erase", position=4, reason="request")


async def test_everything_that_was_decided_stands_there(node: RunningNode) -> None:
    assert "No decisions yet." in (await page(node)).text
    decide(node)
    _, told = await node.get("/v1/moderation")
    kinds = ["erase", "claim.decided", "deny", "vouch", "record.close", "label", "claim.same", "claim.different"]
    assert [one["kind"] for one in told["decisions"]] == [*kinds, "claim.same", "role"]
    assert {one["by"] for one in told["decisions"]} == {"Moot"}
    assert told["next"] is None
    shown = await page(node)
    text = plain(shown.text)
    one, other = (record["name"]["fr"] for record in twins())
    assert f"Merged into {one}, {other}, by" in " ".join(text.split()), "by names, where they are known and not denied"
    assert f"{show_log_id(node.log_id)[:8]}/{record('third')['id'].hex()[:8]}" in text
    for said in (
        "Erased the content of entry 4", "Proposal refused", "it is not so", "Not shown: spam", "Vouches for this log",
        "Closed: it has closed", "Labelled “adults only”", "Merging taken back", "Kept apart from", "Merged into",
        "<b>Zoé</b> is now: steward", "by Moot", plain(EVIL)[:20],
    ):  # fmt: skip
        assert said in text, said
    proofs = [link for link in shown.links() if "/proofs/" in link]
    assert len(proofs) == 10
    for proof in proofs:
        async with node.client.get(node.url + proof) as answer:
            assert answer.status == 200
    log = show_log_id(node.log_id)
    assert (await node.get(f"/v1/log/{log}/1/moderation"))[1] == told


async def test_it_comes_page_by_page(node: RunningNode, monkeypatch: pytest.MonkeyPatch) -> None:
    decide(node)
    monkeypatch.setattr("node.upkeep.moderation.read_moderation.__defaults__", (4,))
    seen: list[str] = []
    path = "/moderation"
    for _ in range(3):
        shown = await page(node, path)
        seen += [link for link in shown.links() if "/proofs/" in link]
        following = [a["href"] for _, a in shown.elements if a.get("rel") == "next"]
        path = following[0] if following else ""
    assert path == ""
    assert len(seen) == len(set(seen)) == 10
    _, part = await node.get("/v1/moderation?limit=3")
    assert len(part["decisions"]) == 3
    _, rest = await node.get(f"/v1/moderation?before={part['next']}")
    assert len(rest["decisions"]) == 7
    for wrong in ("before=x", "limit=0", "limit=501", "limit=x"):
        assert (await node.get(f"/v1/moderation?{wrong}"))[0] == 400
    await page(node, "/moderation?before=x", 400)
    await page(node, f"/moderation/{'a' * 52}/1", 404)


async def test_a_role_of_a_key_without_a_name(node: RunningNode) -> None:
    say(node, "role", key=seeded("key"), role="steward")
    assert f"{seeded('key').hex()[:8]} is now: steward" in plain((await page(node)).text)
