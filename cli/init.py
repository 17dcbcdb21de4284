# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot init`: founds an organisation."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TextIO

import click

from cli.failure import CommandError
from cli.output import json_option, say, show, show_json

KINDS = ("assembly", "coop", "union", "city", "association", "firm", "federation")


@click.command("init", short_help="Found an organisation: keys, charter, an empty log.")
@click.option("--name", required=True, help="Name of the organisation.")
@click.option("--kind", type=click.Choice(KINDS), required=True)
@click.option(
    "--language", "languages", multiple=True, default=("en",), show_default=True, help="BCP 47 tag; repeat it."
)
@click.option("--territory", default="", help="Where it works, in its own words.")
@click.option("--licence", default="CC0-1.0", show_default=True, help="Default licence of the data, SPDX.")
@click.option("--endpoint", "endpoints", multiple=True, help="URL where the node can be reached; repeat it.")
@click.option(
    "--recovery-keys",
    "holders",
    default=3,
    show_default=True,
    type=click.IntRange(1, 16),
    help="How many people hold one.",
)
@click.option("--threshold", type=click.IntRange(1, 16), help="How many of them it takes; more than half if not given.")
@click.option(
    "--recovery-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to write the recovery sheets; DATA-DIR-recovery if not given.",
)
@json_option
@click.pass_obj
def command(  # noqa: PLR0913, PLR0917 - the parts of a charter
    data_dir: str | None,
    name: str,
    kind: str,
    languages: tuple[str, ...],
    territory: str,
    licence: str,
    endpoints: tuple[str, ...],
    holders: int,
    threshold: int | None,
    recovery_dir: Path | None,
    *,
    as_json: bool,
) -> None:
    """Founds an organisation in an empty data directory: operating key, recovery keys, charter, log.

    The recovery keys are written as sheets to print. They alone can replace a lost or stolen operating key: give
    each to
    another person, and keep none on this machine.
    """
    from ledger.ledger import found_log
    from node.config import TEMPLATE, data_directory
    from protocol.identity import show_log_id

    directory = data_directory(data_dir)
    threshold = threshold or holders // 2 + 1
    if not name.isprintable():
        raise click.UsageError("a name has no control characters")
    if threshold > holders:
        raise click.UsageError(f"a threshold of {threshold} among {holders} recovery keys")
    if directory.exists():
        raise CommandError(f"{directory.path} holds a node already: nothing was changed")
    sheets = recovery_dir or directory.path.with_name(directory.path.name + "-recovery")
    if sheets.exists() and any(sheets.iterdir()):
        raise CommandError(f"{sheets} is not empty: name another --recovery-dir")
    # Before anything is founded: an organisation whose recovery keys could not be written would be lost with its key.
    files = _open_sheets(sheets, holders)
    secrets = [os.urandom(32) for _ in range(holders)]
    fields = {
        "name": dict.fromkeys(languages[:1], name),
        "kind": kind,
        "languages": list(languages),
        "territory": territory,
        "endpoints": list(endpoints),
        "licence": licence,
    }
    try:
        keys = found_log(directory, fields, secrets, threshold, int(time.time()))
    except BaseException:
        _remove_sheets(sheets, files)
        raise
    log = show_log_id(keys.log_id)
    _write_sheets(files, name, log, secrets, threshold)
    if not directory.configuration.exists():
        directory.configuration.write_text(TEMPLATE)
    if as_json:
        show_json({"schema": "folkmoot.init/1", "log": log, "data_dir": str(directory.path), "recovery": str(sheets)})
        return
    show(f"Founded {name} ({kind}).")
    show(f"  log        {log}")
    show(f"  data       {directory.path}")
    show(f"  recovery   {sheets}: {holders} sheets, {threshold} of them can replace a lost key")
    say("Print the recovery sheets, give each to another person, and delete them from this machine.")
    say(f"Next: folkmoot --data-dir {directory.path} serve")


def _open_sheets(folder: Path, count: int) -> list[TextIO]:
    """One empty text file for each holder, readable by the owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths = [folder / f"recovery-{number}.txt" for number in range(1, count + 1)]
    return [os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") for path in paths]


def _remove_sheets(folder: Path, files: list[TextIO]) -> None:
    for number, file in enumerate(files, 1):
        file.close()
        (folder / f"recovery-{number}.txt").unlink()


def _write_sheets(files: list[TextIO], name: str, log: str, secrets: list[bytes], threshold: int) -> None:
    """Fills the sheets; they are on the disk when this returns."""
    from ledger.keys import show_secret

    for number, (file, secret) in enumerate(zip(files, secrets, strict=True), 1):
        groups = show_secret(secret).split(" ")
        lines = [" ".join(groups[n : n + 5]) for n in range(0, len(groups), 5)]
        file.write(
            f"RECOVERY KEY {number} of {len(secrets)}\n{'=' * 40}\n\n{name}\nlog {log}\n\n"
            + "".join(f"    {line}\n" for line in lines)
            + f"\nAny {threshold} of these {len(secrets)} sheets together can replace the keys of this organisation.\n"
            "Print this sheet, give it to the person who keeps it, and delete the file.\n"
            "Nobody needs it in daily work. Whoever asks you for it should be able to say why, to your face.\n"
        )
        file.flush()
        os.fsync(file.fileno())
        file.close()
