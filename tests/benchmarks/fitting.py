# SPDX-License-Identifier: AGPL-3.0-or-later
"""What fits each of fifty among 10,000 offers and needs, as on /offers, beside comparing all that share something."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from ledger.directory.market import LOOKED_MAX, Market
from ledger.directory.matching import CATEGORY, Match, Thing, compare, thing_of, tokens_of
from protocol.record import Record
from tests.builders import seeded

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = 1_790_000_000
THINGS, ASKED, SHOWN = 10_000, 50, 2
_NOUNS = (
    *("river", "repair", "seed", "bakery", "radio", "solar", "bread", "garden", "tool"),
    *("piano", "ladder", "saw", "bike", "lesson", "tent", "drill", "oven", "wood"),
)
_CATEGORIES = tuple(f"own:{name}" for name in _NOUNS[:7])


def _thing(key: int, rng: random.Random) -> Thing:
    wanted = rng.random() < 0.4
    body: dict[str, Any] = {
        "id": seeded(f"{key}", 16),
        "kind": "need" if wanted else "offer",
        "direction": "want" if wanted else "offer",
        "name": {"en": " ".join(rng.sample(_NOUNS, 3))},
        "licence": "CC0-1.0",
        "terms": [rng.choice(("give", "lend", "rent", "sell"))],
        "categories": [rng.choice(_CATEGORIES)],
        "point": {
            "lat": rng.randint(500_000_000, 510_000_000),
            "lon": rng.randint(25_000_000, 45_000_000),
            "precision": 10,
            "method": "hand",
        },
    }
    return thing_of(key, msgspec.convert(body, Record, builtin_types=(bytes,)))


def _by_token(things: Iterable[Thing]) -> dict[tuple[bool, str], list[Thing]]:
    found: dict[tuple[bool, str], list[Thing]] = {}
    for thing in things:
        for token in tokens_of(thing):
            found.setdefault((thing.wanted, token), []).append(thing)
    return found


def _plainly(having: dict[tuple[bool, str], list[Thing]], one: Thing, telling: set[str]) -> list[Match]:
    """The best of all that share something with a thing."""
    sharing = Counter(other.key for token in telling for other in having[not one.wanted, token])
    others = {other.key: other for token in telling for other in having[not one.wanted, token]}
    keys = sorted(sharing, key=lambda key: (-sharing[key], key))[:LOOKED_MAX]
    found = [match for key in keys if (match := compare(one, others[key], telling)) is not None]
    return sorted(found, key=lambda match: (-match.score, match.key))[:SHOWN]


def run() -> dict[str, float]:
    """Milliseconds for each thing, and how many times more it takes to compare all that share something with it."""
    rng = random.Random(1)
    market = Market(_thing(key, rng) for key in range(THINGS))
    having = _by_token(market.things.values())
    asked = rng.sample([*market.things.values()], ASKED)
    tells = [{token for token in tokens_of(one) if token[0] == CATEGORY} for one in asked]  # the nouns are everybody's
    for one in asked:  # once, so that the index is there
        market.matches(one, NOW, SHOWN)
    begun = time.process_time()
    found = [market.matches(one, NOW, SHOWN) for one in asked]
    seconds, begun = time.process_time() - begun, time.process_time()
    plain = [_plainly(having, one, telling) for one, telling in zip(asked, tells, strict=True)]
    plainly = time.process_time() - begun
    assert plain == found
    return {
        "ms for what fits one of 10,000": 1000 * seconds / ASKED,
        "comparing all that share, times": plainly / seconds,
    }
