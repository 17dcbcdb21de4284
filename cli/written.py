# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people write on the command line, as values: days, and texts in several languages."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.encoding import Value

_TAGGED = re.compile(r"([a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)=(.+)")


def read_day(text: str | None) -> int:
    """The day that somebody wrote, or today in UTC."""
    from protocol.amounts import parse_day

    return parse_day(text) if text else int(time.time()) // 86_400


def language_map(texts: Sequence[str], language: str) -> dict[str, Value]:
    """A text in several languages from `tag=text`; without a tag it is in the organisation's language."""
    named: dict[str, Value] = {}
    for text in texts:
        found = _TAGGED.fullmatch(text)
        named[found[1] if found else language] = found[2] if found else text
    return named
