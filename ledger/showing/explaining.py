# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a contract has yielded and what is owed under it: every line with its rule, its rounding and its sources.

Each item is a post that was made, that can be made now, or that is still to come; `post_body` makes those that can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import NotFoundError
from ledger.reciprocity.lines import NOBODY, Line, legs_of, show_rule
from ledger.reciprocity.state import ClaimState, Contract
from ledger.showing import owing, owing_use
from ledger.showing.contracts import contract_state
from ledger.showing.owing import Item
from protocol.amounts import show_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.showing.view import LedgerView
    from protocol.encoding import Value

EXPLANATION_SCHEMA = "folkmoot.explanation/1"


class Explained(NamedTuple):
    """A contract with what follows from it."""

    id: bytes
    contract: Contract
    items: list[Item]


def explain(view: LedgerView, contract_id: bytes, today: int, claim_id: bytes = b"") -> Explained:
    """All that a contract yields from what has happened until a day, or from one claim alone. Raises NotFoundError."""
    contract = view.book.get(Contract, contract_id)
    if contract is None:
        raise NotFoundError(f"no contract {contract_id.hex()} in this ledger")
    terms = owing.Terms(view, contract_id, contract, today)
    items = list(_items(terms, claim_id))
    return Explained(contract_id, contract, items)


def _items(terms: owing.Terms, claim_id: bytes) -> Iterator[Item]:
    claims = [(key, claim) for key, claim in terms.view.book.scan(ClaimState) if claim.contract == terms.id]
    for key, claim in sorted(claims, key=lambda one: (one[1].day, one[0])):
        if not claim_id or key == claim_id:
            yield from owing.claim_items(terms, key, claim)
    if not claim_id:
        yield from owing_use.access_items(terms)
        yield from owing_use.rent_items(terms)
        yield from owing_use.host_items(terms)
        yield from owing_use.dividend_items(terms)


def post_body(item: Item, today: int) -> dict[str, Value]:
    """The post that an item is, on a day."""
    legs: list[Value] = [[account, amount] for account, amount in legs_of(item.lines)]
    basis: dict[str, Value] = {**(item.basis or {})}
    return {"code": item.code, "legs": legs, "on": today, "basis": basis}


def explanation_object(view: LedgerView, explained: Explained, today: int) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "schema": EXPLANATION_SCHEMA,
        "contract": explained.id.hex(),
        "name": view.words(explained.contract.title),
        "state": contract_state(explained.contract, today),
        "items": [_item_object(view, item) for item in explained.items],
    }


def _item_object(view: LedgerView, item: Item) -> dict[str, Any]:
    return {
        "what": str(item.what),
        "state": item.state,
        "why": str(item.why or ""),
        "about": item.about.hex(),
        "on": None if item.on is None else show_day(item.on),
        "unit": item.unit,
        "code": item.code,
        "lines": [line_object(view, line, item.unit) for line in item.lines],
    }


def line_object(view: LedgerView, line: Line, unit: str) -> dict[str, Any]:
    """One line: how much, for whom, by which rule and which exact fraction before rounding, and what it rests on."""
    scale = view.unit(unit).scale
    numerator, denominator = line.fraction
    return {
        "clause": line.clause + 1 or None,
        "kind": line.kind,
        "name": line.name,
        "account": None
        if line.account == NOBODY
        else {"id": line.account.hex(), "name": view.account_name(line.account)},
        "amount": view.show(line.amount, unit),
        "rule": show_rule(line.rule, scale),
        "exact": [numerator, denominator * 10**scale],
        "rounded": line.amount * denominator != numerator,
        "sources": [_source(view, source) for source in line.sources],
    }


def _source(view: LedgerView, source: bytes) -> dict[str, Any]:
    said = view.book.said(source)
    found = view.found(said.position) if said else None
    kind = {"kind": found.statement.kind, "position": found.position} if found else {}
    return {"id": source.hex(), **kind}
