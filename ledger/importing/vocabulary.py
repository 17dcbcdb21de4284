# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vocabulary: the words that people put at the head of columns, and which field of a record they mean."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from ledger.text import fold

# Field, then language and its words, the likeliest first. Words are folded; those of en hold for OpenStreetMap too.
_WORDS: Final = {
    "identifier": {
        "en": "identifier|id|unique id|record id|uid|uuid|guid|site id|object id|objectid|fid|gid|ref|reference",
        "fr": "identifiant|reference",
        "de": "kennung|nummer|lfd nr",
        "es": "identificador|referencia",
        "nl": "kenmerk",
        "it": "identificativo|codice",
        "ca": "identificador",
    },
    "name": {
        "en": "name|title|organisation name|organization name|name of organisation|company name|place name|organisation"
        "|organization|initiative|official name",
        "fr": "nom|nom asso|nomasso|nom association|nom de l association|nom de la structure|nom usuel|raison sociale"
        "|denomination|intitule|libelle|libel|titre",
        "de": "name|bezeichnung|vereinsname|name des vereins|name der organisation|firma|titel",
        "es": "nombre|razon social|denominacion|titulo",
        "nl": "naam|organisatie|bedrijfsnaam|titel",
        "it": "nome|ragione sociale|denominazione|titolo",
        "ca": "nom|rao social|denominacio|titol",
    },
    "description": {
        "en": "description|summary|about|short description|details",
        "fr": "description|descriptif|presentation|objet",
        "de": "beschreibung|kurzbeschreibung|uber uns",
        "es": "descripcion|resumen",
        "nl": "beschrijving|omschrijving",
        "it": "descrizione",
        "ca": "descripcio",
    },
    "url": {
        "en": "website|contact website|web site|url|homepage|web|web address|internet|link",
        "fr": "site web|site internet|site|adresse web|internet|lien|url",
        "de": "webseite|website|homepage|internetseite|webadresse|internet",
        "es": "sitio web|pagina web|web",
        "nl": "website|webpagina|webadres",
        "it": "sito web|sito internet|sito",
        "ca": "lloc web|pagina web|web",
    },
    "links": {
        "en": "links|facebook|contact facebook|twitter|contact twitter|instagram|contact instagram|mastodon|youtube"
    },
    "latitude": {
        "en": "geometry latitude|latitude|lat|y",
        "fr": "latitude",
        "de": "breitengrad|breite|geografische breite",
        "es": "latitud",
        "nl": "breedtegraad",
        "it": "latitudine",
        "ca": "latitud",
    },
    "longitude": {
        "en": "geometry longitude|longitude|lon|lng|long|x",
        "fr": "longitude",
        "de": "langengrad|laengengrad|lange|geografische lange",
        "es": "longitud",
        "nl": "lengtegraad",
        "it": "longitudine",
        "ca": "longitud",
    },
    "street": {
        "en": "addr street|street address|street|address|address line 1",
        "fr": "adresse|adresse postale|rue|voie",
        "de": "strasse|anschrift|adresse|strasse und hausnummer",
        "es": "direccion|calle|domicilio",
        "nl": "straat|straatnaam|adres",
        "it": "indirizzo|via",
        "ca": "adreca|carrer",
    },
    "number": {
        "en": "addr housenumber|house number|housenumber|street number",
        "fr": "numero|numero de rue|numero voie",
        "de": "hausnummer|hausnr",
        "es": "numero",
        "nl": "huisnummer",
        "it": "civico|numero civico",
        "ca": "numero",
    },
    "postcode": {
        "en": "addr postcode|postcode|post code|postal code|zip|zip code|zipcode",
        "fr": "code postal|codepostal|cp",
        "de": "plz|postleitzahl",
        "es": "codigo postal|cp",
        "nl": "postcode",
        "it": "codice postale|cap",
        "ca": "codi postal|cp",
    },
    "locality": {
        "en": "addr city|city|town|locality|village|municipality",
        "fr": "ville|commune|localite",
        "de": "ort|stadt|gemeinde|wohnort",
        "es": "localidad|ciudad|municipio|poblacion",
        "nl": "plaats|woonplaats|stad|gemeente",
        "it": "citta|comune|localita",
        "ca": "localitat|ciutat|municipi|poblacio",
    },
    "region": {
        "en": "addr state|addr province|region|county|state|province",
        "fr": "region|departement",
        "de": "bundesland|region|landkreis",
        "es": "provincia|comunidad autonoma|region",
        "nl": "provincie|regio",
        "it": "regione|provincia",
        "ca": "comarca|provincia|regio",
    },
    "country": {
        "en": "addr country|country|country id|country code",
        "fr": "pays",
        "de": "land|staat",
        "es": "pais",
        "nl": "land",
        "it": "paese|nazione",
        "ca": "pais",
    },
    "categories": {
        "en": "category|categories|type|poi type|type of initiative|sector|primary activity|activity|activities"
        "|folder|sic code|topic|theme|tags|keywords|free keywords",
        "fr": "categorie|delta cat|domaine|sous domaine|sous categorie|secteur|thematique|theme|activite",
        "de": "kategorie|kategorien|branche|bereich|thema|art",
        "es": "categoria|sector|ambito|tipo|actividad|tema",
        "nl": "categorie|soort|sector|thema",
        "it": "categoria|settore|ambito|tipologia|tipo",
        "ca": "categoria|sector|ambit|tipus|tema",
    },
    "structure": {"en": "structure|organisational structure|organizational structure"},
    "membership": {"en": "membership|membership type|base membership type"},
    "identifiers": {
        "en": "companies house number|company number|charity number|wikidata|osm|vat number",
        "fr": "siret|siren|rna",
        "de": "registernummer|handelsregister",
        "es": "cif|nif",
        "nl": "kvk|kvk nummer",
        "it": "partita iva|codice fiscale",
    },
    "hours": {
        "en": "opening hours|hours|opening times",
        "fr": "horaires|heures d ouverture|horaires d ouverture",
        "de": "offnungszeiten|oeffnungszeiten",
        "es": "horario|horarios",
        "nl": "openingstijden|openingsuren",
        "it": "orari|orario",
        "ca": "horari|horaris",
    },
    "wheelchair": {"en": "wheelchair", "fr": "accessibilite pmr", "de": "rollstuhlgerecht", "nl": "rolstoel"},
    "fee": {"en": "fee"},
    "email": {
        "en": "email|contact email|e mail|mail",
        "fr": "courriel|adresse mail|email",
        "es": "correo|correo electronico",
        "it": "posta elettronica",
        "ca": "correu|correu electronic",
    },
    "phone": {
        "en": "phone|contact phone|telephone|phone number|tel",
        "fr": "telephone|tel",
        "de": "telefon",
        "es": "telefono",
        "nl": "telefoon",
        "it": "telefono",
        "ca": "telefon",
    },
    "kinds": {"en": "kind"},
    "licences": {"en": "licence|license", "fr": "licence"},
    "attributions": {"en": "attribution"},
    "languages": {"en": "languages|spoken languages"},
    "scope": {"en": "scope|geographic scope"},
    "direction": {"en": "direction"},
    "terms": {"en": "terms"},
    "item": {"en": "item"},
    "valid_until": {"en": "valid until|expires at"},
    "skills": {
        "en": "skills|skill",
        "fr": "competences|savoir faire",
        "de": "fahigkeiten|kenntnisse|kompetenzen",
        "es": "competencias|habilidades",
        "nl": "vaardigheden",
        "it": "competenze",
        "ca": "competencies|habilitats",
    },
    "rate": {
        "en": "rate|wage",
        "fr": "tarif|taux horaire",
        "de": "satz|stundensatz",
        "es": "tarifa",
        "nl": "tarief|uurtarief",
        "it": "tariffa",
        "ca": "tarifa",
    },
    "rate_unit": {
        "en": "rate unit",
        "fr": "unite du tarif",
        "de": "einheit des satzes",
        "nl": "eenheid van het tarief",
    },
    "rate_per": {
        "en": "rate per",
        "fr": "tarif par",
        "de": "satz je|satz pro",
        "nl": "tarief per",
        "it": "tariffa per",
    },
    "rate_by": {"en": "rate by", "fr": "tarif de", "de": "satz von", "nl": "tarief van", "it": "tariffa di"},
    "rate_table": {"en": "rate table", "fr": "grille tarifaire", "de": "tariftabelle", "nl": "tarieventabel"},
    "available_from": {
        "en": "available from",
        "fr": "disponible des|disponible a partir de",
        "de": "verfugbar ab",
        "es": "disponible desde",
        "nl": "beschikbaar vanaf",
        "it": "disponibile dal",
        "ca": "disponible des de",
    },
    "available_until": {
        "en": "available until",
        "fr": "disponible jusqu au|disponible jusqu a",
        "de": "verfugbar bis",
        "es": "disponible hasta",
        "nl": "beschikbaar tot",
        "it": "disponibile fino al",
        "ca": "disponible fins a",
    },
    "remote": {
        "en": "remote",
        "fr": "a distance",
        "de": "aus der ferne",
        "es": "a distancia",
        "nl": "op afstand",
        "it": "a distanza",
        "ca": "a distancia",
    },
    "status": {
        "en": "status|state of activity",
        "fr": "statut|etat",
        "de": "status|zustand",
        "es": "estado",
        "nl": "status",
        "it": "stato",
        "ca": "estat",
    },
    "closed": {
        "en": "closed|dissolved|defunct",
        "fr": "ferme|dissoute",
        "de": "geschlossen|aufgelost",
        "es": "cerrado",
        "nl": "gesloten|opgeheven",
        "it": "chiuso",
        "ca": "tancat",
    },
}

