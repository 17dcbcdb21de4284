# SPDX-License-Identifier: AGPL-3.0-or-later
"""Payments between accounts of two logs: reserve, accept or refuse, post or void (spec 19)."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from ledger.reciprocity.accounts import keep_promise, move
from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import need_decision, use_decision
from ledger.reciprocity.hearing import allow
from ledger.reciprocity.state import Account, Incoming, Member, Outgoing, Unit
from protocol.amounts import AMOUNT_MAX
from protocol.errors import Malformed
from protocol.kinds import read_body
from protocol.proven import check_proven
from protocol.reciprocity_bodies import TransferAccept, TransferRefuse, TransferReserve

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.proven import Proven
    from protocol.reciprocity_bodies import ProvenEntry, ReciprocityBody, TransferPost, TransferVoid

PAYING = frozenset({"member", "pool", "fund"})
"""Types of accounts from which other logs are paid."""


def reserve(book: Book, heard: Heard[TransferReserve]) -> None:
    """The payer sets an amount aside: it is there when the other side says yes."""
    body = heard.body
    account = book.need(Account, body.account)
    connector = _need_connector(book, body.connector, body.log)
    allow(holds=heard.is_by_owner(book, account) and account.type in PAYING)
    if body.amount <= 0:
        refuse("bad_amount")
    if body.unit not in {account.unit} & {connector.unit} or body.scale != _scale(book, body.unit):
        refuse("wrong_unit")
    if connector.state != "open":
        refuse(connector.state)
    move(book, body.account, 0, reserved=body.amount)
    pending = connector.pending + body.amount
    ceiling = AMOUNT_MAX if connector.ceiling is None else connector.ceiling
    if connector.posted + pending > ceiling:
        refuse("ceiling")
    book.put(body.connector, msgspec.structs.replace(connector, pending=pending))
    state = Outgoing(
        log=body.log,
        account=body.account,
        connector=body.connector,
        to=body.to,
        amount=body.amount,
        unit=body.unit,
        deadline=body.deadline,
        position=heard.position,
    )
    book.put(heard.id, state)
    book.concern(body.connector)


def accept(book: Book, heard: Heard[TransferAccept]) -> None:
    """The payee takes it: the commit point. Its log shows the other's reservation."""
    body = heard.body
    account = book.need(Account, body.account)
    connector = _need_connector(book, body.connector, body.log)
    if account.type == "connector":
        refuse("unknown_ref")
    allow(holds=heard.is_by_owner(book, account) or _consents(book, heard, account))
    if body.amount <= 0:
        refuse("bad_amount")
    if body.unit not in {account.unit} & {connector.unit}:
        refuse("wrong_unit")
    _refuse_answered(book, body.log + body.transfer)
    reserved = _need_reserve(book, body.proof, body.log, body.transfer)
    if (reserved.to, reserved.amount, reserved.unit) != (body.account, body.amount, body.unit):
        refuse("clause_mismatch")
    if reserved.scale != _scale(book, body.unit):
        refuse("wrong_unit")
    if heard.at > reserved.deadline:
        refuse("late")
    move(book, body.connector, -body.amount)
    move(book, body.account, body.amount)
    state = Incoming(body.account, body.connector, body.amount, body.unit, "accepted", heard.position)
    book.put(body.log + body.transfer, state)


def _consents(book: Book, heard: Heard[TransferAccept], account: Account) -> bool:
    """Whether the owner has agreed beforehand to take amounts up to this one, and the organisation says so."""
    owner = book.get(Member, account.owner)
    return owner is not None and owner.status == "active" and heard.by_org and heard.body.amount <= owner.consent


def refuse_transfer(book: Book, heard: Heard[TransferRefuse]) -> None:
    """The payee does not take it. It may come late: then nobody else can take it any more."""
    body = heard.body
    _refuse_answered(book, body.log + body.transfer)
    reserved = _need_reserve(book, body.proof, body.log, body.transfer)
    account = book.get(Account, reserved.to)
    allow(holds=heard.by_org or (account is not None and heard.is_by_owner(book, account)))
    state = Incoming(reserved.to, b"", reserved.amount, reserved.unit, "refused", heard.position)
    book.put(body.log + body.transfer, state)
    if account is not None:
        book.concern(reserved.to, account.owner)


