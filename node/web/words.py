# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the pages, in the language of the reader.

Messages are written in English where they are used; each other language is a gettext file (node/translations).
Values that come from people are put into messages, never used as messages: an unknown code is shown as it is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from node.contribute.labels import PROPOSAL_LABELS
from node.directory.exchange_labels import EXCHANGE_LABELS
from node.importing.labels import IMPORT_LABELS
from node.knowledge.labels import KNOWLEDGE_LABELS
from node.reciprocity.ledger_labels import LEDGER_LABELS
from node.steward.labels import STEWARD_LABELS
from node.translations import catalogue, languages
from node.upkeep.labels import UPKEEP_LABELS
from node.web.languages import primary
from protocol.amounts import parse_day, parse_month

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS: dict[str, dict[str, str]] = (
    LEDGER_LABELS
    | PROPOSAL_LABELS
    | UPKEEP_LABELS
    | IMPORT_LABELS
    | EXCHANGE_LABELS
    | KNOWLEDGE_LABELS
    | STEWARD_LABELS
    | {
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
            "direction": "Offers and needs",
            "terms": "Terms",
            "log": "Said by",
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
        "predicate": {
            "member of": "member of",
            "part of": "part of",
            "maintained by": "maintained by",
            "offered by": "offered by",
            "needed by": "needed by",
            "owned by": "owned by",
            "run by": "run by",
            "located at": "located at",
            "located in": "located in",
            "hosted by": "hosted by",
            "parent": "belongs to",
            "partner of": "partner of",
            "supported by": "supported by",
            "uses": "uses",
            "near": "near",
            "member": "member",
        },
        "claim": {
            "right": "Checked and found right",
            "changed": "Checked: something has changed",
            "closed": "Checked: it has closed",
            "endorse": "Vouches for it",
            "accepted": "A proposed change was taken over",
            "edited": "A proposed change was taken over in part",
            "refused": "A proposed change was refused",
            "done": "A report was dealt with",
            "nothing_to_do": "A report was looked into: nothing was wrong",
            "closed by report": "A report was right: it has closed",
        },
        "reason": {
            "closed": "it has closed",
            "duplicate": "it was a duplicate",
            "mistake": "it was a mistake",
            "gone": "left out of a newer edition of its source",
            "undone": "an import was undone",
        },
    }
)
"""Codes of closed lists (spec 10 §2, spec 04 §2) in English, by group."""

DATES = (
    "{day} January {year}", "{day} February {year}", "{day} March {year}", "{day} April {year}", "{day} May {year}",
    "{day} June {year}", "{day} July {year}", "{day} August {year}", "{day} September {year}", "{day} October {year}",
    "{day} November {year}", "{day} December {year}",
)  # fmt: skip
"""Whole dates, because what happens to the name of a month inside one differs between languages."""

MONTHS = (
    "January {year}", "February {year}", "March {year}", "April {year}", "May {year}", "June {year}", "July {year}",
    "August {year}", "September {year}", "October {year}", "November {year}", "December {year}",
)  # fmt: skip
SHORT_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
"""Under pictures, where there is little room."""

_DAY_S = 86_400
_DATE_MAX = 253_402_300_799
"""The last second of the year 9999 (UTC): calendars of programs end there, numbers in records do not."""


def message(text: str) -> str:
    """A message where it is only named; `make_words` finds it there. It is put into words elsewhere."""
    return text


class Words:
    """The words of pages in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = catalogue(language)
        pattern = self.particular("how a number with its thousands apart is written", "1,234.5")
        self._thousands, self._point = pattern[1], pattern[5]

    def __call__(self, message: str, **values: str) -> str:
        """A message of ours with values put in."""
        return self._catalogue.gettext(message).format(**values)

    def particular(self, context: str, message: str) -> str:
        """A message that says too little by itself; the context is told to translators only."""
        return self._catalogue.pgettext(context, message)

    def count(self, one: str, many: str, number: int) -> str:
        """A message for one or for many, as the language counts, with the number put in as `number`."""
        return self._catalogue.ngettext(one, many, number).format(number=self.number(number))

    @property
    def direction(self) -> str:
        """Where lines begin: `ltr` at the left, `rtl` at the right."""
        return self.particular("direction of writing", "ltr")

    def label(self, group: str, code: str) -> str:
        """What a code means; the code itself where that is not known."""
        label = LABELS.get(group, {}).get(code)
        return code if label is None else self._catalogue.gettext(label)

    def has_label(self, group: str, code: str) -> bool:
        """Whether a code is one of those known."""
        return code in LABELS.get(group, {})

    def number(self, number: int) -> str:
        """A whole number with its thousands apart."""
        return f"{number:,}".replace(",", self._thousands)

    def amount(self, amount: str) -> str:
        """An amount with its unit's decimals, as the ledger writes it, with its thousands apart."""
        whole, point, decimals = amount.removeprefix("-").partition(".")
        sign = "\N{MINUS SIGN}" if amount.startswith("-") else ""
        return f"{sign}{self.number(int(whole))}{point and self._point}{decimals}"

    def month(self, month: int) -> str:
        """A month, which counts as 12 * year + month - 1."""
        return self(MONTHS[month % 12], year=str(month // 12))

    def date(self, seconds: int) -> str:
        """The day of a moment in UTC seconds."""
        return date_text(seconds, self)

    def month_text(self, month: str) -> str:
        """A month that stands as YYYY-MM."""
        return self.month(parse_month(month))

    def day(self, day: str) -> str:
        """A day that stands as YYYY-MM-DD."""
        return date_text(parse_day(day) * _DAY_S, self)

    def distance(self, metres: int) -> str:
        """A distance as precise as people need it."""
        if metres < 1_000:
            return f"{max(10, round(metres, -1))}\u00a0m" if metres >= 10 else f"{metres}\u00a0m"
        kilometres = f"{metres / 1000:.1f}".removesuffix(".0") if metres < 10_000 else str(round(metres / 1000))
        return kilometres.replace(".", self._point) + "\u00a0km"


def choose_words(wanted: Sequence[str]) -> Words:
    """The words in the first wanted language that pages are translated to, else in English."""
    return words_in(next((primary(tag) for tag in wanted if primary(tag) in languages()), "en"))


@cache
def words_in(language: str) -> Words:
    """The words in one of the languages."""
    return Words(language)


def date_text(seconds: int, words: Words) -> str:
    """The day of a moment in UTC seconds."""
    if seconds > _DATE_MAX:
        return words("after the year 9999")
    day = datetime.fromtimestamp(seconds, UTC)
    number = words.particular("first day of a month", "1") if day.day == 1 else str(day.day)
    return words(DATES[day.month - 1], day=number, year=str(day.year)).replace(" ", "\u00a0", 1)


def is_past(seconds: int, now: int) -> bool:
    """Whether a moment is over."""
    return seconds < now
