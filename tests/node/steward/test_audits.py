# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checking every entry again from the browser: one check at a time, its progress, what it found, and when."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from ledger.errors import StoreUnusableError
from ledger.keeping.audit import Audit
from ledger.ledger import Ledger
from node.steward import audits
from node.steward.audits import AUDITS, Audits
from tests.node.running import fill, found, until
from tests.node.stewarding import Steward, form_of, plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.sqlite.store import SqliteStore
    from tests.node.running import RunningNode

PAGE, CHECK = "/steward/health", "/steward/health/audit"


def audits_of(node: RunningNode) -> Audits:
    return node.running._runner.app[AUDITS]  # type: ignore[union-attr] # it runs


async def ended(node: RunningNode) -> None:
    await until(lambda: not audits_of(node).running, "the end of the check")


def damage(path: Path) -> None:
    """Changes the payload of one entry behind the store's back."""
    with closing(sqlite3.connect(path)) as store, store:
        (payload,) = store.execute("SELECT payload FROM entry WHERE position = 5").fetchone()
        store.execute("UPDATE entry SET payload = ? WHERE position = 5", (payload[:-1] + bytes([payload[-1] ^ 1]),))


async def test_all_is_checked_and_the_result_is_kept(node: RunningNode, steward: Steward) -> None:
    page = await steward.read(PAGE)
    assert "Last checked" not in page.text
    assert "Entries checked" not in page.text
    assert await steward.send(CHECK, form_of(page, CHECK), 303) == f"{PAGE}#audit"
    await ended(node)
    told = plain((await steward.read(PAGE)).text)
    assert "Entries: 13. Signatures: 14. It took 1 second." in told
    assert "All was as it should be." in told
    assert "All 13 were as they were signed" in told
    header = {"Authorization": f"Bearer {node.token}"}
    status, value = await node.get("/v1/audits", headers=header)
    assert (status, value["running"], value["interrupted"], value["last"]["faulty"]) == (200, False, False, 0)
    assert (await node.get("/v1/audits"))[0] == 401


async def test_a_fault_is_named_with_what_to_do(node: RunningNode, steward: Steward) -> None:
    damage(node.directory.store)
    assert (await node.post("/v1/audits", {}))[0] == 201
    await ended(node)
    page = await steward.read(PAGE)
    told = plain(page.text)
    assert "Something stored here is not what was signed." in told
    assert "put back a backup" in told
    assert "needs care Entries checked" in told
    last, interrupted = audits_of(node).last()
    assert last is not None
    assert ([fault.position for fault in last.faults], last.faulty, last.fine, interrupted) == ([5], 1, False, False)
    assert f"Moot {str(node.ledger.own.origin).split('/')[1][:8]}5" in told


async def test_there_is_one_at_a_time_and_the_page_shows_how_far_it_is(
    node: RunningNode, steward: Steward, monkeypatch: pytest.MonkeyPatch
) -> None:
    going_on = threading.Event()

    def slow(_: SqliteStore, advance: Callable[[int], None]) -> Audit:
        advance(7)
        going_on.wait(60)
        return Audit(1, 13, 13, [])

    monkeypatch.setattr(audits, "audit", slow)
    fields = form_of(await steward.read(PAGE), CHECK)
    await steward.send(CHECK, fields, 303)
    await until(lambda: audits_of(node).done == 7, "the first entries")
    page = await steward.read(PAGE)
    assert "Being checked: 7 of 13 entries." in page.text
    assert [a for tag, a in page.elements if tag == "form" and a.get("action") == CHECK] == []
    assert "being checked already" in (await steward.send(CHECK, fields, 422)).text
    assert (await node.post("/v1/audits", {}))[0] == 409
    going_on.set()
    await ended(node)


def test_it_stops_with_the_node_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(found(tmp_path / "moot", "Moot")) as ledger:
        fill(ledger, 3)
        one = Audits(ledger, lambda: 1_000)
        one.begin()
        one.wait(60)
        first, interrupted = one.last()
        assert first is not None
        assert (first.entries, interrupted) == (4, False)

        def stopping(_: SqliteStore, advance: Callable[[int], None]) -> Any:
            one._stopping.set()
            advance(1)
            raise AssertionError

        monkeypatch.setattr(audits, "audit", stopping)
        one.begin()
        one.stop()
        assert Audits(ledger).last() == (first, True)


def test_what_keeps_it_from_its_end_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger(found(tmp_path / "moot", "Moot")) as ledger:
        one = Audits(ledger)
        for fault, said in (
            (StoreUnusableError("the disk is gone"), "the disk is gone"),
            (KeyError("x"), "has a fault"),
        ):

            def failing(*_: Any, fault: Exception = fault) -> Any:
                raise fault

            monkeypatch.setattr(audits, "audit", failing)
            one.begin()
            one.wait(60)
            last, _ = one.last()
            assert last is not None
            assert said in last.problem
            assert not last.fine
        ledger.directory.last_audit.write_text("{")
        assert one.last() == (None, False)
