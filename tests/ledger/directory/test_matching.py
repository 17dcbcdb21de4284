# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which offers and needs fit each other, in which order and why."""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

import msgspec
import pytest

from ledger.directory.market import LOOKED_MAX, Market
from ledger.directory.matching import CATEGORY, FAR_M, Match, Thing, compare, thing_of, tokens_of
from protocol.record import Record
from tests.builders import seeded

NOW = 1_790_000_000
LILLE, GENT, MARSEILLE = (506_292_000, 30_573_000), (510_500_000, 37_200_000), (432_965_000, 53_698_000)


def thing(key: int, name: str, *, wanted: bool = False, at: tuple[int, int] | None = None, **more: Any) -> Thing:
    point = {"point": {"lat": at[0], "lon": at[1], "precision": 10, "method": "hand"}} if at else {}
    kind, direction = ("need", "want") if wanted else ("offer", "offer")
    body = {
        "id": seeded(f"{key}", 16),
        "kind": kind,
        "name": {"en": name},
        "direction": direction,
        "licence": "CC0-1.0",
    }
    return thing_of(key, msgspec.convert(body | point | more, Record, builtin_types=(bytes,)))


def found(market: Market, one: Thing, limit: int = 10) -> list[Match]:
    return market.matches(one, NOW, limit)


def test_what_shares_a_category_and_is_near_comes_first() -> None:
    market = Market(
        [
            thing(1, "Ladder", wanted=True, at=GENT, categories=["osm:shop=tools"], terms=["lend"]),
            thing(2, "Ladder for a week", wanted=True, at=LILLE, categories=["osm:shop=tools"], terms=["lend"]),
            thing(3, "Ladder", wanted=True, terms=["sell"]),
            thing(4, "Soup", wanted=True, at=LILLE, terms=["lend"]),
            thing(5, "Ladder", at=LILLE, terms=["lend"]),
        ]
    )
    offer = thing(9, "Ladders, 6 m", at=LILLE, categories=["osm:shop=tools"], terms=["lend"])
    matches = found(market, offer)
    assert [match.key for match in matches] == [2, 1]
    assert (matches[0].categories, matches[0].distance_m, matches[0].terms) == (("osm:shop=tools",), 0, ("lend",))
    assert matches[0].words == matches[1].words == ("ladders",)
    assert 60_000 < (matches[1].distance_m or 0) < 70_000


@pytest.mark.parametrize(
    ("offered", "wanted", "terms", "better"),
    [
        (["give"], ["give"], ("give",), ""),
        (["give"], ["rent"], (), "give"),
        (["lend"], ["rent"], (), "lend"),
        (["sell", "lend"], ["lend"], ("lend",), ""),
        ([], ["give"], (), ""),
        (["give"], [], (), ""),
    ],
)
def test_terms_fit_if_nobody_gets_less_than_they_asked_for(
    offered: list[str], wanted: list[str], terms: tuple[str, ...], better: str
) -> None:
    offer, need = thing(1, "Drill", terms=offered), thing(2, "Drill", wanted=True, terms=wanted)
    (there,), (back,) = found(Market([need]), offer), found(Market([offer]), need)
    assert (there.terms, there.better) == (back.terms, back.better) == (terms, better)
    assert there.score == back.score


@pytest.mark.parametrize(
    ("offered", "wanted"), [("sell", "give"), ("rent", "lend"), ("time", "give"), ("lend", "sell")]
)
def test_terms_that_do_not_fit(offered: str, wanted: str) -> None:
    assert found(Market([thing(2, "Drill", wanted=True, terms=[wanted])]), thing(1, "Drill", terms=[offered])) == []


def test_what_is_over_or_hidden_or_too_far_is_no_match() -> None:
    market = Market(
        [
            thing(1, "Drill", wanted=True, valid_until=NOW - 1),
            thing(2, "Drill", wanted=True, valid_until=NOW),
            thing(3, "Drill", wanted=True, at=MARSEILLE),
            thing(4, "Drill", wanted=True, at=MARSEILLE, scope="national"),
        ]
    )
    offer = thing(9, "Drill", at=LILLE)
    assert {match.key for match in found(market, offer)} == {2, 4}
    assert {match.key for match in market.matches(offer, NOW, 10, frozenset({2}))} == {4}
    assert all(match.distance_m is None or match.distance_m > FAR_M for match in found(market, offer))


