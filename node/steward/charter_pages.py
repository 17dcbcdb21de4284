# SPDX-License-Identifier: AGPL-3.0-or-later
"""`/steward/charter`: who can sign for the organisation, who can change that, and the amendment that waits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.errors import LedgerError, NotFoundError
from ledger.own.kept_amendment import kept_amendment
from ledger.own.keys import read_key
from ledger.showing.charter import FAULTS, charter_object, field_texts, fingerprint, removed_keys
from node.api.v1 import json_answer
from node.importing.receiving import take_form
from node.keys import CONFIG, LEDGER
from node.restarting import RESTARTING
from node.routes import Route
from node.signing.route import holder_answer
from node.steward.charter import (
    NAME,
    ask_to_apply,
    destroy_aside,
    draft_fields,
    draft_keys,
    drop,
    field_values,
    keys_aside,
    name_tags,
    own_of,
    said,
    take_signed,
    waiting,
)
from node.steward.steward_pages import TEXTS, TO_SIGN_IN, signed_in
from node.translations import own_names
from node.web.rendering import reader_of, render
from node.web.session import is_from_form, session_of
from node.web.words import message
from protocol.amendment import AMENDMENT_BYTES_MAX, write_amendment
from protocol.errors import Malformed
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.own.amending import Own
    from ledger.own.charter_fields import Fault
    from node.web.session import Session
    from protocol.amendment import Amendment

_PAGE = "/steward/charter"
WHAT = {
    "new_key": message("New operating key"),
    "removed_key": message("Operating key removed"),
    "name": message("Name"),
    "kind": message("Kind"),
    "languages": message("Languages"),
    "territory": message("Territory"),
    "endpoints": message("Addresses"),
    "witnesses": message("Witnesses"),
    "quorum": message("Witnesses needed"),
    "licence": message("Licence"),
    "assembly": message("Rules of the assembly"),
    "threshold": message("Sheets needed"),
    "epoch": message("New epoch"),
}


async def _page(request: web.Request, session: Session) -> web.StreamResponse:
    if request.app[RESTARTING].pending:
        return _again(request)
    return await _show(request, session)


def _again(request: web.Request) -> web.Response:
    """What is shown while the node starts again."""
    tls = request.app[CONFIG].tls
    return render(request, "steward_charter_again.html", reader_of(request), tls=tls)


async def _show(
    request: web.Request,
    session: Session,
    fault: str = "",
    faults: Sequence[Fault] = (),
    texts: dict[str, str] | None = None,
) -> web.Response:
    reader = reader_of(request)
    own, values = await asyncio.to_thread(_read, request)
    charter, words = own.keys.charter, reader.words
    told: dict[str, str] = {}
    for one in faults:
        text = words(FAULTS[one.code], value=one.value[:80])
        told[one.field] = f"{told[one.field]} {text}" if one.field in told else text
    return render(
        request,
        "steward_charter.html",
        reader,
        status=422 if fault or told else 200,
        fault=fault,
        faults=told,
        texts=field_values(charter) | (texts or {}),
        tags=[(tag, NAME + tag, own_names().get(tag, tag)) for tag in name_tags(charter)],
        charter=charter,
        kind=words.label("organisation", charter.kind),
        languages_told=", ".join(field_texts(charter, "languages")),
        what=WHAT,
        lacking=words.count(
            "{number} more of the holders has to sign.",
            "{number} more of the holders have to sign.",
            values["waiting"].lacking if values["waiting"] else 0,
        ),
        problem=_problem(request, own),
        done=_done(request, own),
        csrf=session.csrf,
        **values,
    )


def _read(request: web.Request) -> tuple[Own, dict[str, Any]]:
    ledger, own = request.app[LEDGER], own_of(request.app)
    directory, keys = ledger.directory, own.keys
    here = read_key(directory.key).public if directory.key.exists() else b""
    return own, {
        "log_id": show_log_id(keys.log_id),
        "epoch": keys.epoch,
        "size": own.tree.size,
        "operating": [(fingerprint(key), key.hex(), key == here) for key in keys.charter.keys],
        "removed": [fingerprint(key) for key in removed_keys(keys)],
        "aside": [(fingerprint(key), key.hex()) for key in keys_aside(directory, keys)],
        "waiting": waiting(directory, keys),
        "possible": request.app[RESTARTING].possible,
    }


def _problem(request: web.Request, own: Own) -> str:
    """Why the last amendment was not put in force."""
    restarting = request.app[RESTARTING]
    return "" if _done(request, own) else restarting.problem


def _done(request: web.Request, own: Own) -> int | None:
    """The number of the charter that was put in force from here."""
    wanted = request.app[RESTARTING].wanted
    return wanted if wanted is not None and own.keys.charter.kseq >= wanted else None


async def _decide(request: web.Request, session: Session) -> web.StreamResponse:
    """Does what a form of the page asks for; shown again with what does not do, if it does not."""
    texts, app = request[TEXTS], request.app
    action = texts.get("action", "")
    if app[RESTARTING].pending:
        return _again(request)
    try:
        if action == "amend":
            faults = await asyncio.to_thread(draft_fields, app, texts)
            if faults:
                return await _show(request, session, faults=faults, texts=texts)
        elif action == "apply":
            ask_to_apply(app, destroy=texts.get("destroy") == "yes")
            return _again(request)
        else:
            await asyncio.to_thread(_carry_out, app, action, texts)
    except (LedgerError, Malformed) as error:
        return await _show(request, session, said(error, reader_of(request).words), texts=texts)
    return web.Response(status=303, headers={"Location": f"{_PAGE}#amendment" if action != "destroy" else _PAGE})


def _carry_out(app: web.Application, action: str, texts: dict[str, str]) -> None:
    match action:
        case "rotate" | "revoke" | "epoch":
            draft_keys(app, action, texts)
        case "merge":
            take_signed(app, texts.get("text", "").strip().encode())
        case "drop":
            drop(app)
        case "destroy":
            destroy_aside(app, texts.get("about", ""))
        case _:
            raise NotFoundError("there is nothing of that name to do")


class _Receiving:
    """A file that comes in; it is small enough for the memory."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, piece: bytes) -> None:
        self.content += piece
        if len(self.content) > AMENDMENT_BYTES_MAX:
            raise Malformed("file", "an amendment that is too long")

    def give_up(self) -> None:
        self.content = b""


