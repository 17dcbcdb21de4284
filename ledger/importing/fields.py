# SPDX-License-Identifier: AGPL-3.0-or-later
"""Fields: the cells of one row to the values of a record's fields, noting what is wrong on the way (spec 10 §2)."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from ledger.directory.licences import licence_meant
from ledger.importing.clean import REPLACEMENT, clean, clean_line
from ledger.importing.countries import MEANT_OTHERWISE, parse_country
from ledger.importing.hours import is_opening_hours
from ledger.importing.mapping import ATTRIBUTION_CHARACTERS_MAX, CodeColumn, Mapping, TextColumn
from ledger.importing.points import PRECISION_METRES_MAX, Degrees, parse_point
from ledger.importing.problem import Problem, shorten
from ledger.importing.table import Row
from ledger.importing.times import parse_time
from ledger.importing.web import parse_urls
from ledger.importing.words import is_closing, parse_kind, parse_status, parse_wheelchair, parse_yes_no
from protocol.record import DIRECTED_KINDS, SCOPES, TERMS, is_language_tag

NAME_CHARACTERS_MAX: Final = 300
DESCRIPTION_CHARACTERS_MAX: Final = 8_000
HOURS_CHARACTERS_MAX: Final = 500
SHORT_CHARACTERS_MAX: Final = 200
CODE_CHARACTERS_MAX: Final = 100
LANGUAGES_MAX: Final = 32
LINKS_MAX: Final = 16

_SCHEME: Final = re.compile(r"[a-z0-9-]{1,32}")
_EMAIL: Final = re.compile(r"[^\s@<>,;\"]+@(?:[\w-]+\.)+[^\W\d_]{2,}")
_EUROPE: Final = (range(340_000_000, 720_000_000), range(-250_000_000, 450_000_000))


class Fields:
    """Reads the fields of one row. Every method gives a field's value, empty if it has none, and notes problems."""

    def __init__(self, row: Row, mapping: Mapping) -> None:
        self.row = row
        self.mapping = mapping
        self.problems: list[Problem] = []

    def note(self, field: str, value: str, reason: str, severity: Literal["error", "warning"] = "warning") -> None:
        """One more problem of this row."""
        self.problems.append(Problem(self.row.number, field, shorten(value), reason, severity))

    def line(self, field: str, column: str, limit: int = SHORT_CHARACTERS_MAX) -> str:
        """A cell as one line of text, or empty if it is too long."""
        return self._limited(field, clean_line(self.row.values.get(column, "")), limit)

    def _limited(self, field: str, text: str, limit: int) -> str:
        if len(text) > limit:
            self.note(field, text, f"{len(text)} characters, at most {limit} are allowed: left out. Shorten it.")
            return ""
        if REPLACEMENT in text:
            self.note(field, text, "Holds U+FFFD, where an earlier program lost a character. Put the right one there.")
        return text

    def first(self, field: str, columns: tuple[str, ...]) -> str:
        """The first of these cells that holds a line of text."""
        for column in columns:
            if column in self.row.values and (text := self.line(field, column)):
                return text
        return ""

    def names(self) -> dict[str, str]:
        """The name in every language; without one, or with one that is too long, the row is refused."""
        names = self._texts("name", self.mapping.name, NAME_CHARACTERS_MAX, "error")
        if not names and not any(problem.severity == "error" for problem in self.problems):
            columns = ", ".join(column.column for column in self.mapping.name)
            self.note("name", "", f"No name: fill in the column {columns}, or remove the row.", "error")
        return names

    def descriptions(self) -> dict[str, str]:
        """The description in every language."""
        return self._texts("description", self.mapping.description, DESCRIPTION_CHARACTERS_MAX, "warning")

    def _texts(
        self, field: str, columns: tuple[TextColumn, ...], limit: int, severity: Literal["error", "warning"]
    ) -> dict[str, str]:
        texts: dict[str, str] = {}
        cleaning = clean_line if field == "name" else clean
        told = {self.row.values.get(column.column) for column in columns if column.language}
        for column in columns:
            cell = self.row.values.get(column.column)
            if not column.language and cell in told:
                continue  # it repeats what stands beside it with its language
            language = column.language or self.mapping.language
            if not cell or language in texts or not (text := cleaning(cell)):
                continue
            if len(text) > limit:
                reason = (
                    f"{len(text)} characters, at most {limit} are allowed: left out. Shorten column {column.column}."
                )
                self.note(field, text, reason, severity)
            elif len(texts) == LANGUAGES_MAX:
                self.note(field, text, f"More than {LANGUAGES_MAX} languages: this one is left out.")
            else:
                texts[language] = self._limited(field, text, limit)
        return texts

    def addresses(self) -> tuple[str, list[str]]:
        """(the web address, the links): all usable ones, the first of the url columns before the others."""
        own = [url for column in self.mapping.url for url in self.urls("url", column)]
        others = [url for column in self.mapping.links for url in self.urls("links", column)]
        url = own[0] if own else ""
        links = [link for link in dict.fromkeys(own[1:] + others) if link.rstrip("/") != url.rstrip("/")]
        if len(links) > LINKS_MAX:
            self.note("links", links[LINKS_MAX], f"More than {LINKS_MAX} links: this and the next are left out.")
        return url, links[:LINKS_MAX]

    def urls(self, field: str, column: str) -> list[str]:
        """The usable web addresses of a cell."""
        cell = clean_line(self.row.values.get(column, ""))
        urls = parse_urls(cell) if cell else []
        if cell and not urls:
            reason = f"Not a web address: left out. Write it as https://www.example.org in column {column}."
            self.note(field, cell, reason)
        elif len(urls) == 1 and cell.casefold() not in urls[0].casefold():
            self.note(field, cell, f"Mistyped: taken as {shorten(urls[0])}. Correct it in column {column}.")
        return urls

    def point(self) -> dict[str, Any]:
        """The point, with its precision and the method `source`."""
        mapping, values = self.mapping, self.row.values
        latitude, longitude = values.get(mapping.latitude, ""), values.get(mapping.longitude, "")
        if not latitude.strip() and not longitude.strip():
            return {}
        found = parse_point(latitude, longitude)
        if not isinstance(found, Degrees):
            self.note("point", f"{latitude}, {longitude}", f"{found} The record has no point.")
            return {}
        if found.exchanged:
            reason = "Latitude and longitude were exchanged, since no latitude is beyond 90 degrees. Check the place."
            self.note("point", f"{latitude}, {longitude}", reason)
        precision = values.get(mapping.precision_column, "")
        coarser = int(precision) if precision.isascii() and precision.isdigit() else 0
        return {
            "lat": found.latitude,
            "lon": found.longitude,
            "precision": min(max(mapping.precision, coarser), PRECISION_METRES_MAX),
            "method": "source",
        }

    def address(self, point: dict[str, Any]) -> dict[str, str]:
        """The postal address; the point tells when a country's code was meant otherwise."""
        mapping = self.mapping
        parts = {
            "street": self.street(),
            "postcode": self.first("address.postcode", mapping.postcode),
            "locality": self.first("address.locality", mapping.locality),
            "region": self.first("address.region", mapping.region),
            "country": self.country(point),
        }
        return {part: text for part, text in parts.items() if text}

    def street(self) -> str:
        """The street, its columns joined by blanks; it may have several lines."""
        values = self.row.values
        parts = [clean(values[column]) for column in self.mapping.street if column in values]
        return self._limited("address.street", " ".join(part for part in parts if part), SHORT_CHARACTERS_MAX)

    def country(self, point: dict[str, Any]) -> str:
        """The country's ISO 3166-1 code."""
        name = self.first("address.country", self.mapping.country)
        if not name:
            return ""
        country = parse_country(name)
        if country is None:
            reason = "Not a country that is known here: left out. Write its two letters (ISO 3166-1), such as GB."
            self.note("address.country", name, reason)
            return ""
        if country.misspelt:
            self.note("address.country", name, f"Misspelt: taken as {country.code}. Correct the spelling.")
        meant = MEANT_OTHERWISE.get(country.code)
        if meant and point and all(point[axis] in box for axis, box in zip(("lat", "lon"), _EUROPE, strict=True)):
            reason = f"{country.code} is far from the point; perhaps {meant} is meant: left out. Correct the code."
            self.note("address.country", name, reason)
            return ""
        return country.code

    def codes(self, field: str, columns: tuple[CodeColumn, ...], limit: int, *, schemed: bool = False) -> list[str]:
        """The codes of all columns, each once, at most `limit`; with their scheme if they are `schemed`."""
        codes: dict[str, None] = {}
        for column in columns:
            cell = self.row.values.get(column.column)
            if not cell:
                continue
            for part in cell.split(column.separator) if column.separator else (cell,):
                text = clean_line(part)
                if column.tail:
                    text = re.split("[/#]", text.rstrip("/#"))[-1]
                if not text:
                    continue
                scheme = column.scheme
                if schemed and not scheme:
                    scheme, colon, text = text.partition(":")
                    if not (colon and text and _SCHEME.fullmatch(scheme)):
                        self.note(field, part, "Not scheme:code: left out. Write it such as osm:shop=books.")
                        continue
                code = self._limited(field, column.prefix + text, CODE_CHARACTERS_MAX)
                if code:
                    codes[f"{scheme}:{code}" if schemed else code] = None
        if len(codes) > limit:
            self.note(field, list(codes)[limit], f"More than {limit} of them: this and the next are left out.")
        return list(codes)[:limit]

    def identifiers(self) -> list[dict[str, str]]:
        """What other registers call the subject."""
        found = []
        for column in self.mapping.identifiers:
            if column.column in self.row.values:
                texts = self.codes("identifiers", (column,), LANGUAGES_MAX)
                found += [{"scheme": column.scheme, "id": text} for text in texts]
        return found[:LANGUAGES_MAX]

    def hours(self) -> str:
        """The opening hours as they stand, with a warning if they are prose."""
        for column in self.mapping.hours:
            text = self.line("hours", column, HOURS_CHARACTERS_MAX)
            if text:
                if not is_opening_hours(text):
                    reason = "Kept as text, but not in the opening_hours syntax of OpenStreetMap, so nobody can be told"
                    self.note("hours", text, f"{reason} whether it is open. Write it such as Mo-Fr 09:00-17:00.")
                return text
        return ""

    def access(self) -> dict[str, Any]:
        """Whether wheelchairs get in, whether it costs, and which languages are spoken."""
        found: dict[str, Any] = {}
        for field, columns, parse in (
            ("wheelchair", self.mapping.wheelchair, parse_wheelchair),
            ("fee", self.mapping.fee, parse_yes_no),
        ):
            text = self.first(f"access.{field}", columns)
            answer = parse(text) if text else None
            if answer:
                found[field] = answer
            elif text:
                self.note(f"access.{field}", text, "Neither yes nor no: left out. Write yes or no.")
        languages = [tag for tag in self.parts(self.mapping.languages) if is_language_tag(tag)]
        if languages:
            found["languages"] = languages[:LANGUAGES_MAX]
        return found

    def contact(self) -> dict[str, str]:
        """E-mail address and telephone number: public, since the file is."""
        email = self.first("contact.email", self.mapping.email)
        if email and not _EMAIL.fullmatch(email):
            self.note("contact.email", email, "Not an e-mail address: left out. Correct it.")
            email = ""
        phone = self.first("contact.phone", self.mapping.phone)
        found = {key: text for key, text in (("email", email), ("phone", phone)) if text}
        return {**found, "visibility": "public"} if found else {}

    def status(self) -> str:
        """`closed`, `paused` or `planned` if the row clearly says so."""
        for column in self.mapping.closed:
            text = self.line("status", column)
            if text and is_closing(text):
                return "closed"
        text = self.first("status", self.mapping.status)
        status = parse_status(text) if text else "active"
        if status is None:
            self.note("status", text, "Not a status that is known: left out. Write active, planned, paused or closed.")
        return "" if status in (None, "active") else status or ""

    def kind(self) -> str:
        """The kind that the row says, else that of the whole set."""
        text = self.first("kind", self.mapping.kinds)
        kind = parse_kind(text) if text else self.mapping.kind
        if kind is None:
            self.note(
                "kind", text, f"Not a kind that is known: taken as {self.mapping.kind}. Write organisation, place, ..."
            )
        return kind or self.mapping.kind

    def licence(self) -> str:
        """The licence that the row says, else that of the whole set."""
        text = self.first("licence", self.mapping.licences)
        licence = licence_meant(text)
        if text and not licence:
            self.note("licence", text, f"Not an SPDX expression: taken as {self.mapping.licence}. Write CC0-1.0, ...")
        return licence or self.mapping.licence

    def attribution(self) -> str:
        """What the licence asks to be said: for the row, else for the whole set."""
        return self.first("attribution", self.mapping.attributions)[:ATTRIBUTION_CHARACTERS_MAX] or clean_line(
            self.mapping.attribution
        )

    def exchange(self, kind: str) -> dict[str, Any]:
        """What is said of an offer or a need, and how far anything reaches."""
        found: dict[str, Any] = {"scope": self.first("scope", self.mapping.scope).lower()}
        if found["scope"] not in (*SCOPES, ""):
            self.note("scope", found["scope"], f"Not a scope that is known: left out. Write {', '.join(SCOPES)}.")
            found["scope"] = ""
        if kind in DIRECTED_KINDS:
            found["direction"] = self.first("direction", self.mapping.direction).lower() or (
                "want" if kind == "need" else "offer"
            )
        terms = self.parts(self.mapping.terms)
        for term in terms:
            if term not in TERMS:
                self.note("terms", term, f"Not terms that are known: left out. Write {', '.join(TERMS)}.")
        found["terms"] = [term for term in terms if term in TERMS]
        found["item"] = self.first("item", self.mapping.item)
        text = self.first("valid_until", self.mapping.valid_until)
        until = parse_time(text) if text else None
        if text and until is None:
            self.note("valid_until", text, "Not a day: left out. Write it such as 2027-01-31.")
        found["valid_until"] = until
        return found

    def parts(self, columns: tuple[str, ...]) -> list[str]:
        """The parts of the first cell that says something, each once."""
        text = next((self.row.values[column] for column in columns if column in self.row.values), "")
        return list(dict.fromkeys(part for item in re.split("[;,]", text) if (part := clean_line(item))))