def test_a_word_that_everybody_uses_says_nothing() -> None:
    market = Market(thing(key, f"Looking for {key:03}", wanted=True) for key in range(100))
    assert found(market, thing(999, "Looking around")) == []
    market.put(thing(500, "Looking for a wheelbarrow", wanted=True))
    assert [match.words for match in found(market, thing(999, "Wheelbarrows"))] == [("wheelbarrows",)]


def test_a_thing_that_changes_or_goes_is_forgotten_as_it_was() -> None:
    market = Market([thing(1, "Drill", wanted=True)])
    market.put(thing(1, "Bicycle", wanted=True))
    assert found(market, thing(2, "Drill")) == []
    assert found(market, thing(2, "Bicycle")) != []
    market.drop(1)
    market.drop(1)
    assert found(market, thing(2, "Bicycle")) == []


def test_ten_thousand_offers_are_matched_while_somebody_waits() -> None:
    chance = random.Random(5)
    words = [f"{chance.choice('bcdfgklmnprst')}{chance.choice('aeiou')}{number:04}" for number in range(800)]
    market = Market(
        thing(
            key,
            " ".join(chance.sample(words, 4)),
            wanted=bool(key % 2),
            at=(LILLE[0] + chance.randrange(-3_000_000, 3_000_000), LILLE[1] + chance.randrange(-3_000_000, 3_000_000)),
            categories=[f"osm:shop={chance.randrange(60)}"],
        )
        for key in range(10_000)
    )
    begun = time.perf_counter()
    counts = [len(market.matches(market.things[key], NOW, 10)) for key in range(50)]
    assert time.perf_counter() - begun < 5, "a match takes more than a tenth of a second"
    assert min(counts) == 10


def one_by_one(things: dict[int, Thing], one: Thing, limit: int, hidden: frozenset[int], looked: int) -> list[Match]:
    """What fits, without columns or bounds: all that share something are compared."""
    having = Counter((other.wanted, token) for other in things.values() for token in tokens_of(other))

    def tells(token: str) -> bool:
        common = having[False, token] + having[True, token] > max(20, len(things) // 10)
        return having[not one.wanted, token] > 0 and (token[0] == CATEGORY or not common)

    telling = {token for token in tokens_of(one) if tells(token)}
    others = [other for other in things.values() if other.wanted != one.wanted and other.key not in hidden]
    current = [other for other in others if other.valid_until is None or other.valid_until >= NOW]
    shared = {other.key: len(telling & {*tokens_of(other)}) for other in current}
    sharing = sorted((other for other in current if shared[other.key]), key=lambda it: (-shared[it.key], it.key))
    found = (compare(one, other, telling) for other in sharing[:looked])
    return sorted((it for it in found if it is not None), key=lambda it: (-it.score, it.key))[:limit]


@pytest.mark.parametrize("seed", range(6))
def test_the_best_are_those_that_comparing_all_finds(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(seed)
    looked = rng.choice((LOOKED_MAX, 40))
    monkeypatch.setattr("ledger.directory.market.LOOKED_MAX", looked)
    nouns = ["drill", "ladder", "bread", "piano", "van", "tent", "saw", "oven", "lesson", "repair", "honey", "wood"]

    def drawn(key: int) -> Thing:
        at = rng.choice((None, LILLE, GENT, MARSEILLE, (rng.randint(-9 * 10**8, 9 * 10**8), rng.randint(0, 10**9))))
        near = at and rng.random() < 0.7 and (at[0] + rng.randint(-(10**7), 10**7) // 10, at[1])
        rate = {"amount": rng.randint(1, 50), "unit": "EUR", "scale": 0, "per": "hour"}
        more: dict[str, Any] = {
            "terms": rng.sample(["give", "lend", "rent", "sell", "time"], rng.randint(0, 2)),
            "categories": rng.sample([f"own:{n}" for n in range(6)], rng.randint(0, 3)),
            "scope": rng.choice(["local", "national"]),
        }
        if rng.random() < 0.3:
            more["valid_until"] = NOW + rng.randint(-1, 1)
        if rng.random() < 0.2:
            more["work"] = {"rate": rate}
        words = " ".join(rng.sample(nouns, rng.randint(1, 4)))
        return thing(key, words, wanted=rng.random() < 0.5, at=near or at, **more)

    market = Market()
    for step in range(500):
        if market.things and rng.random() < 0.2:
            market.drop(rng.choice([*market.things]))
        market.put(drawn(rng.randrange(300) + (step % 3 << 33)))
    hidden = frozenset(rng.sample([*market.things], 30))
    for one in [*market.things.values()][:60]:
        for limit in (2, 8):
            expected = one_by_one(market.things, one, limit, hidden, looked)
            assert market.matches(one, NOW, limit, hidden) == expected
