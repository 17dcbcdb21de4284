# SPDX-License-Identifier: AGPL-3.0-or-later
"""The number of a page in an address. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DIGITS_MAX = 6


def page_of(query: Mapping[str, str]) -> int:
    """The page that is asked for, from 1 on; what makes no sense is the first."""
    page = query.get("page", "")
    return max(1, int(page)) if page.isascii() and page.isdecimal() and len(page) <= _DIGITS_MAX else 1
