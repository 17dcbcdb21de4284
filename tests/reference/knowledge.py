# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of spec 22 §1, and which of a log's statements are in force, §2."""

import re

from tests.reference.body import is_boolean, is_id
from tests.reference.messagepack import Value
from tests.reference.record import (
    OPTIONAL,
    SUBJECT,
    Check,
    are_categories,
    array,
    fields,
    integer,
    is_category,
    is_point,
    is_url,
    langs,
    text,
)
from tests.reference.rejection import require


def one_of(*words: str) -> Check:
    """One of a closed list."""
    return lambda value: isinstance(value, str) and value in words


def is_code(value: Value) -> bool:
    """The code of a principle."""
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z0-9-]{1,64}", value))


def are_codes(value: Value) -> bool:
    """1 to 64 codes, none twice."""
    return array(is_code, 64)(value) and len(value) > 0 and len(set(value)) == len(value)


def are_principles(value: Value) -> bool:
    """1 to 64 principles, no code twice."""
    return array(PRINCIPLE, 64)(value) and are_codes([one["code"] for one in value])


NAME = text(200, 1)
DAY = integer(-719_162, 2_932_896)
PLACE = fields({"name": NAME}, {"point": is_point})
SEE = fields({"relation": one_of("broader", "narrower", "related", "same", "differs"), "term": SUBJECT})
SOLUTION = fields({"how": langs(2_000, 1)}, {"who": NAME, "by": SUBJECT, "evidence": is_url, "on": DAY})
PRINCIPLE = fields({"code": is_code, "title": langs(200, 1)}, {"text": langs(2_000, 1)})
COMMON: dict[str, Check] = {"withdrawn": is_boolean}
ABOUT: dict[str, Check] = {"place": PLACE, "categories": are_categories, **COMMON}
THING: dict[str, Check] = {"id": is_id, "licence": text(100, 1)}
OPINION = fields({"about": SUBJECT}, {"note": text(2_000), **COMMON})
BODIES: dict[str, Check] = {
    "term.put": fields(
        {**THING, "term": langs(200, 1)},
        {**ABOUT, "definition": langs(4_000, 1), "see": array(SEE, 64), "sources": OPTIONAL["sources"]},
    ),
    "problem.put": fields(
        {**THING, "title": langs(200, 1), "state": one_of("open", "partly", "solved")},
        {**ABOUT, "description": langs(4_000, 1), "solutions": array(SOLUTION, 32)},
    ),
    "need.put": fields(
        {**THING, "title": langs(200, 1), "state": one_of("voiced", "taken_up", "met", "declined")},
        {
            **ABOUT,
            "description": langs(4_000, 1),
            "heard": NAME,
            "answer": langs(2_000, 1),
            "proposal": is_id,
            "problem": SUBJECT,
        },
    ),
    "claim.skill": fields({"subject": SUBJECT, "skill": is_category}, {"term": SUBJECT, "note": text(2_000), **COMMON}),
    "principle.put": fields(
        {**THING, "title": langs(200, 1), "principles": are_principles}, {"source": is_url, **COMMON}
    ),
    "principle.declare": fields(
        {"id": is_id, "subject": SUBJECT, "set": SUBJECT}, {"codes": are_codes, "note": langs(2_000, 1), **COMMON}
    ),
    "principle.review": fields(
        {
            "id": is_id,
            "subject": SUBJECT,
            "set": SUBJECT,
            "code": is_code,
            "answer": one_of("yes", "partly", "no"),
            "on": DAY,
        },
        {"evidence": langs(2_000, 1), "links": array(is_url, 16), **COMMON},
    ),
    "principle.endorse": OPINION,
    "principle.dispute": OPINION,
}
SORTS = {
    "term.put": "term",
    "problem.put": "problem",
    "need.put": "need",
    "principle.put": "set",
    "principle.declare": "declaration",
    "principle.review": "review",
}


def check_body(kind: str, body: Value) -> None:
    """Accept the body of a statement of a kind of spec 22, or `malformed`."""
    require(BODIES[kind](body), "malformed")


def key(kind: str, body: Value) -> tuple[str, bytes]:
    """Under which sort and key something is said."""
    if kind in SORTS:
        return SORTS[kind], body["id"]
    if kind == "claim.skill":
        return "skill", body["subject"]["log"] + body["subject"]["id"] + body["skill"].encode()
    return "opinion", body["about"]["log"] + body["about"]["id"]


def in_force(said: list[tuple[str, Value]], erased: list[int]) -> list[int]:
    """Of the statements of one log in order, without the erased ones, the indices of those in force."""
    last: dict[tuple[str, bytes], int] = {}
    for index, (kind, body) in enumerate(said):
        if index not in erased:
            last[key(kind, body)] = index
    return sorted(index for index in last.values() if not said[index][1].get("withdrawn", False))
