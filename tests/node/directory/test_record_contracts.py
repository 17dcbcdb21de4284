# SPDX-License-Identifier: AGPL-3.0-or-later
"""A record's page names the contracts in which it has a part: as the organisation, as a member, as the thing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.browsing import read, serve
from tests.node.mutual import DRILL, one, write_mutual

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000
NAME = {"en": "Lille Commons", "fr": "Communs de Lille"}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    directory = DataDirectory(tmp_path_factory.mktemp("mutual"))
    fields = {"name": NAME, "kind": "assembly", "languages": ["fr"], "endpoints": [], "licence": "CC0-1.0"}
    found_log(directory, fields, [seeded("holder")], 1, NOW)
    with Ledger(directory, lambda: NOW) as opened:
        write_mutual(opened)
        member = {"predicate": "member", "object": {"log": opened.log_id, "id": one("baker")}}
        records: list[dict[str, Any]] = [
            {"id": seeded("ours", 16), "kind": "organisation", "name": {"fr": "COMMUNS de Lille"}},
            {"id": seeded("shop", 16), "kind": "organisation", "name": {"en": "The shop"}, "relations": [member]},
            {"id": DRILL, "kind": "resource", "name": {"en": "The drill"}},
            {"id": seeded("other", 16), "kind": "organisation", "name": {"en": "Somebody else"}},
        ]
        group = [opened.state("record.put", {"record": {**each, "licence": "CC0-1.0"}}) for each in records]
        opened.writer.append(group).result()
        opened.writer.settle()
        yield opened


@pytest.fixture
async def browser(ledger: Ledger) -> AsyncIterator[TestClient[Any, Any]]:
    async for client in serve(ledger):
        yield client


@pytest.mark.parametrize(
    ("record", "some"),
    [(seeded("ours", 16), True), (seeded("shop", 16), True), (DRILL, True), (seeded("other", 16), False)],
)
async def test_contracts_are_named(browser: TestClient[Any, Any], ledger: Ledger, record: bytes, some: bool) -> None:  # noqa: FBT001 - a table
    log = show_log_id(ledger.log_id)
    page = await read(browser, f"/record/{log}/{record.hex()}")
    contracts = [link for link in page.links() if link.startswith(f"/ledger/{log}/contract/")]
    assert bool(contracts) == some
    if some:
        assert "in the ledger of" in page.text
        assert (await browser.get(contracts[0])).status == 200
