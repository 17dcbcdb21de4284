# SPDX-License-Identifier: AGPL-3.0-or-later
"""Signing although those who watch have not answered (spec 06 §5): what it means, a reason, and a second question."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import LedgerError
from ledger.held.tree import root_at
from ledger.own.recovery import State
from node.keys import LEDGER
from node.routes import Route
from node.steward.steward_pages import TEXTS, signed_in
from node.web.rendering import reader_of, render
from protocol.errors import Malformed

if TYPE_CHECKING:
    from node.web.session import Session

PAGE = "/steward/override"
REASON_CHARACTERS = (10, 500)


async def _page(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, 200)


async def _show(
    request: web.Request, session: Session, status: int, *, fault: str = "", reason: str = "", confirm: bool = False
) -> web.Response:
    reader, own = reader_of(request), request.app[LEDGER].own
    recovery = own.recovery

    def read() -> tuple[int, str, int]:
        with request.app[LEDGER].store.read() as reads:
            size = own.signed_size
            return (
                size,
                root_at(reads, own.tree, size).hex(),
                reads.tree_numbered(own.tree).size + reads.queue_size(own.tree),
            )

    size, root, written = await asyncio.to_thread(read)
    return render(
        request,
        "steward_override_confirm.html" if confirm else "steward_override.html",
        reader,
        status=status,
        why=own.signing_refused,
        harmful=recovery.state in {State.FORKED, State.BEHIND},
        needed=recovery.watchers.needed,
        counted=recovery.counted,
        fault=fault,
        reason=reason,
        reason_max=REASON_CHARACTERS[1],
        size=size,
        root=root,
        waits=max(0, written - size),
        count=reader.words.count,
        csrf=session.csrf,
    )


async def _send(request: web.Request, session: Session) -> web.StreamResponse:
    """Asks once more, or, once that was answered, has the log signed."""
    words, texts, ledger = reader_of(request).words, request[TEXTS], request.app[LEDGER]
    reason, step = " ".join(texts.get("reason", "").split()), texts.get("step", "")
    shown: dict[str, Any] = {"reason": reason}
    if step == "edit":
        return await _show(request, session, 200, **shown)
    if not REASON_CHARACTERS[0] <= len(reason) <= REASON_CHARACTERS[1]:
        least, most = (words.number(number) for number in REASON_CHARACTERS)
        said = words("Say why you are certain, in {least} to {most} characters.", least=least, most=most)
        return await _show(request, session, 422, fault=said, **shown)
    if not ledger.own.signing_refused:
        return await _show(
            request, session, 422, fault=words("Nothing was written: this log is signed by now."), **shown
        )
    if step != "sign":
        return await _show(request, session, 200, confirm=True, **shown)
    if texts.get("certain") != "yes" or texts.get("size") != str(ledger.own.signed_size):
        said = words("Nothing was written: say that you are certain, with the tick in the box.")
        return await _show(request, session, 422, fault=said, confirm=True, **shown)
    try:
        position = await asyncio.to_thread(ledger.override, reason)
    except (LedgerError, Malformed) as error:
        return await _show(request, session, 422, fault=words("It was not written: {why}", why=str(error)), **shown)
    return web.Response(status=303, headers={"Location": f"/steward/done/{position}"})


ROUTES = (
    Route("GET", PAGE, signed_in(_page), "Sign without an answer?", "text/html", statuses=(200, 303)),
    Route("POST", PAGE, signed_in(_send), "Ask once more, then sign", "text/html", statuses=(200, 303, 422)),
)
