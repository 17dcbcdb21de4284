# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would be signed is shown; once it was confirmed, and is still the same, it is signed and written.

In a steward's session this node signs. Whoever acts by a key of their own signs in their browser, and this node signs
nothing of it (spec 04 §9).
"""

from __future__ import annotations

import json
import re
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import LedgerError, NotOpenError
from ledger.jsonform import to_json
from ledger.own.elsewhere import unsigned
from ledger.own.submitting import check_scope
from ledger.own.trial import wait_until_folded
from node.keys import LEDGER
from node.upkeep.telling import Change, differences, plain_lines
from node.web.acting import ACTING, acting_as
from node.web.problem import problem_of
from node.web.rendering import error_page, reader_of, render
from node.web.session import SESSION_S
from protocol.encoding import Limits, encode
from protocol.errors import Malformed
from protocol.kinds import check_body
from protocol.statement import Statement as Said
from protocol.statement import parse_statement

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from aiohttp import web

    from ledger.importing.plan import Statement
    from ledger.ledger import Ledger
    from ledger.own.elsewhere import Claim, Unsigned
    from ledger.sqlite.store import Snapshot
    from node.web.acting import Acting
    from node.web.session import Session
    from node.web.words import Words
    from protocol.encoding import Value

    Handler = Callable[[web.Request, Session], Awaitable[web.StreamResponse]]

_RESERVED = frozenset({"csrf", "step", "seen", "at"})
_SIGNATURE = "signature-"
_SIGNATURE_HEX = re.compile(r"[0-9a-f]{128}")
NONCE_DIGITS = 32


class Shown(NamedTuple):
    """A statement before it is signed: its kind, what it says (a code), whom it is about, what changes, all as JSON.

    `lines` are what else it says, as (field, text); `by` is whose word it is, where that is somebody else's.
    """

    kind: str
    says: str
    about: list[str]
    changes: list[Change]
    body: str
    lines: Sequence[tuple[str, str]] = ()
    by: str = ""


class Plan(NamedTuple):
    """What a form comes to: statements to be written, and the records that they change as they stand now, by id.

    `names`: what records are called, by id; `notes`: what a steward should know before signing. `claims` are what
    others proposed, to be signed as well, before the statements.
    """

    statements: Sequence[Statement]
    before: Mapping[bytes, Mapping[str, Any]]
    names: Mapping[bytes, str]
    notes: Sequence[str] = ()
    claims: Sequence[Claim] = ()

    def kinds(self) -> tuple[str, ...]:
        """The kinds of all that is signed."""
        return (*(one.kind for one in self.claims), *(one.kind for one in self.statements))


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
    claims = [_shown(plan, one.kind, _body_of(one.statement), words, one.author.hex()[:8]) for one in plan.claims]
    return claims + [_shown(plan, one.kind, one.body, words) for one in plan.statements]


def _shown(plan: Plan, kind: str, body: Mapping[str, Any], words: Words, by: str = "") -> Shown:
    record: Any = body.get("record")
    changes = differences(plan.before.get(record["id"], {}), record, words) if isinstance(record, dict) else []
    says = kind + " taken back" * bool(body.get("withdrawn"))
    about = [plan.names.get(key, key.hex()[:12]) for key in dict.fromkeys(_about(body))]
    exactly = json.dumps(to_json(body), ensure_ascii=False, indent=1)
    return Shown(kind, says, about, changes, exactly, plain_lines(body, words), by)


def _body_of(statement: bytes) -> dict[str, Any]:
    said = parse_statement(statement)
    assert isinstance(said, Said)
    return said.read_body()


def _about(body: Mapping[str, Any]) -> list[bytes]:
    """Ids of the records that a body speaks of."""
    parts = (body, body.get("record"), body.get("subject"), body.get("other"))
    return [part["id"] for part in parts if isinstance(part, dict) and isinstance(part.get("id"), bytes)]


def digest(plan: Plan) -> str:
    """Of what is shown: what is signed has to be the same."""
    claims: list[Value] = [one.statement for one in plan.claims]
    own: list[Value] = [[one.kind, one.body, one.scope] for one in plan.statements]
    return sha256(encode([claims, own], Limits(input_bytes=2**20))).hexdigest()


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
    """The plan of a form; with the position where it stands if it was confirmed as it is. Blocks.

    Raises NotOpenError if who acts by a key of their own has no role any more that covers all of it.
    """
    ledger, acting = request.app[LEDGER], request.get(ACTING)
    wait_until_folded(ledger.store, ledger.own.tree)
    with ledger.store.read() as reads:
        plan = make(reads)
        now = acting_as(reads, acting.key) if acting else None
    check(plan)
    if acting is not None and (now is None or not now.may(*plan.kinds())):
        raise NotOpenError("your role does not cover this, or it was ended: nothing was written")
    if texts.get("step") != "sign" or texts.get("seen") != digest(plan):
        return plan, None
    if acting is None:
        return plan, write(ledger, plan.statements)
    at = _time_of(texts, int(ledger.clock()))
    return plan, None if at is None else write_signed(ledger, acting.key, to_sign(ledger, acting, plan, at), texts)


def _time_of(texts: Mapping[str, str], now: int) -> int | None:
    """The time that stands in what was shown, UTC seconds; None if that is too long ago, or is no time."""
    text = texts.get("at", "")
    at = int(text) if text.isascii() and text.isdecimal() and len(text) < len(str(2**40)) else 0
    return at if 0 <= now - at <= SESSION_S else None


def to_sign(ledger: Ledger, acting: Acting, plan: Plan, at: int) -> list[Unsigned]:
    """The exact statements that somebody is to sign, as of `at`, UTC seconds."""
    return unsigned(ledger.log_id, acting.key, at, plan.claims, plan.statements)


def write_signed(ledger: Ledger, key: bytes, made: Sequence[Unsigned], texts: Mapping[str, str]) -> int:
    """Writes what was signed elsewhere by a key, all of it or nothing; the last position. Blocks.

    Raises Malformed (`form`, `bad_signature`): then nothing was written.
    """
    group = []
    for number, one in enumerate(made):
        text = texts.get(f"{_SIGNATURE}{number}", "")
        if not _SIGNATURE_HEX.fullmatch(text):
            raise Malformed("form", "not all of it is signed: nothing was written. It takes JavaScript to sign here.")
        group.append(one.signed(key, bytes.fromhex(text)))
    receipts = ledger.writer.append(group).result()
    wait_until_folded(ledger.store, ledger.own.tree)
    return max(receipt.position for receipt in receipts)


def confirmation(
    request: web.Request, session: Session, asked: Asked, plan: Plan, texts: Mapping[str, str]
) -> web.Response:
    """The page that shows what would be signed."""
    reader, ledger, acting = reader_of(request), request.app[LEDGER], request.get(ACTING)
    at = int(ledger.clock())
    carried = {name: text for name, text in texts.items() if name not in _RESERVED and not name.startswith(_SIGNATURE)}
    return render(
        request,
        "upkeep_confirm.html",
        reader,
        asked=asked,
        shown=shown(plan, reader.words),
        notes=plan.notes,
        changed=texts.get("step") == "sign",
        seen=digest(plan),
        texts=carried,
        csrf=session.csrf,
        acting=acting,
        at=at,
        log_hex=ledger.log_id.hex(),
        to_sign=[one.statement.hex() for one in to_sign(ledger, acting, plan, at)] if acting else [],
    )
