# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot post`: movements of amounts between accounts, of any code; what was posted; taking back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.failure import CommandError
from cli.output import json_option, plain, show, show_json
from cli.speaking import How, log_option, looking, says, speaking
from cli.written import read_day

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView
    from protocol.encoding import Value

CODES = (
    *("opening", "transfer", "contribution", "exchange", "demurrage", "share_in", "share_out", "settle", "wage"),
    *("guarantee_call", "writeoff", "reinvest", "access_fee", "dividend", "rent", "host_fee"),
)
_BASIS = ("claim", "event", "commit", "dividend", "post", "decision")


@click.group("post", short_help="Movements between accounts, of any code; corrections.")
def command() -> None:
    """Posts: legs whose sum is zero in each unit. `folkmoot pay` makes the simplest of them."""


@command.command("add", short_help="Post legs, such as Bank=-12.50 Amina=12.50.")
@click.argument("code", type=click.Choice(CODES), metavar="CODE")
@click.argument("legs", nargs=-1, required=True, metavar="ACCOUNT=AMOUNT...")
@click.option("--on", help="The day; today if not given.")
@click.option("--contract", help="The contract that it rests on.")
@click.option("--clause", type=click.IntRange(1, 32), help="The number of the clause.")
@click.option("--claim", help="Id of a claim that it rests on.")
@click.option("--event", help="Id of an event that it rests on.")
@click.option("--commit", help="Id of a booking that it rests on.")
@click.option("--post", help="Id of a post that it rests on.")
@click.option("--dividend", help="Id of a dividend that it rests on.")
@click.option("--decision", help="Id of a decision that permits it.")
@click.option("--also", multiple=True, help="A member who signs it, too; repeat it.")
@click.option("--period", type=click.IntRange(0), help="Number of the period of a rent, from 0.")
@says
@click.pass_obj
def add(data_dir: str | None, /, code: str, legs: tuple[str, ...], *, how: How, **given: Any) -> None:  # noqa: ANN401 - texts
    """Posts legs, such as Bank=-12.50 Amina=12.50. What is taken (-) takes the owner's word, or a contract's.

    CODE is opening, transfer, contribution, exchange, demurrage, share_in, share_out, settle, wage, guarantee_call,
    writeoff, reinvest, access_fee, dividend, rent or host_fee.
    """
    from ledger.reciprocity.state import Account
    from ledger.showing.naming import find_contract, find_party

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            moved = _legs(view, legs)
            basis: dict[str, Value] = {name: _id(given[name]) for name in _BASIS if given[name]}
            basis |= {"contract": find_contract(view, given["contract"])} if given["contract"] else {}
            basis |= {"clause": given["clause"] - 1} if given["clause"] else {}
            basis |= {"period": given["period"]} if given["period"] is not None else {}
            body: dict[str, Value] = {"code": code, "on": read_day(given["on"])}
            body["legs"] = [[account, amount] for account, amount in sorted(moved.items())]
            body |= {"basis": basis} if basis else {}
            owners = [view.book.need(Account, account).owner for account, amount in moved.items() if amount < 0]
            carried = ("contract" in basis and code not in {"share_in", "share_out"}) or "decision" in basis
            parties = [view.log_id] if carried else owners or [view.log_id]
            parties += [find_party(view, one) for one in given["also"]]
        speaker.report(speaker.say("post", body, parties), f"{code}, {len(moved)} legs")


