# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pictures in Chromium: sent, described and signed in the browser; for everybody, on a phone, from the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from node.directory.image_files import IMAGES
from protocol.identity import show_log_id
from tests.node.browser.everybody import check_for_everybody, for_each_reader
from tests.node.browser.reading import open_ready, read_as
from tests.node.stewarding import EVIL, follow, put, record, sign_in
from tests.pictures import drawn

if TYPE_CHECKING:
    from pathlib import Path

    from tests.node.browser.everybody import Reader
    from tests.node.running import RunningNode
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long
MILL = record("mill")
PAGE = f"/steward/images/{MILL['id'].hex()}"


async def choose(tab: Tab, path: Path) -> None:
    """Chooses a file in the form."""
    document = await tab.ask("DOM.getDocument")
    found = await tab.ask("DOM.querySelector", nodeId=document["root"]["nodeId"], selector="#file")
    await tab.ask("DOM.setFileInputFiles", files=[str(path)], nodeId=found["nodeId"])


async def test_a_picture_is_sent_described_and_signed(node: RunningNode, tab: Tab, tmp_path: Path) -> None:
    put(node.ledger, MILL)
    (tmp_path / "wheel.jpg").write_bytes(drawn("JPEG", (3_000, 2_000)))
    await sign_in(tab, node)
    await read_as(tab, language="en", dark=False, width=1280)
    await open_ready(tab, node.url + PAGE)
    await choose(tab, tmp_path / "wheel.jpg")
    await follow(tab, "form[enctype] button")
    assert await tab.run("document.querySelector('.preview').naturalWidth") == 1_600
    await tab.run("document.querySelector('#alt_en').value = 'The wheel'")
    await tab.run("document.querySelector('#licence').value = 'CC-BY-4.0'")
    await follow(tab, "article form button")
    assert "The wheel" in await tab.run("document.querySelector('main').innerText")
    await follow(tab, "button[value=sign]")
    assert await tab.run("location.pathname") == PAGE
    await open_ready(tab, f"{node.url}/record/{show_log_id(node.log_id)}/{MILL['id'].hex()}")
    assert await tab.run("document.querySelector('.images img').alt") == "The wheel"
    assert tab.complaints == []


@for_each_reader
async def test_every_page_is_for_everybody(
    node: RunningNode, tab: Tab, monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    images = node.running._runner.app[IMAGES]  # type: ignore[union-attr] # it runs
    wheel, waiting = images.take(drawn("JPEG", (900, 600))), images.take(drawn("PNG", (300, 1_500)))
    images.publish(wheel, MILL["id"])
    told = [
        {"url": wheel, "licence": "CC-BY-4.0", "alt": {"en": "The wheel of the mill", "fr": "La roue"}},
        {"url": "https://images.example.org/a.jpg", "licence": EVIL[:100], "alt": {"en": EVIL}},
        {"url": f"/images/{'0' * 64}.webp", "licence": "CC0-1.0", "alt": {"en": "W" * 200}},
    ]
    put(node.ledger, MILL | {"images": told}, record("bare"))
    await sign_in(tab, node)
    paths = [PAGE, f"{PAGE}?picture={waiting}", f"/steward/images/{record('bare')['id'].hex()}"]
    paths.append(f"/record/{show_log_id(node.log_id)}/{MILL['id'].hex()}")
    await check_for_everybody(node, tab, monkeypatch, reader, paths)
