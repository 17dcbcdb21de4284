# SPDX-License-Identifier: AGPL-3.0-or-later
"""Derives `ledger/data/labels.tsv.gz`, the table behind `ledger.directory.labels`.

Run from the root of the project, once for each new edition of the sources:

    npm pack @openstreetmap/id-tagging-schema@6.19.2 && tar xzf openstreetmap-id-tagging-schema-6.19.2.tgz
    .venv/bin/python -m tests.tools.make_labels package

The same sources give the same table. It is UTF-8 text of three parts with an empty line between them:

| part | line |
| --- | --- |
| languages | tags, with blanks between them: the columns of the second part |
| labels | code, then a label for each language, with tabs between them; empty where there is none; sorted by code |
| words | folded word of a category's label, tab, numbers of the lines of the second part, from 0; sorted by bytes |

Codes are `scheme:code` as categories of records have them; for the other lists `structure:`, `membership:` and
`country:` stand before the code. `labels.tsv` beside this file has what was translated by hand; it goes before.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from babel import Locale

from ledger.text import words

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE: Final = Path("ledger/data/labels.tsv.gz")
BY_HAND: Final = Path(__file__).with_name("labels.tsv")
LANGUAGES: Final = (
    *("en", "fr", "nl", "de", "es", "ca", "it"),
    *("ar", "cs", "el", "eu", "gl", "pl", "pt", "ro", "sv", "tr", "uk"),
)
"""Those of the pages first; the others are spoken by people who search here."""
KEYS: Final = frozenset(
    (
        *("amenity", "building", "club", "craft", "education", "emergency", "healthcare", "historic", "landuse"),
        *("leisure", "man_made", "natural", "office", "public_transport", "shop", "social_facility", "tourism"),
    )
)
"""What of the map of the world can be a record: not roads, rails, barriers and the like."""
NOT_CATEGORIES: Final = ("structure:", "membership:", "country:")
_ANYTHING: Final = frozenset({"*", "yes", "no"})


def preset_codes(presets: dict[str, Any]) -> dict[str, str]:
    """Category by the name of its preset: those of one tag, and those that another tag makes more special."""
    codes: dict[str, str] = {}
    for name, preset in presets.items():
        tags = list(preset["tags"].items())
        if not tags or tags[0][0] not in KEYS or not preset.get("searchable", True):
            continue
        key, value = tags[-1]
        if len(tags) == 1 and value == "*":
            codes[name] = f"osm:{key}"
        elif len(tags) <= 2 and value not in _ANYTHING:
            codes.setdefault(name, f"osm:{key}={value}")
    return codes


def osm_labels(package: Path) -> dict[str, dict[str, str]]:
    """The labels of categories by language. Where several presets make one, the first counts: it has fewest tags."""
    codes = preset_codes(json.loads((package / "dist" / "presets.min.json").read_text("utf-8")))
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        told = json.loads((package / "dist" / "translations" / f"{language}.min.json").read_text("utf-8"))
        presets = told[language].get("presets", {}).get("presets", {})
        for name, code in sorted(codes.items(), key=lambda item: (item[0].count("/"), item[0])):
            label = presets.get(name, {}).get("name", "").partition("\n")[0].strip()
            if label and not label.startswith("{"):
                found.setdefault(code, {}).setdefault(language, label)
    return {code: labels for code, labels in found.items() if "en" in labels}


def country_labels() -> dict[str, dict[str, str]]:
    """The names of countries."""
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}:
                found.setdefault(f"country:{code}", {})[language] = name
    return found


def labels_by_hand() -> dict[str, dict[str, str]]:
    """Those of `labels.tsv`."""
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {row["code"]: {tag: text for tag, text in row.items() if tag != "code" and text} for row in rows}


def word_lines(codes: list[str], labels: dict[str, dict[str, str]]) -> Iterator[str]:
    """Lines of the third part."""
    found: dict[str, set[int]] = {}
    for number, code in enumerate(codes):
        if code.startswith(NOT_CATEGORIES):
            continue
        for label in labels[code].values():
            for word in words(label):
                found.setdefault(word, set()).add(number)
    for word, numbers in sorted(found.items(), key=lambda item: item[0].encode()):
        yield f"{word}\t{' '.join(map(str, sorted(numbers)))}"


def main() -> None:
    """Write the table and print its size."""
    labels = osm_labels(Path(sys.argv[1])) | country_labels()
    for code, texts in labels_by_hand().items():
        labels[code] = labels.get(code, {}) | texts
    codes = sorted(labels)
    lines = ["\t".join([code, *(labels[code].get(tag, "") for tag in LANGUAGES)]) for code in codes]
    parts = [[" ".join(LANGUAGES)], lines, list(word_lines(codes, labels))]
    text = "\n\n".join("\n".join(part) for part in parts) + "\n"
    TABLE.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stdout.write(
        f"{len(codes)} codes, {len(parts[2])} words, {len(text.encode())} bytes, {TABLE.stat().st_size} compressed\n"
    )


if __name__ == "__main__":
    main()
