# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the mutual lends and what its members offer and seek: a drill with its calendar, work, a room that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.story.scribe import Scribe

_LICENCE, _DAY_S, _HOUR_S = "CC-BY-SA-4.0", 86_400, 3_600
_POINT = {"lat": 506_292_000, "lon": 30_573_000, "precision": 50, "method": "hand"}
_LASTS_DAYS = 90
_DRILL = {"fr": "Perceuse à percussion", "en": "Hammer drill", "nl": "Klopboormachine"}
_OFFERED: tuple[tuple[str, dict[str, str], list[str], int], ...] = (
    ("offer", {"fr": "Sonorisation de petites salles", "en": "Sound for small halls"}, ["sonorisation"], 3_200),
    ("offer", {"fr": "Comptabilité d'associations", "en": "Book-keeping for associations"}, ["comptabilité"], 3_500),
    ("need", {"fr": "Sonorisation de notre concert", "en": "Sound for our concert"}, ["sonorisation"], 3_400),
)
"""Kind, name, skills, cents an hour."""


def tell_lending(say: Scribe, drill: bytes, library: bytes, members: Sequence[bytes], today: int) -> None:
    """The drill is in the directory, was lent until yesterday, and is booked twice; work is offered and sought."""
    record: dict[str, Any] = {"id": drill, "kind": "resource", "name": _DRILL, "licence": _LICENCE, "point": _POINT}
    say.say("record.put", {"record": record | {"categories": ["tag:outillage"], "terms": ["lend"]}})
    for member, first, days in ((members[0], -3, 2), (members[1], 2, 1), (members[2], 5, 3)):
        begin = (today + first) * _DAY_S + 9 * _HOUR_S
        body = {"action": "use", "provider": say.org, "receiver": member, "resource": drill, "contract": library}
        say.say("commit", body | {"begin": begin, "end": begin + days * _DAY_S}, member)
    for kind, name, skills, cents in _OFFERED:
        rate = {"amount": cents, "unit": "EUR", "scale": 2, "per": "hour", "by": "La Grande Ourse"}
        record = {"id": say.chance.randbytes(16), "kind": kind, "name": name, "licence": _LICENCE, "point": _POINT}
        record |= {"direction": "offer" if kind == "offer" else "want", "terms": ["time"]}
        record |= {"valid_until": (today + _LASTS_DAYS) * _DAY_S, "categories": [f"tag:{skills[0]}"]}
        say.say("record.put", {"record": record | {"work": {"skills": skills, "rate": rate}}})
