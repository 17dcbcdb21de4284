# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 22: bodies, and what is in force."""

from collections.abc import Iterator

from tests.reference import knowledge, messagepack
from tests.reference.cases.broken_records import SUBJECT
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group, vector_file

ID = seeded_bytes("knowledge id", 16)
POINT: Value = {"lat": 506_292_000, "lon": 30_573_000, "precision": 500, "method": "town"}
THING: dict[str, Value] = {"id": ID, "licence": "CC-BY-4.0"}
PLAIN: dict[str, dict[str, Value]] = {
    "term.put": {**THING, "term": {"en": "third place"}},
    "problem.put": {**THING, "title": {"fr": "Pas d'abri"}, "state": "open"},
    "need.put": {**THING, "title": {"nl": "Een oversteekplaats"}, "state": "voiced"},
    "claim.skill": {"subject": SUBJECT, "skill": "skill:bookkeeping"},
    "principle.put": {
        **THING,
        "title": {"en": "Ours"},
        "principles": [{"code": "open-door", "title": {"en": "The door is open"}}],
    },
    "principle.declare": {"id": ID, "subject": SUBJECT, "set": SUBJECT},
    "principle.review": {
        "id": ID,
        "subject": SUBJECT,
        "set": SUBJECT,
        "code": "open-door",
        "answer": "partly",
        "on": 20_500,
    },
    "principle.endorse": {"about": SUBJECT},
    "principle.dispute": {"about": SUBJECT},
}


