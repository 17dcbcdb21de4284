# SPDX-License-Identifier: AGPL-3.0-or-later
"""Imports over HTTP, for programs: what the pages do, as JSON."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ledger.importing.listing import SCHEMA, import_objects
from node.api import json_answer
from node.importing.jobs import JOBS
from node.keys import LEDGER
from node.routes import Route

if TYPE_CHECKING:
    from aiohttp import web

    from node.importing.jobs import Jobs
    from node.importing.uploads import Upload


def progress_object(jobs: Jobs, upload: Upload) -> dict[str, Any]:
    """How far an upload is."""
    done, total = jobs.progress(upload.id)
    return {"phase": upload.phase, "version": upload.version, "done": done, "total": total}


async def _imports(request: web.Request) -> web.Response:
    def read() -> list[dict[str, Any]]:
        with request.app[LEDGER].store.read() as reads:
            return import_objects(reads)

    found = await asyncio.to_thread(read)
    waiting = [{"id": one.id, "name": one.name, "phase": one.phase} for one in request.app[JOBS].uploads.all()]
    return json_answer({"schema": SCHEMA, "imports": found, "uploads": waiting})


ROUTES = (Route("GET", "/v1/imports", _imports, "The imports so far", statuses=(200, 401), steward=True),)
