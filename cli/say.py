# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot say`: any statement of the reciprocity ledger, from JSON. What other commands do not say, this one does."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.carrying import write_out
from cli.failure import CommandError
from cli.key_file import open_key
from cli.output import show
from cli.speaking import How, says, speaking

if TYPE_CHECKING:
    from protocol.encoding import Value

SCOPE_NAMES = ("public", "circle", "private")


@click.command("say", short_help="Say anything in the ledger, from JSON.")
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--by", "by", multiple=True, help="Whose word it is: members or org; the first is its author.")
@click.option(
    "--scope",
    type=click.Choice(SCOPE_NAMES),
    help="Who may read it; if not given, private for profiles and notes.",
)
@says
@click.pass_obj
def command(data_dir: str | None, kind: str, file: Path, *, by: tuple[str, ...], scope: str | None, how: How) -> None:
    """Says a statement of KIND whose body is the JSON object in FILE (- is stdin): the fields of spec 17 §3.

    Bytes are hexadecimal, amounts whole numbers of their unit's smallest part, days numbers from 1970-01-01. On a
    machine without a node, name the whole id of the log, and --key and --out: so a member can say anything at home.
    """
    from ledger.bodyform import body_from_json
    from ledger.errors import StoreUnusableError
    from ledger.jsonform import refuse_repeated
    from ledger.showing.naming import find_party
    from protocol.kinds import PUBLIC_KINDS, check_body

    text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    try:
        value = json.loads(text, object_pairs_hook=refuse_repeated)
    except json.JSONDecodeError as error:
        raise CommandError(f"{file}: not JSON: {error}") from None
    body = body_from_json(kind, value)
    check_body(kind, body)
    number = SCOPE_NAMES.index(scope) if scope else (0 if kind in PUBLIC_KINDS else 2)
    try:
        with speaking(data_dir, how) as speaker:
            with speaker.view() as view:
                parties = [find_party(view, one) for one in by or ("org",)]
            speaker.report(speaker.say(kind, body, parties, scope=number), kind)
    except StoreUnusableError:
        if how.out is None or not how.keys or by:
            raise
        _say_at_home(kind, body, number, how)


def _say_at_home(kind: str, body: dict[str, Value], scope: int, how: How) -> None:
    """Writes a statement where there is no ledger to look anything up in."""
    from protocol.carried import Carried, sign_carried
    from protocol.identity import parse_log_id
    from protocol.statement import make_statement

    keys = [open_key(path) for path in how.keys]
    log_id, one_id = parse_log_id(how.log), os.urandom(16)
    carried = Carried(make_statement(log_id, kind, one_id, int(time.time()), keys[0].public, body), scope)
    for key in keys:
        carried = sign_carried(carried, key)
    assert how.out is not None
    write_out(how.out, carried)
    show(one_id.hex())
