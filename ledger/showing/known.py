# SPDX-License-Identifier: AGPL-3.0-or-later
"""What ids are called and how amounts are written, by whatever knows it: a ledger, or a statement on its way."""

from __future__ import annotations

import re
import time
from typing import Protocol

from protocol.amounts import parse_day, show_amount
from protocol.errors import Malformed
from protocol.identity import show_log_id

SHORT_DIGITS = 8
"""So much of an id is shown to people."""
_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::00)?Z?)?", re.ASCII)


class Known(Protocol):
    """What ids are called, and how units are written; empty or None where that is not known."""

    def called(self, one: bytes) -> str:
        """The name of a party, account or thing."""

    def unit_of(self, account: bytes) -> str:
        """The unit of an account."""

    def scale_of(self, unit: str) -> int | None:
        """The decimals of a unit."""


def amount_text(amount: int, unit: str, known: Known) -> str:
    """An amount with its unit; in its smallest parts where the unit is not known."""
    scale = known.scale_of(unit) if unit else None
    if scale is None:
        return f"{amount} of the smallest part of {unit or 'its unit'}"
    return f"{show_amount(amount, scale)} {unit}"


def id_text(one: bytes, known: Known) -> str:
    """What an id is called, with the beginning of it."""
    if not one:
        return "nobody"
    short = (show_log_id(one) if len(one) == 32 else one.hex())[:SHORT_DIGITS]
    name = known.called(one)
    return f"{name} ({short})" if name and name != short else short


def moment(seconds: int) -> str:
    """A time in UTC, to the minute: 2026-03-02T10:00Z."""
    return time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(seconds))


def read_moment(text: str) -> int:
    """The UTC seconds that 2026-03-02T10:00 or 2026-03-02 names. Raises Malformed (`time`)."""
    found = _MOMENT.fullmatch(text)
    if found is None or not (int(found[2] or 0) < 24 and int(found[3] or 0) < 60):
        raise Malformed("time", f"{text[:40]!r} is not a time: write it in UTC, like 2026-03-02T10:00")
    return parse_day(found[1]) * 86_400 + int(found[2] or 0) * 3_600 + int(found[3] or 0) * 60
