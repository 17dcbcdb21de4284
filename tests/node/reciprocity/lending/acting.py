# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who acts on the page of what is lent, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.ledger import Ledger
from ledger.reciprocity.state import Commitment
from ledger.showing.view import LedgerView, own_tree
from tests.node.browsing import Page
from tests.node.reciprocity.test_member_session import code, sign_in
from tests.node.steward.test_steward import HTML

if TYPE_CHECKING:
    from aiohttp.test_utils import TestClient

NOW = 1_790_000_000  # 2026-09-21, 16:13 in Brussels
TAKEN = {"begin": "2026-09-29T10:00", "end": "2026-09-29T12:00"}
FREE = {"begin": "2026-10-24T22:00", "end": "2026-10-25T04:00"}
"""Over the night in which the clocks are put back: seven hours."""


async def as_baker(browser: TestClient[Any, Any], ledger: Ledger) -> None:
    await sign_in(browser, ledger, code(browser, ledger, "baker"))


async def as_steward(browser: TestClient[Any, Any]) -> None:
    await browser.post("/steward/sign-in", data={"token": "token"}, headers=HTML)


def fields_of(page: Page, *names: str) -> dict[str, str]:
    found = {one.get("name", ""): one.get("value", "") for tag, one in page.elements if tag == "input"}
    return {name: found[name] for name in names}


async def send(browser: TestClient[Any, Any], path: str, fields: dict[str, str], status: int = 200) -> Page:
    answer = await browser.post(path, data=fields, headers=HTML)
    html = await answer.text()
    assert answer.status == status, html
    return Page(html)


async def record_page(browser: TestClient[Any, Any], path: str) -> Page:
    """A page of the directory, which may have scripts of ours, but none of others."""
    html = await (await browser.get(path, headers=HTML)).text()
    assert "<script>alert" not in html
    return Page(html)


def commitments(ledger: Ledger) -> list[Commitment]:
    with ledger.store.read() as reads:
        return [one for _, one in LedgerView(reads, own_tree(reads)).book.scan(Commitment)]


async def confirmed(browser: TestClient[Any, Any], path: str, fields: dict[str, str]) -> Page:
    """What would be signed is shown, then signed."""
    shown = await send(browser, path, fields)
    assert "What would be signed" in shown.text
    kept = fields_of(shown, "csrf", "nonce", "seen")
    carried = {name: text for name, text in fields.items() if name != "csrf"}
    return await send(browser, path, kept | carried | {"step": "sign"})
