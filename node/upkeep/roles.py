# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/roles: who has which role in this organisation, since when, by whom; given and ended."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.directory.restoring import statement_at
from ledger.importing.plan import Statement
from node.api.v1 import json_answer
from node.keys import LEDGER
from node.routes import Route
from node.steward.steward_pages import TEXTS, signed_in
from node.upkeep.confirming import Asked, Plan, confirmation, confirmed, in_words, new_nonce, nonce_of, statement_id
from node.web.rendering import reader_of, render
from node.web.words import date_text
from protocol.identity import show_log_id
from protocol.roles import ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.sqlite.store import Snapshot
    from node.web.session import Session

_KEY = re.compile(r"[0-9a-f]{64}")
NAME_MAX = 200


def role_objects(reads: Snapshot) -> list[dict[str, Any]]:
    """Everybody who was given a role, latest first, as JSON; `role` is none where it was ended."""
    found = []
    own = reads.epochs(reads.own_log())[-1]
    names = reads.called(own.tree)
    for key, role, name, position in reversed(reads.appointed(own.tree)):
        statement = statement_at(reads, own.tree, position)
        found.append(
            {
                "key": key.hex(),
                "role": role,
                "name": name,
                "position": position,
                "at": statement.at if statement else 0,
                "by": statement.author.hex() if statement else "",
                "by_name": names.get(statement.author, "") if statement else "",
            }
        )
    return found


async def _list(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, request.query, "")


async def _show(request: web.Request, session: Session, texts: Mapping[str, str], fault: str) -> web.StreamResponse:
    reader, ledger = reader_of(request), request.app[LEDGER]

    def read() -> list[dict[str, Any]]:
        with ledger.store.read() as reads:
            own = reads.epochs(reads.own_log())[-1]
            prefix = f"/v1/log/{show_log_id(own.origin.log_id)}/{own.origin.epoch}/proofs"
            return [
                {
                    **row,
                    "date": date_text(row["at"], reader.words),
                    "place": reader.words.number(row["position"]),
                    "proof": f"{prefix}/{row['position']}",
                }
                for row in role_objects(reads)
            ]

    rows = await asyncio.to_thread(read)
    return render(
        request,
        "upkeep_roles.html",
        reader,
        status=422 if fault else 200,
        rows=rows,
        roles=ROLES,
        fault=fault,
        key=texts.get("key", "")[:80],
        name=texts.get("name", "")[:NAME_MAX],
        chosen=texts.get("role", "editor"),
        nonce=new_nonce(),
        csrf=session.csrf,
    )


async def _give(request: web.Request, session: Session) -> web.StreamResponse:
    """A role that is given or ended: shown as it would be signed, or once that was confirmed, written."""
    texts, words = request[TEXTS], reader_of(request).words
    key, role, name = texts.get("key", "").strip().lower(), texts.get("role", ""), texts.get("name", "").strip()
    if not _KEY.fullmatch(key) or role not in ROLES or len(name) > NAME_MAX:
        fault = words("A key is 64 digits and letters from a to f.")
        return await _show(request, session, texts, fault)
    nonce = nonce_of(texts)

    def make(_: Snapshot) -> Plan:
        body: dict[str, Any] = {"key": bytes.fromhex(key), "role": role} | ({"name": name} if name else {})
        told = words("{name} is now: {role}", name=name or key[:8], role=words.label("role", role))
        return Plan([Statement("role", body, statement_id(nonce, "role"))], {}, {}, [told])

    plan, position = await asyncio.to_thread(confirmed, request, texts, make)
    if position is not None:
        return web.Response(status=303, headers={"Location": "/steward/roles"})
    return confirmation(request, session, Asked(words("Roles"), "/steward/roles", "/steward/roles"), plan, texts)


async def _api(request: web.Request) -> web.Response:
    def read() -> list[dict[str, Any]]:
        with request.app[LEDGER].store.read() as reads:
            return role_objects(reads)

    return json_answer({"schema": "folkmoot.roles/1", "roles": await asyncio.to_thread(read)})


ROUTES = (
    Route("GET", "/steward/roles", signed_in(_list), "Who has which role", "text/html", statuses=(200, 303)),
    Route(
        "POST",
        "/steward/roles",
        signed_in(in_words(_give)),
        "Give or end a role",
        "text/html",
        statuses=(200, 303, 422),
    ),
)
API_ROUTES = (Route("GET", "/v1/roles", _api, "Who has which role in this organisation (spec 04 §5)", statuses=(200,)),)
