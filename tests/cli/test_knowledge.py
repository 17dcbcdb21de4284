# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known in a territory, on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_ledger import refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Home


def known(home: Home, *words: str) -> list[dict[str, object]]:
    return list(home.well(*words, "--json").json["known"])


def a_record(home: Home, tmp_path: Path, name: str = "Bakery") -> str:
    """A record of the own log; what it is called on the command line."""
    file = tmp_path / "record.json"
    file.write_text(json.dumps({"kind": "organisation", "name": {"en": name}, "licence": "CC0-1.0"}), "utf-8")
    return str(home.well("record", "put", file, "--json").json["id"])


def test_words_are_explained_found_taken_back_and_carried_away(mutual: Home, tmp_path: Path) -> None:
    mutual.well("term", "put", "en=commons", "fr=commun", "--definition", "fr=Ce qui est à nous")
    mutual.well("term", "put", "fr=tiers-lieu", "--place", "Lille", "--see", "broader=commons")
    (found,) = known(mutual, "term", "list", "--search", "LIEU")
    assert found["place"]["name"] == "Lille"  # type: ignore[index] # an object
    assert "Ce qui est" in mutual.well("term", "show", "commun").out
    graph = json.loads(mutual.well("term", "export", "--base", "https://a.example").out)["@graph"]
    assert len(graph) == 3
    mutual.well("term", "take-back", "tiers-lieu")
    assert len(known(mutual, "term", "list")) == 1
    refused(mutual("term", "show", "tiers-lieu"), "0 things known here", 4)
    refused(mutual("term", "put", "a", "--see", "rhymes=b"), "--see is one of", 2)
    file = tmp_path / "words.csv"
    file.write_text(
        "term:fr;term:nl;broader\ncommun;gemeengoed;\ntiers-lieu;derde plek;commun\nseul;;personne\n", "utf-8"
    )
    counts = mutual.well("term", "import", file, "--dry-run", "--json").json
    assert (counts["written"], counts["refused"]) == (2, 1)
    assert mutual.well("term", "import", file, "--json").json["written"] == 2
    assert mutual.well("term", "import", file, "--json").json["same"] == 2
    assert len(known(mutual, "term", "list")) == 3


def test_problems_are_solved(mutual: Home, tmp_path: Path) -> None:
    record = a_record(mutual, tmp_path)
    mutual.well("problem", "put", "No shelter", "--place", "Lille")
    mutual.well("problem", "solve", "No shelter", "A roof", "fr=Un toit", "--by", record, "--on", "2026-05-03")
    (problem,) = known(mutual, "problem", "list")
    assert problem["state"] == "solved"
    assert problem["solutions"][0]["on"] == "2026-05-03"  # type: ignore[index] # a list
    assert "No shelter" in mutual.well("problem", "show", "No shelter").out


def test_members_vote_on_needs(mutual: Home) -> None:
    mutual.well("need", "put", "A bench", "--heard", "by letter")
    mutual.well("need", "put", "A crossing")
    refused(mutual("need", "vote", "A crossing", "Amina", "for"), "not put to the vote", 1)
    mutual.well("need", "ask", "A crossing", "--closes", "2100-01-01")
    mutual.well("need", "vote", "A crossing", "Amina", "against")
    mutual.well("need", "vote", "A crossing", "Amina", "for")
    first, second = known(mutual, "need", "list")
    assert (first["title"], first["votes"]["for"]) == ({"en": "A crossing"}, 1)  # type: ignore[index] # an object
    assert "votes" not in second
    mutual.well("need", "put", "--change", "A bench", "--state", "met", "--answer", "There it stands")
    assert "There it stands" in mutual.well("need", "show", "A bench").out
    refused(mutual("need", "put"), "say what it is called", 2)


def test_who_knows_what_and_holds_to_what(mutual: Home, tmp_path: Path) -> None:
    record = a_record(mutual, tmp_path)
    mutual.well("skill", "add", record, "Sourdough bread")
    (expert,) = mutual.well("skill", "list", "sour", "--json").json["experts"]
    assert expert["skills"][0]["skill"] == "skill:sourdough bread"
    assert "co-operative" in mutual.well("principle", "templates").out
    own = tmp_path / "own.toml"
    own.write_text(mutual.well("principle", "templates", "commons").out, "utf-8")
    mutual.well("principle", "put", "--file", own)
    mutual.well("principle", "put", "co-operative")
    assert len(known(mutual, "principle", "list")) == 2
    mutual.well("principle", "declare", record, "co-operative", "--only", "education")
    mutual.well("principle", "review", record, "co-operative", "education", "partly", "--evidence", "A course")
    refused(mutual("principle", "review", record, "co-operative", "flying", "yes"), "the principles of that set", 2)
    (review,) = known(mutual, "principle", "list", "--what", "reviews")
    mutual.well("principle", "dispute", str(review["id"]), "--note", "No course")
    (opinion,) = known(mutual, "principle", "list", "--what", "opinions")
    assert opinion["note"] == "No course"
    refused(mutual("principle", "endorse", "ffffffff"), "no declaration or review", 4)


@pytest.mark.parametrize("words", [("term", "list"), ("problem", "list"), ("need", "list"), ("skill", "list")])
def test_nothing_is_known_yet(mutual: Home, words: tuple[str, ...]) -> None:
    assert mutual.well(*words).code == 0
