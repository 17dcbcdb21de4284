# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts as JSON objects: which amounts moved between which accounts, on what they rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.bodyform import body_to_json
from ledger.errors import NotFoundError
from ledger.reciprocity.state import Account, PostMark
from ledger.showing.recent import LOOKED_MAX, Page, recent, was_applied
from ledger.showing.view import Found
from protocol.amounts import show_day
from protocol.reciprocity_bodies import Post

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView

POSTS_SCHEMA, POST_SCHEMA = "folkmoot.posts/1", "folkmoot.post/1"


def post_object(view: LedgerView, found: Found) -> dict[str, Any]:
    """One post."""
    body, one_id = found.body, found.statement.id
    assert isinstance(body, Post)
    mark = view.book.get(PostMark, one_id) or PostMark()
    basis = body_to_json(found.statement.read_body().get("basis", {}))
    return {
        "id": one_id.hex(),
        "position": found.position,
        "at": found.at,
        "on": show_day(body.on),
        "code": body.code,
        "legs": [_leg(view, account, amount) for account, amount in body.legs],
        "basis": basis,
        "corrected": mark.corrected,
        "disputes": mark.disputes,
    }


def _leg(view: LedgerView, account: bytes, amount: int) -> dict[str, Any]:
    unit = view.unit_of(account)
    return {
        "account": {"id": account.hex(), "name": view.account_name(account)},
        "amount": view.show(amount, unit),
        "unit": unit,
    }


def find_post(view: LedgerView, text: str) -> Found:
    """The post of an id, or at a position of the log. Raises NotFoundError."""
    found = None
    if text.isascii() and text.isdigit() and len(text) < 16:
        found = view.found(int(text)) if int(text) < view.tree.size else None
    elif len(text) == 32:
        try:
            found = view.said(bytes.fromhex(text))
        except ValueError:
            found = None
    if found is None or not isinstance(found.body, Post) or not was_applied(view, found):
        raise NotFoundError(f"no post {text[:40]!r}: say its id, or the number of its entry (`folkmoot post list`)")
    return found


def recent_posts(
    view: LedgerView,
    limit: int,
    accounts: list[bytes] | None = None,
    *,
    since: int | None = None,
    until: int | None = None,
    before: int | None = None,
    looked_max: int = LOOKED_MAX,
) -> Page:
    """The newest posts of these accounts, or of all; on days from `since` and before `until`."""
    if accounts == []:
        return Page([], None)

    def fits(one: Found) -> bool:
        assert isinstance(one.body, Post)
        return (since is None or one.body.on >= since) and (until is None or one.body.on < until)

    return recent(view, "post", limit, of=accounts or (), before=before, fits=fits, looked_max=looked_max)


def accounts_of(view: LedgerView, owner: bytes) -> list[bytes]:
    """The accounts of a party."""
    return [key for key, one in view.book.scan(Account) if one.owner == owner]
