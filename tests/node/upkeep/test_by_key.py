# SPDX-License-Identifier: AGPL-3.0-or-later
"""Editors and moderators at work: what they decide is signed by their key alone, and is only what their role covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.proposals.inbox import Sent, propose, take
from protocol.identity import show_log_id
from protocol.statement import make_statement, sign_statement
from tests.builders import seeded, signing_key
from tests.node.contribute.proposing import fields_of
from tests.node.helping import MAX, ZOE, Helper, give_role, said
from tests.node.stewarding import form_of, plain, point, put, record, record_path, twins

if TYPE_CHECKING:
    from tests.node.running import RunningNode
    from tests.node.stewarding import Steward

ADA = signing_key("Ada, who proposes")


@pytest.fixture
async def zoe(node: RunningNode) -> Helper:
    """An editor who has signed in."""
    give_role(node, ZOE, "editor", "Zoé")
    return await Helper(node, ZOE).sign_in()


@pytest.fixture
async def max_(node: RunningNode) -> Helper:
    """A moderator who has signed in."""
    give_role(node, MAX, "moderator", "Max")
    return await Helper(node, MAX).sign_in()


def by_key_alone(node: RunningNode, begin: int, helper: Helper) -> list[str]:
    """The kinds of what stands in the log from there on, all of it by one key and no other."""
    found = [(one, keys) for one, keys in said(node, begin) if one.kind != "state"]
    assert {(one.author, *keys) for one, keys in found} == {(helper.key.public, helper.key.public)}
    return [one.kind for one, _ in found]


async def test_an_editor_puts_a_record_on_the_map(node: RunningNode, zoe: Helper) -> None:
    nowhere = record("nowhere", address={"locality": "Lille", "country": "FR"})
    put(node.ledger, nowhere)
    begin, path = node.ledger.own.size, f"/steward/places/{nowhere['id'].hex()}"
    fields = form_of(await zoe.read(path), path) | {"lat": "50.63", "lon": "3.06", "precision": "10"}
    shown, where = await zoe.confirm(path, fields)
    assert "This node signs nothing of it." in plain(shown.text)
    assert where.startswith("/steward/places?")
    assert by_key_alone(node, begin, zoe) == ["record.put"]
    _, page = await node.get("/v1/records?q=nowhere")
    assert page["records"][0]["point"]["lat"] == 50.63


async def test_an_editor_merges_and_takes_it_back(node: RunningNode, zoe: Helper) -> None:
    one, other = twins()
    put(node.ledger, one, other)
    begin, path = node.ledger.own.size, f"/steward/duplicates/{record_path(node, one, other)}"
    await zoe.confirm(path, form_of(await zoe.read(path), path) | {"keep": "A", "take-hours": "B"})
    assert by_key_alone(node, begin, zoe) == ["record.put", "record.close", "claim.same"]
    _, page = await node.get("/v1/records?q=atelier")
    assert [found["id"] for found in page["records"]] == [one["id"].hex()]
    begin = node.ledger.own.size
    listed = await zoe.read("/steward/duplicates?verdict=decided")
    (undo,) = [a["action"] for tag, a in listed.elements if tag == "form" and a.get("action", "").endswith("/undo")]
    await zoe.confirm(undo, form_of(listed, undo))
    assert set(by_key_alone(node, begin, zoe)) == {"claim.same", "record.put"}
    assert "by Zoé" in plain((await zoe.read("/moderation")).text)


@pytest.mark.parametrize(("finding", "kinds"), [("right", 1), ("closed", 2)])
async def test_an_editor_says_what_they_found(node: RunningNode, zoe: Helper, finding: str, kinds: int) -> None:
    put(node.ledger, record("mill"))
    begin, path = node.ledger.own.size, f"/steward/looked/{record('mill')['id'].hex()}"
    nothing = await zoe.send(path, form_of(await zoe.read(path), path), 422)
    assert "Say what you found" in nothing.text
    await zoe.confirm(path, form_of(await zoe.read(path), path) | {"finding": finding, "note": "I was there"})
    assert by_key_alone(node, begin, zoe) == ["claim.checked", "record.close"][:kinds]
    page = await zoe.read(f"/record/{show_log_id(node.log_id)}/{record('mill')['id'].hex()}")
    assert "Zoé" in page.text


async def test_a_steward_says_what_they_found_as_well(node: RunningNode, steward: Steward) -> None:
    put(node.ledger, record("mill"))
    path = f"/steward/looked/{record('mill')['id'].hex()}"
    begin = node.ledger.own.size
    await steward.confirm(path, form_of(await steward.read(path), path) | {"finding": "right"})
    assert [(one.kind, keys) for one, keys in said(node, begin)] == [("claim.checked", [node.ledger.key.public])]


async def test_an_editor_writes_and_changes_entries(node: RunningNode, zoe: Helper) -> None:
    fields = fields_of(await zoe.read("/propose?kind=place")) | {"name_en": "Tool library", "step": "check"}
    fields |= {"contact_phone": "+32 2 555", "contact_visibility": "members"}
    begin = node.ledger.own.size
    shown = await zoe.send("/propose", fields)
    ready = await zoe.send("/steward/write", fields_of(shown) | {"step": "check"})
    where = await zoe.send("/steward/write", zoe.signed(ready, "/steward/write"), 303)
    kinds = by_key_alone(node, begin, zoe)
    assert set(kinds) == {"record.put"}
    node.ledger.writer.settle()
    page = await zoe.read(where)
    assert "Tool library" in page.text
    (change,) = [link for link in page.links() if link.startswith("/propose?record=")]
    fields = fields_of(await zoe.read(change)) | {"name_en": "Library of tools", "step": "check"}
    shown = await zoe.send("/propose", fields)
    ready = await zoe.send("/steward/write", fields_of(shown) | {"step": "check"})
    begin = node.ledger.own.size
    await zoe.send("/steward/write", zoe.signed(ready, "/steward/write"), 303)
    assert set(by_key_alone(node, begin, zoe)) == {"record.put"}
    node.ledger.writer.settle()
    assert "Library of tools" in (await zoe.read(where)).text


def proposal(node: RunningNode, seed: str = "a", signed: bool = True, **more: Any) -> str:  # noqa: FBT001, FBT002 - by whom
    """The id of a change of the mill that waits: by Ada's key, or of somebody without one."""
    subject = {"log": node.log_id, "id": seeded("mill", 16)}
    body: dict[str, Any] = {"subject": subject, "record": record("mill", **more), "note": "I was there"}
    if not signed:
        return propose(node.ledger, "claim.correct", body, seeded(seed, 16), Sent(b"", b"")).hex()
    made = make_statement(node.log_id, "claim.correct", seeded(seed, 16), int(node.ledger.clock()), ADA.public, body)
    return take(node.ledger, Sent(made, sign_statement(made, ADA)[1])).hex()


