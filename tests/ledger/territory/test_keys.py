# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 22 §2: what is in force of what logs say, also after something was erased, and when tables are made anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ledger.keeping.audit import audit
from ledger.sqlite.store import SqliteStore
from ledger.territory.keys import in_force
from protocol.encoding import decode
from tests.builders import seeded, signing_key
from tests.ledger.making import Scribe, derive, hold, rebuild
from tests.protocol.vectors import Case, vectors

NewStore = Callable[[], SqliteStore]
SORTS = ("term", "problem", "need", "set", "declaration", "review", "skill", "opinion")


def found_in(store: SqliteStore) -> list[tuple[int, int]]:
    """(tree, position) of all that is in force."""
    with store.read() as reads:
        return sorted((row.tree, row.position) for sort in SORTS for row in in_force(reads.known(sort)))


def term(word: str, label: str = "a", **fields: Any) -> dict[str, Any]:
    """The body of a `term.put`."""
    return {"id": seeded(label, 16), "term": {"en": word}, "licence": "CC0-1.0", **fields}


@vectors("22-knowledge", "in_force")
def test_what_is_in_force(case: Case, new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    positions = [scribe.say(kind, decode(bytes.fromhex(body))) for kind, body in case["said"]]  # type: ignore[arg-type] # a body is a map
    for index in case["erased"]:
        scribe.erase(positions[index])
    hold(store, scribe.log)
    derive(store)
    wanted = [(1, positions[index]) for index in case["in_force"]]
    assert found_in(store) == wanted
    with store.read() as reads:
        before = reads.derived_digest()
    rebuild(store, 1)
    assert found_in(store) == wanted
    with store.read() as reads:
        assert reads.derived_digest() == before
    assert audit(store).faults == []


def test_only_who_may_write_is_heard_and_only_in_public(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.say("term.put", term("one"), by=signing_key("stranger"))
    scribe.say("term.put", term("two"), scope=2)
    scribe.say("term.put", {"id": 1})
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        assert reads.verdicts(1, 0, 9) == {1: "not_authorised", 2: "scope", 3: "malformed"}
    assert found_in(store) == []


def test_logs_do_not_touch_what_others_say(new_store: NewStore) -> None:
    one, other, store = Scribe("moot"), Scribe("ghent"), new_store()
    one.say("term.put", term("third place"))
    other.say("term.put", term("not so") | {"withdrawn": True})
    other.say("term.put", term("derde plek", "b"))
    for scribe in (one, other):
        hold(store, scribe.log)
    derive(store)
    assert found_in(store) == [(1, 1), (2, 2)]


def test_one_log_makes_the_pages_not_large(new_store: NewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    one, loud, store = Scribe("moot"), Scribe("loud"), new_store()
    one.say("term.put", term("third place"))
    for number in range(8):
        loud.say("term.put", term("x" * 180, "same" if number < 4 else f"{number}"))
    for scribe in (one, loud):
        hold(store, scribe.log)
    derive(store)
    monkeypatch.setattr("ledger.sqlite.knowledge.BYTES_MAX", 700)
    with store.read() as reads:
        rows = reads.known("term")
        (about,) = {row.tree for row in rows if row.tree != 1}
        said = [row.position for row in rows if row.tree == about]
        assert [row.position for row in rows if row.tree == 1] == [1]
        assert said == [*range(9 - len(said), 9)], "the latest"
        assert 2 <= len(said) < 5
        assert sum(len(row.body) for row in rows if row.tree == about) <= 700
        history = reads.known_under(about, "term", seeded("same", 16))
        assert [row.position for row in history][-1] == 4
        assert len(history) < 4
        assert reads.first_known(about, "term", seeded("same", 16)) == 1


def test_what_was_erased_is_gone_from_the_tables(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.erase(scribe.say("term.put", term("zqcanary")))
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        assert reads.known("term") == []
        assert reads.verdicts(1, 0, 9) == {1: "erased"}


def test_a_denied_log_is_not_shown(new_store: NewStore) -> None:
    scribe, store = Scribe(), new_store()
    scribe.say("term.put", term("pills"))
    hold(store, scribe.log)
    derive(store)
    with store.write() as change:
        change.set_hidden([scribe.log_id])
    assert found_in(store) == []
