# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot submit`: enters what was signed elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cli.carrying import read_in, show_carried
from cli.failure import CommandError
from cli.output import json_option
from cli.speaking import How, speaking

_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command("submit", short_help="Enter a statement that was signed elsewhere.")
@click.argument("file", type=_FILE)
@click.option("--countersign", is_flag=True, help="Add the organisation's own signature, where its word is needed too.")
@json_option
@click.pass_obj
def command(data_dir: str | None, file: Path, *, countersign: bool, as_json: bool) -> None:
    """Enters the statement in FILE (- is stdin) into this organisation's log. It was signed elsewhere.

    Who must sign what stands in the specifications (spec 17). A statement that would have no effect is not written.
    """
    from ledger.own.keys import read_key
    from ledger.showing.known import SHORT_DIGITS
    from ledger.showing.wording import WHAT
    from protocol.carried import sign_carried
    from protocol.identity import show_log_id

    carried = read_in(file)
    said = carried.said
    with speaking(data_dir, How((), None, "", as_json)) as speaker:
        with speaker.view() as view:
            if said.log_id != view.log_id:
                other = show_log_id(said.log_id)[:SHORT_DIGITS]
                raise CommandError(f"this is for another ledger, that of the log {other}: submit it there")
            show_carried(carried, view)
        if countersign:
            carried = sign_carried(carried, read_key(speaker.directory.key))
        saved = speaker.submit(said.kind, said.id, carried.payload(os.urandom(32)), carried.scope)
        speaker.report(saved, WHAT[said.kind])
