# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page in Chromium, full of hostile text: by keyboard, on a phone, without scripts, from the right."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import pytest_asyncio

from ledger.data_directory import DataDirectory
from protocol.identity import show_log_id
from tests.node.browser import table
from tests.node.browser.hostile import NOTICED, TEXTS, WATCH, found_hostile, write_hostile, write_waiting
from tests.node.browser.reading import axe, comes_true, faults, open_ready, press, read_as, speak_arabic
from tests.node.browser.watching import looked_at, walked
from tests.node.mutual import write_mutual
from tests.node.reciprocity.test_ledger_browser import sign_in
from tests.node.running import RunningNode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from tests.node.verifier.browser import Tab

long = pytest.mark.long
FAULTY = ("/nowhere", "/?near=Qqqqxz", "/clients")
"""Where the browser says that the answer is an error, as it is."""
SEND = """(() => {
  const form = document.querySelector("main form[method=post]");
  form.noValidate = true;
  form.requestSubmit();
})()"""
WHOLE = """!!document.querySelector("h1, .embed-title") && !!document.querySelector("main, body.embedded")
  && [...document.querySelectorAll("form")].every((form) => form.querySelector("button, input[type=submit]"))"""


@pytest.mark.parametrize(("method", "rows"), [("GET", table.READ), ("POST", table.SENT)])
def test_every_page_has_a_row(method: str, rows: dict[str, object]) -> None:
    """If this fails, a page has come or gone: add its line to tests/node/browser/table.py."""
    assert set(rows) == table.routes(method)


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[RunningNode]:
    directory = DataDirectory(tmp_path / "moot")
    found_hostile(directory)
    running = await RunningNode(directory).start()
    write_mutual(running.ledger)
    write_hostile(running.ledger)
    write_waiting(running.ledger)
    try:
        yield running
    finally:
        await running.stop()


@pytest_asyncio.fixture
async def tab(tab: Tab) -> Tab:
    await tab.ask("Page.enable")
    await tab.ask("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    return tab


async def every(node: RunningNode, tab: Tab, look: Callable[[Tab], Awaitable[list[str]]], *, scripts: bool) -> None:
    """Opens every page and lets it be looked at; asserts that nothing is wrong, nothing ran, nothing left the host."""
    wrong, signed_in = {}, False
    for path in table.addresses(show_log_id(node.log_id)):
        if path.startswith("/steward") and path != "/steward/sign-in" and not signed_in:
            await sign_in(tab, node)
            signed_in = True
        await tab.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        await (open_ready(tab, node.url + path) if scripts else tab.open(node.url + path))
        found = [*await look(tab), *(await tab.run(NOTICED) if scripts else [])]
        if path not in FAULTY:
            found += tab.complaints
        tab.complaints.clear()
        if found:
            wrong[path] = found
    assert not wrong, told(wrong)
    assert signed_in
    assert [url for url in tab.requests if not url.startswith((node.url, "data:", "blob:"))] == []


def told(wrong: dict[str, list[str]]) -> str:
    """Page by page what is wrong."""
    return "\n".join(f"{path}\n" + "\n".join(f"    {one}" for one in found) for path, found in wrong.items())


@long
@pytest.mark.parametrize(("language", "dark", "width"), [("en", False, 1280), ("nl", True, 320)])
async def test_every_page_is_for_everybody(
    node: RunningNode,
    tab: Tab,
    language: str,
    dark: bool,  # noqa: FBT001 - a table
    width: int,
) -> None:
    program = axe()
    await read_as(tab, language=language, dark=dark, width=width)

    async def look(tab: Tab) -> list[str]:
        found = await faults(tab, program)
        # A record may claim to be in a language that nobody knows.
        return [*(one for one in found if not one.startswith("valid-lang: ")), *await looked_at(tab)]

    await every(node, tab, look, scripts=True)


@long
async def test_every_page_is_read_from_the_right(node: RunningNode, tab: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    speak_arabic(monkeypatch)
    await read_as(tab, language="ar", width=320)

    async def look(tab: Tab) -> list[str]:
        turned = await tab.run("document.documentElement.dir") == "rtl"
        return [*([] if turned else ["not from the right"]), *await looked_at(tab)]

    await every(node, tab, look, scripts=True)


@long
async def test_every_page_is_whole_without_scripts(node: RunningNode, tab: Tab) -> None:
    await read_as(tab, width=320)

    async def look(tab: Tab) -> list[str]:
        missing = [] if await tab.run(WHOLE) else ["without a heading, or with a form that cannot be sent"]
        return [*missing, *await looked_at(tab)]

    await every(node, tab, look, scripts=False)


@long
async def test_every_page_is_used_by_keyboard_alone(node: RunningNode, tab: Tab) -> None:
    await read_as(tab)
    await every(node, tab, walked, scripts=True)


@long
async def test_every_form_says_what_it_lacks(node: RunningNode, tab: Tab) -> None:
    """A form that is sent as it stands comes back as a page, which is for everybody too."""
    program, wrong = axe(), {}
    await read_as(tab, width=320)
    await sign_in(tab, node)
    for path in table.forms(show_log_id(node.log_id)):
        await open_ready(tab, node.url + path)
        tab._loaded.clear()
        await tab.run(SEND)
        await tab._loaded.wait()
        found = [*await faults(tab, program), *await looked_at(tab), *await tab.run(NOTICED)]
        if found or not await tab.run("!!document.querySelector('main h1')"):
            wrong[path] = found
    assert not wrong, told(wrong)


@long
async def test_the_first_key_skips_to_the_content(node: RunningNode, tab: Tab) -> None:
    await read_as(tab, width=320)
    await tab.open(f"{node.url}/logs")
    await press(tab, "Tab")
    assert await tab.run("document.activeElement.className") == "skip"
    assert await tab.run("document.activeElement.getBoundingClientRect().top >= 0")
    await press(tab, "Enter")
    await comes_true(tab, "document.activeElement.id === 'main'")


@long
@pytest.mark.parametrize(
    "body",
    [f'<p x="{TEXTS[0]}', f"<p x='{TEXTS[1]}'>", TEXTS[6], "<a href=javascript:1>a</a>", "<a href=https://x/>b</a>"],
)
async def test_what_acts_is_noticed(tab: Tab, body: str) -> None:
    """The eyes of these tests see what they look for."""
    await tab.open(f"data:text/html,<!doctype html>{quote(body)}")
    assert await tab.run(NOTICED) != []


@long
async def test_a_trap_is_noticed(tab: Tab) -> None:
    page = (
        "<style>*{outline:0!important}</style><a href=#>a</a><input onkeydown='event.preventDefault()'><a href=#>b</a>"
    )
    await tab.open(f"data:text/html,<!doctype html>{quote(page)}")
    assert [one.partition(":")[0] for one in await walked(tab)] == ["not reached", *2 * ["focus not seen"]]
