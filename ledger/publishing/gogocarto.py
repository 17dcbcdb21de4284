# SPDX-License-Identifier: AGPL-3.0-or-later
"""JSON as GoGoCarto writes and reads it (its ontology "gogofull"). It shows only what has a point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from ledger.importing.times import show_time
from ledger.publishing.credits import Credits, attributions, record_path, title, whole_id

_ADDRESS: Final = {
    "street": "streetAddress",
    "postcode": "postalCode",
    "locality": "addressLocality",
    "country": "addressCountry",
}


def gogocarto_pieces(records: Iterable[Mapping[str, Any]], base: str) -> Iterator[bytes]:
    """A document with an element for each record that has a point; at its end stand the credits."""
    credit = Credits()
    yield b'{"ontology":"gogofull","data":['
    first = True
    for record in records:
        if "point" in record:
            credit.add(record)
            yield (b"\n" if first else b",\n") + msgspec.json.encode(element(record, base))
            first = False
    end = {"license": "; ".join(credit.licences), "attribution": credit.attribution}
    yield b"\n]," + msgspec.json.encode(end)[1:] + b"\n"


def element(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A record as an element."""
    contact, address = record.get("contact", {}), record.get("address", {})
    changed = show_time(record["entry"]["at"])
    made = {
        "id": whole_id(record),
        "name": title(record),
        "geo": {"latitude": record["point"]["lat"], "longitude": record["point"]["lon"]},
        "address": {_ADDRESS[part]: text for part, text in address.items() if part in _ADDRESS},
        "categories": [record["kind"], *(item.partition(":")[2] for item in record.get("categories", ()))],
        "description": title(record, "description"),
        "website": record.get("url"),
        "email": contact.get("email"),
        "telephone": contact.get("phone"),
        "openHoursString": record.get("hours"),
        "image": next((image["url"] for image in record.get("images", ())), None),
        "status": 0 if record["status"] == "closed" else 1,
        "updatedAt": show_time(record["checked_at"]) if record.get("checked_at") else changed,
        "createdAt": changed,
        "sourceKey": "; ".join(attributions(record)) or base,
        "license": record["licence"],
        "url": base + record_path(record),
    }
    return {key: value for key, value in made.items() if value not in (None, "", {})}
