# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot collective`: groups without a legal form that the organisation hosts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from cli.assembly import read_rate
from cli.output import json_option, plain, show, show_json, show_table
from cli.post import show_post
from cli.speaking import How, log_option, looking, says, speaking
from cli.written import read_day

if TYPE_CHECKING:
    from protocol.encoding import Value
    from protocol.signature import SigningKey


@click.group("collective", short_help="Hosted groups: fund, expense requests, approval, host fee.")
def command() -> None:
    """Collectives: groups without a legal form. Each has a transparent fund; its key approves what is paid from it."""


@command.command("add", short_help="Take in a collective, with a fund.")
@click.argument("name")
@click.argument("unit")
@click.option("--host-fee", help="What the organisation takes of its income, such as 5 %.")
@click.option("--fee-to", help="The account of the organisation that the fee goes to.")
@says
@click.pass_obj
def add(data_dir: str | None, name: str, unit: str, host_fee: str | None, fee_to: str | None, *, how: How) -> None:
    """Takes in the collective NAME, with a fund in UNIT and, if there is one, a contract about the host's fee.

    With --key FILE its key is its own; without it this node makes one and keeps it.
    """
    from ledger.own.member_keys import keep_member_key, make_member_key
    from ledger.reciprocity.state import Contract
    from ledger.showing.naming import find_account

    if how.out is not None:
        raise click.UsageError("several statements are made: they are not written to one file")
    if bool(host_fee) != bool(fee_to):
        raise click.UsageError("a fee takes both: --host-fee and --fee-to")
    rate = read_rate(host_fee) if host_fee else None
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            organisation, language = view.log_id, view.language
            view.unit(unit)
            target = find_account(view, fee_to, unit) if fee_to else b""
        key: SigningKey = speaker.only_key() if how.keys else make_member_key()
        if not how.keys:
            keep_member_key(speaker.directory, key)
        one_id = os.urandom(16)
        custody = "own" if how.keys else "node"
        body: dict[str, Value] = {"key": key.public, "class": "nonprofit", "custody": custody, "group": True}
        saved = speaker.say("member.join", body, [organisation], statement_id=one_id, also=[key])
        speaker.say("member.profile", {"member": one_id, "name": name}, [organisation])
        fund: dict[str, Value] = {"owner": one_id, "unit": unit, "type": "fund", "title": {language: name}}
        fund_id = speaker.say("account.open", fund, [organisation]).id
        if rate is not None:
            clause: dict[str, Value] = {"kind": "host_fee", "fund": fund_id, "rate": [*rate], "to": target}
            parties = sorted([one_id, organisation])
            offer: dict[str, Value] = {"parties": [*parties], "clauses": [clause], "from": read_day(None)}
            offer["title"] = {language: name}
            contract = speaker.say("contract.offer", offer, [organisation]).id
            with speaker.view() as view:
                terms = view.book.need(Contract, contract).terms
            for party in parties:
                sign: dict[str, Value] = {"contract": contract, "party": party, "terms": terms}
                speaker.say("contract.sign", sign, [party])
        speaker.report(saved, f"collective {plain(name)}")


@command.command("list")
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, log: str, *, as_json: bool) -> None:
    """Lists collectives with their funds."""
    from ledger.showing.collectives import COLLECTIVES_SCHEMA, collective_objects

    with looking(data_dir, log) as view:
        collectives = collective_objects(view)
    if as_json:
        show_json({"schema": COLLECTIVES_SCHEMA, "collectives": collectives})
        return
    rows = [
        (
            one["id"][:8],
            one["name"],
            one["status"],
            ", ".join(f"{fund['posted']} {fund['unit']}" for fund in one["funds"]),
        )
        for one in collectives
    ]
    show_table(rows, ("id", "collective", "status", "fund"))


def _in_funds(collective: dict[str, Any]) -> str:
    return ", ".join(f"{fund['posted']} {fund['unit']}" for fund in collective["funds"])


