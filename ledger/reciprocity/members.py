# SPDX-License-Identifier: AGPL-3.0-or-later
"""Units, members and accounts: how they come to be and change (spec 17 §3, §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import use_decision
from ledger.reciprocity.hearing import allow, need_party
from ledger.reciprocity.state import Account, Connector, Holder, Member, Unit

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import (
        AccountOpen,
        AccountSet,
        MemberJoin,
        MemberProfile,
        MemberSet,
        Remark,
        UnitDefine,
    )

VOTING_CLASSES = frozenset({"worker", "user", "commoner", "coop"})
ORGANISATION_ONLY = frozenset({"reserve", "connector", "external"})
WITHOUT_FLOOR = frozenset({"connector", "external"})


def define_unit(book: Book, heard: Heard[UnitDefine]) -> None:
    """A unit is defined once: amounts that were recorded in it must not change their meaning."""
    body = heard.body
    allow(holds=heard.by_org)
    if book.get(Unit, body.code.encode()) is not None:
        refuse("already_resolved")
    book.put(body.code.encode(), Unit(body.scale, body.sort, body.name))


def join(book: Book, heard: Heard[MemberJoin]) -> None:
    """A member joins with the organisation's signature and its own."""
    body = heard.body
    allow(holds=heard.by_org and body.key in heard.signers)
    _take_key(book, body.key, heard.id)
    votes = body.class_ in VOTING_CLASSES if body.votes is None else body.votes
    book.put(heard.id, Member(body.key, body.class_, body.custody, votes and not body.group, body.group))
    book.concern(heard.id)


def set_member(book: Book, heard: Heard[MemberSet]) -> None:
    """Each field has somebody whose word it is."""
    body = heard.body
    member = book.need(Member, body.member)
    by_member = member.key in heard.signers and member.status == "active"
    if body.class_ is not None or body.votes is not None:
        allow(holds=heard.by_org)
    if body.status is not None:
        allow(holds=heard.by_org or (by_member and body.status == "left"))
    if body.consent is not None or body.delegate is not None:
        allow(holds=by_member)
        if body.delegate:
            book.need(Member, body.delegate)
    if body.key is not None or body.custody is not None:
        new = body.key or member.key
        lost = heard.by_org and body.decision is not None
        allow(holds=new in heard.signers and (by_member or lost))
        if new != member.key:
            book.put(member.key, Holder(b""))
            _take_key(book, new, body.member)
    if body.decision is not None:
        use_decision(book, heard, body.decision)
    changed = {
        name: value
        for name in ("key", "custody", "class_", "status", "votes", "delegate", "consent")
        if (value := getattr(body, name)) is not None
    }
    book.put(body.member, msgspec.structs.replace(member, **changed))
    book.concern(body.member)


def _take_key(book: Book, key: bytes, member_id: bytes) -> None:
    """A key is one member's, and one that was given up does not return."""
    if book.get(Holder, key) is not None:
        refuse("already_resolved")
    book.put(key, Holder(member_id))


def describe_member(book: Book, heard: Heard[MemberProfile]) -> None:
    """A profile is the member's word or the organisation's; it is found by whom it is about."""
    book.need(Member, heard.body.member)
    allow(holds=heard.by_org or heard.is_by(book, heard.body.member))


def remark(book: Book, heard: Heard[Remark]) -> None:
    """Words about something that is there."""
    if book.said(heard.body.about) is None:
        refuse("unknown_ref")
    allow(holds=heard.by_org or any(book.get(Holder, key) for key in heard.signers))


def open_account(book: Book, heard: Heard[AccountOpen]) -> None:
    """The organisation opens accounts; an owner who may go below zero has to agree."""
    body = heard.body
    book.need(Unit, body.unit.encode())
    need_party(book, body.owner)
    allow(holds=heard.by_org)
    if body.floor is not None and body.floor < 0:
        allow(holds=heard.is_by(book, body.owner))
    if body.type in ORGANISATION_ONLY and body.owner != book.log_id:
        refuse("not_authorised")
    if (body.type == "connector") != (body.peer is not None) or body.peer == book.log_id:
        refuse("unknown_ref")
    floor = None if body.type in WITHOUT_FLOOR and body.floor is None else body.floor or 0
    if (body.type == "reserve" and floor != 0) or not _in_order(floor, body.ceiling):
        refuse("bad_amount")
    account = Account(body.owner, body.unit, body.type, floor, body.ceiling, body.peer or b"", title=body.title or {})
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
    allow(holds=heard.by_org)
    lowered = body.floor is not None and (account.floor is None or body.floor < account.floor) and body.floor < 0
    if lowered:
        allow(holds=heard.is_by_owner(book, account))
    if body.decision is not None:
        use_decision(book, heard, body.decision)
    if account.type == "reserve" and body.floor not in {None, 0}:
        refuse("indivisible")
    if account.state == "closed":
        refuse("closed")
    if body.state == "closed" and (account.posted or account.reserved):
        refuse("already_resolved")
    changed = {name: value for name in ("floor", "ceiling", "state") if (value := getattr(body, name)) is not None}
    account = msgspec.structs.replace(account, **changed)
    if not _in_order(account.floor, account.ceiling):
        refuse("bad_amount")
    book.put(body.account, account)
    book.concern(body.account, account.owner)


def _in_order(floor: int | None, ceiling: int | None) -> bool:
    return floor is None or ceiling is None or floor <= ceiling
