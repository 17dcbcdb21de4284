# SPDX-License-Identifier: AGPL-3.0-or-later
"""Likely duplicates in a steward's browser, without scripts: looked at, merged, kept apart, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.node.stewarding import EVIL, form_of, plain, put, record, record_path, twins

if TYPE_CHECKING:
    from tests.node.running import RunningNode
    from tests.node.stewarding import Steward


def pair(node: RunningNode, one: dict[str, Any], other: dict[str, Any]) -> str:
    return f"/steward/duplicates/{record_path(node, one, other)}"


async def found(node: RunningNode, words: str) -> list[dict[str, Any]]:
    _, page = await node.get(f"/v1/records?q={words}")
    records: list[dict[str, Any]] = page["records"]
    return records


async def test_nobody_else_sees_the_queue(node: RunningNode) -> None:
    one, other = twins()
    put(node.ledger, one, other)
    for path in ("/steward/duplicates", pair(node, one, other)):
        async with node.client.get(node.url + path, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/steward/sign-in")


async def test_two_records_are_merged_field_by_field_and_taken_apart_again(node: RunningNode, steward: Steward) -> None:
    one, other = twins()
    put(node.ledger, one, other)
    listed = await steward.read("/steward/duplicates")
    (path,) = [link for link in listed.links() if link.startswith("/steward/duplicates/")]
    assert path in {pair(node, one, other), pair(node, other, one)}
    assert "1 pair" in listed.text

    page = await steward.read(path)
    text = plain(page.text)
    assert "almost certainly one and the same: " in text
    assert "less than 100 metres apart" in text
    assert "60 m apart" in text
    letters = ("A", "B") if path == pair(node, one, other) else ("B", "A")
    fields = form_of(page, path) | {"keep": letters[0], "take-hours": letters[1], "take-name": letters[0]}
    fields |= {"take-point": letters[1]}
    shown, where = await steward.confirm(path, fields)
    told = plain(shown.text)
    assert "Mo-Fr 09:00-18:00" in told
    assert "50.63740, 3.06360" in told
    assert "A record is closed" in told
    assert '"reason": "duplicate"' in told
    (kept,) = await found(node, "atelier")
    assert kept["id"] == one["id"].hex()
    assert kept["hours"] == "Mo-Fr 09:00-18:00"
    assert kept["point"]["lat"] == 50.6374
    assert kept["name"] == {"fr": "Atelier du Velo", "nl": "Fietsatelier"}
    listed = await steward.read(where)
    assert "They are one record now" in listed.text
    assert "Nothing here." in listed.text

    decided = await steward.read("/steward/duplicates?verdict=decided")
    assert "merged into" in decided.text
    (undo,) = [a["action"] for tag, a in decided.elements if tag == "form" and a["action"].endswith("/undo")]
    taking_back, _ = await steward.confirm(undo, form_of(decided, undo))
    assert "Two records are no longer taken for one thing" in taking_back.text
    again = {one["id"]: one for one in await found(node, "atelier")}
    assert set(again) == {one["id"].hex(), other["id"].hex()}
    assert "hours" not in again[one["id"].hex()]
    assert "1 pair" in (await steward.read("/steward/duplicates")).text


async def test_what_is_not_one_thing_is_remembered(node: RunningNode, steward: Steward) -> None:
    one, other = twins()
    put(node.ledger, one, other)
    path = pair(node, one, other)
    page = await steward.read(path)
    _, where = await steward.confirm(path, form_of(page, path, 1))
    assert "are not proposed again" in (await steward.read(where)).text
    assert "It was decided already: they are not one thing." in (await steward.read(path)).text
    assert len(await found(node, "atelier")) == 2


async def test_only_what_was_seen_is_signed_and_only_once(node: RunningNode, steward: Steward) -> None:
    one, other = twins()
    put(node.ledger, one, other)
    path = pair(node, one, other)
    fields = form_of(await steward.read(path), path) | {"keep": "A"}
    shown = await steward.send(path, fields)
    size = node.ledger.own.size
    changed = await steward.send(path, form_of(shown, path) | {"step": "sign", "keep": "B"})
    assert "It is not the same any more" in changed.text
    assert node.ledger.own.size == size
    where = await steward.send(path, form_of(shown, path) | {"step": "sign"}, 303)
    assert where.startswith("/steward/duplicates?done=same")
    for wrong in ({"keep": "C"}, {"what": "both"}, {"nonce": "x"}):
        await steward.send(path, fields | wrong, 400)
    await steward.send(path, fields | {"csrf": "x"}, 403)


async def test_the_queue_is_narrowed_and_paged(node: RunningNode, steward: Steward, monkeypatch: Any) -> None:
    put(node.ledger, *twins())
    kinds = [record(f"Repair Café Nord {n}", kind="organisation", name={"en": "Repair Café Nord"}) for n in range(3)]
    address = {"locality": "Lens", "postcode": "62300", "street": "3 rue Neuve"}
    put(node.ledger, *(one | {"address": address} for one in kinds))
    assert "4 pairs" in (await steward.read("/steward/duplicates")).text
    assert "1 pair" in (await steward.read("/steward/duplicates?kind=place")).text
    assert "3 pairs" in (await steward.read("/steward/duplicates?kind=organisation&verdict=duplicate")).text
    assert "1 pair" in (await steward.read("/steward/duplicates?near=Rijsel&radius=5")).text
    assert "Nothing here." in (await steward.read("/steward/duplicates?near=Marseille")).text
    assert "No town" in (await steward.read("/steward/duplicates?near=Qqqxz")).text
    monkeypatch.setattr("node.upkeep.duplicates_list.ROWS_SHOWN", 3)
    first = await steward.read("/steward/duplicates")
    assert "?page=2" in first.links()
    second = await steward.read("/steward/duplicates?page=2")
    assert len([link for link in second.links() if link.startswith("/steward/duplicates/")]) == 1
    assert "?page=1" not in "".join(second.links())


async def test_hostile_text_stays_text(node: RunningNode, steward: Steward) -> None:
    address = {"street": EVIL, "locality": EVIL[:100], "postcode": "1"}
    more: dict[str, Any] = {"hours": EVIL, "url": "https://x.example/<script>", "address": address}
    one, other = (record(f"evil {n}", name={"en": EVIL}, description={"en": f"{EVIL}{n}"}, **more) for n in range(2))
    put(node.ledger, one, other)
    listed = await steward.read("/steward/duplicates?near=%3Cscript%3E")
    assert "<script>" in listed.text
    path = pair(node, one, other)
    page = await steward.read(path)
    shown = await steward.send(path, form_of(page, path))
    assert "<script>alert(1)</script>" in shown.text


async def test_what_is_not_there_is_said(node: RunningNode, steward: Steward) -> None:
    one, other = twins()
    put(node.ledger, one, other)
    await steward.read(pair(node, one, one), 404)
    await steward.read(pair(node, one, record("nowhere")), 404)
    path = f"{pair(node, one, other)}/undo"
    fields = form_of(await steward.read(pair(node, one, other)), pair(node, one, other))
    await steward.send(path, fields, 404)
