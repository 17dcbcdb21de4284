# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements of the ledger in plain words, field by field: what somebody signs, submits or reads back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.showing.terms import Spelling, clause_wording
from protocol.reciprocity_bodies import ContractOffer, Dividend, Post, Quantity

if TYPE_CHECKING:
    from ledger.showing.known import Known
    from protocol.reciprocity_bodies import ReciprocityBody

WHAT = {
    "unit.define": "A unit is defined",
    "member.join": "Somebody becomes a member",
    "member.set": "Something about a member changes",
    "member.profile": "Who a member is",
    "account.open": "An account is opened",
    "account.set": "An account changes",
    "contract.offer": "A contract is offered",
    "contract.sign": "A contract is signed",
    "contract.end": "A contract ends",
    "commit": "A promise, or a booking",
    "commit.cancel": "A promise or booking is cancelled",
    "event": "Something that happened",
    "ack": "An answer to something that happened",
    "correct": "Something that happened is taken back",
    "claim": "Money is owed",
    "advance": "The fund pays before the client does",
    "post": "Amounts move between accounts",
    "dividend": "A surplus is to be shared out",
    "proposal": "The assembly is asked",
    "vote": "A vote",
    "decision": "The assembly has decided",
    "dispute.open": "A disagreement",
    "dispute.close": "A disagreement has ended",
    "state": "What follows from the log",
    "note": "Words about something",
    "xfer.reserve": "A payment to another organisation is begun",
    "xfer.accept": "A payment from another organisation is taken",
    "xfer.refuse": "A payment from another organisation is not taken",
    "xfer.post": "A payment to another organisation was taken",
    "xfer.void": "A payment to another organisation was not taken",
}
"""The kinds, for people."""

_DAYS = frozenset({"on", "from", "until", "ended", "due", "closes"})
_TIMES = frozenset({"begin", "end", "deadline"})
_HASHES, _HASH_DIGITS = frozenset({"key", "terms", "root"}), 16
_AMOUNTS = frozenset({"amount", "floor", "ceiling", "surplus"})


def statement_lines(body: ReciprocityBody, known: Known, spelling: Spelling | None = None) -> list[tuple[str, str]]:
    """What a statement says, as (field, text) in its order; in English if nobody says how things are written."""
    spell = spelling or Spelling(known)
    lines: list[tuple[str, str]] = []
    for field in msgspec.structs.fields(type(body)):
        value = getattr(body, field.name)
        if value is None or value in ([], {}, ""):
            continue
        name = field.encode_name
        if name == "legs" and isinstance(body, Post):
            lines += [_leg(account, amount, spell) for account, amount in body.legs]
        elif name == "clauses" and isinstance(body, ContractOffer):
            for number, clause in enumerate(body.clauses, 1):
                said = clause_wording(clause, spell)
                lines += [(f"clause {number}", spell.sentence(wording)) for wording in said]
        elif name != "proof":
            lines.append((name.replace("_", " "), _text(name, value, body, spell)))
    return lines


def _leg(account: bytes, amount: int, spell: Spelling) -> tuple[str, str]:
    word = "gives to" if amount > 0 else "takes from"
    return word, f"{spell.id(account)}: {spell.amount(abs(amount), account)}"


def _text(name: str, value: object, body: ReciprocityBody, spell: Spelling) -> str:  # noqa: C901 - one for each sort of value
    if isinstance(value, bool):
        return spell.truth(holds=value)
    if isinstance(value, int):
        if name in _DAYS and not (isinstance(body, Dividend) and name != "on"):
            return spell.day(value)
        if name in _DAYS:
            return spell.month(value)
        if name in _TIMES:
            return spell.time(value)
        if name in _AMOUNTS:
            return spell.in_unit(value, _unit(body, spell.known))
        return str(value)
    if isinstance(value, bytes):
        return value.hex()[:_HASH_DIGITS] if name in _HASHES else spell.id(value)
    if isinstance(value, Quantity):
        return spell.in_unit(value.amount, value.unit)
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{key} {text}" for key, text in _struct(value, spell))
    if isinstance(value, dict):
        return " / ".join(f"{text} ({tag})" for tag, text in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(name, item, body, spell) for item in value)
    return spell.code(name, str(value))


def _struct(value: msgspec.Struct, spell: Spelling) -> list[tuple[str, str]]:
    """The fields of what a post rests on."""
    found = []
    for field in msgspec.structs.fields(type(value)):
        part = getattr(value, field.name)
        name = spell.code("field", field.encode_name)
        if isinstance(part, bytes):
            found.append((name, spell.id(part)))
        elif isinstance(part, int):
            found.append((name, str(part + 1 if field.name == "clause" else part)))
        elif isinstance(part, list):
            found.append((name, " ".join(map(spell.id, part))))
    return found


def _unit(body: ReciprocityBody, known: Known) -> str:
    unit = getattr(body, "unit", "")
    account = getattr(body, "account", None) or getattr(body, "pool", None)
    return str(unit) or (known.unit_of(account) if isinstance(account, bytes) else "")
