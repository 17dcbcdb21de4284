# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot booking`: promises, and times at which a resource is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.event import ACTIONS, read_quantity, wanted
from cli.output import json_option, plain, show, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking
from cli.written import read_day

if TYPE_CHECKING:
    from protocol.encoding import Value


_DAY_S = 86_400


@click.group("booking", short_help="Times at which a resource is taken; promises.")
def command() -> None:
    """Bookings and promises. Two bookings of what somebody lends never overlap."""


@command.command("add", short_help="Book a resource for a time.")
@click.argument("resource")
@click.argument("begin")
@click.argument("end")
@click.option("--for", "receiver", required=True, help="Who takes it.")
@click.option("--from", "provider", default="org", show_default=True, help="Who lends it.")
@click.option(
    "--by",
    type=click.Choice(("receiver", "provider", "both")),
    help="Who signs: the receiver under a contract that gives access, else both.",
)
@click.option("--contract", help="The contract that gives access; who books under one agrees to its fee.")
@says
@click.pass_obj
def add(data_dir: str | None, /, resource: str, begin: str, end: str, *, how: How, **given: Any) -> None:  # noqa: ANN401 - texts
    """Books RESOURCE, a name or id of its record, from BEGIN to END: times in UTC, like 2026-03-02T10:00, or days."""
    from ledger.showing.known import read_moment
    from ledger.showing.naming import find_contract, find_party, find_resource

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            provider, receiver = find_party(view, given["provider"]), find_party(view, given["receiver"])
            resource_id = find_resource(view, resource)
            body: dict[str, Value] = {
                "action": "use",
                "provider": provider,
                "receiver": receiver,
                "resource": resource_id,
                "begin": read_moment(begin),
                "end": read_moment(end),
            }
            if given["contract"]:
                body["contract"] = find_contract(view, given["contract"])
            name = view.resource_name(resource_id) or resource
        by = given["by"] or ("receiver" if given["contract"] else "both")
        parties = {"receiver": [receiver], "provider": [provider], "both": [receiver, provider]}[by]
        speaker.report(speaker.say("commit", body, parties), plain(f"{name} from {begin} to {end}"))


@command.command("promise", short_help="Promise that something will happen.")
@click.argument("action", type=click.Choice(ACTIONS), metavar="ACTION")
@click.argument("provider")
@click.argument("receiver")
@click.option("--quantity", help='How much, such as "2.50 h".')
@click.option("--resource", help="Of what: the name or id of its record.")
@click.option("--due", help="The day, such as 2026-03-02.")
@click.option("--contract", help="Under this contract.")
@says
@click.pass_obj
def promise(data_dir: str | None, /, action: str, provider: str, receiver: str, *, how: How, **given: Any) -> None:  # noqa: ANN401 - texts
    """Promises that something will happen; `folkmoot event add --fulfils` keeps it."""
    from ledger.showing.naming import find_contract, find_party, find_resource

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            giver = find_party(view, provider)
            body: dict[str, Value] = {"action": action, "provider": giver, "receiver": find_party(view, receiver)}
            body |= {"quantity": read_quantity(view, given["quantity"])} if given["quantity"] else {}
            body |= {"resource": find_resource(view, given["resource"])} if given["resource"] else {}
            body |= {"due": read_day(given["due"])} if given["due"] else {}
            body |= {"contract": find_contract(view, given["contract"])} if given["contract"] else {}
        speaker.report(speaker.say("commit", body, [giver]), plain(f"{action}, promised by {provider}"))


@command.command("cancel")
@click.argument("booking")
@click.option("--by", type=click.Choice(("receiver", "provider")), default="receiver", show_default=True)
@says
@click.pass_obj
def cancel(data_dir: str | None, booking: str, by: str, *, how: How) -> None:
    """Cancels a booking or promise that is still to come."""
    from ledger.reciprocity.state import Commitment
    from ledger.showing.naming import find_by_id

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            commit_id = find_by_id(view, Commitment, booking, "booking")
            found = view.book.need(Commitment, commit_id)
            party = found.receiver if by == "receiver" else found.provider
        speaker.report(speaker.say("commit.cancel", {"commit": commit_id}, [party]), "cancelled")


@command.command("list", short_help="What is booked and promised, day by day.")
@click.option("--resource", help="Of this resource.")
@click.option("--party", help="Of a member, or org.")
@click.option("--contract", help="Under this contract.")
@click.option("--from", "since", help="From this day on; today if not given.")
@click.option("--until", help="Before this day.")
@click.option("--all", "ended", is_flag=True, help="Past, cancelled and fulfilled ones, too.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=200, show_default=True)
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, /, *, log: str, ended: bool, limit: int, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Shows what is booked and promised, day by day."""
    from ledger.showing.events import BOOKINGS_SCHEMA, commitment_objects

    with looking(data_dir, log) as view:
        meant = wanted(view, given)
        if meant.since is None and not ended:
            meant = meant._replace(since=read_day(None))
        bookings = commitment_objects(view, meant, limit, ended=ended)
    if as_json:
        show_json({"schema": BOOKINGS_SCHEMA, "bookings": bookings})
        return
    _show_calendar(bookings)


@command.command("calendar", short_help="When a resource is taken, and its terms.")
@click.argument("resource")
@click.option("--from", "since", help="From this day on; today if not given.")
@click.option("--days", type=click.IntRange(1, 400), default=31, show_default=True)
@log_option
@json_option
@click.pass_obj
def calendar(data_dir: str | None, resource: str, since: str | None, days: int, *, log: str, as_json: bool) -> None:
    """Shows when RESOURCE, a name or id of its record, is taken (UTC), and what its use costs each class."""
    from ledger.showing.naming import find_resource
    from ledger.showing.resources import resource_object

    begin = read_day(since) * _DAY_S
    with looking(data_dir, log) as view:
        told = resource_object(view, find_resource(view, resource), begin, begin + days * _DAY_S)
    if as_json:
        show_json(told)
        return
    for terms in told["terms"]:
        show(plain(next(iter(terms["contract"]["title"].values()))))
        for one in terms["classes"]:
            price = "no access" if one["price"] is None else f"{one['price']} {terms['unit']} per {terms['per']}"
            show(f"  {one['class']}: {price}")
    show_table(
        [(one["begin"], one["end"], one["id"][:8]) for one in told["taken"]], ("taken from (UTC)", "until", "id")
    )


def _show_calendar(bookings: list[dict[str, Any]]) -> None:
    """Under each day what begins on it."""
    days: dict[str, list[tuple[str, ...]]] = {}
    for one in bookings:
        day = (one["begin"] or one["due"] or "no day")[:10]
        time = ""
        if one["begin"]:
            end = one["end"][11:16] if one["end"][:10] == day else one["end"][:16].replace("T", " ")
            time = f"{one['begin'][11:16]} - {end}"
        thing = one["resource"]["name"] or one["resource"]["id"][:8] if one["resource"] else one["action"]
        amount = f"{one['quantity']['amount']} {one['quantity']['unit']}" if one["quantity"] else ""
        state = one["state"] if one["state"] != "active" else ""
        names = (one["receiver"]["name"], one["provider"]["name"])
        days.setdefault(day, []).append((one["id"][:8], time, thing, *names, amount, state))
    for day, rows in days.items():
        show(day)
        show_table(rows, ("id", "time (UTC)", "what", "for", "from", "how much", ""))
        show()
