# SPDX-License-Identifier: AGPL-3.0-or-later
"""Pages as a browser without scripts reads them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from aiohttp.test_utils import TestClient, TestServer

from node.config import Config
from node.directory.finder import Finder
from node.peering.client import Client
from node.peering.gossip import Hub
from node.server import make_application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ledger.ledger import Ledger

ACTIVE = {"script", "iframe", "object", "embed", "img", "base", "frame", "style", "math", "template", "noscript"}
VOID = {"meta", "link", "input", "br", "path", "circle", "img", "source"}


_OWN = re.compile(r"/(static/|map\.svg\?|(steward/images/[0-9a-f]{32}|images)/[0-9a-f]{64}\.webp$)")


class Page(HTMLParser):
    """A page taken apart: its elements, its text, and what does not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.data = ""
        self.open: list[str] = []
        self.feed(html)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        drawn = tag == "title" and "svg" in self.open  # of a part of a picture, not of the page
        self.elements.append(("svg title" if drawn else tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.data += data
        else:
            self.text += data

    def foreign(self) -> list[tuple[str, dict[str, str]]]:
        """Active elements that are not the page's own: its own are scripts and pictures of this node, and noscript."""
        return [
            (tag, attributes)
            for tag, attributes in self.elements
            if tag in ACTIVE
            and not (tag in {"script", "img"} and _OWN.match(attributes.get("src", "")))
            and not (tag == "noscript" and not attributes)
            and not (tag == "script" and attributes == {"type": "application/ld+json"})
        ]

    def links(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.elements if tag == "a"]

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


async def serve(ledger: Ledger, **config: Any) -> AsyncIterator[TestClient[Any, Any]]:
    client = Client("test")
    hub = Hub(ledger, client, "test")
    app = make_application(ledger, Finder(ledger.store), hub, Config(**config), "token")
    async with TestClient(TestServer(app)) as browser:
        yield browser
    await client.close()


async def read(browser: TestClient[Any, Any], url: str, status: int = 200, language: str = "en") -> Page:
    headers = {"Accept": "text/html", "Accept-Language": language}
    response = await browser.get(url, headers=headers, allow_redirects=False)
    assert response.status == status, url
    assert response.content_type == "text/html"
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    page = Page(await response.text())
    assert page.count("main") == page.count("h1") == page.count("title") == 1
    assert page.elements[0] == ("html", {"lang": language[:2], "dir": "ltr"})
    assert page.foreign() == []
    return page
