# SPDX-License-Identifier: AGPL-3.0-or-later
import json

import pytest

from ledger.importing.mapping import CodeColumn, Mapping, TextColumn
from ledger.importing.problem import MappingError
from ledger.importing.read import read_table
from ledger.importing.suggest import suggest
from ledger.importing.vocabulary import split_language
from ledger.importing.work import WORK_FIELDS


def _suggest(text: str) -> Mapping:
    return suggest(read_table(text.encode()), "set")


def _suggest_features(*properties: dict[str, object], **members: object) -> Mapping:
    point = {"type": "Point", "coordinates": [11.5, 48.1]}
    features = [{"type": "Feature", "properties": item, "geometry": point} for item in properties]
    return suggest(read_table(json.dumps({"features": features, **members}).encode()), "set")


_COOPS = """\
Identifier,Name,Organisational Structure,Primary Activity,Street Address,Locality,Postcode,Country ID,Website,\
Membership Type,Latitude,Longitude,Geo Container,Geo Container Latitude,Geo Container Longitude
R1,First,https://x.coop/essglobal/2.1/standard/organisational-structure/OS130,\
https://x.coop/essglobal/2.1/standard/activities-ica/ICA260,"1 Square\nRoad",Leeds,LS1,GB,http://first.coop,\
https://x.coop/essglobal/2.1/standard/base-membership-type/BMT10,,,http://x.uk/id/LS1,53.488061,-2.237449
R2,Second,https://x.coop/essglobal/2.1/standard/organisational-structure/OS50,\
https://x.coop/essglobal/2.1/standard/activities-ica/ICA10,2 Road,York,YO1,GB,,,,,,,
"""


def test_essglobal_uris_and_the_full_coordinates() -> None:
    assert _suggest(_COOPS) == Mapping(
        set="set",
        language="en",
        identifier="Identifier",
        name=(TextColumn("Name"),),
        url=("Website",),
        latitude="Geo Container Latitude",
        longitude="Geo Container Longitude",
        precision=100,
        street=("Street Address",),
        postcode=("Postcode",),
        locality=("Locality",),
        country=("Country ID",),
        categories=(CodeColumn("Primary Activity", "ica", tail=True),),
        structure=(CodeColumn("Organisational Structure", tail=True),),
        membership=(CodeColumn("Membership Type", tail=True),),
    )


def test_french_headers_without_an_identifier() -> None:
    mapping = _suggest(
        "NomAsso,INTERNET,Domaine,Adresse,Code_Postal,Longitude,Latitude\n"
        ' Un,www.un.fr,CULTURE,1 RUE A,34070,"3,89967141","43,59480072"\n'
        'Deux,,SPORTS,2 RUE B,34000,"3,882606364","43,618551336"\n'
    )
    assert mapping.language == "fr"
    assert mapping.identifier == ""
    assert mapping.name == (TextColumn("NomAsso"),)
    assert mapping.url == ("INTERNET",)
    assert (mapping.latitude, mapping.longitude, mapping.precision) == ("Latitude", "Longitude", 10)
    assert mapping.categories == (CodeColumn("Domaine", "domaine"),)


def test_dbase_headers_and_facilities() -> None:
    mapping = _suggest("FID_eqpt_2,N,9,0;LIBEL,C,254;STATUT,C,4;DELTA_CAT,C,50\n1;Musée;MA;Culture\n2;Stade;M;Sport\n")
    assert (mapping.kind, mapping.identifier, mapping.language) == ("place", "FID_eqpt_2", "fr")
    assert mapping.name == (TextColumn("LIBEL"),)
    assert mapping.status == ()


def test_openstreetmap_keys() -> None:
    first: dict[str, object] = {
        "name": "A",
        "addr:street": "Weg",
        "addr:housenumber": "1",
        "addr:country": "DE",
        "amenity": "cafe",
    }
    second: dict[str, object] = {
        "name": "B",
        "name:en": "B!",
        "contact:website": "www.b.de",
        "Site ID": "1",
        "shop": "art;books",
    }
    mapping = _suggest_features({"Site ID": "0", **first}, second, license="Public Domain")
    assert mapping.licence == "LicenseRef-public-domain"
    assert mapping.language == "de"
    assert mapping.street == ("addr:street", "addr:housenumber")
    assert mapping.name == (TextColumn("name"), TextColumn("name:en", "en"))
    assert mapping.identifier == "Site ID"
    assert set(mapping.categories) == {
        CodeColumn("amenity", "osm", "amenity="),
        CodeColumn("shop", "osm", "shop=", separator=";"),
    }


