# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot event`: what happened: work, use, gifts, care, goods; and what is said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, plain, show, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking
from cli.written import read_day

if TYPE_CHECKING:
    from ledger.showing.events import Wanted
    from ledger.showing.view import LedgerView
    from protocol.encoding import Value

ACTIONS = (
    *("produce", "consume", "use", "work", "cite", "deliverService", "pickup", "dropoff", "accept", "modify"),
    *("combine", "separate", "transferAllRights", "transferCustody", "transfer", "move", "raise", "lower", "copy"),
)
STREAMS = ("livelihood", "love", "care")


@click.group("event", short_help="What happened: work, use, gifts, care, goods; thanks.")
def command() -> None:
    """What happened between two parties: its provider says so, and its receiver answers."""


@command.command("add", short_help="Say that something happened.")
@click.argument("action", type=click.Choice(ACTIONS), metavar="ACTION")
@click.argument("provider")
@click.argument("receiver")
@click.option("--on", help="The day, such as 2026-03-02; today if not given.")
@click.option("--effort", help='Time that it took, such as "2.50 h".')
@click.option("--quantity", help='How much, such as "3 kg".')
@click.option("--resource", help="Of what: the name or id of its record.")
@click.option("--to", help="What it becomes or is added to, for transfer, move, copy.")
@click.option("--stream", type=click.Choice(STREAMS), default="livelihood", show_default=True)
@click.option("--gift", is_flag=True, help="Nothing is expected for it: it moves no balance, ever.")
@click.option("--contract", help="Under this contract.")
@click.option("--fulfils", help="The booking or promise that it fulfils.")
@click.option("--footprint", multiple=True, help='What flowed beside, such as "12 kWh"; repeat it.')
@says
@click.pass_obj
def add(data_dir: str | None, /, action: str, provider: str, receiver: str, *, how: How, **given: Any) -> None:  # noqa: ANN401 - texts
    """Says that something happened. ACTION is one of the nineteen of Valueflows:

    produce, consume, use, work, cite, deliverService, pickup, dropoff, accept, modify, combine, separate,
    transferAllRights, transferCustody, transfer, move, raise, lower, copy. PROVIDER and RECEIVER are members, or org.
    """
    from ledger.reciprocity.state import Commitment
    from ledger.showing.naming import find_by_id, find_contract, find_party, find_resource

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            giver, taker = find_party(view, provider), find_party(view, receiver)
            body: dict[str, Value] = {
                "action": action,
                "provider": giver,
                "receiver": taker,
                "on": read_day(given["on"]),
                "stream": given["stream"],
                "expects": "none" if given["gift"] else "reciprocity",
            }
            body |= {name: find_resource(view, given[name]) for name in ("resource", "to") if given[name]}
            body |= {name: read_quantity(view, given[name]) for name in ("effort", "quantity") if given[name]}
            if given["footprint"]:
                body["footprint"] = [read_quantity(view, one) for one in given["footprint"]]
            if given["contract"]:
                body["contract"] = find_contract(view, given["contract"])
            if given["fulfils"]:
                body["fulfils"] = find_by_id(view, Commitment, given["fulfils"], "booking")
            shown = f"{action}, {view.name(giver)} for {view.name(taker)}"
        speaker.report(speaker.say("event", body, [giver]), plain(shown))


def read_quantity(view: LedgerView, text: str) -> dict[str, Value]:
    """How much of a unit: "2.50 h"."""
    number, _, unit = text.strip().partition(" ")
    if not unit:
        raise click.UsageError(f'{text[:40]!r} is not a quantity: write it like "2.50 h"')
    return {"amount": view.read_amount(number, unit.strip()), "unit": unit.strip()}


@command.command("ack", short_help="Answer as the receiver: thanks, confirmed, used.")
@click.argument("event")
@click.argument("says_", metavar="SAYS", type=click.Choice(("thanks", "confirmed", "used")))
@says
@click.pass_obj
def acknowledge(data_dir: str | None, event: str, says_: str, *, how: How) -> None:
    """Answers to EVENT as its receiver: thanks, confirmed or used."""
    from ledger.reciprocity.state import EventState
    from ledger.showing.naming import find_by_id

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            event_id = find_by_id(view, EventState, event, "event")
            receiver = view.book.need(EventState, event_id).receiver
        speaker.report(speaker.say("ack", {"event": event_id, "says": says_}, [receiver]), says_)


