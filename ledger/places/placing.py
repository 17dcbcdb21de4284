# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a record is where it says: without a point, in the sea, outside the territory, far from its town, coarse.

The territory is where nearly all records of the log lie. Only those of the own log are looked at: others move theirs.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec
import numpy as np

from ledger.directory.present import read_record
from ledger.held.denying import denied_records
from ledger.places import gazetteer
from ledger.places.geography import LAT_MAX, LON_MAX, Box, distance_m
from protocol.statement import SCOPE_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from protocol.record import Record

Reason = Literal["none", "sea", "outside", "far", "coarse"]
REASONS: tuple[Reason, ...] = ("none", "sea", "outside", "far", "coarse")
"""Why a place is in doubt, in the order in which it matters."""
COARSE_M = 1_500
"""A point that is known less exactly than this cannot be walked to."""
TOWN_PRECISION_M = 5_000
"""How exactly the middle of a town says where something in it is."""
_TOWN_M, _PER_ROOT_M = 10_000, 10
"""A town reaches this far, and so much farther for the square root of its people: Paris 24 km, London 40 km."""
_TOWNS_MAX = 20
_KNOWN_MIN = 20
"""So many points make a territory."""
_OUTLIERS = 0.1
_WIDER = 1.5
_WIDER_MIN = 5_000_000
_CHUNK = 2_000
_TOGETHER = 2_000
_SAME: dict[frozenset[Reason], frozenset[Reason]] = {}
"""The few sets of reasons that there are, each once."""


class Doubt(NamedTuple):
    """A record by row id, and why its place is in doubt; `latest`: the statement that it was looked at by."""

    rid: int
    latest: int
    reasons: tuple[Reason, ...]
    kind: str
    sort_key: bytes


class Seen(NamedTuple):
    """What is known of a record's place without the others: kept as long as the record stays as it is."""

    latest: int
    reasons: frozenset[Reason]


def territory_of(lats: np.ndarray, lons: np.ndarray) -> Box | None:
    """The box of most points, made wider on each side by one and a half of it; None for too few of them to say."""
    if len(lats) < _KNOWN_MIN:
        return None
    south, north = _middle(lats)
    west, east = _middle(lons)
    high, wide = (max(_WIDER_MIN, round((most - least) * _WIDER)) for least, most in ((south, north), (west, east)))
    return Box(
        max(-LAT_MAX, south - high), max(-LON_MAX, west - wide), min(LAT_MAX, north + high), min(LON_MAX, east + wide)
    )


def _middle(values: np.ndarray) -> tuple[int, int]:
    """Least and most without the outliers at both ends."""
    left_out = round(len(values) * _OUTLIERS)
    ordered = np.sort(values)
    return int(ordered[left_out]), int(ordered[-1 - left_out])


def towns_of(record: Record) -> list[gazetteer.Place]:
    """The towns that a record's address can mean, the likeliest first."""
    address = record.address
    return [*_towns(address.locality or "", address.country or None)] if address is not None else []


@lru_cache(maxsize=4096)
def _towns(locality: str, country: str | None) -> tuple[gazetteer.Place, ...]:
    """Many records are in few towns."""
    return tuple(gazetteer.candidates(locality, country, _TOWNS_MAX)) if locality else ()


def _is_far(lat: int, lon: int, address: _Address) -> bool:
    """Whether a point is far from every town that an address can mean."""
    towns = _towns(address.locality, address.country or None)
    return bool(towns) and all(
        distance_m(lat, lon, town.lat, town.lon) > _TOWN_M + _PER_ROOT_M * town.population**0.5 for town in towns
    )


def own_open_rows(reads: Snapshot) -> Iterator[RecordRow]:
    """The open public records of the own log that are shown."""
    own = {tree.tree for tree in reads.epochs(reads.own_log())}
    denied, after = denied_records(reads), -1
    while rows := reads.all_records(after, _CHUNK):
        after = rows[-1].rid
        for row in rows:
            if row.tree in own and row.scope == SCOPE_PUBLIC and row.status != "closed" and row.rid not in denied:
                yield row


