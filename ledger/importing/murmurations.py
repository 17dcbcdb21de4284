# SPDX-License-Identifier: AGPL-3.0-or-later
"""Murmurations to a Table: one profile, several, or what an index of profiles answers."""

from __future__ import annotations

from typing import Any, Final

from ledger.importing.detect import detect_decimal
from ledger.importing.geojson import flatten, whole
from ledger.importing.problem import ImportFileError, Problem, shorten
from ledger.importing.sheet import check_extent
from ledger.importing.table import FEATURE_ID, LATITUDE, LONGITUDE, Row, Table

_STATUS: Final = {"in_planning": "planned", "on_hold": "paused", "completed": "closed", "deleted": "closed"}
_INDEX_STATES: Final = frozenset(("received", "validated", "validation_failed", "posted", "post_failed"))
"""What an index says of a profile itself, not of whom it is about."""
_TERMS: Final = {
    "receive-donate": "give", "borrow-lend": "lend", "rent-lease": "rent", "buy-sell": "sell"
}  # fmt: skip
_RENAMED: Final = {
    "title": "name",
    "primary_url": "website",
    "details_url": "website",
    "telephone": "phone",
    "street_address": "street",
    "full_address": "street",
    "postal_code": "postcode",
    "country_iso_3166": "country",
    "country_name": "country",
    "geographic_scope": "scope",
    "tags": "tags",
    "knows_language": "languages",
    "expires_at": "valid_until",
    "item_type": "item",
}
_TAKEN_APART: Final = frozenset((
    *("geolocation", "latitude", "longitude", "urls", "contact_details", "status", "linked_schemas", "exchange_type"),
    *("transaction_type", "unique_id", "profile_url", "last_updated"),
))  # fmt: skip


def profiles_of(document: object) -> list[Any] | None:
    """The profiles in a JSON document, or None if it does not hold Murmurations profiles."""
    found = document
    if isinstance(document, dict):
        found = document["data"] if isinstance(document.get("data"), list) else [document]
    if not isinstance(found, list):
        return None
    first = next((item for item in found if isinstance(item, dict)), {})
    return found if "linked_schemas" in first or "profile_url" in first else None


def read_murmurations(profiles: list[Any], encoding: str) -> Table:
    """The table of profiles, their fields under the names that columns have elsewhere. Raises ImportFileError."""
    rows, refused = [], []
    check_extent("The file", len(profiles), 0)
    for number, profile in enumerate(profiles, 1):
        if isinstance(profile, dict):
            rows.append(Row(number, _cells(profile)))
        else:
            reason = "Not a profile: a profile is an object with linked_schemas and a name. Correct or remove it."
            refused.append(Problem(number, "row", shorten(flatten(profile)), reason, "error"))
    if not rows:
        raise ImportFileError("The file holds no profile. Choose one with at least one.")
    return Table(
        format="murmurations",
        encoding=encoding,
        delimiter="",
        decimal=detect_decimal(cell for row in rows for cell in row.values.values()),
        columns=tuple(dict.fromkeys(column for row in rows for column in row.values)),
        rows=tuple(rows),
        refused=tuple(refused),
    )


def _cells(profile: dict[str, Any]) -> dict[str, str]:
    place = _object(profile, "geolocation")
    schemas = flatten(profile.get("linked_schemas"))
    exchange = flatten(profile.get("exchange_type"))
    terms = profile.get("transaction_type")
    cells = {
        FEATURE_ID: _first(profile, "unique_id", "profile_url", "primary_url"),
        "kind": _kind(schemas, exchange),
        LATITUDE: flatten(place.get("lat", profile.get("latitude"))),
        LONGITUDE: flatten(place.get("lon", profile.get("longitude"))),
        "email": flatten(_object(profile, "contact_details").get("email")),
        "links": " ".join(_links(profile.get("urls"))),
        "status": _status(flatten(profile.get("status"))),
    }
    if exchange:
        cells["direction"] = exchange
        named = terms if isinstance(terms, list) else [terms]
        cells["terms"] = ";".join(_TERMS.get(flatten(term), flatten(term)) for term in named)
    for key, value in profile.items():
        if key not in _TAKEN_APART:
            cells.setdefault(_RENAMED.get(key, whole(key)), flatten(value))
    return {column: text for column, text in cells.items() if text.strip()}


def _object(profile: dict[str, Any], key: str) -> dict[str, Any]:
    value = profile.get(key)
    return value if isinstance(value, dict) else {}


def _first(profile: dict[str, Any], *keys: str) -> str:
    return next((text for key in keys if (text := flatten(profile.get(key)))), "")


def _links(urls: object) -> list[str]:
    """The addresses in a list of objects with `url`, or of texts."""
    items = urls if isinstance(urls, list) else []
    return [flatten(item.get("url") if isinstance(item, dict) else item) for item in items]


def _kind(schemas: str, exchange: str) -> str:
    if exchange:
        return "need" if exchange == "want" else "offer"
    return "person" if "people_schema" in schemas or "person_schema" in schemas else "organisation"


def _status(status: str) -> str:
    return "" if status in _INDEX_STATES else _STATUS.get(status, status)