def _legs(view: LedgerView, texts: tuple[str, ...]) -> dict[bytes, int]:
    """Accounts and amounts of ACCOUNT=AMOUNT."""
    from ledger.reciprocity.state import Account
    from ledger.showing.naming import find_account

    moved: dict[bytes, int] = {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        if not equals:
            raise click.UsageError(f"{text[:60]!r} is not a leg: write it like Amina=12.50")
        account = find_account(view, name)
        if account in moved:
            raise click.UsageError(f"{name} stands twice: one leg for each account")
        moved[account] = view.read_amount(number, view.book.need(Account, account).unit)
    return moved


def _id(text: str) -> bytes:
    try:
        one = bytes.fromhex(text)
    except ValueError:
        one = b""
    if len(one) != 16:
        raise CommandError(f"{text[:40]!r} is not an id: 32 characters of 0-9 and a-f", 2)
    return one


@command.command("exchange", short_help="Pay in one unit, receive in another, at a rate.")
@click.argument("payer")
@click.argument("payee")
@click.argument("amount")
@click.argument("rate")
@click.option("--through", nargs=2, help="Two accounts of org; if not given, its only pools in the units.")
@click.option("--on", help="The day; today if not given.")
@says
@click.pass_obj
def exchange(  # noqa: PLR0913 - one for each thing that is said
    data_dir: str | None,
    payer: str,
    payee: str,
    amount: str,
    rate: str,
    *,
    through: tuple[str, str] | None,
    on: str | None,
    how: How,
) -> None:
    """Pays in one unit so that PAYEE receives AMOUNT in another. RATE is received for paid: 3/2, or 20/1.

    What is paid is never too little: AMOUNT divided by RATE, rounded up to the payer's smallest part. Both amounts are
    recorded, and pass through accounts of the organisation.
    """
    from cli.assembly import read_rate
    from ledger.reciprocity.state import Account
    from ledger.showing.naming import find_account
    from protocol.amounts import convert

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            source, target = find_account(view, payer), find_account(view, payee)
            units = [view.book.need(Account, one).unit for one in (source, target)]
            received, (numerator, denominator) = view.read_amount(amount, units[1]), read_rate(rate)
            if received <= 0 or not numerator:
                raise click.UsageError("amount and rate are more than nothing")
            scales = [10 ** view.unit(unit).scale for unit in units]
            paid = convert(received, numerator * scales[1], denominator * scales[0])
            given_names = through or ("", "")
            taken, given_out = (
                find_account(view, name, unit) if name else _pool(view, unit)
                for name, unit in zip(given_names, units, strict=True)
            )
            moved = sorted([(source, -paid), (taken, paid), (given_out, -received), (target, received)])
            parties = [view.book.need(Account, source).owner, view.log_id]
            shown = f"{view.show(paid, units[0])} {units[0]} for {amount} {units[1]}"
        legs: list[Value] = [[account, part] for account, part in moved]
        body: dict[str, Value] = {"code": "exchange", "legs": legs, "on": read_day(on)}
        speaker.report(speaker.say("post", body, parties), shown)


def _pool(view: LedgerView, unit: str) -> bytes:
    """The organisation's only pool in a unit."""
    from ledger.reciprocity.state import Account

    found = [
        key
        for key, account in view.book.scan(Account)
        if (account.owner, account.unit, account.type) == (view.log_id, unit, "pool") and account.state == "open"
    ]
    if len(found) != 1:
        raise click.UsageError(f"org has {len(found)} pools in {unit}: name its two accounts with --through")
    return found[0]


@command.command("list")
@click.option("--account", default="", help="Of this account; of all if neither it nor --owner is given.")
@click.option("--owner", default="", help="Of the accounts of a member, or org.")
@click.option("--from", "since", help="From this day on.")
@click.option("--until", help="Before this day.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, /, *, log: str, limit: int, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Lists posts, the newest first."""
    from ledger.showing.naming import find_account, find_party
    from ledger.showing.posts import POSTS_SCHEMA, accounts_of, post_object, recent_posts

    with looking(data_dir, log) as view:
        accounts = accounts_of(view, find_party(view, given["owner"])) if given["owner"] else None
        page = recent_posts(
            view,
            limit,
            [find_account(view, given["account"])] if given["account"] else accounts,
            since=read_day(given["since"]) if given["since"] else None,
            until=read_day(given["until"]) if given["until"] else None,
            looked_max=view.tree.size,
        )
        posts = [post_object(view, one) for one in page.found]
    if as_json:
        show_json({"schema": POSTS_SCHEMA, "posts": posts})
        return
    for post in posts:
        show_post(post)


def show_post(post: dict[str, Any]) -> None:
    """A post and its legs."""
    state = ", corrected" if post["corrected"] else ""
    show(f"{post['on']}  {post['code']}{state}  entry {post['position']}  {post['id'][:8]}")
    for leg in post["legs"]:
        show(f"  {leg['amount']:>16} {leg['unit']:<6} {plain(leg['account']['name'])}")


@command.command("show")
@click.argument("post")
@log_option
@json_option
@click.pass_obj
def show_(data_dir: str | None, post: str, log: str, *, as_json: bool) -> None:
    """Shows a post: POST is its id, or the number of its entry."""
    from ledger.showing.posts import POST_SCHEMA, find_post, post_object

    with looking(data_dir, log) as view:
        value = post_object(view, find_post(view, post))
    if as_json:
        show_json({"schema": POST_SCHEMA, "post": value})
        return
    show_post(value)
    for name, one in value["basis"].items():
        show(f"  rests on {name} {plain(one)}")


@command.command("correct", short_help="Take a post back by another one.")
@click.argument("post")
@says
@click.pass_obj
def correct(data_dir: str | None, post: str, *, how: How) -> None:
    """Takes a post back by another one that points to it. Whoever got something has to agree."""
    from ledger.reciprocity.state import Account
    from ledger.showing.posts import find_post
    from protocol.reciprocity_bodies import Post

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            found = find_post(view, post)
            assert isinstance(found.body, Post)
            legs: list[Value] = [[account, -amount] for account, amount in found.body.legs]
            owners = [view.book.need(Account, account).owner for account, amount in found.body.legs if amount > 0]
            parties = owners or [view.log_id]
        basis: dict[str, Value] = {"post": found.statement.id}
        body: dict[str, Value] = {"code": "correction", "legs": legs, "on": read_day(None), "basis": basis}
        speaker.report(speaker.say("post", body, parties), f"entry {found.position} is taken back")
