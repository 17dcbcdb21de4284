# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a member gave and received over time, by month and stream; contributions from what was invoiced; thanks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import NotFoundError
from ledger.reciprocity.state import EventState, Member, Totals, Unit
from ledger.reciprocity.totals import totals_key
from protocol.amounts import month_of, show_day, show_month
from protocol.reciprocity_bodies import Ack, Event

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.showing.view import LedgerView

CONTRIBUTIONS_SCHEMA = "folkmoot.contributions/1"
STREAMS = ("livelihood", "care", "love")


class Deed(NamedTuple):
    """Something that happened, where the log says so, and where it was thanked for or confirmed: (word, position)."""

    id: bytes
    position: int
    event: EventState
    answers: tuple[tuple[str, int], ...]


def deeds_of(view: LedgerView, member: bytes) -> list[Deed]:
    """What a member gave or received, in the order of the log; what was taken back is left out."""
    positions: dict[bytes, int] = {}
    answers: dict[bytes, list[tuple[str, int]]] = {}
    for position in view.reads.chain(view.tree.tree, member):
        found = view.found(position)
        if found is None:
            continue
        if isinstance(found.body, Event):
            positions[found.statement.id] = position
        elif isinstance(found.body, Ack):
            answers.setdefault(found.body.event, []).append((found.body.says, position))
    deeds = []
    for event_id, position in positions.items():
        event = view.book.get(EventState, event_id)
        if event is not None and not event.corrected:
            deeds.append(Deed(event_id, position, event, tuple(answers.get(event_id, ()))))
    return deeds


def contributions_object(view: LedgerView, member: bytes, first: int, last: int) -> dict[str, Any]:
    """What a member gave and received in the months first..last, both included, as JSON.

    Amounts are texts with their unit's decimals; `years` are those of all times. Raises NotFoundError.
    """
    if view.book.get(Member, member) is None:
        raise NotFoundError(f"no member {member.hex()} in this ledger")
    every = deeds_of(view, member)
    deeds = [deed for deed in every if first <= month_of(deed.event.on) <= last]
    given = [deed for deed in deeds if deed.event.provider == member]
    received = [deed for deed in deeds if deed.event.receiver == member]
    return {
        "schema": CONTRIBUTIONS_SCHEMA,
        "member": view.party_object(member),
        "from": show_month(first),
        "until": show_month(last),
        "given": _by_month(view, given),
        "received": _by_month(view, received),
        "totals": _totals(view, member, first, last),
        "thanks_received": [_thanks(view, deed, deed.event.receiver) for deed in given if deed.event.says],
        "thanks_given": [_thanks(view, deed, deed.event.provider) for deed in received if deed.event.says],
        "events": [deed_object(view, deed) for deed in deeds],
        "years": sorted({month_of(deed.event.on) // 12 for deed in every}),
    }


def deed_object(view: LedgerView, deed: Deed) -> dict[str, Any]:
    """An event as JSON."""
    event = deed.event
    value: dict[str, Any] = {
        "id": deed.id.hex(),
        "position": deed.position,
        "on": show_day(event.on),
        "action": event.action,
        "provider": view.party_object(event.provider),
        "receiver": view.party_object(event.receiver),
        "stream": event.stream,
        "expects": "none" if event.gift else "reciprocity",
        "says": event.says,
    }
    for name, quantity in (("effort", event.effort), ("quantity", event.quantity)):
        if quantity is not None:
            value[name] = view.quantity_object(*quantity)
    if event.contract:
        value["contract"] = event.contract.hex()
    if event.resource:
        value["resource"] = {"id": event.resource.hex(), "name": view.resource_name(event.resource)}
    return value


def _by_month(view: LedgerView, deeds: Iterable[Deed]) -> list[dict[str, Any]]:
    """For each unit, and month in which there was something, the sum of each stream; gifts apart."""
    sums: dict[str, dict[int, dict[tuple[str, bool], int]]] = {}
    for _, _, event, _ in deeds:
        for amount, unit in filter(None, (event.effort, event.quantity)):
            parts = sums.setdefault(unit, {}).setdefault(month_of(event.on), {})
            part = (event.stream, event.gift)
            parts[part] = parts.get(part, 0) + amount
    return [
        {
            "unit": unit,
            "sort": view.unit(unit).sort,
            "months": [
                {
                    "month": show_month(month),
                    "parts": [
                        {"stream": stream, "gift": gift, "amount": view.show(amount, unit)}
                        for (stream, gift), amount in sorted(parts.items(), key=lambda item: part_order(*item[0]))
                    ],
                }
                for month, parts in sorted(months.items())
            ],
        }
        for unit, months in sorted(sums.items(), key=lambda item: (view.unit(item[0]).sort != "time", item[0]))
    ]


def part_order(stream: str, gift: bool) -> tuple[int, bool]:  # noqa: FBT001 - a key of a table
    """In which order streams are shown."""
    return STREAMS.index(stream), gift


def _totals(view: LedgerView, member: bytes, first: int, last: int) -> list[dict[str, Any]]:
    """The sums that dividends rest on (spec 18 §7), of the months in which there is something."""
    units = [key.decode() for key, _ in view.book.scan(Unit)]
    rows = []
    for month in range(first, last + 1):
        cells = {unit: view.book.get(Totals, totals_key(month, unit, member)) for unit in units}
        row: dict[str, Any] = {"month": show_month(month)}
        for base in ("contributions", "purchases", "hours"):
            amounts = {unit: getattr(cell, base) for unit, cell in cells.items() if cell is not None}
            row[base] = [view.quantity_object(amount, unit) for unit, amount in sorted(amounts.items()) if amount]
        if row["contributions"] or row["purchases"] or row["hours"]:
            rows.append(row)
    return rows


def _thanks(view: LedgerView, deed: Deed, other: bytes) -> dict[str, Any]:
    """An answer to something that was done; `other` is the other side."""
    value = deed_object(view, deed)
    value["other"] = view.party_object(other)
    value["answers"] = [{"says": says, "position": position} for says, position in deed.answers]
    return value
