# SPDX-License-Identifier: AGPL-3.0-or-later
"""A mutual that lends a drill, its node, and where the page of the drill is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.browsing import serve
from tests.node.mutual import DRILL, EVIL, one, write_mutual
from tests.node.reciprocity.lending.acting import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from aiohttp.test_utils import TestClient


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path / "mutual")
    fields = {"name": {"en": "Moot"}, "kind": "assembly", "languages": ["en"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        said: dict[str, Any] = {"licence": "CC0-1.0", "name": {"en": f"Drill {EVIL}"}}
        records = [said | {"id": DRILL, "kind": "resource"}]
        for number, (contract, clause, amount) in enumerate((("tools", 0, 4_000), ("tools", 0, 1), ("contract", 0, 1))):
            agreed = {"contract": {"log": opened.log_id, "id": one(contract)}, "clause": clause}
            rate = {"amount": amount, "unit": "EUR", "scale": 2, "per": "day"} | agreed
            work = {"kind": "offer", "direction": "offer", "work": {"rate": rate, "remote": True}}
            records.append(said | {"id": seeded(f"work {number}", 16)} | work)
        group = [opened.state("record.put", {"record": one_}, seeded(f"put {one_['id']}", 16)) for one_ in records]
        opened.writer.append(group).result()
        write_mutual(opened)
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger, zone="Europe/Brussels"):
        yield client


@pytest.fixture
def base(ledger: Ledger) -> str:
    return f"/ledger/{show_log_id(ledger.log_id)}/resource/{DRILL.hex()}"
