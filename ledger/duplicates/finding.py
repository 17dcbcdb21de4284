# SPDX-License-Identifier: AGPL-3.0-or-later
"""All pairs among many records that may be one thing. Pure; holds little: 200,000 records take some 100 MB."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from ledger.duplicates.blocking import Blocks
from ledger.duplicates.compare import Comparison, compare
from ledger.duplicates.likeness import Rarity
from ledger.duplicates.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

_CHUNK = 500
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Profile).decode


class Pair(NamedTuple):
    """Two records by row id, the smaller one first, and what comparing them gave."""

    one: int
    other: int
    comparison: Comparison


def find_duplicates(
    profiles: Iterable[Profile],
    touching: Collection[int] | None = None,
    decided: Callable[[int, int], bool] = lambda _one, _other: False,
    rest: Callable[[], None] = lambda: None,
) -> list[Pair]:
    """The pairs that are `duplicate` or `perhaps`, best first.

    `touching`: only pairs with one of these row ids. `decided`: pairs of row ids that somebody has decided on already.
    `rest` is called every few milliseconds, so that others have their turn.
    """
    packed: list[bytes] = []
    rids: list[int] = []
    websites: Counter[str] = Counter()
    blocks = Blocks()
    coming = iter(profiles)
    while chunk := list(islice(coming, _CHUNK)):
        blocks.add(chunk)
        websites.update(profile.website for profile in chunk if profile.website)
        rids += [profile.rid for profile in chunk]
        packed += map(_encode, chunk)
        rest()
    pairs = blocks.pairs()
    if touching is not None:
        wanted = np.isin(np.array(rids, "int64"), list(touching))
        pairs = pairs[wanted[pairs[:, 0]] | wanted[pairs[:, 1]]] if len(pairs) else pairs
    rarity = Rarity(blocks.word_counts(), len(rids))
    found, last, one = [], -1, None
    for number, (first, second) in enumerate(pairs.tolist()):
        if number % _CHUNK == 0:
            rest()
        if first != last:
            last, one = first, _decode(packed[first])
        assert one is not None, "numbers begin with nought"
        other = _decode(packed[second])
        if decided(one.rid, other.rid):
            continue
        comparison = compare(one, other, rarity, websites.__getitem__)
        if comparison.verdict != "different":
            found.append(Pair(min(one.rid, other.rid), max(one.rid, other.rid), comparison))
    return sorted(found, key=lambda pair: (-pair.comparison.score, pair.one, pair.other))
