# SPDX-License-Identifier: AGPL-3.0-or-later
"""Formulas: text that a spreadsheet would run gets a quote mark when it is written, and loses it when it is read."""

from __future__ import annotations

from typing import Final

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")
_MARK: Final = "'"


def quote_formula(text: str) -> str:
    """The text, with a quote mark before it if a spreadsheet would run it, or take such a mark for one of these."""
    return _MARK + text if text.lstrip(_MARK).startswith(_RISKY) else text


def unquote_formula(text: str) -> str:
    """What `quote_formula` was given."""
    return text[1:] if text.startswith(_MARK) and text.lstrip(_MARK).startswith(_RISKY) else text
