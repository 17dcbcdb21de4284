# SPDX-License-Identifier: AGPL-3.0-or-later
"""Murmurations: a record as a profile, whose address somebody hands to an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger.publishing.credits import attributions, record_path, title, whole_id

ORGANISATIONS: Final = "organizations_schema-v1.0.0"
PEOPLE: Final = "people_schema-v0.1.0"
OFFERS: Final = "offers_wants_schema-v0.1.0"
_STATUS: Final = {"active": "active", "planned": "in_planning", "paused": "on_hold", "closed": "completed"}
_TERMS: Final = {
    "give": "receive-donate", "lend": "borrow-lend", "rent": "rent-lease", "sell": "buy-sell"
}  # fmt: skip


def profile(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    """The profile of a record under the schema of its kind, with what that schema requires.

    Places, resources and services are described by the schema of organisations: there is none of their own.
    """
    if record["kind"] in {"offer", "need"}:
        made = _exchange(record, base)
    elif record["kind"] == "person":
        made = _person(record, base)
    else:
        made = _organisation(record, base)
    return {key: value for key, value in made.items() if value is not None and value != ""}


def _common(record: Mapping[str, Any]) -> dict[str, Any]:
    point, images = record.get("point"), [image["url"] for image in record.get("images", ())]
    return {
        "description": title(record, "description"),
        "geolocation": {"lat": point["lat"], "lon": point["lon"]} if point else None,
        "image": images[0] if images else None,
        "licence": record["licence"],
        "attribution": attributions(record) or None,
    }


def _subject(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    """What organisations and people have in common."""
    contact, address = record.get("contact", {}), record.get("address", {})
    return {
        **_common(record),
        "name": title(record),
        "primary_url": record.get("url") or base + record_path(record),
        "tags": _tags(record),
        "urls": [{"name": link, "url": link} for link in _web(record)] or None,
        "locality": address.get("locality"),
        "region": address.get("region"),
        "country_iso_3166": address.get("country"),
        "contact_details": {"email": contact["email"]} if contact.get("email") else None,
        "telephone": contact.get("phone"),
    }


def _organisation(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    return {
        "linked_schemas": [ORGANISATIONS],
        **_subject(record, base),
        "unique_id": whole_id(record),
        "full_address": ", ".join(text for text in record.get("address", {}).values() if text),
        "geographic_scope": record.get("scope"),
        "status": _STATUS.get(record["status"]),
    }


def _person(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    address = record.get("address", {})
    return {
        "linked_schemas": [PEOPLE],
        **_subject(record, base),
        "street_address": address.get("street"),
        "postal_code": address.get("postcode"),
        "knows_language": record.get("access", {}).get("languages"),
    }


def _exchange(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    contact = record.get("contact", {})
    page = base + record_path(record)
    reach = {"email": contact["email"]} if contact.get("email") else {"contact_form": record.get("url") or page}
    name = title(record)
    return {
        "linked_schemas": [OFFERS],
        **_common(record),
        "exchange_type": record["direction"],
        "transaction_type": [_TERMS[term] for term in record.get("terms", ()) if term in _TERMS],
        "tags": _tags(record),
        "title": name,
        "description": title(record, "description") or name,
        "details_url": page,
        "geographic_scope": record.get("scope") or "local",
        "contact_details": reach,
        "expires_at": record.get("valid_until"),
    }


def _tags(record: Mapping[str, Any]) -> list[str]:
    """The codes of the categories, or else the kind: who looks for tags finds every record by one."""
    codes = (category.partition(":")[2].rpartition("=")[2] for category in record.get("categories", ()))
    return list(dict.fromkeys(code.replace("_", " ") for code in codes)) or [record["kind"]]


def _web(record: Mapping[str, Any]) -> list[str]:
    return [link for link in record.get("links", ()) if link.startswith(("http://", "https://"))]
