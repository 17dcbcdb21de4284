# SPDX-License-Identifier: AGPL-3.0-or-later
"""A contract as a file that people edit: read, checked, made into the body of `contract.offer` (spec 18). Pure.

A template is TOML: `title`, `from`, `until`, `unit`, `accede`; the sections [units], [parties], [accounts] and
[resources], which list every name that the clauses use; and a [[clause]] for each clause. Behind a name stands its id,
or, until it is known, what it is for. [last_year] holds what a rehearsal is made of (`rehearsal.py`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from ledger.errors import RefusedError
from ledger.reciprocity.template_clause import Desk, Fault, clause_value, day, under
from protocol.amounts import SCALE_MAX
from protocol.clauses import check_clauses
from protocol.encoding import Value
from protocol.errors import Malformed
from protocol.identity import parse_log_id
from protocol.reciprocity import check_reciprocity

TEMPLATE_CHARACTERS_MAX = 65_536
ORGANISATION = "organisation"
"""The party that is whoever holds the log: it needs no id in the file."""

_SECTIONS = ("units", "parties", "accounts", "resources")
_KEYS = ("title", "from", "until", "supersedes", "unit", "accede", *_SECTIONS, "clause", "last_year")
_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_AT = re.compile(r" - at `\$\[0\]\.?([a-z_.]*)[^`]*`")
_HEAD = re.compile(r"\s*\[")


class TemplateError(RefusedError):
    """What is wrong with a template, in which line, and what to write there."""


class Names(NamedTuple):
    """What the names in a template stand for in a log. These win over the ids in the file."""

    parties: Mapping[str, bytes] = {}
    accounts: Mapping[str, bytes] = {}
    resources: Mapping[str, bytes] = {}
    scales: Mapping[str, int] = {}


class Place(NamedTuple):
    """One of several sections with the same head, like the second [[clause]]; `number` counts from 1."""

    head: str
    number: int

    def __str__(self) -> str:
        return f"{self.head} {self.number}"


class Template(NamedTuple):
    """What a file says: its tables as they were read, and its text, in which errors find their line."""

    text: str
    tables: dict[str, Any]

    @property
    def unit(self) -> str:
        """The unit where none is named."""
        return str(self.tables.get("unit", ""))

    def section(self, name: str) -> dict[str, Any]:
        """The names that a section lists."""
        return cast("dict[str, Any]", self.tables.get(name, {}))

    def error(self, fault: Fault, place: Place | None = None) -> TemplateError:
        """An error that says where it is."""
        line = _line_of(self.text, fault.keys, place)
        where = [f"line {line}"] if line else []
        where += [str(place)] if place is not None else []
        where += [".".join(fault.keys)] if fault.keys else []
        return TemplateError(": ".join([", ".join(where), fault.text]) if where else fault.text)


def read_template(text: str) -> Template:
    """A template whose sections are there and of their form; its clauses are read when ids are known.

    Raises TemplateError.
    """
    if len(text) > TEMPLATE_CHARACTERS_MAX:
        raise TemplateError(f"a contract has at most {TEMPLATE_CHARACTERS_MAX} characters, this has {len(text)}")
    try:
        # Numbers with a point stay as they are written: an amount is never a float.
        tables = tomllib.loads(text, parse_float=str)
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"this is not TOML: {error}") from None
    except RecursionError:
        raise TemplateError("this is nested too deeply") from None
    template = Template(text, tables)
    try:
        _check_head(tables)
    except Fault as fault:
        raise template.error(fault) from None
    return template


def _check_head(tables: dict[str, Any]) -> None:
    for key in tables:
        if key not in _KEYS:
            raise Fault(f"there is no such key here; there are {', '.join(_KEYS)}", key)
    _check_sections(tables)
    title = tables.get("title")
    if not isinstance(title, dict) or not title or not all(isinstance(one, str) for one in title.values()):
        raise Fault('the title stands here in each language, like title.en = "Tool library"', "title")
    if "from" not in tables:
        raise Fault("from which day the contract is in force stands here, like 2026-03-02", "from")
    if not isinstance(tables.get("unit", ""), str):
        raise Fault('this is the code of a unit under [units], like "EUR"', "unit")
    clauses = tables.get("clause")
    if not isinstance(clauses, list) or not clauses or not all(isinstance(one, dict) for one in clauses):
        raise Fault("a contract has at least one section [[clause]]", "clause")


def _check_sections(tables: dict[str, Any]) -> None:
    for section in (*_SECTIONS, "last_year"):
        if not isinstance(tables.get(section, {}), dict):
            raise Fault(f"this is a section: a line [{section}], and below it a line for each name", section)
    for code, scale in tables.get("units", {}).items():
        if type(scale) is not int or not 0 <= scale <= SCALE_MAX:
            raise Fault(f"behind a unit stands how many decimals it has, 0 to {SCALE_MAX}", "units", code)
    for section in _SECTIONS[1:]:
        for name, said in tables.get(section, {}).items():
            if not isinstance(said, str):
                raise Fault("behind a name stands its id, or what it is for, in quotation marks", section, name)


def lacking(template: Template, names: Names) -> list[str]:
    """The names that have no id yet, each as `section.name`."""
    given = {"parties": names.parties, "accounts": names.accounts, "resources": names.resources}
    return [
        f"{section}.{name}"
        for section, known in given.items()
        for name, said in template.section(section).items()
        if name not in known and _id_of(said) is None
    ]


def offer_of(template: Template, names: Names) -> dict[str, Value]:
    """The body of the `contract.offer` that a template and the ids of its names make. Raises TemplateError."""
    missing = lacking(template, names)
    if missing:
        one = missing[0].partition(".")
        raise template.error(
            Fault(f"no id is known for {', '.join(missing)}: put it behind the name, in its section", one[0], one[2])
        )
    for code, scale in template.section("units").items():
        if names.scales.get(code) not in {None, scale}:
            text = f"this log counts {code} with {names.scales[code]} decimals, not {scale}"
            raise template.error(Fault(text, "units", code))
    body: dict[str, Value] = {
        "parties": list[Value](sorted(set(_ids(template, "parties", names.parties).values()))),
        "clauses": cast("list[Value]", clauses_of(template, names)),
        "title": dict(template.tables["title"]),
    }
    desk = Desk({}, {}, {}, "")
    try:
        for key in ("from", "until"):
            if key in template.tables:
                with under(key):
                    body[key] = day(template.tables[key], desk)
        if "accede" in template.tables:
            body["accede"] = _classes(template.tables["accede"])
        if "supersedes" in template.tables:
            body["supersedes"] = _contract(template.tables["supersedes"])
    except Fault as fault:
        raise template.error(fault) from None
    try:
        check_reciprocity("contract.offer", body)
    except Malformed as error:
        raise TemplateError(error.text) from None
    return body


def clauses_of(template: Template, names: Names) -> list[dict[str, Value]]:
    """The clauses as they are signed. Every name has an id. Raises TemplateError."""
    desk = Desk(
        accounts=_ids(template, "accounts", names.accounts),
        resources=_ids(template, "resources", names.resources),
        scales=template.section("units"),
        unit=template.unit,
    )
    found: list[dict[str, Value]] = []
    for number, written in enumerate(template.tables["clause"], 1):
        place = Place("clause", number)
        try:
            found.append(clause_value(written, desk))
            check_clauses([found[-1]])
        except Fault as fault:
            raise template.error(fault, place) from None
        except Malformed as error:
            raise template.error(_fault_of(error), place) from None
    try:
        check_clauses(cast("list[Value]", found))
    except Malformed as error:
        raise template.error(Fault(error.text)) from None
    return found


def _fault_of(error: Malformed) -> Fault:
    """What the protocol refuses in a single clause, with the key that it names."""
    said = error.text.removeprefix("clauses: ")
    found = _AT.search(said)
    keys = [key for key in found[1].split(".") if key] if found else []
    return Fault(_AT.sub("", said).replace("`int`", "a whole number"), *keys)


def _ids(template: Template, section: str, given: Mapping[str, bytes]) -> dict[str, bytes]:
    found = {name: given.get(name) or _id_of(said) for name, said in template.section(section).items()}
    return {name: known for name, known in found.items() if known is not None}


def _id_of(said: str) -> bytes | None:
    """The id that stands behind a name: 32 hexadecimal digits, or the 52 characters of a log."""
    if _ID.fullmatch(said):
        return bytes.fromhex(said)
    try:
        return parse_log_id(said)
    except Malformed:
        return None


def _classes(value: object) -> Value:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Fault('this is a list of classes, like ["worker", "user"]', "accede")
    return list(value)


def _contract(value: object) -> Value:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Fault("this is the id of the contract that gives way, 32 characters of 0-9 and a-f", "supersedes")
    return bytes.fromhex(value)


def _line_of(text: str, keys: tuple[str, ...], place: Place | None) -> int | None:
    """The line, from 1, in which the innermost of these keys seems to stand, or else the head of its section."""
    lines = text.split("\n")
    begin, end, found = 0, len(lines), None
    if place is not None:
        head = re.compile(rf"\s*\[\[\s*{re.escape(place.head)}\s*\]\]")
        heads = [number for number, line in enumerate(lines) if head.match(line)]
        if len(heads) < place.number:
            return None
        found = begin = heads[place.number - 1]
        end = next((number for number in range(begin + 1, end) if _HEAD.match(lines[number])), end)
    for key in keys:
        pattern = re.compile(rf"(^|[\[{{,.\s\"']){re.escape(key)}[\"']?\s*[=.\]]")
        line = next((number for number in range(begin, end) if pattern.search(lines[number])), None)
        if line is not None:
            found = begin = line
    return None if found is None else found + 1
