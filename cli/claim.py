# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot claim`: what is owed, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, plain, show, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking
from cli.written import read_day

if TYPE_CHECKING:
    from protocol.encoding import Value

DECIDE_FIRST = (
    "the assembly has to decide this: write it with --out FILE, ask with `folkmoot assembly propose TITLE --permits "
    "FILE`, and when it has decided `folkmoot assembly enact FILE`"
)


@click.group("claim", short_help="What is owed: invoices, advances, payments on them.")
def command() -> None:
    """Claims: who owes whom, under which contract, what was paid."""


@command.command("add", short_help="Say that somebody owes an amount.")
@click.argument("debtor")
@click.argument("amount")
@click.argument("account")
@click.option("--creditor", default="org", show_default=True, help="To whom it is owed.")
@click.option("--for", "beneficiary", default="", help="The member who did the work; the creditor if not given.")
@click.option("--contract", default="", help="Under this contract.")
@click.option("--ended", help="The day on which the work ended, such as 2026-03-02.")
@click.option("--due", help="The day by which it is to be paid.")
@says
@click.pass_obj
def add(data_dir: str | None, /, debtor: str, amount: str, account: str, *, how: How, **given: Any) -> None:  # noqa: ANN401 - texts
    """Says that DEBTOR owes AMOUNT. What is paid goes to ACCOUNT, unless a contract says otherwise."""
    from ledger.reciprocity.state import Account
    from ledger.showing.naming import find_account, find_contract, find_party

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            account_id = find_account(view, account)
            unit = view.book.need(Account, account_id).unit
            creditor = find_party(view, given["creditor"])
            body: dict[str, Value] = {
                "debtor": find_party(view, debtor),
                "creditor": creditor,
                "amount": view.read_amount(amount, unit),
                "unit": unit,
                "account": account_id,
            }
            body |= {"for": find_party(view, given["beneficiary"])} if given["beneficiary"] else {}
            body |= {"contract": find_contract(view, given["contract"])} if given["contract"] else {}
            body |= {name: read_day(given[name]) for name in ("ended", "due") if given[name]}
        saved = speaker.say("claim", body, [creditor])
        speaker.report(saved, f"{plain(debtor)} owes {amount} {unit}")


@command.command("list")
@click.option("--party", default="", help="Of a member, or org.")
@click.option("--contract", default="", help="Under this contract.")
@click.option("--open", "unpaid", is_flag=True, help="Those that are not paid.")
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, party: str, contract: str, log: str, *, unpaid: bool, as_json: bool) -> None:
    """Lists claims."""
    from ledger.showing.contracts import CLAIMS_SCHEMA, claim_objects
    from ledger.showing.naming import find_contract, find_party

    with looking(data_dir, log) as view:
        claims = claim_objects(
            view,
            read_day(None),
            party=find_party(view, party) if party else b"",
            contract=find_contract(view, contract) if contract else b"",
            unpaid=unpaid,
        )
    if as_json:
        show_json({"schema": CLAIMS_SCHEMA, "claims": claims})
        return
    rows = [
        (
            one["id"][:8],
            one["debtor"]["name"],
            one["for"]["name"],
            f"{one['amount']} {one['unit']}",
            one["paid"],
            one["state"] + (", advanced" if one["advanced"] and one["state"] != "paid" else ""),
            one.get("payable_by") or one["due"] or "",
        )
        for one in claims
    ]
    show_table(rows, ("id", "owes", "for", "amount", "paid", "state", "by"))


@command.command("show")
@click.argument("claim")
@log_option
@json_option
@click.pass_obj
def show_(data_dir: str | None, claim: str, log: str, *, as_json: bool) -> None:
    """Shows a claim."""
    from ledger.reciprocity.state import ClaimState
    from ledger.showing.contracts import CLAIM_SCHEMA, claim_object
    from ledger.showing.naming import find_by_id

    with looking(data_dir, log) as view:
        value = claim_object(view, find_by_id(view, ClaimState, claim, "claim"), read_day(None))
    if as_json:
        show_json({"schema": CLAIM_SCHEMA, "claim": value})
        return
    for name, part in value.items():
        text = part["name"] if isinstance(part, dict) else part
        if text:
            show(f"{name.replace('_', ' '):<12} {'yes' if text is True else plain(text)}")


