# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published files that the importer must survive, where they are there."""

import msgspec
import pytest

from ledger.importing.convert import Converted, convert_table
from ledger.importing.mapping import from_toml, to_toml
from ledger.importing.read import read_table
from ledger.importing.suggest import suggest
from ledger.importing.table import Table
from protocol.record import check_record
from tests.published import DATA, NO_DATA

pytestmark = pytest.mark.skipif(DATA is None, reason=NO_DATA)


def _import(path: str) -> tuple[Table, list[Converted]]:
    assert DATA is not None
    table = read_table((DATA / path).read_bytes())
    mapping = suggest(table, "real")
    mapping = msgspec.structs.replace(mapping, licence=mapping.licence or "CC0-1.0")
    assert from_toml(to_toml(mapping)) == mapping
    return table, list(convert_table(table, mapping, bytes(32), 1_700_000_000))


@pytest.mark.parametrize(
    ("path", "rows", "records", "points"),
    [
        ("coops-uk/coops-uk-2022.csv", 7272, 7272, 6970),
        ("susy/susy.geojson", 1794, 1794, 1794),
        # Two features are empty and one has no name.
        ("munich/greenmap-muenchen.geojson", 301, 298, 298),
        ("montpellier/associations_2011.csv", 2452, 2452, 2252),
        ("montpellier/etablissements_publics.csv", 1024, 1024, 0),
        ("montpellier/etablissements_publics.geojson", 1024, 1024, 1024),
        ("montpellier/etablissements_publics.ods", 1024, 1024, 0),
    ],
)
def test_every_usable_row_gets_in(path: str, rows: int, records: int, points: int) -> None:
    table, converted = _import(path)
    found = [item.record for item in converted if item.record]
    assert (len(table.rows), len(found)) == (rows, records)
    assert sum("point" in record for record in found) == points
    assert len({record["id"] for record in found}) == records
    for record in found:
        check_record(record)
