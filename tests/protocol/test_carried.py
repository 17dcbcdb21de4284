# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 17 §11: statements on their way from signer to signer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.carried import CARRIED_CHARACTERS_MAX, Carried, read_carried, sign_carried, write_carried
from protocol.errors import Malformed
from protocol.statement import SIGNATURES_MAX, commit, make_statement, open_payload
from tests.builders import START, seeded, signing_key
from tests.protocol.vectors import Case, agreed, hex_of, vectors

LOG = seeded("log")
AUTHOR = signing_key("author")
STATEMENT = make_statement(LOG, "vote", seeded("id", 16), START, AUTHOR.public, {"choice": 0})


@vectors("17-reciprocity", "carried")
def test_carried_vectors(case: Case) -> None:
    with agreed(case):
        read = read_carried(case["text"])
        found = {
            "statement_hex": read.statement.hex(),
            "scope": read.scope,
            "signers_hex": hex_of([key for key, _ in read.signatures]),
            "names": [[one.hex(), name, unit] for one, name, unit in read.names],
            "units": [list(unit) for unit in read.units],
        }
        assert found == {field: case[field] for field in found}
        assert read_carried(write_carried(read)) == read


@given(st.permutations(range(4)))
def test_whoever_signs_in_whatever_order_gives_the_same_payload(order: list[int]) -> None:
    keys = [AUTHOR, *(signing_key(f"signer {number}") for number in range(3))]
    carried = Carried(STATEMENT)
    for number in order:
        carried = read_carried(write_carried(sign_carried(carried, keys[number])))
    payload = carried.payload(bytes(32))
    opened = open_payload(payload, commit(payload), LOG, 1)
    opened.verify()
    assert {signature.key for signature in opened.payload.signatures} == {key.public for key in keys}
    assert sign_carried(carried, keys[0]) == carried


def test_it_is_not_entered_before_its_author_has_signed() -> None:
    carried = sign_carried(Carried(STATEMENT), signing_key("another"))
    with pytest.raises(Malformed, match="author") as refused:
        carried.payload(bytes(32))
    assert refused.value.reason == "author_signature"


def test_there_is_room_for_sixteen() -> None:
    carried = Carried(STATEMENT)
    for number in range(SIGNATURES_MAX):
        carried = sign_carried(carried, signing_key(f"signer {number}"))
    with pytest.raises(Malformed, match="16"):
        sign_carried(carried, AUTHOR)


@given(st.text(max_size=80))
def test_any_text_is_refused_with_a_reason(text: str) -> None:
    for one in (text, write_carried(Carried(STATEMENT)).replace("\n", f"{text}\n", 1)):
        try:
            assert read_carried(one).statement == STATEMENT
        except Malformed:
            continue


def test_a_text_without_end_is_not_read() -> None:
    with pytest.raises(Malformed) as refused:
        read_carried(" " * CARRIED_CHARACTERS_MAX + write_carried(Carried(STATEMENT)))
    assert refused.value.reason == "markers"
