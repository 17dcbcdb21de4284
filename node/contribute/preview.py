# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is about to be proposed, as the page before sending shows it, and as the browser may sign it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ledger.directory.query import QueryError
from node.directory.difference import Change, difference
from node.directory.listing import record_url
from node.keys import FINDER, LEDGER
from node.upkeep.point_picture import picture_of
from node.web.languages import Text, choose
from protocol.encoding import encode
from protocol.proposal import without_private
from protocol.record import Record, check_record

if TYPE_CHECKING:
    from aiohttp import web

    from node.directory.listing import Reader
    from node.upkeep.point_picture import Picture
    from node.web.words import Words

_ALIKE_MAX = 3


def move_picture(before: Record | None, after: Record | None) -> Picture | None:
    """Where a point was (A) and would be (B), or where it would be; None if it stays or there is none."""
    was = before.point if before else None
    now = after.point if after else None
    if now is None or (was and (was.lat, was.lon) == (now.lat, now.lon)):
        return None
    points = [("A", was)] if was else []
    points.append(("B" if was else "·", now))
    return picture_of([(letter, point.lat / 1e7, point.lon / 1e7) for letter, point in points])


class Preview(NamedTuple):
    """A claim before it is sent. `body_hex` is what a browser signs, with `log_hex` and the kind.

    `alike` are records that may be the same thing, for what is new.
    """

    kind: str
    body: dict[str, Any]
    name: Text
    new: bool
    changes: list[Change]
    move: Picture | None
    type: str
    note: str
    private: bool
    alike: list[tuple[Text, str, str]]
    log_hex: str
    body_hex: str
    words: str


def preview_of(
    request: web.Request,
    kind: str,
    body: dict[str, Any],
    present: dict[str, Any] | None,
    reader: Reader,
) -> Preview:
    """What a page shows of a claim."""
    record = body.get("record")
    after = check_record(record) if record else None
    before = _record(present)
    told = after or before
    name = choose(told.name, reader.languages) if told else Text("", "")
    new = kind == "claim.correct" and present is None
    return Preview(
        kind=kind,
        body=body,
        name=name,
        new=new,
        changes=difference(before, after, reader) if after else [],
        move=move_picture(before, after),
        type=body.get("type", ""),
        note=body.get("note", ""),
        private=record is not None and without_private(record) != record,
        alike=_alike(request, name.text, reader) if new else [],
        log_hex=request.app[LEDGER].log_id.hex(),
        body_hex=encode(body).hex(),
        words=script_words(reader.words),
    )


def _record(value: dict[str, Any] | None) -> Record | None:
    return None if value is None else msgspec.convert(value, Record, builtin_types=(bytes,))


def _alike(request: web.Request, name: str, reader: Reader) -> list[tuple[Text, str, str]]:
    """What is here already and is called the same: name, locality, address of its page."""
    try:
        found = request.app[FINDER].find({"q": [name], "limit": [str(_ALIKE_MAX)]}, reader.now)
    except QueryError:
        return []
    return [
        (
            choose(one["name"], reader.languages),
            one.get("address", {}).get("locality", ""),
            record_url(one["log"], one["id"]),
        )
        for one in found["records"]
    ]


def script_words(words: Words) -> str:
    """The few texts of the script that signs."""
    told = {
        "sending": words("Signing and sending…"),
        "fault": words("It was not taken: {why}", why="{why}"),
        "network": words("The node does not answer. Try again."),
        "forget": words("Without this key you cannot show any more that these proposals are yours. Forget it?"),
    }
    return msgspec.json.encode(told).decode()
