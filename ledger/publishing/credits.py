# SPDX-License-Identifier: AGPL-3.0-or-later
"""Credits: under which licences records may be used, and whom to name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_SPDX: Final = re.compile(r"[A-Za-z0-9]+[A-Za-z0-9.-]*-[A-Za-z0-9.-]*[0-9][A-Za-z0-9.-]*")
_OWN_LICENCE: Final = "LicenseRef-"


class Credits:
    """Collects the licences and attributions of the records that it sees, each once, in the order of their coming."""

    def __init__(self) -> None:
        self._licences: dict[str, None] = {}
        self._attributions: dict[str, None] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        """One more record."""
        self._licences[record["licence"]] = None
        for source in record.get("sources", ()):
            self._licences[source["licence"]] = None
        for line in attributions(record):
            self._attributions[line] = None

    @property
    def licences(self) -> list[str]:
        """SPDX expressions."""
        return list(self._licences)

    @property
    def attribution(self) -> list[str]:
        """What the sources ask to be said."""
        return list(self._attributions)


def attributions(record: Mapping[str, Any]) -> list[str]:
    """What the sources of a record ask to be said, else which sets they are, each once."""
    said = (source.get("attribution") or source["set"] for source in record.get("sources", ()))
    return list(dict.fromkeys(said))


def licence_url(licence: str) -> str:
    """Where a licence is to be read, if it is one of the SPDX list; else its expression as it is."""
    known = _SPDX.fullmatch(licence) and not licence.startswith(_OWN_LICENCE)
    return f"https://spdx.org/licenses/{licence}" if known else licence


def record_path(record: Mapping[str, Any]) -> str:
    """The path of a record's page on every node that holds it."""
    return f"/record/{record['log']}/{record['id']}"


def whole_id(record: Mapping[str, Any]) -> str:
    """The id of a record among all logs."""
    return f"{record['log']}/{record['id']}"


def title(record: Mapping[str, Any], field: str = "name") -> str:
    """A text in one language, always the same: undetermined if it stands so, else the first tag; or empty."""
    texts: dict[str, str] = record.get(field) or {}
    return texts["und"] if "und" in texts else texts[min(texts)] if texts else ""
