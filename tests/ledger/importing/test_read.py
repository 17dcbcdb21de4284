# SPDX-License-Identifier: AGPL-3.0-or-later
import json

import pytest

from ledger.importing.problem import ImportFileError
from ledger.importing.read import read_table
from ledger.importing.table import FEATURE_ID, LATITUDE, LONGITUDE, PRECISION


def _collection(*features: object, **members: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()


def _feature(geometry: object, **properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def test_rows_have_the_line_on_which_they_begin() -> None:
    data = b'name,street\nA,"House\nRoad\nVillage"\n\nB,"say ""hi"""\r\nC,\n'
    table = read_table(data)
    assert [row.number for row in table.rows] == [2, 6, 7]
    assert table.rows[0].values == {"name": "A", "street": "House\nRoad\nVillage"}
    assert table.rows[1].values["street"] == 'say "hi"'
    assert table.rows[2].values == {"name": "C"}
    assert (table.format, table.delimiter, table.encoding, table.columns) == ("csv", ",", "utf-8", ("name", "street"))


def test_rows_of_the_wrong_width_are_named_and_the_others_go_on() -> None:
    table = read_table(b"name,town\nA,Lille\nB\nC,Gent,9000,x\nD,Wien\n")
    assert [row.values["name"] for row in table.rows] == ["A", "D"]
    assert [(problem.row, problem.severity) for problem in table.refused] == [(3, "error"), (4, "error")]
    assert "1 cells where the header has 2 (1 too few)" in table.refused[0].reason
    assert "2 too many" in table.refused[1].reason


def test_columns_without_a_name_of_their_own_get_one() -> None:
    table = read_table(b"name,,name\nA,b,c\n")
    assert table.columns == ("name", "column 2", "name (2)")
    assert len(table.notes) == 2


def test_a_guessed_encoding_is_noted() -> None:
    assert "line 2" in read_table("nom;ville\nÉté;Sète\n".encode("cp1252")).notes[0]
    assert read_table("nom;ville\nÉté;Sète\n".encode("cp1252"), encoding="cp1252").notes == ()
    assert read_table("nom;ville\nÉté;Sète\n".encode()).notes == ()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"name,town\n", "no rows"),
        (b'name,town\nA,Lille\nB,"Gent\nC,Wien\n', "row on line 3 opens a quotation mark that is never closed"),
        (b"name,town\nA," + b"x" * 140_000 + b"\n", "Line 2 cannot be read"),
        (b"PK\x03\x04rest", "archive is damaged"),
        (b"<!doctype html>", "web page"),
        (b"[1, 2]", "begins a list"),
        (b'{"type": "Topology", "objects": {}}', 'has no list "features"'),
        (b'{"type": "FeatureCollection"}', 'has no list "features"'),
        (b'{"type": "FeatureCollection", "features": []}', "is empty"),
        (b'{"type": "FeatureCollection",\n "features": [{"type": "Fea', r"line 2, character 24.*cut off"),
        (b'{"type": "FeatureCollection",\n "features": [{]}, "a": 1}', "line 2, character 16.*damaged"),
        (b'{"features": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
)
def test_files_that_cannot_be_read_say_why_and_where(data: bytes, text: str) -> None:
    with pytest.raises(ImportFileError, match=text):
        read_table(data)


def test_no_row_as_wide_as_the_header() -> None:
    with pytest.raises(ImportFileError, match="No row has as many cells"):
        read_table(b"a;b;c\n1;2\n", delimiter=";")


def test_numbers_keep_their_digits_and_points_become_cells() -> None:
    data = (
        b'{"features": [{"type": "Feature", "id": 7, "properties": {"n": 3.858602730988903123, "i": 1.0, "e": null},'
        b' "geometry": {"type": "Point", "coordinates": [3.858602730988903, 43.572704175727083, 12]}}]}'
    )
    (row,) = read_table(data).rows
    assert row.values == {
        "n": "3.858602730988903123",
        "i": "1",
        FEATURE_ID: "7",
        LATITUDE: "43.572704175727083",
        LONGITUDE: "3.858602730988903",
    }


def test_nested_values_become_text() -> None:
    nested = _feature(None, tags=["a", ["b", 2]], more={"x": 1, "y": None}, yes=True, half="\ud800")
    (row,) = read_table(_collection(nested)).rows
    assert row.values == {"tags": "a;b;2", "more": "x=1", "yes": "yes", "half": "\ufffd"}


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "LineString", "coordinates": [[10, 50], [11, 51]]},
        {"type": "Polygon", "coordinates": [[[10, 50], [11, 50], [11, 51], [10, 50]]]},
        {"type": "MultiPolygon", "coordinates": [[[[10, 50], [11, 51], [10, 51], [10, 50]]]]},
        {"type": "GeometryCollection", "geometries": [{"type": "MultiPoint", "coordinates": [[10, 51], [11, 50]]}]},
    ],
)
def test_other_geometries_stand_for_the_middle_of_their_box(geometry: object) -> None:
    (row,) = read_table(_collection(_feature(geometry))).rows
    assert (row.values[LATITUDE], row.values[LONGITUDE]) == ("50.5", "10.5")
    assert row.values[PRECISION] == "78715"  # half of sqrt(2) degrees of 111,320 m


@pytest.mark.parametrize("geometry", [None, {}, {"type": "Point", "coordinates": []}, {"type": "LineString"}])
def test_no_geometry_is_no_point(geometry: object) -> None:
    (row,) = read_table(_collection(_feature(geometry, name="A"))).rows
    assert row.values == {"name": "A"}


def test_licence_reference_system_and_what_is_no_feature() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}
    table = read_table(_collection("no feature", _feature(None, a=1), license="Public Domain", crs=crs))
    assert table.licence == "Public Domain"
    assert "EPSG::2154" in table.notes[0]
    assert [(problem.row, problem.value) for problem in table.refused] == [(1, "no feature")]
    assert table.rows[0].number == 2
    assert read_table(_collection(_feature(None, a=1), crs={"type": "name", "name": "EPSG:4326"})).notes == ()


def test_a_single_feature_is_a_table() -> None:
    assert len(read_table(json.dumps(_feature(None, name="A")).encode()).rows) == 1


@pytest.mark.parametrize(
    ("limit", "data", "text"),
    [
        ("sheet.ROWS_MAX", b"a,b\n1,2\n3,4\n5,6\n", "more than 2 rows"),
        ("sheet.ROWS_MAX", _collection(*[_feature(None, name="A")] * 3), "more than 2 rows"),
        ("sheet.ROWS_MAX", json.dumps([{"linked_schemas": ["x"]}] * 3).encode(), "more than 2 rows"),
        ("sheet.CELLS_MAX", b"a,b\n1,2\n3,4\n", "2 cells"),
        ("sheet.COLUMNS_MAX", b"a,b,c\n1,2,3\n", "more than 2 columns"),
        ("geojson.VALUES_MAX", b'{"a": [1, 2, 3]}', "more than 2 values"),
    ],
)
def test_more_than_a_table_has_is_refused(monkeypatch: pytest.MonkeyPatch, limit: str, data: bytes, text: str) -> None:
    monkeypatch.setattr(f"ledger.importing.{limit}", 2)
    with pytest.raises(ImportFileError, match=text):
        read_table(data)
