# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot statement`: everything a log says of one member, in a file that the member checks alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.output import json_option, say, show_json
from cli.speaking import log_option, looking

_PATH = click.Path(path_type=Path)


@click.command("statement", short_help="Write everything about one member into a file to verify offline.")
@click.argument("member")
@click.option("--output", "-o", type=_PATH, help="File; LOG-MEMBER.member-statement if not given; - is stdout.")
@click.option("--trust", type=_PATH, help="Write a trust file for the log and its witnesses, too.")
@click.option("--page", type=_PATH, help="Write a page, too, that checks the statement in any browser, offline.")
@log_option
@click.option("--public", is_flag=True, help="Leave out the profile and the notes that are not public.")
@json_option
@click.pass_obj
def command(  # noqa: PLR0913 - one for each file that is written
    data_dir: str | None,
    member: str,
    output: Path | None,
    trust: Path | None,
    page: Path | None,
    log: str,
    *,
    public: bool,
    as_json: bool,
) -> None:
    """Writes the statement of one member: MEMBER is an id, the beginning of one, or a name that is known here.

    It holds all entries that concern the member, the balances of the member's accounts, and the proof that nothing was
    left out, up to the last state that the log has signed. Whoever has the file needs nobody to check it:
    `folkmoot verify FILE`, or the page that --page writes, which holds the statement and shows it as tables.
    """
    if as_json and str(output) == "-":
        raise click.UsageError("either the file goes to stdout or JSON about it, not both")
    from ledger.proofs.member_statement import make_member_statement
    from ledger.proofs.proving import trust_file
    from ledger.showing.naming import find_member
    from node.verifier.page import verifier_page
    from protocol.identity import short_log_id
    from protocol.member_replay import MemberVerdict

    with looking(data_dir, log) as view:
        one = find_member(view, member)
        made = make_member_statement(view.reads, view.tree, one, private=not public)
        trusted = trust_file(view.reads, view.tree)
        languages = view.charter.languages
        path = output or Path(f"{short_log_id(view.log_id)}-{one.hex()[:8]}.member-statement")
    if str(output) == "-":
        sys.stdout.buffer.write(made.data)
    else:
        path.write_bytes(made.data)
    if trust:
        trust.write_bytes(trusted)
    if page:
        page.write_text(verifier_page(made.data, languages), "utf-8")
    witnessed = made.verdict is MemberVerdict.TRUE
    if as_json:
        value = {
            "schema": "folkmoot.statement/1",
            "file": "" if str(output) == "-" else str(path),
            "member": one.hex(),
            "entries": made.entries,
            "bytes": len(made.data),
            "witnessed": witnessed,
        }
        show_json(value)
        return
    say(f"written: {path}, {made.entries:,} entries, {len(made.data):,} bytes")
    if trust:
        say(f"written: {trust}; compare the log ids in it with what the organisations told you themselves")
    if page:
        say(f"written: {page}; open it in a browser, on any machine")
    if not witnessed:
        say("The witnesses have not cosigned it yet: until they have, a verifier says that it cannot tell.")
