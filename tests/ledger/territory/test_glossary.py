# SPDX-License-Identifier: AGPL-3.0-or-later
"""The glossary: order, search without accents, what is the same, what is linked, SKOS, tables."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ledger.sqlite.store import SqliteStore
from ledger.territory.glossary import called_alike, headwords, languages_of, links, same_notion, search
from ledger.territory.glossary_file import read_glossary
from ledger.territory.knowledge import Knowledge
from ledger.territory.linked import glossary_document
from protocol.errors import Malformed
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.ledger.making import Scribe, derive, hold
from tests.ledger.territory.saying import put, see

NewStore = Callable[[], SqliteStore]


@pytest.fixture
def told(new_store: NewStore) -> tuple[Scribe, Scribe, SqliteStore]:
    """Two towns, which have words for the same and for others."""
    lille, ghent, store = Scribe("lille"), Scribe("ghent"), new_store()
    put(lille, "term.put", "commun", {"fr": "Commun", "en": "commons"})
    put(lille, "term.put", "place", {"fr": "tiers-lieu", "en": "third place"}, see=see(lille, broader="commun"))
    put(lille, "term.put", "ecole", {"fr": "École"}, definition={"fr": "Un tiers de la journée."})
    put(ghent, "term.put", "plek", {"nl": "derde plek"}, place={"name": "Gent"}, see=see(lille, same="place"))
    put(ghent, "term.put", "third", {"en": "Third  Place"}, see=see(ghent, differs="plek", related="nowhere"))
    for scribe in (lille, ghent):
        hold(store, scribe.log)
    derive(store)
    return lille, ghent, store


def words(knowledge: Knowledge, *languages: str, only: str = "") -> list[str]:
    return [one.word for one in headwords(knowledge.all("term"), languages, only)]


def test_words_stand_in_the_order_of_the_alphabet(told: tuple[Scribe, Scribe, SqliteStore]) -> None:
    with told[2].read() as reads:
        knowledge = Knowledge(reads)
        assert words(knowledge, "fr", "nl") == ["Commun", "derde plek", "École", "Third  Place", "tiers-lieu"]
        assert words(knowledge, "fr", only="en") == ["commons", "Third  Place", "third place"]
        assert languages_of(knowledge.all("term")) == {"en": 3, "fr": 3, "nl": 1}
        assert headwords(knowledge.all("term"), ("fr",))[2].letter == "E"


def test_search_knows_no_accents_and_puts_names_first(told: tuple[Scribe, Scribe, SqliteStore]) -> None:
    with told[2].read() as reads:
        terms = Knowledge(reads).all("term")
        assert [one.id for one in search(terms, "ecole")] == [seeded("ecole", 16)]
        assert [one.id for one in search(terms, "TIERS")] == [seeded("place", 16), seeded("ecole", 16)]
        assert [one.id for one in search(terms, "gent plek")] == [seeded("plek", 16)]
        assert search(terms, "  ") == search(terms, "lieux") == []


def test_what_is_the_same_is_shown_together_from_either_side(told: tuple[Scribe, Scribe, SqliteStore]) -> None:
    with told[2].read() as reads:
        knowledge = Knowledge(reads)
        for first, other in (("place", "plek"), ("plek", "place")):
            known = next(one for one in knowledge.all("term") if one.id == seeded(first, 16))
            notion = same_notion(knowledge, known)
            assert [one.id for one in notion] == [seeded(first, 16), seeded(other, 16)]
            found = [(link.relation, link.subject.id) for link in links(knowledge, notion)]
            assert found == [("broader", seeded("commun", 16)), ("differs", seeded("third", 16))]
            assert [one.id for one in called_alike(knowledge, notion)] == [seeded("third", 16)]


def test_links_are_seen_from_the_other_end(told: tuple[Scribe, Scribe, SqliteStore]) -> None:
    with told[2].read() as reads:
        knowledge = Knowledge(reads)
        commons = knowledge.named("term", "COMMONS")
        assert [(link.relation, link.subject.id) for link in links(knowledge, [commons])] == [
            ("narrower", seeded("place", 16))
        ]
        third = knowledge.named("term", "third  place")
        assert [(link.relation, link.known is None) for link in links(knowledge, [third])] == [
            ("related", True),
            ("differs", False),
        ]


def test_as_linked_data(told: tuple[Scribe, Scribe, SqliteStore]) -> None:
    lille, _, store = told
    with store.read() as reads:
        knowledge = Knowledge(reads)
        graph = glossary_document(knowledge, knowledge.all("term"), "https://a.example")["@graph"]
    base = f"https://a.example/knowledge/term/{show_log_id(lille.log_id)}"
    place = next(one for one in graph if one["@id"] == f"{base}/{seeded('place', 16).hex()}")
    assert place["skos:prefLabel"] == [
        {"@value": "third place", "@language": "en"},
        {"@value": "tiers-lieu", "@language": "fr"},
    ]
    assert place["skos:broader"] == [{"@id": f"{base}/{seeded('commun', 16).hex()}"}]
    assert len(graph) == 6


def test_a_table_of_terms() -> None:
    log_id = bytes(32)
    content = (
        "term:fr;term:nl;definition:fr;place;broader\n"
        "commun;gemeengoed;À nous tous;;\n"
        "tiers-lieu;derde plek;;Lille;Commun\n"
        "perdu;;;;nulle part\n"
        f"{'x' * 201};;;;\n"
    ).encode()
    made = read_glossary(content, log_id, "fr", "CC0-1.0")
    assert made == read_glossary(content, log_id, "fr", "CC0-1.0")
    commons, place = made.bodies
    assert commons["term"] == {"fr": "commun", "nl": "gemeengoed"}
    assert place["place"] == {"name": "Lille"}
    assert place["see"] == [{"relation": "broader", "term": {"log": log_id, "id": commons["id"]}}]
    assert [row for row, _ in made.refused] == [4, 5]
    with pytest.raises(Malformed, match="term:fr"):
        read_glossary(b"a;b\n1;2\n", log_id, "fr", "CC0-1.0")