@command.command("show", short_help="Its fund, what came and went, requests, receipts.")
@click.argument("collective")
@log_option
@json_option
@click.pass_obj
def show_(data_dir: str | None, collective: str, log: str, *, as_json: bool) -> None:
    """Shows a collective: its fund, what came in and went out, expense requests with their receipts."""
    from ledger.showing.collectives import COLLECTIVE_SCHEMA, collective_object
    from ledger.showing.naming import find_member

    with looking(data_dir, log) as view:
        value = collective_object(view, find_member(view, collective), read_day(None))
    if as_json:
        show_json({"schema": COLLECTIVE_SCHEMA, "collective": value})
        return
    show(f"{plain(value['name'])}: {_in_funds(value)}")
    for one in value["requests"]:
        show(f"  {one['id'][:8]}  {one['amount']} {one['unit']} for {plain(one['creditor']['name'])}: {one['state']}")
        for note in one["notes"]:
            show(f"            {plain(note['text'])} {plain(note['shows'])}")
    for post in value["posts"]:
        show_post(post)


@command.command("request", short_help="Ask a collective to pay back what was spent.")
@click.argument("collective")
@click.argument("amount")
@click.argument("member")
@click.argument("text")
@click.option("--receipt", default="", help="An address, or a file, of which the hash is kept.")
@click.option("--public", is_flag=True, help="Let everybody read TEXT and receipt. Else they stay with this node.")
@says
@click.pass_obj
def request(  # noqa: PLR0913 - one for each thing that is said
    data_dir: str | None,
    collective: str,
    amount: str,
    member: str,
    text: str,
    *,
    receipt: str,
    public: bool,
    how: How,
) -> None:
    """Asks COLLECTIVE to pay AMOUNT to MEMBER, who has spent it, and says for what."""
    from cli.note import shown_by
    from ledger.reciprocity.state import Account
    from ledger.showing.naming import find_account, find_member
    from ledger.showing.posts import accounts_of

    if how.out is not None:
        raise click.UsageError(
            "two statements are made: `folkmoot claim add --out` and `folkmoot note add --out` make them"
        )
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            debtor, creditor = find_member(view, collective), find_member(view, member)
            units = {view.book.need(Account, fund).unit for fund in accounts_of(view, debtor)}
            if len(units) != 1:
                raise click.UsageError(f"{collective} has funds in {len(units)} units: use `folkmoot claim add`")
            unit = units.pop()
            body: dict[str, Value] = {
                "debtor": debtor,
                "creditor": creditor,
                "amount": view.read_amount(amount, unit),
                "unit": unit,
                "account": find_account(view, creditor.hex(), unit),
            }
        saved = speaker.say("claim", body, [creditor])
        note: dict[str, Value] = {"about": saved.id, "text": text}
        note |= {"shows": shown_by(receipt)} if receipt else {}
        speaker.say("note", note, [creditor], scope=0 if public else 2)
        speaker.report(saved, f"{plain(member)} asks {plain(collective)} for {amount} {unit}")


@command.command("approve", short_help="Pay a request; its key's signature is the approval.")
@click.argument("request_", metavar="REQUEST")
@says
@click.pass_obj
def approve(data_dir: str | None, request_: str, *, how: How) -> None:
    """Pays REQUEST from the fund of the collective, whose key signs it: that is its approval."""
    from ledger.reciprocity.state import Account, ClaimState
    from ledger.showing.naming import find_by_id
    from ledger.showing.posts import accounts_of

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            claim_id = find_by_id(view, ClaimState, request_, "request")
            claim = view.book.need(ClaimState, claim_id)
            funds = [
                fund for fund in accounts_of(view, claim.debtor) if view.book.need(Account, fund).unit == claim.unit
            ]
            if len(funds) != 1:
                raise click.UsageError(
                    f"there are {len(funds)} funds in {claim.unit}: use `folkmoot claim settle --from`"
                )
            paid = claim.amount - claim.paid
            legs: list[Value] = [[one, part] for one, part in sorted([(funds[0], -paid), (claim.account, paid)])]
            shown = f"{view.name(claim.debtor)} pays {view.show(paid, claim.unit)} {claim.unit}"
        body: dict[str, Value] = {"code": "settle", "legs": legs, "on": read_day(None), "basis": {"claim": claim_id}}
        speaker.report(speaker.say("post", body, [claim.debtor]), plain(shown))
