# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spreadsheets made by hand, from the XML that is in them."""

from __future__ import annotations

import io
import zipfile

_ODS = (
    '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet>'
    "{}</office:spreadsheet></office:body></office:document-content>"
)
_WORKBOOK = '<workbook xmlns:r="r"><sheets><sheet name="One" sheetId="1" r:id="rId1"/></sheets></workbook>'
_RELATIONS = '<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>'


def zipped(members: dict[str, str | bytes]) -> bytes:
    """A zip archive with these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def ods(rows: str, name: str = "One") -> bytes:
    """An ODS file with one sheet of these rows, or with these sheets if they are written out."""
    sheets = rows if "<table:table " in rows else f'<table:table table:name="{name}">{rows}</table:table>'
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": _ODS.format(sheets)})


def ods_row(*cells: str, **attributes: object) -> str:
    """A row of text cells; a cell that begins with `<` stands as it is."""
    repeated = "".join(f' table:{key.replace("_", "-")}="{value}"' for key, value in attributes.items())
    made = (
        cell
        if cell.startswith("<")
        else f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
        for cell in cells
    )
    return f"<table:table-row{repeated}>{''.join(made)}</table:table-row>"


def xlsx(rows: str, strings: str = "") -> bytes:
    """An XLSX file with one sheet of these rows and these shared strings."""
    return zipped(
        {
            "xl/workbook.xml": _WORKBOOK,
            "xl/_rels/workbook.xml.rels": _RELATIONS,
            "xl/sharedStrings.xml": f"<sst>{strings}</sst>",
            "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{rows}</sheetData></worksheet>",
        }
    )
