# SPDX-License-Identifier: AGPL-3.0-or-later
"""Records to publish: as the directory shows them, one with everything and any that hypothesis draws."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ledger.importing.clean import clean, clean_line
from ledger.jsonform import to_json
from protocol.identity import show_log_id
from protocol.record import KINDS, SCOPES, TERMS, check_record

LOG = show_log_id(bytes(range(32)))
BASE = "https://commons.example.org"

FULL: dict[str, Any] = {
    "id": bytes(16),
    "kind": "organisation",
    "name": {"fr": "Outils & co", "nl": "Gereedschap"},
    "description": {"fr": "=HYPERLINK(1)\nPrête & répare"},
    "url": "https://outils.example.org/",
    "links": ["https://social.example.org/@outils", "https://outils.example.org/b?x=1,2"],
    "point": {"lat": 506_292_001, "lon": -30_573_000, "precision": 25, "method": "source"},
    "address": {"street": "1 rue A", "postcode": "59000", "locality": "Lille", "country": "FR"},
    "categories": ["osm:amenity=tool_library", "ica:ICA100"],
    "structure": ["OS10"],
    "membership": ["BMT10"],
    "hours": "Mo-Fr 09:00-17:00",
    "access": {"wheelchair": "limited", "fee": "no", "languages": ["fr", "nl"]},
    "scope": "local",
    "contact": {"visibility": "public", "email": "bonjour@example.org", "phone": "+33 3 20 00 00 00"},
    "identifiers": [{"scheme": "siret", "id": "12345678900012"}],
    "images": [{"url": "https://outils.example.org/a.jpg", "licence": "CC-BY-4.0", "alt": {"fr": "La façade"}}],
    "relations": [{"predicate": "member-of", "object": {"log": bytes(range(32)), "id": bytes(15) + b"\1"}}],
    "status": "paused",
    "licence": "ODbL-1.0",
    "sources": [{"set": "mairie", "record": "7", "licence": "etalab-2.0", "attribution": "Ville de Lille, 2026"}],
}


def shown(record: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A record as `record_object` shows it."""
    check_record(record)
    value = to_json(record)
    assert isinstance(value, dict)
    value.setdefault("status", "active")
    if "point" in record:
        value["point"] |= {axis: record["point"][axis] / 1e7 for axis in ("lat", "lon")}
    return {**value, "log": LOG, "entry": {"at": 1_700_000_000}, **more}


_letters = st.characters(categories=("L", "N", "P", "S", "Zs"), exclude_characters="\u00ad;\u2028\u2029")


def _lines(limit: int) -> st.SearchStrategy[str]:
    text = st.text(_letters, min_size=1, max_size=limit) | st.sampled_from(("=1+1", "-x", "'+y", "@z", "É, \"q\" 'r'"))
    return text.map(clean_line).filter(lambda line: bool(line) and clean_line(line) == line)


_words = st.from_regex(r"[a-z][a-z0-9_]{0,11}", fullmatch=True)
_texts = (
    st.lists(_lines(20), min_size=1, max_size=3)
    .map("\n".join)
    .map(clean)
    .filter(lambda text: bool(text) and clean(text) == text)
)
_tags = st.sampled_from(("fr", "nl", "en", "pt-BR", "und"))
_urls = st.from_regex(r"https?://[a-z]{1,9}\.example\.org/[a-z0-9,;?=&%-]{0,9}[a-z]", fullmatch=True)
_addresses = st.fixed_dictionaries(
    {},
    optional={
        **{part: _lines(30) for part in ("street", "postcode", "locality", "region")},
        "country": st.sampled_from(("FR", "BE", "PT")),
    },
).filter(bool)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Any public record, of what tables can say: no two records are alike only in their ids."""
    kind = draw(st.sampled_from(KINDS))
    directed = kind in {"offer", "need"}
    urls = draw(st.lists(_urls, unique_by=lambda url: url.rstrip("/"), max_size=4))
    point = st.fixed_dictionaries(
        {
            "lat": st.integers(-900_000_000, 900_000_000).filter(bool),
            "lon": st.integers(-1_800_000_000, 1_800_000_000),
            "precision": st.integers(10, 100_000),
            "method": st.just("source"),
        }
    )
    body = {
        "id": draw(st.binary(min_size=16, max_size=16)),
        "kind": kind,
        "name": draw(st.dictionaries(_tags, _lines(40), min_size=1, max_size=3)),
        "description": draw(st.dictionaries(_tags, _texts, max_size=3)),
        "url": urls[0] if urls else "",
        "links": urls[1:],
        "point": draw(st.none() | point),
        "address": draw(st.just({}) | _addresses),
        "categories": draw(
            st.lists(
                st.builds("{}:{}".format, _words.map(lambda w: w.replace("_", "-")), _words), unique=True, max_size=3
            )
        ),
        "structure": draw(st.lists(_words, unique=True, max_size=2)),
        "membership": draw(st.lists(_words, unique=True, max_size=2)),
        "hours": draw(st.just("") | _lines(20)),
        "access": draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "wheelchair": st.sampled_from(("yes", "limited", "no")),
                    "fee": st.sampled_from(("yes", "no")),
                    "languages": st.lists(st.sampled_from(("fr", "nl", "pt-BR")), unique=True, min_size=1),
                },
            )
        ),
        "scope": draw(st.sampled_from(("", *SCOPES))),
        "direction": ("want" if kind == "need" else "offer") if directed else "",
        "terms": draw(st.lists(st.sampled_from(TERMS), unique=True, max_size=3)),
        "item": draw(st.just("") | _lines(20)),
        "valid_until": draw(st.none() | st.integers(1, 2**33)),
        "identifiers": [{"scheme": "siret", "id": text} for text in draw(st.lists(_words, unique=True, max_size=2))],
        "status": draw(st.sampled_from(("", "planned", "paused", "closed"))),
        "licence": draw(st.sampled_from(("CC0-1.0", "ODbL-1.0", "ODC-By-1.0"))),
    }
    return {key: value for key, value in body.items() if value not in (None, "", [], {})}
