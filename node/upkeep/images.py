# SPDX-License-Identifier: AGPL-3.0-or-later
"""/steward/images: the pictures of a record: sent, looked at, described, and signed; or taken away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web

from ledger.directory.illustrating import IMAGES_MAX, LICENCES, with_image, without_image
from ledger.directory.images import BYTES_MAX, PIXELS_MAX, PictureError
from ledger.directory.licences import licence_meant
from ledger.directory.present import read_record
from ledger.duplicates.merging import present_body
from ledger.importing.plan import Statement
from node.directory.image_files import IMAGES, image_response, images_url
from node.directory.listing import record_url
from node.directory.profile import safe_url
from node.importing.receiving import take_form
from node.keys import LEDGER
from node.routes import Parameter, Route
from node.steward.steward_pages import TEXTS, TO_SIGN_IN, signed_in
from node.upkeep.confirming import Asked, Plan, confirmation, confirmed, in_words, new_nonce, nonce_of, statement_id
from node.upkeep.places import own_row
from node.web.acting import look_who_acts
from node.web.languages import choose
from node.web.rendering import error_page, reader_of, render
from node.web.session import is_from_form, session_of
from node.web.words import message
from protocol.errors import Malformed
from protocol.identity import show_log_id
from protocol.record import is_image_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.sqlite.store import Snapshot
    from node.directory.listing import Reader
    from node.web.session import Session

_ALT_CHARACTERS_MAX = 500
_ALT = "alt_"
_START = "/steward/images"
_REASONS = {
    "large": message("The picture is larger than {number} MiB: make it smaller first."),
    "kind": message("This is no JPEG, PNG or WebP picture. Save it as one of these first."),
    "pixels": message("The picture has more than {megapixels} megapixels: make it smaller first."),
    "broken": message("The picture is damaged or was cut off on its way: send it again, or save it anew."),
    "full": message("There is no room left for pictures here: remove some."),
    "waiting": message("Too many pictures wait to be described here: describe some of them, or try again tomorrow."),
    "empty": message("Choose a picture first; the one that came is empty."),
    "alt": message("Say in at least one language what the picture shows, in up to 500 characters."),
    "licence": message("Choose the licence of the picture, or name another one as SPDX does, such as CC-BY-4.0."),
}


class _Receiving:
    """A picture that comes in; it is small enough for the memory."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, piece: bytes) -> None:
        self.content += piece
        if len(self.content) > BYTES_MAX:
            raise PictureError("large")

    def give_up(self) -> None:
        self.content = b""


class _Room:
    def receive(self) -> _Receiving:
        return _Receiving()


async def _page(request: web.Request, session: Session) -> web.StreamResponse:
    return await _show(request, session, request.match_info["id"], {"picture": request.query.get("picture", "")}, "")


async def _show(
    request: web.Request, session: Session, record: str, texts: Mapping[str, str], fault: str
) -> web.Response:
    """The pictures of a record, or the one that is being described, with what does not do about it."""
    reader = reader_of(request)
    values = await asyncio.to_thread(_read, request, reader, record, texts.get("picture", ""))
    return render(
        request,
        "upkeep_images.html",
        reader,
        status=422 if fault else 200,
        fault=_said(request, fault) if fault else "",
        fault_about=fault,
        texts=texts,
        licences=LICENCES,
        room=len(values["images"]) < IMAGES_MAX,
        mebibytes=BYTES_MAX >> 20,
        nonce=new_nonce(),
        csrf=session.csrf,
        **values,
    )


def _read(request: web.Request, reader: Reader, record_id: str, picture: str) -> dict[str, Any]:
    images, ledger = request.app[IMAGES], request.app[LEDGER]
    with ledger.store.read() as reads:
        row = own_row(reads, record_id)
        record = read_record(reads, row)[0]
    sizes = images.sizes(image.url for image in record.images)
    shown = [
        {
            "alt": choose(image.alt, reader.languages),
            "url": image.url,
            "link": image.url if image.url in sizes else safe_url(image.url),
            "licence": image.licence,
            "size": sizes.get(image.url),
        }
        for image in record.images
    ]
    if picture:
        images.look(picture)
    return {
        "name": choose(record.name, reader.languages),
        "id": row.id.hex(),
        "url": record_url(show_log_id(ledger.log_id), row.id.hex()),
        "images": shown,
        "preview": f"{images_url(row.id)}/{picture.rpartition('/')[2]}" if picture else "",
    }


