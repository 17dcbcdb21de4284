# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot account`: where amounts of a unit are held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, plain, show, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking
from cli.written import language_map

if TYPE_CHECKING:
    from protocol.encoding import Value

TYPES = ("member", "pool", "fund", "reserve", "connector", "external")


@click.group("account", short_help="Where amounts are held: members', funds, the reserve, the bank.")
def command() -> None:
    """Accounts. One is named by its id, its title, its owner, or OWNER/UNIT; org is the organisation."""


@command.command("open", short_help="Open an account of a member, or of org.")
@click.argument("owner")
@click.argument("unit")
@click.option("--type", "type_", type=click.Choice(TYPES), help="member for a member's, pool for org's, if not given.")
@click.option("--floor", help="It may not go below that; 0.00 if not given, none for connector and external.")
@click.option("--ceiling", help="It may not go above that; no limit if not given.")
@click.option("--title", "titles", multiple=True, help="What people call it; fr=TITLE in another language; repeat it.")
@click.option("--peer", default="", help="For a connector: the log of the neighbour.")
@says
@click.pass_obj
def open_(  # noqa: PLR0913 - one for each thing that an account has
    data_dir: str | None,
    owner: str,
    unit: str,
    *,
    type_: str | None,
    floor: str | None,
    ceiling: str | None,
    titles: tuple[str, ...],
    peer: str,
    how: How,
) -> None:
    """Opens an account of OWNER, a member or org, in UNIT. Whose account may go below zero has to agree: --key."""
    from ledger.held.private import find_log
    from ledger.showing.naming import find_party

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            party = find_party(view, owner)
            kind = type_ or ("pool" if party == view.log_id else "member")
            body: dict[str, Value] = {"owner": party, "unit": unit, "type": kind}
            for name, text in (("floor", floor), ("ceiling", ceiling)):
                if text is not None:
                    body[name] = view.read_amount(text, unit)
            if titles:
                body["title"] = language_map(titles, view.language)
            if peer:
                body["peer"] = find_log(view.reads, peer)
            view.unit(unit)
            agrees = [party] if isinstance(body.get("floor"), int) and body["floor"] < 0 else []  # type: ignore[operator] # isinstance says so
            parties = [view.log_id, *agrees]
            shown = f"account of {plain(view.name(party))} in {unit}"
        speaker.report(speaker.say("account.open", body, parties), shown)


@command.command("set")
@click.argument("account")
@click.option("--floor", help="It may not go below that. Its owner has to agree if it is lowered: --key.")
@click.option("--ceiling", help="It may not go above that.")
@click.option("--state", type=click.Choice(("open", "frozen", "closed")), help="closed is for ever.")
@says
@click.pass_obj
def set_(
    data_dir: str | None, account: str, floor: str | None, ceiling: str | None, state: str | None, *, how: How
) -> None:
    """Changes the limits of an account, freezes or closes it."""
    from ledger.reciprocity.state import Account
    from ledger.showing.naming import find_account

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            account_id = find_account(view, account)
            found = view.book.need(Account, account_id)
            body: dict[str, Value] = {"account": account_id}
            for name, text in (("floor", floor), ("ceiling", ceiling)):
                if text is not None:
                    body[name] = view.read_amount(text, found.unit)
            if state:
                body["state"] = state
            if len(body) == 1:
                raise click.UsageError("say what is to change: --floor, --ceiling or --state")
            lower = body.get("floor")
            lowered = isinstance(lower, int) and lower < 0 and (found.floor is None or lower < found.floor)
            parties = [view.log_id, *([found.owner] if lowered else [])]
            shown = f"account {plain(view.account_name(account_id))}"
        speaker.report(speaker.say("account.set", body, parties), shown)


@command.command("list")
@click.option("--owner", default="", help="A member, or org.")
@click.option("--unit", default="", help="In this unit only.")
@log_option
@json_option
@click.pass_obj
def list_accounts(data_dir: str | None, owner: str, unit: str, log: str, *, as_json: bool) -> None:
    """Lists accounts with their balances."""
    from ledger.showing.accounts import ACCOUNTS_SCHEMA, account_objects
    from ledger.showing.naming import find_party

    with looking(data_dir, log) as view:
        party = find_party(view, owner) if owner else b""
        accounts = account_objects(view, party, unit)
    if as_json:
        show_json({"schema": ACCOUNTS_SCHEMA, "accounts": accounts})
    else:
        show_accounts(accounts)


def show_accounts(accounts: list[dict[str, Any]]) -> None:
    """Accounts as a table."""
    rows = [
        (
            one["id"][:8],
            one["name"],
            one["type"] if one["state"] == "open" else f"{one['type']}, {one['state']}",
            one["posted"],
            one["reserved"] if one["reserved"].strip("0.") else "",
            one["unit"],
        )
        for one in accounts
    ]
    show_table(rows, ("id", "account", "type", "balance", "reserved", "unit"))


@command.command("show")
@click.argument("account")
@log_option
@json_option
@click.pass_obj
def show_account(data_dir: str | None, account: str, log: str, *, as_json: bool) -> None:
    """Shows an account with its limits."""
    from ledger.showing.accounts import ACCOUNT_SCHEMA, account_object
    from ledger.showing.naming import find_account

    with looking(data_dir, log) as view:
        value = account_object(view, find_account(view, account))
    if as_json:
        show_json({"schema": ACCOUNT_SCHEMA, "account": value})
        return
    for name in ("id", "name", "type", "state", "unit", "posted", "reserved", "available", "floor", "ceiling", "peer"):
        if value.get(name) is not None:
            show(f"{name:<10} {plain(value[name])}")
    show(f"{'owner':<10} {plain(value['owner']['name'])}")


@command.command("flows", short_help="Who gave to whom in some months; gifts apart.")
@click.option("--from", "since", help="The first month, such as 2026-01; a year ago if not given.")
@click.option("--until", help="The last month; this one if not given.")
@log_option
@json_option
@click.pass_obj
def flows(data_dir: str | None, since: str | None, until: str | None, log: str, *, as_json: bool) -> None:
    """Shows who gave to whom in these months: money, time, goods; gifts apart."""
    from cli.written import read_day
    from ledger.showing.flows import Flows, flows_object
    from protocol.amounts import month_of, parse_month

    with looking(data_dir, log) as view:
        counted = Flows()
        while counted.advance(view.reads, view.tree):
            pass
        last = parse_month(until) if until else month_of(read_day(None))
        value = flows_object(view, counted, parse_month(since) if since else last - 11, last, 0)
    if as_json:
        show_json(value)
        return
    rows = [
        (one["source"], one["target"], f"{one['amount']} {one['unit']}", one["what"], "gift" if one["gift"] else "")
        for one in value["flows"]
    ]
    show_table(rows, ("from", "to", "amount", "for", ""))
