# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot member`: who belongs to the organisation, their profiles and keys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.carrying import sign
from cli.member_keys import change_key, fetch, make_key, sign_in
from cli.member_link import make_link
from cli.output import json_option, plain, say, show, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking

if TYPE_CHECKING:
    from protocol.encoding import Value

CLASSES = ("worker", "user", "commoner", "coop", "union", "city", "nonprofit", "for_profit")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group("member", short_help="Who belongs: join, profile, keys, signing.")
def command() -> None:
    """Members. One is named by its id, the beginning of it, or the name in a profile that is known here."""


for _command in (sign, make_key, make_link, change_key, fetch, sign_in):
    command.add_command(_command)


@command.command("add", short_help="Take in a member, with their own key or one kept here.")
@click.argument("class_", metavar="CLASS", type=click.Choice(CLASSES))
@click.option("--name", default="", help="Their name: private, known to this node alone, erasable.")
@click.option("--contact", default="", help="How to reach them: private likewise.")
@click.option("--group", is_flag=True, help="A collective without a legal form, hosted by this organisation.")
@click.option("--votes/--no-votes", default=None, help="Whether they vote; by their class if not given.")
@says
@click.pass_obj
def add(
    data_dir: str | None, class_: str, name: str, contact: str, *, group: bool, votes: bool | None, how: How
) -> None:
    """Takes in a member of CLASS: worker, user, commoner, coop, union, city, nonprofit or for_profit.

    With --key FILE the member's key is their own (`folkmoot member key`). Without it this node makes a key and keeps it
    for them, which is shown wherever the member is.
    """
    from ledger.own.member_keys import keep_member_key, make_member_key

    if len(how.keys) > 1:
        raise click.UsageError("a member joins with one key")
    if how.out and (name or contact or not how.keys):
        raise click.UsageError("with --out a member joins with --key, and a profile is said when they have joined")
    with speaking(data_dir, how) as speaker:
        custody = "own" if how.keys else "node"
        key = speaker.only_key() if how.keys else make_member_key()
        body: dict[str, Value] = {"key": key.public, "class": class_, "custody": custody}
        body |= ({"votes": votes} if votes is not None else {}) | ({"group": True} if group else {})
        member_id = os.urandom(16)
        with speaker.view() as view:
            organisation = view.log_id
        if custody == "node":
            keep_member_key(speaker.directory, key)
        saved = speaker.say("member.join", body, [organisation], statement_id=member_id, also=[key])
        if name or contact:
            profile: dict[str, Value] = {"member": member_id}
            profile |= ({"name": name} if name else {}) | ({"contact": contact} if contact else {})
            speaker.say("member.profile", profile, [organisation], scope=2)
        kept = "key kept by this node" if custody == "node" else "key of their own"
        speaker.report(saved, f"member {plain(name or member_id.hex()[:8])}, {kept}")


@command.command("list")
@click.option("--all", "left", is_flag=True, help="Those who have left, too.")
@log_option
@json_option
@click.pass_obj
def list_members(data_dir: str | None, log: str, *, left: bool, as_json: bool) -> None:
    """Lists members."""
    from ledger.showing.members import MEMBERS_SCHEMA, member_objects

    with looking(data_dir, log) as view:
        members = member_objects(view, left=left)
    if as_json:
        show_json({"schema": MEMBERS_SCHEMA, "members": members})
        return
    rows = [
        (
            one["id"][:8],
            one["name"],
            f"{one['class']}, group" if one["group"] else one["class"],
            one["status"],
            "yes" if one["votes"] else "",
            KEPT[one["custody"]],
        )
        for one in members
    ]
    show_table(rows, ("id", "name", "class", "status", "votes", "key"))


KEPT = {"own": "their own", "node": "kept by the node"}
"""Who keeps a member's key."""


@command.command("show")
@click.argument("member")
@log_option
@json_option
@click.pass_obj
def show_member(data_dir: str | None, member: str, log: str, *, as_json: bool) -> None:
    """Shows a member with their accounts."""
    from cli.account import show_accounts
    from ledger.showing.members import member_page
    from ledger.showing.naming import find_member

    with looking(data_dir, log) as view:
        page = member_page(view, find_member(view, member))
    if as_json:
        show_json(page)
        return
    _show(page["member"])
    show()
    show_accounts(page["accounts"])


def _show(member: dict[str, Any]) -> None:
    for name in ("id", "name", "class", "status", "key", "entries"):
        show(f"{name:<10} {plain(member[name])}")
    show(f"{'key held':<10} {KEPT[member['custody']]}")
    show(f"{'votes':<10} {'yes' if member['votes'] else 'no'}")
    profile = member.get("profile", {})
    for name in ("contact", "languages", "about"):
        if name in profile:
            value = profile[name]
            show(f"{name:<10} {plain(', '.join(value) if isinstance(value, list) else value)}")
    if profile and profile["scope"] != "public":
        say("The profile is not public: it is known to this machine and to those it was meant for.")


