# SPDX-License-Identifier: AGPL-3.0-or-later
"""Suggestion: a first mapping for a table, from the words of its headers and from the values below them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from ledger.directory.licences import licence_meant
from ledger.importing.countries import parse_country
from ledger.importing.mapping import CodeColumn, Mapping, TextColumn
from ledger.importing.points import parse_degrees
from ledger.importing.table import FEATURE_ID, LATITUDE, LONGITUDE, PRECISION, Table
from ledger.importing.vocabulary import CATEGORY_KEYS, header_words, senses, split_language
from ledger.importing.web import parse_url
from ledger.importing.words import is_closing, parse_kind, parse_status
from ledger.importing.work import WORK_FIELDS
from ledger.text import fold
from protocol.record import DIRECTIONS, SCOPES

POSTCODE_PRECISION_METRES: Final = 100
VALUES_TRIED: Final = 500

_ESSGLOBAL: Final = re.compile(r"(?:https?://\S*[/#])?(OS|BMT|ICA)\d{1,4}")
_ESSGLOBAL_FIELDS: Final = {"OS": "structure", "BMT": "membership", "ICA": "categories"}
_SPDX: Final = re.compile(r"[A-Za-z][A-Za-z0-9.-]*-\d[A-Za-z0-9.-]*")
_REGISTER: Final = re.compile(r"(?:id_|ref:)([a-z0-9-]{1,32})")
_SCHEMED: Final = re.compile(r"[a-z0-9-]{1,32}:[^\s/].*", re.DOTALL)
_TAGS: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*([;,] ?[a-z]{2,3}(-[A-Za-z0-9]{2,8})*)*")
_LANGUAGE_OF: Final = {
    "AT": "de", "DE": "de", "ES": "es", "FR": "fr", "GB": "en", "IE": "en", "IT": "it", "NL": "nl", "US": "en"
}  # fmt: skip
_SEPARATORS: Final = (";", "|")
_FACILITY: Final = frozenset(("eqpt", "equipement", "equipements", "facility", "facilities", "etablissement"))
_NUMBER_FIRST: Final = frozenset(("en", "fr"))

_Values = dict[str, list[str]]


def suggest(table: Table, set_name: str | None = None) -> Mapping:
    """The mapping that fits a table best, as far as can be told; `Mapping.gaps` says what a person must add.

    Columns without any value are not used. Raises MappingError if `set_name` is not a name for a data set.
    """
    values: _Values = {column: [] for column in table.columns}
    for row in table.rows:
        for column, value in row.values.items():
            values[column].append(value)
    values = {column: cells for column, cells in values.items() if cells}
    fields = _by_headers(values)
    latitude, longitude = _point(values, fields)
    codes = _codes(values, fields, len(table.rows))
    language = _language(values, fields)
    taken = {latitude, longitude}
    name = _texts(values, "name") or _likely_name(values, taken)
    number, street = fields.get("number", [])[:1], fields.get("street", [])[:1]
    if street and _share(values[street[0]], lambda cell: any(c.isdigit() for c in cell)) >= 0.5:
        # The street has its number, so this column numbers something else: the rows, as a rule.
        fields["identifier"] = [*fields.get("identifier", []), *number]
        number = []
    url, links = fields.get("url", []), fields.get("links", [])
    said = _exchange(values, fields)
    licences = _speaking(
        values,
        fields.get("licences", ()),
        lambda value: _SPDX.fullmatch(value) is not None or value.startswith("LicenseRef-"),
    )
    url = url or _likely_url(values, {*links, *(column.column for column in name)})
    found = Mapping(
        set=set_name or "",
        kind=_kind(values, len(table.rows)),
        language=language,
        licence=_licence(table.licence) or _commonest(values, licences),
        identifier=_identifier(values, fields, len(table.rows)),
        name=name,
        description=_texts(values, "description"),
        url=tuple(url),
        links=tuple(links),
        latitude=latitude,
        longitude=longitude,
        precision=_precision(latitude),
        precision_column=_precision_column(values, latitude),
        street=tuple(number + street if language in _NUMBER_FIRST else street + number) if street else (),
        postcode=tuple(fields.get("postcode", ())),
        locality=tuple(fields.get("locality", ())),
        region=tuple(fields.get("region", ())),
        country=tuple(fields.get("country", ())),
        categories=codes["categories"],
        structure=codes["structure"],
        membership=codes["membership"],
        identifiers=codes["identifiers"],
        hours=tuple(fields.get("hours", ())),
        wheelchair=tuple(fields.get("wheelchair", ())),
        fee=tuple(fields.get("fee", ())),
        email=tuple(fields.get("email", ())),
        phone=tuple(fields.get("phone", ())),
        status=tuple(_speaking(values, fields.get("status", ()), lambda value: parse_status(value) is not None)),
        closed=tuple(_speaking(values, fields.get("closed", ()), lambda value: is_closing(value) is not None)),
        licences=tuple(licences),
        attributions=tuple(fields.get("attributions", ())) if licences else (),
        kinds=said["kinds"],
        languages=said["languages"],
        scope=said["scope"],
        direction=said["direction"],
        terms=said["terms"],
        item=said["item"],
        valid_until=said["valid_until"],
    )
    return msgspec.structs.replace(found, **{field: said[field] for field in WORK_FIELDS})


def _exchange(values: _Values, fields: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    """The columns in which single rows say their kind, and what is given or sought how."""
    kinds = _speaking(values, fields.get("kinds", ()), lambda value: parse_kind(value) is not None)
    direction = _speaking(values, fields.get("direction", ()), lambda value: value in DIRECTIONS)
    spoken = _speaking(values, fields.get("languages", ()), lambda value: bool(_TAGS.fullmatch(value)))
    scope = _speaking(values, fields.get("scope", ()), lambda value: value in SCOPES)
    found = {"kinds": tuple(kinds), "direction": tuple(direction), "languages": tuple(spoken), "scope": tuple(scope)}
    return found | {
        field: tuple(fields.get(field, ())) if kinds else () for field in ("terms", "item", "valid_until", *WORK_FIELDS)
    }


def _commonest(values: _Values, columns: Sequence[str]) -> str:
    """The value that stands most often in the likeliest of these columns."""
    return Counter(values[columns[0]]).most_common(1)[0][0] if columns else ""


def _by_headers(values: _Values) -> dict[str, list[str]]:
    """Field to the columns whose headers mean it, the likeliest first."""
    found: dict[str, list[tuple[int, str]]] = {}
    for column in values:
        for sense in senses(column):
            found.setdefault(sense.field, []).append((sense.rank, column))
    return {
        field: [column for _, column in sorted(columns, key=lambda pair: pair[0])] for field, columns in found.items()
    }


def _texts(values: _Values, field: str) -> tuple[TextColumn, ...]:
    """The columns of a text field: the likeliest header, in every language in which it stands."""
    found: list[tuple[int, TextColumn]] = []
    for column in values:
        base, language = split_language(column)
        found += [(sense.rank, TextColumn(column, language)) for sense in senses(base)[:1] if sense.field == field]
    found.sort(key=lambda pair: (bool(pair[1].language), pair[0]))
    plain = [column for _, column in found if not column.language]
    # "title" beside "name" says something else as a rule; a field with no plain column has only its languages.
    return (*plain[:1], *(column for _, column in found if column.language))


def _likely_name(values: _Values, taken: set[str]) -> tuple[TextColumn, ...]:
    """The first column of mostly different short words, where no header says where the name is."""
    for column, cells in values.items():
        tried = cells[:VALUES_TRIED]
        wordy = sum(2 <= len(cell) <= 300 and any(c.isalpha() for c in cell) and not _is_url(cell) for cell in tried)
        if column not in taken and wordy >= 0.9 * len(tried) and len(set(tried)) >= 0.6 * len(tried):
            return (TextColumn(column),)
    return ()


def _likely_url(values: _Values, taken: set[str]) -> list[str]:
    """The fullest column of which most values are web addresses, where no header says so."""
    elsewhere = re.compile(r"image|photo|logo|video|hours|license|licence|uri|osm|^page$", re.IGNORECASE)
    found = [
        column
        for column, cells in values.items()
        if column not in taken
        and not elsewhere.search(column)
        and not all(_ESSGLOBAL.fullmatch(cell) for cell in cells[:VALUES_TRIED])
        and _share(cells, _is_url) >= 0.8
        and len(set(cells)) * 2 > len(cells)
    ]
    return sorted(found, key=lambda column: -len(values[column]))[:1]


def _is_url(value: str) -> bool:
    return value.strip().lower().startswith(("http://", "https://", "www.")) and parse_url(value) is not None


def _share(cells: Sequence[str], test: Callable[[str], bool]) -> float:
    tried = cells[:VALUES_TRIED]
    return sum(map(test, tried)) / len(tried)


def _speaking(values: _Values, columns: Sequence[str], test: Callable[[str], bool]) -> list[str]:
    """The columns whose values say clearly what their header promises."""
    return [column for column in columns if _share(values[column], test) >= 0.8]


def _point(values: _Values, fields: dict[str, list[str]]) -> tuple[str, str]:
    """(column of latitudes, column of longitudes): by header the fullest ones, else by values; or two empty names."""
    pair = []
    for field in ("latitude", "longitude"):
        fitting = [column for column in fields.get(field, ()) if _share(values[column], _is_degrees) >= 0.8]
        # sorted keeps the likelier of two that are equally full.
        pair += sorted(fitting, key=lambda column: -len(values[column]))[:1]
    if len(pair) == 2:
        north, east = (_degrees(values[column]) for column in pair)
        exchanged = sum(abs(value) > 90 for value in north) * 2 > len(north) and all(abs(value) <= 90 for value in east)
        return (pair[1], pair[0]) if exchanged else (pair[0], pair[1])
    fractions = [
        column
        for column, cells in values.items()
        if _share(cells, lambda cell: re.fullmatch(r"-?\d{1,3}[.,]\d{3,}", cell.strip()) is not None) >= 0.95
    ]
    for north_column in fractions:
        for east_column in fractions:
            # Only Europe can be told without a header: its latitudes are above 34, its longitudes as a rule below.
            if _within(values[north_column], 34, 72) and _within(values[east_column], -25, 34):
                return north_column, east_column
    return "", ""


def _is_degrees(value: str) -> bool:
    degrees = parse_degrees(value)
    return degrees is not None and abs(degrees) <= 180


def _degrees(cells: Sequence[str]) -> list[Decimal]:
    return [degrees for cell in cells[:VALUES_TRIED] if (degrees := parse_degrees(cell)) is not None]


def _within(cells: Sequence[str], low: int, high: int) -> bool:
    return all(low <= degrees <= high for degrees in _degrees(cells))


def _precision(latitude: str) -> int:
    words = set(header_words(latitude).split())
    return POSTCODE_PRECISION_METRES if words & {"container", "centroid", "postcode", "zip"} else 10


def _precision_column(values: _Values, latitude: str) -> str:
    """The column that says how precise each point is, in metres."""
    if latitude == LATITUDE and PRECISION in values:
        return PRECISION
    return next((column for column in values if latitude and header_words(column) == "precision m"), "")


def _codes(values: _Values, fields: dict[str, list[str]], rows: int) -> dict[str, tuple[CodeColumn, ...]]:
    """The columns of codes, by field."""
    found: dict[str, list[CodeColumn]] = {"categories": [], "structure": [], "membership": [], "identifiers": []}
    for column, cells in values.items():
        families = Counter(match[1] if (match := _ESSGLOBAL.fullmatch(cell.strip())) else "" for cell in cells)
        family, count = families.most_common(1)[0]
        if family and count >= 0.8 * len(cells):
            field = _ESSGLOBAL_FIELDS[family]
            scheme = "ica" if family == "ICA" else ""
            found[field].append(CodeColumn(column, scheme=scheme, tail=any("/" in cell for cell in cells)))
        elif column in CATEGORY_KEYS:
            found["categories"].append(CodeColumn(column, "osm", f"{column}=", separator=_separator(cells)))
        elif (register := _REGISTER.fullmatch(column)) is not None:
            found["identifiers"].append(CodeColumn(column, scheme=register[1], separator=";"))
        elif column in fields.get("categories", ()) and _share(cells, _is_schemed) == 1:
            found["categories"].append(CodeColumn(column, separator=";"))
        elif column in fields.get("structure", ()) or column in fields.get("membership", ()):
            field = "structure" if column in fields.get("structure", ()) else "membership"
            found[field].append(CodeColumn(column, separator=";"))
        elif column in fields.get("identifiers", ()):
            found["identifiers"].append(CodeColumn(column, scheme=_slug(column)))
        elif column in fields.get("categories", ()) and len(cells) * 100 >= rows:
            found["categories"].append(CodeColumn(column, scheme=_slug(column), separator=_separator(cells)))
    return {field: tuple(columns) for field, columns in found.items()}


def _is_schemed(cell: str) -> bool:
    """Whether every part of a cell is scheme:code."""
    return all(_SCHEMED.fullmatch(part.strip()) for part in cell.split(";"))


def _separator(cells: Sequence[str]) -> str:
    """The character that parts several values in a cell, if one does; a comma may be part of a name."""
    counts = {mark: sum(mark in cell for cell in cells) for mark in _SEPARATORS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ""


def _slug(text: str) -> str:
    return header_words(text).encode("ascii", "ignore").decode().replace(" ", "-")[:32].strip("-") or "category"


def _identifier(values: _Values, fields: dict[str, list[str]], rows: int) -> str:
    """The likeliest column of identifiers that nearly every row has and no two rows share; or none."""
    columns: list[str] = [*fields.get("identifier", ()), *([FEATURE_ID] if FEATURE_ID in values else [])]
    for column in sorted(columns, key=lambda column: column == FEATURE_ID):
        cells = values[column]
        if len(cells) >= 0.9 * rows and len(set(cells)) >= 0.99 * len(cells):
            return column
    return ""


def _language(values: _Values, fields: dict[str, list[str]]) -> str:
    """The language of the texts: that of the rows' countries if they have one, else that of the headers, else und."""
    countries: Counter[str] = Counter()
    for column in fields.get("country", ())[:1]:
        for cell, count in Counter(values[column]).items():
            country = parse_country(cell)
            countries[_LANGUAGE_OF.get(country.code, "und") if country else "und"] += count
    if countries:
        language, count = countries.most_common(1)[0]
        return language if count >= 0.9 * countries.total() else "und"
    named = values.keys() - {FEATURE_ID, LATITUDE, LONGITUDE, PRECISION}
    votes = Counter(language for column in named for sense in senses(column)[:1] for language in sense.languages)
    most = max(votes.values(), default=0)
    best = [language for language, count in votes.items() if count == most]
    # English headers stand over texts of any language.
    return best[0] if len(best) == 1 and best[0] != "en" else "und"


def _kind(values: _Values, rows: int) -> str:
    """Facilities are places; what else is imported is mostly organisations."""
    columns = [column for column, cells in values.items() if len(cells) * 2 > rows]
    return "place" if any(_FACILITY & set(header_words(column).split()) for column in columns) else "organisation"


def _licence(text: str) -> str:
    """What a file says of its licence; one that nobody knows gets a name of its own."""
    slug = fold(text).encode("ascii", "ignore").decode().replace(" ", "-")[:80].strip("-")
    return licence_meant(text) or (f"LicenseRef-{slug}" if slug else "")