@pytest.mark.parametrize("signed", [True, False], ids=["by a key", "without one"])
async def test_a_moderator_accepts_a_proposal(node: RunningNode, max_: Helper, signed: bool) -> None:  # noqa: FBT001 - a table
    put(node.ledger, record("mill"))
    path = f"/proposals/{proposal(node, signed=signed, point=point(50.6, 3.0))}"
    begin = node.ledger.own.size
    shown, where = await max_.confirm(
        path, form_of(await max_.read(path), path) | {"act": "accepted", "reason": "seen"}
    )
    assert "What was proposed, as it was sent" in shown.text
    assert where == path
    proposer = ADA.public if signed else node.ledger.key.public
    (claim, claimed), *rest = said(node, begin)
    assert (claim.author, claimed) == (proposer, [proposer, MAX.public])
    assert [(one.kind, one.author, keys) for one, keys in rest] == [
        (kind, MAX.public, [MAX.public]) for kind in ("record.put", "claim.decided")
    ]
    page = plain((await max_.read(path)).text)
    assert "decided by Max" in page
    node.ledger.writer.settle()
    with node.ledger.store.read() as reads:
        assert reads.verdicts(node.ledger.own.tree, 0, node.ledger.own.size) == {}
        assert reads.proposals_size()[0] == 0
    give_role(node, MAX, "none")
    for address in (path, "/moderation", "/proposals"):
        assert "Max" in (await Helper(node, MAX).read(address)).text, "what they did stays theirs"


