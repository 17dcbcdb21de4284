# SPDX-License-Identifier: AGPL-3.0-or-later
"""A steward at a node with records that need looking after: in a client without scripts, and in Chromium."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from node.web.session import COOKIE, SESSIONS
from protocol.identity import show_log_id
from tests.builders import seeded
from tests.node.browser.reading import press
from tests.node.browsing import Page

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from tests.node.running import RunningNode
    from tests.node.verifier.browser import Tab

HTML = {"Accept": "text/html", "Accept-Language": "en"}
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\u202e\"'"


def point(lat: float, lon: float, precision: int = 10, method: str = "hand") -> dict[str, Any]:
    return {"lat": round(lat * 1e7), "lon": round(lon * 1e7), "precision": precision, "method": method}


def put(ledger: Ledger, *records: dict[str, Any]) -> None:
    """Writes records, and waits until they are found."""
    ledger.writer.append(
        [ledger.state("record.put", {"record": one}, seeded(f"put {one['id'].hex()}", 16)) for one in records]
    )
    ledger.writer.settle()


def record(seed: str, **more: Any) -> dict[str, Any]:
    """A place as it is signed, called as its id is made of."""
    return {"id": seeded(seed, 16), "kind": "place", "name": {"en": seed}, "licence": "CC0-1.0"} | more


def twins() -> list[dict[str, Any]]:
    """Two records of one workshop."""
    address = {"street": "12 rue de la Clef", "postcode": "59000", "locality": "Lille", "country": "FR"}
    more: dict[str, Any] = {"address": address, "url": "https://velo.example.org/"}
    return [
        record("first twin", name={"fr": "Atelier du Velo"}, point=point(50.6370, 3.0630), **more),
        record(
            "other twin", name={"fr": "ATELIER DU VÉLO ASBL", "nl": "Fietsatelier"}, point=point(50.6374, 3.0636),
            hours="Mo-Fr 09:00-18:00", **more,
        ),
    ]  # fmt: skip


class Steward:
    """Somebody who has signed in, without scripts."""

    def __init__(self, node: RunningNode) -> None:
        self.node = node
        app = node.running._runner.app  # type: ignore[union-attr] # it runs
        self.cookie = app[SESSIONS].begin()
        self.headers = HTML | {"Cookie": f"{COOKIE}={self.cookie}"}

    async def read(self, path: str, status: int = 200, language: str = "en") -> Page:
        """A page."""
        headers = self.headers | {"Accept-Language": language}
        async with self.node.client.get(self.node.url + path, headers=headers, allow_redirects=False) as answer:
            assert answer.status == status, (path, answer.status, await answer.text())
            return checked(await answer.text()) if answer.content_type == "text/html" and status != 303 else Page("")

    async def send(self, path: str, fields: dict[str, str], status: int = 200) -> Any:
        """What comes back when a form is sent: a page, or where it leads."""
        url = self.node.url + path
        async with self.node.client.post(url, data=fields, headers=self.headers, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == status, (path, answer.status, text)
            return answer.headers["Location"] if status == 303 else checked(text)

    async def confirm(self, path: str, fields: dict[str, str]) -> tuple[Page, str]:
        """Sends a form, and confirms what it shows; the page that showed it, and where it led."""
        shown = await self.send(path, fields)
        assert "What would be signed" in shown.text
        return shown, await self.send(path, form_of(shown, path) | {"step": "sign"}, 303)


def checked(html: str) -> Page:
    """A page on which nothing acts but what is the page's own."""
    page = Page(html)
    assert page.foreign() == []
    assert page.count("h1") == page.count("main") == 1
    for _, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    return page


def form_of(page: Page, action: str, number: int = 0) -> dict[str, str]:
    """What the form of a page that goes there sends if nobody changes it; of several the one with that number."""
    forms: list[tuple[str, dict[str, str]]] = []
    for tag, a in page.elements:
        if tag == "form":
            forms.append((a.get("action", ""), {}))
        if tag == "input" and forms and "name" in a and (a.get("type") not in {"radio", "checkbox"} or "checked" in a):
            forms[-1][1][a["name"]] = a.get("value", "")
    return [fields for where, fields in forms if where == action][number]


def record_path(node: RunningNode, *records: dict[str, Any]) -> str:
    """Records as they stand in an address."""
    return "/".join(f"{show_log_id(node.log_id)}/{one['id'].hex()}" for one in records)


def plain(text: str) -> str:
    """Text without the blanks of its source."""
    return re.sub(r"\s+", " ", text)


async def sign_in(tab: Tab, node: RunningNode) -> None:
    """Gives a browser the cookie of a steward's session."""
    cookie = node.running._runner.app[SESSIONS].begin()  # type: ignore[union-attr] # it runs
    await tab.ask("Network.enable")
    await tab.ask("Network.setCookie", name=COOKIE, value=cookie, url=node.url)


async def follow(tab: Tab, selector: str) -> None:
    """Presses Enter on something that leads to another page, and waits for that."""
    await tab.run(f"document.querySelector({selector!r}).focus()")
    tab._loaded.clear()
    await press(tab, "Enter")
    await tab._loaded.wait()
