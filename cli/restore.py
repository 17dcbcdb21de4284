# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot restore`: puts a backup into an empty data directory."""

from __future__ import annotations

from pathlib import Path

import click

from cli.backup import passphrase_of, passphrase_option
from cli.output import Progress, json_option, say, show, show_json, when


@click.command("restore", short_help="Put a backup back, verified.")
@click.argument("backup", type=click.Path(path_type=Path))
@passphrase_option
@json_option
@click.pass_obj
def command(data_dir: str | None, backup: Path, passphrase_file: Path | None, *, as_json: bool) -> None:
    """Checks every hash and signature of a BACKUP and puts it into the data directory, which must not hold a node.

    Nothing is overwritten. The node comes up unsure of what it signed last, and asks before it signs.
    """
    from ledger.keeping.backup import KEYS, read_manifest, restore
    from node.config import data_directory

    directory = data_directory(data_dir)
    keys = KEYS in read_manifest(backup).files
    passphrase = passphrase_of(passphrase_file, confirm=False) if keys else None
    progress = Progress("checking", 0)
    try:
        manifest = restore(directory, backup, passphrase, progress.advance)
    finally:
        progress.close()
    if as_json:
        value = {"log": manifest.log, "entries": manifest.size, "at": manifest.at, "keys": keys}
        show_json({"schema": "folkmoot.restored/1", "data_dir": str(directory.path), **value})
    else:
        show(f"restored and verified: {manifest.size:,} entries of log {manifest.log[:8]}, as of {when(manifest.at)}")
        show(f"  data       {directory.path}")
    if not keys:
        say(f"The backup holds no keys: put operating.key back into {directory.key.parent} from where it is kept.")
    say(f"Next: folkmoot --data-dir {directory.path} serve")
    say(
        "It will ask those who watch this log what they last saw of it. What was signed after this backup comes back "
        "from them; until enough have answered, what you write is saved and queued, and nothing is signed. Do not run "
        "the old machine beside it."
    )
