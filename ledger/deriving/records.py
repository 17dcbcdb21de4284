# SPDX-License-Identifier: AGPL-3.0-or-later
"""From statements to the present state of records (spec 10). Pure: rows in, rows out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.directory.work import categories_found_by
from ledger.text import fold
from ledger.values import HistoryRow, PairRow, RecordIndex, RecordRow
from protocol.directory import Body, ClaimChecked, ClaimPair, RecordClose, RecordPut
from protocol.statement import SCOPE_PUBLIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.record import Record
    from protocol.statement import Statement

SORT_KEY_BYTES = 24


class Prepared(NamedTuple):
    """What a record comes to that is put at a position for the first time: all of it but for what was there before."""

    row: RecordRow
    found_by: RecordIndex


class DirectoryFold:
    """Applies statements of one log, in order, to the rows of the records that they touch.

    There is one for what is public and one for the rest, and neither knows of the other (spec 15 §4).
    """

    def __init__(
        self, tree: int, log_id: bytes, present: dict[bytes, RecordRow], prepared: Mapping[int, Prepared]
    ) -> None:
        self.tree = tree
        self.log_id = log_id
        self.present = present
        self.prepared = prepared
        self.existed = {row.rid for row in present.values()}
        self.changed: set[bytes] = set()
        self.indexes: dict[int, RecordIndex] = {}
        self.history: list[HistoryRow] = []

    def apply(self, position: int, statement: Statement, body: Body, scope: int = SCOPE_PUBLIC) -> str:
        """Applies one statement in an entry of that scope; its verdict."""
        if isinstance(body, RecordPut):
            return self._put(position, body, scope, statement.at)
        if isinstance(body, RecordClose):
            return self._change(position, body.id, _import_of(body, scope), status="closed")
        if isinstance(body, ClaimChecked) and body.finding == "right" and body.subject.log == self.log_id:
            return self._change(position, body.subject.id, None, checked_at=statement.at)
        return "applied"

    def rows(self) -> list[RecordRow]:
        """The rows that changed."""
        return [self.present[record_id] for record_id in sorted(self.changed)]

    def _put(self, position: int, body: RecordPut, scope: int, at: int) -> str:
        record = body.record
        row, index = self.prepared.get(position) or prepare_record(self.tree, position, record, scope, at)
        before = self.present.get(record.id)
        if before is not None:
            row, index = row._replace(rid=before.rid), index._replace(rid=before.rid)
        self._remember(position, record.id, before, _import_of(body, scope))
        self.present[record.id] = row
        self.indexes[row.rid] = index
        return "applied"

    def _change(
        self,
        position: int,
        record_id: bytes,
        import_id: bytes | None,
        *,
        status: str | None = None,
        checked_at: int | None = None,
    ) -> str:
        before = self.present.get(record_id)
        if before is None:
            return "unknown_ref"
        self._remember(position, record_id, before, import_id)
        self.present[record_id] = before._replace(
            latest=position,
            status=status or before.status,
            checked_at=before.checked_at if checked_at is None else checked_at,
        )
        return "applied"

    def _remember(self, position: int, record_id: bytes, before: RecordRow | None, import_id: bytes | None) -> None:
        self.history.append(HistoryRow(self.tree, position, record_id, before.latest if before else None, import_id))
        self.changed.add(record_id)


def _import_of(body: RecordPut | RecordClose, scope: int) -> bytes | None:
    """The import that a statement is part of: imports are public, so that undoing one shows nothing else."""
    return body.import_ if scope == SCOPE_PUBLIC else None


def record_rid(tree: int, position: int) -> int:
    """The row id of a record first put at a position."""
    return tree << 32 | position


def touched_record(body: Body | None, log_id: bytes) -> bytes | None:
    """The id of the record of this log that a statement may change."""
    if isinstance(body, RecordPut):
        return body.record.id
    if isinstance(body, RecordClose):
        return body.id
    if isinstance(body, ClaimChecked) and body.subject.log == log_id:
        return body.subject.id
    return None


def pair_row(tree: int, position: int, kind: str, body: ClaimPair) -> PairRow:
    """What a claim about two records says."""
    said = "" if body.withdrawn else kind.removeprefix("claim.")
    return PairRow(tree, position, said, body.subject.log, body.subject.id, body.other.log, body.other.id)


def sort_key(folded_name: str) -> bytes:
    """What records are ordered by: the first bytes of the folded name."""
    return folded_name.encode()[:SORT_KEY_BYTES].ljust(SORT_KEY_BYTES, b"\0")


def prepare_record(tree: int, position: int, record: Record, scope: int = SCOPE_PUBLIC, at: int = 0) -> Prepared:
    """The row and the index of a record as it is put at a position, in an entry of that scope."""
    index = record_index(record_rid(tree, position), record)
    title = index.name if len(record.name) == 1 else fold(record.title())
    point, source = record.point, record.sources[0] if record.sources else None
    row = RecordRow(  # by place: by name it takes three times as long
        index.rid,
        tree,
        record.id,
        position,
        position,
        record.kind,
        record.status or "active",
        sort_key(title),
        point.lat if point else None,
        point.lon if point else None,
        record.address.country if record.address else "",
        record.licence,
        source.set if source else "",
        source.record if source else "",
        record.checked_at,
        scope,
        record.direction,
        " ".join(record.terms),
        record.valid_until,
        record.hours,
        at,
    )
    return Prepared(row, index)


def record_index(rid: int, record: Record) -> RecordIndex:
    """What a record is found by."""
    texts = [*record.description.values(), record.item]
    if record.address is not None:
        address = record.address
        texts += [address.street, address.postcode, address.locality, address.region]
    texts += [category.partition(":")[2] for category in record.categories]
    texts += record.work.skills if record.work else []
    name = " ".join(record.name.values())
    relations = tuple((one.predicate, one.object.log, one.object.id) for one in record.relations)
    text = fold(" ".join(filter(None, texts)))
    return RecordIndex(rid, fold(name), text, tuple(sorted(categories_found_by(record))), relations)
