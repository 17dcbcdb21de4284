# SPDX-License-Identifier: AGPL-3.0-or-later
"""GeoJSON (RFC 7946): a feature for each record, with null for a geometry where no point is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from ledger.publishing.credits import Credits, record_path
from ledger.publishing.flat import flat

_RENAMED: Final = {
    "street": "addr:street",
    "postcode": "addr:postcode",
    "locality": "addr:city",
    "region": "addr:state",
    "country": "addr:country",
    "categories": "category",
}
_LISTS: Final = frozenset(
    (
        *("categories", "structure", "membership", "languages", "terms"),
        *("category_labels", "structure_labels", "membership_labels"),
    )
)
_LEFT_OUT: Final = frozenset(("lat", "lon", "source", "image", "relations", "precision_m", "links"))


def geojson_pieces(records: Iterable[Mapping[str, Any]], base: str) -> Iterator[bytes]:
    """A FeatureCollection, feature by feature; `base` is the address of the node. At its end stand the credits."""
    credit = Credits()
    yield b'{"type":"FeatureCollection","features":['
    for number, record in enumerate(records):
        credit.add(record)
        yield (b",\n" if number else b"\n") + msgspec.json.encode(feature(record, base))
    end = {"licence": credit.licences, "attribution": credit.attribution}
    yield b"\n]," + msgspec.json.encode(end)[1:] + b"\n"


def feature(record: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A record as a feature."""
    cells, point = flat(record), record.get("point")
    properties: dict[str, Any] = {}
    for column, text in cells.items():
        if column not in _LEFT_OUT:
            name = f"ref:{column[3:]}" if column.startswith("id_") else _RENAMED.get(column, column)
            properties[name] = text.split(";") if column in _LISTS else text
    more = {"links": "links", "images": "image", "relations": "relations", "sources": "sources"}
    properties |= {name: record[field] for field, name in more.items() if record.get(field)}
    if point is not None:
        properties |= {"precision_m": point["precision"], "point_method": point["method"]}
    properties["page"] = base + record_path(record)
    geometry = {"type": "Point", "coordinates": [point["lon"], point["lat"]]} if point is not None else None
    return {"type": "Feature", "id": cells["id"], "properties": properties, "geometry": geometry}
