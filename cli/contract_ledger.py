# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contracts in the ledger: offered, signed, ended, shown, explained, carried out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import json_option, plain, printable, say, show, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking
from cli.template_file import read_file
from cli.written import read_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.encoding import Value

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("offer", short_help="Offer an edited template to its parties.")
@click.argument("file", type=_FILE)
@click.option("--by", default="org", show_default=True, help="Who offers it: a party to it, or org.")
@says
@click.pass_obj
def offer(data_dir: str | None, file: Path, by: str, *, how: How) -> None:
    """Offers the contract in FILE, an edited template, to its parties. Each of them has to sign it.

    Behind each name in the file stands an id, or the name by which it is known here: of a member, an account, a record.
    """
    from ledger.reciprocity.template import offer_of
    from ledger.showing.naming import find_party
    from ledger.showing.templates import template_names

    template = read_file(file)
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            body = offer_of(template, template_names(view, template))
            party = find_party(view, by)
        saved = speaker.say("contract.offer", body, [party])
        speaker.report(saved, f"contract {plain(next(iter(template.tables['title'].values())))}")


@click.command("sign", short_help="Sign a contract for a party: exactly its terms.")
@click.argument("contract")
@click.argument("party")
@says
@click.pass_obj
def sign(data_dir: str | None, contract: str, party: str, *, how: How) -> None:
    """Signs CONTRACT for PARTY, a member or org: exactly the terms that stand in the log."""
    from ledger.reciprocity.state import Contract
    from ledger.showing.naming import find_contract, find_party
    from protocol.reciprocity_bodies import ContractOffer

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            contract_id = find_contract(view, contract)
            signer = find_party(view, party)
            found = view.book.need(Contract, contract_id)
            offered = view.said(contract_id)
            assert isinstance(offered.body, ContractOffer)
            terms = bytes(offered.statement.body)
            shown = f"{view.words(found.title)}, by {view.name(signer)}"
        body: dict[str, Value] = {"contract": contract_id, "party": signer, "terms": found.terms}
        speaker.report(speaker.say("contract.sign", body, [signer], terms=terms), plain(shown))


@click.command("end")
@click.argument("contract")
@click.option("--on", help="The day, such as 2026-03-02; today if not given.")
@click.option("--by", default="org", show_default=True, help="The party that ends it.")
@says
@click.pass_obj
def end(data_dir: str | None, contract: str, on: str | None, by: str, *, how: How) -> None:
    """Ends CONTRACT on a day. Whoever only acceded to it leaves it alone."""
    from ledger.showing.naming import find_contract, find_party

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            contract_id, party = find_contract(view, contract), find_party(view, by)
        body: dict[str, Value] = {"contract": contract_id, "on": read_day(on)}
        speaker.report(speaker.say("contract.end", body, [party]), "contract ended")


@click.command("list")
@click.option("--party", default="", help="Of a member, or org.")
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, party: str, log: str, *, as_json: bool) -> None:
    """Lists contracts."""
    from ledger.showing.contracts import CONTRACTS_SCHEMA, contract_objects
    from ledger.showing.naming import find_party

    with looking(data_dir, log) as view:
        contracts = contract_objects(view, read_day(None), find_party(view, party) if party else b"")
    if as_json:
        show_json({"schema": CONTRACTS_SCHEMA, "contracts": contracts})
        return
    rows = [
        (
            one["id"][:8],
            one["name"],
            one["state"] + (", in dispute" if one["disputes"] else ""),
            one["from"],
            one["until"] or "",
            f"{sum(party['signed'] for party in one['parties'])}/{len(one['parties'])}",
        )
        for one in contracts
    ]
    show_table(rows, ("id", "contract", "state", "from", "until", "signed"))


@click.command("show", short_help="A contract in plain words: parties, clauses.")
@click.argument("contract")
@log_option
@json_option
@click.pass_obj
def show_(data_dir: str | None, contract: str, log: str, *, as_json: bool) -> None:
    """Shows a contract: its parties, and what each clause says in plain words."""
    from ledger.showing.contracts import CONTRACT_SCHEMA, contract_object
    from ledger.showing.naming import find_contract

    with looking(data_dir, log) as view:
        value = contract_object(view, find_contract(view, contract), read_day(None))
    if as_json:
        show_json({"schema": CONTRACT_SCHEMA, "contract": value})
        return
    show(plain(value["name"]))
    for name in ("id", "state", "from", "until", "ended", "supersedes"):
        if value[name]:
            show(f"  {name:<10} {value[name]}")
    for party in value["parties"]:
        left = f", left it on {party['left']}" if party.get("left") else ""
        show(f"  {'signed' if party['signed'] else 'NOT SIGNED':<10} {plain(party['name'])}{left}")
    if value["accede"]:
        show(f"  {'open to':<10} {', '.join(value['accede'])}")
    for clause in value["clauses"]:
        show(f"{clause['number']}. {clause['kind'].replace('_', ' ')}")
        for said in clause["says"]:
            show(f"   {printable(said['text'].format(**said['values']))}")


