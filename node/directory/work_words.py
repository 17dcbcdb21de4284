# SPDX-License-Identifier: AGPL-3.0-or-later
"""Work that is offered or sought in words: a skill, a rate, the days, all in one line. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.directory.work import skill_category
from node.directory.asked import Asked
from node.directory.listing import Link, category_text
from protocol.amounts import show_amount, show_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from node.web.words import Words


def skill_link(skill: str, words: Words) -> Link:
    """A skill, and where all records that have it are listed."""
    category = skill_category(skill)
    name = category_text(skill, words) if category == skill else skill
    return Link(name, "" if "," in category else Asked({"category": category}).url())


def rate_text(rate: Mapping[str, Any], words: Words) -> str:
    """A rate in words."""
    amount = f"{words.amount(show_amount(rate['amount'], rate['scale']))}\N{NO-BREAK SPACE}{rate['unit']}"
    if rate["per"] == "hour":
        return words("{amount} an hour", amount=amount)
    if rate["per"] == "day":
        return words("{amount} a day", amount=amount)
    if rate["per"] == "piece":
        return words("{amount} a piece", amount=amount)
    return f"{amount} / {rate['per']}"


def days_text(work: Mapping[str, Any], words: Words) -> str:
    """On which days; empty if nothing is said of it."""
    first, last = (words.day(show_day(work[key])) if key in work else "" for key in ("from", "until"))
    if first and last:
        return words("from {first} until {last}", first=first, last=last)
    if first:
        return words("from {day}", day=first)
    return words("until {date}", date=last) if last else ""


def work_line(work: Mapping[str, Any], words: Words) -> str:
    """The work of a record in one line of a list."""
    parts = [", ".join(skill_link(skill, words).text for skill in work.get("skills", ())[:5])]
    parts += [rate_text(work["rate"], words)] if "rate" in work else []
    parts += [days_text(work, words), words("from anywhere") if work.get("remote") else ""]
    return " · ".join(part for part in parts if part)
