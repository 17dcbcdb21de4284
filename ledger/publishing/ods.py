# SPDX-License-Identifier: AGPL-3.0-or-later
"""OpenDocument spreadsheets (ISO/IEC 26300): the table, and beside it a sheet with licences and attributions."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from ledger.publishing.flat import NUMBERS
from ledger.publishing.spool import Spool

MEDIA_TYPE: Final = "application/vnd.oasis.opendocument.spreadsheet"
_MEMORY_BYTES_MAX: Final = 16 * 2**20
_PIECE_BYTES: Final = 2**16
_URN: Final = "urn:oasis:names:tc:opendocument:xmlns"
_HEAD: Final = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content xmlns:office="{_URN}:office:1.0"'
    f' xmlns:table="{_URN}:table:1.0" xmlns:text="{_URN}:text:1.0" office:version="1.3"><office:body>'
    "<office:spreadsheet>"
)
_FOOT: Final = "</office:spreadsheet></office:body></office:document-content>"
_MANIFEST: Final = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<manifest:manifest xmlns:manifest="{_URN}:manifest:1.0"'
    f' manifest:version="1.3"><manifest:file-entry manifest:full-path="/" manifest:media-type="{MEDIA_TYPE}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
_NOT_XML: Final = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_BLANKS: Final = re.compile(" {2,}|^ | $|\t")


def ods_pieces(records: Iterable[Mapping[str, Any]], base: str) -> Iterator[bytes]:
    """The bytes of an ODS file. Text is stored as text, so no program takes it for a formula."""
    spool = Spool(records)
    with tempfile.SpooledTemporaryFile(_MEMORY_BYTES_MAX) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("mimetype", MEDIA_TYPE, zipfile.ZIP_STORED)
            with archive.open("content.xml", "w") as content:
                for part in _content(spool, base):
                    content.write(part.encode())
            archive.writestr("META-INF/manifest.xml", _MANIFEST)
        file.seek(0)
        while piece := file.read(_PIECE_BYTES):
            yield piece


def _content(spool: Spool, base: str) -> Iterator[str]:
    numeric = [column in NUMBERS for column in spool.columns]
    yield _HEAD + '<table:table table:name="Records">' + _row([_text(column) for column in spool.columns])
    for cells in spool.rows():
        made = zip(cells, numeric, strict=True)
        yield _row([_number(cell) if number and cell else _text(cell) for cell, number in made])
    yield '</table:table><table:table table:name="Licences">'
    yield _row([_text("from"), _text(base)])
    for name, lines in (("licence", spool.credits.licences), ("attribution", spool.credits.attribution)):
        for line in lines:
            yield _row([_text(name), _text(line)])
    yield "</table:table>" + _FOOT


def _row(cells: list[str]) -> str:
    return f"<table:table-row>{''.join(cells)}</table:table-row>"


def _number(digits: str) -> str:
    value = f'office:value-type="float" office:value="{digits}"'
    return f"<table:table-cell {value}><text:p>{digits}</text:p></table:table-cell>"


def _text(text: str) -> str:
    if not text:
        return "<table:table-cell/>"
    lines = "".join(f"<text:p>{_spaced(line)}</text:p>" for line in _NOT_XML.sub("\ufffd", text).split("\n"))
    return f'<table:table-cell office:value-type="string">{lines}</table:table-cell>'


def _spaced(line: str) -> str:
    """A line whose blanks stay as many as they are: XML readers make one of several."""
    return _BLANKS.sub(
        lambda found: "<text:tab/>" if found[0] == "\t" else f'<text:s text:c="{len(found[0])}"/>', escape(line)
    )