async def test_a_moderator_accepts_with_changes_and_refuses(node: RunningNode, max_: Helper) -> None:
    put(node.ledger, record("mill"))
    claim = proposal(node, hours="Mo 09:00-12:00")
    fields = fields_of(await max_.read(f"/propose?proposal={claim}")) | {"hours": "Tu 09:00-12:00"}
    shown = await max_.send("/propose", fields | {"step": "check"})
    path = f"/proposals/{claim}/accept"
    ready = await max_.send(path, fields_of(shown) | {"step": "check"})
    assert await max_.send(path, max_.signed(ready, path), 303) == f"/proposals/{claim}"
    assert said(node)[-1][0].read_body()["outcome"] == "edited"
    path = f"/proposals/{proposal(node, 'b', hours='We 09:00-12:00')}"
    begin = node.ledger.own.size
    await max_.confirm(path, form_of(await max_.read(path), path) | {"act": "refused", "hold_back": "yes"})
    assert by_key_alone(node, begin, max_) == ["claim.decided"]


async def test_a_moderator_labels_and_denies(node: RunningNode, max_: Helper) -> None:
    put(node.ledger, record("mill"))
    about = {"log": show_log_id(node.log_id), "record": record("mill")["id"].hex(), "note": "seen"}
    for form, more in (("label", {"label": "old"}), ("deny", {"reason": "spam"})):
        begin, path = node.ledger.own.size, f"/steward/do/{form}"
        fields = form_of(await max_.read(path), path)
        assert "This is needed" in (await max_.send(path, fields | {"step": "check"}, 422)).text
        shown, where = await max_.confirm(path, fields | about | more | {"step": "check"})
        assert where == "/moderation"
        assert by_key_alone(node, begin, max_) == [form]
        assert "seen" in shown.text
    assert "Not shown: spam" in plain((await max_.read("/moderation")).text)


async def test_what_is_for_stewards_is_not_shown_to_a_moderator(node: RunningNode, max_: Helper) -> None:
    put(node.ledger, record("mill"))
    secret = {"phone": "+32 2 555 01", "visibility": "members"}
    person = proposal(node, "p", kind="person", name={"en": "Mia Secret"})
    withheld = proposal(node, "c", contact=secret)
    for claim in (person, withheld):
        path = f"/proposals/{claim}"
        page = await max_.read(path)
        assert "a steward decides on it" in plain(page.text)
        assert "Mia Secret" not in page.html
        assert "555 01" not in page.html
        csrf = form_of(await max_.read("/steward"), "/steward/sign-out")
        for act in ("accepted", "refused"):
            fields = csrf | {"act": act, "nonce": "0" * 32, "hold_back": "yes"}
            answer = await max_.send(path, fields, 403)
            assert "shown to stewards alone" in plain(answer.text)
        await max_.read(f"/propose?proposal={claim}", 404)
    assert "Mia Secret" not in (await max_.read("/steward")).html
    assert "Mia Secret" not in (await max_.read("/proposals")).html
    give_role(node, MAX, "steward", "Max")
    path = f"/proposals/{withheld}"
    await max_.confirm(path, form_of(await max_.read(path), path) | {"act": "accepted"})
    assert [one.author for one, _ in said(node)[-3:]] == [MAX.public] * 3


async def test_what_waits_for_a_role_is_all_that_its_desk_shows(
    node: RunningNode, zoe: Helper, max_: Helper, steward: Steward
) -> None:
    put(node.ledger, record("nowhere"), *twins())
    claim = proposal(node)
    desk = await zoe.read("/steward")
    assert "editor: records" in desk.text
    assert "/steward/places" in desk.links()
    assert not {"/proposals#waiting", "/steward/roles", "/steward/health", "/steward/import"} & {*desk.links()}
    assert not [link for link in desk.links() if link.startswith("/steward/do/")]
    assert f"/proposals/{claim}" not in desk.links()
    desk = await max_.read("/steward")
    assert f"/proposals/{claim}" in desk.links()
    assert {link for link in desk.links() if link.startswith("/steward/do/")} == {
        "/steward/do/deny",
        "/steward/do/label",
    }
    assert {"/steward/roles", "/steward/health"} <= {*(await steward.read("/steward")).links()}
