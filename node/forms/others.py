# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms beside the rest: notes, erasing, what was signed elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.spoken import Draft
from node.forms.assembly import read_texts
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.words import message

if TYPE_CHECKING:
    from protocol.encoding import Value

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


FORMS = (
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
