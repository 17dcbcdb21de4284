# SPDX-License-Identifier: AGPL-3.0-or-later
"""A form: its fields, and the statements that are made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import NotFoundError, RefusedError
from node.forms.field import Asked, Field, Unfit, read_field
from node.web.words import message
from protocol.errors import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.own.spoken import Draft
    from ledger.showing.view import LedgerView

    Make = Callable[[Asked], "list[Draft]"]


class Form(NamedTuple):
    """Something that a steward can say. `title` and `about` are messages; `make` raises Unfit.

    `blame` names the field beside which a verdict is explained; without it, it stands above the form. `by_assembly`: it
    is not signed but written down, for the assembly to decide. `says`: the kind of what it makes, where whoever has a
    role that covers it may say it by a key of their own.
    """

    name: str
    section: str
    title: str
    about: str
    fields: tuple[Field, ...]
    make: Make
    blame: Mapping[str, str] = {}
    by_assembly: bool = False
    says: str = ""


class Filled(NamedTuple):
    """A form as somebody filled it in: the statements, or what does not do in which field."""

    drafts: list[Draft]
    faults: list[Unfit]


def fill(form: Form, view: LedgerView, today: int, texts: dict[str, str], nonce: str) -> Filled:
    """Reads all fields, and makes the statements if all of them do. Their ids follow from the nonce."""
    asked = Asked(view, today, texts, {}, nonce)
    faults = []
    for field in form.fields:
        asked.values[field.name] = None
        try:
            asked.values[field.name] = read_field(field, asked)
        except Unfit as fault:
            faults.append(fault)
    if faults:
        return Filled([], faults)
    try:
        drafts = form.make(asked)
        return Filled([one._replace(id=one.id or asked.new_id(number)) for number, one in enumerate(drafts)], [])
    except Unfit as fault:
        return Filled([], [fault])
    except (Malformed, RefusedError, NotFoundError) as error:
        return Filled([], [Unfit("", message("It cannot be written so: {why}"), why=str(error))])
