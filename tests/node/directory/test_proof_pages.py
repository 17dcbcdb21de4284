# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page by which whoever doubts a record checks it: file, link, codes, and a page that needs no node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlparse

import segno

from node.web.codes import draw_code
from protocol.digits import join_parts
from protocol.identity import show_log_id
from protocol.short import unpack
from tests.builders import seeded
from tests.node.browsing import Page
from tests.node.running import RunningNode, record

if TYPE_CHECKING:
    from typing import Any

HTML = {"Accept": "text/html", "Accept-Language": "en"}


def address(node: RunningNode, number: int) -> str:
    return f"/record/{show_log_id(node.log_id)}/{record(number)['id'].hex()}"


async def page_of(node: RunningNode, path: str, status: int = 200, **headers: str) -> Page:
    async with node.client.get(node.url + path, headers=HTML | headers) as answer:
        assert answer.status == status, path
        return Page(await answer.text())


async def test_the_link_holds_the_very_proof_that_is_downloaded(node: RunningNode) -> None:
    page = await page_of(node, address(node, 1) + "/proof")
    check = next(link for link in page.links() if link.startswith("/verify#"))
    file = next(link for link in page.links() if link.startswith("/v1/log/"))
    async with node.client.get(node.url + file) as answer:
        assert unpack(join_parts([check])) == await answer.read()
    assert "in the log of" in page.text


async def test_the_codes_lead_to_this_node(node: RunningNode) -> None:
    async with node.client.get(node.url + address(node, 0) + "/proof", headers=HTML) as answer:
        text = await answer.text()
    drawn = re.findall(r'class="dark" d="([^"]*)"', text)
    assert 1 <= len(drawn) <= 9
    assert f"{urlparse(node.url).netloc}/verify" in text


def test_a_code_is_drawn_as_it_is() -> None:
    code = segno.make("folkmoot", micro=False)
    drawn = draw_code(code)
    dark = set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", drawn.path):
        dark |= {(int(x) + step - 4, int(y) - 4) for step in range(int(width))}
    wanted = {(x, y) for y, row in enumerate(code.matrix) for x, bit in enumerate(row) if bit}
    assert dark == wanted
    assert drawn.width == len(code.matrix) + 8


async def test_each_step_of_the_history_is_proved(node: RunningNode) -> None:
    first = address(node, 0)
    node.ledger.writer.append(
        [node.ledger.state("record.close", {"id": record(0)["id"], "reason": "closed"}, seeded("end", 16))]
    )
    node.ledger.writer.settle()
    steps = [link for link in (await page_of(node, first)).links() if "/proof?entry=" in link]
    assert len(set(steps)) == 2
    told = [(await page_of(node, link)).text for link in dict.fromkeys(steps)]
    assert any("Closed" in text for text in told)
    for wrong in ("999999", "-1", "x", "%00"):
        await page_of(node, f"{first}/proof?entry={wrong}", 404)


async def test_a_page_carries_its_proof_along(node: RunningNode) -> None:
    async with node.client.get(node.url + address(node, 0) + "/proof.html") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert '<script type="text/plain" id="file">' in await answer.text()
    async with node.client.get(node.url + "/record/x/00/proof.html") as answer:
        assert answer.status == 404


async def test_what_is_not_signed_yet_is_told(node: RunningNode, monkeypatch: Any) -> None:
    monkeypatch.setattr("node.directory.proof_pages._proof", lambda *_: b"")
    assert "being signed" in (await page_of(node, address(node, 0) + "/proof")).text
    assert (await page_of(node, address(node, 0) + "/proof.html", 404)).count("main") == 1
