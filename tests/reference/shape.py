# SPDX-License-Identifier: AGPL-3.0-or-later
"""Is a decoded value of the type and size that a table of the specs asks for."""

import re
from typing import Any

# URLs are checked for what every reading of the specs refuses: another scheme, no host, white space.
WEB_URL = re.compile(r"https?://[^\s/?#]+\S*")
# BCP 47, as far as its grammar can be told without the registry.
LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def is_integer(value: Any, low: int = 0, high: int = 2**63 - 1) -> bool:
    """An integer (not a boolean) in a range, both ends included."""
    return type(value) is int and low <= value <= high


def is_bytes(value: Any, length: int | None = None) -> bool:
    """A byte string, of this length if one is given."""
    return isinstance(value, bytes) and (length is None or len(value) == length)


def is_text(value: Any, low: int = 0, high: int = 65_535) -> bool:
    """Text whose length in code points is in a range, both ends included."""
    return isinstance(value, str) and low <= len(value) <= high


def is_array(value: Any, low: int = 0, high: int = 4_096) -> bool:
    """An array whose length is in a range, both ends included."""
    return isinstance(value, list) and low <= len(value) <= high


def is_map(value: Any) -> bool:
    """A map."""
    return isinstance(value, dict)


def is_language_tag(value: Any) -> bool:
    """A tag of the form of BCP 47."""
    return isinstance(value, str) and bool(LANGUAGE_TAG.fullmatch(value))


def is_web_url(value: Any, high: int = 65_535) -> bool:
    """A URL with the scheme http or https."""
    return is_text(value, 1, high) and bool(WEB_URL.fullmatch(value))
