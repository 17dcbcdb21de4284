# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot dispute`: disagreements; what rests on them stands still while they are open."""

from __future__ import annotations

import click

from cli.output import json_option, plain, say, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking


@click.group("dispute", short_help="Disagreements: what they are about stands still.")
def command() -> None:
    """Disagreements about a contract, claim, event, booking or post: while one is open, nothing moves by it."""


@command.command("open")
@click.argument("about")
@click.option("--by", default="org", show_default=True, help="A party to it, or org.")
@says
@click.pass_obj
def open_(data_dir: str | None, about: str, by: str, *, how: How) -> None:
    """Objects to ABOUT, which is named by its id."""
    from ledger.showing.naming import find_party, find_thing

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            thing, party = find_thing(view, about), find_party(view, by)
        speaker.report(speaker.say("dispute.open", {"about": thing}, [party]), f"{plain(by)} objects to {about}")


@command.command("close", short_help="End a disagreement.")
@click.argument("dispute")
@click.option("--outcome", type=click.Choice(("withdrawn", "settled", "upheld")), default="settled", show_default=True)
@says
@click.pass_obj
def close(data_dir: str | None, dispute: str, outcome: str, *, how: How) -> None:
    """Ends DISPUTE, as whoever opened it. What the assembly is to decide is written with --out, and enacted."""
    from ledger.reciprocity.state import Dispute
    from ledger.showing.naming import find_by_id

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            dispute_id = find_by_id(view, Dispute, dispute, "dispute")
            by = view.book.need(Dispute, dispute_id).by if how.out is None else view.log_id
        speaker.report(speaker.say("dispute.close", {"dispute": dispute_id, "outcome": outcome}, [by]), outcome)


@command.command("list")
@click.option("--all", "closed", is_flag=True, help="Those that have ended, too.")
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, log: str, *, closed: bool, as_json: bool) -> None:
    """Lists disagreements."""
    from ledger.showing.assembly import DISPUTES_SCHEMA, dispute_objects

    with looking(data_dir, log) as view:
        disputes = dispute_objects(view, closed=closed)
    if as_json:
        show_json({"schema": DISPUTES_SCHEMA, "disputes": disputes})
        return
    rows = [
        (
            one["id"][:8],
            f"{one['about']['kind']} {one['about']['id'][:8]}",
            one["about"]["name"],
            one["by"]["name"],
            one["outcome"] or "open",
        )
        for one in disputes
    ]
    show_table(rows, ("id", "about", "", "by", "state"))
    if not rows:
        say("nobody disagrees")
