# SPDX-License-Identifier: AGPL-3.0-or-later
"""Collectives without a legal form, hosted by the organisation: their transparent funds, requests, approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.reciprocity.state import Account, ClaimState, Contract, Member
from ledger.showing.accounts import account_object
from ledger.showing.assembly import note_objects
from ledger.showing.contracts import claim_object
from ledger.showing.posts import accounts_of, post_object, recent_posts
from ledger.showing.recent import recent
from protocol.clauses import HostFee

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

COLLECTIVES_SCHEMA, COLLECTIVE_SCHEMA = "folkmoot.collectives/1", "folkmoot.collective/1"
MOVEMENTS_MAX, REQUESTS_MAX = 50, 200


def collective_object(view: LedgerView, collective: bytes, today: int) -> dict[str, Any]:
    """A collective: its funds, what came in and went out, expense requests with their notes. Raises NotFoundError."""
    member = view.book.get(Member, collective)
    if member is None or not member.group:
        raise NotFoundError(f"{collective.hex()} is not a collective of this ledger")
    requests = []
    for one in recent(view, "claim", REQUESTS_MAX, of=[collective]).found:
        claim = view.book.get(ClaimState, one.statement.id)
        if claim is not None and claim.debtor == collective:
            notes = note_objects(view, one.statement.id)
            requests.append(claim_object(view, one.statement.id, today) | {"notes": notes})
    posts = recent_posts(view, MOVEMENTS_MAX, accounts_of(view, collective))
    return {
        "id": collective.hex(),
        "name": view.name(collective),
        "status": member.status,
        "custody": member.custody,
        "funds": [account_object(view, account) for account in accounts_of(view, collective)],
        "fees": _fees(view, collective),
        "requests": sorted(requests, key=lambda one: (one["on"], one["id"])),
        "posts": [post_object(view, one) for one in posts.found],
    }


def _fees(view: LedgerView, collective: bytes) -> list[dict[str, Any]]:
    """What its host takes of its income, and under which contract."""
    funds = set(accounts_of(view, collective))
    return [
        {"contract": {"id": key.hex(), "name": view.words(contract.title)}, "clause": index, "rate": list(clause.rate)}
        for key, contract in view.book.scan(Contract)
        for index, clause in enumerate(contract.clauses, 1)
        if isinstance(clause, HostFee) and clause.fund in funds
    ]


def collective_objects(view: LedgerView) -> list[dict[str, Any]]:
    """All collectives with what is in their funds."""
    groups = {key: member for key, member in view.book.scan(Member) if member.group}
    funds: dict[bytes, list[bytes]] = {key: [] for key in groups}
    for account_id, account in view.book.scan(Account):
        if account.owner in funds:
            funds[account.owner].append(account_id)
    found = [
        {
            "id": key.hex(),
            "name": view.name(key),
            "status": member.status,
            "funds": [account_object(view, account) for account in funds[key]],
        }
        for key, member in groups.items()
    ]
    return sorted(found, key=lambda one: (str(one["name"]).casefold(), str(one["id"])))
