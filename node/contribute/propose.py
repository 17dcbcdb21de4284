# SPDX-License-Identifier: AGPL-3.0-or-later
"""/propose: anybody fills in a form, sees the difference, and sends it: with a key made in the browser, or without."""

from __future__ import annotations

import asyncio
import re
import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web

from ledger.directory.expiry import days_valid, expire
from ledger.duplicates.merging import present_body
from ledger.errors import LedgerError, NotFoundError, NotOpenError, RefusedError, TooMuchError
from ledger.proposals.deciding import seen_of, waiting
from ledger.proposals.inbox import Sent, find_link, propose
from ledger.proposals.present import is_for_stewards
from ledger.reciprocity.hearing import DAY_S
from ledger.text import fold
from node.api.v1 import find_record
from node.contribute.openness import OPENNESS, check_open, may_propose, origin_of
from node.contribute.preview import Preview, preview_of
from node.contribute.reading import Read, Written, read_record, texts_of
from node.contribute.showing import form_values, missing_text
from node.directory.listing import category_text
from node.directory.tiles import ground_of
from node.keys import CONFIG, FINDER, LEDGER
from node.routes import Parameter, Route
from node.web.acting import ACTING, look_who_acts
from node.web.forms_sent import read_form
from node.web.rendering import error_page, reader_of, render
from node.web.session import role_session_of, session_of
from node.web.words import message
from protocol.amounts import show_day
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.record import TERMS, is_language_tag

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from node.directory.listing import Reader
    from node.web.words import Words

_NONCE = re.compile(r"[0-9a-f]{32}")
_ID = re.compile(r"[0-9a-f]{32}")
_NOTE_MAX = 2_000
_KNOWN_CATEGORIES_MAX = 400
HIDDEN = ("record", "proposal", "link", "nonce", "token", "step", "nickname", "csrf", "seen")
"""What a form carries beside what people write; `nickname` has to stay empty: people do not see it."""


class Subject(NamedTuple):
    """What a proposal is about: its id, and the record as it is, None for something new.

    `shown` is what the form begins with: the record, or what a proposal that a steward looks at comes to; `seen` tells
    that from what it has come to since.
    """

    id: bytes
    present: dict[str, Any] | None
    shown: dict[str, Any] | None
    note: str = ""
    seen: str = ""


