# SPDX-License-Identifier: AGPL-3.0-or-later
"""What there is to choose from in a field: (value, text); nothing where there is too much, or it is to be written."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ledger.reciprocity.state import (
    Account,
    ClaimState,
    Commitment,
    Connector,
    Contract,
    Dispute,
    EventState,
    Member,
    ProposalState,
    Resource,
    Unit,
)
from ledger.showing.known import SHORT_DIGITS, moment
from ledger.showing.naming import ORGANISATION
from ledger.showing.transfers import log_name
from protocol.amounts import show_day
from protocol.charter import establish
from protocol.clauses import Access
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.showing.view import LedgerView
    from node.forms.field import Field
    from node.web.words import Words

    Options = list[tuple[str, str]]

_LOG_BYTES, _ID_BYTES = 32, 16
OPTIONS_MAX = 500
NEWEST = 100
"""So many of what becomes ever more are offered; an older one is named by its id in the address of the form."""


def options_of(field: Field, view: LedgerView, words: Words) -> Options:
    """The options of a field; empty where something is to be written."""
    if field.sort == "choice":
        return [(code, words.label(field.group, code)) for code in field.choices]
    find, many = _OPTIONS.get(field.sort), _MANY.get(field.sort)
    if find is None or (many and sum(1 for _ in islice(view.book.scan(many), OPTIONS_MAX + 1)) > OPTIONS_MAX):
        return []
    found = find(view, words)
    return found if len(found) <= OPTIONS_MAX else []


def _named(view: LedgerView, one: bytes) -> str:
    name, short = view.name(one), one.hex()[:SHORT_DIGITS]
    return name if name == short else f"{name} ({short})"


def _members(view: LedgerView, _: Words) -> Options:
    found = [(key.hex(), _named(view, key)) for key, member in view.book.scan(Member) if member.status != "left"]
    return sorted(found, key=lambda one: (one[1].casefold(), one[0]))


def _parties(view: LedgerView, words: Words) -> Options:
    return [(ORGANISATION, view.organisation), *_members(view, words)]


def _accounts(view: LedgerView, words: Words) -> Options:
    found = [
        (key.hex(), f"{view.account_name(key)}: {words.amount(view.show(one.posted, one.unit))} {one.unit}")
        for key, one in view.book.scan(Account)
        if one.state != "closed" and one.type != "connector"
    ]
    return sorted(found, key=lambda one: (one[1].casefold(), one[0]))


def _contracts(view: LedgerView, _: Words) -> Options:
    return [(key.hex(), view.words(one.title)) for key, one in view.book.scan(Contract) if one.ended is None]


def _claims(view: LedgerView, words: Words) -> Options:
    options = []
    found = [(one.day, key, one) for key, one in view.book.scan(ClaimState) if not one.closed]
    for day, key, one in sorted(found, key=lambda item: item[:2]):
        amount = f"{words.amount(view.show(one.amount, one.unit))} {one.unit}"
        options.append((key.hex(), f"{words.day(show_day(day))}, {view.name(one.debtor)}: {amount}"))
    return options


def _events(view: LedgerView, words: Words) -> Options:
    found = sorted((one.on, key) for key, one in view.book.scan(EventState) if not one.corrected)
    options = []
    for on, key in reversed(found[-NEWEST:]):
        one = view.book.need(EventState, key)
        said = f"{view.name(one.provider)} → {view.name(one.receiver)}: {words.label('action', one.action)}"
        options.append((key.hex(), f"{words.day(show_day(on))}, {said}"))
    return options


def _bookings(view: LedgerView, words: Words) -> Options:
    found = [(one.begin or 0, key, one) for key, one in view.book.scan(Commitment) if one.state == "active"]
    options = []
    for begin, key, one in sorted(found, key=lambda item: item[:2])[-NEWEST:]:
        what = view.resource_name(one.resource) or words.label("action", one.action)
        when = _moment(begin, words) if begin else "" if one.due is None else words.day(show_day(one.due))
        options.append((key.hex(), f"{when} {what}, {view.name(one.receiver)}"))
    return options


def _moment(begin: int, words: Words) -> str:
    return f"{words.date(begin)}, {moment(begin)[11:16]} UTC,"


def _resources(view: LedgerView, _: Words) -> Options:
    """What contracts give access to and what somebody holds, by what it is called: another may be named, too."""
    found = {
        clause.resource
        for _, contract in view.book.scan(Contract)
        if contract.ended is None
        for clause in contract.clauses
        if isinstance(clause, Access)
    }
    found |= {key[:_ID_BYTES] for key, _ in islice(view.book.scan(Resource), OPTIONS_MAX)}
    names = [view.resource_name(one) for one in sorted(found)[:OPTIONS_MAX]]
    return [
        (name, name) for name in sorted({name for name in names if names.count(name) == 1} - {""}, key=str.casefold)
    ]


def _proposals(view: LedgerView, _: Words) -> Options:
    return [(key.hex(), view.words(one.title)) for key, one in view.book.scan(ProposalState) if one.decided is None]


def _disputes(view: LedgerView, _: Words) -> Options:
    open_ones = [(key, one) for key, one in view.book.scan(Dispute) if not one.outcome]
    return [(key.hex(), view.called(one.about) or one.about.hex()[:SHORT_DIGITS]) for key, one in open_ones]


def _neighbours(view: LedgerView, _: Words) -> Options:
    logs = {key[:_LOG_BYTES] for key, _ in view.book.scan(Connector)}
    return sorted((show_log_id(log), log_name(view.reads, log) or show_log_id(log)[:SHORT_DIGITS]) for log in logs)


def _logs(view: LedgerView, _: Words) -> Options:
    """Other organisations of which something is here, those that wait to be let in among them."""
    held = {tree.origin.log_id for tree in view.reads.trees()} - {view.log_id}
    names = {log: log_name(view.reads, log) for log in held}
    for row in view.reads.waiting():
        names.setdefault(row.log_id, establish(row.charters).charter.title())
    found = [(show_log_id(log), f"{name} ({show_log_id(log)[:SHORT_DIGITS]})".strip()) for log, name in names.items()]
    return sorted(found, key=lambda one: (one[1].casefold(), one[0]))


def _units(view: LedgerView, _: Words) -> Options:
    found = [(key.decode(), view.words(unit.name)) for key, unit in view.book.scan(Unit)]
    return [(code, code if name == code else f"{code}, {name}") for code, name in found]


_MANY: dict[str, type[Member | Account]] = {"member": Member, "party": Member, "account": Account}
"""What there may be so many of that they are counted first."""
_OPTIONS: dict[str, Callable[[LedgerView, Words], Options]] = {
    "member": _members,
    "party": _parties,
    "account": _accounts,
    "contract": _contracts,
    "claim": _claims,
    "event": _events,
    "booking": _bookings,
    "proposal": _proposals,
    "dispute": _disputes,
    "neighbour": _neighbours,
    "log": _logs,
    "resource": _resources,
    "unit": _units,
}