def generate() -> bytes:
    """The file 22-knowledge.json."""
    return vector_file("22", "Knowledge of a territory", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield bodies(Group("body", "Read body_hex as the body of a statement of this kind, §1, as on receipt.", check_body))
    yield states(
        Group(
            "in_force",
            "Statements of one log in order, as [kind, body_hex]; those at the indices `erased` are erased. The"
            " indices of those that are in force (§2).",
            check_state,
        )
    )


def check_body(inputs: Fields) -> Fields:
    knowledge.check_body(inputs["kind"], messagepack.decode(bytes.fromhex(inputs["body_hex"])))
    return {}


def check_state(inputs: Fields) -> Fields:
    said = [(kind, messagepack.decode(bytes.fromhex(body))) for kind, body in inputs["said"]]
    return {"in_force": knowledge.in_force(said, inputs["erased"])}


def bodies(group: Group) -> Group:
    def valid(name: str, kind: str, body: Value) -> None:
        group.valid(f"{kind} {name}", kind=kind, body_hex=messagepack.encode(body).hex())

    def invalid(name: str, kind: str, body: Value) -> None:
        group.invalid(f"{kind}: {name}", "malformed", kind=kind, body_hex=messagepack.encode(body).hex())

    for kind, content in PLAIN.items():
        valid("plain", kind, content)
        valid("withdrawn", kind, content | {"withdrawn": True})
        valid("with an unknown key", kind, content | {"zz": [1]})
        invalid("withdrawn is 1", kind, content | {"withdrawn": 1})
        for name in content:
            invalid(f"without {name}", kind, {key: part for key, part in content.items() if key != name})
            invalid(f"{name} of another type", kind, content | {name: [False]})
    for name, kind, changes in fuller():
        valid(name, kind, PLAIN[kind] | changes)
    for name, kind, changes in broken():
        invalid(name, kind, PLAIN[kind] | changes)
    return group


def fuller() -> Iterator[tuple[str, str, dict[str, Value]]]:
    """Name, kind, and what else a body may hold."""
    yield "in 32 languages", "term.put", {"term": {f"x-{number}": "a" * 200 for number in range(32)}}
    yield "of 4,000 characters", "term.put", {"definition": {"en": "a" * 4_000}}
    yield "of a town", "term.put", {"place": {"name": "Lille", "point": POINT}}
    for relation in ("broader", "narrower", "related", "same", "differs"):
        yield f"{relation}", "term.put", {"see": [{"relation": relation, "term": SUBJECT}]}
    yield "of a source", "term.put", {"sources": [{"set": "lexicon", "licence": "CC0-1.0"}], "categories": ["a:b"]}
    yield "solved", "problem.put", {"state": "solved", "description": {"en": "Rain.\nAnd wind."}}
    yield (
        "with a solution",
        "problem.put",
        {
            "state": "partly",
            "solutions": [
                {"how": {"en": "A roof"}, "who": "Ann", "by": SUBJECT, "evidence": "https://a.example/", "on": -1},
                {"how": {"en": "Another"}},
            ],
        },
    )
    yield "put to the vote", "need.put", {"proposal": ID, "heard": "at the market", "description": {"en": "a"}}
    yield "taken up", "need.put", {"state": "taken_up", "problem": SUBJECT, "answer": {"en": "We will."}}
    for state in ("met", "declined"):
        yield state, "need.put", {"state": state, "place": {"name": "a" * 200}}
    yield "explained", "claim.skill", {"term": SUBJECT, "note": "a" * 2_000}
    yield (
        "of 64",
        "principle.put",
        {
            "source": "https://ica.example/",
            "principles": [{"code": f"a-{number}", "title": {"en": "a"}, "text": {"en": "b"}} for number in range(64)],
        },
    )
    yield "of some", "principle.declare", {"codes": ["open-door", "a" * 64], "note": {"en": "Since 2020"}}
    yield "with evidence", "principle.review", {"evidence": {"en": "Minutes"}, "links": ["https://a.example/m"] * 16}
    for answer, day in (("yes", -719_162), ("no", 2_932_896)):
        yield f"{answer}", "principle.review", {"answer": answer, "on": day}
    for kind in ("principle.endorse", "principle.dispute"):
        yield "with a note", kind, {"note": "We have seen it."}


def broken() -> Iterator[tuple[str, str, dict[str, Value]]]:
    """Name, kind, and what is wrong."""
    yield "no language", "term.put", {"term": {}}
    yield "no tag of a language", "term.put", {"term": {"e n": "a"}}
    yield "an empty word", "term.put", {"term": {"en": ""}}
    yield "a word of 201 characters", "term.put", {"term": {"en": "a" * 201}}
    yield "a word with a tab", "term.put", {"term": {"en": "a\tb"}}
    yield "4,001 characters", "term.put", {"definition": {"en": "a" * 4_001}}
    yield "a place without a name", "term.put", {"place": {"point": POINT}}
    yield "a place at (0, 0)", "term.put", {"place": {"name": "a", "point": {**POINT, "lat": 0, "lon": 0}}}
    yield "an unknown relation", "term.put", {"see": [{"relation": "rhymes", "term": SUBJECT}]}
    yield "65 links", "term.put", {"see": [{"relation": "same", "term": SUBJECT}] * 65}
    yield "a category twice", "term.put", {"categories": ["a:b", "a:b"]}
    yield "a category without a scheme", "problem.put", {"categories": ["b"]}
    yield "an unknown state", "problem.put", {"state": "forgotten"}
    yield "a solution without how", "problem.put", {"solutions": [{"who": "Ann"}]}
    yield "33 solutions", "problem.put", {"solutions": [{"how": {"en": "a"}}] * 33}
    yield "evidence by mail", "problem.put", {"solutions": [{"how": {"en": "a"}, "evidence": "mailto:a@b.example"}]}
    yield "an unknown state", "need.put", {"state": "open"}
    yield "an id of 15 bytes", "need.put", {"proposal": bytes(15)}
    yield "heard in 201 characters", "need.put", {"heard": "a" * 201}
    yield "heard as nothing", "need.put", {"heard": ""}
    yield "no category", "claim.skill", {"skill": "bookkeeping"}
    yield "a note of 2,001 characters", "claim.skill", {"note": "a" * 2_001}
    yield "no principles", "principle.put", {"principles": []}
    yield "a code twice", "principle.put", {"principles": [{"code": "a", "title": {"en": "a"}}] * 2}
    yield "a code in upper case", "principle.put", {"principles": [{"code": "A", "title": {"en": "a"}}]}
    yield "a source that is a script", "principle.put", {"source": "javascript:alert(1)"}
    yield "no codes", "principle.declare", {"codes": []}
    yield "a code twice", "principle.declare", {"codes": ["a", "a"]}
    yield "a code of 65", "principle.declare", {"codes": ["a" * 65]}
    yield "an unknown answer", "principle.review", {"answer": "perhaps"}
    yield "a day before the first", "principle.review", {"on": -719_163}
    yield "17 links", "principle.review", {"links": ["https://a.example/"] * 17}
    yield "a link that is a script", "principle.review", {"links": ["javascript:alert(1)"]}
    yield "a note of 2,001 characters", "principle.dispute", {"note": "a" * 2_001}


def states(group: Group) -> Group:
    def add(name: str, *said: tuple[str, dict[str, Value]], erased: tuple[int, ...] = ()) -> None:
        made = [[kind, messagepack.encode(PLAIN[kind] | changes).hex()] for kind, changes in said]
        group.valid(name, said=made, erased=list(erased))

    other = {"id": bytes(16)}
    gone = {"withdrawn": True}
    for kind in PLAIN:
        add(f"{kind} said twice", (kind, {}), (kind, {}))
        add(f"{kind} taken back", (kind, {}), (kind, gone))
        add(f"{kind} said again", (kind, gone), (kind, {}))
    add("two terms", ("term.put", {}), ("term.put", other))
    add("one id, two sorts", ("term.put", {}), ("problem.put", {}), ("need.put", {}), ("principle.put", {}))
    add("the later opinion counts", ("principle.endorse", {}), ("principle.dispute", {}))
    add("neither", ("principle.endorse", {}), ("principle.dispute", gone))
    add("two skills", ("claim.skill", {}), ("claim.skill", {"skill": "skill:baking"}))
    add("two who know it", ("claim.skill", {}), ("claim.skill", {"subject": SUBJECT | other}))
    add("erased: what was said before counts again", ("term.put", {}), ("term.put", gone), erased=(1,))
    add("all erased", ("term.put", {}), ("term.put", {}), erased=(0, 1))
    return group
