# SPDX-License-Identifier: AGPL-3.0-or-later
"""Units and members: how they come to be and change (spec 17 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import need_decision, use_decision
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.state import Holder, Member, Unit

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import MemberJoin, MemberProfile, MemberSet, Remark, UnitDefine

VOTING_CLASSES = frozenset({"worker", "user", "commoner", "coop"})
_FIELDS = ("key", "custody", "class_", "status", "votes", "delegate", "consent")


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
    member = Member(
        number=book.count_leaf(),
        key=body.key,
        class_=body.class_,
        custody=body.custody,
        votes=votes and not body.group,
        group=body.group,
    )
    book.put(heard.id, member)
    book.concern(heard.id)


def set_member(book: Book, heard: Heard[MemberSet]) -> None:
    """Each field has somebody whose word it is."""
    body = heard.body
    member = book.need(Member, body.member)
    if body.delegate:
        book.need(Member, body.delegate)
    need_decision(book, body.decision)
    by_member = heard.is_by(book, body.member)
    if body.class_ is not None or body.votes is not None:
        allow(holds=heard.by_org and not (member.group and body.votes))
    if body.status is not None:
        allow(holds=heard.by_org or (by_member and body.status == "left"))
    if body.consent is not None or body.delegate is not None:
        allow(holds=by_member)
    key = member.key if body.key is None else body.key
    if body.key is not None or body.custody is not None:
        lost = heard.by_org and body.decision is not None
        allow(holds=key in heard.signers and (by_member or lost))
    use_decision(book, heard, body.decision)
    if key != member.key:
        book.put(member.key, Holder(b""))
        _take_key(book, key, body.member)
    changed = {name: value for name in _FIELDS if (value := getattr(body, name)) is not None}
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
    """Words about something that is there, by a member or the organisation."""
    said = book.said(heard.body.about)
    if said is None or not said.applied:
        refuse("unknown_ref")
    allow(holds=any(True for _ in heard.parties(book)))
