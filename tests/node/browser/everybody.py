# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether pages are whole for everybody: by language, colours, width and direction. One test, over many pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.node.browser.reading import axe, faults, open_ready, read_as, speak_arabic
from tests.node.browser.watching import looked_at, walked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from tests.node.running import RunningNode
    from tests.node.verifier.browser import Tab


class Reader(NamedTuple):
    """How somebody reads."""

    language: str
    dark: bool
    width: int

    def __str__(self) -> str:
        return f"{self.language}-{'dark' if self.dark else 'light'}-{self.width}"


READERS = [
    Reader("en", dark=False, width=1280),
    Reader("nl", dark=True, width=320),
    Reader("de", dark=False, width=320),
    Reader("ar", dark=False, width=320),
    Reader("ar", dark=True, width=1280),
]
for_each_reader = pytest.mark.parametrize("reader", READERS, ids=str)
"""Each test of pages is for these; each writing has the longest words at the narrowest."""


async def check_for_everybody(
    node: RunningNode,
    tab: Tab,
    monkeypatch: pytest.MonkeyPatch,
    reader: Reader,
    paths: Iterable[str],
    *,
    excused: str = "",
    noticed: Callable[[], Awaitable[list[str]]] | None = None,
) -> None:
    """Opens pages as a reader does; asserts that axe finds nothing, all fits, nothing complains or leaves the host.

    `excused`: a pattern of complaints about pages whose answer is an error, as it should be. `noticed`: what else is
    wrong with the page that is open.
    """
    speak_arabic(monkeypatch)
    program = axe()
    await read_as(tab, language=reader.language, dark=reader.dark, width=reader.width)
    wrong: dict[str, list[str]] = {}
    for path in paths:
        await open_ready(tab, node.url + path)
        found = await faults(tab, program)
        if await tab.run("location.pathname") != path.partition("?")[0]:
            found.append("led elsewhere")
        if not await tab.run("document.scrollingElement.scrollWidth <= innerWidth"):
            found.append(f"wider than {reader.width}")
        if await tab.run("document.documentElement.dir") != ("rtl" if reader.language == "ar" else "ltr"):
            found.append("from the wrong side")
        if noticed is not None:
            found += await noticed()
        if found:
            wrong[path] = found
    assert wrong == {}
    assert [said for said in tab.complaints if not (excused and re.search(excused, said))] == []
    # A field for days has a picture of the browser's own.
    assert [url for url in tab.requests if not url.startswith((node.url, "data:"))] == []


async def check_unscripted_and_by_keyboard(node: RunningNode, tab: Tab, paths: Sequence[str]) -> None:
    """Opens pages on a phone: asserts that they are whole without scripts, and that keys alone reach all of them."""
    await read_as(tab, width=320)
    await tab.ask("Emulation.setScriptExecutionDisabled", value=True)
    for path in paths:
        await tab.open(node.url + path)
        assert await looked_at(tab) == [], path
    await tab.ask("Emulation.setScriptExecutionDisabled", value=False)
    for path in paths:
        await open_ready(tab, node.url + path)
        assert await walked(tab) == [], path