async def _take(request: web.Request) -> web.StreamResponse:
    """Takes a picture in; who may not is told before anything of it is read."""
    session = session_of(request)
    if session is None:
        acting = await look_who_acts(request)
        if acting is None:
            return web.Response(status=303, headers={"Location": TO_SIGN_IN})
        session = acting[0]

    async def take(request: web.Request, session: Session) -> web.StreamResponse:
        try:
            fields, _, receiving = await take_form(request, _Room(), lambda given: is_from_form(session, given))
        except PictureError as error:
            return error_page(
                request, 422, reader_of(request).words("Nothing was written."), _said(request, error.reason)
            )
        record = fields.get("id", "")
        if receiving is None or not receiving.content:
            return await _show(request, session, record, {}, "empty")
        try:
            path = await asyncio.to_thread(_keep, request, record, receiving.content)
        except PictureError as error:
            return await _show(request, session, record, {}, error.reason)
        return web.Response(status=303, headers={"Location": f"{_START}/{quote(record)}?picture={quote(path)}"})

    return await in_words(take)(request, session)


def _said(request: web.Request, reason: str) -> str:
    values = {"number": str(BYTES_MAX >> 20), "megapixels": str(PIXELS_MAX // 1_000_000)}
    return reader_of(request).words(_REASONS[reason], **values)


def _keep(request: web.Request, record: str, content: bytes) -> str:
    with request.app[LEDGER].store.read() as reads:
        own_row(reads, record)
    return request.app[IMAGES].take(content)


async def _send(request: web.Request, session: Session) -> web.StreamResponse:
    """A picture that was described, or is to go: shown as it would be signed, or once confirmed, written."""
    texts, reader = request[TEXTS], reader_of(request)
    words, images = reader.words, request.app[IMAGES]
    nonce = nonce_of(texts)
    adding, picture = "picture" in texts, texts.get("picture", "")
    alt = {name.removeprefix(_ALT): text.strip() for name, text in texts.items() if name.startswith(_ALT)}
    licence = licence_meant(texts.get("other", "").strip() or texts.get("licence", ""))
    if adding:
        if not is_image_path(picture):
            raise Malformed("form", "this is no form that was given out here")
        await asyncio.to_thread(images.look, picture)
        if not any(alt.values()) or any(len(text) > _ALT_CHARACTERS_MAX for text in alt.values()):
            return await _show(request, session, request.match_info["id"], texts, "alt")
        if not licence:
            return await _show(request, session, request.match_info["id"], texts, "licence")

    def make(reads: Snapshot) -> Plan:
        row = own_row(reads, request.match_info["id"])
        before, name = present_body(reads, row), read_record(reads, row)[0].name
        after = with_image(before, picture, alt, licence) if adding else without_image(before, texts.get("gone", ""))
        if adding and texts.get("step") == "sign":
            images.note(picture, row.id)
        statement = Statement("record.put", {"record": after}, statement_id(nonce))
        return Plan([statement], {row.id: before}, {row.id: choose(name, reader.languages).text})

    plan, position = await asyncio.to_thread(confirmed, request, texts, make)
    record = next(iter(plan.before))
    if position is not None:
        await asyncio.to_thread(_settle, request, record, picture, texts.get("gone", ""))
        return web.Response(status=303, headers={"Location": images_url(record)})
    back = f"{request.path}?picture={quote(picture)}" if adding else request.path
    return confirmation(request, session, Asked(words("Pictures"), request.path, back), plan, texts)


async def _preview(request: web.Request, _: Session) -> web.StreamResponse:
    """A picture as it would be served, for the steward alone."""
    content = await asyncio.to_thread(request.app[IMAGES].look, f"/images/{request.match_info['name']}")
    return image_response(request.match_info["name"], content, waiting=True)


def _settle(request: web.Request, record: bytes, picture: str, gone: str) -> None:
    """Brings the files in step with what was signed."""
    if picture:
        request.app[IMAGES].publish(picture, record)
    elif is_image_path(gone):
        request.app[IMAGES].retire(gone, record)


_PATH = _START + "/{id}"
ROUTES = (
    Route(
        "GET", _PATH, signed_in(in_words(_page), "record.put"), "The pictures of a record", "text/html",
        parameters=(Parameter("picture", "that is being described"),), statuses=(200, 303, 404),
    ),
    Route(
        "GET", _PATH + "/{name}", signed_in(_preview, "record.put"),
        "A picture that waits to be described", "image/webp",
        statuses=(200, 303, 404),
    ),
    Route(
        "POST", _PATH, signed_in(in_words(_send), "record.put"),
        "Add a picture that was described, or remove one", "text/html",
        statuses=(200, 303, 404, 422),
    ),
    Route(
        "POST", _START, _take, "Send a picture", "text/html", statuses=(303, 400, 404, 422), streams=True,
    ),
)  # fmt: skip