CATEGORY_KEYS: Final = frozenset(
    (
        *("amenity", "club", "craft", "healthcare", "historic", "leisure"),
        *("man_made", "office", "shop", "social_facility", "tourism"),
    )
)
"""Keys under which OpenStreetMap says what a place is."""

_LANGUAGES: Final = (
    "af am ar az be bg bn br bs ca co cs cy da de el en eo es et eu fa fi fo fr fy ga gd gl gu gv he hi hr hu hy id is"
    " it ja ka kk km ko ku kw ky lb lo lt lv mk ml mn mr ms mt my nb ne nl nn no oc pa pl ps pt rm ro ru sc se si sk sl"
    " sq sr sv sw ta te tg th tk tl tr tt uk ur uz vi wa xh yi zh zu"
)
_LANGUAGE_CODES: Final = frozenset(_LANGUAGES.split())
_MEANT_LANGUAGES: Final = {"gr": "el", "cz": "cs", "dk": "da", "ua": "uk", "jp": "ja", "gb": "en"}
_LANGUAGE_SUFFIX: Final = re.compile(r"(.*?[^\W_])(?:\s*([:_@-])|\s+\(?|\()([A-Za-z]{2})(-[A-Za-z]{2,4})?\)?")
_UNDETERMINED: Final = ":und"
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Sense(NamedTuple):
    """What a header means: a field, the languages of its word, and how likely a word it is for that (0 is best)."""

    field: str
    languages: frozenset[str]
    rank: int


