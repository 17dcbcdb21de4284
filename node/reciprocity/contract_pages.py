# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of contracts: who has signed, the terms in plain words, what is owed under them and by which rule."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.reciprocity.state import ClaimState
from ledger.showing.assembly import note_objects
from ledger.showing.contracts import claim_objects, contract_object, contract_objects
from ledger.showing.explaining import explain, explanation_object
from ledger.showing.footprints import footprints_object
from ledger.showing.terms import clause_wording
from node.reciprocity.ledger_api import today_of
from node.reciprocity.ledger_pages import ledger_routes
from node.reciprocity.ledgers import id_of
from node.reciprocity.spelling import PageSpelling, said
from node.web.paging import page_of, part_of
from node.web.rendering import straight
from protocol.amounts import show_day
from protocol.clauses import kind_of

if TYPE_CHECKING:
    from aiohttp import web

    from ledger.showing.explaining import Explained
    from ledger.showing.owing import Item
    from ledger.showing.view import LedgerView
    from node.directory.listing import Reader
    from node.web.words import Words

SUBJECTS_SHOWN, CLAIMS_SHOWN = 12, 60
"""On one page; of claims, the rest is there as data."""
MONTHS_MAX = 12 * 10_000
_EXACT_DIGITS = 6
_DECIMAL = re.compile(r"[0-9]+\.[0-9]+")
UNPAID = frozenset({"open", "late"})
_STATES = ("owed", "coming", "posted")


def _contracts(request: web.Request, view: LedgerView, _: Reader) -> dict[str, Any]:
    contracts = contract_objects(view, today_of(request))
    return {"part": part_of(request.query, contracts, itemgetter("name"), itemgetter("id"))}


def _claims(request: web.Request, view: LedgerView, _: Reader) -> dict[str, Any]:
    claims = claim_objects(view, today_of(request))
    unpaid = [one for one in claims if one["state"] in UNPAID]
    settled = [one for one in reversed(claims) if one["state"] not in UNPAID]
    sides = [lambda one, side=side: one[side]["name"] for side in ("debtor", "creditor", "for")]
    part = part_of(request.query, unpaid, itemgetter("id"), *sides)
    return {"part": part, "settled": settled[:CLAIMS_SHOWN], "left": len(settled[CLAIMS_SHOWN:])}


def _contract(request: web.Request, view: LedgerView, reader: Reader) -> dict[str, Any]:
    contract_id, today, words = id_of(request, "contract"), today_of(request), reader.words
    explained = explain(view, contract_id, today)
    page = page_of(request.query)
    subjects, left = _subjects(view, explained, today, words, page)
    flowed = footprints_object(view, 0, MONTHS_MAX, contract_id)["footprints"]
    spelling = PageSpelling(view, words)
    contract = contract_object(view, contract_id, today)
    return {
        "contract": contract,
        "parties": words.count("{number} party", "{number} parties", len(contract["parties"])),
        "clauses": [
            (
                words.label("clause", kind_of(clause)),
                [spelling.sentence(one) for one in clause_wording(clause, spelling)],
            )
            for clause in explained.contract.clauses
        ],
        "position": view.said(contract_id).position,
        "claims": claim_objects(view, today, contract=contract_id, unpaid=True),
        "subjects": subjects,
        "first": "?" if page > 1 else "",
        "next": f"?page={page + 1}" if left else "",
        "notes": note_objects(view, contract_id),
        "footprint": flowed[0]["amounts"] if flowed else [],
    }


class Subject(NamedTuple):
    """What something follows from: a claim, in words, or empty; and the items, with names and reasons in words."""

    claim: str
    items: list[dict[str, Any]]


def _subjects(
    view: LedgerView, explained: Explained, today: int, words: Words, page: int
) -> tuple[list[Subject], bool]:
    """What follows from a contract: what can be booked now, then what is to come, then what is booked, newest first.

    So much as one page shows of it, and whether there is more.
    """
    found: dict[bytes, list[Item]] = {}
    for item in explained.items:
        found.setdefault(item.about, []).append(item)
    rank = {about: min(_STATES.index(item.state) for item in items) for about, items in found.items()}
    newest = list(reversed(found))
    ordered = sorted(newest, key=rank.__getitem__)
    subjects = []
    end = page * SUBJECTS_SHOWN
    for about in ordered[end - SUBJECTS_SHOWN : end]:
        told = explanation_object(view, explained._replace(items=found[about]), today)["items"]
        for item, shown in zip(found[about], told, strict=True):
            shown |= {"what": said(item.what, words), "why": said(item.why, words) if item.why else ""}
            shown["lines"] = [_line(line, words) for line in shown["lines"]]
        subjects.append(Subject(_claim_title(view, about, words), told))
    return subjects, end < len(ordered)


def _claim_title(view: LedgerView, about: bytes, words: Words) -> str:
    claim = view.book.get(ClaimState, about)
    if claim is None:
        return ""
    amount = f"{words.amount(view.show(claim.amount, claim.unit))}\N{NO-BREAK SPACE}{claim.unit}"
    day = words.day(show_day(claim.day))
    return words("Claim on {debtor}: {amount}, {day}", debtor=straight(view.name(claim.debtor)), amount=amount, day=day)


def _line(line: dict[str, Any], words: Words) -> dict[str, Any]:
    numerator, denominator = line["exact"]
    exact = exact_text(numerator, denominator, words) if line["rounded"] else ""
    rule = _DECIMAL.sub(lambda found: words.amount(found[0]), line["rule"]).replace("at most", words("at most"))
    return line | {"name": words.label("line", line["name"]), "exact": exact, "rule": rule}


def exact_text(numerator: int, denominator: int, words: Words) -> str:
    """A fraction as a decimal number, cut with an ellipsis where it goes on."""
    size = abs(numerator) * 10**_EXACT_DIGITS
    whole, rest = divmod(size // denominator, 10**_EXACT_DIGITS)
    sign = "-" if numerator < 0 else ""
    decimals = f"{rest:0{_EXACT_DIGITS}}"
    if size % denominator:
        return words.amount(f"{sign}{whole}.{decimals}") + "…"
    short = decimals.rstrip("0")
    return words.amount(f"{sign}{whole}.{short}" if short else f"{sign}{whole}")


_PAGES = (
    ("/contracts", "ledger_contracts.html", _contracts, "The contracts of an organisation"),
    ("/claims", "ledger_claims.html", _claims, "What is owed"),
    ("/contract/{contract}", "ledger_contract.html", _contract, "A contract: terms, state, what is owed and why"),
)
ROUTES = ledger_routes(_PAGES)
