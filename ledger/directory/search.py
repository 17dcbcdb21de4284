# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answering a query: text from the full-text index, the rest from columns in memory.

The order is total and does not depend on what else is in the index, so that pages stay stable while records come and
go: near a place by distance; otherwise records whose name has all the words first; then by the first 24 bytes of the
folded name; then by id; then, because two logs may give one id, by row id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from ledger.directory.columns import NO_POINT, Columns, Ids
from ledger.directory.labels import categories_meant
from ledger.directory.query import Query, circle_box, write_cursor
from ledger.places.opening import is_open

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.directory.query import Circle
    from ledger.sqlite.store import Snapshot

_NEIGHBOURS = 1_000_000
"""Within a tenth of a degree clocks and holidays are the same; the sun is half a minute off."""
_EARTH_M = 6_371_008.8
LOGS_MAX = 60
_OPEN_STATUSES = ("active", "planned", "paused")


_Key: TypeAlias = "Callable[[Ids], np.ndarray]"
"""A part of the order: its values for these places."""


class Hidden(NamedTuple):
    """What is not shown: numbers of logs, and row ids of single records."""

    trees: frozenset[int]
    rids: frozenset[int]


NOTHING_HIDDEN = Hidden(frozenset(), frozenset())


class Page(NamedTuple):
    """One page of results: row ids in order, how many there are in all, counts by facet, where the next page begins.

    `trees`: how many there are by the number of the log, the most first, up to `LOGS_MAX`.
    """

    total: int
    facets: dict[str, dict[str, int]]
    trees: dict[int, int]
    rids: list[int]
    next: str


def search(reads: Snapshot, columns: Columns, query: Query, hidden: Hidden = NOTHING_HIDDEN) -> Page:
    """The records that a query asks for, without those that are denied."""
    with columns.lock:
        ids = select(reads, columns, query, hidden)
        facets = {facet: columns.counts(facet, ids) for facet in columns.FACETS}
        keys = _order_keys(reads, columns, query)
        shown = _first(keys, ids, query.cursor, query.limit + 1)
        rids = columns.rid[shown].tolist()
        more = len(rids) > query.limit
        last = [int(key(shown[query.limit - 1 : query.limit])[0]) for key in keys] if more else []
        trees = _by_tree(columns, ids)
    return Page(len(ids), facets, trees, rids[: query.limit], write_cursor(last) if more else "")


def _by_tree(columns: Columns, ids: Ids) -> dict[int, int]:
    counts = np.bincount(columns.rid[ids] >> 32)
    used = np.flatnonzero(counts)
    most = used[np.argsort(-counts[used], kind="stable")][:LOGS_MAX]
    return dict(zip(most.tolist(), counts[most].tolist(), strict=True))


def select(reads: Snapshot, columns: Columns, query: Query, hidden: Hidden = NOTHING_HIDDEN) -> Ids:
    """The places of all the records that a query asks for, in no order. Whoever calls holds the lock of the columns."""
    ids = _matching(reads, columns, query)
    if query.logs:
        trees = [tree.tree for log_id in query.logs for tree in reads.epochs(log_id)]
        ids = ids[np.isin(columns.rid[ids] >> 32, trees)]
    if hidden.trees:
        ids = ids[~np.isin(columns.rid[ids] >> 32, list(hidden.trees))]
    if hidden.rids:
        ids = ids[~np.isin(columns.rid[ids], list(hidden.rids))]
    return ids


def text_expression(words: Sequence[str], column: str = "") -> str:
    """An FTS5 expression: every word a prefix, each quoted, because words of users are not a query language."""
    quoted = " AND ".join('"' + word.replace('"', '""') + '"*' for word in words)
    return f"{{{column}}} : ({quoted})" if column else quoted


def _matching(reads: Snapshot, columns: Columns, query: Query) -> Ids:
    boxes = [box for box in (query.box, circle_box(query.circle) if query.circle else None) if box]
    if query.words:
        ids = _with_words(reads, columns, query.words)
    elif boxes:
        ids = columns.between(boxes[0][0], boxes[0][2])
    else:
        ids = columns.everywhere()
    ids = columns.visible(ids, private=query.private)
    for box in boxes:
        ids = ids[_inside(columns, ids, box)]
    return _narrowed(columns, ids, query)


def _with_words(reads: Snapshot, columns: Columns, words: Sequence[str]) -> Ids:
    """The places of records that have all the words: in their text, or, in any language, in the label of a category."""
    meant = [columns.known_categories(categories_meant(word)) for word in words]
    if not any(meant):
        return columns.places(reads.matching(text_expression(words)))
    found: Ids | None = None
    for word, categories in zip(words, meant, strict=True):
        ids = columns.places(reads.matching(text_expression([word])))
        if categories:
            ids = np.union1d(ids, columns.places_in(categories))
        found = ids if found is None else np.intersect1d(found, ids, assume_unique=True)
    assert found is not None
    return found


