# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot pay`: an amount from one account to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.output import plain
from cli.speaking import How, says, speaking
from cli.written import read_day

if TYPE_CHECKING:
    from protocol.encoding import Value


@click.command("pay", short_help="Pay from one account to another.")
@click.argument("payer")
@click.argument("payee")
@click.argument("amount")
@click.option("--unit", default="", help="Where the payer has accounts in several.")
@click.option("--on", help="The day, such as 2026-03-02; today if not given.")
@says
@click.pass_obj
def command(data_dir: str | None, payer: str, payee: str, amount: str, unit: str, on: str | None, *, how: How) -> None:
    """Pays AMOUNT, such as 12.50, from the account PAYER to the account PAYEE.

    An account is named by its id, its title, its owner, or OWNER/UNIT; org is the organisation. Whoever pays signs: the
    organisation with this node's key, a member with a key that is kept here, or with --key FILE.
    """
    from ledger.reciprocity.state import Account
    from ledger.showing.naming import find_account

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            source = find_account(view, payer, unit)
            found = view.book.need(Account, source)
            target = find_account(view, payee, found.unit)
            moved = view.read_amount(amount, found.unit)
            if moved <= 0:
                raise click.UsageError(f"{amount} is not more than nothing: to take it back, swap payer and payee")
            if source == target:
                raise click.UsageError("payer and payee are the same account")
            owner = found.owner
            shown = f"{amount} {found.unit} from {view.account_name(source)} to {view.account_name(target)}"
        legs: list[Value] = [[account, part] for account, part in sorted(((source, -moved), (target, moved)))]
        body: dict[str, Value] = {"code": "transfer", "legs": legs, "on": read_day(on)}
        speaker.report(speaker.say("post", body, [owner]), plain(shown))
