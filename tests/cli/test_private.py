# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records that are not public, on the machine that may read them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ledger.sqlite.store import SqliteStore
from protocol.identity import show_log_id
from protocol.statement import Entry, parse_entry

if TYPE_CHECKING:
    from tests.cli.conftest import Home

ID = "11" * 16


def put(home: Home, name: str, *options: str, record_id: str = ID) -> int:
    file = home.path.parent / "record.json"
    file.write_text(json.dumps({"id": record_id, "kind": "place", "name": {"en": name}, "licence": "CC0-1.0"}))
    return int(home.well("record", "put", str(file), *options, "--json").json["position"])


def entry(home: Home, position: int) -> Any:
    log = home.well("log", "list", "--json").json["logs"][0]["log"]
    return home.well("log", "show", log, position, "--json").json


def test_they_are_found_and_shown_as_what_they_are(home: Home) -> None:
    put(home, "Quince", "--scope", "circle")
    assert home.total() == 0
    assert home.total("--private") == 1
    assert "NOT PUBLIC (circle)" in home.well("search", "--private", "quince").out
    shown = home.well("record", "show", ID)
    assert "Quince" in shown.out
    assert "NOT PUBLIC" in shown.err
    assert home.well("record", "show", ID, "--json").json["record"]["entry"]["scope"] == "circle"


def test_of_two_states_the_newer_one_is_shown(home: Home) -> None:
    put(home, "Quince", "--scope", "private")
    file = home.path.parent / "record.json"
    assert "its other state, which is not public" in home.well("record", "put", str(file)).err
    put(home, "Bakery")
    shown = home.well("record", "show", ID)
    assert ("Bakery" in shown.out, "not public" in shown.err, "NOT PUBLIC" in shown.err) == (True, True, False)
    put(home, "Medlar", "--scope", "private")
    shown = home.well("record", "show", ID)
    assert ("Medlar" in shown.out, "public, is older" in shown.err) == (True, True)
    assert home.total("bakery") == 1


def test_what_is_said_of_one_reaches_no_more_than_it_does(home: Home) -> None:
    other = home.well("log", "list", "--json").json["logs"][0]["log"]
    put(home, "Quince", "--scope", "private", "--party", other)
    checked = home.well("record", "check", ID, "--json").json["position"]
    closed = home.well("record", "close", ID, "--json").json["position"]
    with SqliteStore(home.path / "store" / "ledger.db", writable=False).read() as reads:
        for stored in reads.entries(1, checked, closed + 1):
            header = parse_entry(stored.entry)
            assert isinstance(header, Entry)
            assert header.scope == 2
    (record,) = home.well("search", "--private", "--status", "closed", "--json").json["records"]
    assert record["entry"]["latest"] == closed
    assert record["checked_at"]


STRANGER = show_log_id(bytes(32))


def test_the_circle_is_chosen_by_name_or_id(home: Home) -> None:
    own = home.well("log", "list", "--json").json["logs"][0]["log"]
    assert "nobody is in the circle" in home.well("peer", "circle", "list").err
    assert home.well("peer", "circle", "add", STRANGER, "--name", "Neighbours").out.strip().endswith("Neighbours")
    size = home.well("log", "list", "--json").json["logs"][0]["size"]
    home.well("peer", "circle", "add", STRANGER)
    assert home.well("log", "list", "--json").json["logs"][0]["size"] == size  # they are in it already
    (member,) = home.well("peer", "circle", "list", "--json").json["members"]
    assert (member["log"], member["name"]) == (STRANGER, "Neighbours")
    assert "Neighbours" in home.well("peer", "circle", "list").out
    assert home("peer", "circle", "add", own).code == 1
    assert home("peer", "circle", "add", own[:6]).code == 1
    assert home("peer", "circle", "add", "zzzz").code == 4
    removed = home.well("peer", "circle", "remove", STRANGER[:5], "--json").json
    assert removed == {"schema": "folkmoot.member/1", "state": "removed", "log": STRANGER}
    assert home("peer", "circle", "remove", STRANGER).code == 4
    assert home.well("peer", "circle", "list", "--json").json["members"] == []


def test_what_was_erased_is_listed_with_who_has_followed(home: Home) -> None:
    assert "nothing was erased" in home.well("log", "erased").out
    position = put(home, "Quince")
    assert home("log", "erased", position).code == 4
    assert f"`folkmoot log erased {position}`" in home.well("log", "erase", position, "--reason", "request").out
    (erased,) = home.well("log", "erased", "--json").json["erased"]
    assert (erased["position"], erased["reason"], erased["erased_by"]) == (position, "request", position + 1)
    assert home.well("log", "erased", position, "--json").json["erased"] == [erased]
    log = home.well("log", "list", "--json").json["logs"][0]["log"]
    for shown in (home.well("log", "erased", position).out, home.well("log", "show", log, position).out):
        assert "nobody has confirmed it yet" in shown
    store = SqliteStore(home.path / "store" / "ledger.db")
    with store.write() as change:
        change.set_holder(bytes(32), position + 1, 10)
    store.close()
    assert f"not confirmed by an organisation not known here ({STRANGER[:8]})" in home.well("log", "erased").out
