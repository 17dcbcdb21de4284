# SPDX-License-Identifier: AGPL-3.0-or-later
"""Long lists come in parts, and can be asked by name."""

from __future__ import annotations

from operator import itemgetter
from urllib.parse import parse_qsl

from node.paging import ROWS_SHOWN, Part, part_of

FOUND = [{"name": f"Straße {number:03}", "id": f"{number:032x}"} for number in range(2 * ROWS_SHOWN + 1)]


def shown(query: str, count: int = len(FOUND)) -> Part:
    return part_of(dict(parse_qsl(query)), FOUND[:count], itemgetter("name"), itemgetter("id"))


def test_every_row_is_on_one_page() -> None:
    query = ""
    seen: list[dict[str, str]] = []
    for _ in range(3):
        part = shown(query)
        assert part.narrowed
        assert bool(part.first) == bool(seen) or part.first == "?"
        seen += part.rows
        query = part.next.removeprefix("?")
    assert seen == FOUND
    assert query == ""


def test_what_is_asked_by_name_stays_asked() -> None:
    part = shown("name=STRASSE+&page=2")
    assert (part.asked, part.rows) == ("STRASSE", FOUND[100:200])
    assert (part.first, part.next) == ("?name=STRASSE", "?name=STRASSE&page=3")
    assert [one["name"] for one in shown("name=c8").rows] == ["Straße 200"]
    assert shown("name=%26").rows == []


def test_a_short_list_is_shown_whole() -> None:
    assert shown("", ROWS_SHOWN) == Part(FOUND[:ROWS_SHOWN], "", narrowed=False, first="", next="")
    assert shown("name=nobody", 3) == Part([], "nobody", narrowed=True, first="", next="")


def test_a_page_that_there_is_not_is_empty_or_the_first() -> None:
    for page in ("", "0", "-1", "x", "٣", "9" * 5000):
        assert shown(f"page={page}").rows == FOUND[:ROWS_SHOWN]
    part = shown("page=999999", 3)
    assert (part.rows, part.first[:1], part.next, part.narrowed) == ([], "?", "", True)
