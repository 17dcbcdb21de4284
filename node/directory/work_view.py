# SPDX-License-Identifier: AGPL-3.0-or-later
"""Work that is offered or sought as pages show it: skills, rate and who agreed it, when. Pure."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from node.directory.listing import Link
from node.directory.profile import safe_url, shown_url
from node.directory.work_words import days_text, rate_text, skill_link
from node.web.languages import choose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.showing.rates import RateCheck
    from node.directory.listing import Reader

_RATE = re.compile(r"([0-9]{1,12}(?:[.,][0-9]{1,9})?)\s*([A-Za-z0-9._-]{0,12})", re.ASCII)


class WorkShown(NamedTuple):
    """The work of a record in words; empty where nothing is said. `checked` is what its contract says of the rate."""

    skills: list[Link]
    rate: str
    by: str
    checked: Link | None
    differs: bool
    table: Link | None
    when: str
    remote: bool


class RateAsked(NamedTuple):
    """A rate that somebody searches for: at most, or of what is sought at least, so much of a unit, or of any."""

    amount: Decimal
    unit: str


def work_shown(work: Mapping[str, Any], check: RateCheck | None, reader: Reader) -> WorkShown:
    """The work of a record object (ledger.directory.present)."""
    words, rate = reader.words, work.get("rate", {})
    table = safe_url(rate.get("table", ""))
    return WorkShown(
        skills=[skill_link(skill, words) for skill in work.get("skills", ())],
        rate=rate_text(rate, words) if rate else "",
        by=rate.get("by", ""),
        checked=Link(_check_text(check, reader), check.path) if check else None,
        differs=check is not None and check.state in {"differs", "not_in_force"},
        table=Link(shown_url(table), table) if table else None,
        when=days_text(work, words),
        remote=bool(work.get("remote")),
    )


def _check_text(check: RateCheck, reader: Reader) -> str:
    words = reader.words
    title = choose(check.title, reader.languages).text if check.title else ""
    if check.state == "agrees":
        return words("The contract “{title}” says the same.", title=title)
    if check.state == "differs":
        return words("The contract “{title}” says something else: {price}.", title=title, price=check.price)
    if check.state == "in_force":
        names = ", ".join(check.parties[:4])
        return words("Under the contract “{title}”, in force, signed by {names}.", title=title, names=names)
    if check.state == "not_in_force":
        return words("The contract “{title}” is not in force.", title=title)
    return words("The contract that it names is not held here: this cannot be checked.")


def read_rate(text: str) -> RateAsked | None:
    """What somebody wrote, such as 25 or 24.50 EUR; None if it is no rate."""
    found = _RATE.fullmatch(text.strip())
    try:
        return RateAsked(Decimal(found[1].replace(",", ".")), found[2].upper()) if found else None
    except InvalidOperation:
        return None


def is_on_day(work: Mapping[str, Any], day: int) -> bool:
    """Whether work is offered or sought on a day."""
    first, last = work.get("from", day), work.get("until", day)
    return bool(first <= day <= last)


def is_wanted(record: Mapping[str, Any], asked: RateAsked | None) -> bool:
    """Whether the work of a record object is within a rate by the hour; if it is sought, whether it pays as much."""
    if asked is None:
        return True
    rate = record["work"].get("rate")
    if not rate or rate["per"] != "hour" or (asked.unit and rate["unit"].upper() != asked.unit):
        return False
    amount = Decimal(rate["amount"]).scaleb(-rate["scale"])
    return amount <= asked.amount if record["direction"] == "offer" else amount >= asked.amount
