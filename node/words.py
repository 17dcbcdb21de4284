# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the pages, in the language of the reader.

Messages are written in English where they are used; other languages are tables from message to message
(node/french.py). Values that come from people are put into messages, never used as messages: an unknown code is shown
as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from node.french import FRENCH
from node.languages import primary

if TYPE_CHECKING:
    from collections.abc import Sequence

TRANSLATIONS: dict[str, dict[str, str]] = {"en": {}, "fr": FRENCH}

LABELS: dict[str, dict[str, str]] = {
    "kind": {
        "organisation": "Organisation",
        "place": "Place",
        "resource": "Resource",
        "service": "Service",
        "offer": "Offer",
        "need": "Need",
        "person": "Person",
    },
    "organisation": {
        "assembly": "commons assembly",
        "coop": "co-operative",
        "union": "union",
        "city": "city",
        "association": "association",
        "firm": "firm",
        "federation": "federation",
    },
    "facet": {
        "kind": "Kind",
        "category": "Category",
        "country": "Country",
        "licence": "Licence",
        "status": "Status",
    },
    "log_state": {
        "stale": "not heard of for over a day",
        "forked": "forked: nothing more is taken in",
        "healed": "forked, continued in the next epoch",
        "revoked": "its key has been removed",
    },
    "log_mode": {
        "own": "this node's own",
        "follow": "followed",
        "mirror": "mirrored for others",
        "admit": "let in by hand",
        "neighbour": "a neighbour's, with which accounts are kept",
        "met": "a peer's, known here",
        "seed": "held by a peer, known here",
        "vouched": "vouched for",
        "region": "of a followed region",
        "open": "every log is taken in here",
        "waiting": "not admitted: it stays as it is",
    },
    "denial": {
        "spam": "spam",
        "false": "it is false",
        "against_charter": "it is against the charter",
        "illegal": "it is illegal",
        "duplicate": "it was a duplicate",
        "not_there": "it is not there",
        "request": "it was asked for",
    },
    "status": {"active": "Active", "planned": "Planned", "paused": "Paused", "closed": "Closed"},
    "direction": {"offer": "Offered", "want": "Wanted"},
    "terms": {
        "give": "to give",
        "lend": "to lend",
        "rent": "to rent",
        "sell": "to sell",
        "time": "for time",
        "mutual": "mutual aid",
    },
    "scope": {"local": "Local", "regional": "Regional", "national": "National", "international": "International"},
    "wheelchair": {"yes": "Accessible", "limited": "Accessible in part", "no": "Not accessible"},
    "fee": {"yes": "Yes", "no": "No"},
    "method": {
        "source": "as the source gives it",
        "address": "found from the address",
        "town": "the middle of the town",
        "hand": "set by hand",
        "gps": "measured on the spot",
    },
    "statement": {"record.put": "Changed", "record.close": "Closed", "claim.checked": "Checked and found right"},
    "reason": {
        "closed": "it has closed",
        "duplicate": "it was a duplicate",
        "mistake": "it was a mistake",
        "gone": "left out of a newer edition of its source",
        "undone": "an import was undone",
    },
}
"""Codes of closed lists (spec 10 §2, spec 04 §2) in English, by group."""

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

_DATE_MAX = 253_402_300_799
"""The last second of the year 9999 (UTC): calendars of programs end there, numbers in records do not."""


class Words:
    """The words of pages in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._messages = TRANSLATIONS[language]

    def __call__(self, message: str, **values: str) -> str:
        """A message of ours with values put in."""
        return self._messages.get(message, message).format(**values)

    def count(self, one: str, many: str, number: int) -> str:
        """One of two messages, with the number put in as `number`. French has one also for none."""
        single = number == 1 or (number == 0 and self.language == "fr")
        return self(one if single else many, number=self.number(number))

    def label(self, group: str, code: str) -> str:
        """What a code means; the code itself where that is not known."""
        label = LABELS.get(group, {}).get(code)
        return code if label is None else self._messages.get(label, label)

    def has_label(self, group: str, code: str) -> bool:
        """Whether a code is one of those known."""
        return code in LABELS.get(group, {})

    def number(self, number: int) -> str:
        """A whole number with its thousands apart."""
        return f"{number:,}".replace(",", "\u202f" if self.language == "fr" else ",")

    def distance(self, metres: int) -> str:
        """A distance as precise as people need it."""
        if metres < 1_000:
            return f"{max(10, round(metres, -1))}\u00a0m" if metres >= 10 else f"{metres}\u00a0m"
        kilometres = f"{metres / 1000:.1f}".removesuffix(".0") if metres < 10_000 else str(round(metres / 1000))
        return kilometres.replace(".", "," if self.language == "fr" else ".") + "\u00a0km"


def choose_words(wanted: Sequence[str]) -> Words:
    """The words in the first wanted language that pages are translated to, else in English."""
    return Words(next((primary(tag) for tag in wanted if primary(tag) in TRANSLATIONS), "en"))


def date_text(seconds: int, words: Words) -> str:
    """The day of a moment in UTC seconds."""
    if seconds > _DATE_MAX:
        return words("after the year 9999")
    day = datetime.fromtimestamp(seconds, UTC)
    number = "1er" if day.day == 1 and words.language == "fr" else str(day.day)
    return f"{number}\u00a0{words(MONTHS[day.month - 1])} {day.year}"


def is_past(seconds: int, now: int) -> bool:
    """Whether a moment is over."""
    return seconds < now