def post_transfer(book: Book, heard: Heard[TransferPost]) -> None:
    """It was taken: the amount leaves the payer's account. Limits do not matter: it was reserved."""
    body = heard.body
    transfer = book.need(Outgoing, body.transfer)
    allow(holds=heard.by_org)
    if transfer.state not in {"reserved", "given_up"}:
        refuse("already_resolved")
    answer = _prove(body.proof, transfer.log)
    accepted = _read(answer, TransferAccept)
    if (
        (accepted.log, accepted.transfer) != (book.log_id, body.transfer)
        or (accepted.account, accepted.amount, accepted.unit) != (transfer.to, transfer.amount, transfer.unit)
        or accepted.proof.index != transfer.position
        or answer.at > transfer.deadline
    ):
        refuse("clause_mismatch")
    held = 0
    if transfer.state == "reserved":
        held = transfer.amount
        _free_connector(book, transfer)
    keep_promise(book, transfer.account, -transfer.amount, reserved=-held)
    keep_promise(book, transfer.connector, transfer.amount)
    book.put(body.transfer, msgspec.structs.replace(transfer, state="posted", answer=answer.position))


def void(book: Book, heard: Heard[TransferVoid]) -> None:
    """It was not taken, or the assembly has decided that nobody will ever say so: the amount is free again."""
    body = heard.body
    transfer = book.need(Outgoing, body.transfer)
    need_decision(book, body.decision)
    allow(holds=heard.by_org)
    use_decision(book, heard, body.decision)
    if transfer.state != "reserved":
        refuse("already_resolved")
    if body.proof is not None:
        refused = _read(_prove(body.proof, transfer.log), TransferRefuse)
        if (refused.log, refused.transfer) != (book.log_id, body.transfer):
            refuse("clause_mismatch")
    _free_connector(book, transfer)
    keep_promise(book, transfer.account, 0, reserved=-transfer.amount)
    state = "void" if body.proof is not None else "given_up"
    book.put(body.transfer, msgspec.structs.replace(transfer, state=state))
    book.concern(transfer.connector)


def _free_connector(book: Book, transfer: Outgoing) -> None:
    connector = book.need(Account, transfer.connector)
    book.put(transfer.connector, msgspec.structs.replace(connector, pending=connector.pending - transfer.amount))


def _need_connector(book: Book, connector_id: bytes, log_id: bytes) -> Account:
    connector = book.need(Account, connector_id)
    if connector.type != "connector" or connector.peer != log_id:
        refuse("unknown_ref")
    return connector


def _scale(book: Book, unit: str) -> int:
    return book.need(Unit, unit.encode()).scale


def _refuse_answered(book: Book, key: bytes) -> None:
    if book.get(Incoming, key) is not None:
        refuse("already_resolved")


def _need_reserve(book: Book, proof: ProvenEntry, log_id: bytes, transfer_id: bytes) -> TransferReserve:
    """The reservation in the other's log, for an account of this one."""
    proven = _prove(proof, log_id)
    reserved = _read(proven, TransferReserve)
    if proven.statement.id != transfer_id or reserved.log != book.log_id:
        refuse("clause_mismatch")
    return reserved


def _prove(proof: ProvenEntry, log_id: bytes) -> Proven:
    try:
        return check_proven(proof, log_id)
    except Malformed:
        refuse("clause_mismatch")


_AnyTransfer = TypeVar("_AnyTransfer", TransferReserve, TransferAccept, TransferRefuse)


def _read(proven: Proven, kind: type[_AnyTransfer]) -> _AnyTransfer:
    """What the statement says, if it is of that kind."""
    body: ReciprocityBody | object = None
    try:
        body = read_body(proven.statement)
    except Malformed:
        refuse("clause_mismatch")
    if not isinstance(body, kind):
        refuse("clause_mismatch")
    return body
