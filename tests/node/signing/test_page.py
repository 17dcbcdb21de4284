# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of a holder in Chromium, opened from disk: in every language, on a phone, full of hostile text, offline."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ledger.own.keys import show_secret
from node.signing.page import holder_page
from node.translations import languages
from protocol.amendment import read_amendment, write_amendment
from tests.builders import seeded
from tests.node.browser.reading import axe, comes_true, faults, read_as
from tests.node.signing.holding import MOOT, drafted, give, many_changes
from tests.node.verifier.test_page import EVIL, speak

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.amendment import Amendment
    from tests.node.verifier.browser import Tab

pytestmark = pytest.mark.long


def saved(folder: Path, amendment: Amendment | None) -> str:
    """The address of a page on disk."""
    path = folder / "sign.html"
    path.write_text(holder_page(write_amendment(amendment) if amendment else b"", ("fr",)), "utf-8")
    return path.as_uri()


async def type_secret(tab: Tab, text: str) -> str:
    """Types a secret and signs; what is wrong with it, if anything."""
    await tab.run(f"document.getElementById('secret').value = {json.dumps(text)}")
    await tab.run("document.getElementById('sign').click()")
    return str(await tab.run("document.getElementById('fault').textContent"))


async def test_it_is_for_everybody_and_stays_on_the_device(tmp_path: Path, tab: Tab) -> None:
    program = axe()
    for dark, width in ((False, 1280), (True, 320)):
        await read_as(tab, dark=dark, width=width)
        await tab.open(saved(tmp_path, many_changes(EVIL.replace("{language}", "en"))))
        for language in languages():
            text = await speak(tab, language)
            assert "undefined" not in text
            assert "{" not in text.replace(EVIL, "")
            assert "<img src=x onerror=" in text
            assert await tab.run("document.title") != "x"
            assert await tab.run("document.documentElement.scrollWidth") <= width
            assert await faults(tab, program) == []
        assert await type_secret(tab, show_secret(MOOT.secrets[0])) == ""
        assert await faults(tab, program) == []
        assert await tab.run("document.activeElement.id") == "done"
        assert await tab.run("document.documentElement.scrollWidth") <= width
    assert tab.complaints == []
    assert [url for url in tab.requests if not url.startswith(("file:", "data:"))] == []
    refused = "fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"
    assert await tab.run(refused) == "refused"
    assert any("Content Security Policy" in one for one in tab.complaints)


async def test_a_holder_is_told_what_is_wrong_and_signs(tmp_path: Path, tab: Tab) -> None:
    await tab.open(saved(tmp_path, None))
    assert await tab.run("document.getElementById('holder').hidden")
    await hand_file(tab, b"anything else")
    assert "not the file of an amendment" in await tab.run("document.getElementById('told').textContent")
    amendment = drafted(territory="Lille")
    forged = json.loads(write_amendment(amendment.sign(MOOT.secrets[2])))
    forged["signatures"][0][1] = "00" * 64
    await hand_file(tab, json.dumps(forged).encode())
    assert "Do not sign this" in await tab.run("document.getElementById('told').textContent")
    assert await tab.run("document.getElementById('holder').hidden")
    await hand_file(tab, write_amendment(amendment.sign(MOOT.secrets[2])))
    right = show_secret(MOOT.secrets[0])
    for text, said in (
        (right[:-1] + "0", "in group 14"),
        (right[5:], "These are 52."),
        (right[5:] + " " + right[:4], "group by group"),
        (show_secret(seeded("somebody else")), "not one of the recovery sheets"),
        (show_secret(MOOT.secrets[2]), "has signed already"),
    ):
        assert said in await type_secret(tab, text)
        assert await tab.run("document.getElementById('secret').getAttribute('aria-invalid')") == "true"
    assert await type_secret(tab, right) == ""
    text = await tab.run("document.getElementById('signed-text').value")
    assert read_amendment(text.encode()).lacking() == (0, 0)
    assert "it has all that it needs" in await tab.run("document.getElementById('outcome').textContent")
    key = amendment.sign(MOOT.secrets[0]).signatures[1][0].hex()
    assert f"{key[:4]} {key[4:8]}" in await tab.run("document.getElementById('outcome').textContent")
    assert await tab.run("document.getElementById('secret').value") == ""
    assert tab.complaints == []


async def hand_file(tab: Tab, content: bytes) -> None:
    """Gives the page a file, and waits until it has been read."""
    await tab.run("document.getElementById('told').textContent = ''")
    await give(tab, "choose-file", content)
    await comes_true(tab, "document.getElementById('told').textContent !== ''")
