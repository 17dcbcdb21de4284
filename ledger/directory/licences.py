# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which licence somebody means: people write "Licence Ouverte" or "CC BY 4.0" where an SPDX expression belongs."""

from __future__ import annotations

import re
from typing import Final

from ledger.text import fold

_KNOWN: Final = {
    "public domain": "LicenseRef-public-domain",
    "domaine public": "LicenseRef-public-domain",
    "cc0": "CC0-1.0",
    "cc0 1 0": "CC0-1.0",
    "cc zero": "CC0-1.0",
    "odbl": "ODbL-1.0",
    "odbl 1 0": "ODbL-1.0",
    "odc by": "ODC-By-1.0",
    "odc by 1 0": "ODC-By-1.0",
    "licence ouverte": "LicenseRef-Licence-Ouverte",
    "licence ouverte 2 0": "etalab-2.0",
    "etalab": "etalab-2.0",
}
_CREATIVE_COMMONS: Final = re.compile(r"(?:cc|creative commons)((?: (?:by|sa|nc|nd)){1,3}) (\d) (\d)")
_PLAIN: Final = r"\(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*"
_EXPRESSION: Final = re.compile(rf"(?=.{{1,100}}\Z){_PLAIN}(?: (?:AND|OR|WITH) {_PLAIN})*")


def licence_meant(text: str) -> str:
    """The SPDX expression that a text is, or names as people do; empty if it cannot be told."""
    text = " ".join(text.split())
    folded = fold(text)
    if found := _CREATIVE_COMMONS.fullmatch(folded):
        return f"CC-{found[1].strip().replace(' ', '-').upper()}-{found[2]}.{found[3]}"
    if known := _KNOWN.get(folded):
        return known
    return text if _EXPRESSION.fullmatch(text) else ""
