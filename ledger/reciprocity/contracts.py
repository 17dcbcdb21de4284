# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contracts: offered, signed by each party, superseded, ended (spec 17 §8)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from ledger.reciprocity.book import refuse
from ledger.reciprocity.decisions import need_decision, use_decision
from ledger.reciprocity.hearing import allow, allow_active, need_known
from ledger.reciprocity.state import Accession, Account, Contract, Member, Unit
from protocol.clauses import accounts_of, units_of

if TYPE_CHECKING:
    from ledger.reciprocity.book import Book
    from ledger.reciprocity.hearing import Heard
    from protocol.reciprocity_bodies import ContractEnd, ContractOffer, ContractSign


def offer(book: Book, heard: Heard[ContractOffer]) -> None:
    """Terms that the parties may sign. Nothing is in force yet."""
    body = heard.body
    need_known(book, *body.parties)
    before = None if body.supersedes is None else book.need(Contract, body.supersedes)
    for clause in body.clauses:
        for account in accounts_of(clause):
            book.need(Account, account)
        for unit in units_of(clause):
            book.need(Unit, unit.encode())
    allow(holds=heard.by_org or any(heard.is_by(book, party) for party in body.parties))
    allow_active(book, *body.parties)
    allow(holds=before is None or set(before.parties) <= set(body.parties))
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
    need_known(book, body.party)
    allow(holds=heard.is_by(book, body.party))
    named = body.party in contract.parties
    member = book.get(Member, body.party)
    allow(holds=named or (member is not None and member.class_ in contract.accede))
    before = book.need(Contract, contract.supersedes) if contract.supersedes else None
    if contract.disputes or (before is not None and before.disputes):
        refuse("frozen")
    key = body.contract + body.party
    accession = book.get(Accession, key)
    if body.party in contract.signed or (accession is not None and accession.left is None):
        refuse("already_resolved")
    if contract.ended is not None or contract.replaced_from is not None:
        refuse("not_in_force")
    if body.terms != contract.terms:
        refuse("clause_mismatch")
    if named:
        contract = msgspec.structs.replace(contract, signed=sorted([*contract.signed, body.party]))
        book.put(body.contract, contract)
        if before is not None and is_signed(contract):
            begin = min(contract.from_, before.replaced_from if before.replaced_from is not None else contract.from_)
            book.put(contract.supersedes, msgspec.structs.replace(before, replaced_from=begin))
    else:
        book.put(key, msgspec.structs.replace(accession or Accession(), left=None))
    book.concern(body.party, *contract.parties)


def end(book: Book, heard: Heard[ContractEnd]) -> None:
    """One of its parties ends it; whoever acceded leaves it alone. Not for what is past: that is owed."""
    body = heard.body
    contract = book.need(Contract, body.contract)
    need_decision(book, body.decision)
    parties = list(heard.parties(book))
    named = any(party in contract.parties for party in parties)
    acceded = {
        party: accession
        for party in parties
        if not named and (accession := book.get(Accession, body.contract + party)) is not None
    }
    allow(holds=named or bool(acceded))
    use_decision(book, heard, body.decision)
    if contract.disputes or any(accession.disputes for accession in acceded.values()):
        refuse("frozen")
    if contract.ended is not None or any(accession.left is not None for accession in acceded.values()):
        refuse("already_resolved")
    if body.on < heard.day - 1:
        refuse("late")
    if named:
        book.put(body.contract, msgspec.structs.replace(contract, ended=body.on))
    for party, accession in acceded.items():
        book.put(body.contract + party, msgspec.structs.replace(accession, left=body.on))
    book.concern(*acceded, *contract.parties)


def is_signed(contract: Contract) -> bool:
    """Whether every party that the offer names has signed."""
    return len(contract.signed) == len(contract.parties)


def is_in_force(contract: Contract, day: int) -> bool:
    """Whether every party has signed, and the day is in its time."""
    return (
        is_signed(contract)
        and contract.from_ <= day
        and (contract.until is None or day <= contract.until)
        and (contract.ended is None or day <= contract.ended)
        and (contract.replaced_from is None or day < contract.replaced_from)
    )


def is_party(book: Book, contract_id: bytes, contract: Contract, party: bytes, day: int) -> bool:
    """Whether somebody has signed a contract and had not left it by that day."""
    if party in contract.signed:
        return True
    accession = book.get(Accession, contract_id + party)
    return accession is not None and (accession.left is None or day <= accession.left)


def need_in_force(contract: Contract, day: int) -> None:
    """The contract must be in force on a day and not in dispute."""
    if not is_in_force(contract, day):
        refuse("not_in_force")
    if contract.disputes:
        refuse("frozen")
