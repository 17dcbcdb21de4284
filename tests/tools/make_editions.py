# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two editions of one register, made by disturbing records: which pairs of them are one thing is then known.

What is disturbed, and how often, stands in `RATES`; the near misses, which are not duplicates, in `NEAR_MISSES`.
"""

from __future__ import annotations

import random
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RATES = {
    "legal form": 0.30,
    "the": 0.08,
    "abbreviation": 0.15,
    "accents": 0.30,
    "case": 0.10,
    "order": 0.08,
    "typo": 0.12,
    "town": 0.08,
    "joined": 0.04,
    "word lost": 0.05,
    "initials": 0.01,
    "other name": 0.005,
}
NEAR_MISSES = {"branch": 0.05, "neighbour": 0.05, "namesake": 0.05, "numbered": 0.03}
GONE, NEW = 0.06, 0.06
_METRE = 90  # in 1e-7 degrees of latitude
_LEGAL = {
    "GB": ("Limited", "Ltd", "Ltd.", "CIC", "C.I.C.", "Society Limited", "Co-operative Limited", "CIO", "LLP"),
    "IE": ("Ltd", "CLG", "Teoranta"),
    "DE": ("e.V.", "eG", "gGmbH", "GmbH", "UG (haftungsbeschränkt)"),
    "AT": ("e.V.", "GmbH", "Verein", "eGen"),
    "FR": ("SCOP", "SCIC", "SARL", "Association loi 1901"),
    "ES": ("S.Coop.", "S.L.", "SCCL", "Asociación"),
    "IT": ("Onlus", "Società Cooperativa Sociale", "S.r.l.", "APS", "Soc. Coop."),
    "PT": ("CRL", "Lda.", "Associação"),
    "BG": ("ООД", "ЕООД"),
    "HR": ("d.o.o.", "Udruga"),
    "SI": ("d.o.o.", "z.o.o.", "so.p."),
    "GR": ("ΚοινΣΕπ", "Α.Ε."),
    "HU": ("Kft.", "Egyesület"),
    "RO": ("SRL", "Asociația"),
    "CZ": ("s.r.o.", "z.s."),
    "PL": ("sp. z o.o.", "Stowarzyszenie"),
}
_SHORTER = {
    "Association": "Assoc.",
    "Community": "Comm.",
    "Society": "Soc.",
    "Saint": "St",
    "United": "Utd",
    "Services": "Svcs",
    "Centre": "Ctr",
    "Limited": "Ltd",
    "Co-operative": "Co-op",
    "Cooperative": "Coop",
    "and": "&",
    "und": "&",
    "Associazione": "Ass.",
    "Cooperativa": "Coop.",
    "Asociación": "Asoc.",
    "Street": "St",
    "Road": "Rd",
    "Avenue": "Ave",
    "Straße": "Str.",
    "Calle": "C/",
    "Via": "V.",
}


class Editions(NamedTuple):
    """Records of two editions, and the pairs of ids (first edition, second) that are one thing."""

    first: list[dict[str, Any]]
    second: list[dict[str, Any]]
    pairs: set[tuple[bytes, bytes]]


def make_editions(records: Sequence[dict[str, Any]], seed: int) -> Editions:
    """Two editions of these records, the same ones for the same seed."""
    chance = random.Random(seed)
    base = _without_repeats(records)
    towns = _towns(base)
    editions = Editions([], [], set())
    for record in base:
        fate = chance.random()
        if fate > NEW:
            editions.first.append(record)
        if fate > NEW + GONE or fate <= NEW:
            copy = disturb(record, towns, base, chance) | {"id": _identity(chance)}
            editions.second.append(copy)
            if fate > NEW:
                editions.pairs.add((record["id"], copy["id"]))
        for sort, rate in NEAR_MISSES.items():
            if chance.random() < rate:
                missed = _MISSES[sort](record, base[chance.randrange(len(base))], chance)
                if missed is not None:
                    missed = disturb(missed, towns, base, chance, known=False) | {"id": _identity(chance)}
                    editions.second.append(missed)
    chance.shuffle(editions.second)
    return editions


def disturb(
    record: dict[str, Any],
    towns: dict[str, dict[str, Any]],
    base: Sequence[dict[str, Any]],
    chance: random.Random,
    *,
    known: bool = True,
) -> dict[str, Any]:
    """The record as another edition may have it. A near miss (not `known`) never loses what sets it apart."""
    made = {key: value for key, value in record.items() if key not in {"id", "sources"}}
    made["name"] = {tag: _name(name, record, base, chance, known=known) for tag, name in record["name"].items()}
    _move(made, towns, chance)
    address = dict(made.get("address", {}))
    if "street" in address:
        draw = chance.random()
        if draw < 0.15:
            del address["street"]
        elif draw < 0.45:
            street = " ".join(_SHORTER.get(word, word) for word in address["street"].replace("\n", ", ").split(" "))
            address["street"] = street
    if "postcode" in address and chance.random() < 0.1:
        address["postcode"] = address["postcode"].replace(" ", "")
    if address:
        made["address"] = address
    draw = chance.random()
    if "url" in made and draw < 0.25:
        del made["url"]
    elif "url" in made and draw < 0.5:
        made["url"] = made["url"].replace("http://www.", "https://").rstrip("/") + "/"
    if "identifiers" in made and chance.random() < 0.5:
        del made["identifiers"]
    return made


def _move(made: dict[str, Any], towns: dict[str, dict[str, Any]], chance: random.Random) -> None:
    point = made.get("point")
    if point is None:
        return
    draw = chance.random()
    town = made.get("address", {}).get("locality", "")
    if draw < 0.05:
        del made["point"]
    elif draw < 0.08 and town in towns:
        made["point"] = towns[town]
    elif draw < 0.70:
        far = chance.uniform(100, 400) if draw > 0.65 else chance.uniform(0, 70)
        lat = round(_METRE * far * chance.uniform(-0.7, 0.7))
        made["point"] = point | {"lat": point["lat"] + lat, "lon": point["lon"] + lat}


def _name(
    name: str, record: dict[str, Any], base: Sequence[dict[str, Any]], chance: random.Random, *, known: bool
) -> str:
    words = name.split()
    if known and _happens("other name", chance):
        return str(next(iter(base[chance.randrange(len(base))]["name"].values())))
    if known and _happens("initials", chance) and len(words) > 2:
        return "".join(word[0] for word in words if word[0].isalpha()).upper()
    if _happens("word lost", chance) and len(words) > 3 and known:
        del words[chance.randrange(1, len(words))]
    text = " ".join(_longer(_reworded(words, chance), name, record, chance))
    if _happens("accents", chance):
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return text.upper() if _happens("case", chance) else text


def _happens(what: str, chance: random.Random) -> bool:
    return chance.random() < RATES[what]


def _reworded(words: list[str], chance: random.Random) -> list[str]:
    """The same words, written otherwise."""
    if _happens("joined", chance) and len(words) > 1:
        at = chance.randrange(len(words) - 1)
        words[at : at + 2] = [words[at] + words[at + 1].lower()]
    if _happens("order", chance) and len(words) > 2:
        words = [words[-1] + ",", *words[:-1]]
    if _happens("abbreviation", chance):
        words = [_SHORTER.get(word, word) for word in words]
    return _slip(words, chance) if _happens("typo", chance) else words


def _longer(words: list[str], name: str, record: dict[str, Any], chance: random.Random) -> list[str]:
    """The name as it is registered: with or without a town, a legal form, an article."""
    town = record.get("address", {}).get("locality", "")
    if _happens("town", chance) and town and town not in name:
        words.append(chance.choice((town, f"({town})", f"- {town}")))
    forms = _LEGAL.get(record.get("address", {}).get("country", "GB"), _LEGAL["GB"])
    if _happens("legal form", chance):
        if words[-1] in forms and len(words) > 1:
            words.pop()
        else:
            words.append(chance.choice(forms))
    if _happens("the", chance):
        words = words[1:] if words[0] == "The" and len(words) > 1 else ["The", *words]
    return words


def _slip(words: list[str], chance: random.Random) -> list[str]:
    at = max(range(len(words)), key=lambda number: (len(words[number]) > 3, chance.random()))
    word = words[at]
    if len(word) < 4 or any(character.isdigit() for character in word):
        return words
    spot = chance.randrange(1, len(word) - 1)
    letter = chance.choice("aeinrst")
    slips = (
        word[:spot] + word[spot + 1 :],
        word[:spot] + letter + word[spot:],
        word[:spot] + letter + word[spot + 1 :],
        word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :],
    )
    return [*words[:at], chance.choice(slips), *words[at + 1 :]]


def _branch(record: dict[str, Any], other: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    """A branch of the same organisation in another town, often under the same address on the web."""
    made = _elsewhere(record, other)
    if made is not None and chance.random() < 0.5:
        made.pop("url", None)
    if made is not None and chance.random() < 0.5:
        made["name"] = {tag: f"{name} {other['address']['locality']}" for tag, name in record["name"].items()}
    return made


def _neighbour(record: dict[str, Any], other: dict[str, Any], _: random.Random) -> dict[str, Any] | None:
    """Another organisation at the same address and point."""
    there: dict[str, Any] = {key: record[key] for key in ("point", "address") if key in record}
    return {key: value for key, value in other.items() if key not in {"point", "address"}} | there


def _namesake(record: dict[str, Any], other: dict[str, Any], _: random.Random) -> dict[str, Any] | None:
    """A group of the same name in another town, with another address on the web or none."""
    made = _elsewhere(record, other)
    if made is not None:
        made.pop("url", None)
        made.update({"url": other["url"]} if "url" in other else {})
    return made


def _numbered(record: dict[str, Any], _: dict[str, Any], chance: random.Random) -> dict[str, Any] | None:
    """A sister at the same place that differs by a number."""
    number = str(chance.randrange(101, 400))
    made = {key: value for key, value in record.items() if key != "identifiers"}
    made["name"] = {
        tag: re.sub(r"\d+", number, name) if re.search(r"\d", name) else f"{name} {number}"
        for tag, name in record["name"].items()
    }
    return made


def _elsewhere(record: dict[str, Any], other: dict[str, Any]) -> dict[str, Any] | None:
    here, there = record.get("address", {}), other.get("address", {})
    if not there.get("locality") or here.get("locality") == there["locality"]:
        return None
    moved = {key: other[key] for key in ("point", "address") if key in other}
    kept = {key: value for key, value in record.items() if key not in {"point", "address", "identifiers"}}
    return kept | moved


_MISSES: dict[str, Callable[..., dict[str, Any] | None]] = {
    "branch": _branch,
    "neighbour": _neighbour,
    "namesake": _namesake,
    "numbered": _numbered,
}


def _without_repeats(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records without those that the register itself has twice: of these nobody can say what is true."""
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for record in records:
        name = next(iter(record["name"].values())).casefold()
        seen.setdefault((name, record.get("address", {}).get("locality", "").casefold()), record)
    return list(seen.values())


def _towns(records: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """One point for each town, as coarse geocoding gives it."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        town = record.get("address", {}).get("locality")
        if town and "point" in record:
            found.setdefault(town, record["point"] | {"precision": 2_000, "method": "town"})
    return found


def _identity(chance: random.Random) -> bytes:
    return chance.randbytes(16)
