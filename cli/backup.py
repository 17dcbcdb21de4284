# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot backup`: a checked copy of the store, taken while it is in use."""

from __future__ import annotations

import time
from pathlib import Path

import click

from cli.output import json_option, say, show, show_json


def passphrase_of(file: Path | None, *, confirm: bool) -> str:
    """The passphrase in the first line of a file, or asked for."""
    if file is not None:
        return file.read_text("utf-8").partition("\n")[0]
    answer: str = click.prompt("Passphrase for the keys", hide_input=True, confirmation_prompt=confirm, err=True)
    return answer


passphrase_option = click.option(
    "--passphrase-file", type=click.Path(path_type=Path), help="Read the passphrase from a file instead of asking."
)


@click.command("backup", short_help="Copy the store while it is in use.")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--with-keys", is_flag=True, help="Take the node's keys along, under a passphrase (Argon2id).")
@passphrase_option
@json_option
@click.pass_obj
def command(
    data_dir: str | None, folder: Path, passphrase_file: Path | None, *, with_keys: bool, as_json: bool
) -> None:
    """Copies logs, payloads and configuration into a new FOLDER, with their hashes, checked when it is taken.

    The head file stays behind: a store that is put back asks others what was signed last before it signs again. Keys
    stay behind, too, unless --with-keys is given. `folkmoot restore` puts a backup back.
    """
    from ledger.keeping.backup import take_backup
    from node.config import data_directory

    passphrase = passphrase_of(passphrase_file, confirm=True) if with_keys or passphrase_file else None
    manifest = take_backup(data_directory(data_dir), folder, passphrase, int(time.time()))
    size = sum(bytes_ for bytes_, _ in manifest.files.values())
    if as_json:
        value = {"folder": str(folder), "bytes": size, "entries": manifest.size, "keys": passphrase is not None}
        show_json({"schema": "folkmoot.backup/2", **value})
    else:
        show(f"backup written and checked: {folder} ({size / 2**20:.1f} MiB, {manifest.size:,} own entries)")
    if passphrase is None:
        say("It holds no keys. Keep the recovery sheets and keys/operating.key elsewhere.")
    else:
        say("It holds the node's keys. Whoever has it and the passphrase can sign for you.")
