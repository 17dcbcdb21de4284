# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot search --format`: all public hits of a search as a file."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from cli.output import say

if TYPE_CHECKING:
    from pathlib import Path

# As in ledger.publishing.formats, which --help need not load.
FORMATS = ("geojson", "csv", "ods", "jsonld", "gogocarto.json")


def write_hits(
    data_dir: str | None, parameters: dict[str, tuple[str, ...]], form: str | None, output: Path | None, *, alone: bool
) -> None:
    """Writes all public hits as a file, or to the terminal. Raises UsageError for what does not go together."""
    from ledger.directory.query import QueryError
    from ledger.publishing.formats import FORMATS as KNOWN
    from ledger.publishing.pictures import with_addresses
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory, load_config
    from node.directory.finder import Finder
    from protocol.identity import show_log_id

    if not form:
        raise click.UsageError(f"-o writes a file: say its format, --format {'|'.join(FORMATS)}")
    if not alone:
        raise click.UsageError("--format writes all that is public: leave out --private, --facets and --json")
    directory = data_directory(data_dir)
    base = load_config(directory).public_url.rstrip("/")
    store = SqliteStore(directory.store, writable=False)
    try:
        with store.read() as reads:
            own = show_log_id(reads.tree_numbered(int(reads.fact("own") or 0)).origin.log_id)
        found = Finder(store).find_all(parameters, int(time.time()))
        pieces = KNOWN[form].pieces((with_addresses(record, base, own) for record in found), base)
        if output is None:
            sys.stdout.buffer.writelines(pieces)
            sys.stdout.buffer.flush()
            return
        partial = output.with_name(f"{output.name}.part")  # a file that is there stays whole until the new one is
        with partial.open("wb") as file:
            file.writelines(pieces)
        partial.replace(output)
    except QueryError as error:
        raise click.UsageError(str(error)) from None
    finally:
        store.close()
    say(f"{output}: {KNOWN[form].about}, with the licence and the source of each record")
