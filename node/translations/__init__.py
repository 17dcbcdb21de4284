# SPDX-License-Identifier: AGPL-3.0-or-later
"""The languages of the pages: one gettext file for each, found by being here. English is what messages are written in.

`python -m tests.tools.make_words` brings the files in step with the messages that are used.
"""

from __future__ import annotations

import gettext
from functools import cache
from importlib.resources import files
from io import BytesIO

SOURCE = "en"


@cache
def languages() -> tuple[str, ...]:
    """The tags of the languages that there are, in alphabetical order."""
    names = (file.name for file in files(__name__).iterdir())
    return tuple(sorted((SOURCE, *(name.removesuffix(".po") for name in names if name.endswith(".po")))))


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The messages of one of the languages. A message without a translation is its own."""
    if language == SOURCE:
        return gettext.NullTranslations()
    import polib  # noqa: PLC0415 - the first page in another language pays for it, not the start

    told = (files(__name__) / f"{language}.po").read_text("utf-8")
    return gettext.GNUTranslations(BytesIO(polib.pofile(told).to_binary()))