def opened(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:  # noqa: ANN401 - a handler
    """Lets a handler be asked where proposing is open to whoever asks; says so where it is not."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            request[TEXTS] = await read_form(request)
        texts = request[TEXTS] if request.method == "POST" else request.query
        try:
            if session_of(request) is None and await look_who_acts(request) is None:
                check_open(request, texts.get("link", ""))
        except NotOpenError:
            return _closed(request)
        try:
            return await handler(request)
        except NotFoundError:
            return error_page(request, 404, "", "")

    return guarded


TEXTS: web.RequestKey[dict[str, str]] = web.RequestKey("proposed", dict)
"""Where a request has what its form has sent."""


def _closed(request: web.Request) -> web.Response:
    words = reader_of(request).words
    by_link = request.app[CONFIG].proposals == "links"
    said = (
        words("Here one proposes by a link. Ask the people who run this node for one.")
        if by_link
        else words("The people who run this node have switched it off.")
    )
    return error_page(request, 403, words("Proposals are not open to everybody here"), said)


async def _form(request: web.Request) -> web.StreamResponse:
    """An empty form, or one with the record that is to be changed."""
    reader = reader_of(request)
    query = {name: request.query.get(name, "")[:300] for name in ("record", "proposal", "link", "kind", "name")}
    subject = await asyncio.to_thread(subject_of, request, query, "")
    language = reader.words.language
    texts: dict[str, str] = {f"name_{language}": query["name"], "kind": query["kind"]}
    if subject.shown is not None:
        texts = texts_of(subject.shown, language) | {"note": subject.note}
        known, _ = await asyncio.to_thread(_known, request, "")
        names = category_names(known, subject.shown, reader.words)
        shown = {code: text for text, code in names.values()}
        texts |= {name: shown.get(text, text) for name, text in texts.items() if name.startswith("category_")}
    else:
        texts["licence"] = request.app[LEDGER].keys.charter.licence
    texts |= {name: query[name] for name in ("record", "proposal", "link")}
    texts |= {"nonce": secrets.token_hex(16), "seen": subject.seen}
    return await _show(request, subject, texts, {})


def subject_of(request: web.Request, texts: dict[str, str], nonce: str) -> Subject:
    """What it is about. Raises NotFoundError."""
    ledger = request.app[LEDGER]
    with ledger.store.read() as reads:
        if texts.get("proposal"):
            acting = request.get(ACTING)
            may = session_of(request) is not None or (acting is not None and acting.may("claim.decided"))
            if not may or not _ID.fullmatch(texts["proposal"]):
                raise NotFoundError("there is no such proposal, or it is not yours to change")
            found = waiting(reads, ledger.own.tree, bytes.fromhex(texts["proposal"]))
            if acting is not None and is_for_stewards(found) and not acting.sees_private:
                raise NotFoundError("there is no such proposal, or it is not yours to change")
            if found.result is None:
                raise NotFoundError("a report proposes no record")
            return Subject(
                found.claim.body.subject.id, found.present, found.result, found.claim.body.note, seen_of(found)
            )
        if texts.get("record"):
            row = find_record(reads, show_log_id(ledger.log_id), texts["record"])
            present = present_body(reads, row)
            return Subject(row.id, present, present)
    return Subject(derived_id("record", nonce), None, None)


def derived_id(name: str, nonce: str) -> bytes:
    """An id that follows from what was given out with a form: what is sent twice is one thing."""
    return sha256(f"{name} {nonce}".encode()).digest()[:16]


async def _show(
    request: web.Request, subject: Subject, texts: dict[str, str], faults: dict[str, str]
) -> web.StreamResponse:
    reader, ground = reader_of(request), ground_of(request.app[CONFIG])
    known, through = await asyncio.to_thread(_known, request, texts.get("link", ""))
    words = reader.words
    told = {name: words(text) for name, text in faults.items()}
    return render(
        request,
        "propose.html",
        reader,
        status=422 if told else 200,
        subject=subject,
        texts=texts,
        faults=told,
        through=through,
        lost_link=bool(texts.get("link")) and not through,
        categories=sorted(text for text, _ in category_names(known, subject.shown, words).values()),
        ground=ground,
        own_log=show_log_id(request.app[LEDGER].log_id),
        days=_usual_days(request, subject),
        ground_from=ground.origin,
        **form_values(texts, subject.present, reader),
    )


def _usual_days(request: web.Request, subject: Subject) -> tuple[int, int] | None:
    """For how many days a new offer or need is good if nobody says, once and lent; None: it does not end by itself."""
    days = request.app[CONFIG].offer_days
    return (days_valid((), days), days_valid(("lend",), days)) if days and subject.present is None else None


def category_names(known: list[str], shown: dict[str, Any] | None, words: Words) -> dict[str, tuple[str, str]]:
    """What categories are called here, and their codes, by the folded name: the record's first, then frequent ones."""
    names: dict[str, tuple[str, str]] = {}
    for code in (*(shown or {}).get("categories", ()), *known):
        text = category_text(code, words)
        names.setdefault(fold(text), (text, code))
    return names


def _known(request: web.Request, link: str) -> tuple[list[str], str]:
    """The categories in use here, and for whom a link was made."""
    ledger = request.app[LEDGER]
    found = request.app[FINDER].find({"limit": ["1"]}, int(ledger.clock()))
    with ledger.store.read() as reads:
        invitation = find_link(reads, link, int(ledger.clock()))
    return [*found["facets"].get("category", {})][:_KNOWN_CATEGORIES_MAX], invitation.name if invitation else ""


async def _send(request: web.Request) -> web.StreamResponse:
    """A form that comes back: with a language more, checked and shown, or sent."""
    texts, reader = request[TEXTS], reader_of(request)
    if not _NONCE.fullmatch(texts.get("nonce", "")):
        raise Malformed("form", "this is no form that was given out here")
    subject = await asyncio.to_thread(subject_of, request, texts, texts["nonce"])
    step = texts.get("step", "check")
    if step in {"language", "category"}:
        tag = texts.get("language_new", "")
        if is_language_tag(tag) and len(tag) <= 35:
            texts = texts | {f"name_{tag}": texts.get(f"name_{tag}", "")}
        return await _show(request, subject, texts, {})
    if step == "edit":
        return await _show(request, subject, texts, {})
    read = await asyncio.to_thread(read_written, request, subject, texts, reader)
    if read.faults:
        return await _show(request, subject, texts, read.faults)
    body: dict[str, Any] = {"subject": {"log": request.app[LEDGER].log_id, "id": subject.id}, "record": read.record}
    note = texts.get("note", "").strip()
    body |= {"note": note} if note else {}
    shown = preview_of(request, "claim.correct", body, subject.present, reader)
    return await finish(request, shown, texts, "record")


def read_written(request: web.Request, subject: Subject, texts: dict[str, str], reader: Reader) -> Read:
    """The record that was filled in, and what does not do."""
    with_end(texts, subject, int(request.app[LEDGER].clock()), request.app[CONFIG].offer_days)
    known, _ = _known(request, "")
    names = category_names(known, subject.shown, reader.words)
    categories = {name: code for name, (_, code) in names.items()}
    written = Written(texts, subject.shown, reader.words.language, categories)
    read = read_record(written, subject.id)
    faults = dict(read.faults)
    if len(texts.get("note", "")) > _NOTE_MAX:
        faults["note"] = message("That is too long.")
    if not faults and read.record == subject.present and not texts.get("proposal"):
        faults[""] = message("Nothing is different from what stands here already.")
    return Read(read.record, faults)


def with_end(texts: dict[str, str], subject: Subject, now: int, days: int) -> None:
    """Gives a new offer or need without an end the usual one, as if it had been written: it goes with the form."""
    if subject.present is not None or texts.get("valid_until", "").strip():
        return
    terms = [term for term in TERMS if texts.get(f"term_{term}")]
    end = expire({"kind": texts.get("kind"), "terms": terms}, now, days)
    if end is not None:
        texts["valid_until"] = show_day(end // DAY_S)


async def finish(request: web.Request, shown: Preview, texts: dict[str, str], nonce_name: str) -> web.StreamResponse:
    """Shows what would be sent, or sends it as somebody who shows no key."""
    fault = ""
    if texts.get("step") == "send":
        fault = _why_not(request, texts)
        if not fault:
            outcome = await asyncio.to_thread(_keep, request, shown, texts, nonce_name)
            if isinstance(outcome, bytes):
                return web.Response(status=303, headers={"Location": f"/proposals/{outcome.hex()}?sent=yes"})
            fault = outcome
    reader = reader_of(request)
    carried = {name: text for name, text in texts.items() if name not in {"token", "step"} and text}
    return render(
        request,
        "propose_check.html",
        reader,
        status=422 if fault else 200,
        shown=shown,
        fault=fault,
        carried=carried,
        token=request.app[OPENNESS].form_token(),
        action=request.path,
        link=texts.get("link", ""),
        proposal=texts.get("proposal", ""),
        session=session_of(request) or role_session_of(request),
        may_write=ACTING in request and shown.kind == "claim.correct",
    )


def _why_not(request: web.Request, texts: dict[str, str]) -> str:
    """Why what a form sends is not taken, in words; empty if it is."""
    words = reader_of(request).words
    if texts.get("nickname"):
        return words("A field that has to stay empty was filled in. Empty it, or let nobody fill in forms for you.")
    if not request.app[OPENNESS].is_form(texts.get("token", "")):
        return words("This page is too old by now. Look through it once more, and send it.")
    try:
        may_propose(request, texts.get("link", "") or ("steward" if session_of(request) or ACTING in request else ""))
    except TooMuchError:
        return words("That was a lot at once. Wait a minute, then try again.")
    return ""


def _keep(request: web.Request, shown: Preview, texts: dict[str, str], nonce_name: str) -> bytes | str:
    """The id of what is kept from now on, or why it is not, in words."""
    words = reader_of(request).words
    sent = Sent(b"", b"", texts.get("link", ""), origin_of(request))
    statement_id = derived_id(f"claim {nonce_name}", texts["nonce"])
    try:
        return propose(request.app[LEDGER], shown.kind, shown.body, statement_id, sent)
    except TooMuchError:
        return words("As much as is kept waits for a decision here already. Please come back in a few days.")
    except RefusedError as error:
        return words("It was not taken: {why}", why=str(error))
    except LedgerError:
        return missing_text(words)


ROUTES = (
    Route(
        "GET",
        "/propose",
        opened(_form),
        "Propose a record or a change",
        "text/html",
        (
            Parameter("record", "the record of this organisation that is to be changed"),
            Parameter("link", "the token of a steward's link"),
            Parameter("kind", "of what is new"),
            Parameter("name", "of what is new"),
        ),
        (200, 403, 404),
    ),
    Route(
        "POST", "/propose", opened(_send), "See what is proposed; send it", "text/html", statuses=(200, 303, 403, 422)
    ),
)
