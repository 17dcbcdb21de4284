# SPDX-License-Identifier: AGPL-3.0-or-later
"""Brings `node/translations/*.po` in step with the messages of the pages.

    python -m tests.tools.make_words            # adds what is missing with no translation, takes away what is not used
    python -m tests.tools.make_words xx         # begins a language; its Plural-Forms, if not as in English, by hand

A message is the first argument of `words(...)`, `_(...)` in a template, `.count(one, many, ...)`,
`.particular(context, message)`, a label of `node.web.words.LABELS`, a date, or what stands in `message(...)` or, in
`ledger/showing`, in `wording(...)`. Each file has them in the order of the files that use them, so that two people who
add messages to two pages do not meet.
"""

from __future__ import annotations

import sys
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from node.translations import OWN_NAME
from node.web.words import DATES, LABELS, MONTHS, SHORT_MONTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

NODE = Path(__file__).parents[2] / "node"
FOLDER = NODE / "translations"
SHOWING = NODE.parent / "ledger" / "showing"
KEYWORDS = {
    "_": None,
    "words": None,
    "count": (1, 2),
    "particular": ((1, "c"), 2),
    "message": None,
    "wording": None,
}
_METHODS = {".py": "python", ".html": "jinja2.ext:babel_extract"}
_WIDTH = 118
SHOWN = 20


Used = tuple[str, str | tuple[str, ...], str | None]
"""The file that uses a message, the message or both its forms, its context."""


@cache
def used() -> tuple[Used, ...]:
    """The messages in order; for all languages they are looked for once."""
    return tuple(_look_for_them())


def _look_for_them() -> Iterator[Used]:
    for path in (*sorted(NODE.rglob("*")), *sorted(SHOWING.glob("*.py"))):
        method = _METHODS.get(path.suffix)
        if method is None or FOLDER in path.parents:
            continue
        name = path.relative_to(NODE.parent).as_posix()
        with path.open("rb") as file:
            for _, text, _, context in extract(method, file, KEYWORDS):
                yield name, text, context
        if name == "node/web/words.py":
            for group, labels in LABELS.items():
                yield from ((f"{name}:{group}", label, None) for label in labels.values())
            yield from ((name, date, None) for date in (*DATES, *MONTHS, *SHORT_MONTHS))
            yield name, "English", OWN_NAME


def in_step(old: Catalog) -> Catalog:
    """A catalogue with exactly the messages that are used, and the translations that there were."""
    new = Catalog(locale=old.locale, fuzzy=False)
    _count_as(new, old.num_plurals, old.plural_expr)
    for place, text, context in used():
        forms = text if isinstance(text, tuple) else (text,)
        had = old.get(forms[0], context)
        if (known := new.get(forms[0], context)) is not None:
            if len(forms) > 1 and not known.pluralizable:
                known.id, known.string = forms, had.string if had and had.pluralizable else ()
            continue
        fits = had is not None and had.pluralizable == (len(forms) > 1)
        string = had.string if had is not None and fits else None
        new[forms[0]] = Message(text, string, locations=[(place, None)], context=context)  # type: ignore[list-item] # no line numbers: they change all the time
    return new


def _count_as(catalogue: Catalog, forms: int, rule: str) -> None:
    """Sets how a language counts: Babel's rules have a form for whole millions, of which nothing here has any."""
    vars(catalogue).update(_num_plurals=forms, _plural_expr=rule)


def read(path: Path) -> Catalog:
    """The catalogue in a file."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def text_of(catalogue: Catalog) -> bytes:
    """A catalogue as its file has it: with nothing in it that changes by itself."""
    stream = BytesIO()
    write_po(stream, catalogue, width=_WIDTH, omit_header=True, sort_by_file=False)
    rule = catalogue.plural_forms
    head = (
        "# SPDX-License-Identifier: AGPL-3.0-or-later\n"
        'msgid ""\nmsgstr ""\n'
        f'"Language: {catalogue.locale_identifier}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {rule}\\n"\n\n'
    )
    return head.encode() + stream.getvalue().rstrip(b"\n") + b"\n"


def main() -> None:
    """Writes the files anew, and tells what wants a translation."""
    for language in sys.argv[1:]:
        begun = Catalog(locale=language)
        _count_as(begun, 2, "(n != 1)")
        (FOLDER / f"{language}.po").write_bytes(text_of(begun))
    for path in sorted(FOLDER.glob("*.po")):
        catalogue = in_step(read(path))
        path.write_bytes(text_of(catalogue))
        lacks = [message.id for message in catalogue if message.id and not all_of(message)]
        print(path.name, f"lacks {len(lacks)}", *lacks[:SHOWN], sep="\n  ")


def forms_of(message: Message) -> tuple[str, ...]:
    """A message, in both its forms if it counts something."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def strings_of(message: Message) -> tuple[str, ...]:
    """The translations of a message, one for each form that its language has; empty where there is none."""
    return (message.string,) if isinstance(message.string, str) else tuple(text or "" for text in message.string or ())


def all_of(message: Message) -> bool:
    """Whether a message is translated in all its forms."""
    return bool(strings_of(message)) and all(strings_of(message))


if __name__ == "__main__":
    main()
