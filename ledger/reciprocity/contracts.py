# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contracts: offered, signed by each party, superseded, ended (spec 17 §8)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import use_decision
from ledger.reciprocity.hearing import allow, need_party
from ledger.reciprocity.state import Account, Contract, Member
from protocol.clauses import accounts_of

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import ContractEnd, ContractOffer, ContractSign


def offer(book: Book, heard: Heard[ContractOffer]) -> None:
    """Terms that the parties may sign. Nothing is in force yet."""
    body = heard.body
    for party in body.parties:
        need_party(book, party)
    allow(holds=heard.by_org or any(heard.is_by(book, party) for party in body.parties))
    if body.supersedes is not None:
        before = book.need(Contract, body.supersedes)
        allow(holds=set(before.parties) <= set(body.parties))
    for clause in body.clauses:
        for account in sorted(accounts_of(clause)):
            book.need(Account, account)
    contract = Contract(
        parties=body.parties,
        accede=list(body.accede),
        clauses=body.clauses,
        from_=body.from_,
        until=body.until,
        supersedes=body.supersedes or b"",
        terms=sha256(bytes(heard.statement.body)).digest(),
        title=body.title,
        author=heard.statement.author,
    )
    book.put(heard.id, contract)
    book.concern(*body.parties)


def sign(book: Book, heard: Heard[ContractSign]) -> None:
    """A party's assent to the exact text; with the last one the contract takes the place of what it supersedes."""
    body = heard.body
    contract = book.need(Contract, body.contract)
    allow(holds=heard.is_by(book, body.party))
    if body.party not in contract.parties:
        member = book.get(Member, body.party)
        allow(holds=member is not None and member.class_ in contract.accede)
    if body.terms != contract.terms:
        refuse("clause_mismatch")
    if body.party in contract.signed:
        refuse("already_resolved")
    signed = sorted([*contract.signed, body.party])
    book.put(body.contract, msgspec.structs.replace(contract, signed=signed))
    book.concern(body.party, *contract.parties)
    if contract.supersedes and set(contract.parties) <= set(signed):
        before = book.need(Contract, contract.supersedes)
        book.put(contract.supersedes, msgspec.structs.replace(before, replaced_from=contract.from_))


def end(book: Book, heard: Heard[ContractEnd]) -> None:
    """One of its parties ends it; whoever acceded leaves it alone."""
    body = heard.body
    contract = book.need(Contract, body.contract)
    if contract.disputes:
        refuse("frozen")
    if contract.ended is not None:
        refuse("already_resolved")
    if body.decision is not None:
        use_decision(book, heard, body.decision)
    if any(heard.is_by(book, party) for party in contract.parties):
        book.put(body.contract, msgspec.structs.replace(contract, ended=body.on))
        book.concern(*contract.parties)
        return
    leaving = [party for party in contract.signed if heard.is_by(book, party)]
    allow(holds=bool(leaving))
    book.put(
        body.contract,
        msgspec.structs.replace(contract, signed=[party for party in contract.signed if party not in leaving]),
    )
    book.concern(*leaving)


def is_in_force(contract: Contract, day: int) -> bool:
    """Whether every party has signed, and the day is in its time."""
    return (
        set(contract.parties) <= set(contract.signed)
        and contract.from_ <= day
        and (contract.until is None or day <= contract.until)
        and (contract.ended is None or day <= contract.ended)
        and (contract.replaced_from is None or day < contract.replaced_from)
    )


def need_signed(book: Book, contract_id: bytes | None) -> Contract:
    """The contract, if all its parties have signed it and it is not in dispute."""
    contract = book.need(Contract, contract_id)
    if not set(contract.parties) <= set(contract.signed):
        refuse("not_in_force")
    if contract.disputes:
        refuse("frozen")
    return contract


def need_in_force(book: Book, contract_id: bytes | None, day: int) -> Contract:
    """The contract, if it is in force on a day and not in dispute."""
    contract = book.need(Contract, contract_id)
    if not is_in_force(contract, day):
        refuse("not_in_force")
    if contract.disputes:
        refuse("frozen")
    return contract