@click.command("explain", short_help="What is owed: each line, its rule, what it rests on.")
@click.argument("contract")
@click.option("--claim", default="", help="What follows from this claim alone.")
@click.option("--on", help="As of a day; today if not given.")
@log_option
@json_option
@click.pass_obj
def explain_(data_dir: str | None, contract: str, claim: str, on: str | None, log: str, *, as_json: bool) -> None:
    """Shows what a contract has yielded and what is owed: each line, its rule, its rounding and what it rests on."""
    from ledger.reciprocity.state import ClaimState
    from ledger.showing.explaining import explain, explanation_object
    from ledger.showing.naming import find_by_id, find_contract

    day = read_day(on)
    with looking(data_dir, log) as view:
        claim_id = find_by_id(view, ClaimState, claim, "claim") if claim else b""
        value = explanation_object(view, explain(view, find_contract(view, contract), day, claim_id), day)
    if as_json:
        show_json(value)
    else:
        show_items(value["items"])


def show_items(items: Sequence[dict[str, Any]]) -> None:
    """What follows from a contract, item by item."""
    for item in items:
        day = f", {item['on']}" if item["on"] else ""
        show(f"{plain(item['what'])} ({item['about'][:8]}{day}): {item['state']}")
        rows = [
            (
                line["clause"] or "",
                line["name"],
                line["account"]["name"] if line["account"] else "",
                f"{line['amount']} {item['unit']}",
                line["rule"],
                "rounded" if line["rounded"] else "",
                " ".join(f"{source.get('kind', '?')} {source['id'][:8]}" for source in line["sources"]),
            )
            for line in item["lines"]
        ]
        if rows:
            show_table(rows, ("clause", "line", "account", "amount", "rule", "", "rests on"))
        if item["why"]:
            show(f"  {plain(item['why'])}")
        show()
    if not items:
        say("nothing follows from it yet")


@click.command("carry-out", short_help="Post all that is owed under a contract now.")
@click.argument("contract")
@click.option("--only", default="", help="Only of this code: wage, reinvest, access_fee, rent, host_fee, dividend.")
@click.option("--dry-run", is_flag=True, help="Only show what would be posted.")
@says
@click.pass_obj
def carry_out(data_dir: str | None, contract: str, only: str, *, dry_run: bool, how: How) -> None:
    """Posts all that is owed under CONTRACT now, and nothing else: `explain` shows it as owed."""
    from ledger.showing.explaining import explain, explanation_object, post_body
    from ledger.showing.naming import find_contract
    from ledger.showing.owing import OWED

    day = read_day(None)
    if how.out is not None:
        raise click.UsageError("several posts may be owed: they are not written to one file; see `folkmoot post`")
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            contract_id, organisation = find_contract(view, contract), view.log_id
            found = explain(view, contract_id, day)
            owed = [item for item in found.items if item.state == OWED and (not only or item.code == only)]
            value = explanation_object(view, found._replace(items=owed), day)
        posted = []
        for item in () if dry_run else owed:
            post = item
            if item.code == "reinvest":  # what was given in kind may have been used up by the one before
                with speaker.view() as view:
                    again = explain(view, contract_id, day, item.about).items
                    post = next(one for one in again if (one.code, one.about) == (item.code, item.about))
            posted.append(speaker.say("post", post_body(post, day), [organisation]))
    if how.as_json:
        saved = [one._asdict() | {"id": one.id.hex()} for one in posted]
        show_json({"schema": "folkmoot.carried-out/1", "owed": value["items"], "posted": saved})
        return
    show_items(value["items"])
    show(f"{len(posted)} posted" if not dry_run else f"{len(owed)} would be posted")


@click.command("dividend", short_help="Write what the assembly decides: a surplus is shared.")
@click.argument("contract")
@click.argument("surplus")
@click.argument("pool")
@click.option("--from", "since", required=True, help="The first month, such as 2026-01.")
@click.option("--until", required=True, help="The month after the last.")
@says
@click.pass_obj
def dividend(data_dir: str | None, contract: str, surplus: str, pool: str, since: str, until: str, *, how: How) -> None:
    """Writes that SURPLUS, in the account POOL, is to be shared out as CONTRACT says. The assembly decides that.

    When it is enacted, `folkmoot contract carry-out` pays it.
    """
    from cli.claim import DECIDE_FIRST
    from ledger.reciprocity.state import Account, Contract
    from ledger.showing.naming import find_account, find_contract
    from protocol.amounts import parse_month
    from protocol.clauses import Patronage

    if how.out is None:
        raise click.UsageError(DECIDE_FIRST)
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            contract_id, account = find_contract(view, contract), find_account(view, pool)
            clauses = view.book.need(Contract, contract_id).clauses
            shares = [index for index, clause in enumerate(clauses) if isinstance(clause, Patronage)]
            if len(shares) != 1:
                raise click.UsageError(f"{len(shares)} clauses of this contract share a surplus, not one")
            organisation = view.log_id
            body: dict[str, Value] = {
                "contract": contract_id,
                "clause": shares[0],
                "from": parse_month(since),
                "until": parse_month(until),
                "surplus": view.read_amount(surplus, view.book.need(Account, account).unit),
                "pool": account,
                "decision": bytes(16),
            }
        said = speaker.say("dividend", body, [organisation])
        speaker.report(said, f"{surplus} is to be shared out", to_be_decided=True)


COMMANDS: Sequence[click.Command] = (offer, sign, end, list_, show_, explain_, carry_out, dividend)
