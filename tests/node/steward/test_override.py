# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing without an answer, from the browser: only where something is in question, with a reason, asked twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.node.running import doubt
from tests.node.stewarding import EVIL, Steward, form_of, plain

if TYPE_CHECKING:
    from tests.node.running import RunningNode

PAGE = "/steward/override"
WHY = "The old machine has burnt; this is its last backup."


async def test_a_log_that_is_signed_needs_none(steward: Steward) -> None:
    page = await steward.read(PAGE)
    assert "This log is signed" in page.text
    assert page.count("textarea") == 0
    assert PAGE not in (await steward.read("/steward/health")).links()


async def test_a_reason_and_a_second_answer_are_asked_for(node: RunningNode, steward: Steward) -> None:
    doubt(node.ledger, "the head file is missing")
    size = node.ledger.own.size
    assert PAGE in (await steward.read("/steward/health")).links()
    page = await steward.read(PAGE)
    assert "the head file is missing" in page.text
    fields = form_of(page, PAGE)
    short = await steward.send(PAGE, fields | {"reason": " sure  "}, 422)
    assert "Say why you are certain" in short.text
    shown = await steward.send(PAGE, fields | {"reason": WHY})
    assert WHY in plain(shown.text)
    assert f"From this size on{size} entries in the log" in shown.text
    told = form_of(shown, PAGE)
    assert "certain" not in told, "the tick is not there from the beginning"
    for wrong in ({}, {"certain": "yes", "size": "1"}):
        again = await steward.send(PAGE, told | wrong | {"step": "sign"}, 422)
        assert "Nothing was written" in again.text
    assert node.ledger.own.size == size
    assert node.ledger.own.signing_refused
    assert WHY in (await steward.send(PAGE, told | {"step": "edit"})).text
    place = await steward.send(PAGE, told | {"certain": "yes", "step": "sign"}, 303)
    assert node.ledger.own.signing_refused == ""
    assert node.ledger.own.signed_size == node.ledger.own.size > size
    assert "saved: it will not be lost" in (await steward.read(place)).text
    with node.ledger.store.read() as reads:
        assert reads.verdicts(node.ledger.own.tree, 0, 100) == {}
    late = await steward.send(PAGE, told | {"certain": "yes", "step": "sign"}, 422)
    assert "signed by now" in late.text


async def test_where_it_could_only_do_harm_it_is_not_offered(node: RunningNode, steward: Steward) -> None:
    fields = form_of(await steward.read("/steward/federation"), "/steward/federation")
    node.ledger.writer.change_own(lambda own, _: own.recovery.forked(EVIL)).result()
    page = await steward.read(PAGE)
    assert "could only do harm" in page.text
    assert page.count("textarea") == 0
    sent = {"csrf": fields["csrf"], "reason": WHY, "certain": "yes", "step": "sign"}
    sent["size"] = str(node.ledger.own.signed_size)
    assert "cannot be overridden" in (await steward.send(PAGE, sent, 422)).text


async def test_nobody_else_is_let_in(node: RunningNode) -> None:
    for ask in (node.client.get, node.client.post):
        async with ask(node.url + PAGE, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/steward/sign-in")
