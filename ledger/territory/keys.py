# SPDX-License-Identifier: AGPL-3.0-or-later
"""Under which key something is said, and what of it is in force (spec 22 §2). Pure: statements in, rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.values import KnowledgeRow
from protocol.knowledge import (
    KnowledgeBody,
    NeedPut,
    PrincipleDeclare,
    PrincipleOpinion,
    PrinciplePut,
    PrincipleReview,
    ProblemPut,
    SkillClaim,
    TermPut,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.directory import Body
    from protocol.record import Subject
    from protocol.statement import Statement

TERM: Final = "term"
PROBLEM: Final = "problem"
NEED: Final = "need"
SET: Final = "set"
DECLARATION: Final = "declaration"
REVIEW: Final = "review"
SKILL: Final = "skill"
OPINION: Final = "opinion"


def knowledge_row(tree: int, position: int, statement: Statement, body: Body | None) -> KnowledgeRow:
    """The row of a statement that was applied."""
    sort, key, about = _said_under(body)
    log_id, thing = (about.log, about.id) if about else (b"", b"")
    assert isinstance(body, KnowledgeBody)
    withdrawn = body.withdrawn
    return KnowledgeRow(
        tree, position, sort, key, statement.kind, statement.at, withdrawn, log_id, thing, bytes(statement.body)
    )


def _said_under(body: Body | None) -> tuple[str, bytes, Subject | None]:
    """Sort, key, and what it is about."""
    match body:
        case TermPut(id=key):
            return TERM, key, None
        case ProblemPut(id=key):
            return PROBLEM, key, None
        case NeedPut(id=key, problem=problem):
            return NEED, key, problem
        case PrinciplePut(id=key):
            return SET, key, None
        case PrincipleDeclare(id=key, subject=subject):
            return DECLARATION, key, subject
        case PrincipleReview(id=key, subject=subject):
            return REVIEW, key, subject
        case SkillClaim(subject=subject, skill=skill):
            return SKILL, subject.log + subject.id + skill.encode(), subject
        case PrincipleOpinion(about=about):
            return OPINION, about.log + about.id, about
    raise TypeError(f"not about a territory: {type(body).__name__}")


def in_force(rows: Iterable[KnowledgeRow]) -> list[KnowledgeRow]:
    """Of the statements of each log, in order, those in force: the last under each key, unless it withdraws."""
    last = {(row.tree, row.sort, row.key): row for row in rows}
    return [row for row in last.values() if not row.withdrawn]
