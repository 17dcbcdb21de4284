# SPDX-License-Identifier: AGPL-3.0-or-later
"""Going through the import assistant without scripts, as a browser does: fields, a button, the page after it."""

from __future__ import annotations

import asyncio
import re
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING, Any

from aiohttp import FormData

if TYPE_CHECKING:
    from aiohttp import ClientResponse
    from aiohttp.test_utils import TestClient

HTML = {"Accept": "text/html", "Accept-Language": "en"}
WAIT_S = 60.0


class Fields(HTMLParser):
    """What the forms of a page would send, by the form's number; buttons aside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and given.get("name") and self.forms:
            ticked = given.get("type") not in {"checkbox", "radio"} or "checked" in given
            if ticked and given.get("type") != "file":
                self.forms[-1][given["name"]] = given.get("value", "")
        elif tag == "select" and self.forms:
            self._select = given["name"]
            assert self._select not in self.forms[-1], "a form that names a field twice is refused"
        elif tag == "option" and self._select and ("selected" in given or self._select not in self.forms[-1]):
            self.forms[-1][self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


class Assistant:
    """A steward who imports something."""

    def __init__(self, browser: TestClient[Any, Any]) -> None:
        self.browser = browser
        self.html, self.path = "", ""

    async def _took(self, answer: ClientResponse, status: int) -> str:
        self.html, self.path = await answer.text(), answer.url.path
        assert answer.status == status, self.html
        return self.html

    async def open(self, path: str, status: int = 200) -> str:
        """Opens a page, and looks again while the node works."""
        async with asyncio.timeout(WAIT_S):
            while True:
                html = await self._took(await self.browser.get(path, headers=HTML), status)
                if 'http-equiv="refresh"' not in html:
                    return html
                await asyncio.sleep(0.01)

    def form(self, which: int = -1) -> dict[str, str]:
        """The fields of a form of the present page."""
        return Fields(self.html).forms[which]

    async def upload(self, name: str, content: bytes, status: int = 200, **fields: str) -> str:
        """Sends a file."""
        await self.open("/steward/import")
        data = FormData(quote_fields=False)
        for field, text in (self.form(0) | fields).items():
            data.add_field(field, text)
        data.add_field("file", BytesIO(content), filename=name, content_type="application/octet-stream")
        answer = await self.browser.post("/steward/import", data=data, headers=HTML)
        html = await self._took(answer, answer.status)
        if answer.status == 200:
            html = await self.open(self.path, status)
        return html

    async def press(self, step: str, status: int = 200, **fields: str) -> str:
        """Presses a button of the form that has it."""
        before = self.html[: re.search(rf'name="step" value="{step}"', self.html).start()]  # type: ignore[union-attr] # it is there
        form = self.form(before.count("<form") - 1)
        answer = await self.browser.post(self.path, data=form | fields | {"step": step}, headers=HTML)
        html = await self._took(answer, answer.status)
        return await self.open(self.path, status) if answer.status == 200 else html

    def mapping(self) -> dict[str, str]:
        """The fields of the form that says which column goes where."""
        return next(form for form in Fields(self.html).forms if "set" in form)

    def line(self, column: str) -> str:
        """The number of the line of the form in which a column of the file stands."""
        found = re.search(rf'id="c(\d+)"><bdi dir="auto">{re.escape(column)}</bdi>', self.html)
        assert found, column
        return found[1]