@pytest.mark.parametrize(
    "headers",
    [
        "skills|rate|rate_unit|rate_per|rate_by|rate_table|available_from|available_until|remote",
        (
            "Savoir-faire|Tarif|Unité du tarif|Tarif par|Tarif de|Grille tarifaire"
            "|Disponible dès|Disponible jusqu'à|À distance"
        ),
        "Fähigkeiten|Satz|Einheit des Satzes|Satz pro|Satz von|Tariftabelle|Verfügbar ab|Verfügbar bis|Aus der Ferne",
    ],
)
def test_columns_of_work_in_some_languages(headers: str) -> None:
    row = "offer|Baking|bread;cake|24.50|EUR|day|Millers|https://m.example/|2026-03-01|2026-04-01|yes"
    found = suggest(read_table(f"kind|name|{headers}\n{row}\n".encode()))
    assert [getattr(found, field) for field in WORK_FIELDS] == [(one,) for one in headers.split("|")]
    assert set(found.columns()) == {"kind", "name", *headers.split("|")}


def test_languages_of_columns() -> None:
    mapping = _suggest_features(
        {"name": "A", "description": "x", "description:fr": "y", "description_de": "z", "description:gr": "w"},
    )
    assert mapping.description == (
        TextColumn("description"),
        TextColumn("description:fr", "fr"),
        TextColumn("description_de", "de"),
        TextColumn("description:gr", "el"),
    )


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("description:pt-BR", ("description", "pt-BR")),
        ("name (fr)", ("name", "fr")),
        ("site_id", ("site_id", "")),
        ("name:id", ("name", "id")),
        ("_id", ("_id", "")),
        ("addr:zz", ("addr:zz", "")),
    ],
)
def test_language_suffixes(header: str, parts: tuple[str, str]) -> None:
    assert split_language(header) == parts


@pytest.mark.parametrize(
    ("headers", "name", "street", "postcode"),
    [
        ("Bezeichnung;Straße;PLZ", "Bezeichnung", "Straße", "PLZ"),
        ("Nombre;Dirección;Código Postal", "Nombre", "Dirección", "Código Postal"),
        ("Naam;Straat;Postcode", "Naam", "Straat", "Postcode"),
        ("Denominazione;Indirizzo;CAP", "Denominazione", "Indirizzo", "CAP"),
        ("Nom;Adreça;Codi postal", "Nom", "Adreça", "Codi postal"),
        ("companyName;streetAddress;postalCode", "companyName", "streetAddress", "postalCode"),
    ],
)
def test_headers_in_many_languages(headers: str, name: str, street: str, postcode: str) -> None:
    mapping = _suggest(f"{headers}\nA;B 1;123\n")
    assert (mapping.name, mapping.street, mapping.postcode) == ((TextColumn(name),), (street,), (postcode,))


def test_values_tell_where_headers_do_not() -> None:
    mapping = _suggest("a;b;c;d\nLe Café;3,8996;43,5948;www.cafe.fr\nLa Coop;3,8826;43,6185;http://coop.fr\n")
    assert (mapping.name, mapping.url) == ((TextColumn("a"),), ("d",))
    assert (mapping.latitude, mapping.longitude) == ("c", "b")


def test_exchanged_columns_are_exchanged_back() -> None:
    mapping = _suggest("name,lat,lon\nA,151.2,-33.8\nB,144.9,-37.8\n")
    assert (mapping.latitude, mapping.longitude) == ("lon", "lat")


def test_projected_coordinates_are_no_degrees() -> None:
    assert _suggest("name,x,y\nA,770000,6280000\nB,770100,6280200\n").latitude == ""


def test_a_status_must_speak_clearly() -> None:
    assert _suggest("name,status,closed\nA,closed,no\nB,active,yes\n").status == ("status",)
    assert _suggest("name,status,closed\nA,closed,no\nB,active,yes\n").closed == ("closed",)


def test_shared_values_are_no_identifiers() -> None:
    assert _suggest("id,name\n1,A\n1,B\n2,C\n").identifier == ""


def test_a_wrong_name_of_the_set() -> None:
    with pytest.raises(MappingError, match="set"):
        suggest(read_table(b"name,town\nA,B\n"), "Not a name")


def test_a_number_beside_a_street_that_has_its_own_numbers_the_rows() -> None:
    head = b"Num\xc3\xa9ro;Nom;Rue\n"
    mapping = suggest(read_table(head + b"1;A;12 rue A\n2;B;7 bis rue B\n"), "set")
    assert (mapping.identifier, mapping.street) == ("Num\u00e9ro", ("Rue",))
    mapping = suggest(read_table(head + b"12;A;rue A\n7;B;rue B\n"), "set")
    assert (mapping.identifier, set(mapping.street)) == ("", {"Rue", "Num\u00e9ro"})
