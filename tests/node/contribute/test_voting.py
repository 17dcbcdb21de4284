# SPDX-License-Identifier: AGPL-3.0-or-later
"""A steward puts a proposal to the vote with one button; it is carried out when it has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.proposals.voting import carry_out
from node.contribute import ballots
from node.contribute.ballots import carry_out_ready
from protocol.errors import Malformed
from tests.ledger.organising import member, say
from tests.node.contribute.proposing import Visitor, fields_of
from tests.node.stewarding import Steward, put, record

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from tests.node.running import RunningNode


async def test_the_assembly_decides(node: RunningNode, steward: Steward) -> None:
    ledger, visitor = node.ledger, Visitor(node)
    put(ledger, record("mill"))
    people = [member(ledger, name) for name in ("amina", "bruno")]
    ledger.writer.settle()
    place = (await visitor.propose("/propose?kind=place", name_en="Orchard")).partition("?")[0]
    await steward.send(place, fields_of(await steward.read(place)) | {"act": "vote", "days": "3"}, 303)
    page = await visitor.read(place)
    assert "The assembly votes on it until" in page.text
    (vote,) = {link for link in page.links() if "/proposal/" in link}
    assert "Add “Orchard” to the directory?" in (await visitor.read(vote)).text
    assert "The assembly votes on it" in (await visitor.read("/proposals")).text
    early = await steward.send(place, fields_of(await steward.read(place)) | {"act": "count"}, 422)
    assert "still open" in early.text
    assert carry_out_ready(ledger) == []
    ballot = bytes.fromhex(vote.rpartition("/")[2])
    for who, key in people:
        say(ledger, "vote", {"proposal": ballot, "member": who, "choice": 0}, key, label=f"vote {who.hex()}")
    ledger.writer.settle()
    assert "Count the votes" in (await steward.read(place)).text
    assert carry_out_ready(ledger) == [bytes.fromhex(place.rpartition("/")[2])]
    ledger.writer.settle()
    assert "decided by the assembly" in (await visitor.read(place)).text
    assert "Orchard" in (await visitor.read("/?q=orchard")).text


async def test_one_that_cannot_be_carried_out_stops_no_other(
    node: RunningNode, steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, visitor = node.ledger, Visitor(node)
    who, key = member(ledger, "amina")
    ledger.writer.settle()
    ids = []
    for name in ("Orchard", "Well"):
        place = (await visitor.propose("/propose?kind=place", name_en=name)).partition("?")[0]
        await steward.send(place, fields_of(await steward.read(place)) | {"act": "vote", "days": "3"}, 303)
        (vote,) = {link for link in (await visitor.read(place)).links() if "/proposal/" in link}
        asked = {"proposal": bytes.fromhex(vote.rpartition("/")[2]), "member": who, "choice": 0}
        say(ledger, "vote", asked, key, label=f"vote {name}")
        ids.append(bytes.fromhex(place.rpartition("/")[2]))
    ledger.writer.settle()

    def broken(ledger: Ledger, proposal_id: bytes, refused: str) -> int:
        if proposal_id == min(ids):
            raise Malformed("body", "what it comes to by now is no record")
        return carry_out(ledger, proposal_id, refused)

    monkeypatch.setattr(ballots, "carry_out", broken)
    assert carry_out_ready(ledger) == [max(ids)]