@command.command("advance", short_help="The fund pays before the client does.")
@click.argument("claim")
@click.option("--on", help="The day; today if not given.")
@says
@click.pass_obj
def advance(data_dir: str | None, claim: str, on: str | None, *, how: How) -> None:
    """Has the fund of the contract's guaranteed payment pay before the client does, and pays the wage."""
    from ledger.reciprocity.state import ClaimState
    from ledger.showing.naming import find_by_id

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            claim_id, organisation = find_by_id(view, ClaimState, claim, "claim"), view.log_id
        saved = speaker.say("advance", {"claim": claim_id, "on": read_day(on)}, [organisation])
        speaker.report(saved, "the fund has taken it over; `folkmoot contract carry-out` pays the wage")


@command.command("settle", short_help="Book a payment on a claim.")
@click.argument("claim")
@click.argument("amount", required=False)
@click.option("--from", "payer", required=True, help="The account that pays: an external one, or the debtor's.")
@click.option("--on", help="The day; today if not given.")
@says
@click.pass_obj
def settle(data_dir: str | None, claim: str, amount: str | None, payer: str, on: str | None, *, how: How) -> None:
    """Books a payment of AMOUNT on CLAIM, or of all that is open; to whom it goes follows from the contract."""
    from ledger.reciprocity.lines import legs_of
    from ledger.reciprocity.state import Account, ClaimState, Contract
    from ledger.reciprocity.yields import settlement
    from ledger.showing.naming import find_account, find_by_id

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            claim_id = find_by_id(view, ClaimState, claim, "claim")
            found = view.book.need(ClaimState, claim_id)
            source = find_account(view, payer, found.unit)
            paid = view.read_amount(amount, found.unit) if amount else found.amount - found.paid
            contract = view.book.get(Contract, found.contract) if found.contract else None
            lines = settlement(contract.clauses if contract else [], found.amount, found.account, found.paid, paid)
            legs: list[Value] = [[account, part] for account, part in sorted([*legs_of(lines), (source, -paid)])]
            basis: dict[str, Value] = {"claim": claim_id}
            if found.contract:
                basis["contract"] = found.contract
            owner = view.book.need(Account, source).owner
            shown = f"{view.show(paid, found.unit)} {found.unit} paid by {view.name(found.debtor)}"
        body: dict[str, Value] = {"code": "settle", "legs": legs, "on": read_day(on), "basis": basis}
        speaker.report(speaker.say("post", body, [owner]), plain(shown))


@command.command("give-up", short_help="Write what the assembly decides: a claim is given up.")
@click.argument("claim")
@says
@click.pass_obj
def give_up(data_dir: str | None, claim: str, *, how: How) -> None:
    """Writes what the assembly has to decide to give CLAIM up: a loss is borne by the pledges of its contract."""
    from ledger.reciprocity.state import ClaimState
    from ledger.showing.explaining import explain, post_body
    from ledger.showing.naming import find_by_id

    if how.out is None:
        raise click.UsageError(DECIDE_FIRST)
    day = read_day(None)
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            claim_id, organisation = find_by_id(view, ClaimState, claim, "claim"), view.log_id
            found = view.book.need(ClaimState, claim_id)
            items = explain(view, found.contract, day, claim_id).items if found.contract else []
            loss = next((item for item in items if item.code == "guarantee_call"), None)
            body: dict[str, Value] = {"code": "writeoff", "legs": [], "on": day, "basis": {"claim": claim_id}}
            if loss is not None:
                body = post_body(loss, day)
            shown = f"the claim on {view.name(found.debtor)} is given up"
        speaker.report(speaker.say("post", body, [organisation]), plain(shown), to_be_decided=True)
