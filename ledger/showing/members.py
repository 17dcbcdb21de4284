# SPDX-License-Identifier: AGPL-3.0-or-later
"""Members as JSON objects: what everybody may know, and their profiles as far as whoever looks may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.reciprocity.state import Member
from ledger.showing.accounts import account_objects
from protocol.statement import SCOPE_NAMES

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

MEMBERS_SCHEMA, MEMBER_SCHEMA = "folkmoot.members/1", "folkmoot.member/1"


def member_object(view: LedgerView, member_id: bytes) -> dict[str, Any]:
    """One member. `custody` says who keeps the key: `own`, the member, or `node`. Raises NotFoundError."""
    member = view.book.get(Member, member_id)
    if member is None:
        raise NotFoundError(f"no member {member_id.hex()} in this ledger")
    value: dict[str, Any] = {
        "id": member_id.hex(),
        "name": view.name(member_id),
        "class": member.class_,
        "status": member.status,
        "custody": member.custody,
        "votes": member.votes,
        "group": member.group,
        "key": member.key.hex(),
        "entries": member.count,
    }
    if member.delegate:
        value["delegate"] = view.party_object(member.delegate)
    if member.consent:
        value["consent"] = member.consent
    profile = view.profile(member_id)
    if profile is not None:
        said, scope = profile
        parts = {"name": said.name, "contact": said.contact, "about": said.about, "languages": said.languages}
        value["profile"] = {name: part for name, part in parts.items() if part} | {"scope": SCOPE_NAMES[scope]}
    return value


def member_page(view: LedgerView, member_id: bytes) -> dict[str, Any]:
    """One member with their accounts. Raises NotFoundError."""
    return {
        "schema": MEMBER_SCHEMA,
        "member": member_object(view, member_id),
        "accounts": account_objects(view, owner=member_id),
    }


def member_objects(view: LedgerView, *, left: bool = False) -> list[dict[str, Any]]:
    """The members of a ledger by name; those who have left only if asked for."""
    found = [member_object(view, key) for key, member in view.book.scan(Member) if left or member.status != "left"]
    return sorted(found, key=lambda one: (one["name"].casefold(), one["id"]))
