# SPDX-License-Identifier: AGPL-3.0-or-later
"""Codes of the closed lists of what is known in a territory (spec 22) in English, by group."""

KNOWLEDGE_LABELS: dict[str, dict[str, str]] = {
    "term_relation": {
        "broader": "Belongs to",
        "narrower": "Takes in",
        "related": "Has to do with",
        "same": "Means the same as",
        "differs": "Not to be confused with",
    },
    "problem_state": {"open": "Open", "partly": "Solved in part", "solved": "Solved"},
    "need_state": {"voiced": "Voiced", "taken_up": "Taken up", "met": "Met", "declined": "Declined"},
    "known_sort": {
        "terms": "Word",
        "problems": "Problem",
        "needs": "Need",
        "skills": "Skill",
        "principles": "Set of principles",
        "declarations": "Declaration",
        "reviews": "Review",
        "opinions": "Opinion",
    },
    "principle_set": {
        "co-operative": "The seven co-operative principles",
        "open-co-op": "Open co-op patterns",
        "commons": "What long-lived commons have in common",
    },
    "opinion": {"endorse": "We endorse it", "dispute": "We dispute it"},
    "answer": {"yes": "Yes", "partly": "In part", "no": "No"},
}
KNOWN = {
    "term.put": "A word is explained",
    "problem.put": "A problem is written down",
    "need.put": "A need is written down",
    "claim.skill": "Somebody is good at something",
    "principle.put": "Principles are written down",
    "principle.declare": "Somebody holds to principles",
    "principle.review": "A principle is reviewed",
    "principle.endorse": "A declaration or review is endorsed",
    "principle.dispute": "A declaration or review is disputed",
}
"""What the statements of spec 22 say."""
KNOWN_FIELDS = {
    "term": "Word",
    "definition": "What it means",
    "description": "Description",
    "see": "Linked words",
    "licence": "Licence",
    "solutions": "How it was solved",
    "heard": "How it was heard",
    "answer": "Answer",
    "problem": "Problem",
    "subject": "About",
    "skill": "Skill",
    "withdrawn": "Taken back",
    "principles": "Principles",
    "source": "Source",
    "set": "Set of principles",
    "codes": "Only these principles",
    "evidence": "What shows it",
    "links": "Where it can be seen",
    "place": "Place",
}
"""Their fields."""
