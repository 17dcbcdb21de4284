# SPDX-License-Identifier: AGPL-3.0-or-later
"""Work that is offered and sought: by what it is found, and whether rates fit; pure (spec 10 §2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.text import fold

if TYPE_CHECKING:
    from protocol.record import Record, WorkRate

WORK = "work:work"
"""The category by which all work is found."""
_SCHEMED = re.compile(r"[a-z0-9-]{1,32}:.{1,100}", re.DOTALL)


def skill_category(skill: str) -> str:
    """The category by which a skill is found."""
    return skill if _SCHEMED.fullmatch(skill) else f"skill:{fold(skill)}"


def categories_found_by(record: Record) -> list[str]:
    """The categories by which a record is found: its own, and those of its work."""
    if record.work is None:
        return record.categories
    return list(dict.fromkeys([*record.categories, WORK, *map(skill_category, record.work.skills)]))


def is_affordable(offered: WorkRate | None, sought: WorkRate | None) -> bool:
    """Whether what is asked for is no more than what is paid; also where the two cannot be compared."""
    if offered is None or sought is None or (offered.unit, offered.per) != (sought.unit, sought.per):
        return True
    asked, paid = offered.amount * 10**sought.scale, sought.amount * 10**offered.scale
    return bool(asked <= paid)
