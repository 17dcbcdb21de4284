# SPDX-License-Identifier: AGPL-3.0-or-later
"""One clause as people write it: names instead of ids, "40.00" instead of 4000, "6.5 %" instead of [13, 200]. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import NamedTuple, TypeAlias, get_args

import msgspec

from protocol.amounts import parse_amount, parse_day, parse_rate, show_amount
from protocol.clauses import CLAUSE_KINDS, InKind, MemberClass, WageLine
from protocol.encoding import Value
from protocol.errors import Malformed


class Fault(Exception):  # noqa: N818 - what is wrong with a value; becomes an error once the line is known
    """What is wrong, and under which keys, outermost first."""

    def __init__(self, text: str, *keys: str) -> None:
        super().__init__(text)
        self.text, self.keys = text, keys


class Desk(NamedTuple):
    """What a clause is read with: what names stand for, the decimals of units, the unit where none is named."""

    accounts: Mapping[str, bytes]
    resources: Mapping[str, bytes]
    scales: Mapping[str, int]
    unit: str


Convert: TypeAlias = "Callable[[object, Desk], Value]"


@contextmanager
def under(key: str) -> Iterator[None]:
    """What is wrong inside is wrong under this key."""
    try:
        yield
    except Fault as fault:
        raise Fault(fault.text, key, *fault.keys) from None


def clause_value(written: Mapping[str, object], desk: Desk) -> dict[str, Value]:
    """The clause that is signed. Raises Fault."""
    kind = written.get("kind")
    if not isinstance(kind, str) or kind not in _FIELDS:
        raise Fault(f"{kind!r} is no kind of clause; there are {', '.join(CLAUSE_KINDS)}", "kind")
    fields = _FIELDS[kind]
    in_unit = written.get("unit", desk.unit)
    if isinstance(in_unit, str) and kind in _PRICED:
        desk = desk._replace(unit=in_unit)
    understood = {"of": "claim", "unit": in_unit}
    values = {key: value for key, value in understood.items() if key in fields} | dict(written)
    del values["kind"]
    return {"kind": kind} | table(values, fields, desk, needed=_needed(CLAUSE_KINDS[kind]))


def _needed(shape: type[msgspec.Struct]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(shape) if field.required]


def table(written: object, fields: Mapping[str, Convert], desk: Desk, needed: Sequence[str] = ()) -> dict[str, Value]:
    """A table whose keys are all known, and in which none of the needed ones is missing."""
    if not isinstance(written, dict):
        raise Fault(f"this is a table with the keys {', '.join(fields)}")
    found: dict[str, Value] = {}
    for key, value in written.items():
        with under(str(key)):
            if key not in fields:
                raise Fault(f"there is no such key here; there are {', '.join(fields)}")
            found[key] = fields[key](value, desk)
    missing = [key for key in needed if key not in found]
    if missing:
        raise Fault(f"{', '.join(missing)} is missing; there are {', '.join(fields)}")
    return found


def word(*allowed: str) -> Convert:
    """One of a few words."""

    def convert(value: object, _: Desk) -> Value:
        if not isinstance(value, str) or value not in allowed:
            raise Fault(f"{value!r} is not one of {', '.join(allowed)}")
        return value

    return convert


def text(value: object, _: Desk) -> Value:
    """A word."""
    if not isinstance(value, str):
        raise Fault(f'this is text, in quotation marks: "{value}"')
    return value


def whole(value: object, _: Desk) -> Value:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Fault(f"this is a whole number without quotation marks, not {value!r}")
    return value


def day(value: object, _: Desk) -> Value:
    """A day: 2026-03-02, with or without quotation marks."""
    said = value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value
    if not isinstance(said, str):
        raise Fault(f"this is a day like 2026-03-02, not {value!r}")
    with _plainly():
        return parse_day(said)


def amount(value: object, desk: Desk) -> Value:
    """An amount with the decimals of its unit."""
    scale = scale_of(desk.unit, desk)
    if not isinstance(value, str):
        raise Fault(f'this is an amount of {desk.unit}: write it like "{show_amount(1250, scale)}"')
    with _plainly():
        return parse_amount(value, scale)


def scale_of(unit: str, desk: Desk) -> int:
    """The decimals of a unit."""
    if unit not in desk.scales:
        raise Fault(f"no unit {unit!r} stands under [units]; there are {', '.join(desk.scales) or 'none'}")
    return desk.scales[unit]


def unit(value: object, desk: Desk) -> Value:
    """The code of a unit that the file lists."""
    code = text(value, desk)
    assert isinstance(code, str)
    scale_of(code, desk)
    return code


def rate(value: object, _: Desk) -> Value:
    """A rate: "6.5 %", "13/200", 0 or 1."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value}/1"
    if not isinstance(value, str):
        raise Fault(f'{value!r} is not a rate: write it like "6.5 %" or "13/200"')
    try:
        return [*parse_rate(value)]
    except Malformed as error:
        raise Fault(error.text) from None


