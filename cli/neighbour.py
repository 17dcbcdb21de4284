# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot neighbour`: organisations to whose accounts one pays, and that pay here."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from cli.failure import NOT_FOUND, CommandError
from cli.output import json_option, plain, say, show_json, show_table, when
from cli.speaking import How, looking, says, speaking

if TYPE_CHECKING:
    from ledger.showing.view import LedgerView
    from protocol.encoding import Value

WITHIN = "7d"


@click.group("neighbour", short_help="Payments to and from other organisations' ledgers.")
def command() -> None:
    """Neighbours: each keeps an account that mirrors what the other owes, up to the trust that it gives.

    A payment is reserved here, accepted or refused in the neighbour's log, and then posted or free again: both nodes do
    that by themselves while they run. What a member has not agreed to take beforehand (`folkmoot member set --consent`)
    waits until they accept it.
    """


@command.command("add")
@click.argument("neighbour")
@click.argument("unit")
@click.option("--trust", required=True, help="How much either may owe the other, such as 500.00.")
@says
@click.pass_obj
def add(data_dir: str | None, neighbour: str, unit: str, *, trust: str, how: How) -> None:
    """Opens the account that mirrors NEIGHBOUR, the beginning of its log's id, in UNIT."""
    from ledger.held.private import find_log
    from ledger.showing.transfers import log_name

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            peer = find_log(view.reads, neighbour)
            limit = view.read_amount(trust, unit)
            name = log_name(view.reads, peer) or neighbour[:8]
            parties = [view.log_id]
            if limit < 0:
                raise click.UsageError("trust is not less than nothing")
            body: dict[str, Value] = {
                "owner": view.log_id,
                "unit": unit,
                "type": "connector",
                "peer": peer,
                "floor": -limit,
                "ceiling": limit,
                "title": {view.language: name},
            }
        speaker.report(speaker.say("account.open", body, parties), f"{plain(name)} is a neighbour in {unit}")


@command.command("list")
@json_option
@click.pass_obj
def list_(data_dir: str | None, *, as_json: bool) -> None:
    """Lists neighbours, and what they owe or are owed."""
    from ledger.showing.transfers import neighbour_objects

    with looking(data_dir) as view:
        rows = neighbour_objects(view)
    if as_json:
        show_json({"schema": "folkmoot.neighbours/1", "neighbours": rows})
    elif not rows:
        say("no neighbours yet: `folkmoot neighbour add LOG UNIT --trust AMOUNT`; they do the same with this log's id")
    else:
        heads = ("neighbour", "log", "unit", "owes us", "between", "and", "state")
        keys = ("name", "log", "unit", "owes", "floor", "ceiling", "state")
        show_table([[str(row.get(key, ""))[:26] for key in keys] for row in rows], heads)


@command.command("pay")
@click.argument("payer")
@click.argument("neighbour")
@click.argument("payee")
@click.argument("amount")
@click.option("--unit", default="", help="Where the payer has accounts in several.")
@click.option("--within", default=WITHIN, show_default=True, help="How long the neighbour may take, such as 7d or 12h.")
@says
@click.pass_obj
def pay(  # noqa: PLR0913 - one for each thing that a payment names
    data_dir: str | None, payer: str, neighbour: str, payee: str, amount: str, *, unit: str, within: str, how: How
) -> None:
    """Pays AMOUNT from the account PAYER here to the account PAYEE in the ledger of NEIGHBOUR.

    The amount is reserved at once. PAYEE is the account's id there (32 digits), or what it is called if that ledger is
    held here.
    """
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            body, owner, shown = _reservation(view, payer, neighbour, payee, amount, unit)
            body["deadline"] = int(time.time()) + _seconds(within)
        speaker.report(speaker.say("xfer.reserve", body, [owner]), plain(shown))


