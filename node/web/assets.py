# SPDX-License-Identifier: AGPL-3.0-or-later
"""The few files that pages need beside themselves: those of the folder and a fixed list, with their digests."""

from __future__ import annotations

from functools import cache
from gzip import compress
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from aiohttp import web

from node.contribute.script import signing_script
from node.verifier.scripts import read, verifier_script

VERIFIER_SCRIPT, VERIFIER_STYLE = "verifier.js", "verifier.css"
MEDIA_TYPES = {
    "folkmoot.css": "text/css",
    "ledger.css": "text/css",
    "contribute.css": "text/css",
    "propose.js": "text/javascript",
    "sign.js": "text/javascript",
    "difference.css": "text/css",
    "desk.css": "text/css",
    "glance.css": "text/css",
    "knowledge.css": "text/css",
    "map.css": "text/css",
    "record.css": "text/css",
    "exchange.css": "text/css",
    "ground.js": "text/javascript",
    "import.css": "text/css",
    "import.js": "text/javascript",
    "map.js": "text/javascript",
    "pair.js": "text/javascript",
    "place.js": "text/javascript",
    "upkeep.css": "text/css",
    "outlines.json": "application/json",
    "leaflet.css": "text/css",
    "leaflet.js": "text/javascript",
    "favicon.svg": "image/svg+xml",
    VERIFIER_SCRIPT: "text/javascript",
    VERIFIER_STYLE: "text/css",
}
_BY_SUFFIX = {"css": "text/css", "js": "text/javascript", "json": "application/json", "svg": "image/svg+xml"}
MEDIA_TYPES |= {
    file.name: _BY_SUFFIX[file.name.rpartition(".")[2]]
    for file in (files("node") / "static").iterdir()
    if file.name.rpartition(".")[2] in _BY_SUFFIX
}
_LEAFLET = frozenset({"leaflet.css", "leaflet.js"})
"""From a package that nothing is imported of: it is there to carry these files."""
_IMMUTABLE = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, no-cache"


class Asset(NamedTuple):
    """A file's content, the same compressed by gzip, and the digest it is known by."""

    content: bytes
    compressed: bytes
    digest: str


@cache
def asset(name: str) -> Asset:
    """One of the files of the list."""
    if name == VERIFIER_SCRIPT:
        content = verifier_script().encode()
    elif name == "sign.js":
        content = signing_script().encode()
    elif name == VERIFIER_STYLE:
        content = read("page.css").encode()
    elif name in _LEAFLET:
        content = (files("js_lib_leaflet") / "static" / "js_lib_leaflet" / name).read_bytes()
    else:
        content = (files("node") / "static" / name).read_bytes()
    return Asset(content, compress(content, 9, mtime=0), sha256(content).hexdigest()[:16])


def asset_url(name: str) -> str:
    """The address under which the present content of a file may be kept for ever."""
    return f"/static/{name}?v={asset(name).digest}"


async def serve_asset(request: web.Request) -> web.Response:
    """`/static/{name}`."""
    name = request.match_info["name"]
    if name not in MEDIA_TYPES:
        raise web.HTTPNotFound
    content, compressed, digest = asset(name)
    kept = request.query.get("v") == digest
    headers = {"Cache-Control": _IMMUTABLE if kept else _ASK_AGAIN, "ETag": f'"{digest}"'}
    if any(tag.value in {digest, "*"} for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        content = compressed
        headers["Content-Encoding"] = "gzip"
    headers["Vary"] = "Accept-Encoding"
    return web.Response(body=content, content_type=MEDIA_TYPES[name], charset="utf-8", headers=headers)
