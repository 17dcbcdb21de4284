# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can be wrong: with one row (Problem), with a whole file (ImportFileError), with a mapping (MappingError)."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

VALUE_CHARACTERS_MAX: Final = 80


class ImportFileError(ValueError):
    """A file that cannot be read as a table. The text says what is wrong, where, and what to do."""


class MappingError(ValueError):
    """A mapping that cannot be used. The text names the entry and says what it should be."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with one row.

    `row` counts as `Row.number` does; `value` is shortened. An "error" refuses the row; a "warning" lets it in, as a
    rule without the field (the reason says which).
    """

    row: int
    field: str
    value: str
    reason: str
    severity: Literal["error", "warning"]


def shorten(value: str) -> str:
    """The value as a report shows it: on one line, at most `VALUE_CHARACTERS_MAX` characters."""
    line = " ".join(value[: VALUE_CHARACTERS_MAX * 4].split())
    if len(line) <= VALUE_CHARACTERS_MAX and len(value) <= VALUE_CHARACTERS_MAX * 4:
        return line
    return line[: VALUE_CHARACTERS_MAX - 1] + "…"
