# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two records side by side: points for and against their being one, and a verdict."""

from __future__ import annotations

from math import cos, exp, hypot, radians
from typing import TYPE_CHECKING, Literal, NamedTuple

from ledger.duplicates.likeness import Likeness, Rarity, alike, nearly
from ledger.duplicates.names import numbers_of
from ledger.duplicates.profile import CONTACT_SCHEMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.duplicates.profile import Profile

Verdict = Literal["duplicate", "perhaps", "different"]

_METRES = 0.011119493
"""Metres in 1e-7 degrees of latitude."""
NEAR, FAR = 100, 2_000


WEIGHTS = {
    "within": 87,
    "whole": 188,
    "telling": 95,
    "exact": 165,
    "initials": 96,
    "apart": -216,
    "numbers": -250,
    "numbered": -250,
    "near": 65,
    "nearby": -16,
    "far": -73,
    "elsewhere": -57,
    "postcode": 120,
    "other postcode": -143,
    "street": 39,
    "other street": -88,
    "other house": -35,
    "town": 106,
    "other town": -106,
    "website": 91,
    "website here": 52,
    "group website": -63,
    "other website": -90,
    "identifier": 150,
    "other identifier": -80,
}
"""What each signal says, in hundredths of the logarithm of the odds: fitted by tests/tools/fit_duplicates.py on one
half of two registers, but for the numbers and identifiers, of which these have too few."""
PRIOR = -327
DUPLICATE, PERHAPS = 50, 30
"""Scores from which on two records are taken for one, and from which on somebody should look."""


class Comparison(NamedTuple):
    """What was found: the signals by name, each from 0 to 1; what they come to, 0 to 100; what that means."""

    signals: dict[str, float]
    score: int
    verdict: Verdict


def compare(one: Profile, other: Profile, rarity: Rarity, shared: Callable[[str], int]) -> Comparison:
    """Whether two records are one thing. `shared`: how many records have a website.

    Records of two kinds are never taken for one without a person: a place and the organisation that runs it have much
    in common.
    """
    signals = signals_of(one, other, rarity, shared)
    logarithm = (PRIOR + sum(WEIGHTS[name] * value for name, value in signals.items())) / 100
    score = round(100 / (1 + exp(-logarithm)))
    if score < PERHAPS:
        return Comparison(signals, score, "different")
    return Comparison(signals, score, "duplicate" if score >= DUPLICATE and one.kind == other.kind else "perhaps")


def metres_between(one: Profile, other: Profile) -> float | None:
    """How far two records are from each other, or None if that is not known."""
    if one.point is None or other.point is None:
        return None
    lat, lon = one.point[0] - other.point[0], one.point[1] - other.point[1]
    return _METRES * hypot(lat, lon * cos(radians(one.point[0] / 1e7)))


def signals_of(one: Profile, other: Profile, rarity: Rarity, shared: Callable[[str], int]) -> dict[str, float]:
    """What speaks for and against, each from 0 to 1."""
    metres = metres_between(one, other)
    same_town = frozenset(one.place) & frozenset(other.place)
    found = max(
        (alike(a, b, rarity, same_town) for a in one.names for b in other.names),
        key=lambda likeness: likeness.whole + likeness.within,
        default=Likeness(0, 0, 0),
    )
    signals = {
        "within": found.within,
        "whole": found.whole,
        "telling": min(1, found.telling / 12),
        "apart": float(found.apart),
        "numbers": float(found.numbers),
        "numbered": float(found.numbered),
        "initials": float(found.initials),
        "exact": float(found.whole > 0.999),
        "near": float(metres is not None and metres <= NEAR),
        "nearby": float(metres is not None and NEAR < metres <= FAR),
        "far": float(metres is not None and metres > FAR),
    }
    signals |= _address_signals(one, other)
    signals |= _web_signals(one, other, shared)
    here = bool(signals["near"] or signals["postcode"] or (metres is None and signals["town"]))
    signals["website here"] = float(here and bool(signals["website"] or signals["group website"]))
    signals["elsewhere"] = float(bool(signals["far"] and signals["other town"]))
    return signals


def _address_signals(one: Profile, other: Profile) -> dict[str, float]:
    numbers, others = numbers_of(one.street), numbers_of(other.street)
    words, far_words = set(one.street) - numbers, set(other.street) - others
    common = len(words & far_words)
    common += sum(any(nearly(word, far_word) for far_word in far_words) for word in words - far_words)
    size = min(len(words), len(far_words))
    street = min(1.0, common / size) if size else 0.0
    return {
        "postcode": float(bool(one.postcode) and one.postcode == other.postcode),
        "other postcode": float(bool(one.postcode and other.postcode) and one.postcode != other.postcode),
        "street": street,
        "other street": float(bool(one.street and other.street)) * (1 - street),
        "other house": float(bool(numbers and others) and not numbers & others),
        "town": float(bool(set(one.place) & set(other.place))),
        "other town": float(bool(one.place and other.place) and not set(one.place) & set(other.place)),
    }


def _web_signals(one: Profile, other: Profile, shared: Callable[[str], int]) -> dict[str, float]:
    same = bool(one.website) and one.website == other.website
    schemes, others = set(one.identifiers), set(other.identifiers)
    known = {scheme for scheme, _ in schemes if scheme not in CONTACT_SCHEMES}
    unlike = bool(known & {scheme for scheme, _ in others}) and not schemes & others
    same_host = one.website.split("/")[0] == other.website.split("/")[0]
    return {
        "website": float(same and shared(one.website) <= 2),
        "group website": float(same and shared(one.website) > 2),
        "other website": float(bool(one.website and other.website) and not same_host),
        "identifier": float(bool(schemes & others)),
        "other identifier": float(unlike),
    }
