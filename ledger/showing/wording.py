# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements of the ledger in plain words, field by field: what somebody signs, submits or reads back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from ledger.showing.known import amount_text, id_text
from ledger.showing.terms import clause_texts
from protocol.amounts import show_day, show_month
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


def statement_lines(body: ReciprocityBody, known: Known) -> list[tuple[str, str]]:
    """What a statement says, as (field, text) in its order."""
    lines: list[tuple[str, str]] = []
    for field in msgspec.structs.fields(type(body)):
        value = getattr(body, field.name)
        if value is None or value in ([], {}, ""):
            continue
        name = field.encode_name
        if name == "legs" and isinstance(body, Post):
            lines += [_leg(account, amount, known) for account, amount in body.legs]
        elif name == "clauses" and isinstance(body, ContractOffer):
            for number, clause in enumerate(body.clauses, 1):
                lines += [(f"clause {number}", text) for text in clause_texts(clause, known)]
        elif name != "proof":
            lines.append((name.replace("_", " "), _text(name, value, body, known)))
    return lines


def _leg(account: bytes, amount: int, known: Known) -> tuple[str, str]:
    word = "gives to" if amount > 0 else "takes from"
    return word, f"{id_text(account, known)}: {amount_text(abs(amount), known.unit_of(account), known)}"


def _text(name: str, value: object, body: ReciprocityBody, known: Known) -> str:  # noqa: C901 - one for each sort of value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        if name in _DAYS and not (isinstance(body, Dividend) and name != "on"):
            return show_day(value)
        if name in _DAYS:
            return show_month(value)
        if name in _TIMES:
            return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(value))
        if name in _AMOUNTS:
            return amount_text(value, _unit(body, known), known)
        return str(value)
    if isinstance(value, bytes):
        return value.hex()[:_HASH_DIGITS] if name in _HASHES else id_text(value, known)
    if isinstance(value, Quantity):
        return amount_text(value.amount, value.unit, known)
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{key} {text}" for key, text in _struct(value, known))
    if isinstance(value, dict):
        return " / ".join(f"{text} ({tag})" for tag, text in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(name, item, body, known) for item in value)
    return str(value)


def _struct(value: msgspec.Struct, known: Known) -> list[tuple[str, str]]:
    """The fields of what a post rests on."""
    found = []
    for field in msgspec.structs.fields(type(value)):
        part = getattr(value, field.name)
        if isinstance(part, bytes):
            found.append((field.encode_name, id_text(part, known)))
        elif isinstance(part, int):
            found.append((field.encode_name, str(part + 1 if field.name == "clause" else part)))
        elif isinstance(part, list):
            found.append((field.encode_name, " ".join(id_text(one, known) for one in part)))
    return found


def _unit(body: ReciprocityBody, known: Known) -> str:
    unit = getattr(body, "unit", "")
    account = getattr(body, "account", None) or getattr(body, "pool", None)
    return str(unit) or (known.unit_of(account) if isinstance(account, bytes) else "")
