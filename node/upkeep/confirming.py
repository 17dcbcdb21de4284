# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would be signed is shown; once it was confirmed, and is still the same, it is signed and written."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import LedgerError
from ledger.jsonform import to_json
from ledger.own.submitting import check_scope
from ledger.own.trial import wait_until_folded
from node.keys import LEDGER
from node.upkeep.telling import Change, differences
from node.web.problem import problem_of
from node.web.rendering import error_page, reader_of, render
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.kinds import check_body

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from aiohttp import web

    from ledger.importing.plan import Statement
    from ledger.ledger import Ledger
    from ledger.sqlite.store import Snapshot
    from node.web.session import Session
    from node.web.words import Words

    Handler = Callable[[web.Request, Session], Awaitable[web.StreamResponse]]

_RESERVED = frozenset({"csrf", "step", "seen"})
NONCE_DIGITS = 32


class Shown(NamedTuple):
    """A statement before it is signed: its kind, what it says (a code), whom it is about, what changes, all as JSON."""

    kind: str
    says: str
    about: list[str]
    changes: list[Change]
    body: str


class Plan(NamedTuple):
    """What a form comes to: statements to be written, and the records that they change as they stand now, by id.

    `names`: what records are called, by id; `notes`: what a steward should know before signing.
    """

    statements: Sequence[Statement]
    before: Mapping[bytes, Mapping[str, Any]]
    names: Mapping[bytes, str]
    notes: Sequence[str] = ()


class Asked(NamedTuple):
    """A page that asks for confirmation: its title, where its form goes, where one gets by leaving it."""

    title: str
    action: str
    back: str


def new_nonce() -> str:
    """What makes a form that is sent twice write once."""
    return secrets.token_hex(NONCE_DIGITS // 2)


def nonce_of(texts: Mapping[str, str]) -> str:
    """The nonce of a form. Raises Malformed."""
    nonce = texts.get("nonce", "")
    if len(nonce) != NONCE_DIGITS or set(nonce) - set("0123456789abcdef"):
        raise Malformed("form", "this is no form that was given out here")
    return nonce


def statement_id(nonce: str, what: str = "") -> bytes:
    """The id of a statement that a form makes."""
    return sha256(f"folkmoot/upkeep/1\0{nonce}\0{what}".encode()).digest()[:16]


def shown(plan: Plan, words: Words) -> list[Shown]:
    """A plan in the words of the reader."""
    told = []
    for one in plan.statements:
        record: Any = one.body.get("record")
        changes = differences(plan.before.get(record["id"], {}), record, words) if isinstance(record, dict) else []
        body = json.dumps(to_json(one.body), ensure_ascii=False, indent=1)
        says = one.kind + " taken back" * bool(one.body.get("withdrawn"))
        about = [plan.names.get(key, key.hex()[:12]) for key in _about(one.body)]
        told.append(Shown(one.kind, says, about, changes, body))
    return told


def _about(body: Mapping[str, Any]) -> list[bytes]:
    """Ids of the records that a body speaks of."""
    parts = (body, body.get("record"), body.get("subject"), body.get("other"))
    return [part["id"] for part in parts if isinstance(part, dict) and isinstance(part.get("id"), bytes)]


def digest(plan: Plan) -> str:
    """Of what is shown: what is signed has to be the same."""
    return sha256(encode([[one.kind, one.body, one.scope] for one in plan.statements])).hexdigest()


def check(plan: Plan) -> None:
    """Checks what is about to be signed. Raises Malformed."""
    for one in plan.statements:
        check_body(one.kind, one.body)
        check_scope(one.kind, one.body, one.scope)


def write(ledger: Ledger, statements: Sequence[Statement]) -> int:
    """Signs and writes, all of it or nothing, and waits until it has had effect; the last position. Blocks."""
    group = [ledger.state(one.kind, one.body, one.id, one.scope) for one in statements]
    receipts = ledger.writer.append(group).result()
    wait_until_folded(ledger.store, ledger.own.tree)
    return max(receipt.position for receipt in receipts)


def in_words(handler: Handler) -> Handler:
    """Lets whoever sent a form that does not do read why on a page, not as JSON."""

    async def answered(request: web.Request, session: Session) -> web.StreamResponse:
        try:
            return await handler(request, session)
        except (LedgerError, ValueError) as error:
            found = problem_of(error)
            return error_page(request, found.status, found.title, found.detail)

    return answered


def confirmed(
    request: web.Request, texts: Mapping[str, str], make: Callable[[Snapshot], Plan]
) -> tuple[Plan, int | None]:
    """The plan of a form; with the position where it stands if it was confirmed as it is. Blocks."""
    ledger = request.app[LEDGER]
    wait_until_folded(ledger.store, ledger.own.tree)
    with ledger.store.read() as reads:
        plan = make(reads)
    check(plan)
    if texts.get("step") == "sign" and texts.get("seen") == digest(plan):
        return plan, write(ledger, plan.statements)
    return plan, None


def confirmation(
    request: web.Request, session: Session, asked: Asked, plan: Plan, texts: Mapping[str, str]
) -> web.Response:
    """The page that shows what would be signed."""
    reader = reader_of(request)
    return render(
        request,
        "upkeep_confirm.html",
        reader,
        asked=asked,
        shown=shown(plan, reader.words),
        notes=plan.notes,
        changed=texts.get("step") == "sign",
        seen=digest(plan),
        texts={name: text for name, text in texts.items() if name not in _RESERVED},
        csrf=session.csrf,
    )
