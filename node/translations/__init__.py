# SPDX-License-Identifier: AGPL-3.0-or-later
"""The languages of the pages: one gettext file for each, found by being here. English is what messages are written in.

`python -m tests.tools.make_words` brings the files in step with the messages that are used.
"""

from __future__ import annotations

import gettext
import re
from functools import cache
from importlib.resources import files
from io import BytesIO

SOURCE = "en"
OWN_NAME = "the name of this language in this language"
"""The context of the message `English` that each language answers with its own name."""
_NAMED = re.compile(f'\nmsgctxt "{OWN_NAME}"\nmsgid "English"\nmsgstr "([^"]+)"')


@cache
def languages() -> tuple[str, ...]:
    """The tags of the languages that there are, in alphabetical order."""
    names = (file.name for file in files(__name__).iterdir())
    return tuple(sorted((SOURCE, *(name.removesuffix(".po") for name in names if name.endswith(".po")))))


@cache
def own_names() -> dict[str, str]:
    """What each language calls itself, by its tag: read without taking in the rest."""
    names = {SOURCE: "English"}
    for language in languages():
        if language != SOURCE:
            found = _NAMED.search((files(__name__) / f"{language}.po").read_text("utf-8"))
            names[language] = found[1] if found else language
    return names


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The messages of one of the languages. A message without a translation is its own."""
    if language == SOURCE:
        return gettext.NullTranslations()
    import polib  # noqa: PLC0415 - the first page in another language pays for it, not the start

    told = (files(__name__) / f"{language}.po").read_text("utf-8")
    return gettext.GNUTranslations(BytesIO(polib.pofile(told).to_binary()))
