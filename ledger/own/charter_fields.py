# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fields of a charter as somebody writes them: what would change, and what is wrong with which of them (spec 04 §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from protocol.amounts import parse_rate
from protocol.charter import (
    ENDPOINTS_MAX,
    LICENCE_CHARACTERS_MAX,
    TEXT_CHARACTERS_MAX,
    WITNESSES_MAX,
    Assembly,
    check_witness,
    is_endpoint,
)
from protocol.errors import Malformed
from protocol.record import is_licence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from protocol.charter import Charter

HALF = (1, 2)
"""The part that has to vote, and that decides, where a charter names no rules (spec 17 §8)."""


class Written(TypedDict, total=False):
    """What somebody wants in a charter; what is not named stays. A name that is empty goes."""

    name: dict[str, str]
    territory: str
    licence: str
    endpoints: Sequence[str]
    witnesses: Sequence[str]
    quorum: str
    turnout: str
    majority: str


class Fault(NamedTuple):
    """What is wrong with a field: a code of `ledger.showing.charter.FAULTS`, and the text that it is about."""

    field: str
    code: str
    value: str = ""


def changes_of(charter: Charter, written: Written) -> tuple[dict[str, Any], list[Fault]]:
    """The fields of the charter that would be others, and all that is wrong with what was written."""
    faults = list(_faults(charter, written))
    if faults:
        return {}, faults
    wanted: dict[str, Any] = {name: text for name, text in written.items() if name in {"territory", "licence"}}
    if "name" in written:
        wanted["name"] = {tag: text for tag, text in (charter.name | written["name"]).items() if text}
    if "endpoints" in written:
        wanted["endpoints"] = list(written["endpoints"])
    if "witnesses" in written:
        wanted["witnesses"] = list(written["witnesses"])
    if "quorum" in written:
        wanted["quorum"] = int(written["quorum"])
    rules = charter.assembly or Assembly(HALF, HALF)
    turnout = parse_rate(written["turnout"]) if "turnout" in written else rules.quorum
    majority = parse_rate(written["majority"]) if "majority" in written else rules.majority
    if (turnout, majority) != (rules.quorum, rules.majority):
        wanted["assembly"] = Assembly(turnout, majority)
    return {name: value for name, value in wanted.items() if value != getattr(charter, name)}, []


def _faults(charter: Charter, written: Written) -> Iterator[Fault]:
    names = charter.name | written.get("name", {})
    if not any(names.values()):
        yield Fault("name", "no_name")
    for text in written.get("name", {}).values():
        if len(text) > TEXT_CHARACTERS_MAX:
            yield Fault("name", "long", text)
    if len(written.get("territory", "")) > TEXT_CHARACTERS_MAX:
        yield Fault("territory", "long", written["territory"])
    licence = written.get("licence", charter.licence)
    if licence != charter.licence and not (len(licence) <= LICENCE_CHARACTERS_MAX and is_licence(licence)):
        yield Fault("licence", "licence", licence)
    yield from _lists(charter, written)
    for name, rate in (("turnout", written.get("turnout")), ("majority", written.get("majority"))):
        if rate is not None and not _is_part(rate):
            yield Fault(name, "rate", rate)


def _lists(charter: Charter, written: Written) -> Iterator[Fault]:
    endpoints, witnesses = written.get("endpoints", ()), written.get("witnesses", charter.witnesses)
    yield from (Fault("endpoints", "endpoint", url) for url in endpoints if not is_endpoint(url))
    if len(endpoints) > ENDPOINTS_MAX:
        yield Fault("endpoints", "endpoints", str(ENDPOINTS_MAX))
    yield from (Fault("witnesses", "witness", text) for text in witnesses if not _is_witness(text))
    if len(witnesses) > WITNESSES_MAX or len(set(witnesses)) != len(witnesses):
        yield Fault("witnesses", "witnesses", str(WITNESSES_MAX))
    quorum = written.get("quorum", str(charter.quorum))
    if not (quorum.isascii() and quorum.isdigit() and len(quorum) < 4 and int(quorum) <= len(witnesses)):
        yield Fault("quorum", "quorum", str(len(witnesses)))


def _is_witness(text: str) -> bool:
    try:
        check_witness(text)
    except Malformed:
        return False
    return True


def _is_part(text: str) -> bool:
    """Whether a text says a rate of at most the whole."""
    try:
        part, whole = parse_rate(text)
    except Malformed:
        return False
    return part <= whole
