# SPDX-License-Identifier: AGPL-3.0-or-later
"""A contract template that somebody has edited, as commands read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.reciprocity.template import Template


def read_file(file: Path) -> Template:
    """The template in a file. Raises TemplateError."""
    from ledger.reciprocity.template import TEMPLATE_CHARACTERS_MAX, TemplateError, read_template

    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(TEMPLATE_CHARACTERS_MAX + 1)
    except UnicodeDecodeError:
        raise TemplateError(f"{file} is not text in UTF-8") from None
    return read_template(text)
