# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms of what an organisation says about other logs, signed and for everybody to read: vouches, denials, labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ledger.own.spoken import Draft
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message

if TYPE_CHECKING:
    from protocol.encoding import Value

DENIALS = ("spam", "false", "against_charter", "illegal", "duplicate", "not_there", "request")
_RECORD = re.compile(r"[0-9a-f]{32}")
_LOG = Field("log", message("Which organisation"), "log", hint=message("The beginning of the id of its log."))
_NOTE = Field("note", message("Why, for everybody to read"), required=False)
_BACK = Field("back", message("Take it back"), "check")
_THING = Field(
    "record",
    message("Only this record of it"),
    required=False,
    hint=message("The id of a record, as it stands in its address; all of the log, if nothing is written."),
)


def _vouch(asked: Asked) -> list[Draft]:
    return [_draft(asked, "vouch", {"log": asked["log"], "vouched": not asked["back"]})]


def _deny(asked: Asked) -> list[Draft]:
    body: dict[str, Value] = {"log": asked["log"], "denied": not asked["back"], "reason": asked["reason"]}
    return [_draft(asked, "deny", body | _record(asked))]


def _label(asked: Asked) -> list[Draft]:
    subject: dict[str, Value] = {"log": asked["log"], **_record(asked)}
    return [_draft(asked, "label", {"subject": subject, "label": asked["label"], "set": not asked["back"]})]


def _circle(asked: Asked) -> list[Draft]:
    if asked["log"] == asked.view.log_id:
        raise Unfit("log", message("This organisation is always in its own circle."))
    name: dict[str, Value] = {"name": asked["name"]} if asked["name"] else {}
    return [Draft("circle", {"log": asked["log"], "member": not asked["back"], **name}, (asked.view.log_id,))]


def _draft(asked: Asked, kind: str, body: dict[str, Value]) -> Draft:
    note: dict[str, Value] = {"note": asked["note"]} if asked["note"] else {}
    return Draft(kind, body | note, (asked.view.log_id,))


def _record(asked: Asked) -> dict[str, Value]:
    if asked["record"] is None:
        return {}
    if not _RECORD.fullmatch(asked["record"]):
        raise Unfit("record", message("An id of a record is 32 characters of 0-9 and a-f."))
    return {"id": bytes.fromhex(asked["record"])}


FORMS = (
    Form(
        "vouch",
        "federation",
        message("Vouch for an organisation"),
        message("Nodes that follow this organisation take in the log of the other one, too."),
        (_LOG, _NOTE, _BACK),
        _vouch,
    ),
    Form(
        "label",
        "federation",
        message("Put a label on a log or record"),
        message("A word that is shown beside it, here and where others have subscribed to this organisation."),
        (_LOG, _THING, Field("label", message("Label")), _NOTE, _BACK),
        _label,
        says="label",
    ),
    Form(
        "deny",
        "federation",
        message("Show a log or record no more"),
        message("Said in public, with the reason; it counts here, and where others have subscribed."),
        (_LOG, _THING, Field("reason", message("Why"), "choice", choices=DENIALS, group="denial"), _NOTE, _BACK),
        _deny,
        says="deny",
    ),
    Form(
        "circle",
        "federation",
        message("Let an organisation read what is for the circle"),
        message("Its node then gets what is written for the circle; taken back, it gets nothing more."),
        (_LOG, Field("name", message("Name"), required=False), _BACK),
        _circle,
    ),
)
