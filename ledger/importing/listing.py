# SPDX-License-Identifier: AGPL-3.0-or-later
"""The imports into the own log so far, and the mappings that were kept for the next edition of their sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.directory.restoring import statement_at
from ledger.importing.mapping import Mapping, from_toml, to_toml
from ledger.importing.problem import MappingError
from protocol.directory import ImportDone, ImportStart, read_body

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import ImportRow

SCHEMA = "folkmoot.imports/1"
_MAPPING = "import-mapping:"


def import_objects(reads: Snapshot) -> list[dict[str, Any]]:
    """The imports as JSON, the first first."""
    tree = int(reads.fact("own") or 0)
    return [_object(reads, tree, row) for row in reads.imports(tree)]


def _object(reads: Snapshot, tree: int, row: ImportRow) -> dict[str, Any]:
    said = statement_at(reads, tree, row.start)
    start = read_body(said) if said else None
    ended = statement_at(reads, tree, row.done) if row.done is not None else None
    done = read_body(ended) if ended else None
    found: dict[str, Any] = {
        "id": row.id.hex(),
        "set": row.source,
        "state": "undone" if row.undone is not None else "done" if row.done is not None else "interrupted",
        "changed": len(reads.history_of_import(tree, row.id)),
        "at": said.at if said else 0,
    }
    if isinstance(start, ImportStart):
        found |= {"file": start.name, "licence": start.licence, "attribution": start.attribution}
    if isinstance(done, ImportDone):
        found["counts"] = {name: getattr(done, name) for name in ("added", "updated", "closed", "kept", "refused")}
    return found


def kept_mapping(reads: Snapshot, set_name: str) -> Mapping | None:
    """The mapping that was kept for a data set, if there is one that can be used."""
    text = reads.fact(_MAPPING + set_name)
    try:
        return from_toml(text.decode()) if text else None
    except MappingError:
        return None  # kept by another version of the program


def kept_sets(reads: Snapshot) -> list[str]:
    """The data sets for which a mapping was kept."""
    return [name.removeprefix(_MAPPING) for name in reads.fact_names(_MAPPING)]


def keep_mapping(change: Transaction, mapping: Mapping) -> None:
    """Keeps a mapping under the name of its set."""
    change.set_fact(_MAPPING + mapping.set, to_toml(mapping).encode())
