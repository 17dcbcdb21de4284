# SPDX-License-Identifier: AGPL-3.0-or-later
"""A member's vote on a need: signed with the key that this node keeps for them, or where they keep it themselves."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.own.log import submission
from ledger.own.spoken import Draft, speak
from ledger.own.submitting import try_ledger
from ledger.own.trial import wait_until_folded
from ledger.showing.view import LedgerView, own_tree
from protocol.carried import read_carried, write_carried
from protocol.errors import Malformed
from protocol.reciprocity import read_reciprocity
from protocol.reciprocity_bodies import Vote

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.own.log import Submission
    from ledger.own.spoken import Spoken

CARRIED_CHARACTERS_MAX = 20_000


def vote(ledger: Ledger, member: bytes, proposal: bytes, choice: int) -> None:
    """Writes the vote, durably. Raises RefusedError if it would have no effect, or the key is not kept here. Blocks."""
    with ledger.store.read() as reads:
        spoken = _speak(ledger, LedgerView(reads, own_tree(reads), private=True), member, proposal, choice)
    if spoken.lacking:
        raise RefusedError("whoever keeps their own key signs for themselves")
    _write(ledger, spoken.submission())


def to_sign(ledger: Ledger, view: LedgerView, member: bytes, proposal: bytes, choice: int) -> str:
    """The vote as text, for a member who keeps their own key to sign where it is."""
    return write_carried(_speak(ledger, view, member, proposal, choice).carried)


def enter(ledger: Ledger, member: bytes, proposal: bytes, text: str) -> None:
    """Writes a vote that was signed elsewhere: by that member, on that need, and nothing else. Blocks.

    Raises RefusedError if it is another statement, not signed, or would have no effect.
    """
    try:
        carried = read_carried(text[:CARRIED_CHARACTERS_MAX])
        body = read_reciprocity(carried.said) if carried.said.kind == "vote" else None
        said = submission(carried.payload(os.urandom(32)), carried.scope)
    except Malformed as error:
        raise RefusedError(error.text) from None
    if not isinstance(body, Vote) or (body.member, body.proposal) != (member, proposal):
        raise RefusedError("that is another statement than your vote on this need")
    _write(ledger, said)


def _speak(ledger: Ledger, view: LedgerView, member: bytes, proposal: bytes, choice: int) -> Spoken:
    view.member(member)
    return speak(ledger, view, Draft("vote", {"proposal": proposal, "member": member, "choice": choice}, (member,)))


def _write(ledger: Ledger, said: Submission) -> None:
    try_ledger(ledger, [said])
    ledger.writer.append([said]).result()
    wait_until_folded(ledger.store, ledger.own.tree)
