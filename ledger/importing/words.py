# SPDX-License-Identifier: AGPL-3.0-or-later
"""Words for yes, no and the state of affairs, in the languages of the vocabulary."""

from __future__ import annotations

from typing import Final

from ledger.text import fold

_ANSWERS: Final = {
    "yes": "yes y true 1 oui vrai ja wahr si verdadero vero sim waar",
    "no": "no n false 0 non faux nein falsch falso nee fals",
    "limited": "limited partial partiel partiellement limite eingeschrankt teilweise beperkt limitado",
}
_STATUS: Final = {
    "closed": "closed dissolved defunct ceased ferme fermee dissous dissoute geschlossen aufgelost cerrado cerrada"
    " disuelta gesloten opgeheven chiuso chiusa sciolta tancat tancada dissolta",
    "planned": "planned planning proposed projet prevu prevue geplant previsto prevista planificado gepland previst",
    "paused": "paused suspended dormant inactive suspendu suspendue ruhend pausiert suspendido pausado gepauzeerd"
    " sospeso sospesa",
    "active": "active open registered trading actif ouvert ouverte aktiv offen geoffnet activo activa abierto abierta"
    " actief attivo attiva aperto aperta actiu oberta obert",
}
_KINDS: Final = {
    "organisation": "organization organisations organizations association",
    "place": "places lieu ort lugar plaats luogo lloc",
    "resource": "resources ressource recurso risorsa",
    "service": "services dienst servicio servizio servei",
    "offer": "offers offre angebot oferta aanbod offerta",
    "need": "needs want besoin bedarf necesidad behoefte bisogno necessitat",
    "person": "people persons personne persona persoon",
}
_ANSWER_OF: Final = {word: answer for answer, words in _ANSWERS.items() for word in words.split()}
_KIND_OF: Final = {word: kind for kind, words in _KINDS.items() for word in (kind, *words.split())}
_STATUS_OF: Final = {word: status for status, words in _STATUS.items() for word in words.split()}


def parse_yes_no(text: str) -> str | None:
    """`yes`, `no`, or None for anything else."""
    answer = _ANSWER_OF.get(fold(text))
    return answer if answer != "limited" else None


def parse_wheelchair(text: str) -> str | None:
    """`yes`, `limited`, `no`, or None for anything else."""
    word = fold(text)
    return "yes" if word == "designated" else _ANSWER_OF.get(word)


def parse_kind(text: str) -> str | None:
    """A kind of spec 10 §2, or None for a word that means none of them."""
    return _KIND_OF.get(fold(text))


def parse_status(text: str) -> str | None:
    """A status of spec 10 §2, or None for a word that means none of them."""
    return _STATUS_OF.get(fold(text))


def is_closing(text: str) -> bool | None:
    """Whether a cell of a column "closed" says yes; None if it says neither yes nor no."""
    answer = parse_yes_no(text)
    return None if answer is None else answer == "yes"
