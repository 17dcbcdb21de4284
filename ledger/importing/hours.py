# SPDX-License-Identifier: AGPL-3.0-or-later
"""Opening hours: a light check whether a text can be in the OpenStreetMap opening_hours syntax."""

from __future__ import annotations

import re
from typing import Final

_COMMENT: Final = re.compile(r'"[^"]*"')
_DAY: Final = r"(?:Mo|Tu|We|Th|Fr|Sa|Su|PH|SH)"
_MONTH: Final = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK: Final = r"(?:(?:[01]?\d|2\d):[0-5]\d|\(?(?:sunrise|sunset|dawn|dusk)(?:[+-]\d\d:\d\d\))?)"
_DAYS: Final = rf"{_DAY}(?:\[[-\d,]+\])?(?:\s?-\s?{_DAY}|(?:\s?[+-]\d+ days?))?"
_DATE: Final = rf"(?:\d{{4}}\s?)?{_MONTH}(?:\s\d\d?)?"
_TOKEN: Final = re.compile(
    rf"{_CLOCK}(?:\s?-\s?{_CLOCK})?\+?|{_DAYS}|{_DATE}(?:\s?-\s?(?:{_DATE}|\d\d?))?|\d{{4}}(?:-\d{{4}})?(?=\s)"
    r"|24/7|off|closed|open|unknown|easter(?:\s[+-]\d+ days?)?|week\s\d\d?(?:-\d\d?)?(?:/\d+)?"
)
_SEPARATOR: Final = re.compile(r"\s*(?:\|\||[,;:]|\s)\s*")


def is_opening_hours(text: str) -> bool:
    """Whether every word of the text is one of the opening_hours syntax. Says nothing about their order."""
    rest = _COMMENT.sub("", text).strip().rstrip(";").rstrip()
    if not rest:
        return '"' in text
    position = 0
    while True:
        token = _TOKEN.match(rest, position)
        if token is None:
            return False
        if token.end() == len(rest):
            return True
        separator = _SEPARATOR.match(rest, token.end())
        if separator is None or separator.end() == separator.start():
            return False
        position = separator.end()
