# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 22 §1: the bodies of statements about a territory."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import decode, encode
from protocol.errors import Malformed
from protocol.kinds import PUBLIC_KINDS, check_body
from protocol.knowledge import (
    ANSWERS,
    KNOWLEDGE_BODIES,
    NEED_STATES,
    PROBLEM_STATES,
    RELATIONS,
    Answer,
    NeedState,
    ProblemState,
    Relation,
    check_knowledge,
)
from tests.drawing import draws
from tests.protocol.strategies import damaged, hostile
from tests.protocol.test_directory import receive
from tests.protocol.vectors import Case, agreed, load, vectors

BODIES: list[tuple[str, str, dict[str, Any]]] = [
    (case["name"], case["kind"], decode(bytes.fromhex(case["body_hex"])))  # type: ignore[misc] # a body is a map
    for case in load("22-knowledge")["body"]
    if case["valid"]
]
SIGNABLE = [(name, kind, body) for name, kind, body in BODIES if "zz" not in body]


@vectors("22-knowledge", "body")
def test_body_vectors(case: Case) -> None:
    with agreed(case):
        assert isinstance(receive(case["kind"], bytes.fromhex(case["body_hex"])), KNOWLEDGE_BODIES[case["kind"]])


@pytest.mark.parametrize(("name", "kind", "body"), SIGNABLE, ids=[name for name, _, _ in SIGNABLE])
def test_what_may_be_signed_comes_back(name: str, kind: str, body: dict[str, Any]) -> None:
    said = check_body(kind, body)
    assert said == receive(kind, encode(body)), name
    assert msgspec.to_builtins(said, builtin_types=(bytes,)) == body


@pytest.mark.parametrize("kind", KNOWLEDGE_BODIES)
def test_unknown_and_empty_fields_are_not_signed(kind: str) -> None:
    body = next(body for _, one, body in SIGNABLE if one == kind)
    for more in ({"zz": 1}, {"withdrawn": False}):
        with pytest.raises(Malformed, match=next(iter(more))):
            check_knowledge(kind, body | more)
    assert kind in PUBLIC_KINDS


def test_what_cannot_be_read_by_others_is_not_signed() -> None:
    term = next(body for _, kind, body in SIGNABLE if kind == "term.put")
    with pytest.raises(Malformed, match="SPDX"):
        check_knowledge("term.put", term | {"licence": "as you like!"})
    with pytest.raises(Malformed):
        check_knowledge("term.put", term | {"see": [{"relation": "same", "term": {}, "zz": 1}]})


def test_the_lists_of_words_are_those_of_the_types() -> None:
    for words, kind in ((RELATIONS, Relation), (PROBLEM_STATES, ProblemState), (NEED_STATES, NeedState)):
        assert words == kind.__args__  # type: ignore[attr-defined] # a Literal has it
    assert Answer.__args__ == ANSWERS  # type: ignore[attr-defined] # the same


@draws(200)
@given(st.sampled_from(SIGNABLE), st.data())
def test_any_bytes_are_refused_or_a_body(one: tuple[str, str, dict[str, Any]], data: st.DataObject) -> None:
    _, kind, example = one
    body = data.draw(damaged(st.just(encode(example))) | hostile)
    with suppress(Malformed):
        assert isinstance(receive(kind, body), KNOWLEDGE_BODIES[kind])
