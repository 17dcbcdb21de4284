# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms beside the rest: notes, erasing, what was signed elsewhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ledger.bodyform import body_from_json
from ledger.errors import NotFoundError
from ledger.jsonform import refuse_repeated
from ledger.own.spoken import Draft
from ledger.showing.naming import ORGANISATION, find_party
from node.forms.assembly import read_texts
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.web.words import message
from protocol.reciprocity import RECIPROCITY_BODIES

if TYPE_CHECKING:
    from protocol.encoding import Value

KINDS = tuple(kind for kind in RECIPROCITY_BODIES if kind != "state")
REASONS = ("request", "expired", "mistake", "law")


def _note(asked: Asked) -> list[Draft]:
    body: dict[str, Value] = {"about": asked["about"], "text": asked["text"], **asked.given("shows")}
    scope = 0 if asked["public"] else 2
    return [Draft("note", body, (asked["by"] or asked.view.log_id,), scope)]


def _erase(asked: Asked) -> list[Draft]:
    position = asked["position"]
    if not 0 < position < asked.view.tree.size:
        raise Unfit("position", message("The log has no entry with that number that can be erased."))
    return [Draft("erase", {"position": position, "reason": asked["reason"]}, (asked.view.log_id,))]


def _submit(asked: Asked) -> list[Draft]:
    drafts = []
    for carried in read_texts("text", asked["text"]):
        said = carried.said
        if said.log_id != asked.view.log_id:
            raise Unfit("text", message("This is for another ledger."))
        parties = (asked.view.log_id,) if asked["countersign"] else ()
        drafts.append(Draft(said.kind, said.read_body(), parties, carried.scope, said.id, carried=carried))
    return drafts


def _say(asked: Asked) -> list[Draft]:
    try:
        body = body_from_json(asked["kind"], json.loads(asked["body"], object_pairs_hook=refuse_repeated))
    except (json.JSONDecodeError, RecursionError) as error:
        raise Unfit("body", message("That is not JSON: {why}"), why=str(error)) from None
    names = [name.strip() for name in (asked["parties"] or ORGANISATION).split(",") if name.strip()]
    try:
        parties = tuple(find_party(asked.view, name) for name in names)
    except NotFoundError as error:
        raise Unfit("parties", message("It cannot be written so: {why}"), why=str(error)) from None
    return [Draft(asked["kind"], body, parties, 2 if asked["private"] else 0)]


FORMS = (
    Form(
        "say",
        "others",
        message("Say anything in the ledger"),
        message("For what no form is made for: a kind of statement and its body as JSON, as in the specification."),
        (
            Field("kind", message("Kind"), "choice", choices=KINDS, group="said"),
            Field("body", message("Body"), "area", hint=message("Ids in hexadecimal, amounts in smallest parts.")),
            Field(
                "parties",
                message("Whose word it is"),
                required=False,
                hint=message(
                    "Names or ids with commas between, its author first; the organisation, if nobody is named."
                ),
            ),
            Field("private", message("Only for this node"), "check"),
        ),
        _say,
    ),
    Form(
        "note",
        "others",
        message("Write a note"),
        message(
            "Words about a member, account, contract, claim, event or movement. Nothing hangs on them, and "
            "they can be erased."
        ),
        (
            Field(
                "about",
                message("About what"),
                "thing",
                hint=message("Its id, or the name of a member, account or contract."),
            ),
            Field("text", message("Note"), "area"),
            Field(
                "shows",
                message("What it shows"),
                required=False,
                hint=message("The address of a receipt, for example."),
            ),
            Field(
                "by",
                message("Who says it"),
                "party",
                required=False,
                hint=message("The organisation, if nobody is named."),
            ),
            Field("public", message("Let everybody read it"), "check"),
        ),
        _note,
    ),
    Form(
        "submit",
        "others",
        message("Enter what was signed elsewhere"),
        message("The text that came back from those who signed it on their own machines."),
        (
            Field("text", message("Text"), "area"),
            Field("countersign", message("Add the organisation's own signature"), "check"),
        ),
        _submit,
        {"not_authorised": "text"},
    ),
    Form(
        "erase",
        "others",
        message("Erase what an entry says"),
        message(
            "Here, and at all who hold the log when they hear of it. The entry stays, so the log still "
            "verifies; what it said is gone for good."
        ),
        (
            Field("position", message("Number of the entry"), "number"),
            Field("reason", message("Why"), "choice", choices=REASONS, group="erasure"),
        ),
        _erase,
    ),
)
