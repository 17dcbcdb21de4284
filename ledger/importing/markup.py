# SPDX-License-Identifier: AGPL-3.0-or-later
"""XML, element by element, without what makes XML dangerous: no document type, so no entities and nothing fetched."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from xml.parsers import expat  # the parser itself; what it would do with entities is refused below

from ledger.importing.problem import ImportFileError

DEPTH_MAX: Final = 200
MARK_BYTES_MAX: Final = 4 * 2**20
"""Of one tag or comment, about: the parser begins again with it at each piece."""


class MarkupReader:
    """Reads a document from pieces. Subclasses say what they want of it; names are without their prefix."""

    def __init__(self) -> None:
        self._depth = self._unheard = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Text, perhaps a part of it."""

    def read(self, pieces: Iterable[bytes], what: str) -> None:
        """Reads it all. Raises ImportFileError; `what` names the document in it."""
        try:
            for piece in pieces:
                self._unheard += len(piece)
                self._parser.Parse(piece, False)  # noqa: FBT003 - expat takes it by place
                if self._unheard > max(MARK_BYTES_MAX, len(piece)):
                    raise ImportFileError(f"{what} has a tag that does not end, as no table has. Fetch the file again.")
            self._parser.Parse(b"", True)  # noqa: FBT003 - the same
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise ImportFileError(
                f"{what} is not valid XML (line {error.lineno}: {reason}): it is damaged or cut off there. Fetch the"
                " file again."
            ) from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth, self._unheard = self._depth + 1, 0
        if self._depth > DEPTH_MAX:
            raise ImportFileError(
                f"The XML is nested more than {DEPTH_MAX} deep, as no table is. Fetch the file again."
            )
        self.begin(name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()})

    def _text(self, text: str) -> None:
        self._unheard = 0
        self.text(text)

    def _end(self, name: str) -> None:
        self._depth, self._unheard = self._depth - 1, 0
        self.end(name.rpartition(":")[2])

    def _refuse(self, *_: object) -> None:
        raise ImportFileError(
            "The XML declares a document type, which could hide entities that grow without end. Tables have none:"
            " save the file again with another program, or as CSV."
        )