def _reservation(
    view: LedgerView, payer: str, log: str, payee: str, amount: str, unit: str
) -> tuple[dict[str, Value], bytes, str]:
    from ledger.held.private import find_log
    from ledger.reciprocity.state import Account, Connector
    from ledger.showing.naming import find_account
    from ledger.showing.transfers import log_name
    from ledger.showing.view import LedgerView, held_ledger

    source = find_account(view, payer, unit)
    account = view.book.need(Account, source)
    peer = find_log(view.reads, log)
    connector = view.book.get(Connector, peer + account.unit.encode())
    name = log_name(view.reads, peer) or log[:8]
    if connector is None:
        raise CommandError(
            f"{name} is no neighbour in {account.unit} yet: `folkmoot neighbour add {log[:8]} {account.unit}`",
            NOT_FOUND,
        )
    if len(payee) == 32 and all(digit in "0123456789abcdef" for digit in payee):
        target = bytes.fromhex(payee)
    else:
        target = find_account(LedgerView(view.reads, held_ledger(view.reads, peer)), payee, account.unit)
    moved = view.read_amount(amount, account.unit)
    body: dict[str, Value] = {
        "account": source,
        "connector": connector.account,
        "log": peer,
        "to": target,
        "amount": moved,
        "unit": account.unit,
        "scale": view.unit(account.unit).scale,
    }
    return body, account.owner, f"{amount} {account.unit} reserved for {target.hex()[:8]} at {name}"


def _seconds(text: str) -> int:
    """A span of time such as 12h or 7d."""
    import re

    found = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", text)
    if found is None:
        raise click.UsageError(f"--within: {text[:40]!r} is not a time such as 30m, 12h or 7d")
    return int(found[1]) * {"m": 60, "h": 3_600, "d": 86_400}[found[2]]


@command.command("payments")
@click.option("--open", "only_open", is_flag=True, help="Only what waits for an answer.")
@json_option
@click.pass_obj
def payments(data_dir: str | None, *, only_open: bool, as_json: bool) -> None:
    """Lists payments to and from neighbours and how they stand."""
    from ledger.showing.transfers import transfer_objects

    with looking(data_dir) as view:
        rows = transfer_objects(view)
    if only_open:
        rows = [row for row in rows if row["state"] in {"reserved", "waiting"}]
    if as_json:
        show_json({"schema": "folkmoot.transfers/1", "transfers": rows})
    elif not rows:
        say("no payments between ledgers")
    else:
        show_table([_row(row) for row in rows], ("payment", "", "neighbour", "account", "amount", "state", "until"))


def _row(row: dict[str, Any]) -> list[str]:
    until = when(row["deadline"]) if "deadline" in row and row["state"] in {"reserved", "waiting"} else ""
    arrow = "to" if row["direction"] == "out" else "from"
    account = row["account_name"] or row["account"][:8]
    return [
        row["id"][:8],
        arrow,
        row["name"] or row["log"][:8],
        account,
        f"{row['amount']} {row['unit']}",
        row["state"],
        until,
    ]


@command.command("accept")
@click.argument("payment")
@says
@click.pass_obj
def accept(data_dir: str | None, payment: str, *, how: How) -> None:
    """Accepts a payment that waits for the word of the account's owner."""
    from ledger.own.neighbours import acceptance
    from ledger.reciprocity.state import Account

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            row = _find(view, payment, {"waiting"})
            body = acceptance(view.reads, view.tree, _log_of(row), bytes.fromhex(row["id"]))
            owner = view.book.need(Account, bytes.fromhex(row["account"])).owner
        saved = speaker.say("xfer.accept", body, [owner])
        speaker.report(saved, f"{row['amount']} {row['unit']} from {plain(row['name'])} accepted")


@command.command("free")
@click.argument("payment")
@click.option("--decision", required=True, help="The decision of the assembly that permits it.")
@says
@click.pass_obj
def free(data_dir: str | None, payment: str, *, decision: str, how: How) -> None:
    """Frees what was reserved for a neighbour that is gone for good, by decision of the assembly."""
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            row = _find(view, payment, {"reserved"})
            org = view.log_id
        body: dict[str, Value] = {"transfer": bytes.fromhex(row["id"]), "decision": _hex_id(decision)}
        speaker.report(speaker.say("xfer.void", body, [org]), f"{row['amount']} {row['unit']} are free again")


def _hex_id(text: str) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise click.UsageError(f"{text[:40]!r} is not an id of 32 hexadecimal digits")
    return found


def _find(view: LedgerView, payment: str, states: set[str]) -> dict[str, Any]:
    from ledger.showing.transfers import transfer_objects

    found = [row for row in transfer_objects(view) if row["id"].startswith(payment.lower())]
    fitting = [row for row in found if row["state"] in states]
    if len(fitting) != 1:
        known = f"; it is {found[0]['state']}" if len(found) == 1 else ""
        raise CommandError(f"{len(fitting)} payments that could be meant by {payment[:40]!r}{known}", NOT_FOUND)
    return fitting[0]


def _log_of(row: dict[str, Any]) -> bytes:
    from protocol.identity import parse_log_id

    return parse_log_id(row["log"])
