# SPDX-License-Identifier: AGPL-3.0-or-later
"""A member's vote on a need, signed with the key that this node keeps for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.errors import RefusedError
from ledger.showing.view import LedgerView, own_tree
from ledger.spoken import Draft, speak
from ledger.submitting import try_ledger
from ledger.trial import wait_until_folded

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from protocol.encoding import Value


def vote(ledger: Ledger, member: bytes, proposal: bytes, choice: int) -> None:
    """Writes the vote, durably. Raises RefusedError if it would have no effect, or the key is not kept here. Blocks."""
    body: dict[str, Value] = {"proposal": proposal, "member": member, "choice": choice}
    with ledger.store.read() as reads:
        view = LedgerView(reads, own_tree(reads), private=True)
        view.member(member)
        spoken = speak(ledger, view, Draft("vote", body, (member,)))
    if spoken.lacking:
        raise RefusedError("whoever keeps their own key signs for themselves: folkmoot need vote --key FILE")
    submission = spoken.submission()
    try_ledger(ledger, [submission])
    ledger.writer.append([submission]).result()
    wait_until_folded(ledger.store, ledger.own.tree)
