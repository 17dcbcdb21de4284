# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fields of forms: how what somebody wrote is read, by the sort of the field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import NotFoundError
from ledger.held.scopes import find_log
from ledger.reciprocity.state import Account, ClaimState, Commitment, Dispute, EventState
from ledger.showing.naming import (
    find_account,
    find_by_id,
    find_contract,
    find_member,
    find_party,
    find_proposal,
    find_resource,
    find_thing,
)
from node.web.words import message
from protocol.amounts import parse_day, parse_month, show_amount
from protocol.errors import Malformed
from protocol.identity import parse_log_id, show_log_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.showing.view import LedgerView

TEXT_CHARACTERS_MAX, AREA_CHARACTERS_MAX = 2_000, 100_000
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([01][0-9]|2[0-3]):([0-5][0-9])(?::00)?Z?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_SPACES = re.compile("[\\s\u00a0\u202f]")
_DAY_S, _ID_BYTES = 86_400, 16


class Field(NamedTuple):
    """A field. `label` and `hint` are messages. `group` labels the choices; `unit` is the field that gives an amount's.

    What is in it becomes a value by its sort: text, area, amount, day, month, moment, number, check, choice, key, unit,
    member, party, account, contract, proposal, claim, event, booking, dispute, neighbour, log, resource, thing.
    """

    name: str
    label: str
    sort: str = "text"
    required: bool = True
    hint: str = ""
    choices: tuple[str, ...] = ()
    group: str = ""
    unit: str = ""
    default: str = ""


class Unfit(Exception):  # noqa: N818 - it is what somebody wrote that does not fit
    """What is in a field does not do, or all of it if none is named; `said` is a message with places for the values."""

    def __init__(self, field: str, said: str, **values: str) -> None:
        super().__init__(said)
        self.field = field
        self.said = said
        self.values = values


@dataclass(frozen=True)
class Asked:
    """What somebody asks for: the ledger, the day, the texts of the fields, and the values that were read so far.

    `nonce` is that of the form: what is made of it has the same ids however often it is sent.
    """

    view: LedgerView
    today: int
    texts: dict[str, str]
    values: dict[str, Any]
    nonce: str = ""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - by the sort of the field
        """The value of a field."""
        return self.values[name]

    def new_id(self, number: int) -> bytes:
        """The id of one of the things that are made."""
        return sha256(f"{self.nonce} {number}".encode()).digest()[:_ID_BYTES]

    def given(self, *names: str) -> dict[str, Any]:
        """The values of those fields in which there is something."""
        return {name: self.values[name] for name in names if self.values[name] is not None}


def read_field(field: Field, asked: Asked) -> Any:  # noqa: ANN401 - by its sort
    """The value of a field, None if there is nothing in it. Raises Unfit."""
    text = asked.texts.get(field.name, "").strip()
    if field.sort == "check":
        return bool(text)
    if not text:
        if field.required:
            raise Unfit(field.name, message("This is needed."))
        return None
    limit = AREA_CHARACTERS_MAX if field.sort == "area" else TEXT_CHARACTERS_MAX
    if len(text) > limit:
        raise Unfit(field.name, message("That is too long."))
    try:
        return _READERS[field.sort](text, field, asked)
    except (NotFoundError, Malformed):
        said = message("{text} is not known here, or several are called so: choose one, or write its id.")
        raise Unfit(field.name, said, text=text[:60]) from None


def _amount(text: str, field: Field, asked: Asked) -> int:
    """An amount as people write it: with a comma, with fewer decimals than the unit has, with spaces between."""
    unit = asked.values.get(field.unit)
    if unit is None:
        raise Unfit(field.name, message("Say first in which unit."))
    code = unit if isinstance(unit, str) else asked.view.book.need(Account, unit).unit
    scale = asked.view.unit(code).scale
    whole, _, decimals = _SPACES.sub("", text).replace(",", ".").replace("\N{MINUS SIGN}", "-").partition(".")
    filled = f"{whole}.{decimals.ljust(scale, '0')}" if scale else whole + (f".{decimals}" if decimals else "")
    try:
        return asked.view.read_amount(filled, code)
    except Malformed:
        said = message("Write an amount like {example}.")
        raise Unfit(field.name, said, example=f"{show_amount(1250, scale)} {code}") from None


def _day(text: str, field: Field, _: Asked) -> int:
    try:
        return parse_day(text)
    except Malformed:
        raise Unfit(field.name, message("Write a day like 2026-03-02.")) from None


def _moment(text: str, field: Field, _: Asked) -> int:
    found = _MOMENT.fullmatch(text)
    try:
        day = parse_day(found[1]) if found else None
    except Malformed:
        day = None
    if found is None or day is None:
        raise Unfit(field.name, message("Write a time like 2026-03-02T09:00."))
    return day * _DAY_S + int(found[2]) * 3600 + int(found[3]) * 60


def _month(text: str, field: Field, _: Asked) -> int:
    try:
        return parse_month(text)
    except Malformed:
        raise Unfit(field.name, message("Write a month like 2026-03.")) from None


def _number(text: str, field: Field, _: Asked) -> int:
    if not _NUMBER.fullmatch(text):
        raise Unfit(field.name, message("Write a whole number."))
    return int(text)


def _choice(text: str, field: Field, _: Asked) -> str:
    if text not in field.choices:
        raise Unfit(field.name, message("Choose one of these."))
    return text


def _unit(text: str, _: Field, asked: Asked) -> str:
    asked.view.unit(text)
    return text


def _key(text: str, field: Field, _: Asked) -> bytes:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise Unfit(field.name, message("A key is 64 characters of 0-9 and a-f, as `folkmoot member key` prints it."))
    return bytes.fromhex(text)


_READERS: dict[str, Callable[[str, Field, Asked], Any]] = {
    "text": lambda text, *_: text,
    "area": lambda text, *_: text,
    "amount": _amount,
    "day": _day,
    "month": _month,
    "moment": _moment,
    "number": _number,
    "choice": _choice,
    "unit": _unit,
    "key": _key,
    "member": lambda text, _, asked: find_member(asked.view, text),
    "party": lambda text, _, asked: find_party(asked.view, text),
    "account": lambda text, _, asked: find_account(asked.view, text),
    "contract": lambda text, _, asked: find_contract(asked.view, text),
    "proposal": lambda text, _, asked: find_proposal(asked.view, text),
    "claim": lambda text, _, asked: find_by_id(asked.view, ClaimState, text, "claim"),
    "event": lambda text, _, asked: find_by_id(asked.view, EventState, text, "event"),
    "booking": lambda text, _, asked: find_by_id(asked.view, Commitment, text, "booking"),
    "dispute": lambda text, _, asked: find_by_id(asked.view, Dispute, text, "dispute"),
    "neighbour": lambda text, *_: show_log_id(parse_log_id(text)),
    "log": lambda text, _, asked: find_log(asked.view.reads, text),
    "resource": lambda text, _, asked: find_resource(asked.view, text),
    "thing": lambda text, _, asked: find_thing(asked.view, text),
}
