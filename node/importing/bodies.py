# SPDX-License-Identifier: AGPL-3.0-or-later
"""The schemas of what programs send to import something."""

from __future__ import annotations

from typing import Any

from node.importing.deciding import CHOICES
from node.importing.telling import DELIMITERS, ENCODINGS

_CHOICE = {"type": "string", "enum": list(CHOICES)}
IMPORT_BODIES: dict[str, Any] = {
    "File": {"type": "string", "format": "binary", "description": "CSV, GeoJSON, ODS, XLSX, KML or Murmurations"},
    "ImportChange": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "encoding": {"type": "string", "enum": ["", *ENCODINGS], "description": "Empty: to be found out"},
            "delimiter": {"type": "string", "enum": ["", *DELIMITERS], "description": "Empty: to be found out"},
            "mapping": {"type": "object", "description": "As it is told of the file; what is left out has its default"},
            "close": {"type": "boolean", "description": "Close records of the set that the file no longer has"},
        },
    },
    "ImportStart": {
        "type": "object",
        "required": ["seen"],
        "additionalProperties": False,
        "properties": {
            "seen": {"type": "string", "description": "As it is told of the file: what exactly is to be carried out"},
            "close_many": {"type": "boolean", "description": "Close even if that is more than a fifth of the set"},
            "likely": _CHOICE | {"description": "What becomes of rows that are likely to be here already"},
            "single": {"type": "object", "additionalProperties": _CHOICE, "description": "The same by row"},
        },
    },
    "ImportUndo": {
        "type": "object",
        "required": ["import"],
        "additionalProperties": False,
        "properties": {"import": {"type": "string", "pattern": "^[0-9a-f]{1,32}$"}},
    },
}
