# SPDX-License-Identifier: AGPL-3.0-or-later
"""What each format says of a record, whom each file names, and that no text becomes a formula."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pytest

from ledger.importing.formulas import quote_formula, unquote_formula
from ledger.publishing.formats import FORMATS
from ledger.publishing.linked import linked
from ledger.publishing.murmurations import profile
from tests.ledger.publishing.made import BASE, FULL, LOG, shown

PAGE = f"{BASE}/record/{LOG}/{'00' * 16}"
BARE: dict[str, Any] = {"id": b"\1" * 16, "kind": "place", "name": {"und": "X"}, "licence": "LicenseRef-x"}


def _file(form: str, *bodies: dict[str, Any]) -> bytes:
    return b"".join(FORMATS[form].pieces([shown(body) for body in bodies], BASE))


def test_csv_cells_that_a_spreadsheet_would_run_get_a_quote_mark() -> None:
    rows = list(csv.DictReader(io.StringIO(_file("csv", FULL, BARE).decode(), newline="")))
    first, second = rows
    assert first["description"].startswith("'=HYPERLINK")
    assert first["phone"] == "'+33 3 20 00 00 00"
    assert (first["lat"], first["lon"], first["precision_m"]) == ("50.6292001", "-3.0573", "25")
    assert first["id"] == f"{LOG}/{'00' * 16}"
    assert (first["licence"], first["attribution"], first["source"]) == ("ODbL-1.0", "Ville de Lille, 2026", "mairie/7")
    assert first["relations"] == f"member-of={LOG}/{'00' * 15}01"
    assert first["id_siret"] == "12345678900012"
    assert {key: text for key, text in second.items() if text} == {
        "id": f"{LOG}/{'01' * 16}", "kind": "place", "name": "X", "name:und": "X", "status": "active",
        "licence": "LicenseRef-x",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "'=1", "''-", "\rx"])
def test_a_formula_is_quoted_and_read_back(text: str) -> None:
    assert quote_formula(text) == f"'{text}"
    assert unquote_formula(quote_formula(text)) == text


@pytest.mark.parametrize("text", ["", "'s-Hertogenbosch", "a=1", "'"])
def test_other_text_is_left_alone(text: str) -> None:
    assert quote_formula(text) == text == unquote_formula(text)


def test_geojson_names_its_sources_and_has_features_without_a_point() -> None:
    document = json.loads(_file("geojson", FULL, BARE))
    first, second = document["features"]
    assert first["geometry"] == {"type": "Point", "coordinates": [-3.0573, 50.6292001]}
    properties = first["properties"]
    assert properties["addr:city"] == "Lille"
    assert properties["category"] == ["osm:amenity=tool_library", "ica:ICA100"]
    assert properties["name:nl"] == "Gereedschap"
    assert properties["image"][0]["licence"] == "CC-BY-4.0"
    assert properties["sources"][0]["record"] == "7"
    assert properties["ref:siret"] == "12345678900012"
    assert properties["page"] == PAGE
    assert second["geometry"] is None
    assert document["licence"] == ["ODbL-1.0", "etalab-2.0", "LicenseRef-x"]
    assert document["attribution"] == ["Ville de Lille, 2026"]


def test_the_spreadsheet_has_text_as_text_and_a_sheet_of_licences() -> None:
    with zipfile.ZipFile(io.BytesIO(_file("ods", FULL))) as archive:
        assert archive.infolist()[0].filename == "mimetype"
        assert archive.infolist()[0].compress_type == zipfile.ZIP_STORED
        content = archive.read("content.xml").decode()
    assert '<table:table-cell office:value-type="string"><text:p>=HYPERLINK(1)</text:p>' in content
    assert 'table:name="Licences"' in content
    assert "Ville de Lille, 2026" in content
    assert "table:formula" not in content


def test_json_ld_speaks_the_words_of_schema_org() -> None:
    value = linked(shown(FULL), BASE)
    assert (value["@context"], value["@type"], value["@id"]) == ("https://schema.org", "Organization", PAGE)
    assert value["name"] == [
        {"@language": "fr", "@value": "Outils & co"},
        {"@language": "nl", "@value": "Gereedschap"},
    ]
    assert value["location"]["geo"] == {"@type": "GeoCoordinates", "latitude": 50.6292001, "longitude": -3.0573}
    assert value["location"]["address"]["addressLocality"] == "Lille"
    assert value["license"] == "https://spdx.org/licenses/ODbL-1.0"
    assert value["isBasedOn"][0]["creditText"] == "Ville de Lille, 2026"
    assert value["memberOf"] == [{"@id": f"{BASE}/record/{LOG}/{'00' * 15}01"}]
    offer = {**BARE, "kind": "need", "direction": "want", "item": "ladder", "valid_until": 1_900_000_000}
    value = linked(shown(offer), BASE)
    assert (value["@type"], value["name"], value["validThrough"]) == ("Demand", ["X"], "2030-03-17T17:46:40Z")
    assert value["license"] == "LicenseRef-x"
    document = json.loads(_file("jsonld", FULL, offer))
    assert [node["@type"] for node in document["@graph"]] == ["Organization", "Demand", "Dataset"]
    assert document["@graph"][-1]["creditText"] == ["Ville de Lille, 2026"]


def test_gogocarto_gets_what_has_a_point() -> None:
    document = json.loads(_file("gogocarto.json", BARE, FULL))
    (element,) = document["data"]
    assert element["geo"] == {"latitude": 50.6292001, "longitude": -3.0573}
    assert element["address"]["addressLocality"] == "Lille"
    assert element["categories"] == ["organisation", "amenity=tool_library", "ICA100"]
    assert (element["email"], element["sourceKey"]) == ("bonjour@example.org", "Ville de Lille, 2026")
    assert (document["license"], document["attribution"]) == ("ODbL-1.0; etalab-2.0", ["Ville de Lille, 2026"])


REQUIRED = {
    "organizations_schema-v1.0.0": ("name",),
    "people_schema-v0.1.0": ("name", "primary_url", "tags"),
    "offers_wants_schema-v0.1.0": (
        *("exchange_type", "transaction_type", "tags", "title", "description", "geographic_scope", "contact_details"),
    ),
}
"""What the schemas of the Murmurations library require beside `linked_schemas`."""


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("organisation", "organizations_schema-v1.0.0"),
        ("place", "organizations_schema-v1.0.0"),
        ("resource", "organizations_schema-v1.0.0"),
        ("service", "organizations_schema-v1.0.0"),
        ("person", "people_schema-v0.1.0"),
        ("offer", "offers_wants_schema-v0.1.0"),
        ("need", "offers_wants_schema-v0.1.0"),
    ],
)
@pytest.mark.parametrize("body", [FULL, BARE])
def test_a_profile_has_what_its_schema_requires(body: dict[str, Any], kind: str, schema: str) -> None:
    direction = {"offer": {"direction": "offer"}, "need": {"direction": "want"}}.get(kind, {})
    made = profile(shown({**body, "kind": kind, **direction}), BASE)
    assert made["linked_schemas"] == [schema]
    assert set(REQUIRED[schema]) <= set(made)
    assert all(made[field] for field in REQUIRED[schema] if field != "transaction_type")
    assert made.get("geographic_scope", "local") in {"local", "regional", "national", "international"}
    assert made.get("status", "active") in {"active", "in_planning", "on_hold", "completed"}
    for address in (
        made.get("primary_url"),
        made.get("details_url"),
        made.get("contact_details", {}).get("contact_form"),
    ):
        assert address is None or address.startswith("http")


def test_an_offer_says_on_which_terms() -> None:
    offer = {
        **FULL,
        "kind": "offer",
        "direction": "offer",
        "terms": ["lend", "give", "time"],
        "valid_until": 1_900_000_000,
    }
    made = profile(shown(offer), BASE)
    assert (made["exchange_type"], made["transaction_type"]) == ("offer", ["borrow-lend", "receive-donate"])
    assert (made["expires_at"], made["contact_details"]) == (1_900_000_000, {"email": "bonjour@example.org"})
    assert made["tags"] == ["tool library", "ICA100"]


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_no_record_is_a_file_all_the_same(form: str) -> None:
    data = _file(form)
    if form in {"geojson", "jsonld", "gogocarto.json"}:
        json.loads(data)
    assert data
