# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot statement`: everything a log says of one member, in a file that the member checks alone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from cli.output import json_option, say, show_json

_PATH = click.Path(path_type=Path)


@click.command("statement", short_help="Write everything about one member into a file to verify offline.")
@click.argument("member")
@click.option("--output", "-o", type=_PATH, help="File; LOG-MEMBER.member-statement if not given; - is stdout.")
@click.option("--trust", type=_PATH, help="Write a trust file for the log and its witnesses, too.")
@click.option("--log", metavar="LOG", help="The beginning of a log's id; one's own log if not given.")
@click.option("--public", is_flag=True, help="Leave out the profile and the notes that are not public.")
@json_option
@click.pass_obj
def command(
    data_dir: str | None,
    member: str,
    output: Path | None,
    trust: Path | None,
    log: str | None,
    *,
    public: bool,
    as_json: bool,
) -> None:
    """Writes the statement of one member: MEMBER is the beginning of the member's id.

    It holds all entries that concern the member, the balances of the member's accounts, and the proof that nothing was
    left out, up to the last state that the log has signed. Whoever has the file needs nobody to check it:
    `folkmoot verify FILE`.
    """
    from ledger.audit import find_tree
    from ledger.member_statement import make_member_statement
    from ledger.proving import trust_file
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory
    from protocol.identity import short_log_id
    from protocol.member_replay import MemberVerdict

    with SqliteStore(data_directory(data_dir).store, writable=False).read() as reads:
        tree = find_tree(reads, log) if log else reads.tree_numbered(int(reads.fact("own") or 0))
        made = make_member_statement(reads, tree, member, private=not public)
        trusted = trust_file(reads, tree)
    path = output or Path(f"{short_log_id(tree.origin.log_id)}-{made.member.hex()[:8]}.member-statement")
    if str(output) == "-":
        sys.stdout.buffer.write(made.data)
    else:
        path.write_bytes(made.data)
    if trust:
        trust.write_bytes(trusted)
    witnessed = made.verdict is MemberVerdict.TRUE
    if as_json:
        value = {
            "schema": "folkmoot.statement/1",
            "file": "" if str(output) == "-" else str(path),
            "member": made.member.hex(),
            "entries": made.entries,
            "bytes": len(made.data),
            "witnessed": witnessed,
        }
        show_json(value)
        return
    say(f"written: {path}, {made.entries:,} entries, {len(made.data):,} bytes")
    if trust:
        say(f"written: {trust}; compare the log ids in it with what the organisations told you themselves")
    if not witnessed:
        say("The witnesses have not cosigned it yet: until they have, a verifier says that it cannot tell.")
