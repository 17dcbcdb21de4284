# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot`: the list of commands. Each is loaded only when it is used, so that --help is instant."""

from __future__ import annotations

import sys
from importlib import import_module
from io import StringIO

import click

from cli.output import printable
from protocol import __version__

COMMANDS = {
    "init": ("cli.init", "Found an organisation: keys, charter, an empty log."),
    "serve": ("cli.serve", "Run the node."),
    "import": ("cli.importing", "Take in a file of records (CSV, GeoJSON, ODS, XLSX, KML, ...), update it, undo it."),
    "search": ("cli.search", "Search the directory."),
    "duplicates": ("cli.duplicates", "Records that may be one thing: merge, keep apart, undo."),
    "places": ("cli.places", "Records whose place is missing or in doubt; put them on the map."),
    "match": ("cli.match", "Offers and needs that fit each other, and why."),
    "proposal": ("cli.proposal", "What anybody has proposed or reported: look, decide, ask the assembly."),
    "record": ("cli.record", "Show, add, change or close one record."),
    "term": ("cli.term", "The glossary: words in many languages, what they mean here."),
    "skill": ("cli.skill", "Who knows how to do what, by whose word."),
    "problem": ("cli.problem", "Problems: open, solved, how and by whom."),
    "need": ("cli.need", "What people need; members vote on it."),
    "principle": ("cli.principle", "Principles: declared, reviewed, endorsed, disputed."),
    "member": ("cli.member", "Who belongs: join, profile, keys, signing."),
    "unit": ("cli.unit", "What is counted: euros, hours, credits, shares, kWh."),
    "account": ("cli.account", "Where amounts are held: members', funds, the reserve, the bank."),
    "contract": ("cli.contract", "Templates, trials; offer, sign, explain, carry out."),
    "event": ("cli.event", "What happened: work, use, gifts, care, goods; thanks."),
    "booking": ("cli.booking", "Times at which a resource is taken; promises."),
    "claim": ("cli.claim", "What is owed: invoices, advances, payments on them."),
    "pay": ("cli.pay", "Pay from one account to another."),
    "collective": ("cli.collective", "Hosted groups: fund, expense requests, approval, host fee."),
    "assembly": ("cli.assembly", "Proposals, votes, decisions; one member, one vote."),
    "flows": ("cli.flows", "Who gave what to whom, over a period."),
    "dispute": ("cli.dispute", "Disagreements: what they are about stands still."),
    "note": ("cli.note", "Words about something: private, erasable."),
    "post": ("cli.post", "Movements between accounts, of any code; corrections."),
    "submit": ("cli.submit", "Enter a statement that was signed elsewhere."),
    "say": ("cli.say", "Say anything in the ledger, from JSON."),
    "log": ("cli.log", "Show, follow, vouch for, prove, audit, rebuild logs; erase; override."),
    "key": ("cli.key", "Show, replace and revoke keys; recover after loss or theft; open an epoch."),
    "peer": ("cli.peer", "Show, add, remove, deny and allow peers."),
    "role": ("cli.role", "Who may write in the organisation's name, and what."),
    "moderation": ("cli.moderation", "Decide what is shown; subscribe to others' decisions."),
    "statement": ("cli.statement", "Write everything about one member into a file to verify offline."),
    "verify": ("cli.verify", "Check a proof or a member statement, offline."),
    "bundle": ("cli.bundle", "Carry logs in a file or a folder: export, import."),
    "neighbour": ("cli.neighbour", "Pay to and from other organisations' ledgers."),
    "export": ("cli.export", "Write the ledger for other programs: beancount, hledger, CSV and more."),
    "backup": ("cli.backup", "Copy the store while it is in use."),
    "restore": ("cli.restore", "Put a backup back, verified."),
    "doctor": ("cli.doctor", "Look for what could go wrong on this machine."),
    "demo": ("cli.demo", "Three organisations on this machine, found, filled, connected, verified."),
    "completion": ("cli.completion", "Print the completion script for your shell."),
}


SECTIONS = {
    "The node": ("init", "serve", "key", "peer", "log", "bundle", "backup", "restore", "doctor"),
    "The directory": ("search", "record", "match", "import", "duplicates", "proposal", "places", "role", "moderation"),
    "What is known here": ("term", "skill", "problem", "need", "principle"),
    "The ledger: who, what, where": ("member", "unit", "account", "contract", "collective", "neighbour"),
    "The ledger: day by day": ("event", "booking", "claim", "pay", "post", "note"),
    "The ledger: together": ("flows", "assembly", "dispute", "say", "submit"),
    "To take away": ("statement", "export", "verify"),
    "More": ("demo", "completion"),
}
"""The commands as --help shows them."""


class _Commands(click.Group):
    """The commands, loaded when used."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name == "test":
            raise click.UsageError("the tests are run from a checkout: ./folkmoot test")
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[name][0]).command
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, COMMANDS[name][1]) for name in names])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Folkmoot: a federated directory of the commons and a reciprocity ledger, in signed logs that "
    "anybody can verify.",
    epilog="Exit codes: 0 ok, 1 failed, 2 usage, 3 verified and false, 4 not found, 5 peer or network, "
    "6 store locked, full or damaged, 7 cannot be verified.",
)
@click.version_option(__version__, prog_name="folkmoot")
@click.option(
    "--data-dir", metavar="DIR", help="Where the node's data lie (FOLKMOOT_DATA_DIR; else the XDG data directory)."
)
@click.pass_context
def cli(context: click.Context, data_dir: str | None) -> None:
    """Keeps what all commands share."""
    context.obj = data_dir


def main() -> None:
    """The program: runs a command and exits with its code."""
    try:
        code = cli.main(prog_name="folkmoot", standalone_mode=False)
    except click.exceptions.Abort:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    except click.ClickException as error:
        shown = StringIO()
        error.show(shown)
        sys.stderr.write(printable(shown.getvalue()))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:  # noqa: BLE001 - the one place where errors become text and codes
        from cli.failure import explain

        text, exit_code = explain(error)
        click.echo(f"folkmoot: {printable(text)}", err=True)
        sys.exit(exit_code)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
