# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot bundle`: logs in a file or a folder, for a stick or a first load."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.failure import FAILED, FALSE, CommandError
from cli.output import Progress, json_option, plain, say, show, show_json, show_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.carried.bundle import Chosen
    from ledger.carried.intake import Outcome
    from ledger.data_directory import DataDirectory
    from ledger.sqlite.store import Snapshot
    from protocol.errors import Malformed

_WORDS = {"taken": "taken", "held": "already held", "refused": "REFUSED"}
_INCOMPLETE = ("truncated", "missing")


@click.group("bundle", short_help="Carry logs in a file: export, import.")
def command() -> None:
    """Logs in one file, or in a folder that any web server can offer.

    Whoever takes them in verifies all of it; nobody has to trust the stick, the server or who carried it.
    """


def _directory(data_dir: str | None) -> DataDirectory:
    from node.config import data_directory

    return data_directory(data_dir)


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--log", "logs", multiple=True, help="Only this log (beginning of its id); may be repeated.")
@click.option("--scope", type=click.Choice(("all", "own")), default="all", help="All logs held here, or one's own.")
@click.option("--since", type=click.IntRange(0), default=0, metavar="SIZE", help="Leave out the first SIZE entries.")
@click.option("--tiles", is_flag=True, help="Write a folder for a web server instead of one file.")
@json_option
@click.pass_obj
def export(
    data_dir: str | None, file: Path, *, logs: tuple[str, ...], scope: str, since: int, tiles: bool, as_json: bool
) -> None:
    """Writes logs into FILE; - is stdout. The node may run meanwhile.

    Only what everybody may read goes out: payloads for members stay here.
    """
    from ledger.carried.bundle import choose
    from ledger.sqlite.store import SqliteStore

    if tiles and (since or str(file) == "-"):
        raise click.UsageError("--tiles writes a folder, always with whole logs")
    store = SqliteStore(_directory(data_dir).store, writable=False)
    try:
        with store.read() as reads:
            chosen = choose(reads, _named(reads, logs, scope), since)
        total = sum(one.part.to - one.part.from_ for one in chosen)
        progress = Progress("exporting", total)
        try:
            if tiles:
                from ledger.carried.folder import write_folder

                size = write_folder(store, chosen, file, progress.advance)
            else:
                from ledger.carried.bundle import write_bundle

                size = _write(file, write_bundle(store, chosen, progress.advance))
        finally:
            progress.close()
    finally:
        store.close()
    _show_exported(file, chosen, size, as_json=as_json)


def _named(reads: Snapshot, logs: Sequence[str], scope: str) -> set[bytes]:
    """The ids of the logs that are meant; none stands for all."""
    from ledger.keeping.audit import find_tree

    if logs:
        return {find_tree(reads, log).origin.log_id for log in logs}
    return {reads.tree_numbered(int(reads.fact("own") or 0)).origin.log_id} if scope == "own" else set()


def _write(file: Path, pieces: Iterator[bytes]) -> int:
    """Writes to a file that counts only when it is whole, or to stdout; its size."""
    size = 0
    if str(file) == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
            size += len(piece)
        sys.stdout.buffer.flush()
        return size
    if file.exists():
        raise CommandError(f"{file} exists already: name another file")
    partial = file.with_name(file.name + ".part")
    try:
        with partial.open("wb") as out:
            for piece in pieces:
                out.write(piece)
                size += len(piece)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return size


def _show_exported(file: Path, chosen: Sequence[Chosen], size: int, *, as_json: bool) -> None:
    from protocol.identity import show_log_id

    entries = sum(one.part.to - one.part.from_ for one in chosen)
    said = f"written: {file} ({len(chosen)} logs, {entries:,} entries, {size / 2**20:.1f} MiB)"
    if str(file) == "-":
        say(said)
    elif as_json:
        logs = [
            {"log": show_log_id(one.part.log), "epoch": one.part.epoch, "from": one.part.from_, "to": one.part.to}
            for one in chosen
        ]
        show_json({"schema": "folkmoot.export/1", "file": str(file), "bytes": size, "logs": logs})
    else:
        show(said)


@command.command("import")
@click.argument("source", metavar="FILE|FOLDER|URL")
@json_option
@click.pass_obj
def take_in(data_dir: str | None, source: str, *, as_json: bool) -> int:
    """Takes in a bundle, or a folder of tiles, from here or from the web; - is stdin.

    What is held already is passed over, so that it can be repeated, and goes on where it was interrupted. Exits with 3
    if anything in it is false or broken; all the rest is taken nevertheless.
    """
    from cli.taking import deliver, open_source
    from ledger.carried.intake import Intake

    outcomes: list[Outcome] = []
    with open_source(source) as (parts, items), deliver(_directory(data_dir)) as delivery:
        progress = Progress("importing", sum(part.to - part.from_ for part in parts))
        try:
            fault = Intake(parts, delivery.taker, outcomes.append, progress.advance).run(items)
        finally:
            progress.close()
        if any(outcome.taken for outcome in outcomes):
            delivery.settle()
    _show_outcomes(outcomes, fault, as_json=as_json)
    return _exit_code(outcomes, fault)


def _show_outcomes(outcomes: Sequence[Outcome], fault: Malformed | None, *, as_json: bool) -> None:
    from ledger.carried.intake import intake_object

    if as_json:
        show_json(intake_object(outcomes, fault))
        return
    rows = [
        (
            str(outcome.origin).split("/")[1][:8],
            outcome.origin.epoch,
            "INCOMPLETE" if outcome.reason in _INCOMPLETE else _WORDS[outcome.state],
            f"{outcome.taken:,}",
            f"{outcome.held:,}" if outcome.held >= 0 else "?",
        )
        for outcome in outcomes
    ]
    show_table(rows, ("log", "epoch", "state", "entries taken", "held now"))
    for outcome in outcomes:
        if outcome.state == "refused":
            say(f"{plain(outcome.origin)}: {plain(outcome.why)} [{outcome.reason}]")
    if fault:
        say(f"not all could be read: {plain(fault.text)} [{fault.reason}]; a whole copy goes on from here")


def _exit_code(outcomes: Sequence[Outcome], fault: Malformed | None) -> int:
    """0 if all is here now, 3 if anything is false or broken, 1 if something was refused for another reason."""
    from ledger.carried.intake import NOT_FALSE

    reasons = {outcome.reason for outcome in outcomes if outcome.state == "refused"}
    if fault or reasons - NOT_FALSE:
        return FALSE
    return FAILED if reasons else 0
