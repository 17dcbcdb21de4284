# SPDX-License-Identifier: AGPL-3.0-or-later
"""Long lists come in parts, and can be asked by name."""

from __future__ import annotations

from operator import itemgetter
from urllib.parse import parse_qsl

import pytest

from node.web.paging import LIMIT, LIMIT_MAX, ROWS_SHOWN, Part, part_of, slice_object, slice_of
from protocol.errors import Malformed

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


def test_an_answer_leads_on_to_the_next_until_the_end() -> None:
    after: int | None = 0
    seen: list[dict[str, str]] = []
    while after is not None:
        rows, after = slice_of({"limit": "67", "after": str(after)}, FOUND)
        assert len(rows) == 67
        seen += rows
    assert seen == FOUND
    assert slice_of({"limit": "1", "after": "9999999"}, FOUND) == ([], None)


def test_an_answer_says_where_it_goes_on() -> None:
    assert slice_object({}, "s/1", "rows", FOUND) == {"schema": "s/1", "rows": FOUND[:LIMIT], "next": LIMIT}
    assert slice_object({"limit": str(LIMIT_MAX)}, "s/1", "rows", FOUND)["next"] is None


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"after": "-1"}, {"after": "٣"}, {"after": "1" * 8}]
)
def test_a_part_that_cannot_be_asked_for_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        slice_of(query, FOUND)
