# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot demo --story mutual`: a labour mutual with a year behind it, its neighbour, and a member's own proof."""

from __future__ import annotations

import secrets
import time
from random import Random
from typing import TYPE_CHECKING, Any

from cli.failure import FALSE, CommandError
from cli.output import show
from cli.staging import REPLICATION_S, connect, found, serve, show_step, wait_for

if TYPE_CHECKING:
    from cli.staging import Organisation
    from cli.story.mutual import Mutual

ORGANISATIONS: list[dict[str, Any]] = [
    {
        "name": "La Grande Ourse, mutuelle de travail",
        "folder": "mutual",
        "kind": "coop",
        "language": "fr",
        "territory": "Brasseneuve",
    },
    {"name": "Atelier du Moulin", "folder": "workshop", "kind": "coop", "language": "fr", "territory": "Brasseneuve"},
]
TRUST = "5000.00"
PAYMENTS = (("0", "120.00"), ("1", "80.50"), ("0", "45.00"))
"""Who pays (0: the mutual), and how much."""
SEED = 7


def show_mutual(organisations: list[Organisation], mdns: bool) -> None:  # noqa: FBT001 - as every story is run
    """Tells the story step by step, with the addresses of its pages. Raises CommandError."""
    mutual, workshop = organisations
    show_step(1, "Two organisations are founded: a labour mutual, and a workshop next door")
    for one in organisations:
        found(one)
        show(f"   {one.name}: log {one.log[:8]}")
    show_step(2, "The mutual has a year behind it: everything is signed by whose word it takes, and checked")
    told = _tell(mutual)
    show_step(3, "Their nodes start and find each other")
    network = f"demo-{secrets.token_hex(4)}"
    for one in organisations:
        serve(one, network, mdns=mdns)
    connect(organisations, mdns=mdns)
    show_step(4, "They trade: each payment is reserved in one log, accepted in the other, and posted with proof of it")
    _trade(mutual, workshop)
    show_step(5, "A member takes their statement away and checks it with no network and no node")
    _take_away(mutual, told)
    show("")
    show("Look around:")
    _show_pages(mutual, told)
    show(f"   {workshop.url}/  {workshop.name}")


def _tell(mutual: Organisation) -> Mutual:
    from cli.story.mutual import tell
    from ledger.data_directory import DataDirectory
    from ledger.ledger import Ledger

    begun = time.monotonic()
    with Ledger(DataDirectory(mutual.path)) as ledger:
        told = tell(ledger, Random(SEED), int(time.time()) // 86_400)  # noqa: S311 - a story, not a secret
    said = told.said
    show(f"   {said['member.join']} members and clients, {said['claim']} invoices, {said['post']} movements,")
    show(f"   {said['event']} contributions, gifts and uses, {said['vote']} votes: {told.statements:,} statements,")
    show(f"   written, folded and stated in {time.monotonic() - begun:.1f} s")
    return told


def _ran(one: Organisation, *words: str) -> str:
    done = one.run(*words)
    if done.returncode:
        raise CommandError(f"{one.name}: folkmoot {' '.join(words[:2])}: {done.stderr.strip()}", done.returncode)
    return done.stdout


def _trade(mutual: Organisation, workshop: Organisation) -> None:
    for words in (
        ("unit", "add", "EUR", "money", "--name", "euro"),
        ("account", "open", "org", "EUR", "--type", "external", "--title", "Banque"),
        ("account", "open", "org", "EUR", "--type", "pool", "--title", "Services"),
        ("pay", "Banque", "Services", "2000.00"),
    ):
        _ran(workshop, *words)
    sides = (mutual, workshop)
    for one, other in (sides, sides[::-1]):
        _ran(one, "neighbour", "add", other.log, "EUR", "--trust", TRUST)

    def knows_accounts() -> bool:
        return all(
            other.log in {log["log"] for log in one.get("/v1/log")["logs"] if log["derived"] == log["size"] > 3}
            for one, other in (sides, sides[::-1])
        )

    if not wait_for(knows_accounts, REPLICATION_S):
        raise CommandError("the two did not come to hold each other's logs in time")
    for number, amount in PAYMENTS:
        payer, payee = sides if number == "0" else sides[::-1]
        _ran(payer, "neighbour", "pay", "Services", payee.log, "Services", amount)
        show(f"   {payer.name} pays {amount} EUR to {payee.name}")

    def all_posted() -> bool:
        return all(" reserved" not in _ran(one, "neighbour", "payments") for one in sides)

    if not wait_for(all_posted, REPLICATION_S):
        raise CommandError("a payment was not answered in time")
    for one in sides:
        for line in _ran(one, "neighbour", "list").splitlines()[1:]:
            show(f"   {one.name} | {line}")


def _take_away(mutual: Organisation, told: Mutual) -> None:
    statement, trust = mutual.path / "member.statement", mutual.path / "trust.txt"
    _ran(mutual, "statement", told.member.hex(), "-o", str(statement), "--trust", str(trust))
    done = mutual.run("verify", str(statement), "--trust", str(trust))
    for line in done.stdout.splitlines():
        show(f"   {line}")
    if done.returncode:
        raise CommandError(f"the statement does not hold: {done.stdout}{done.stderr}", FALSE)
    show(f"   {statement.stat().st_size:,} bytes: {statement}")


def _show_pages(mutual: Organisation, told: Mutual) -> None:
    ledger = f"{mutual.url}/ledger/{mutual.log}"
    show(f"   {mutual.url}/knowledge  what is known there: words, skills, problems, needs, principles")
    show(f"   {mutual.url}/offers  work that is offered and sought, and what fits")
    for path, what in (
        ("", "the mutual's ledger: accounts, flows, what is owed"),
        (f"/member/{told.member.hex()}", "a member: contributions, balances, contracts, thanks"),
        (f"/contract/{told.contract.hex()}", "the mutual's contract, explained"),
        (f"/member/{told.collective.hex()}", "a choir without legal form, and its transparent fund"),
        ("/bookings", "what is lent: a drill with its calendar, terms and bookings"),
        ("/assembly", "the assembly: proposals, votes, decisions"),
    ):
        show(f"   {ledger}{path}  {what}")