def _senses() -> dict[str, list[Sense]]:
    found: dict[str, list[Sense]] = {}
    for field, languages in _WORDS.items():
        ranks: dict[str, int] = {}
        for words in languages.values():
            for rank, word in enumerate(words.split("|")):
                ranks[word] = min(rank, ranks.get(word, rank))
        for word, rank in ranks.items():
            speakers = frozenset(language for language in languages if word in languages[language].split("|"))
            found.setdefault(word, []).append(Sense(field, speakers, rank))
    return found


_SENSES: Final = _senses()


def header_words(header: str) -> str:
    """The header as vocabulary spells it: folded, with its camel humps parted."""
    return fold(_CAMEL.sub(" ", header))


def senses(header: str) -> list[Sense]:
    """What a header may mean, the likeliest first; empty if it is not in the vocabulary."""
    words = header_words(header)
    found = list(_SENSES.get(words, ())) or list(_SENSES.get(fold(header), ()))
    last = words.rsplit(" ", 1)[-1]
    if not found and last in ("latitude", "longitude"):
        found = [Sense(last, frozenset(("en",)), 9)]
    if not found and (last == "id" or words.startswith("fid ")):
        found = [Sense("identifier", frozenset(("en",)), 20)]
    return sorted(found, key=lambda sense: sense.rank)


def split_language(header: str) -> tuple[str, str]:
    """(the header without its language, the language as a BCP 47 tag): `description:de`, `description_de`, `name (fr)`.

    A country's code that stands for its language (`gr`) becomes that language. ("header", "") if there is none.
    """
    if header.endswith(_UNDETERMINED):
        return header.removesuffix(_UNDETERMINED), "und"
    match = _LANGUAGE_SUFFIX.fullmatch(header)
    if match is None:
        return header, ""
    base, mark, code, region = match.groups()
    code = code.lower()
    # "site_id" is an identifier, not a site in Indonesian.
    if code == "id" and mark != ":":
        return header, ""
    code = _MEANT_LANGUAGES.get(code, code)
    return (base, code + (region or "")) if code in _LANGUAGE_CODES else (header, "")
