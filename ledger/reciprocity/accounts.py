# SPDX-License-Identifier: AGPL-3.0-or-later
"""Accounts: how they are opened and limited, and how amounts move between them (spec 17 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import need_decision, use_decision
from ledger.reciprocity.hearing import allow, allow_active, need_known
from ledger.reciprocity.state import Account, Connector, Unit
from protocol.amounts import AMOUNT_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import AccountOpen, AccountSet

ORGANISATION_ONLY = frozenset({"reserve", "connector", "external"})
WITHOUT_FLOOR = frozenset({"connector", "external"})


def open_account(book: Book, heard: Heard[AccountOpen]) -> None:
    """The organisation opens accounts; an owner who may go below zero has to agree."""
    body = heard.body
    book.need(Unit, body.unit.encode())
    need_known(book, body.owner)
    if body.peer == book.log_id:
        refuse("unknown_ref")
    allow(holds=heard.by_org)
    allow_active(book, body.owner)
    if body.floor is not None and body.floor < 0:
        allow(holds=heard.is_by(book, body.owner))
    allow(holds=body.type not in ORGANISATION_ONLY or body.owner == book.log_id)
    account = Account(
        number=book.count_leaf(),
        owner=body.owner,
        unit=body.unit,
        type=body.type,
        floor=None if body.type in WITHOUT_FLOOR and body.floor is None else body.floor or 0,
        ceiling=body.ceiling,
        peer=body.peer or b"",
        title=body.title or {},
    )
    _check_limits(account)
    if body.peer is not None:
        key = body.peer + body.unit.encode()
        if book.get(Connector, key) is not None:
            refuse("already_resolved")
        book.put(key, Connector(heard.id))
    book.put(heard.id, account)
    book.concern(heard.id, body.owner)


def set_account(book: Book, heard: Heard[AccountSet]) -> None:
    """Limits and state are the organisation's to set; to owe more, the owner has to agree."""
    body = heard.body
    account = book.need(Account, body.account)
    need_decision(book, body.decision)
    allow(holds=heard.by_org)
    floor = body.floor
    if floor is not None and floor < 0 and (account.floor is None or floor < account.floor):
        allow(holds=heard.is_by_owner(book, account))
    use_decision(book, heard, body.decision)
    if account.state == "closed":
        refuse("closed")
    changed = {name: value for name in ("floor", "ceiling", "state") if (value := getattr(body, name)) is not None}
    account = msgspec.structs.replace(account, **changed)
    _check_limits(account)
    if account.state == "closed" and (account.posted or account.reserved or account.pending):
        refuse("conflict")
    book.put(body.account, account)
    book.concern(body.account, account.owner)


def _check_limits(account: Account) -> None:
    floor, ceiling = account.floor, account.ceiling
    if (account.type == "reserve" and floor != 0) or (floor is not None and ceiling is not None and floor > ceiling):
        refuse("bad_amount")


def move(book: Book, account_id: bytes, amount: int, *, reserved: int = 0) -> None:
    """Adds to what is posted and what is reserved. Refuses what worsens a broken limit."""
    account = book.need(Account, account_id)
    check_movement(account, amount, reserved)
    book.set_amounts(account_id, account, account.posted + amount, account.reserved + reserved)


def keep_promise(book: Book, account_id: bytes, amount: int, *, reserved: int = 0) -> None:
    """The same, whatever the limits are: what another log has accepted has to be posted here."""
    account = book.need(Account, account_id)
    if not -AMOUNT_MAX <= account.posted + amount <= AMOUNT_MAX:
        refuse("bad_amount")
    book.set_amounts(account_id, account, account.posted + amount, account.reserved + reserved)


def check_movement(account: Account, amount: int, reserved: int = 0) -> None:
    """Refuses what worsens a broken limit, or moves what is frozen or closed (spec 17 §4)."""
    posted = account.posted + amount
    if amount - reserved < 0:
        if account.state != "open":
            refuse(account.state)
        if account.floor is not None and posted - account.reserved - reserved < account.floor:
            refuse("floor")
    elif account.state == "closed":
        refuse("closed")
    if amount > 0 and account.ceiling is not None and posted > account.ceiling:
        refuse("ceiling")
    if not -AMOUNT_MAX <= posted <= AMOUNT_MAX:
        refuse("bad_amount")


def check_balanced(book: Book, legs: Iterable[tuple[bytes, int]]) -> dict[bytes, Account]:
    """The accounts of legs, none of which is 0, and whose sum is 0 for each unit."""
    accounts = book.accounts(legs)
    sums: dict[str, int] = {}
    for account_id, amount in legs:
        if amount == 0:
            refuse("bad_amount")
        unit = accounts[account_id].unit
        sums[unit] = sums.get(unit, 0) + amount
    if any(sums.values()):
        refuse("unbalanced")
    return accounts
