# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot export`: the ledger in the formats of others."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.failure import NOT_FOUND, CommandError
from cli.output import say, show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.data_directory import DataDirectory
    from ledger.exporting.journal import Journal

FORMATS = ("beancount", "hledger", "csv", "jsonl", "valueflows", "credential")


@click.command("export", short_help="Write the ledger for other programs: beancount, hledger, CSV, ...")
@click.argument("form", metavar="FORMAT", type=click.Choice(FORMATS))
@click.option("--member", help="For csv and credential: one member, by the beginning of its id.")
@click.option("--year", type=int, help="For csv: one year.")
@click.option("--log", "name", help="Another log held here, by its id; the own one if not given.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="A file instead of the terminal.")
@click.pass_obj
def command(
    data_dir: str | None, form: str, member: str | None, year: int | None, name: str | None, output: Path | None
) -> None:
    """Writes the ledger as FORMAT: beancount, hledger, csv, jsonl (JSON Lines), valueflows (JSON-LD) or credential.

    Members and accounts are named by their ids; profiles and notes are in no export. A credential is signed by this
    node's operating key, for one member.
    """
    from ledger.exporting.journal import read_journal
    from ledger.keeping.audit import find_tree
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory

    directory = data_directory(data_dir)
    with SqliteStore(directory.store, writable=False).read() as reads:
        tree = find_tree(reads, name) if name else reads.tree_numbered(int(reads.fact("own") or 0))
        journal = read_journal(reads, tree)
    if (member or year) and form not in {"csv", "credential"}:
        raise click.UsageError(f"--member and --year choose from a csv; {form} is of the whole ledger")
    lines = _lines(directory, journal, form, _member(journal, member) if member else None, year)
    text = "".join(f"{line}\n" for line in lines)
    if output is None:
        show(text.removesuffix("\n"))
        return
    output.write_text(text, "utf-8", newline="")
    say(f"{output}: {len(journal.told)} statements of {journal.name}, as {form}")


def _member(journal: Journal, prefix: str) -> bytes:
    found = [key for key in journal.members if key.hex().startswith(prefix.lower())]
    if len(found) != 1:
        raise CommandError(f"{len(found)} members have an id that begins with {prefix[:40]!r}", NOT_FOUND)
    return found[0]


def _lines(
    directory: DataDirectory, journal: Journal, form: str, member: bytes | None, year: int | None
) -> Iterable[str]:
    if form == "csv":
        from ledger.exporting.tables import csv_lines

        return csv_lines(journal, member, year)
    if form == "jsonl":
        from ledger.exporting.tables import json_lines

        return json_lines(journal)
    if form == "valueflows":
        import json

        from ledger.exporting.valueflows import document

        return [json.dumps(document(journal), ensure_ascii=False, indent=1)]
    if form == "credential":
        return _credential(directory, journal, member)
    from ledger.exporting.plaintext import beancount, hledger

    return beancount(journal) if form == "beancount" else hledger(journal)


def _credential(directory: DataDirectory, journal: Journal, member: bytes | None) -> Iterable[str]:
    import json

    from ledger.exporting.credential import credential
    from ledger.own.keys import read_key

    if member is None:
        raise click.UsageError("a credential is about one member: name it with --member")
    key = read_key(directory.key)
    return [json.dumps(credential(journal, member, key, int(time.time())), ensure_ascii=False, indent=1)]
