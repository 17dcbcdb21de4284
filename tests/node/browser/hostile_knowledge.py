# SPDX-License-Identifier: AGPL-3.0-or-later
"""Hostile text in everything that can be said of a territory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.builders import seeded

if TYPE_CHECKING:
    from tests.node.browser.hostile import Texts

ELSEWHERE = "https://canary.example"


def evil_knowledge(log_id: bytes, text: Texts) -> list[tuple[str, dict[str, Any]]]:
    """A statement of each kind, with all its fields, as a node that checks nothing could have signed it."""

    def langs(most: int) -> dict[str, str]:
        return {"en": text(most), "fr": text(most), "xx": text(most)}

    def thing(name: str) -> dict[str, bytes]:
        return {"log": log_id, "id": seeded(f"evil {name}", 16)}

    place = {"name": text(200), "point": {"lat": 506_000_000, "lon": 1, "precision": 0, "method": text()}}
    common = {"licence": text(100), "categories": [f"x:{text(100)}"], "place": place}
    who, url = thing("organisation"), f"{ELSEWHERE}/{text.tight()}"
    relations = ("broader", "narrower", "related", "differs")
    linked = [{"relation": one, "term": thing(f"term {one}")} for one in relations]
    same = [{"relation": "same", "term": thing("term")}]
    source = {"set": text(64), "licence": text(100), "attribution": text()}
    solution = {"how": langs(2000), "who": text(200), "by": who, "evidence": url, "on": 20_000}
    principle = {"code": "a", "title": langs(200), "text": langs(2000)}
    declared = {"subject": who, "set": thing("set")}
    more = {**common, "definition": langs(4000), "see": linked, "sources": [source]}
    problem = {"id": thing("problem")["id"], "state": "partly", "solutions": [solution]}
    need = {"id": thing("need")["id"], "state": "taken_up", "problem": thing("problem")}
    titled = {"title": langs(200), "description": langs(4000), **common}
    review = {"id": thing("review")["id"], **declared, "code": "a", "answer": "no", "on": 20_000}
    return [
        *(("term.put", {"id": thing(f"term {one}")["id"], "term": langs(200), **common}) for one in relations),
        ("term.put", {"id": thing("term")["id"], "term": langs(200), **more}),
        ("term.put", {"id": thing("other term")["id"], "term": langs(200), "see": same, **common}),
        ("problem.put", {**problem, **titled}),
        (
            "need.put",
            {**need, **titled, "heard": text(200), "answer": langs(2000), "proposal": seeded("mutual proposal", 16)},
        ),
        ("claim.skill", {"subject": who, "skill": f"x:{text(100)}", "term": thing("term"), "note": text(2000)}),
        (
            "principle.put",
            {
                "id": thing("set")["id"],
                "title": langs(200),
                "source": url,
                "principles": [principle, {"code": "b", "title": langs(200)}],
                "licence": text(100),
            },
        ),
        ("principle.declare", {"id": thing("declaration")["id"], **declared, "note": langs(2000)}),
        ("principle.review", {**review, "evidence": langs(2000), "links": [url]}),
        ("principle.endorse", {"about": thing("review"), "note": text(2000)}),
    ]