def rate_or_deny(value: object, desk: Desk) -> Value:
    """What a class pays, or "deny"."""
    return "deny" if value == "deny" else rate(value, desk)


def account(value: object, desk: Desk) -> Value:
    """The account of a name."""
    return _named(value, desk.accounts, "account", "accounts")


def resource(value: object, desk: Desk) -> Value:
    """The resource of a name."""
    return _named(value, desk.resources, "resource", "resources")


def _named(value: object, known: Mapping[str, bytes], what: str, section: str) -> bytes:
    if not isinstance(value, str) or value not in known:
        listed = ", ".join(known) or "none"
        raise Fault(f"no {what} {value!r} stands under [{section}]; there are {listed}")
    return known[value]


def shares(value: object, desk: Desk) -> Value:
    """{name = weight, ...} in the order in which shares are signed."""
    return _weighted(value, desk, whole)


def pledges(value: object, desk: Desk) -> Value:
    """{name = "amount", ...} likewise."""
    return _weighted(value, desk, amount)


def _weighted(value: object, desk: Desk, convert: Convert) -> Value:
    if not isinstance(value, dict):
        raise Fault("this is a table of accounts and their shares, like { services = 50, reserve = 5 }")
    found: dict[bytes, Value] = {}
    for name, weight in value.items():
        with under(str(name)):
            key = _named(name, desk.accounts, "account", "accounts")
            if key in found:
                raise Fault("another name here has the same id")
            found[key] = convert(weight, desk)
    return [[key, found[key]] for key in sorted(found)]


def names(value: object, _: Desk) -> Value:
    """Names of wage lines."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Fault('this is a list of names, like ["gross"]')
    return list(value)


def by_class(value: object, desk: Desk) -> Value:
    """{class = rate or "deny", ...}."""
    if not isinstance(value, dict):
        raise Fault('this is a table of classes and what they pay, like { coop = "1/4", city = "deny" }')
    return table(value, dict.fromkeys(get_args(MemberClass), rate_or_deny), desk)


def wage_lines(value: object, desk: Desk) -> Value:
    """[{name = "gross", base = ["budget"], rate = "80 %"}, ...]."""
    if not isinstance(value, list):
        raise Fault('this is a list of lines, like [{ name = "gross", base = ["budget"], rate = "80 %" }]')
    found: list[Value] = []
    for number, line in enumerate(value, 1):
        with under(f"line {number}"):
            made = table(line, _WAGE_LINE, desk, needed=_needed(WageLine))
            found.append({key: one for key, one in made.items() if key != "less" or one})
    return found


def in_kind(value: object, desk: Desk) -> Value:
    """{unit = "h", price = "35.00", cap = "40 %"}: the price of one, in the unit of the contract."""
    return table(value, _IN_KIND, desk, needed=_needed(InKind))


_WAGE_LINE: dict[str, Convert] = {"name": text, "base": names, "less": names, "rate": rate, "to": account}
_IN_KIND: dict[str, Convert] = {"unit": unit, "price": amount, "cap": rate}
_PRICED = frozenset({"access", "share"})
"""Clauses whose amounts are in the unit that they name; those of others are in the contract's."""
_FIELDS: dict[str, dict[str, Convert]] = {
    "rate_contribution": {"of": word("claim"), "rate": rate, "to": shares},
    "guaranteed_payment": {"days": whole, "calendar": word("days", "working"), "fund": account, "cap": amount},
    "wage_conversion": {"lines": wage_lines},
    "reinvest": {"rate": rate, "from": account, "to": shares, "in_kind": in_kind},
    "access": {
        "resource": resource,
        "unit_price": amount,
        "unit": unit,
        "per": word("day", "hour", "use"),
        "by_class": by_class,
        "to": account,
        "deposit": amount,
    },
    "patronage": {
        "base": word("contributions", "purchases", "hours"),
        "unit": unit,
        "reserve": rate,
        "reserve_to": account,
        "commons": rate,
        "commons_to": account,
        "min": amount,
    },
    "mutual_guarantee": {"pool": account, "pledges": pledges},
    "share": {
        "shares": unit,
        "nominal": amount,
        "unit": unit,
        "min": whole,
        "refund": word("nominal", "none"),
        "notice_days": whole,
    },
    "lease": {
        "resource": resource,
        "years": whole,
        "rent": amount,
        "from": account,
        "to": account,
        "every": word("month", "year"),
    },
    "gift": {"ack": word("wanted", "required")},
    "host_fee": {"fund": account, "rate": rate, "to": account},
}


@contextmanager
def _plainly() -> Iterator[None]:
    """What the protocol refuses, in its words and without its reason word."""
    try:
        yield
    except Malformed as error:
        raise Fault(error.text) from None