def look(
    reads: Snapshot,
    are_sea: Callable[[np.ndarray, np.ndarray], np.ndarray],
    seen: dict[int, Seen],
    rest: Callable[[], None] = lambda: None,
) -> tuple[list[Doubt], Box | None]:
    """The records whose place is in doubt, by the first reason and by name, and the territory.

    `seen` keeps what was found out of each; `rest` is called every few milliseconds.
    """
    doubts: dict[Reason, list[Doubt]] = {reason: [] for reason in REASONS}
    points: list[tuple[int, int, int, int]] = []
    shown: list[tuple[str, bytes]] = []
    rows = own_open_rows(reads)
    while chunk := list(islice(rows, _TOGETHER)):
        doubts["none"] += [
            Doubt(row.rid, row.latest, ("none",), row.kind, row.sort_key) for row in chunk if row.lat is None
        ]
        placed_rows = [row for row in chunk if row.lat is not None]
        points += [(row.rid, row.latest, row.lat, row.lon) for row in placed_rows]  # type: ignore[misc] # not None
        shown += [(sys.intern(row.kind), row.sort_key) for row in placed_rows]
        new = [row for row in placed_rows if row.rid not in seen or seen[row.rid].latest != row.latest]
        if new:
            _see(reads, new, are_sea, seen)
        rest()
    rid, latest, lat, lon = np.array(points, "int64").reshape(-1, 4).T
    territory = territory_of(lat, lon)
    outside = np.zeros(len(lat), bool)
    if territory is not None:
        outside = (lat < territory.south) | (lat > territory.north) | (lon < territory.west) | (lon > territory.east)
    for one, statement, is_outside, named in zip(rid.tolist(), latest.tolist(), outside.tolist(), shown, strict=True):
        found = seen[one].reasons
        if is_outside or found:
            told = {*found, "outside"} if is_outside else found
            reasons = tuple(reason for reason in REASONS if reason in told)
            doubts[reasons[0]].append(Doubt(one, statement, reasons, *named))
    for some in doubts.values():
        some.sort(key=lambda doubt: (doubt.sort_key, doubt.rid))
        rest()
    return [doubt for reason in REASONS for doubt in doubts[reason]], territory


def _see(
    reads: Snapshot,
    rows: Sequence[RecordRow],
    are_sea: Callable[[np.ndarray, np.ndarray], np.ndarray],
    seen: dict[int, Seen],
) -> None:
    """Looks at records with a point, some at once."""
    sea = are_sea(np.array([row.lat for row in rows]), np.array([row.lon for row in rows]))
    for row, is_sea in zip(rows, sea.tolist(), strict=True):
        record = _read_place(reads, row)
        assert row.lat is not None, "only records with a point are looked at"
        assert row.lon is not None, "a point has both"
        coarse, far = record.point.precision > COARSE_M, _is_far(row.lat, row.lon, record.address)
        told: Mapping[Reason, bool] = {"sea": is_sea, "far": far, "coarse": coarse}
        found = frozenset(reason for reason, is_so in told.items() if is_so)
        seen[row.rid] = Seen(row.latest, _SAME.setdefault(found, found))


class _Point(msgspec.Struct, frozen=True, gc=False):
    precision: int = 0


class _Address(msgspec.Struct, frozen=True, gc=False):
    locality: str = ""
    country: str = ""


class _Place(msgspec.Struct, frozen=True, gc=False):
    """Of a record only what its place is judged by: it was checked when it was stored, and reading all takes longer."""

    point: _Point = _Point()
    address: _Address = _Address()


class _Payload(msgspec.Struct, array_like=True, frozen=True, gc=False):
    salt: msgspec.Raw
    statement: bytes


class _Said(msgspec.Struct, array_like=True, frozen=True, gc=False):
    version: msgspec.Raw
    log_id: msgspec.Raw
    kind: msgspec.Raw
    id: msgspec.Raw
    at: msgspec.Raw
    author: msgspec.Raw
    body: msgspec.Raw


class _Put(msgspec.Struct, frozen=True, gc=False):
    record: _Place


_read_payload, _read_said = msgspec.msgpack.Decoder(_Payload).decode, msgspec.msgpack.Decoder(_Said).decode
_read_put = msgspec.msgpack.Decoder(_Put).decode


def _read_place(reads: Snapshot, row: RecordRow) -> _Place:
    stored = next(reads.entries(row.tree, row.put, row.put + 1))
    assert stored.payload is not None, "a record whose payload is gone has no row"
    return _read_put(_read_said(_read_payload(stored.payload).statement).body).record


def doubt_object(reads: Snapshot, row: RecordRow, reasons: Sequence[Reason]) -> dict[str, Any]:
    """A record whose place is in doubt as JSON."""
    record = read_record(reads, row)[0]
    point = record.point
    towns = towns_of(record)
    return {
        "id": row.id.hex(),
        "kind": row.kind,
        "name": dict(record.name),
        "locality": record.address.locality if record.address else "",
        "reasons": list(reasons),
        "point": {"lat": point.lat / 1e7, "lon": point.lon / 1e7, "precision": point.precision, "method": point.method}
        if point
        else None,
        "town": {
            "name": towns[0].name,
            "country": towns[0].country,
            "lat": towns[0].lat / 1e7,
            "lon": towns[0].lon / 1e7,
        }
        if towns
        else None,
    }


def placed(body: dict[str, Any], lat: int, lon: int, precision: int, method: str) -> dict[str, Any]:
    """A record's body with another point."""
    return body | {"point": {"lat": lat, "lon": lon, "precision": precision, "method": method}}
