# SPDX-License-Identifier: AGPL-3.0-or-later
"""ODS and XLSX: what is in their cells, and that no file of theirs takes more than its share."""

from contextlib import suppress

import pytest

from ledger.importing import archive as archives
from ledger.importing.problem import ImportFileError
from ledger.importing.read import read_table
from tests.ledger.importing.archives import ods, ods_row, xlsx, zipped

NUMBER = '<table:table-cell office:value-type="float" office:value="{}"><text:p>{}</text:p></table:table-cell>'


def test_ods_cells_are_what_was_stored_not_what_is_shown() -> None:
    table = read_table(
        ods(
            ods_row("nom", "lat", "ouvert", "depuis", "note")
            + ods_row(
                "É",
                NUMBER.format("43.6100010000000012", "43,61"),
                '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>',
                '<table:table-cell office:value-type="date" office:date-value="2014-05-20"><text:p>20.5.</text:p>'
                "</table:table-cell>",
                '<table:table-cell office:value-type="string"><office:annotation><text:p>an aside</text:p>'
                '</office:annotation><text:p>a<text:s text:c="2"/>b<text:tab/>c</text:p>'
                "<text:p>d<text:span>e</text:span><text:line-break/>f</text:p></table:table-cell>",
            )
        )
    )
    assert table.format == "ods"
    assert table.columns == ("nom", "lat", "ouvert", "depuis", "note")
    assert [(row.number, row.values) for row in table.rows] == [
        (2, {"nom": "É", "lat": "43.610001", "ouvert": "yes", "depuis": "2014-05-20", "note": "a  b c\nde\nf"})
    ]


def test_repeated_cells_and_rows_stand_as_often_as_they_are_meant() -> None:
    blank = '<table:table-cell table:number-columns-repeated="16380"/>'
    twice = '<table:table-cell table:number-columns-repeated="2" office:value-type="string"><text:p>x</text:p>'
    rows = (
        ods_row("a", "b", "c", blank)
        + ods_row("1", f"{twice}</table:table-cell>", blank, number_rows_repeated=2)
        + ods_row(blank, number_rows_repeated=1_000_000)
        + ods_row("2", "<table:covered-table-cell/>", "y")
    )
    table = read_table(ods(rows))
    assert [(row.number, row.values) for row in table.rows] == [
        (2, {"a": "1", "b": "x", "c": "x"}),
        (3, {"a": "1", "b": "x", "c": "x"}),
        (1_000_004, {"a": "2", "c": "y"}),
    ]


def test_titles_above_the_header_and_further_sheets_are_left_out_and_named() -> None:
    sheets = (
        '<table:table table:name="Vide"></table:table>'
        f'<table:table table:name="Data">{ods_row("Our co-ops")}{ods_row("name", "town")}{ods_row("A", "Lille")}'
        f"{ods_row('B', 'Gent', 'too many')}</table:table>"
        f'<table:table table:name="More">{ods_row("x", "y")}</table:table>'
    )
    table = read_table(ods(sheets))
    assert [row.values for row in table.rows] == [{"name": "A", "town": "Lille"}]
    assert [(problem.row, problem.severity) for problem in table.refused] == [(4, "error")]
    assert "several sheets; the first, 'Data'" in table.notes[0]
    assert "Above the header, which is row 2" in table.notes[1]


def test_xlsx_cells_of_every_type() -> None:
    strings = "<si><t>name</t></si><si><r><t>Four </t></r><r><t>winds</t></r><rPh><t>reading</t></rPh></si>"
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>lat</t></is></c>'
        '<c r="C1" t="str"><v>open</v></c><c r="E1" t="inlineStr"><is><t>sum</t></is></c></row>'
        '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3"><v>3.8586027000000001</v></c><c r="C3" t="b"><v>1</v></c>'
        '<c r="D3" t="e"><v>#REF!</v></c><c r="E3"><f>1+1</f><v>2.0</v></c></row>'
        '<row><c t="s"><v>99</v></c><c><v>1E3</v></c></row>'
    )
    table = read_table(xlsx(rows, strings))
    assert table.format == "xlsx"
    assert table.columns == ("name", "lat", "open", "column 4", "sum")
    assert [(row.number, row.values) for row in table.rows] == [
        (3, {"name": "Four winds", "lat": "3.8586027", "open": "yes", "sum": "2"}),
        (4, {"lat": "1000"}),
    ]


@pytest.mark.parametrize(
    "data",
    [
        ods(ods_row("a", "b") + ods_row("1", '<table:table-cell table:formula="of:=HYPERLINK(1)"/>')),
        xlsx(
            '<row r="1"><c t="str"><v>a</v></c><c t="str"><v>b</v></c></row>'
            '<row r="2"><c t="str"><v>1</v></c><c><f>HYPERLINK(1)</f></c></row>'
        ),
    ],
)
def test_formulas_are_never_run(data: bytes) -> None:
    table = read_table(data)
    assert [row.values for row in table.rows] == [{"a": "1"}]
    assert "1 formulas have no stored result (the first in row 2)" in table.notes[0]


