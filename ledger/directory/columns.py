# SPDX-License-Identifier: AGPL-3.0-or-later
"""The searchable columns of all records in memory, so that facets over 200,000 records take milliseconds.

SQLite selects by text; everything else is a comparison of columns. (Measured over 200,000 records: counting facets of a
common word takes SQL about 20 ms, these columns under 1 ms; the points of a small box take 0.02 ms in an R*Tree, which
costs 10 microseconds for each record that is written, and 0.15 ms here.)
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from protocol.record import TERMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow

NO_POINT = np.iinfo(np.int32).min
_CHUNK = 2_000
_ROOM_MIN, _GROWTH = 1_024, 1.1
_FOR_EVER = np.iinfo(np.int64).max
_CODES = {
    "kind": "int16", "licence": "int32", "country": "int16", "status": "int16", "direction": "int16", "source": "int32"
}  # fmt: skip
"""The types of the coded columns: kinds, countries and states are few, the others are whatever people write."""

Ids = np.ndarray
"""Indexes into the columns."""


class Words:
    """A closed column of texts: each one once, and its number in the column."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text, a new one if need be."""
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return number

    def find(self, text: str) -> int:
        """The number of a text, or -1."""
        return self._numbers.get(text, -1)


class Columns:
    """One array for each column, one place for each record; grows, and follows changes."""

    FACETS = ("kind", "category", "licence", "country", "status", "direction", "terms")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.count = 0
        self._order = np.zeros(0, "int32")
        self.words = {name: Words() for name in (*self.FACETS, "hours", "source")}
        self.words["hours"].number("")
        self._reserve(_ROOM_MIN)

    def _reserve(self, room: int) -> None:
        def grown(old: np.ndarray | None, dtype: str, fill: int, width: int = 0) -> np.ndarray:
            new = np.full((room, width) if width else room, fill, dtype)
            if old is not None:
                new[: len(old)] = old
            return new

        have = self.__dict__.get
        self.rid = grown(have("rid"), "int64", -1)
        self.lat = grown(have("lat"), "int32", NO_POINT)
        self.lon = grown(have("lon"), "int32", NO_POINT)
        self.checked_at = grown(have("checked_at"), "int64", -1)
        self.seen_at = grown(have("seen_at"), "int64", 0)
        self.valid_until = grown(have("valid_until"), "int64", _FOR_EVER)
        self.hours = grown(have("hours"), "int32", 0)
        self.terms = grown(have("terms"), "uint8", 0)
        self.private = grown(have("private"), "bool", 0)
        self.coded = {facet: grown(have("coded", {}).get(facet), code, -1) for facet, code in _CODES.items()}
        self.category = grown(have("category"), "int32", -1, 4)
        self.more_categories: dict[int, tuple[int, ...]] = have("more_categories", {})
        self.keys = grown(have("keys"), "uint64", 0, 5)

    @classmethod
    def load(cls, reads: Snapshot) -> Columns:
        """The columns of every record in the store."""
        columns = cls()
        columns._reserve(max(_ROOM_MIN, int(reads.record_count() * 1.02)))  # at once, so that nothing is held twice
        after = -1
        while rows := reads.all_records(after, _CHUNK):
            columns.put(rows, reads.categories_between(rows[0].rid, rows[-1].rid))
            after = rows[-1].rid
        return columns

    def refresh(self, reads: Snapshot, rids: Sequence[int]) -> None:
        """Takes in the present state of records that changed."""
        rows = reads.records(rids)
        with self.lock:
            gone = self.places([rid for rid in rids if rid not in rows])
            self.coded["status"][gone] = -1
            self.put(list(rows.values()), reads.categories_of(list(rows)) if rows else [])

    def put(self, rows: Sequence[RecordRow], categories: Iterable[tuple[int, str]]) -> None:
        """Sets the columns of these records."""
        if not rows:
            return
        numbers: dict[int, list[int]] = {}
        number = self.words["category"].number
        for rid, category in categories:
            numbers.setdefault(rid, []).append(number(category))
        with self.lock:
            places = self._places_for([row.rid for row in rows])
            self.lat[places] = [NO_POINT if row.lat is None else row.lat for row in rows]
            self.lon[places] = [NO_POINT if row.lon is None else row.lon for row in rows]
            self.checked_at[places] = [-1 if row.checked_at is None else row.checked_at for row in rows]
            self.seen_at[places] = [max(row.said_at, row.checked_at or 0) for row in rows]
            self.valid_until[places] = [_FOR_EVER if row.valid_until is None else row.valid_until for row in rows]
            self.hours[places] = [self.words["hours"].number(row.hours) for row in rows]
            self.terms[places] = [_terms_bits(row.terms.split()) if row.terms else 0 for row in rows]
            self.private[places] = [row.scope > 0 for row in rows]
            for facet, column in self.coded.items():
                word = self.words[facet].number
                column[places] = [word(getattr(row, facet)) for row in rows]
            keys = np.frombuffer(b"".join(row.sort_key + row.id for row in rows), ">u8")
            self.keys[places] = keys.reshape(len(rows), 5).astype("uint64")
            self._put_categories(places, [numbers.get(row.rid, ()) for row in rows])

    def _put_categories(self, places: Ids, numbers: Sequence[Sequence[int]]) -> None:
        self.category[places] = [[*some[:4], *[-1] * (4 - len(some))] for some in numbers]
        for place, some in zip(places.tolist(), numbers, strict=True):
            if len(some) > 4:
                self.more_categories[place] = tuple(some[4:])
            else:
                self.more_categories.pop(place, None)

    def _places_for(self, rids: Sequence[int]) -> Ids:
        """The places of row ids, new ones at the end for those that are new."""
        places = self._find(np.array(rids, "int64"))
        new = np.flatnonzero(places < 0)
        if len(new):
            if self.count + len(new) > len(self.rid):
                self._reserve(int((self.count + len(new)) * _GROWTH))
            places[new] = np.arange(self.count, self.count + len(new))
            added = self.rid[self.count : self.count + len(new)] = np.array(rids, "int64")[new]
            last = self.rid[self._order[-1]] if self.count else -1
            self.count += len(new)
            if added[0] > last and (np.diff(added) > 0).all():  # as when all are loaded
                self._order = np.concatenate([self._order, places[new].astype("int32")])
            else:
                self._order = np.argsort(self.rid[: self.count], kind="stable").astype("int32")
        return places

    def _find(self, rids: np.ndarray) -> Ids:
        """The places of row ids, -1 for those that have none."""
        if not self.count:
            return np.full(len(rids), -1)
        spots = np.minimum(np.searchsorted(self.rid[: self.count], rids, sorter=self._order), self.count - 1)
        places = self._order[spots]
        found: Ids = np.where(self.rid[places] == rids, places, -1)
        return found

    def places(self, found: Sequence[int] | np.ndarray) -> Ids:
        """The places of rows of row ids; those not taken in yet are left out."""
        places = self._find(np.asarray(found, "int64"))
        return places[places >= 0]

    def everywhere(self) -> Ids:
        """All places."""
        return np.arange(self.count)

    def visible(self, ids: Ids, *, private: bool) -> Ids:
        """Of these places those of public records, or those of the others: nobody is shown both at once."""
        seen: Ids = ids[self.private[ids] == private]
        return seen

    def between(self, south: int, north: int) -> Ids:
        """The places whose points lie between two latitudes."""
        lat = self.lat[: self.count]
        return np.flatnonzero((lat >= south) & (lat <= north))

    def in_category(self, ids: Ids, category: str) -> np.ndarray:
        """A mask over ids: which of them have a category."""
        number = self.words["category"].find(category)
        mask: np.ndarray = (self.category[ids] == number).any(axis=1) if number >= 0 else np.zeros(len(ids), bool)
        for place, more in self.more_categories.items():
            if number in more:
                mask |= ids == place
        return mask

    def known_categories(self, categories: Iterable[str]) -> list[int]:
        """The numbers of those of these categories that any record has, or once had."""
        return [number for category in categories if (number := self.words["category"].find(category)) >= 0]

    def places_in(self, categories: Sequence[int]) -> Ids:
        """The places that have one of these categories, by their numbers."""
        listed = np.zeros(len(self.words["category"].texts) + 1, "bool")  # the last one for -1: no category
        listed[list(categories)] = True
        mask: np.ndarray = listed[self.category[: self.count]].any(axis=1)
        wanted = frozenset(categories)
        mask[[place for place, more in self.more_categories.items() if not wanted.isdisjoint(more)]] = True
        return np.flatnonzero(mask)

    def with_terms(self, ids: Ids, terms: Sequence[str]) -> np.ndarray:
        """A mask over ids: which of them are given on one of these terms."""
        mask: np.ndarray = self.terms[ids] & _terms_bits(terms) > 0
        return mask

    def counts(self, facet: str, ids: Ids) -> dict[str, int]:
        """How many of the records have each value of a facet, most frequent first."""
        if facet == "terms":
            bits = self.terms[ids]
            return _in_order([(term, int(np.count_nonzero(bits & _terms_bits([term])))) for term in TERMS])
        if facet == "category":
            values = self.category[ids].ravel()
            chosen = set(ids.tolist()) if self.more_categories else set()
            extra = [number for place, more in self.more_categories.items() if place in chosen for number in more]
            values = np.concatenate([values[values >= 0], np.array(extra, "int32")])
        else:
            values = self.coded[facet][ids]
        texts = self.words[facet].texts
        totals = np.bincount(values, minlength=len(texts)) if len(values) else np.zeros(len(texts), int)
        return _in_order([(text, int(total)) for text, total in zip(texts, totals, strict=True) if text])


def _in_order(totals: Iterable[tuple[str, int]]) -> dict[str, int]:
    """What there is of each value, most frequent first."""
    return dict(sorted(((text, total) for text, total in totals if total), key=lambda pair: (-pair[1], pair[0])))


def _terms_bits(terms: Iterable[str]) -> int:
    """Terms as bits; those that are none of the closed list are not searched by."""
    return sum(1 << TERMS.index(term) for term in set(terms) if term in TERMS)
