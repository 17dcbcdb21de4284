# SPDX-License-Identifier: AGPL-3.0-or-later
"""The feed of changes: whoever follows it has what a search shows, whatever happens in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.directory.query import QueryError
from ledger.held.scopes import decide
from ledger.publishing.changes import changes_object, parse_limit
from protocol.identity import show_log_id
from protocol.statement import SCOPE_CIRCLE
from tests.ledger.making import Scribe, derive, hold, rebuild, record, record_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.sqlite.store import SqliteStore

    NewStore = Callable[[], SqliteStore]


class Follower:
    """Somebody who keeps a copy by the feed alone."""

    def __init__(self, store: SqliteStore, limit: int = 2) -> None:
        self.store, self.limit, self.since = store, limit, ""
        self.copy: dict[str, str] = {}
        self.told = 0

    def follow(self) -> dict[str, str]:
        """Reads on to the end; the names of the records by their ids."""
        more = True
        while more:
            with self.store.read() as reads:
                answer = changes_object(reads, self.since, self.limit)
            for change in answer["changes"]:
                self.told += 1
                if change.get("deleted"):
                    self.copy.pop(change["id"], None)
                else:
                    self.copy[change["id"]] = change["record"]["name"]["en"]
            self.since, more = answer["next"], answer["more"]
        return self.copy


def _ids(*numbers: int) -> set[str]:
    return {record_id(number).hex() for number in numbers}


def test_a_follower_has_what_is_there(new_store: NewStore) -> None:
    store, scribe = new_store(), Scribe()
    for number in range(5):
        scribe.put(number, f"Place {number}")
    hold(store, scribe.log)
    derive(store)
    follower = Follower(store)
    assert set(follower.follow()) == _ids(0, 1, 2, 3, 4)
    assert follower.told == 5
    scribe.put(1, "Another name")
    scribe.close(2)
    scribe.say("record.put", {"record": record(7, "Not for all")}, scope=SCOPE_CIRCLE)
    hold(store, scribe.log)
    derive(store)
    assert follower.follow()[record_id(1).hex()] == "Another name"
    assert follower.told == 7, "what is not public is no change"
    assert set(follower.copy) == _ids(0, 1, 2, 3, 4), "what has closed is there, as closed"


def test_what_is_erased_is_deleted(new_store: NewStore) -> None:
    store, scribe = new_store(), Scribe()
    first = scribe.put(1, "One")
    scribe.put(2, "Two")
    hold(store, scribe.log)
    derive(store)
    follower = Follower(store)
    follower.follow()
    scribe.say("erase", {"position": first, "reason": "request"})
    hold(store, scribe.log)
    derive(store)
    assert set(follower.follow()) == _ids(2)


def test_what_is_denied_is_deleted_until_it_is_allowed_again(new_store: NewStore) -> None:
    store, own, scribe = new_store(), Scribe("own"), Scribe()
    scribe.put(1, "One")
    scribe.put(2, "Two")
    hold(store, own.log)
    hold(store, scribe.log)
    with store.write() as change:
        change.set_fact("own", b"1")
    derive(store)
    follower = Follower(store)
    assert set(follower.follow()) == _ids(1, 2)
    with store.write() as change:
        decide(change, "deny", scribe.log_id)
    assert follower.follow() == {}
    with store.write() as change:
        decide(change, "allow", scribe.log_id)
    assert set(follower.follow()) == _ids(1, 2)
    deny = {"log": scribe.log_id, "id": record_id(1), "denied": True, "reason": "spam"}
    own.say("deny", deny)
    hold(store, own.log)
    derive(store)
    assert set(follower.follow()) == _ids(2)
    own.say("deny", deny | {"denied": False})
    hold(store, own.log)
    derive(store)
    assert set(follower.follow()) == _ids(1, 2)


def test_a_rebuild_tells_everything_again_and_loses_nothing(new_store: NewStore) -> None:
    store, scribe = new_store(), Scribe()
    for number in range(3):
        scribe.put(number, f"Place {number}")
    hold(store, scribe.log)
    derive(store)
    follower = Follower(store)
    before = dict(follower.follow())
    rebuild(store, 1)
    assert follower.follow() == before


def test_cursors_of_others_are_refused(new_store: NewStore) -> None:
    one, other = new_store(), new_store()
    with one.read() as reads:
        cursor = changes_object(reads, "")["next"]
    with other.read() as reads, pytest.raises(QueryError, match="another one than then"):
        changes_object(reads, cursor)
    with one.read() as reads:
        assert changes_object(reads, cursor)["changes"] == []
        with pytest.raises(QueryError, match="another one than then"):
            changes_object(reads, cursor[:-1] + "9")
        with pytest.raises(QueryError, match="take it from"):
            changes_object(reads, "yesterday")


@pytest.mark.parametrize("text", ["", "0", "501", "1e2", "\u0661", "9" * 30])
def test_limits(text: str) -> None:
    with pytest.raises(QueryError, match="limit"):
        parse_limit(text)


def test_a_log_is_named_in_full(new_store: NewStore) -> None:
    store, scribe = new_store(), Scribe()
    scribe.put(1, "One")
    hold(store, scribe.log)
    derive(store)
    with store.read() as reads:
        (change,) = changes_object(reads, "")["changes"]
    found: dict[str, Any] = change
    assert (found["log"], found["record"]["log"]) == (show_log_id(scribe.log_id),) * 2
