# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writing into the organisation's log over HTTP: what this node signs, and what was signed elsewhere."""

from __future__ import annotations

import asyncio
import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from aiohttp import web

from ledger.held.state import position_state
from ledger.own.log import Receipt, Submission, submission
from ledger.own.spoken import Draft, speak
from ledger.own.submitting import (
    ORGANISATION,
    check_signed_payload,
    parties_of,
    ready_body,
    ready_statement,
    try_ledger,
)
from ledger.own.writer import GROUP_ENTRIES
from ledger.showing.carrying import carry
from ledger.showing.view import LedgerView
from node.api.v1 import is_steward, json_answer, read_json
from node.keys import LEDGER
from node.routes import Route
from node.web.problem import problem
from protocol.carried import read_carried, sign_carried, write_carried
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.note import strict_base64
from protocol.statement import SCOPE_PUBLIC, make_statement

if TYPE_CHECKING:
    from ledger.ledger import Ledger

_STATEMENT_ID = re.compile(r"[0-9a-f]{32}")
_ENTRY_KEYS = {"kind", "body", "id", "scope", "signers"}
_PAYLOAD_KEYS = {"payload", "scope"}
_SIGNERS_MAX = 15
_CARRIED_ORDER = 'send {"carried": the text, "countersign"?: true or false}'
_ORDER = 'send {"entries": [{"kind", "body", "id"?}]} or {"payloads": [base64]}'


async def _write(request: web.Request) -> web.Response:
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) - {"entries", "payloads"}:
        raise Malformed("body", _ORDER)
    entries, payloads = value.get("entries", []), value.get("payloads", [])
    if not isinstance(entries, list) or not isinstance(payloads, list):
        raise Malformed("body", "entries and payloads are arrays")
    if (payloads and entries) or not 1 <= len(entries) + len(payloads) <= GROUP_ENTRIES:
        raise Malformed("body", f"send 1 to {GROUP_ENTRIES} entries, or as many payloads")
    if entries and not is_steward(request):
        return problem(401, "Not authorised", "writing in the organisation's name takes the steward's token")
    key = request.headers.get("Idempotency-Key", "").encode(errors="surrogateescape")

    def make() -> list[Submission]:
        group = [_entry_submission(request, item, key, number) for number, item in enumerate(entries)]
        return group + [_signed_submission(request, item) for item in payloads]

    return await enter(request.app[LEDGER], await asyncio.to_thread(make))


async def enter(ledger: Ledger, group: list[Submission]) -> web.Response:
    """Tries what is to be written, writes it, and tells where it stands."""
    await asyncio.to_thread(try_ledger, ledger, group)
    receipts = await asyncio.wrap_future(ledger.writer.append(group))
    states = await asyncio.to_thread(_states, ledger, receipts)
    shown = [
        {"id": item.id.hex(), "position": receipt.position, "repeated": receipt.repeated, "state": state}
        for item, receipt, state in zip(group, receipts, states, strict=True)
    ]
    newest = max(range(len(receipts)), key=lambda number: receipts[number].position)
    body = {
        "schema": "folkmoot.receipts/1",
        "state": states[newest],
        "log": show_log_id(ledger.log_id),
        "receipts": shown,
    }
    return json_answer(body, 201)


def _states(ledger: Ledger, receipts: list[Receipt]) -> list[str]:
    with ledger.store.read() as reads:
        tree = reads.tree_numbered(ledger.own.tree)
        return [
            receipt.state if receipt.state == "queued" else position_state(reads, tree, receipt.position)
            for receipt in receipts
        ]


def _entry_submission(request: web.Request, item: object, key: bytes, number: int) -> Submission:
    """A statement that this node makes and signs for a steward."""
    if not isinstance(item, dict) or set(item) - _ENTRY_KEYS or not isinstance(item.get("kind"), str):
        raise Malformed("body", f"entry {number}: an object with kind, body and perhaps id, scope and signers")
    if "id" not in item and not key:
        raise Malformed("idempotency", "send an Idempotency-Key header, or an id with each entry")
    statement_id = item.get("id", sha256(b"%b/%d" % (key, number)).hexdigest()[:32])
    if not isinstance(statement_id, str) or not _STATEMENT_ID.fullmatch(statement_id):
        raise Malformed("body", f"entry {number}: an id is 32 hexadecimal digits")
    try:
        scope, signers = _scope_of(item), _signers_of(item)
        identity = bytes.fromhex(statement_id)
        return ready_statement(request.app[LEDGER], item["kind"], item.get("body"), identity, scope, signers)
    except Malformed as error:
        raise Malformed(error.reason, f"entry {number}: {error.text}") from None


def _scope_of(item: dict[str, Any]) -> int:
    scope = item.get("scope", SCOPE_PUBLIC)
    if not isinstance(scope, int) or isinstance(scope, bool):
        raise Malformed("scope", "a scope is 0 public, 1 circle or 2 private")
    return scope


