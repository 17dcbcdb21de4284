# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was said lately, the newest first: page by page, so that no question costs more than a bounded look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.showing.view import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from ledger.showing.view import LedgerView

LOOKED_MAX = 5_000
"""So many entries are looked at for one page; if it is not full by then, `next` leads on."""
_STEP = 500


class Page(NamedTuple):
    """What was found, the newest first; `next` is the position before which to go on, None at the beginning."""

    found: list[Found]
    next: int | None


def recent(
    view: LedgerView,
    kind: str,
    limit: int,
    *,
    of: Collection[bytes] = (),
    before: int | None = None,
    fits: Callable[[Found], bool] = lambda _: True,
    looked_max: int = LOOKED_MAX,
) -> Page:
    """Applied statements of a kind that stand before a position: all, or those that concern members or accounts."""
    end = view.tree.derived if before is None else min(before, view.tree.derived)
    found: list[Found] = []
    looked = 0
    for position in _positions(view, of, end):
        if looked == looked_max:
            return Page(found, position + 1)
        looked += 1
        one = view.found(position)
        if one is None or one.statement.kind != kind or not was_applied(view, one) or not fits(one):
            continue
        found.append(one)
        if len(found) == limit:
            return Page(found, position or None)
    return Page(found, None)


def _positions(view: LedgerView, of: Collection[bytes], end: int) -> Iterator[int]:
    """The positions to look at, descending."""
    if not of:
        yield from range(end - 1, -1, -1)
        return
    while True:
        step = view.reads.chain_before(view.tree.tree, of, end, _STEP)
        yield from step
        if len(step) < _STEP:
            return
        end = step[-1]


def was_applied(view: LedgerView, found: Found) -> bool:
    """Whether a statement had its effect."""
    said = view.book.said(found.statement.id)
    return said is not None and said.applied and said.position == found.position


def page_object(schema: str, name: str, page: Page, show: Callable[[Found], dict[str, Any]]) -> dict[str, Any]:
    """A page as JSON."""
    return {"schema": schema, name: [show(one) for one in page.found], "next": page.next}
