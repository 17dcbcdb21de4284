# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a post does beside its legs, and how that is taken back and done again (spec 17 §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.claims import concern_claim, refuse_frozen
from ledger.reciprocity.state import (
    Account,
    Borne,
    Call,
    ClaimState,
    Commitment,
    Contract,
    DividendState,
    EventState,
    Payment,
    PostMark,
    Used,
)
from ledger.reciprocity.totals import add_total
from protocol.amounts import month_of
from protocol.clauses import MutualGuarantee

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from protocol.reciprocity_bodies import Basis, Post

TILLS = frozenset({"pool", "fund", "reserve"})
"""Accounts of the organisation whose income is what members buy."""


Part = TypeVar("Part")


class Outcome(Protocol):
    """What posts of one code do beside their legs."""

    def __call__(self, book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
        """Takes it in, or back."""


def given(part: Part | None) -> Part:
    """A part of a body that its form has made sure of (spec 17 §3)."""
    assert part is not None
    return part


def take_in(book: Book, post_id: bytes, body: Post, *, back: bool = False) -> None:
    """What a post of this code does beside its legs; `back`: it is taken back.

    Whatever serves once must be free, or refuses with `already_resolved` or `conflict`.
    """
    outcome = _OUTCOMES.get(body.code)
    if outcome is not None:
        outcome(book, post_id, body, back=back)


def refuse_frozen_basis(book: Book, basis: Basis) -> None:
    """Nothing happens that rests on what is in dispute (spec 17 §9)."""
    if basis.contract is not None and book.need(Contract, basis.contract).disputes:
        refuse("frozen")
    if basis.claim is not None:
        refuse_frozen(book, book.need(ClaimState, basis.claim))
    events = [*(basis.events or ()), *([basis.event] if basis.event else ())]
    if any(book.need(EventState, event).disputes for event in events):
        refuse("frozen")
    if basis.commit is not None and book.need(Commitment, basis.commit).disputes:
        refuse("frozen")
    if basis.post is not None and (book.get(PostMark, basis.post) or PostMark()).disputes:
        refuse("frozen")


def concern_basis(book: Book, basis: Basis) -> None:
    """A post concerns the parties of what it rests on (spec 17 §10)."""
    if basis.claim is not None:
        concern_claim(book, book.need(ClaimState, basis.claim))
    for event_id in (*(basis.events or ()), *([basis.event] if basis.event else ())):
        event = book.need(EventState, event_id)
        book.concern(event.provider, event.receiver)
    if basis.commit is not None:
        commitment = book.need(Commitment, basis.commit)
        book.concern(commitment.provider, commitment.receiver)


def _settle(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    """The payments of a claim are a stack: what each yields depends on all before it."""
    claim_id = given(given(body.basis).claim)
    claimed, payment = book.need(ClaimState, claim_id), book.need(Payment, post_id)
    if claimed.closed == "written_off":
        refuse("already_resolved")
    if claimed.last != post_id if back else (claimed.last, claimed.paid) != (payment.last, payment.before):
        refuse("conflict")
    paid = payment.before if back else payment.before + payment.amount
    claimed = msgspec.structs.replace(
        claimed,
        paid=paid,
        last=payment.last if back else post_id,
        closed="paid" if paid == claimed.amount else "",
    )
    book.put(claim_id, claimed)
    contributed = -payment.contributed if back else payment.contributed
    add_total(book, claimed.for_, month_of(body.on), "contributions", claimed.unit, contributed)


def _wage(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    del post_id
    claim_id = given(given(body.basis).claim)
    claimed = book.need(ClaimState, claim_id)
    if claimed.waged is not back:
        refuse("already_resolved")
    book.put(claim_id, msgspec.structs.replace(claimed, waged=not back))


def _reinvest(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    del post_id
    claim_id = given(given(body.basis).claim)
    claimed = book.need(ClaimState, claim_id)
    if claimed.reinvested is not back:
        refuse("already_resolved")
    book.put(claim_id, msgspec.structs.replace(claimed, reinvested=not back))
    for event_id in given(body.basis).events or ():
        event = book.need(EventState, event_id)
        if event.used is not back or event.corrected:
            refuse("already_resolved")
        book.put(event_id, msgspec.structs.replace(event, used=not back))


def _write_off(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    del post_id
    claim_id = given(given(body.basis).claim)
    claimed = book.need(ClaimState, claim_id)
    if claimed.closed != ("written_off" if back else ""):
        refuse("already_resolved")
    book.put(claim_id, msgspec.structs.replace(claimed, closed="" if back else "written_off"))


def _call_guarantee(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    """No pledge bears more than its weight in all, and the loss is still what it was."""
    basis = given(body.basis)
    call, contract_id, index = book.need(Call, post_id), given(basis.contract), given(basis.clause)
    clause = book.need(Contract, contract_id).clauses[index]
    assert isinstance(clause, MutualGuarantee)
    amounts = borne(book, contract_id, index, len(clause.pledges))
    after = [amount - one if back else amount + one for amount, one in zip(amounts, call.borne, strict=True)]
    too_much = any(amount > weight for amount, (_, weight) in zip(after, clause.pledges, strict=True))
    if not back and (too_much or book.need(ClaimState, basis.claim).paid != call.paid):
        refuse("conflict")
    book.put(_borne_key(contract_id, index), Borne(after))
    _write_off(book, post_id, body, back=back)


def borne(book: Book, contract_id: bytes, clause: int, pledges: int) -> list[int]:
    """What each of the pledges of a clause has borne until now."""
    found = book.get(Borne, _borne_key(contract_id, clause))
    return found.amounts if found else [0] * pledges


def _borne_key(contract_id: bytes, clause: int) -> bytes:
    return contract_id + bytes([clause])


def _access_fee(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    """An event that fulfils a booking, and that booking, are charged once for both."""
    basis = given(body.basis)
    commit_id = basis.commit
    if basis.event is not None:
        event = book.need(EventState, basis.event)
        if event.used is not back or event.corrected:
            refuse("already_resolved")
        book.put(basis.event, msgspec.structs.replace(event, used=not back))
        commit_id = event.fulfils
    if commit_id:
        commitment = book.need(Commitment, commit_id)
        if commitment.charged is not back:
            refuse("already_resolved")
        book.put(commit_id, msgspec.structs.replace(commitment, charged=not back))
    _count_purchases(book, post_id, body, back=back)


def _dividend(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    del post_id
    dividend_id = given(given(body.basis).dividend)
    declared = book.need(DividendState, dividend_id)
    if declared.posted is not back:
        refuse("already_resolved")
    book.put(dividend_id, msgspec.structs.replace(declared, posted=not back))


def _rent(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    basis = given(body.basis)
    key = b"rent" + given(basis.contract) + bytes([given(basis.clause)]) + given(basis.period).to_bytes(8, "big")
    _serve_once(book, key, post_id, back=back)


def _host_fee(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    basis = given(body.basis)
    key = b"host" + given(basis.contract) + bytes([given(basis.clause)]) + given(basis.post)
    _serve_once(book, key, post_id, back=back)


def _serve_once(book: Book, key: bytes, post_id: bytes, *, back: bool) -> None:
    before = book.get(Used, key)
    if bool(before and before.by) is not back:
        refuse("already_resolved")
    book.put(key, Used(b"" if back else post_id))


def _count_purchases(book: Book, post_id: bytes, body: Post, *, back: bool) -> None:
    """What members pay to nobody but the organisation counts for dividends on purchases."""
    del post_id
    for account_id, amount in body.legs:
        if amount > 0:
            account = book.need(Account, account_id)
            if account.owner != book.log_id or account.type not in TILLS:
                return
    for account_id, amount in body.legs:
        if amount < 0:
            account = book.need(Account, account_id)
            add_total(book, account.owner, month_of(body.on), "purchases", account.unit, amount if back else -amount)


_OUTCOMES: dict[str, Outcome] = {
    "transfer": _count_purchases,
    "settle": _settle,
    "wage": _wage,
    "guarantee_call": _call_guarantee,
    "writeoff": _write_off,
    "reinvest": _reinvest,
    "access_fee": _access_fee,
    "dividend": _dividend,
    "rent": _rent,
    "host_fee": _host_fee,
}