def _signers_of(item: dict[str, Any]) -> list[str]:
    """Who signs, the author first: the organisation, or members by their ids."""
    signers = item.get("signers", [ORGANISATION])
    if not isinstance(signers, list) or not 1 <= len(signers) <= _SIGNERS_MAX:
        raise Malformed("body", f"signers are an array of 1 to {_SIGNERS_MAX}")
    for signer in signers:
        if not isinstance(signer, str) or not (signer == ORGANISATION or _STATEMENT_ID.fullmatch(signer)):
            raise Malformed("body", f'a signer is "{ORGANISATION}", or the id of a member')
    return signers


def _signed_submission(request: web.Request, item: object) -> Submission:
    """A payload that was signed elsewhere."""
    text, scope = (item.get("payload"), item.get("scope")) if isinstance(item, dict) else (item, SCOPE_PUBLIC)
    if not isinstance(text, str) or type(scope) is not int or (isinstance(item, dict) and set(item) != _PAYLOAD_KEYS):
        raise Malformed("body", 'a payload is base64 text, or {"payload": base64 text, "scope": 0, 1 or 2}')
    payload = strict_base64(text)
    check_signed_payload(request.app[LEDGER], payload, scope)
    return submission(payload, scope)


async def _submit_carried(request: web.Request) -> web.Response:
    """Enters a statement that was carried here, with the organisation's signature if a steward asks for it."""
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) - {"carried", "countersign"}:
        raise Malformed("body", _CARRIED_ORDER)
    text, countersign = value.get("carried"), value.get("countersign", False)
    if not isinstance(text, str) or not isinstance(countersign, bool):
        raise Malformed("body", _CARRIED_ORDER)
    if countersign and not is_steward(request):
        return problem(401, "Not authorised", "the organisation's signature takes the steward's token")
    ledger = request.app[LEDGER]

    def make() -> Submission:
        carried = read_carried(text)
        if countersign:
            carried = sign_carried(carried, ledger.key)
        payload = carried.payload(os.urandom(32))
        check_signed_payload(ledger, payload, carried.scope)
        return submission(payload, carried.scope)

    return await enter(ledger, [await asyncio.to_thread(make)])


async def _draft(request: web.Request) -> web.Response:
    """A statement as text, to be signed elsewhere: by those whose keys are here already, if they are named."""
    value = await read_json(request)
    if not isinstance(value, dict) or set(value) - {*_ENTRY_KEYS, "author"} or not isinstance(value.get("kind"), str):
        raise Malformed("body", "send an object with kind, body, author, and perhaps scope and signers")
    if not is_steward(request):
        return problem(401, "Not authorised", "names of persons go along: that takes the steward's token")
    ledger = request.app[LEDGER]

    def make() -> dict[str, Any]:
        scope, signers = _scope_of(value), _signers_of(value) if value.get("signers") else []
        body = ready_body(value["kind"], value.get("body"), scope)
        identity = os.urandom(16)
        with ledger.store.read() as reads:
            view = LedgerView(reads, reads.tree_numbered(ledger.own.tree), private=True)
            author = _author_of(view, ledger, value.get("author", ORGANISATION))
            statement = make_statement(ledger.log_id, value["kind"], identity, int(ledger.clock()), author, body)
            carried = carry(view, statement, scope, _terms_of(view, value["kind"], body))
            parties = parties_of(view, signers)
            spoken = speak(ledger, view, Draft(value["kind"], body, parties, scope, carried=carried))
        lacking = [key.hex() for key in spoken.lacking]
        text = write_carried(spoken.carried)
        return {"schema": "folkmoot.carried/1", "id": identity.hex(), "carried": text, "lacking": lacking}

    return json_answer(await asyncio.to_thread(make), 201)


def _author_of(view: LedgerView, ledger: Ledger, author: object) -> bytes:
    """The public key of whoever says it: the organisation, a member, or by a key of nobody who is known yet."""
    if author == ORGANISATION:
        return ledger.key.public
    text = author if isinstance(author, str) else ""
    if re.fullmatch(r"[0-9a-f]{64}", text):
        return bytes.fromhex(text)
    if not _STATEMENT_ID.fullmatch(text):
        raise Malformed("body", f'an author is "{ORGANISATION}", the id of a member, or a public key')
    return view.member(bytes.fromhex(text)).key


def _terms_of(view: LedgerView, kind: str, body: dict[str, Any]) -> bytes:
    """The terms that a contract is signed by, to go along."""
    return bytes(view.said(body["contract"]).statement.body) if kind == "contract.sign" else b""


ROUTES = (
    Route(
        "POST",
        "/v1/entries",
        _write,
        "Write entries into the organisation's log",
        statuses=(201, 400, 401, 404, 409, 503, 507),
        body="Entries",
    ),
    Route(
        "POST",
        "/v1/carried",
        _submit_carried,
        "Enter a statement that was signed elsewhere (spec 17 §11)",
        statuses=(201, 400, 401, 409, 503, 507),
        body="Carried",
    ),
    Route(
        "POST",
        "/v1/drafts",
        _draft,
        "Make a statement to be signed elsewhere (spec 17 §11)",
        statuses=(201, 400, 401, 404, 409),
        steward=True,
        body="Draft",
    ),
)
