# SPDX-License-Identifier: AGPL-3.0-or-later
"""The columns of work that is offered or sought (spec 10 §2): skills, the rate, the days, whether from anywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ledger.importing.times import parse_time
from ledger.importing.words import parse_yes_no
from protocol.record import PER

if TYPE_CHECKING:
    from ledger.importing.fields import Fields

WORK_FIELDS: Final = (
    "skills", "rate", "rate_unit", "rate_per", "rate_by", "rate_table", "available_from", "available_until", "remote",
)  # fmt: skip
"""The entries of a mapping that are about work."""
_SKILLS_MAX, _SKILL_CHARACTERS_MAX, _DAY_S = 32, 100, 86_400
_AMOUNT: Final = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,9}))?")
_UNIT: Final = re.compile(r"[A-Za-z0-9_.-]{1,12}")


def read_work(fields: Fields) -> dict[str, Any]:
    """The work that a row tells of; empty if it tells of none."""
    mapping = fields.mapping
    skills = [skill for skill in fields.parts(mapping.skills) if len(skill) <= _SKILL_CHARACTERS_MAX][:_SKILLS_MAX]
    work: dict[str, Any] = {"skills": skills, "rate": _rate(fields)}
    for key, columns in (("from", mapping.available_from), ("until", mapping.available_until)):
        field = f"available_{key}"
        text = fields.first(field, columns)
        at = parse_time(text) if text else None
        if text and at is None:
            fields.note(field, text, "Not a day: left out. Write it such as 2027-01-31.")
        work[key] = None if at is None else at // _DAY_S
    text = fields.first("remote", mapping.remote)
    work["remote"] = bool(text) and parse_yes_no(text) == "yes"
    return {key: value for key, value in work.items() if value or (value == 0 and value is not False)}


def _rate(fields: Fields) -> dict[str, Any]:
    mapping = fields.mapping
    text = fields.first("rate", mapping.rate)
    if not text:
        return {}
    unit, per = (
        fields.first("rate_unit", mapping.rate_unit),
        fields.first("rate_per", mapping.rate_per).lower() or PER[0],
    )
    found = _AMOUNT.fullmatch(text)
    if found is None or not _UNIT.fullmatch(unit) or per not in PER:
        reason = f"Not a rate: left out. Write an amount such as 24.50, its unit such as EUR, and {', '.join(PER)}."
        fields.note("rate", f"{text} {unit} {per}", reason)
        return {}
    decimals = found[2] or ""
    rate = {"amount": int(found[1] + decimals), "unit": unit, "scale": len(decimals), "per": per}
    more = {"by": fields.first("rate_by", mapping.rate_by), "table": _table(fields)}
    return rate | {name: text for name, text in more.items() if text}


def _table(fields: Fields) -> str:
    """The address at which the rate is written."""
    for column in fields.mapping.rate_table:
        if urls := fields.urls("rate_table", column):
            return urls[0]
    return ""
