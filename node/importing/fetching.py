# SPDX-License-Identifier: AGPL-3.0-or-later
"""A file that a steward names by its address on the web: fetched by the node, from the public internet only."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from aiohttp import ClientError, web

from ledger.errors import RefusedError
from node.importing.receiving import PIECE_BYTES, take_pieces
from node.peering.client import Client, DialRefusedError

if TYPE_CHECKING:
    from node.importing.uploads import Uploads
    from node.web.kept_files import Receiving

FETCHER = web.AppKey("import_fetcher", Client)
_ADDRESS_CHARACTERS_MAX = 2_000


async def fetch_file(client: Client, uploads: Uploads, url: str) -> tuple[str, Receiving]:
    """The name of the file there, and the file. Raises RefusedError, which says what to do."""
    parts = urlsplit(url.strip()) if len(url) <= _ADDRESS_CHARACTERS_MAX else urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise RefusedError("That is not an address of a file, such as https://www.example.org/list.csv.")
    try:
        async with client.fetch(url.strip()) as answer:
            if answer.status != 200:
                raise RefusedError(f"{parts.hostname} answers {answer.status} {answer.reason}: is the address right?")
            content = answer.content
            receiving = await take_pieces(lambda: content.read(PIECE_BYTES), uploads)
            name = unquote(answer.url.path.rpartition("/")[2]) or parts.hostname
    except (ClientError, OSError, TimeoutError, DialRefusedError, ValueError) as error:
        why = str(error)[:300] or type(error).__name__
        raise RefusedError(f"The file could not be fetched: {why}. Download it yourself and choose it here.") from None
    return name, receiving
