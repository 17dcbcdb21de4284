# SPDX-License-Identifier: AGPL-3.0-or-later
"""A tool library on the command line: bookings that never overlap, fees by class, events, thanks, corrections."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, get_args

from cli.event import ACTIONS
from cli.post import CODES
from protocol.reciprocity_bodies import Action, PostCode
from tests.cli.conftest import Home
from tests.cli.test_ledger import balances, refused

if TYPE_CHECKING:
    pass

YEAR = time.gmtime().tm_year + 1
DAY, THREE_LATER = f"{YEAR}-03-10", f"{YEAR}-03-13"


def key(home: Home) -> list[str]:
    return ["--key", f"{home.path}-bruno.key"]


def book(home: Home, thing: str, begin: str, end: str, who: str, *more: str) -> str:
    words = ["booking", "add", thing, begin, end, "--for", who, "--contract", "Tool library", "--json", *more]
    return str(home.well(*words).json["id"])


def test_who_books_without_a_contract_needs_who_lends(library: Home) -> None:
    words = ["booking", "add", "Ladder", f"{DAY}T09:00", f"{DAY}T10:00", "--for", "Amina"]
    refused(library(*words, "--by", "receiver"), "not_authorised")
    library.well(*words)
    assert re.search("09:00 - 10:00 +Ladder", library.well("booking", "list").out)


def test_two_bookings_never_overlap(library: Home) -> None:
    mixer = book(library, "Cement mixer", DAY, THREE_LATER, "Bruno", *key(library))
    other = ["booking", "add", "cement mixer", f"{DAY}T09:00", f"{DAY}T18:00", "--for", "Amina"]
    refused(library(*other, "--contract", "Tool library"), "taken at that time")
    book(library, "Ladder", f"{DAY}T09:00", f"{DAY}T18:00", "Amina")
    calendar = library.well("booking", "list").out
    assert re.search("09:00 - 18:00 +Ladder", calendar)
    assert f"00:00 - {THREE_LATER} 00:00  Cement mixer" in calendar
    shown = library.well("booking", "calendar", "Cement mixer", "--from", DAY)
    assert f"{DAY}T00:00Z  {THREE_LATER}T00:00Z" in shown.out
    assert "coop:" in shown.out
    told = library.well("booking", "calendar", "Ladder", "--from", THREE_LATER, "--json").json
    assert (told["schema"], told["taken"]) == ("folkmoot.resource/1", [])
    library.well("booking", "cancel", mixer, *key(library))
    library.well(*other, "--contract", "Tool library")
    booked = library.well("booking", "list", "--resource", "Cement mixer", "--json").json["bookings"]
    assert [one["receiver"]["name"] for one in booked] == ["Amina"]
    assert len(library.well("booking", "list", "--all", "--json").json["bookings"]) == 3
    refused(library("booking", "add", "Ladder", "2026-3-1", DAY, "--for", "Amina"), "write it in UTC")


def test_a_fee_follows_from_the_class_and_is_taken_once(library: Home) -> None:
    book(library, "Cement mixer", DAY, THREE_LATER, "Bruno", *key(library))
    book(library, "Ladder", DAY, THREE_LATER, "Amina")
    owed = library.well("contract", "carry-out", "Tool library", "--json").json
    assert [(one["what"], one["lines"][1]["amount"]) for one in owed["owed"]] == [("use by Bruno", "30.00")]
    assert balances(library)["Upkeep"] == "30.00"
    assert library.well("contract", "carry-out", "Tool library", "--json").json["posted"] == []
    (post, *_) = library.well("post", "list", "--owner", "Bruno", "--json").json["posts"]
    assert (post["code"], post["basis"]["clause"]) == ("access_fee", 0)
    library.well("post", "correct", post["id"])
    assert balances(library)["Upkeep"] == "0.00"
    assert library.well("post", "show", post["position"], "--json").json["post"]["corrected"]
    assert "access_fee, corrected" in library.well("post", "list").out
    refused(library("post", "correct", post["id"]), "already_resolved")


def test_what_happened_is_said_and_answered(library: Home) -> None:
    words = ["event", "add", "work", "Amina", "org", "--effort", "2.50 h", "--stream", "care", "--gift", "--json"]
    event = library.well(*words).json["id"]
    library.well("event", "ack", event[:8], "thanks")
    shown = library.well("event", "show", event, "--json").json["event"]
    assert (shown["effort"], shown["gift"], shown["says"]) == ({"amount": "2.50", "unit": "h"}, True, ["thanks"])
    assert "gift, thanks" in library.well("event", "list", "--party", "Amina").out
    assert "care" in library.well("event", "show", event).out
    library.well("event", "correct", event)
    refused(library("event", "ack", event, "confirmed"), "already_resolved")
    refused(library("event", "add", "work", "Amina", "org", "--effort", "2.50h"), "not a quantity", 2)
    refused(library("event", "add", "work", "Amina", "org", "--effort", "2.50 EUR"), "the units do not fit")


def test_what_flowed_is_summed_up(library: Home) -> None:
    event = library.well(
        "event", "add", "work", "Amina", "org", "--effort", "2.50 h", "--stream", "care", "--json"
    ).json
    library.well("event", "ack", event["id"], "confirmed")
    value = library.well("member", "contributions", "Amina", "--json").json
    assert value["given"][0]["months"][0]["parts"] == [{"stream": "care", "gift": False, "amount": "2.50"}]
    assert "2.50 h" in library.well("member", "contributions", "Amina").out
    rows = {
        (one["source"], one["target"], one["amount"])
        for one in library.well("account", "flows", "--json").json["flows"]
    }
    assert {("outside", "members", "100.00"), ("members", "organisation", "2.50")} <= rows
    assert "organisation" in library.well("account", "flows").out


def test_quantities_and_footprints_follow_from_events(library: Home) -> None:
    library.well("event", "add", "raise", "org", "org", "--resource", "Ladder", "--quantity", "3 kWh")
    more = ["--resource", "Ladder", "--quantity", "1 kWh", "--footprint", "12 kWh"]
    library.well("event", "add", "transferCustody", "org", "Amina", *more)
    stock = library.well("event", "stock", "Ladder", "--json").json["stock"]
    assert {(one["holder"]["name"], one["accounting"], one["on_hand"]) for one in stock} == {("Moot", "3", "2")}
    assert "Ladder" in library.well("event", "stock").out


def test_a_promise_is_kept(library: Home) -> None:
    words = ["booking", "promise", "work", "Amina", "org", "--quantity", "2.00 h", "--due", DAY, "--json"]
    promise = library.well(*words).json["id"]
    assert "2.00 h" in library.well("booking", "list", "--from", DAY).out
    library.well("event", "add", "work", "Amina", "org", "--effort", "2.00 h", "--fulfils", promise)
    assert library.well("booking", "list", "--json").json["bookings"] == []


def test_posts_of_any_code(library: Home) -> None:
    library.well("post", "add", "opening", "Bank=-5.00", "Amina=5.00")
    assert balances(library)["Amina/EUR"] == "55.00"
    refused(library("post", "add", "transfer", "Bank=-5.00", "Amina=4.00"), "unbalanced")
    refused(library("post", "add", "transfer", "Bank", "Amina=4.00"), "is not a leg", 2)
    refused(library("post", "add", "transfer", "Amina=-4.00", "Amina=4.00"), "stands twice", 2)
    refused(library("post", "show", "99999"), "no post", 4)
    refused(library("post", "add", "writeoff", "Amina=1.00", "--claim", "zz"), "is not an id", 2)


def test_units_are_exchanged_and_never_paid_too_little(library: Home) -> None:
    library.well("account", "open", "org", "h", "--floor", "-100.00", "--title", "Hours")
    library.well("account", "open", "Amina", "h")
    library.well("pay", "Bank", "Upkeep", "100.00")
    said = library.well("post", "exchange", "Amina/EUR", "Amina/h", "1.00", "3/40")
    assert "13.34 EUR for 1.00 h" in said.out, "one hour is 40/3 euros, rounded up"
    after = balances(library)
    assert [after[name] for name in ("Amina/EUR", "Amina/h", "Upkeep", "Hours")] == ["36.66", "1.00", "113.34", "-1.00"]
    refused(library("post", "exchange", "Amina/EUR", "Amina/h", "0.00", "1/1"), "more than nothing", 2)


def test_the_words_are_those_of_the_specification() -> None:
    assert set(ACTIONS) == set(get_args(Action))
    assert {*CODES, "correction"} == set(get_args(PostCode))
