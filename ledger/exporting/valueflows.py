# SPDX-License-Identifier: AGPL-3.0-or-later
"""The ledger in the vocabulary of Valueflows 1.0, as JSON-LD (valueflo.ws). Pure.

Events become EconomicEvents and commitments Commitments; a movement becomes one event of the action `transfer` for each
pair of legs that it takes, in the order in which they stand, so that what each account gives and gets is what it was.
Quantities are om2:Measure with the amount as text, for no number of JSON holds them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.amounts import show_day
from protocol.reciprocity_bodies import Commit, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.exporting.journal import Journal, Movement, Told

CONTEXT = {
    "vf": "https://w3id.org/valueflows/ont/vf#",
    "om2": "http://www.ontology-of-units-of-measure.org/resource/om-2/",
    "folkmoot": "urn:folkmoot:",
    "action": {"@id": "vf:action", "@type": "@vocab"},
    "provider": {"@id": "vf:provider", "@type": "@id"},
    "receiver": {"@id": "vf:receiver", "@type": "@id"},
    "resourceInventoriedAs": {"@id": "vf:resourceInventoriedAs", "@type": "@id"},
    "toResourceInventoriedAs": {"@id": "vf:toResourceInventoriedAs", "@type": "@id"},
    "fulfills": {"@id": "vf:fulfills", "@type": "@id"},
    "realizationOf": {"@id": "vf:realizationOf", "@type": "@id"},
}


def document(journal: Journal) -> dict[str, Any]:
    """One JSON-LD document over the whole ledger."""
    return {"@context": CONTEXT, "@graph": [*_agents(journal), *_units(journal), *_said(journal)]}


def _name(journal: Journal, thing: bytes) -> str:
    return f"urn:folkmoot:{journal.log}" + ("" if thing == journal.log_id else f":{thing.hex()}")


def _agents(journal: Journal) -> Iterator[dict[str, Any]]:
    yield {"@id": _name(journal, journal.log_id), "@type": "vf:Organization", "vf:name": journal.name}
    for key, member in journal.members.items():
        persons = member.class_ in {"worker", "user", "commoner"} and not member.group
        yield {"@id": _name(journal, key), "@type": "vf:Person" if persons else "vf:Organization"}
    for key, account in journal.accounts.items():
        yield {
            "@id": _name(journal, key),
            "@type": "vf:EconomicResource",
            "vf:primaryAccountable": {"@id": _name(journal, account.owner)},
            "vf:accountingQuantity": _measure(journal, account.posted, account.unit),
        }


def _units(journal: Journal) -> Iterator[dict[str, Any]]:
    for code, unit in journal.units.items():
        labels = [{"@language": language, "@value": text} for language, text in unit.name.items()]
        yield {"@id": f"urn:folkmoot:{journal.log}:unit:{code}", "@type": "om2:Unit", "om2:label": labels}


def _said(journal: Journal) -> Iterator[dict[str, Any]]:
    movements = {movement.position: movement for movement in journal.movements}
    for told in journal.told:
        if isinstance(told.said, Event | Commit):
            yield _flow(journal, told, told.said)
        if told.position in movements:
            yield from _transfers(journal, movements[told.position])


def _flow(journal: Journal, told: Told, said: Event | Commit) -> dict[str, Any]:
    value: dict[str, Any] = {
        "@id": _name(journal, told.statement.id),
        "@type": "vf:EconomicEvent" if isinstance(said, Event) else "vf:Commitment",
        "action": f"vf:{said.action}",
        "provider": _name(journal, said.provider),
        "receiver": _name(journal, said.receiver),
    }
    if isinstance(said, Event):
        value["vf:hasPointInTime"] = show_day(said.on)
        value["folkmoot:stream"] = said.stream
        if said.effort is not None:
            value["vf:effortQuantity"] = _measure(journal, said.effort.amount, said.effort.unit)
        if said.fulfils is not None:
            value["fulfills"] = _name(journal, said.fulfils)
        if said.to is not None:
            value["toResourceInventoriedAs"] = _name(journal, said.to)
    elif said.due is not None:
        value["vf:due"] = show_day(said.due)
    if said.quantity is not None:
        value["vf:resourceQuantity"] = _measure(journal, said.quantity.amount, said.quantity.unit)
    if said.resource is not None:
        value["resourceInventoriedAs"] = _name(journal, said.resource)
    if said.contract is not None:
        value["realizationOf"] = _name(journal, said.contract)
    return value


def _transfers(journal: Journal, movement: Movement) -> Iterator[dict[str, Any]]:
    for number, (giver, taker, amount) in enumerate(paired(journal, movement)):
        yield {
            "@id": f"{_name(journal, movement.id)}:{number}",
            "@type": "vf:EconomicEvent",
            "action": "vf:transfer",
            "provider": _name(journal, journal.accounts[giver].owner),
            "receiver": _name(journal, journal.accounts[taker].owner),
            "resourceInventoriedAs": _name(journal, giver),
            "toResourceInventoriedAs": _name(journal, taker),
            "vf:resourceQuantity": _measure(journal, amount, journal.accounts[giver].unit),
            "vf:hasPointInTime": show_day(movement.on),
            "folkmoot:code": movement.code,
        }


def paired(journal: Journal, movement: Movement) -> Iterator[tuple[bytes, bytes, int]]:
    """The legs of a movement as (giver, taker, amount): debits fill credits of their unit, both as they stand."""
    units = {journal.accounts[account].unit for account, _ in movement.legs}
    for unit in sorted(units):
        legs = [leg for leg in movement.legs if journal.accounts[leg[0]].unit == unit]
        takers = [leg for leg in legs if leg[1] > 0]
        for giver, debit in legs:
            left = -debit
            while left > 0:
                taker, room = takers.pop(0)
                taken = min(left, room)
                yield giver, taker, taken
                left -= taken
                if room > taken:
                    takers.insert(0, (taker, room - taken))


def _measure(journal: Journal, amount: int, unit: str) -> dict[str, Any]:
    return {
        "@type": "om2:Measure",
        "om2:hasNumericalValue": journal.quantity(amount, unit),
        "om2:hasUnit": {"@id": f"urn:folkmoot:{journal.log}:unit:{unit}"},
    }
