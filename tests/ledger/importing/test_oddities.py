# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every oddity of the published data sets: in an excerpt made up with it, and in the file itself, where that is."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

import msgspec
import pytest

from ledger.importing.convert import Converted, convert_table
from ledger.importing.mapping import Mapping, from_toml, to_toml
from ledger.importing.problem import ImportFileError
from ledger.importing.read import read_table
from ledger.importing.suggest import suggest
from ledger.importing.table import Table
from protocol.record import check_record
from tests.ledger.importing.archives import ods, ods_row
from tests.published import DATA, NO_DATA

real = pytest.mark.skipif(DATA is None, reason=NO_DATA)


class Imported(msgspec.Struct, frozen=True):
    """What became of a file."""

    table: Table
    mapping: Mapping
    rows: list[Converted]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The records that got in."""
        return [row.record for row in self.rows if row.record is not None]

    def reasons(self, field: str) -> list[str]:
        """What was found wrong with a field, row by row."""
        return [problem.reason for row in self.rows for problem in row.problems if problem.field == field]


def imported(data: bytes) -> Imported:
    table = read_table(data)
    mapping = suggest(table, "set")
    mapping = msgspec.structs.replace(mapping, licence=mapping.licence or "CC0-1.0")
    return Imported(table, mapping, list(convert_table(table, mapping, bytes(32))))


@cache
def published(path: str) -> Imported:
    assert DATA is not None
    return imported((DATA / path).read_bytes())


@real
@pytest.mark.parametrize(
    ("path", "rows", "records", "points"),
    [
        ("coops-uk/coops-uk-2022.csv", 7272, 7272, 6970),
        ("susy/susy.geojson", 1794, 1794, 1794),
        # Two features are empty and one has no name.
        ("munich/greenmap-muenchen.geojson", 301, 298, 298),
        ("montpellier/associations_2011.csv", 2452, 2452, 2252),
        ("montpellier/etablissements_publics.csv", 1024, 1024, 0),
        ("montpellier/etablissements_publics.geojson", 1024, 1024, 1024),
        ("montpellier/etablissements_publics.ods", 1024, 1024, 0),
    ],
)
def test_every_usable_row_gets_in(path: str, rows: int, records: int, points: int) -> None:
    found = published(path)
    assert (len(found.table.rows), len(found.records)) == (rows, records)
    assert sum("point" in record for record in found.records) == points
    assert len({record["id"] for record in found.records}) == records
    assert from_toml(to_toml(found.mapping)) == found.mapping
    for record in found.records:
        check_record(record)


ESSGLOBAL = "https://example.coop/essglobal/2.1/standard"
COOPS = (
    "Identifier,Name,Organisational Structure,Primary Activity,Street Address,Postcode,Country ID,Membership Type,"
    "Latitude,Longitude,Geo Container Latitude,Geo Container Longitude\n"
    f'R1,Caf\ufffd One,{ESSGLOBAL}/organisational-structure/OS130,{ESSGLOBAL}/activities-ica/ICA260,"1 Square\nRoad",'
    f"LS1,GB,{ESSGLOBAL}/base-membership-type/BMT10,,,53.488061,-2.237449\n"
    f"R2,Two,{ESSGLOBAL}/organisational-structure/OS50,{ESSGLOBAL}/activities-ica/ICA10,2 Road,LS1,GB,,,"
    ",53.488061,-2.237449\n"
    f"R3,Three,{ESSGLOBAL}/organisational-structure/OS50,{ESSGLOBAL}/activities-ica/ICA10,3 Road,LS1,GB,,,,,\n"
).encode()


def test_coops_in_small() -> None:
    found = imported(COOPS)
    assert (found.table.encoding, len(found.records)) == ("utf-8", 3)
    first, second, third = found.records
    assert first["address"]["street"] == "1 Square\nRoad", "a newline inside a quoted cell is part of it"
    assert [reason for reason in found.reasons("name") if "U+FFFD" in reason], "a character that was lost is reported"
    assert first["point"] == second["point"], "many may be at one point"
    assert first["point"]["lat"] == 534_880_610, "the point is that of the columns that are not empty"
    assert "point" not in third
    assert (first["structure"], first["categories"]) == (["OS130"], ["ica:ICA260"]), "URIs become their codes"
    assert first["membership"] == ["BMT10"]


@real
def test_coops_in_full() -> None:
    found = published("coops-uk/coops-uk-2022.csv")
    assert sum("\n" in record.get("address", {}).get("street", "") for record in found.records) > 4000
    assert len({row.row for row in found.rows for problem in row.problems if "U+FFFD" in problem.reason}) == 9
    at = Counter((record["point"]["lat"], record["point"]["lon"]) for record in found.records if "point" in record)
    assert at.most_common(1)[0][1] == 34
    assert {code[:2] for record in found.records for code in record.get("structure", ())} == {"OS"}
    activities = [code for record in found.records for code in record.get("categories", ()) if code.startswith("ica:")]
    assert activities
    assert all(code.startswith("ica:ICA") for code in activities)


def _feature(**properties: object) -> dict[str, object]:
    point = properties.pop("at", [11.5, 48.1])
    named = {key.replace("__", ":"): value for key, value in properties.items()}
    return {"type": "Feature", "properties": named, "geometry": {"type": "Point", "coordinates": point}}


SUSY = json.dumps({
    "type": "FeatureCollection",
    "source": "https://data.example.org/place",
    "license": "Public Domain",
    "features": [
        _feature(
            _id="1", name="One", description__de="eins", description__gr="\u03ad\u03bd\u03b1",
            contact__website="update6",
            addr__country="\u00d6sterreich", type_of_initiative="food;energy; repair",
            opening_hours="Mo-Fr 09:00-17:00",
        ),
        _feature(
            _id="2", name="One", description_de="zwei", addr__country="Frace", type_of_initiative="food",
            opening_hours="open in the afternoons", contact__website="https://two.example.org", at=[-0.2, 5.6],
        ),
        _feature(_id="3", name="Three", description="three", addr__country="ABERDEEN", type_of_initiative="food"),
    ],
}).encode()  # fmt: skip


def test_susy_in_small() -> None:
    found = imported(SUSY)
    first, second, third = found.records
    assert found.mapping.licence == "LicenseRef-public-domain"
    assert first["description"] == {"de": "eins", "el": "\u03ad\u03bd\u03b1"}, "gr is a country, its language is el"
    assert second["description"] == {"de": "zwei"}, "description_de is description:de"
    assert [category.partition(":")[2] for category in first["categories"]] == ["food", "energy", "repair"]
    assert (first["address"]["country"], second["address"]["country"]) == ("AT", "FR")
    assert "address" not in third
    assert len(found.reasons("address.country")) == 2, "one is misspelt, one is no country"
    assert (first["hours"], second["hours"]) == ("Mo-Fr 09:00-17:00", "open in the afternoons")
    assert len(found.reasons("hours")) == 1, "prose is kept and named"
    assert first["name"] == second["name"], "two may have one name"
    assert first["id"] != second["id"]
    assert second["point"]["lon"] == -2_000_000, "a point outside Europe is one all the same"
    assert len(found.reasons("url")) == 1


@real
def test_susy_in_full() -> None:
    found = published("susy/susy.geojson")
    assert any("el" in record.get("description", {}) for record in found.records)
    assert not any("gr" in record.get("description", {}) for record in found.records)
    names = Counter(next(iter(record["name"].values())) for record in found.records)
    assert sum(count > 1 for count in names.values()) >= 40
    kinds = {part for record in found.records for part in record.get("categories", ())}
    assert 100 <= sum(part.startswith("type-of-initiative:") for part in kinds) <= 120
    assert not any(";" in part or part != part.strip() for part in kinds)
    unknown = [reason for reason in found.reasons("address.country") if "Not a country" in reason]
    assert len(unknown) <= 2, "of 64 spellings nearly all are known"
    hours = [record for record in found.records if "hours" in record]
    assert (len(hours), len(hours) - len(found.reasons("hours"))) == (266, 23)
    outside = [
        r for r in found.records if not (340e6 < r["point"]["lat"] < 720e6 and -250e6 < r["point"]["lon"] < 450e6)
    ]
    assert len(outside) == 10


FACILITIES = (
    "FID_eqpt_2,N,9,0;LIBEL,C,254;DELTA_CAT,C,50;CANTON,N,9,0\n"
    "1;R\u00e9serves du Mus\u00e9e;Culture et loisirs;6\n"
    "2;Piscine;;5\n"
)


def test_facilities_in_small_are_the_same_in_three_formats() -> None:
    features = [
        _feature(FID_eqpt_2=1.0, LIBEL="R\u00e9serves du Mus\u00e9e", DELTA_CAT="Culture et loisirs", CANTON=6.0),
        _feature(FID_eqpt_2=2.0, LIBEL="Piscine", DELTA_CAT=None, CANTON=5.0),
    ]
    number = '<table:table-cell office:value-type="float" office:value="{0}"><text:p>{0}</text:p></table:table-cell>'
    sheet = (
        ods_row("FID_eqpt_2,N,9,0", "LIBEL,C,254", "DELTA_CAT,C,50", "CANTON,N,9,0")
        + ods_row(number.format(1), "R\u00e9serves du Mus\u00e9e", "Culture et loisirs", number.format(6))
        + ods_row(number.format(2), "Piscine", "<table:table-cell/>", number.format(5))
    )
    files = (FACILITIES.encode("latin-1"), json.dumps({"features": features}).encode(), ods(sheet))
    found = [imported(data) for data in files]
    assert found[0].table.delimiter == ";"
    assert "was read as" in found[0].table.notes[0], "a guessed encoding is named"
    assert found[0].records[0]["name"] == {"fr": "R\u00e9serves du Mus\u00e9e"}
    assert "point" in found[1].records[0]
    assert "point" not in found[0].records[0]
    plain = [[{key: record[key] for key in record if key != "point"} for record in one.records] for one in found]
    assert plain[0] == plain[1] == plain[2]


@real
def test_facilities_in_full() -> None:
    found = [published(f"montpellier/etablissements_publics.{form}") for form in ("csv", "geojson", "ods")]
    assert [one.table.format for one in found] == ["csv", "geojson", "ods"]
    assert (found[0].table.delimiter, found[0].table.encoding) == (";", "cp1252")
    assert found[0].table.columns[0] == "FID_eqpt_2"
    plain = [[{key: record[key] for key in record if key != "point"} for record in one.records] for one in found]
    assert plain[0] == plain[1] == plain[2]


ASSOCIATIONS = (
    "NomAsso,INTERNET,Domaine,Adresse,Code_Postal,Longitude,Latitude\n"
    ' Un \u0153il,,CULTURE,133  RUE A,34070,"3,89967141","43,59480072"\n'
    'Deux,http://deux.example.org,CULTURE,3 RUE B,34000,"3,89967141","43,59480072"\n'
    "Deux,,SPORT,4 RUE C,34000,,\n"
).encode("cp1252")


def test_associations_in_small() -> None:
    found = imported(ASSOCIATIONS)
    first, second, third = found.records
    assert (found.table.encoding, found.table.decimal) == ("cp1252", ",")
    assert first["name"] == {"fr": "Un \u0153il"}, "blanks around a name are none of it"
    assert first["address"]["street"] == "133 RUE A"
    assert (first["point"]["lat"], first["point"]["lon"]) == (435_948_007, 38_996_714)
    assert first["point"] == second["point"]
    assert "point" not in third
    assert second["name"] == third["name"]
    assert len({record["id"] for record in found.records}) == 3, "one name at two addresses is two"


@real
def test_associations_in_full() -> None:
    found = published("montpellier/associations_2011.csv")
    assert not any(name != name.strip() for record in found.records for name in record["name"].values())
    names = Counter(record["name"]["fr"] for record in found.records)
    assert sum(count > 1 for count in names.values()) >= 80
    at = Counter((record["point"]["lat"], record["point"]["lon"]) for record in found.records if "point" in record)
    assert (sum(at.values()), at.most_common(1)[0][1]) == (2252, 36)


def _green(reference: str) -> bytes:
    crs = {"type": "name", "name": reference}
    return json.dumps(
        {"type": "FeatureCollection", "crs": crs, "features": [_feature(name="Eins", club="yes")]}
    ).encode()


def test_an_obsolete_reference_system_in_small() -> None:
    assert imported(_green("EPSG:4326")).table.notes == ()
    assert '"crs"' in imported(_green("EPSG:31468")).table.notes[0]
    assert imported(_green("EPSG:4326")).records[0]["categories"] == ["osm:club=yes"]


@real
def test_green_map_in_full() -> None:
    found = published("munich/greenmap-muenchen.geojson")
    assert found.table.notes == ()
    assert len(found.reasons("name")) == 3


TOPOLOGY = b'{"type": "Topology", "transform": {"scale": [0.03, 0.01]}, "objects": {"land": {}}, "arcs": []}'
CONCEPTS = b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'


@pytest.mark.parametrize(("data", "text"), [(TOPOLOGY, "'Topology'"), (CONCEPTS, "web page or XML")])
def test_outlines_and_vocabularies_are_no_tables_in_small(data: bytes, text: str) -> None:
    with pytest.raises(ImportFileError, match=text):
        read_table(data)


@real
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("basemap/countries-110m.json", "'Topology'"),
        ("labels/essglobal-organisational-structure.skos", "web page or XML"),
    ],
)
def test_outlines_and_vocabularies_are_no_tables_in_full(path: str, text: str) -> None:
    assert DATA is not None
    with pytest.raises(ImportFileError, match=text):
        read_table((DATA / path).read_bytes())