def _narrowed(columns: Columns, ids: Ids, query: Query) -> Ids:
    """Of these places those that a query asks for beside words and boxes; what takes longest comes last."""
    statuses = query.statuses or _OPEN_STATUSES
    for facet, wanted in (
        ("status", statuses),
        ("kind", query.kinds),
        ("licence", query.licences),
        ("country", query.countries),
        ("direction", query.directions),
        ("source", query.sets),
    ):
        if wanted:
            numbers = [columns.words[facet].find(text) for text in wanted]
            ids = ids[np.isin(columns.coded[facet][ids], [number for number in numbers if number >= 0])]
    if query.categories:
        ids = ids[np.any([columns.in_category(ids, category) for category in query.categories], axis=0)]
    ids = _seen(columns, ids, query)
    if query.terms:
        ids = ids[columns.with_terms(ids, query.terms)]
    if query.valid_at is not None:
        ids = ids[columns.valid_until[ids] >= query.valid_at]
    if query.circle:
        ids = ids[_distances(columns, ids, query.circle) <= query.circle.radius_m]
    if query.open_at is not None:
        ids = _open(columns, ids, query.open_at)
    return ids


def _seen(columns: Columns, ids: Ids, query: Query) -> Ids:
    """Of these places those that were checked, or put or checked, when it is asked for."""
    if query.checked_since is not None:
        ids = ids[columns.checked_at[ids] >= max(0, query.checked_since)]  # -1: never checked
    if query.seen_since is not None:
        ids = ids[columns.seen_at[ids] >= query.seen_since]
    if query.seen_before is not None:
        ids = ids[columns.seen_at[ids] < query.seen_before]
    return ids


def _open(columns: Columns, ids: Ids, at: int) -> Ids:
    """Of these places those of records that are open at a moment. Neighbours with the same hours are asked once."""
    ids = ids[columns.hours[ids] > 0]
    lat, lon = columns.lat[ids], columns.lon[ids]
    nowhere = lat == NO_POINT
    spot = (lat // _NEIGHBOURS + 1_000) * 4_000 + lon // _NEIGHBOURS + 2_000
    spot[nowhere] = -1 - columns.coded["country"][ids][nowhere].astype("int32")
    alike = columns.hours[ids].astype("int64") << 32 | spot.astype("int64") + 2**31
    _, first, which = np.unique(alike, return_index=True, return_inverse=True)
    texts, countries = columns.words["hours"].texts, columns.words["country"].texts
    told = [
        is_open(
            texts[columns.hours[one]],
            None if columns.lat[one] == NO_POINT else int(columns.lat[one]),
            int(columns.lon[one]),
            countries[columns.coded["country"][one]],
            at,
        )
        for one in ids[first].tolist()
    ]
    found: Ids = ids[np.array(told, "bool")[which]]
    return found


def _inside(columns: Columns, ids: Ids, box: tuple[int, int, int, int]) -> np.ndarray:
    south, west, north, east = box
    lat, lon = columns.lat[ids], columns.lon[ids]
    inside = (lat != NO_POINT) & (lat >= south) & (lat <= north)
    mask: np.ndarray = inside & ((lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east))
    return mask


def _distances(columns: Columns, ids: Ids, circle: Circle) -> np.ndarray:
    """Metres from the middle of a circle, rounded down; all of the ids have a point."""
    lat, lon = np.radians(columns.lat[ids] / 1e7), np.radians(columns.lon[ids] / 1e7)
    lat0, lon0 = np.radians(circle.lat / 1e7), np.radians(circle.lon / 1e7)
    half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    metres: np.ndarray = (2 * _EARTH_M * np.arcsin(np.sqrt(np.minimum(half, 1)))).astype("uint64")
    return metres


def _order_keys(reads: Snapshot, columns: Columns, query: Query) -> list[_Key]:
    """The parts of the order, most significant first. Each is looked up only for the places that those before leave."""
    circle = query.circle

    def first(ids: Ids) -> np.ndarray:
        return _distances(columns, ids, circle) if circle else unnamed(ids)

    named = columns.places(reads.matching(text_expression(query.words, "name"))) if query.words and not circle else ()

    def unnamed(ids: Ids) -> np.ndarray:
        return ~np.isin(ids, named)

    def part(number: int) -> _Key:
        return lambda ids: columns.keys[ids, number]

    return [first, *map(part, range(5)), lambda ids: columns.rid[ids].astype("uint64")]


def _first(keys: Sequence[_Key], ids: Ids, cursor: Sequence[int], count: int) -> Ids:
    """The first `count` of these places in order, after a cursor."""
    if cursor:
        ids = _after(keys, ids, cursor)
    chosen = _narrow(keys, ids, count)
    order = np.lexsort([key(chosen) for key in reversed(keys)])
    ordered: Ids = chosen[order[:count]]
    return ordered


def _after(keys: Sequence[_Key], ids: Ids, cursor: Sequence[int]) -> Ids:
    """Of these places those that come after a cursor."""
    after: list[Ids] = []
    for key, bound in zip(keys, cursor, strict=True):
        values = key(ids)
        after.append(ids[values > np.uint64(bound)])
        ids = ids[values == np.uint64(bound)]
    return np.concatenate(after)


def _narrow(keys: Sequence[_Key], ids: Ids, count: int) -> Ids:
    """Of many places those that can be among the first `count`: sorting them all would take too long."""
    if not keys or len(ids) <= 4 * count:
        return ids
    values = keys[0](ids)
    bound = np.partition(values, count - 1)[count - 1]
    below = ids[values < bound]
    return np.concatenate([below, _narrow(keys[1:], ids[values == bound], count - len(below))])