@command.command("set", short_help="Change class, status, votes, delegate or consent.")
@click.argument("member")
@click.option("--class", "class_", type=click.Choice(CLASSES))
@click.option("--status", type=click.Choice(("active", "paused", "left")))
@click.option("--votes/--no-votes", default=None, help="Whether they vote.")
@click.option("--consent", help='Payments from neighbours up to this, such as "100.00 EUR", are taken unasked.')
@click.option("--delegate", help="Another member who votes for them; none ends it. It is the member's own word.")
@says
@click.pass_obj
def set_(  # noqa: PLR0913 - one for each thing that can change
    data_dir: str | None,
    member: str,
    class_: str | None,
    status: str | None,
    delegate: str | None,
    consent: str | None,
    *,
    votes: bool | None,
    how: How,
) -> None:
    """Changes something about a member. Class, status and votes are the organisation's word."""
    from cli.event import read_quantity
    from ledger.showing.naming import find_member

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            member_id = find_member(view, member)
            body: dict[str, Value] = {"member": member_id}
            body |= {"class": class_} if class_ else {}
            body |= {"status": status} if status else {}
            body |= {"votes": votes} if votes is not None else {}
            parties = [view.log_id] if len(body) > 1 else []
            if delegate is not None:
                body["delegate"] = b"" if delegate == "none" else find_member(view, delegate)
            if consent is not None:
                body["consent"] = read_quantity(view, consent)["amount"]
            if delegate is not None or consent is not None:
                parties.append(member_id)
            if len(body) == 1:
                raise click.UsageError("say what is to change: --class, --status, --votes, --delegate or --consent")
            shown = f"member {plain(view.name(member_id))}"
        speaker.report(speaker.say("member.set", body, parties), shown)


@command.command("profile", short_help="Say who a member is: private, erasable.")
@click.argument("member")
@click.option("--name", help="Their name.")
@click.option("--contact", help="How to reach them.")
@click.option("--about", help="What they want to be known.")
@click.option("--language", "languages", multiple=True, help="A language that they speak, such as fr; repeat it.")
@click.option("--public", is_flag=True, help="Let everybody read it. Else it stays with this node, and can be erased.")
@says
@click.pass_obj
def profile_(  # noqa: PLR0913 - one for each part of a profile
    data_dir: str | None,
    member: str,
    name: str | None,
    contact: str | None,
    about: str | None,
    languages: tuple[str, ...],
    *,
    public: bool,
    how: How,
) -> None:
    """Says who a member is. What is not named stays as it is. `folkmoot log erase ENTRY` takes it back for good."""
    from ledger.showing.naming import find_member

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            member_id = find_member(view, member)
            before = view.profile(member_id)
            said: dict[str, Value] = {}
            if before is not None:
                old = before[0]
                said = {"name": old.name, "contact": old.contact, "about": old.about, "languages": [*old.languages]}
            given: dict[str, Value | None] = {
                "name": name,
                "contact": contact,
                "about": about,
                "languages": [*languages] or None,
            }
            said |= {key: value for key, value in given.items() if value is not None}
            body: dict[str, Value] = {"member": member_id} | {key: value for key, value in said.items() if value}
            signer = member_id if how.keys else view.log_id
        saved = speaker.say("member.profile", body, [signer], scope=0 if public else 2)
        speaker.report(saved, f"profile of {plain(said.get('name') or member)}, {'public' if public else 'private'}")


@command.command("contributions", short_help="What a member gave and received, by month; thanks.")
@click.argument("member")
@click.option("--from", "since", help="The first month, such as 2026-01; a year ago if not given.")
@click.option("--until", help="The last month; this one if not given.")
@log_option
@json_option
@click.pass_obj
def contributions(
    data_dir: str | None, member: str, since: str | None, until: str | None, log: str, *, as_json: bool
) -> None:
    """Shows what a member gave and received, by month and stream, and the thanks."""
    from cli.written import read_day
    from ledger.showing.contributions import contributions_object
    from ledger.showing.naming import find_member
    from protocol.amounts import month_of, parse_month

    last = parse_month(until) if until else month_of(read_day(None))
    with looking(data_dir, log) as view:
        first = parse_month(since) if since else last - 11
        value = contributions_object(view, find_member(view, member), first, last)
    if as_json:
        show_json(value)
        return
    rows = [
        (way, month["month"], f"{part['amount']} {unit['unit']}", part["stream"], "gift" if part["gift"] else "")
        for way in ("given", "received")
        for unit in value[way]
        for month in unit["months"]
        for part in month["parts"]
    ]
    show_table(rows, ("", "month", "how much", "stream", ""))
    show(f"thanked or confirmed {len(value['thanks_received'])} times")
