# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot init`: founds an organisation."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from cli.failure import CommandError
from cli.output import json_option, say, show, show_json
from cli.rules import rules_fields, with_rules

if TYPE_CHECKING:
    from cli.sheet import Organisation

THRESHOLD_MAX = 7
"""An amendment has at most 16 signatures: its author's, and two by each holder (spec 04 §4)."""

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
@with_rules
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
    rules: tuple[str | None, str | None],
    as_json: bool,
) -> None:
    """Founds an organisation in an empty data directory: operating key, recovery keys, charter, log.

    The recovery keys are written as sheets to print. They alone can replace a lost or stolen operating key: give
    each to another person, and keep none on this machine.
    """
    from cli.sheet import Organisation
    from ledger.own.founding import found_log
    from node.config import data_directory
    from protocol.identity import show_log_id

    directory = data_directory(data_dir)
    assembly = rules_fields(rules)
    threshold = threshold or min(holders // 2 + 1, THRESHOLD_MAX)
    if not name.isprintable():
        raise click.UsageError("a name has no control characters")
    if threshold > THRESHOLD_MAX:
        raise click.UsageError(f"at most {THRESHOLD_MAX} of the holders can be needed to change keys, not {threshold}")
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
        **assembly,
    }
    try:
        keys = found_log(directory, fields, secrets, threshold, int(time.time()))
    except BaseException:
        _remove_sheets(sheets, files)
        raise
    log = show_log_id(keys.log_id)
    _write_sheets(files, Organisation(name, log, languages[0], holders, threshold), secrets)
    if not directory.configuration.exists():
        directory.configuration.write_text(_template(languages[0]), "utf-8")
    if as_json:
        show_json({"schema": "folkmoot.init/1", "log": log, "data_dir": str(directory.path), "recovery": str(sheets)})
        return
    show(f"Founded {name} ({kind}).")
    show(f"  log        {log}")
    show(f"  data       {directory.path}")
    show(f"  recovery   {sheets}: {holders} sheets to print (.html), {threshold} of them can replace a lost key")
    say("Print the recovery sheets, give each to another person, and delete them from this machine.")
    say(f"Next: folkmoot --data-dir {directory.path} serve")


def _template(language: str) -> str:
    """The settings to begin with: the pages speak the organisation's first language, where they are written in it."""
    from node.config import TEMPLATE
    from node.translations import own_names

    line = '# language = "en"'
    spoken = language.lower().partition("-")[0]
    return TEMPLATE.replace(line, f'language = "{spoken}"') if spoken in own_names() and spoken != "en" else TEMPLATE


_ENDINGS = ("txt", "html")


def _open_sheets(folder: Path, count: int) -> list[TextIO]:
    """Two empty files for each holder, to be read by a program and to be printed; for the owner's eyes alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") for path in _paths(folder, count)
    ]


def _paths(folder: Path, count: int) -> list[Path]:
    return [folder / f"recovery-{number}.{ending}" for number in range(1, count + 1) for ending in _ENDINGS]


def _remove_sheets(folder: Path, files: list[TextIO]) -> None:
    for file, path in zip(files, _paths(folder, len(files) // len(_ENDINGS)), strict=True):
        file.close()
        path.unlink()


def _write_sheets(files: list[TextIO], organisation: Organisation, secrets: list[bytes]) -> None:
    """Fills the sheets; they are on the disk when this returns."""
    from cli.sheet import html_sheet, text_sheet

    for number in range(1, len(secrets) + 1):
        texts = text_sheet(organisation, number, secrets), html_sheet(organisation, number, secrets)
        for file, text in zip(files[2 * number - 2 : 2 * number], texts, strict=True):
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            file.close()
