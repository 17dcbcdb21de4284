# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a reader meets a page: which language, colours, width and keys, and what axe has to say of it."""

from __future__ import annotations

import asyncio
import gettext
import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from node.translations import catalogue, languages
from node.web import words

if TYPE_CHECKING:
    from tests.node.verifier.browser import Tab

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowDown": 40}
READY_S = 30.0


class RightToLeft(gettext.NullTranslations):
    """A language that is written from the right, for layout: English between Arabic letters."""

    def gettext(self, message: str) -> str:
        return f"مثال {message}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"مثال {msgid1 if n == 1 else msgid2}"

    def pgettext(self, context: str, message: str) -> str:
        del context
        return "rtl" if message == "ltr" else message


def speak_arabic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets pages be in Arabic, as far as layout goes."""
    known, told = languages(), catalogue
    monkeypatch.setattr(words, "languages", lambda: (*known, "ar"))
    monkeypatch.setattr(words, "catalogue", lambda tag: RightToLeft() if tag == "ar" else told(tag))


async def read_as(tab: Tab, *, language: str = "en", dark: bool = False, width: int = 1280) -> None:
    """Sets how the next pages are read."""
    await tab.ask("Network.enable")
    await tab.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
    wishes = {"prefers-color-scheme": "dark" if dark else "light", "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    await tab.ask("Emulation.setEmulatedMedia", features=features)
    await tab.resize(width)


async def open_ready(tab: Tab, url: str) -> None:
    """Opens a page and waits until its map, if it has one, has been drawn."""
    await tab.open(url)
    await comes_true(tab, "!document.getElementById('map') || !!document.querySelector('[data-ready]')")


async def comes_true(tab: Tab, expression: str) -> None:
    """Waits for something to become so in the page."""
    looking = (
        f"new Promise((done) => {{ const look = () => ({expression}) ? done(1) : setTimeout(look, 30); look(); }})"
    )
    async with asyncio.timeout(READY_S):
        await tab.run(looking)


async def press(tab: Tab, key: str) -> None:
    """Presses and releases a key."""
    about: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
    text = {"text": "\r"} if key == "Enter" else {}
    await tab.ask("Input.dispatchKeyEvent", type="keyDown", **about, **text)
    await tab.ask("Input.dispatchKeyEvent", type="keyUp", **about)


def axe() -> str:
    """The program of axe-core, from the package that carries it; skips the test where there is none."""
    found = find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        pytest.skip("axe is not installed")
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


async def faults(tab: Tab, program: str) -> list[str]:
    """What axe finds wrong with the page that is open: the rule, and the first elements.

    Signs on a map stand where things are and may be close to each other: all of them are in the list too (WCAG 2.5.8,
    "equivalent").
    """
    await tab.run(f"{program};0")
    tags = json.dumps(_RULES)
    found = await tab.run(
        f"""(async () => {{
          const all = await axe.run(document, {{ runOnly: {tags}, rules: {{ "target-size": {{ enabled: false }} }} }});
          const signs = {{ exclude: [".leaflet-marker-pane"] }};
          const sizes = await axe.run(signs, {{ runOnly: {{ type: "rule", values: ["target-size"] }} }});
          const first = (one) => one.nodes.slice(0, 3).map((node) => `${{node.target}} ${{node.failureSummary}}`);
          return [...all.violations, ...sizes.violations].map((one) => `${{one.id}}: ${{first(one).join(" | ")}}`);
        }})()"""
    )
    assert isinstance(found, list)
    return found
