# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/sign-amendment`: where a holder of a recovery sheet signs, in a page that can connect to nobody (spec 04 §8)."""

from __future__ import annotations

from aiohttp import web

from node.routes import Route
from node.signing.page import holder_page, holder_policy
from node.web.rendering import reader_of, remembering


def holder_answer(request: web.Request, file: bytes = b"", save_as: str = "") -> web.Response:
    """The page, with an amendment in it or without; to be saved under a name, or looked at here."""
    policy = f"{holder_policy()}; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache", "Vary": "Accept-Language, Cookie"}
    headers |= {"Content-Disposition": f'attachment; filename="{save_as}"'} if save_as else {}
    reader = reader_of(request)
    text = holder_page(file, reader.languages, "" if save_as else reader.words.language)
    return remembering(request, web.Response(text=text, content_type="text/html", headers=headers))


async def _page(request: web.Request) -> web.Response:
    return holder_answer(request)


ROUTES = (
    Route(
        "GET", "/sign-amendment", _page, "Sign an amendment with a recovery sheet, in one's own browser", "text/html",
        statuses=(200,),
    ),
)  # fmt: skip
