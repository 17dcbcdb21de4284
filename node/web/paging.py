# SPDX-License-Identifier: AGPL-3.0-or-later
"""The part of a long list that a page or an answer shows: what somebody asks for, a hundred at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from node.routes import Parameter
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROWS_SHOWN = 100
LIMIT, LIMIT_MAX = 100, 1_000
LIMITED = Parameter("limit", f"1 to {LIMIT_MAX}; {LIMIT} if not given")
AFTER = Parameter("after", "`next` of the part before; `next` is null at the end")
_ASKED_MAX, _DIGITS_MAX = 200, 7
One = TypeVar("One")


class Part(NamedTuple):
    """Rows of a list; `asked`: what their names hold. `first` and `next` are addresses of other parts, or empty."""

    rows: list[dict[str, Any]]
    asked: str
    narrowed: bool
    first: str
    next: str


def page_of(query: Mapping[str, str]) -> int:
    """The number of the page that is asked for, from 1 on."""
    number = query.get("page", "")
    return max(1, int(number)) if number.isascii() and number.isdecimal() and len(number) < _DIGITS_MAX else 1


def part_of(
    query: Mapping[str, str], found: list[dict[str, Any]], *names: Callable[[dict[str, Any]], str | None]
) -> Part:
    """What `name` and `page` of a query choose; a page that there is not is empty."""
    asked = query.get("name", "").strip()[:_ASKED_MAX]
    wanted = asked.casefold()
    fits = [one for one in found if any(wanted in (name(one) or "").casefold() for name in names)] if asked else found
    page = page_of(query)
    begin = ROWS_SHOWN * (page - 1)
    kept = {"name": asked} if asked else {}
    return Part(
        fits[begin : begin + ROWS_SHOWN],
        asked,
        bool(asked or begin) or len(found) > ROWS_SHOWN,
        "?" + urlencode(kept) if begin else "",
        "?" + urlencode(kept | {"page": page + 1}) if begin + ROWS_SHOWN < len(fits) else "",
    )


def limit_of(query: Mapping[str, str]) -> int:
    """How much of a list is asked for. Raises Malformed (`limit`)."""
    text = query.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LIMIT_MAX):
        raise Malformed("limit", f"limit is 1 to {LIMIT_MAX}")
    return int(text)


def slice_of(query: Mapping[str, str], found: Sequence[One]) -> tuple[Sequence[One], int | None]:
    """What `limit` and `after` choose of a list, and where it goes on, None at its end. Raises Malformed."""
    limit, text = limit_of(query), query.get("after", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        raise Malformed("after", "after is `next` of the part before")
    end = int(text) + limit
    return found[end - limit : end], end if end < len(found) else None


def slice_object(query: Mapping[str, str], schema: str, name: str, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same as an answer."""
    rows, after = slice_of(query, found)
    return {"schema": schema, name: rows, "next": after}
