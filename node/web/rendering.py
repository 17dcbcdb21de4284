# SPDX-License-Identifier: AGPL-3.0-or-later
"""From templates and values to HTML answers, errors among them."""

from __future__ import annotations

import re
import time
from functools import cache
from typing import TYPE_CHECKING

import jinja2
import msgspec
from aiohttp import web

from node.directory.listing import Reader
from node.keys import CONFIG, LEDGER
from node.translations import own_names
from node.web.assets import asset_url
from node.web.languages import accepted, choose
from node.web.policy import content_policy
from node.web.session import member_session_of, role_session_of, session_of
from node.web.words import choose_words
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from node.web.words import Words

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ENDING = re.compile("[<>&\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
LANGUAGE = "language"
"""The cookie that keeps the language which somebody chose."""
_YEAR_S = 365 * 86_400
_MACHINE_PATHS = ("/v1", "/log", "/witness")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("node"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["straight"] = straight
    environment.globals["asset_url"] = asset_url
    return environment


def _visible(value: object) -> object:
    """What is put into a page: text without control characters, which HTML has no place for. Escaping comes after."""
    return _CONTROL.sub("\ufffd", value) if type(value) is str else value


def straight(text: str) -> str:
    """A text without marks of direction, for where nothing can keep them from turning what follows: titles."""
    return _DIRECTION.sub("", text)


def data_block(value: object) -> str:
    """A JSON value as it may stand unescaped in a script element of a data type: nothing in it can end that element.

    Nor do marks of direction stand in it, which could turn the source of the page around.
    """
    text = msgspec.json.encode(value).decode()
    return _ENDING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def reader_of(request: web.Request) -> Reader:
    """Who asks: the language that they chose, those of their browser, then the node's own."""
    chosen = request.query.get("lang") or request.cookies.get(LANGUAGE, "")
    languages = (
        *((chosen,) if chosen in own_names() else ()),
        *accepted(request.headers.get("Accept-Language", "")),
        request.app[CONFIG].language,
    )
    return Reader(languages, choose_words(languages), int(time.time()))


def render(
    request: web.Request, template: str, reader: Reader, *, status: int = 200, ground_from: str = "", **values: object
) -> web.Response:
    """A page from a template, which finds the words as `_`, the reader's language and the organisation.

    `steward` says whether somebody has signed in with the token, `helper` whether by a key that has a role, `tell`
    chooses from a text in several languages. `ground_from`: the origin of its map's pictures, if not this node's.
    """
    ledger: Ledger = request.app[LEDGER]
    session, role_session = session_of(request), role_session_of(request)
    charter = ledger.keys.charter
    text = (
        _environment()
        .get_template(template)
        .render(
            _=reader.words,
            language=reader.words.language,
            direction=reader.words.direction,
            organisation=choose(charter.name, (*reader.languages, *charter.languages)),
            organisation_kind=reader.words.label("organisation", charter.kind),
            log=show_log_id(ledger.log_id),
            tell=lambda texts: choose(texts, reader.languages),
            path=request.path,
            languages=[(tag, name, _in_language(request, tag)) for tag, name in own_names().items()],
            steward=session is not None,
            helper=session is None and role_session is not None,
            **values,
        )
    )
    headers = {
        "Content-Security-Policy": content_policy(images=ground_from),
        "Cache-Control": "no-store" if session or role_session or member_session_of(request) else "no-cache",
        "Content-Language": reader.words.language,
        "Vary": "Accept-Language, Accept, Cookie",
    }
    return remembering(request, web.Response(status=status, text=text, content_type="text/html", headers=headers))


def render_file(template: str, words: Words, **values: object) -> str:
    """A document that is no page of a node: a file to be carried and printed."""
    return _environment().get_template(template).render(_=words, **values)


def remembering(request: web.Request, response: web.Response) -> web.Response:
    """An answer that keeps the language which its address asks for (`lang`), for the pages that follow."""
    chosen = request.query.get("lang", "")
    if chosen in own_names():
        response.set_cookie(LANGUAGE, chosen, max_age=_YEAR_S, path="/", httponly=True, samesite="Lax")
    return response


def _in_language(request: web.Request, language: str) -> str:
    """The address of this page in another language."""
    return (
        str(request.rel_url.update_query(lang=language)) if request.method in {"GET", "HEAD"} else f"/?lang={language}"
    )


def wants_html(request: web.Request) -> bool:
    """Whether an error of this request is read by somebody in a browser, not by a program."""
    machine = any(request.path == path or request.path.startswith(path + "/") for path in _MACHINE_PATHS)
    return request.method in {"GET", "HEAD"} and not machine and "text/html" in request.headers.get("Accept", "")


def error_page(request: web.Request, status: int, title: str, detail: str) -> web.Response:
    """An error as a page. It asks nothing of the store, which may be what has failed."""
    reader = reader_of(request)
    heading = reader.words("There is no such page") if status == 404 else title
    return render(request, "error.html", reader, status=status, code=status, title=heading, detail=detail)
