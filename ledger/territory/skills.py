# SPDX-License-Identifier: AGPL-3.0-or-later
"""The inventory: who knows how to do what, by whose word (spec 22 §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.directory.present import read_record
from ledger.directory.work import skill_category
from ledger.places.geography import distance_m
from ledger.territory.keys import SKILL
from ledger.text import fold
from protocol.knowledge import SkillClaim

if TYPE_CHECKING:
    from ledger.directory.query import Circle
    from ledger.territory.knowledge import Knowledge, Known
    from protocol.record import Record


class Expert(NamedTuple):
    """An organisation or person, what they know how to do, and where they are.

    `skills` are skill, as it was spelt first -> claims: its own word and those who vouch for it. `distance` in metres,
    if it was asked for.
    """

    log_id: bytes
    record: Record
    skills: dict[str, list[Known]]
    distance: int | None = None


def claim_of(known: Known) -> SkillClaim:
    """What is said of somebody."""
    assert isinstance(known.body, SkillClaim)
    return known.body


def skill_name(skill: str) -> str:
    """A skill as people read it."""
    return skill.partition(":")[2].replace("-", " ").replace("_", " ")


def shared_skill(skill: str) -> str:
    """The category under which a skill is one with others, also with those of work that is offered and sought."""
    return skill_category(skill.removeprefix("skill:")) if skill.startswith("skill:") else skill


def experts(knowledge: Knowledge, text: str = "", skill: str = "", circle: Circle | None = None) -> list[Expert]:
    """Those who know something: by words of skills and names, one skill, and within a circle; the nearest first.

    Only records that are here, shown and not closed are named; a claim about anything else says nothing yet.
    """
    claims: dict[tuple[bytes, bytes], dict[str, list[Known]]] = {}
    for known in knowledge.all(SKILL):
        body = claim_of(known)
        by_skill = claims.setdefault((body.subject.log, body.subject.id), {})
        by_skill.setdefault(shared_skill(body.skill), []).append(known)
    found = []
    wanted = fold(text).split()
    for (log_id, _), shared in claims.items():
        if skill and shared_skill(skill) not in shared:
            continue
        skills = {claim_of(said[0]).skill: said for said in shared.values()}
        row = knowledge.record(claim_of(next(iter(skills.values()))[0]).subject)
        if row is None or row.status == "closed":
            continue
        record = read_record(knowledge.reads, row)[0]
        folded = fold(" ".join([*record.name.values(), *map(skill_name, skills)]))
        if not all(f" {one}" in f" {folded}" for one in wanted):
            continue
        away = None
        if circle is not None:
            if record.point is None:
                continue
            away = round(distance_m(record.point.lat, record.point.lon, circle.lat, circle.lon))
            if away > circle.radius_m:
                continue
        found.append(Expert(log_id, record, dict(sorted(skills.items())), away))
    return sorted(found, key=lambda one: (one.distance or 0, fold(one.record.title()), one.record.id))


def skill_counts(knowledge: Knowledge) -> dict[str, int]:
    """How many know how to do each thing, the most frequent first."""
    names: dict[str, set[tuple[bytes, bytes]]] = {}
    spelt: dict[str, str] = {}
    for known in knowledge.all(SKILL):
        body = claim_of(known)
        if knowledge.record(body.subject) is not None:
            shared = shared_skill(body.skill)
            spelt.setdefault(shared, body.skill)
            names.setdefault(shared, set()).add((body.subject.log, body.subject.id))
    return {spelt[one]: len(who) for one, who in sorted(names.items(), key=lambda item: (-len(item[1]), item[0]))}