class _Room:
    def receive(self) -> _Receiving:
        return _Receiving()


async def _take(request: web.Request) -> web.StreamResponse:
    """Takes in a file that a holder has signed; who may not is told before anything of it is read."""
    session = session_of(request)
    if session is None:
        return web.Response(status=303, headers={"Location": TO_SIGN_IN})
    try:
        _, _, file = await take_form(request, _Room(), lambda given: is_from_form(session, given))
        await asyncio.to_thread(take_signed, request.app, file.content if file else b"")
    except (LedgerError, Malformed) as error:
        return await _show(request, session, said(error, reader_of(request).words))
    return web.Response(status=303, headers={"Location": f"{_PAGE}#amendment"})


async def _file(request: web.Request, _: Session) -> web.StreamResponse:
    amendment, name = await asyncio.to_thread(_kept, request)
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"'}
    return web.Response(body=write_amendment(amendment), content_type="application/json", headers=headers)


async def _sign(request: web.Request, _: Session) -> web.StreamResponse:
    """The page of a holder with the amendment in it: to be opened here, or saved and sent."""
    amendment, name = await asyncio.to_thread(_kept, request)
    return holder_answer(request, write_amendment(amendment), f"{name}.html" if "save" in request.query else "")


def _kept(request: web.Request) -> tuple[Amendment, str]:
    keys = own_of(request.app).keys
    amendment = kept_amendment(request.app[LEDGER].directory, keys)
    if amendment is None:
        raise NotFoundError("no amendment waits here")
    return amendment, f"amendment-{show_log_id(keys.log_id)[:8]}-{amendment.charter.kseq}"


async def _charter(request: web.Request) -> web.Response:
    return json_answer(charter_object((await asyncio.to_thread(own_of, request.app)).keys))


API_ROUTES = (
    Route("GET", "/v1/charter", _charter, "The charter in force: who can sign here, and who can change that"),
)
ROUTES = (
    Route("GET", _PAGE, signed_in(_page), "The charter and the keys", "text/html", statuses=(200, 303)),
    Route("POST", _PAGE, signed_in(_decide), "Draft, drop or apply it", "text/html", statuses=(200, 303, 422)),
    Route(
        "POST", _PAGE + "/signed", _take, "Add what a holder has signed", "text/html", statuses=(303, 422), streams=True
    ),
    Route(
        "GET", _PAGE + "/amendment.json", signed_in(_file), "The amendment, to be signed", statuses=(200, 303, 404)
    ),
    Route(
        "GET", _PAGE + "/sign", signed_in(_sign), "The amendment in a page that signs it", "text/html",
        statuses=(200, 303, 404),
    ),
)  # fmt: skip
