# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who or what a text means: a whole id, the beginning of one, or a name that is known here."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from ledger.directory.search import text_expression
from ledger.errors import NotFoundError
from ledger.reciprocity.state import (
    Account,
    Cell,
    ClaimState,
    Commitment,
    Contract,
    EventState,
    Leaf,
    Member,
    ProposalState,
)
from ledger.showing.known import SHORT_DIGITS
from ledger.text import fold, words
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ledger.reciprocity.state import AnyCell
    from ledger.showing.view import LedgerView

ORGANISATION = "org"
"""How the organisation itself is called where a party is named."""
_DIGITS_MIN, _SHOWN = 4, 5
_ID_BEGINNING = re.compile(r"[0-9a-f]{4,32}")


def find_member(view: LedgerView, text: str) -> bytes:
    """The member that a text means. Raises NotFoundError."""
    return _find(view, Member, text, "member", lambda key, _: [view.name(key)])


def find_party(view: LedgerView, text: str) -> bytes:
    """The member that a text means, or the organisation. Raises NotFoundError."""
    if text == ORGANISATION or text == show_log_id(view.log_id) or fold(text) == fold(view.organisation):
        return view.log_id
    return find_member(view, text)


def find_contract(view: LedgerView, text: str) -> bytes:
    """The contract that a text means; by its title too. Raises NotFoundError."""
    return _find(view, Contract, text, "contract", lambda _, contract: contract.title.values())


def find_proposal(view: LedgerView, text: str) -> bytes:
    """The proposal that a text means; by its title too. Raises NotFoundError."""
    return _find(view, ProposalState, text, "proposal", lambda _, proposal: proposal.title.values())


def find_resource(view: LedgerView, text: str) -> bytes:
    """The resource that a text means: 32 digits are any id, else the name or id of a record. Raises NotFoundError."""
    if re.fullmatch(r"[0-9a-f]{32}", text):
        return bytes.fromhex(text)
    reads, wanted = view.reads, fold(text)
    rows = reads.records(reads.matching(text_expression(words(text, query=True))).tolist()).values() if wanted else ()
    named = [row.id for row in rows if row.tree == view.tree.tree and wanted == fold(view.resource_name(row.id))]
    digits = text[: len(text) // 2 * 2]
    begun = reads.records_with_id(bytes.fromhex(digits)) if _ID_BEGINNING.fullmatch(text) else []
    found = set(named) or {row.id for row in begun if row.tree == view.tree.tree and row.id.hex().startswith(text)}
    if len(found) != 1:
        raise NotFoundError(
            f"{len(found)} records of this log are called {text[:60]!r}: say the id that `folkmoot search` prints"
        )
    return found.pop()


_THINGS: tuple[tuple[type[Cell | Leaf], str], ...] = (
    (Member, "member"),
    (Account, "account"),
    (Contract, "contract"),
    (ClaimState, "claim"),
    (EventState, "event"),
    (Commitment, "booking"),
    (ProposalState, "proposal"),
)


def find_thing(view: LedgerView, text: str) -> bytes:
    """Whatever a text means: a member, account or contract by its name too, all else by its id. Raises NotFoundError.

    A post is named by its whole id.
    """
    if re.fullmatch(r"[0-9a-f]{32}", text):
        said = view.book.said(bytes.fromhex(text))
        if said is None or not said.applied:
            raise NotFoundError(f"nothing in this ledger has the id {text}")
        return bytes.fromhex(text)
    for cell, what in _THINGS:
        with suppress(NotFoundError):
            find = {Member: find_member, Account: find_account, Contract: find_contract}.get(cell)
            return find(view, text) if find else find_by_id(view, cell, text, what)
    raise NotFoundError(f"nothing in this ledger is called {text[:60]!r}: say its id")


def find_by_id(view: LedgerView, cell: type[AnyCell], text: str, what: str) -> bytes:
    """The thing of that sort whose id, or the beginning of it, a text is. Raises NotFoundError."""
    return _find(view, cell, text, what, lambda *_: ())


def find_account(view: LedgerView, text: str, unit: str = "") -> bytes:
    """The account that a text means: an id, a title, its owner, or OWNER/UNIT. Raises NotFoundError.

    An owner's account of type member goes before their others. With `unit`, only accounts in it are meant.
    """

    def names(_: bytes, account: Account) -> Iterable[str]:
        owner = ORGANISATION if account.owner == view.log_id else view.name(account.owner)
        named = [*account.title.values(), f"{owner}/{account.unit}", account.owner.hex()]
        return [*named, owner] if account.type == "member" else named

    return _find(view, Account, text, "account", names, lambda account: not unit or account.unit == unit)


def _find(
    view: LedgerView,
    cell: type[AnyCell],
    text: str,
    what: str,
    names: Callable[[bytes, AnyCell], Iterable[str]],
    fits: Callable[[AnyCell], bool] = lambda _: True,
) -> bytes:
    """The one thing that is meant: by a whole name or id, or else by the beginning of one."""
    if re.fullmatch(r"[0-9a-f]{32}", text) and view.book.get(cell, bytes.fromhex(text)) is not None:
        return bytes.fromhex(text)
    wanted = fold(text)
    whole: list[bytes] = []
    begun: list[bytes] = []
    for key, thing in view.book.scan(cell):
        if not fits(thing):
            continue
        folded = [fold(name) for name in names(key, thing)]
        if wanted and wanted in folded:
            whole.append(key)
        elif (_ID_BEGINNING.fullmatch(text) and key.hex().startswith(text)) or (
            wanted and any(name.startswith(wanted) for name in folded)
        ):
            begun.append(key)
    found = whole or begun
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFoundError(
            f"no {what} {text[:60]!r} is known here: say its id, at least {_DIGITS_MIN} digits of it, or its name"
        )
    more = ", or OWNER/UNIT" if cell is Account else ""
    shown = ", ".join(key.hex()[:SHORT_DIGITS] for key in found[:_SHOWN]) + (" ..." if found[_SHOWN:] else "")
    raise NotFoundError(
        f"{len(found)} {what}s are called {text[:60]!r} ({shown}): say the id of the one that is meant{more}"
    )
