# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements on their way: what goes along so that whoever signs can read them (spec 17 §11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ledger.errors import RefusedError
from ledger.showing.wording import statement_lines
from protocol.carried import NAMES_MAX, UNITS_MAX, Carried
from protocol.encoding import decode
from protocol.kinds import PUBLIC_KINDS
from protocol.reciprocity import RECIPROCITY_BODIES, read_reciprocity
from protocol.reciprocity_bodies import ContractOffer
from protocol.statement import parse_statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.showing.known import Known
    from ledger.showing.terms import Spelling
    from ledger.showing.view import LedgerView
    from protocol.encoding import Value

_NAME_CHARACTERS_MAX = 300


def carry(view: LedgerView, statement: bytes, scope: int = 0, terms: bytes = b"") -> Carried:
    """A statement that nobody has signed, with what this ledger knows of what it names.

    Names of persons go along: whoever gets the text can read them.
    """
    said = parse_statement(statement)
    assert not isinstance(said, tuple), "it was made by this program"
    values: list[Value] = [said.read_body(), *([decode(terms)] if terms else [])]
    ids = {one: None for value in values for one in _ids(value)}
    ids[view.log_id] = None
    named = [(one, view.called(one)[:_NAME_CHARACTERS_MAX], view.unit_of(one)) for one in ids]
    names = tuple((one, name, unit) for one, name, unit in named if name or unit)[:NAMES_MAX]
    codes = {unit for _, _, unit in names if unit} | {code for value in values for code in _units(value)}
    scales = [(code, view.scale_of(code)) for code in sorted(codes)]
    units = tuple((code, scale) for code, scale in scales if scale is not None)[:UNITS_MAX]
    return Carried(statement, scope, (), terms, names, units)


def _ids(value: Value) -> Iterator[bytes]:
    """Everything in a body that may be the id of something, or a log's."""
    if isinstance(value, bytes) and len(value) in {16, 32}:
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item)


def _units(value: Value) -> Iterator[str]:
    """The codes that a body names."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in {"unit", "shares"} and isinstance(item, str):
                yield item
            yield from _units(item)
    elif isinstance(value, list):
        for item in value:
            yield from _units(item)


class Told:
    """What a text says of the names and units in it: the word of whoever made it."""

    def __init__(self, carried: Carried) -> None:
        self._names = {one: (name, unit) for one, name, unit in carried.names}
        self._units = dict(carried.units)

    def called(self, one: bytes) -> str:
        """The name of a party, account or thing; empty if the text does not say."""
        return self._names.get(one, ("", ""))[0]

    def unit_of(self, account: bytes) -> str:
        """The unit of an account; empty if the text does not say."""
        return self._names.get(account, ("", ""))[1]

    def scale_of(self, unit: str) -> int | None:
        """The decimals of a unit, or None if the text does not say."""
        return self._units.get(unit)


def carried_lines(carried: Carried, known: Known | None = None) -> list[tuple[str, str]]:
    """What somebody would sign, as (field, text); of a contract, its terms. Raises RefusedError for other kinds.

    With the names that `known` gives, or else with those that go along. Raises Malformed if the statement breaks a rule
    of its kind.
    """
    said = carried.said
    if said.kind not in RECIPROCITY_BODIES:
        raise RefusedError(f"a statement of kind {said.kind} is not signed by members")
    if said.kind in PUBLIC_KINDS and carried.scope:
        raise RefusedError(f"a statement of kind {said.kind} is public, and this one is not to be")
    told = known or Told(carried)
    lines = statement_lines(read_reciprocity(said), told)
    return [*lines, *(terms_lines(carried.terms, told) if carried.terms else ())]


def terms_lines(terms: bytes, known: Known, spelling: Spelling | None = None) -> list[tuple[str, str]]:
    """The terms of a contract that somebody agrees to: the body of its offer, as (field, text)."""
    return statement_lines(msgspec.msgpack.decode(terms, type=ContractOffer), known, spelling)
