# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is known around the mutual: words, a problem solved, needs with votes, principles that it reviews itself by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.territory.principles import template_body

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.story.scribe import Scribe

LICENCE = "CC-BY-SA-4.0"
_PLACE = {"name": "Brasseneuve"}
_CHOICES = ["oui, il le faut", "non, pas cela", "sans avis"]
_VOTES_UNTIL = 180
_WORDS: tuple[tuple[str, dict[str, str], dict[str, str], tuple[tuple[str, str], ...]], ...] = (
    (
        "commons",
        {"fr": "commun", "nl": "gemeengoed", "en": "commons"},
        {
            "fr": "Ce dont une communauté prend soin ensemble, selon des règles qu'elle se donne.",
            "nl": "Waar een gemeenschap samen zorg voor draagt, met regels die ze zichzelf geeft.",
            "en": "What a community looks after together, by rules that it gives itself.",
        },
        (),
    ),
    (
        "commoner",
        {"fr": "commoneur, commoneuse", "nl": "commoner", "en": "commoner"},
        {
            "fr": "Qui prend part à un commun et en prend soin.",
            "nl": "Wie meedoet aan een gemeengoed en er zorg voor draagt.",
            "en": "Whoever takes part in a commons and looks after it.",
        },
        (("related", "commons"),),
    ),
    (
        "third place",
        {"fr": "tiers-lieu", "nl": "derde plek", "en": "third place"},
        {
            "fr": "Lieu ouvert entre la maison et le travail, où l'on fait ensemble.",
            "nl": "Open plek tussen thuis en werk, waar mensen samen dingen doen.",
            "en": "An open place between home and work, where people do things together.",
        },
        (("broader", "commons"),),
    ),
    (
        "reciprocity contract",
        {"fr": "contrat de réciprocité", "nl": "wederkerigheidscontract", "en": "reciprocity contract"},
        {
            "fr": "Accord par lequel une entreprise rend une part de ses revenus aux communs dont elle se sert.",
            "nl": "Afspraak waarbij een bedrijf een deel van zijn inkomsten teruggeeft aan de commons.",
            "en": "An agreement by which a firm gives a share of its income back to the commons that it uses.",
        },
        (("related", "commons"), ("differs", "third place")),
    ),
)


def tell_territory(scribe: Scribe, members: Sequence[bytes], today: int) -> None:
    """Says what is known around the mutual; some of its members vote on what is needed."""
    house = _house(scribe)
    words: dict[str, bytes] = {}
    for name, term, definition, see in _WORDS:
        words[name] = scribe.chance.randbytes(16)
        linked = [{"relation": one, "term": {"log": scribe.org, "id": words[other]}} for one, other in see]
        body = {"id": words[name], "term": term, "definition": definition, "place": _PLACE, "licence": LICENCE}
        scribe.say("term.put", body | ({"see": linked} if linked else {}))
    problem = _problem(scribe, house, today)
    _needs(scribe, members, problem, today)
    skills = (("paie des artistes", "depuis vingt ans"), ("comptabilité", ""), ("contrats de réciprocité", ""))
    for skill, note in skills:
        scribe.say("claim.skill", {"subject": house, "skill": f"skill:{skill}", **({"note": note} if note else {})})
    _principles(scribe, house, today)


def _house(scribe: Scribe) -> dict[str, bytes]:
    """The mutual as the directory has it."""
    record_id = scribe.chance.randbytes(16)
    record = {
        "id": record_id,
        "kind": "organisation",
        "name": {"fr": "La Grande Ourse, mutuelle de travail"},
        "address": {"locality": "Lille", "country": "FR"},
        "point": {"lat": 506_292_000, "lon": 30_573_000, "precision": 5_000, "method": "town"},
        "licence": LICENCE,
    }
    scribe.say("record.put", {"record": record})
    return {"log": scribe.org, "id": record_id}


def _problem(scribe: Scribe, house: dict[str, bytes], today: int) -> dict[str, bytes]:
    problem_id = scribe.chance.randbytes(16)
    solution = {
        "how": {
            "fr": "Le fonds de garantie avance la paie sept jours après le contrat, même si le client n'a pas payé.",
            "en": "The guarantee fund pays the wage seven days after the work, whether the client has paid or not.",
        },
        "by": house,
        "who": "avec cinq membres qui se portent garants",
        "on": today - 200,
    }
    body: dict[str, Any] = {
        "id": problem_id,
        "title": {"fr": "Des artistes payés trois mois trop tard", "en": "Artists paid three months too late"},
        "description": {"fr": "Les clients paient à soixante jours, le loyer n'attend pas."},
        "place": _PLACE,
        "state": "solved",
        "solutions": [solution],
        "licence": LICENCE,
    }
    scribe.say("problem.put", body)
    return {"log": scribe.org, "id": problem_id}


def _needs(scribe: Scribe, members: Sequence[bytes], problem: dict[str, bytes], today: int) -> None:
    """Three needs; the members are asked about two of them."""
    for title, about, supporting, against in (
        ({"fr": "Une salle de répétition le soir", "nl": "Een repetitieruimte 's avonds"}, "au marché", 34, 3),
        ({"fr": "Une garderie pendant les assemblées", "en": "Childcare during assemblies"}, "par lettre", 51, 0),
    ):
        question = {"title": title, "choices": _CHOICES, "closes": today + _VOTES_UNTIL}
        proposal = scribe.say("proposal", question)
        body = {"id": scribe.chance.randbytes(16), "title": title, "heard": about, "place": _PLACE}
        scribe.say("need.put", {**body, "state": "voiced", "proposal": proposal, "licence": LICENCE})
        for number, member in enumerate(members[: supporting + against]):
            choice = 0 if number < supporting else 1
            scribe.say("vote", {"proposal": proposal, "member": member, "choice": choice}, member)
    body = {"id": scribe.chance.randbytes(16), "title": {"fr": "Être payé à temps", "en": "To be paid in time"}}
    answer = {"fr": "C'est devenu la première règle de la mutuelle."}
    scribe.say("need.put", {**body, "state": "met", "answer": answer, "problem": problem, "licence": LICENCE})


def _principles(scribe: Scribe, house: dict[str, bytes], today: int) -> None:
    """The seven co-operative principles, and what the mutual says of itself."""
    known = template_body("co-operative")
    scribe.say("principle.put", known)
    held = {"subject": house, "set": {"log": scribe.org, "id": known["id"]}}
    declared = {"id": scribe.chance.randbytes(16), **held, "note": {"fr": "Dans nos statuts depuis le premier jour."}}
    scribe.say("principle.declare", declared)
    for code, answer, evidence in (
        ("democratic-control", "yes", "Quatre assemblées dans l'année ; les votes se recomptent dans le journal."),
        ("economic-participation", "yes", "Réserve impartageable, ristourne au prorata des contributions."),
        ("education", "partly", "Un accueil pour chaque nouveau membre, pas encore de formation à la gestion."),
        ("cooperation", "partly", "Un accord avec l'Atelier du Moulin ; d'autres sont à conclure."),
    ):
        body = {"id": scribe.chance.randbytes(16), **held, "code": code, "answer": answer, "on": today - 20}
        scribe.say("principle.review", body | {"evidence": {"fr": evidence}})