@command.command("correct", short_help="Take an event back, as its provider.")
@click.argument("event")
@says
@click.pass_obj
def correct(data_dir: str | None, event: str, *, how: How) -> None:
    """Takes EVENT back, as its provider, if nothing rests on it yet. It stays readable."""
    from ledger.reciprocity.state import EventState
    from ledger.showing.naming import find_by_id

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            event_id = find_by_id(view, EventState, event, "event")
            provider = view.book.need(EventState, event_id).provider
        speaker.report(speaker.say("correct", {"event": event_id}, [provider]), "taken back")


def wanted(view: LedgerView, given: dict[str, Any]) -> Wanted:
    """Which of many are asked for by the options --party, --contract, --resource, --from and --until."""
    from ledger.showing.events import Wanted
    from ledger.showing.naming import find_contract, find_party, find_resource

    return Wanted(
        party=find_party(view, given["party"]) if given.get("party") else b"",
        contract=find_contract(view, given["contract"]) if given.get("contract") else b"",
        resource=find_resource(view, given["resource"]) if given.get("resource") else b"",
        since=read_day(given["since"]) if given.get("since") else None,
        until=read_day(given["until"]) if given.get("until") else None,
    )


@command.command("list")
@click.option("--party", help="Of a member, or org.")
@click.option("--contract", help="Under this contract.")
@click.option("--resource", help="Of this resource.")
@click.option("--from", "since", help="From this day on.")
@click.option("--until", help="Before this day.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, /, *, log: str, limit: int, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Lists events, the newest first."""
    from ledger.showing.events import EVENTS_SCHEMA, event_object, recent_events

    with looking(data_dir, log) as view:
        page = recent_events(view, wanted(view, given), limit, looked_max=view.tree.size)
        events = [event_object(view, one.statement.id) for one in page.found]
    if as_json:
        show_json({"schema": EVENTS_SCHEMA, "events": events})
        return
    rows = [
        (
            one["id"][:8],
            one["on"],
            one["action"],
            one["provider"]["name"],
            one["receiver"]["name"],
            " ".join(f"{part['amount']} {part['unit']}" for part in (one["effort"], one["quantity"]) if part),
            one["resource"]["name"] or one["resource"]["id"][:8] if one["resource"] else "",
            ", ".join([*(["gift"] if one["gift"] else []), *one["says"], *(["corrected"] if one["corrected"] else [])]),
        )
        for one in events
    ]
    show_table(rows, ("id", "day", "action", "by", "for", "how much", "of", "said"))


@command.command("show")
@click.argument("event")
@log_option
@json_option
@click.pass_obj
def show_(data_dir: str | None, event: str, log: str, *, as_json: bool) -> None:
    """Shows an event."""
    from ledger.reciprocity.state import EventState
    from ledger.showing.events import EVENT_SCHEMA, event_object
    from ledger.showing.naming import find_by_id

    with looking(data_dir, log) as view:
        value = event_object(view, find_by_id(view, EventState, event, "event"))
    if as_json:
        show_json({"schema": EVENT_SCHEMA, "event": value})
    else:
        show_fields(value)


def show_fields(value: dict[str, Any]) -> None:
    """The fields of an object that say something, one to a line."""
    for name, part in value.items():
        text = _field_text(part)
        if text:
            show(f"{name.replace('_', ' '):<12} {plain(text)}")


def _field_text(part: object) -> str:
    if isinstance(part, dict):
        return " ".join(str(part[key]) for key in ("amount", "unit") if key in part) or str(part.get("name", ""))
    if isinstance(part, list):
        return ", ".join(map(_field_text, part))
    if isinstance(part, bool):
        return "yes" if part else ""
    return str(part or "")


@command.command("stock", short_help="What there is of resources, by holder.")
@click.argument("resource", required=False)
@log_option
@json_option
@click.pass_obj
def stock(data_dir: str | None, resource: str | None, log: str, *, as_json: bool) -> None:
    """Shows what there is of resources: what is owned, and what is on hand, by holder."""
    from ledger.showing.events import STOCK_SCHEMA, stock_objects
    from ledger.showing.naming import find_resource

    with looking(data_dir, log) as view:
        found = stock_objects(view, find_resource(view, resource) if resource else b"")
    if as_json:
        show_json({"schema": STOCK_SCHEMA, "stock": found})
        return
    rows = [
        (
            one["resource"]["name"] or one["resource"]["id"][:8],
            one["holder"]["name"],
            one["accounting"],
            one["on_hand"],
            one["unit"],
        )
        for one in found
    ]
    show_table(rows, ("resource", "held by", "owned", "on hand", "unit"))