def test_a_zip_bomb_is_given_up_on_while_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_BYTES_MAX", 2**20)
    rows = ods_row("a", "b") + ods_row("x" * 100, "y") * 20_000
    data = ods(rows)
    assert len(data) < 2**16
    with pytest.raises(ImportFileError, match=r"content\.xml unpacks to more than 1 MiB"):
        read_table(data)


def test_what_is_read_again_counts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNPACKED_BYTES_MAX", 2**20)
    sheets = '<sheet name="a" r:id="rId1"/>' * 50
    workbook = f"<workbook xmlns:r='r'><sheets>{sheets}</sheets></workbook>"
    relations = '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>'
    sheet = f"<worksheet><sheetData/>{' ' * 100_000}</worksheet>"
    data = zipped(
        {"xl/workbook.xml": workbook, "xl/_rels/workbook.xml.rels": relations, "xl/worksheets/sheet1.xml": sheet}
    )
    with pytest.raises(ImportFileError, match=r"sheet1\.xml unpacks to more than 1 MiB"):
        read_table(data)


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
FETCHED = '<!DOCTYPE a SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("head", [BOMB, FETCHED])
def test_entities_are_refused_before_they_grow(head: str) -> None:
    for data in (
        zipped({"content.xml": f"{head}<a>&c;</a>"}),
        zipped({"xl/workbook.xml": f"{head}<a>&c;</a>", "xl/_rels/workbook.xml.rels": "<a/>"}),
        f"<?xml version='1.0'?>{head}<kml><Placemark/></kml>".encode(),
        zipped({"doc.kml": f"{head}<kml/>"}),
    ):
        with pytest.raises(ImportFileError, match="declares a document type"):
            read_table(data)


def _rewritten(data: bytes, place: int, value: bytes) -> bytes:
    """An archive whose closing record says something else at a place of it."""
    end = data.rindex(b"PK\x05\x06") + place
    return data[:end] + value + data[end + len(value) :]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (ods(""), "The spreadsheet is empty"),
        (ods(ods_row("a", "b")), "a header and no rows"),
        (ods(ods_row("a") + ods_row("b")), "not a table: no row has two cells"),
        (ods(ods_row("a", "b") + ods_row("x", "y", number_rows_repeated=999_999_999)), "more than 250,000 rows"),
        (
            ods(
                ods_row(
                    "a", '<table:table-cell table:number-columns-repeated="9999"><text:p>x</text:p></table:table-cell>'
                )
            ),
            "more than 1,000 columns",
        ),
        (ods('<table:table table:name="a"/>' * 101), "more than 100 sheets"),
        (
            ods(
                ods_row("a", '<text:s text:c="1000"/>')
                .replace("<text:s", "<table:table-cell><text:p><text:s" + ' text:c="1000"/><text:s' * 200, 1)
                .replace("</table:table-row>", "</text:p></table:table-cell></table:table-row>")
            ),
            "more than 131,072 characters",
        ),
        (xlsx(f'<row r="1"><c r="A1" t="str"><v>{"a" * 131_073}</v></c></row>'), "more than 131,072 characters"),
        (xlsx("", f"<si><t>{'a' * 131_073}</t></si>"), "more than 131,072 characters"),
        (ods(ods_row("a", "b") + ods_row("x", "y" * 131_000, number_rows_repeated=100_000)), "256 million characters"),
        (zipped({"content.xml": f"<a {'b' * 5_000_000}='c'/>"}), "a tag that does not end"),
        (xlsx('<row r="1"><c r="ZZZ1" t="str"><v>a</v></c></row>'), "more than 1,000 columns"),
        (zipped({"content.xml": "<a>" * 1000}), "nested more than 200 deep"),
        (zipped({"content.xml": "<a><b></a>"}), r"content\.xml.*not valid XML \(line 1: mismatched tag"),
        (zipped({"content.xml": b"\0" * 100}), "not valid XML"),
        (zipped({"xl/workbook.xml": "<a/>"}), "archive is damaged"),
        (zipped({"letter.doc": "x"}), "zip archive and neither a spreadsheet"),
        (ods(ods_row("a", "b"))[:-30], "archive is damaged"),
        (_rewritten(ods(ods_row("a", "b")), 12, b"\xff\xff\xff\xff"), "more members than any spreadsheet"),
    ],
)
def test_spreadsheets_that_cannot_be_read_say_why(data: bytes, text: str) -> None:
    with pytest.raises(ImportFileError, match=text):
        read_table(data)


def test_a_password_is_asked_to_be_taken_off() -> None:
    data = bytearray(ods(ods_row("a", "b")))
    for place in range(len(data)):
        if data[place : place + 4] == b"PK\x01\x02":
            data[place + 8] |= 1
    with pytest.raises(ImportFileError, match="protected by a password"):
        read_table(bytes(data))


def test_any_damage_is_a_refusal_or_a_table() -> None:
    data = ods(ods_row("a", "b") + ods_row("1", "2") * 3)
    for place in range(0, len(data), 3):
        spoiled = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        with suppress(ImportFileError):
            assert read_table(spoiled).columns
