# SPDX-License-Identifier: AGPL-3.0-or-later
"""Flat: a record as columns of text, which an import of the table reads back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ledger.importing.times import show_time
from ledger.importing.work import WORK_FIELDS
from ledger.publishing.credits import attributions, title, whole_id
from ledger.publishing.labelled import LABEL_COLUMNS
from protocol.amounts import show_amount, show_day

NUMBERS: Final = frozenset(("lat", "lon", "precision_m"))
"""Columns of numbers, which a spreadsheet may take for such."""
_BEFORE: Final = ("id", "kind", "name", "description")
_AFTER: Final = (
    *("website", "links", "lat", "lon", "precision_m", "street", "postcode", "locality", "region", "country"),
    *("categories", "structure", "membership", "opening_hours", "wheelchair", "fee", "languages"),
    *("direction", "terms", "item", "valid_until", "scope", "image", "email", "phone"),
    *WORK_FIELDS,
)
_LAST: Final = ("relations", "status", "licence", "attribution", "source", "checked_at")
_ADDRESS: Final = ("street", "postcode", "locality", "region", "country")


def flat(record: Mapping[str, Any]) -> dict[str, str]:
    """The columns in which a record has something to say. Lists are parted by `;`, addresses of pages by blanks."""
    access, contact = record.get("access", {}), record.get("contact", {})
    cells = {
        "id": whole_id(record),
        "kind": record["kind"],
        "name": title(record),
        "description": title(record, "description"),
        "website": record.get("url", ""),
        "links": " ".join(record.get("links", ())),
        **_point(record.get("point")),
        **{part: record.get("address", {}).get(part, "") for part in _ADDRESS},
        "categories": ";".join(record.get("categories", ())),
        "structure": ";".join(record.get("structure", ())),
        "membership": ";".join(record.get("membership", ())),
        "opening_hours": record.get("hours", ""),
        "wheelchair": access.get("wheelchair", ""),
        "fee": access.get("fee", ""),
        "languages": ";".join(access.get("languages", ())),
        "direction": record.get("direction", ""),
        "terms": ";".join(record.get("terms", ())),
        "item": record.get("item", ""),
        "valid_until": _time(record.get("valid_until")),
        **_work(record.get("work", {})),
        "scope": record.get("scope", ""),
        "image": next((image["url"] for image in record.get("images", ())), ""),
        "email": contact.get("email", ""),
        "phone": contact.get("phone", ""),
        "relations": ";".join(_relation(relation) for relation in record.get("relations", ())),
        "status": record["status"],
        "licence": record["licence"],
        "attribution": "; ".join(attributions(record)),
        "source": "; ".join(_source(source) for source in record.get("sources", ())),
        "checked_at": _time(record.get("checked_at")),
    }
    for field in ("name", "description"):
        cells |= {f"{field}:{tag}": text for tag, text in (record.get(field) or {}).items()}
    for column, label in record.get("code_labels", {}).items():
        cells[column] = label if isinstance(label, str) else ";".join(label)
    for scheme, ids in _identifiers(record).items():
        cells[f"id_{scheme}"] = ";".join(ids)
    return {column: text for column, text in cells.items() if text}


def columns_in_order(found: Iterable[str]) -> list[str]:
    """All columns of a table: the fixed ones, with those of languages and registers that were found."""
    seen = set(found)
    texts = sorted(column for column in seen if column.startswith(("name:", "description:")))
    names = [column for column in texts if column.startswith("name:")]
    descriptions = [column for column in texts if column.startswith("description:")]
    registers = sorted(column for column in seen if column.startswith("id_"))
    order = [*_BEFORE[:3], *names, _BEFORE[3], *descriptions, *_AFTER, *registers, *_LAST]
    for column, code in LABEL_COLUMNS.items():
        if column in seen:
            order.insert(order.index(code) + 1, column)
    return order


def degrees_text(degrees: float) -> str:
    """Degrees of a record object with the seven digits that a record has, and no more."""
    return f"{degrees:.7f}".rstrip("0").rstrip(".")


def _point(point: Mapping[str, Any] | None) -> dict[str, str]:
    if point is None:
        return {}
    precision = str(point["precision"])
    return {"lat": degrees_text(point["lat"]), "lon": degrees_text(point["lon"]), "precision_m": precision}


def _time(seconds: int | None) -> str:
    return "" if seconds is None else show_time(seconds)


def _work(work: Mapping[str, Any]) -> dict[str, str]:
    rate = work.get("rate", {})
    return {
        "skills": ";".join(work.get("skills", ())),
        "rate": show_amount(rate["amount"], rate["scale"]) if rate else "",
        "rate_unit": rate.get("unit", ""),
        "rate_per": rate.get("per", ""),
        "rate_by": rate.get("by", ""),
        "rate_table": rate.get("table", ""),
        "available_from": show_day(work["from"]) if "from" in work else "",
        "available_until": show_day(work["until"]) if "until" in work else "",
        "remote": "yes" if work.get("remote") else "",
    }


def _relation(relation: Mapping[str, Any]) -> str:
    return f"{relation['predicate']}={relation['object']['log']}/{relation['object']['id']}"


def _source(source: Mapping[str, Any]) -> str:
    return f"{source['set']}/{source['record']}" if source.get("record") else str(source["set"])


def _identifiers(record: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for identifier in record.get("identifiers", ()):
        found.setdefault(identifier["scheme"], []).append(identifier["id"])
    return found
