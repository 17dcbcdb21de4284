# SPDX-License-Identifier: AGPL-3.0-or-later
"""Licences as people name them, and as SPDX does."""

from __future__ import annotations

import pytest

from ledger.directory.licences import licence_meant


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("CC0-1.0", "CC0-1.0"),
        ("cc0", "CC0-1.0"),
        ("CC BY 4.0", "CC-BY-4.0"),
        ("Creative Commons BY-NC-SA 3.0", "CC-BY-NC-SA-3.0"),
        (" Licence  Ouverte 2.0 ", "etalab-2.0"),
        ("ODbL", "ODbL-1.0"),
        ("LicenseRef-public-domain", "LicenseRef-public-domain"),
        (
            "CC-BY-4.0 OR (MIT AND GPL-2.0+ WITH Bison-exception-2.2)",
            "CC-BY-4.0 OR (MIT AND GPL-2.0+ WITH Bison-exception-2.2)",
        ),
        ("", ""),
        ("free for all", ""),
        ("CC BY", ""),
        ("MIT AND", ""),
        ("a" * 101, ""),
        ("MIT\n", "MIT"),
    ],
)
def test_what_is_meant(text: str, expression: str) -> None:
    assert licence_meant(text) == expression
