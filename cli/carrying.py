# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements that are carried from one machine to another: reading and writing them, `folkmoot member sign`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.failure import CommandError
from cli.key_file import open_key
from cli.output import json_option, plain, say, show, show_json

if TYPE_CHECKING:
    from ledger.showing.known import Known
    from protocol.carried import Carried

_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_STDIN = "-"


def read_in(path: Path) -> Carried:
    """The statement in a file, or on standard input."""
    from protocol.carried import CARRIED_CHARACTERS_MAX, read_carried

    if str(path) == _STDIN:
        text = sys.stdin.read(CARRIED_CHARACTERS_MAX + 1)
    else:
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(CARRIED_CHARACTERS_MAX + 1)
    return read_carried(text)


def write_out(path: Path, carried: Carried) -> None:
    """Writes a statement to a new file, or to standard output."""
    from protocol.carried import write_carried

    if str(path) == _STDIN:
        show(write_carried(carried).rstrip("\n"))
        return
    with path.open("x", encoding="ascii") as file:
        file.write(write_carried(carried))


def show_carried(carried: Carried, known: Known | None = None) -> None:
    """Says in words what is signed, on stderr: with the names that are known here, or else with those in the file."""
    from ledger.showing.carrying import Told, carried_lines
    from ledger.showing.known import id_text
    from ledger.showing.wording import WHAT

    said = carried.said
    lines = carried_lines(carried, known)
    say(f"{WHAT[said.kind]} ({said.kind}), in the ledger of {plain(id_text(said.log_id, known or Told(carried)))}")
    width = max((len(field) for field, _ in lines), default=0)
    for field, text in lines:
        say(f"  {field.ljust(width)}  {plain(text)}")
    if carried.scope:
        say("  It is not public.")
    signers = ", ".join(key.hex()[:8] for key, _ in carried.signatures)
    say(f"  signed so far by keys: {signers or 'nobody'}")
    if known is None:
        say("Names and decimals are as whoever made the file says; ids and keys are what is signed.")


@click.command("sign", short_help="Sign a statement that was carried here; no node is needed.")
@click.argument("file", type=_FILE)
@click.option("--key", "keys", type=_FILE, multiple=True, required=True, help="Key file of whoever signs; repeat it.")
@click.option("--out", type=_FILE, help="A new file for the signed statement; else FILE itself; - is stdout.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def sign(file: Path, keys: tuple[Path, ...], out: Path | None, *, yes: bool, as_json: bool) -> None:
    """Signs a statement that was carried here in FILE (- is stdin), on any machine; no node is needed.

    It says in plain words what would be signed, and asks. The file then goes to the next signer, or to where the log is
    kept (`folkmoot submit`).
    """
    from protocol.carried import sign_carried, write_carried

    carried = read_in(file)
    show_carried(carried)
    if not yes and not click.confirm("Sign it?", err=True):
        raise CommandError("not signed")
    for key in map(open_key, keys):
        carried = sign_carried(carried, key)
    target = out or file
    if target == file and str(file) != _STDIN:
        partial = file.with_name(f"{file.name}.part")
        partial.write_text(write_carried(carried), "ascii")
        partial.replace(file)
    else:
        write_out(target, carried)
    if as_json and str(target) != _STDIN:
        signers = [key.hex() for key, _ in carried.signatures]
        value = {"file": str(target), "kind": carried.said.kind, "id": carried.said.id.hex(), "signers": signers}
        show_json({"schema": "folkmoot.carried/1", **value})
    elif str(target) != _STDIN:
        show(f"signed: {target}; {len(carried.signatures)} so far")
