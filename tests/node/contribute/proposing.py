# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody who proposes without scripts: what the pages give them is sent back."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from tests.node.browsing import Page
from tests.node.stewarding import checked

if TYPE_CHECKING:
    from tests.node.running import RunningNode

HTML = {"Accept": "text/html", "Accept-Language": "en"}


class Visitor:
    """A browser that runs no scripts and keeps no cookies."""

    def __init__(self, node: RunningNode, language: str = "en") -> None:
        self.node = node
        self.headers = HTML | {"Accept-Language": language}

    async def read(self, path: str, status: int = 200) -> Page:
        """A page."""
        async with self.node.client.get(self.node.url + path, headers=self.headers, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == status, (path, answer.status, text[:2000])
            return checked(text)

    async def send(self, path: str, fields: dict[str, str], status: int = 200) -> Any:
        """What comes back when a form is sent: a page, or where it leads."""
        url = self.node.url + path
        async with self.node.client.post(url, data=fields, headers=self.headers, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == status, (path, answer.status, text[:2000])
            return answer.headers["Location"] if status == 303 else checked(text)

    async def propose(self, path: str, **written: str) -> str:
        """Opens a form, writes into it, looks at what it shows and sends it; where it led."""
        action = path.partition("?")[0]
        shown = await self.send(action, fields_of(await self.read(path)) | written | {"step": "check"})
        return str(await self.send(action, fields_of(shown) | {"step": "send"}, 303))


class _Forms(HTMLParser):
    """What each form of a page sends if nobody changes it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._select = self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif not self.forms:
            return
        elif tag == "input" and a.get("name"):
            if a.get("type") not in {"radio", "checkbox"} or "checked" in a:
                self.forms[-1][a["name"]] = a.get("value", "")
        elif tag == "select":
            self._select = a["name"]
        elif tag == "option" and self._select and (self._select not in self.forms[-1] or "selected" in a):
            self.forms[-1][self._select] = a["value"]
        elif tag == "textarea":
            self._area = a["name"]
            self.forms[-1][self._area] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self.forms[-1][self._area] = self.forms[-1][self._area].removeprefix("\n")
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][self._area] += data


def fields_of(page: Page) -> dict[str, str]:
    """What the form of a page that has the most fields would send as it is."""
    return max(_Forms(page.html).forms, key=len)
