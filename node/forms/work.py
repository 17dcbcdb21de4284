# SPDX-License-Identifier: AGPL-3.0-or-later
"""Forms about what happens: work, gifts, goods, answers, bookings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.own.spoken import Draft
from ledger.reciprocity.state import Commitment, EventState
from node.forms.accounts import DAY
from node.forms.field import Asked, Field, Unfit
from node.forms.form import Form
from node.reciprocity.ledger_labels import LEDGER_LABELS
from node.web.words import message

if TYPE_CHECKING:
    from protocol.encoding import Value

ACTIONS = tuple(LEDGER_LABELS["action"])
STREAMS = ("livelihood", "care", "love")
_CONTRACT = Field("contract", message("Contract"), "contract", required=False)


def _quantity(asked: Asked, name: str) -> dict[str, Value]:
    amount, unit = asked[name], asked[f"{name}_unit"]
    return {name: {"amount": amount, "unit": unit}} if amount is not None else {}


def _event(asked: Asked) -> list[Draft]:
    body: dict[str, Value] = {
        "action": asked["action"],
        "provider": asked["provider"],
        "receiver": asked["receiver"],
        "on": asked["on"],
        "stream": asked["stream"],
        "expects": "none" if asked["gift"] else "reciprocity",
        **asked.given("resource", "to", "contract"),
        **_quantity(asked, "effort"),
        **_quantity(asked, "quantity"),
    }
    body |= {"fulfils": asked["booking"]} if asked["booking"] else {}
    footprint = [_quantity(asked, name)[name] for name in ("flow", "flow2") if asked[name] is not None]
    body |= {"footprint": footprint} if footprint else {}
    return [Draft("event", body, (asked["provider"],))]


def _answer(asked: Asked) -> list[Draft]:
    receiver = asked.view.book.need(EventState, asked["event"]).receiver
    return [Draft("ack", {"event": asked["event"], "says": asked["says"]}, (receiver,))]


def _correct(asked: Asked) -> list[Draft]:
    provider = asked.view.book.need(EventState, asked["event"]).provider
    return [Draft("correct", {"event": asked["event"]}, (provider,))]


def _book(asked: Asked) -> list[Draft]:
    if asked["end"] <= asked["begin"]:
        raise Unfit("end", message("It ends before it begins."))
    provider = asked["provider"] or asked.view.log_id
    body: dict[str, Value] = {
        "action": "use",
        "provider": provider,
        "receiver": asked["receiver"],
        "resource": asked["resource"],
        "begin": asked["begin"],
        "end": asked["end"],
        **asked.given("contract"),
    }
    return [Draft("commit", body, (asked["receiver"], *((provider,) if asked["confirmed"] else ())))]


def _promise(asked: Asked) -> list[Draft]:
    body: dict[str, Value] = {
        "action": asked["action"],
        "provider": asked["provider"],
        "receiver": asked["receiver"],
        **asked.given("resource", "due", "contract"),
        **_quantity(asked, "quantity"),
    }
    return [Draft("commit", body, (asked["provider"],))]


def _cancel(asked: Asked) -> list[Draft]:
    found = asked.view.book.need(Commitment, asked["booking"])
    party = found.receiver if asked["by"] == "receiver" else found.provider
    return [Draft("commit.cancel", {"commit": asked["booking"]}, (party,))]


_BLAME = {"wrong_unit": "effort_unit", "bad_amount": "effort", "not_authorised": "provider", "conflict": "begin"}
FORMS = (
    Form(
        "event",
        "work",
        message("Record what happened"),
        message("Work, care, gifts, goods: whoever gave says so. A gift expects nothing and moves no balance."),
        (
            Field("action", message("What"), "choice", choices=ACTIONS, group="action", default="work"),
            Field("provider", message("Who gave"), "party"),
            Field("receiver", message("Who received"), "party"),
            DAY,
            Field("stream", message("Kind of contribution"), "choice", choices=STREAMS, group="stream"),
            Field("gift", message("A gift that expects nothing"), "check"),
            Field("effort_unit", message("Unit of time"), "unit", required=False),
            Field("effort", message("How long"), "amount", required=False, unit="effort_unit"),
            Field("quantity_unit", message("Unit of the quantity"), "unit", required=False),
            Field("quantity", message("How much"), "amount", required=False, unit="quantity_unit"),
            Field(
                "resource",
                message("Of what"),
                "resource",
                required=False,
                hint=message("The name or id of its record."),
            ),
            Field("to", message("Into what"), "resource", required=False),
            _CONTRACT,
            Field("booking", message("It fulfils the booking or promise"), "booking", required=False),
            Field("flow_unit", message("Unit of the footprint"), "unit", required=False),
            Field("flow", message("Footprint"), "amount", required=False, unit="flow_unit"),
            Field("flow2_unit", message("Second unit of the footprint"), "unit", required=False),
            Field("flow2", message("Second footprint"), "amount", required=False, unit="flow2_unit"),
        ),
        _event,
        _BLAME,
    ),
    Form(
        "ack",
        "work",
        message("Answer what happened"),
        message("As whoever received: thanks, or that it is right. Hours count for dividends once they are confirmed."),
        (
            Field("event", message("What happened"), "event"),
            Field("says", message("Answer"), "choice", choices=("thanks", "confirmed", "used"), group="says"),
        ),
        _answer,
        {"already_resolved": "says"},
    ),
    Form(
        "event-correct",
        "work",
        message("Take back what was recorded"),
        message("As whoever gave, as long as nothing rests on it. It stays readable."),
        (Field("event", message("What happened"), "event"),),
        _correct,
        {"already_resolved": "event"},
    ),
    Form(
        "booking-add",
        "work",
        message("Book a resource"),
        message("For a member, by a contract that gives them access, or with the provider's word. Times are in UTC."),
        (
            Field("resource", message("Resource"), "resource", hint=message("The name or id of its record.")),
            Field("receiver", message("For whom"), "party"),
            Field("begin", message("Begins"), "moment"),
            Field("end", message("Ends"), "moment"),
            _CONTRACT,
            Field(
                "provider",
                message("Whose it is"),
                "party",
                required=False,
                hint=message("The organisation, if nobody is named."),
            ),
            Field("confirmed", message("Whose it is signs, too"), "check"),
        ),
        _book,
        {"conflict": "begin", "not_authorised": "receiver", "not_in_force": "contract"},
    ),
    Form(
        "promise",
        "work",
        message("Promise something"),
        message("Whoever will give says so; recording what happened keeps the promise."),
        (
            Field("action", message("What"), "choice", choices=ACTIONS, group="action", default="work"),
            Field("provider", message("Who will give"), "party"),
            Field("receiver", message("Who will receive"), "party"),
            Field("quantity_unit", message("Unit of the quantity"), "unit", required=False),
            Field("quantity", message("How much"), "amount", required=False, unit="quantity_unit"),
            Field("resource", message("Of what"), "resource", required=False),
            Field("due", message("By when"), "day", required=False),
            _CONTRACT,
        ),
        _promise,
    ),
    Form(
        "booking-cancel",
        "work",
        message("Cancel a booking or promise"),
        message("It is over at once; the time is free for others."),
        (
            Field("booking", message("Booking or promise"), "booking"),
            Field("by", message("Who cancels"), "choice", choices=("receiver", "provider"), group="side"),
        ),
        _cancel,
        {"already_resolved": "booking"},
    ),
)
