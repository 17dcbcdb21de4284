# SPDX-License-Identifier: AGPL-3.0-or-later
"""From statements to the present state of records (spec 10 §1): rows in, rows out."""

from __future__ import annotations

from typing import Any

import msgspec

from ledger.deriving.records import DirectoryFold, prepare_record, sort_key, touched_record
from ledger.values import HistoryRow, RecordRow
from protocol.directory import ClaimChecked, RecordClose, RecordPut, check_body
from protocol.record import Record, Subject, check_record
from protocol.statement import Statement
from tests.builders import seeded, signing_key
from tests.ledger.making import record, record_id

LOG, OTHER = seeded("log"), seeded("other log")
RID = 3 << 32 | 4


def put(number: int, name: str, import_id: bytes | None = None, **fields: Any) -> RecordPut:
    return RecordPut(made(number, name, **fields), import_id)


def made(number: int, name: str, **fields: Any) -> Record:
    return check_record(record(number, name, **fields))


def statement(at: int = 0) -> Statement:
    return Statement(1, LOG, "any", bytes(16), at, signing_key("moot").public, msgspec.Raw(b"\x80"))


def folded(present: dict[bytes, RecordRow] | None = None) -> DirectoryFold:
    return DirectoryFold(3, LOG, present or {}, {})


def checked(number: int, finding: Any = "right", log: bytes = LOG) -> ClaimChecked:
    return ClaimChecked(Subject(log, record_id(number)), finding)


def test_a_first_put_names_the_row() -> None:
    fold = folded()
    assert fold.apply(4, statement(), put(1, "Bakery")) == "applied"
    (row,) = fold.rows()
    assert (row.rid, row.tree, row.id, row.put, row.latest) == (RID, 3, record_id(1), 4, 4)
    assert (row.kind, row.status, row.licence, row.country, row.source) == ("place", "active", "CC0-1.0", "", "")
    assert row.sort_key == b"bakery".ljust(24, b"\0")
    assert (row.lat, row.lon, row.checked_at) == (None, None, None)
    assert fold.indexes[RID].name == "bakery"
    assert fold.history == [HistoryRow(3, 4, record_id(1), None, None)]
    assert not fold.existed


def test_a_second_put_replaces_the_whole_state() -> None:
    fold = folded()
    point = {"lat": 5, "lon": 6, "precision": 10, "method": "gps"}
    fold.apply(4, statement(), put(1, "Bakery", point=point, checked_at=9, status="paused"))
    fold.apply(7, statement(), put(1, "Forge"))
    (row,) = fold.rows()
    assert (row.rid, row.put, row.latest) == (RID, 7, 7)
    assert (row.lat, row.lon, row.checked_at, row.status) == (None, None, None, "active")
    assert fold.indexes[RID].name == "forge"
    assert [step.previous for step in fold.history] == [None, 4]


def test_a_record_that_was_there_keeps_its_row() -> None:
    before = prepare_record(3, 4, made(1, "Bakery")).row
    fold = folded({before.id: before})
    fold.apply(9, statement(), put(1, "Forge"))
    assert fold.rows()[0].rid == RID
    assert fold.existed == {RID}


def test_close_and_reopen() -> None:
    fold = folded()
    fold.apply(4, statement(), put(1, "Bakery"))
    assert fold.apply(5, statement(), RecordClose(record_id(1), "gone", seeded("import", 16))) == "applied"
    closed = fold.rows()[0]
    assert (closed.status, closed.put, closed.latest) == ("closed", 4, 5)
    assert fold.history[1] == HistoryRow(3, 5, record_id(1), 4, seeded("import", 16))
    fold.apply(6, statement(), put(1, "Bakery"))
    assert fold.rows()[0].status == "active"


def test_nobody_closes_or_checks_what_is_not_there() -> None:
    fold = folded()
    assert fold.apply(4, statement(), RecordClose(record_id(1), "closed")) == "unknown_ref"
    assert fold.apply(5, statement(), checked(1)) == "unknown_ref"
    assert fold.rows() == []
    assert fold.history == []


def test_checked_says_when_and_leaves_the_rest() -> None:
    fold = folded()
    fold.apply(4, statement(), put(1, "Bakery", checked_at=3))
    assert fold.apply(5, statement(at=77), checked(1)) == "applied"
    row = fold.rows()[0]
    assert (row.checked_at, row.put, row.latest, row.status) == (77, 4, 5, "active")


def test_other_claims_change_no_record() -> None:
    fold = folded()
    fold.apply(4, statement(), put(1, "Bakery"))
    before = fold.rows()
    for claim in (checked(1, "changed"), checked(1, "closed"), checked(1, log=OTHER)):
        assert fold.apply(5, statement(at=77), claim) == "applied"
    assert fold.rows() == before


def test_what_a_row_is_found_by() -> None:
    full = made(
        1,
        "Épicerie",
        description={"en": "Bread & Soup"},
        address={"street": "Rue de l'Œuvre", "locality": "Lille", "country": "FR"},
        categories=["osm:shop=convenience", "own:b"],
        sources=[{"set": "shops", "record": "17", "licence": "CC0-1.0"}, {"set": "other", "licence": "CC0-1.0"}],
        point={"lat": -5, "lon": 6, "precision": 10, "method": "gps"},
        checked_at=0,
    )
    row, index = prepare_record(3, 4, full)
    assert (row.rid, index.rid) == (RID, RID)
    assert (row.country, row.source, row.outside_id, row.lat, row.lon) == ("FR", "shops", "17", -5, 6)
    assert row.checked_at == 0
    assert index.name == "epicerie"
    assert index.text == "bread soup rue de l oeuvre lille shop convenience b"
    assert index.categories == ("osm:shop=convenience", "own:b")


def test_records_are_ordered_by_the_folded_name() -> None:
    def key(name: str) -> bytes:
        return prepare_record(3, 4, made(1, name)).row.sort_key

    names = ["Zebra", "épi", "Epi", "apple", "x" * 40, "x" * 40 + "y", "ß"]
    assert all(len(key(name)) == 24 for name in names)
    assert key("épi") == key("Epi")
    assert sorted(names[:4], key=key) == ["apple", "épi", "Epi", "Zebra"]
    assert key("x" * 40) == key("x" * 40 + "y")


def test_a_record_of_several_names_is_found_by_all_and_ordered_by_one() -> None:
    row, index = prepare_record(3, 4, check_record(record(1, "") | {"name": {"fr": "Épicerie", "en": "Grocery"}}))
    assert index.name in {"epicerie grocery", "grocery epicerie"}
    assert row.sort_key == sort_key("grocery")


def test_which_record_a_statement_touches() -> None:
    assert touched_record(put(1, "Bakery"), LOG) == record_id(1)
    assert touched_record(RecordClose(record_id(2), "closed"), LOG) == record_id(2)
    assert touched_record(checked(3), LOG) == record_id(3)
    assert touched_record(checked(3, log=OTHER), LOG) is None
    assert touched_record(check_body("erase", {"position": 1, "reason": "law"}), LOG) is None
    assert touched_record(None, LOG) is None
