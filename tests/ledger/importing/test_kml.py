# SPDX-License-Identifier: AGPL-3.0-or-later
import pytest

from ledger.importing.problem import ImportFileError
from ledger.importing.read import read_table
from ledger.importing.suggest import suggest
from ledger.importing.table import FEATURE_ID, LATITUDE, LONGITUDE, PRECISION
from tests.ledger.importing.archives import zipped

KML = """<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>Carte</name>
<Style id="s"><IconStyle><Icon><href>x.png</href></Icon></IconStyle></Style>
<Folder><name>Ateliers</name>
 <Placemark id="p1"><name>Vélo &amp; co</name><description><![CDATA[<b>Répare</b> des vélos]]></description>
  <address>1 rue A, Lille</address><phoneNumber>+33 1</phoneNumber>
  <ExtendedData><Data name="site web"><displayName>Web</displayName><value>https://velo.example.org</value></Data>
   <SchemaData><SimpleData name="horaires">Mo-Fr 09:00-17:00</SimpleData></SchemaData></ExtendedData>
  <Point><coordinates> 3.0573,50.6292,0 </coordinates></Point></Placemark>
 <Folder><name>Jardins</name>
  <Placemark><name>Carré</name><Polygon><outerBoundaryIs><LinearRing><coordinates>
   10,50 11,50 11,51 10,51 10,50</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>
 </Folder>
</Folder>
<Placemark><name>Nulle part</name></Placemark>
</Document></kml>"""


@pytest.mark.parametrize(
    "data", [KML.encode(), zipped({"doc.kml": KML, "x.png": b"x"}), KML.replace("UTF-8", "UTF-16").encode("utf-16")]
)
def test_placemarks_are_rows(data: bytes) -> None:
    table = read_table(data)
    assert table.format == "kml"
    assert [row.values for row in table.rows] == [
        {
            FEATURE_ID: "p1",
            "name": "Vélo & co",
            "description": "<b>Répare</b> des vélos",
            "address": "1 rue A, Lille",
            "phone": "+33 1",
            "site web": "https://velo.example.org",
            "horaires": "Mo-Fr 09:00-17:00",
            "folder": "Ateliers",
            LONGITUDE: "3.0573",
            LATITUDE: "50.6292",
        },
        {"name": "Carré", "folder": "Jardins", LATITUDE: "50.5", LONGITUDE: "10.5", PRECISION: "78715"},
        {"name": "Nulle part"},
    ]


def test_a_mapping_is_suggested() -> None:
    mapping = suggest(read_table(KML.encode()), "set")
    assert mapping.name[0].column == "name"
    assert mapping.url == ("site web",)
    assert mapping.hours == ("horaires",)
    assert (mapping.latitude, mapping.longitude, mapping.precision_column) == (LATITUDE, LONGITUDE, PRECISION)
    assert [column.column for column in mapping.categories] == ["folder"]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<kml><Document/></kml>", "has no placemark"),
        (b"<kml><Placemark>", r"not valid XML \(line 1: no element found"),
        (b'<?xml version="1.0"?><gpx/>', "a web page or XML"),
    ],
)
def test_other_files_say_why(data: bytes, text: str) -> None:
    with pytest.raises(ImportFileError, match=text):
        read_table(data)
