# SPDX-License-Identifier: AGPL-3.0-or-later
"""The glossary as linked data: SKOS in JSON-LD, which thesaurus programs read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.territory.glossary import body_of
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ledger.territory.knowledge import Knowledge, Known
    from protocol.record import Subject

_RELATIONS = {
    "broader": "skos:broader",
    "narrower": "skos:narrower",
    "related": "skos:related",
    "same": "skos:exactMatch",
    "differs": "skos:related",
}
_UNKNOWN = "und"


def glossary_document(knowledge: Knowledge, terms: Iterable[Known], base: str) -> dict[str, Any]:
    """All terms as SKOS concepts; `base` is the address under which terms are shown."""
    scheme = f"{base}/knowledge/glossary"
    return {
        "@context": {
            "skos": "http://www.w3.org/2004/02/skos/core#",
            "dct": "http://purl.org/dc/terms/",
        },
        "@graph": [
            {"@id": scheme, "@type": "skos:ConceptScheme"},
            *(_concept(knowledge, one, base, scheme) for one in terms),
        ],
    }


def _concept(knowledge: Knowledge, known: Known, base: str, scheme: str) -> dict[str, Any]:
    body = body_of(known)
    concept: dict[str, Any] = {
        "@id": _address(base, *known.name),
        "@type": "skos:Concept",
        "skos:inScheme": {"@id": scheme},
        "skos:prefLabel": _texts(body.term),
        "dct:license": body.licence,
        "dct:publisher": knowledge.organisation(known.log_id),
    }
    if body.definition:
        concept["skos:definition"] = _texts(body.definition)
    if body.place:
        concept["dct:spatial"] = body.place.name
    for see in body.see:
        concept.setdefault(_RELATIONS[see.relation], []).append({"@id": _of(base, see.term)})
    return concept


def _texts(texts: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"@value": text} if tag == _UNKNOWN else {"@value": text, "@language": tag}
        for tag, text in sorted(texts.items())
    ]


def _of(base: str, subject: Subject) -> str:
    return _address(base, subject.log, subject.id)


def _address(base: str, log_id: bytes, term: bytes) -> str:
    return f"{base}/knowledge/term/{show_log_id(log_id)}/{term.hex()}"
