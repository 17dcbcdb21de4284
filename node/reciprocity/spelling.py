# SPDX-License-Identifier: AGPL-3.0-or-later
"""How pages write what a statement or a clause says: names, amounts, rates, days and codes in the reader's language."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from ledger.reciprocity.state import Account
from ledger.showing.known import SHORT_DIGITS
from ledger.showing.terms import Spelling, rate_text
from node.web.rendering import straight
from protocol.amounts import show_day, show_month

if TYPE_CHECKING:
    from ledger.showing.terms import Wording
    from ledger.showing.view import LedgerView
    from node.web.words import Words
    from protocol.amounts import Rate
    from protocol.clauses import MemberClass

_GROUPS = {
    "action": "action",
    "stream": "stream",
    "says": "says",
    "class": "class",
    "accede": "class",
    "custody": "custody",
    "sort": "sort",
    "outcome": "outcome",
    "expects": "expects",
    "field": "field",
    "type": "account",
    "state": "account_state",
    "status": "member_status",
}
"""By field, the list of its codes."""


class PageSpelling(Spelling):
    """Without ids, or `with_ids` with the beginning of each, as where one signs."""

    def __init__(self, view: LedgerView, words: Words, *, with_ids: bool = False) -> None:
        super().__init__(view)
        self._view, self._words, self._with_ids = view, words, with_ids

    def id(self, one: bytes) -> str:
        """The name, or the beginning of the id where there is none."""
        if not one:
            return self._words("nobody")
        if self._with_ids:
            return super().id(one)
        return self.known.called(one) or one.hex()[:SHORT_DIGITS]

    def pledge(self, account: bytes) -> str:
        """Of a member's account also whose it is: all of them may be called the same."""
        found, name = self._view.book.get(Account, account), self.id(account)
        if found is None or found.owner == self._view.log_id:
            return name
        owner = self._view.name(found.owner)
        return name if owner in name else f"{owner}, {name}"

    def in_unit(self, amount: int, unit: str) -> str:
        """An amount of a unit."""
        text, _, unit = super().in_unit(amount, unit).partition(" ")
        return f"{self._words.amount(text)}\N{NO-BREAK SPACE}{unit}"

    def rate(self, rate: tuple[int, int]) -> str:
        """A rate: in per cent, or as a fraction."""
        return rate_shown(rate, self._words)

    def line(self, name: str) -> str:
        """The name that a line of a wage has, if it is one of those of the templates."""
        return self._words.label("line", name)

    def day(self, day: int) -> str:
        """A day since 1970-01-01."""
        return self._words.day(show_day(day))

    def month(self, month: int) -> str:
        """A month (spec 17 §1)."""
        return self._words.month_text(show_month(month))

    def time(self, seconds: int) -> str:
        """A moment in UTC seconds."""
        return f"{self._words.date(seconds)}, {time.strftime('%H:%M UTC', time.gmtime(seconds))}"

    def code(self, field: str, code: str) -> str:
        """What stands in a field: a code of a closed list, or a text."""
        return self._words.label(_GROUPS.get(field, ""), code)

    def truth(self, *, holds: bool) -> str:
        """Yes or no."""
        return self._words.label("yes_no", "yes" if holds else "no")

    def sentence(self, wording: Wording) -> str:
        """A sentence with its values."""
        return said(wording, self._words)

    def classes(self, rates: dict[MemberClass, Rate | Literal["deny"]]) -> str:
        """What each class pays."""
        words = self._words
        shown = {
            class_: words("no access") if isinstance(rate, str) else self.rate(rate) for class_, rate in rates.items()
        }
        return ", ".join(f"{words.label('class', class_)} {rate}" for class_, rate in shown.items())


def said(wording: Wording, words: Words) -> str:
    """A sentence with its values, which turn no direction of writing."""
    return words(wording.text, **{name: straight(value) for name, value in wording.values.items()})


def rate_shown(rate: tuple[int, int], words: Words) -> str:
    """A rate: in per cent as the language writes it, or as a fraction."""
    text = rate_text(rate)
    if not text.endswith(" %"):
        return text
    return words("{number}%", number=words.amount(text.removesuffix(" %")))
