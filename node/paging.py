# SPDX-License-Identifier: AGPL-3.0-or-later
"""The part of a long list that a page shows: what somebody asks for by name, a hundred at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROWS_SHOWN = 100
_ASKED_MAX, _DIGITS_MAX = 200, 7


class Part(NamedTuple):
    """Rows of a list; `asked`: what their names hold. `first` and `next` are addresses of other parts, or empty."""

    rows: list[dict[str, Any]]
    asked: str
    narrowed: bool
    first: str
    next: str


def part_of(
    query: Mapping[str, str], found: list[dict[str, Any]], *names: Callable[[dict[str, Any]], str | None]
) -> Part:
    """What `name` and `page` of a query choose; a page that there is not is empty."""
    asked = query.get("name", "").strip()[:_ASKED_MAX]
    wanted = asked.casefold()
    fits = [one for one in found if any(wanted in (name(one) or "").casefold() for name in names)] if asked else found
    number = query.get("page", "")
    page = int(number) if number.isascii() and number.isdecimal() and len(number) < _DIGITS_MAX else 1
    begin = ROWS_SHOWN * max(0, page - 1)
    kept = {"name": asked} if asked else {}
    return Part(
        fits[begin : begin + ROWS_SHOWN],
        asked,
        bool(asked or begin) or len(found) > ROWS_SHOWN,
        "?" + urlencode(kept) if begin else "",
        "?" + urlencode(kept | {"page": max(1, page) + 1}) if begin + ROWS_SHOWN < len(fits) else "",
    )
