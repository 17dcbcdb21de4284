# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/verify`: where a reader's own browser checks a file, or what QR codes say (spec 20 §4).

What stands behind the # of an address is not sent to a node, nor is a file: this page only brings the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from node.keys import LEDGER
from node.routes import Route
from node.verifier.page import Addresses, empty_page
from node.web.assets import VERIFIER_SCRIPT, VERIFIER_STYLE, asset_url
from node.web.languages import choose
from node.web.rendering import reader_of

if TYPE_CHECKING:
    from ledger.ledger import Ledger


async def _verify(request: web.Request) -> web.Response:
    reader = reader_of(request)
    ledger: Ledger = request.app[LEDGER]
    charter = ledger.keys.charter
    script, style, icon = (asset_url(name) for name in (VERIFIER_SCRIPT, VERIFIER_STYLE, "favicon.svg"))
    home = choose(charter.name, (*reader.languages, *charter.languages)).text
    text = empty_page(Addresses(script, style, icon, trust="/v1/trust"), reader.languages, home)
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return web.Response(text=text, content_type="text/html", headers=headers)


ROUTES = (
    Route("GET", "/verify", _verify, "Check a statement or a proof in one's own browser", "text/html", statuses=(200,)),
)
