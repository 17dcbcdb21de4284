# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/verify` on a node: the program comes from it, what is checked does not go to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from ledger.proofs.proving import prove_entry
from node.verifier.scripts import verifier_script
from protocol.digits import make_parts
from protocol.short import pack
from tests.node.verifier.browser import browsing
from tests.node.verifier.test_page import verdict

if TYPE_CHECKING:
    from pathlib import Path

    from tests.node.running import RunningNode


async def test_the_page_lets_in_nothing_but_its_own_script(node: RunningNode) -> None:
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"{node.url}/verify", headers={"Accept-Language": "nl, fr;q=0.5"})
        html = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
        assert answer.status == 200
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "<script>" not in html
        assert "<style" not in html
        assert 'data-languages="nl fr en"' in html
        assert 'href="/"' in html
        script = html.partition('<script src="')[2].partition('"')[0]
        answer = await session.get(node.url + script)
        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert "immutable" in answer.headers["Cache-Control"]
        assert await answer.text() == verifier_script()
        pages = await session.get(f"{node.url}/logs", headers={"Accept": "text/html"})
        assert 'href="/verify"' in await pages.text()


@pytest.mark.long
async def test_qr_codes_are_checked_where_they_are_read(node: RunningNode, tmp_path: Path) -> None:
    ledger = node.ledger
    ledger.writer.settle()
    with ledger.store.read() as reads:
        proof = prove_entry(reads, reads.tree_numbered(ledger.own.tree), 3)
    first, second, third = [f"{part.head}{part.digits}" for part in make_parts(pack(proof), 3)]
    async with browsing(tmp_path / "profile") as tab:
        await tab.open(f"{node.url}/verify#{second}")
        assert "Part 1, 3 of 3" in await verdict(tab)
        await tab.run(f"location.hash = '#{first}'")
        await tab.open(f"{node.url}/verify?again#{third}")
        assert await verdict(tab) == "True"
        text = await tab.run("document.body.innerText")
        assert "those that this node names" in text
        assert "record in the directory" in text
        await tab.open(f"{node.url}/verify?pasted")
        changed = third[:-1] + str((int(third[-1]) + 1) % 10)
        paste = f"(t => {{ t.value = '{first}\\n{second} {changed}'; t.dispatchEvent(new Event('input')); }})"
        await tab.run(f"{paste}(document.getElementById('parts'))")
        assert "read wrongly" in await verdict(tab)
        assert tab.complaints == []
        assert all(third not in url.partition("#")[0] for url in tab.requests)
        assert {url.partition("?")[0].partition("#")[0].removeprefix(node.url) for url in tab.requests} <= {
            "/verify", "/static/verifier.js", "/static/verifier.css", "/static/favicon.svg", "/v1/trust",
        }  # fmt: skip
