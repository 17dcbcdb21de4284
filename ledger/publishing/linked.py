# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON-LD in the words of schema.org: what search engines and other directories read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from ledger.directory.labels import category_labels
from ledger.importing.times import show_time
from ledger.publishing.credits import Credits, licence_url, record_path

CONTEXT: Final = "https://schema.org"
_TYPES: Final = {
    "organisation": "Organization",
    "place": "Place",
    "resource": "Product",
    "service": "Service",
    "offer": "Offer",
    "need": "Demand",
    "person": "Person",
}
_WHERE: Final = {"organisation": "location", "offer": "availableAtOrFrom", "need": "availableAtOrFrom"}
_ADDRESS: Final = {
    "street": "streetAddress",
    "postcode": "postalCode",
    "locality": "addressLocality",
    "region": "addressRegion",
    "country": "addressCountry",
}
_RELATIONS: Final = {"member-of": "memberOf", "part-of": "isPartOf", "parent": "parentOrganization"}


def linked_pieces(records: Iterable[Mapping[str, Any]], base: str) -> Iterator[bytes]:
    """A document with a node for each record; the last node says under which licences, and whom to name."""
    credit = Credits()
    yield b'{"@context":' + msgspec.json.encode(CONTEXT) + b',"@graph":[\n'
    for record in records:
        credit.add(record)
        yield msgspec.json.encode(node(record, base)) + b",\n"
    about = {
        "@type": "Dataset",
        "url": f"{base}/",
        "license": [licence_url(licence) for licence in credit.licences],
        "creditText": credit.attribution,
    }
    yield msgspec.json.encode(about) + b"\n]}\n"


def linked(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A record as a document of its own."""
    return {"@context": CONTEXT, **node(record, base)}


def node(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A record as a node; what it does not say is left out."""
    contact = record.get("contact", {})
    made = {
        "@id": base + record_path(record),
        "@type": _TYPES.get(record["kind"], "Thing"),
        "name": _texts(record["name"]),
        "description": _texts(record.get("description", {})),
        "url": record.get("url"),
        "sameAs": record.get("links"),
        **_where(record),
        "additionalType": record.get("categories"),
        "keywords": [_term(category) for category in record.get("categories", ())],
        "openingHours": record.get("hours"),
        "areaServed": record.get("scope"),
        "image": [_image(image) for image in record.get("images", ())],
        "email": contact.get("email"),
        "telephone": contact.get("phone"),
        "identifier": [_identifier(item["scheme"], item["id"]) for item in record.get("identifiers", ())],
        "amenityFeature": _amenities(record.get("access", {})),
        "itemOffered": record.get("item"),
        "validThrough": show_time(record["valid_until"]) if "valid_until" in record else None,
        "license": licence_url(record["licence"]),
        "isBasedOn": [_source(source) for source in record.get("sources", ())],
        "dateModified": show_time(record.get("checked_at") or record["entry"]["at"]),
    }
    for relation in record.get("relations", ()):
        name = _RELATIONS.get(relation["predicate"])
        if name:
            made.setdefault(name, []).append({"@id": base + record_path(relation["object"])})
    return {key: value for key, value in made.items() if value}


def _texts(texts: Mapping[str, str]) -> list[str | dict[str, str]]:
    return [text if tag == "und" else {"@language": tag, "@value": text} for tag, text in sorted(texts.items())]


def _where(record: Mapping[str, Any]) -> dict[str, Any]:
    """Point and address: of the place itself, or of the place where the subject is found."""
    point, parts = record.get("point"), record.get("address", {})
    found: dict[str, Any] = {}
    if parts:
        found["address"] = {"@type": "PostalAddress", **{_ADDRESS[part]: text for part, text in parts.items()}}
    if point is not None:
        found["geo"] = {"@type": "GeoCoordinates", "latitude": point["lat"], "longitude": point["lon"]}
    if not found or record["kind"] == "place":
        return found
    return {_WHERE.get(record["kind"], "location"): {"@type": "Place", **found}}


def _term(category: str) -> dict[str, Any]:
    """A category as a term with its labels."""
    scheme, _, code = category.partition(":")
    made = {"@type": "DefinedTerm", "termCode": category, "inDefinedTermSet": scheme}
    return made | {"name": _texts(category_labels(category)) or code}


def _image(image: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "@type": "ImageObject",
        "contentUrl": image["url"],
        "license": licence_url(image["licence"]),
        "description": _texts(image["alt"]),
    }


def _identifier(scheme: str, value: str) -> dict[str, str]:
    return {"@type": "PropertyValue", "propertyID": scheme, "value": value}


def _amenities(access: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"@type": "LocationFeatureSpecification", "name": name, "value": access[name]}
        for name in ("wheelchair", "fee")
        if access.get(name)
    ]


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        "@type": "CreativeWork",
        "name": source["set"],
        "identifier": source.get("record"),
        "license": licence_url(source["licence"]),
        "creditText": source.get("attribution"),
    }
    return {key: value for key, value in made.items() if value}
