# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot import`: takes in a file, updates it from a newer edition, takes an import back."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failure import FAILED, NOT_FOUND, CommandError
from cli.output import Progress, json_option, plain, say, show, show_json, show_table, when

if TYPE_CHECKING:
    from cli.target import Target
    from ledger.importing.assess import Assessment
    from ledger.importing.mapping import Mapping
    from ledger.importing.table import Table

_FILE = click.Path(path_type=Path, dir_okay=False)
_BYTES_MAX = 200 * 2**20
_PROBLEMS_SHOWN = 20


@dataclass(frozen=True)
class _Options:
    """What the command line says."""

    mapping: Path | None
    save_mapping: Path | None
    edition_of: str | None
    set_name: str | None
    licence: str | None
    attribution: str | None
    kind: str | None
    language: str | None
    encoding: str | None
    delimiter: str | None
    dry_run: bool
    close: bool
    close_many: bool
    report: Path | None
    as_json: bool


@click.command("import", short_help="Take in a file of records, update it, undo it.")
@click.argument("file", type=_FILE, required=False)
@click.option("--mapping", type=_FILE, help="Mapping file; without it one is suggested.")
@click.option("--save-mapping", type=_FILE, help="Write the mapping that is used to a file, to edit and keep.")
@click.option(
    "--edition-of", metavar="SET", help="Use the mapping that was kept when this set was imported in a browser."
)
@click.option(
    "--set", "set_name", help="Short name of the data set, such as coops-uk; from the file's name if not given."
)
@click.option("--licence", help="Licence of the data, SPDX: ODC-By-1.0, etalab-2.0, CC0-1.0, ...")
@click.option("--attribution", help="What the licence asks to be said.")
@click.option("--kind", help="What the rows are: organisation, place, resource, ...")
@click.option("--language", help="Language of the texts, BCP 47.")
@click.option("--encoding", help="Detected if not given.")
@click.option("--delimiter", help="Detected if not given.")
@click.option("--dry-run", is_flag=True, help="Only report what would happen.")
@click.option("--close/--no-close", default=True, help="Close records of the set that the file no longer has.")
@click.option("--close-many", is_flag=True, help="Close even if that is more than a fifth of the set.")
@click.option("--report", type=_FILE, help="Write a report on every row: .json or text.")
@click.option("--undo", metavar="IMPORT", help="Take back an import, by the first characters of its id.")
@click.option("--list", "listing", is_flag=True, help="List the imports so far.")
@json_option
@click.pass_obj
def command(data_dir: str | None, /, file: Path | None, undo: str | None, *, listing: bool, **options: Any) -> None:  # noqa: ANN401 - as the options say
    """Imports CSV, GeoJSON, ODS, XLSX, KML or Murmurations: good rows go in, bad ones are named.

    An interrupted import goes on where it stopped; a newer edition of the same set updates, adds and closes.
    """
    from cli.target import open_target
    from node.config import data_directory

    directory = data_directory(data_dir)
    if listing or undo:
        with open_target(directory) as target:
            if undo:
                _undo(target, undo, as_json=options["as_json"])
            else:
                _list(target, as_json=options["as_json"])
        return
    if file is None:
        raise click.UsageError("name a file to import, or use --list or --undo IMPORT")
    _import(directory, file, _Options(**options))


def _import(directory: Any, file: Path, options: _Options) -> None:  # noqa: ANN401 - a DataDirectory
    from cli.target import open_target
    from ledger.importing.assess import DAY_S, assess
    from ledger.importing.convert import convert_table
    from ledger.importing.mapping import to_toml
    from ledger.importing.read import read_table
    from ledger.importing.report import report_object

    data = _read(file)
    table = read_table(data, encoding=options.encoding, delimiter=options.delimiter)
    kept = _kept(directory, options.edition_of) if options.edition_of else None
    mapping = _mapping(table, file, options, kept)
    if options.save_mapping:
        options.save_mapping.write_text(to_toml(mapping), "utf-8")
        say(f"mapping saved to {options.save_mapping}")
    _say_table(table, mapping)
    with open_target(directory) as target:
        target.settle()
        retrieved = int(time.time()) // DAY_S * DAY_S
        converted = convert_table(table, mapping, target.own[1], retrieved)
        digest = sha256(data).digest()
        with target.store.read() as reads:
            found = assess(reads, converted, mapping, name=file.name, digest=digest, close=options.close)
        _refuse_mass_closing(found, options)
        if not options.dry_run and (found.changes() or found.begun):
            _write(target, found)
        report = report_object(table, found, dry_run=options.dry_run)
        report["state"] = target.state_of() if report["import"] else ""
    if options.report:
        _write_report(options.report, report)
    if options.as_json:
        show_json(report)
    else:
        _show_report(report, options)


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > _BYTES_MAX:
            raise CommandError(f"{file} is larger than {_BYTES_MAX >> 20} MiB: split it")
        return file.read_bytes()
    except FileNotFoundError:
        raise CommandError(f"{file}: no such file", NOT_FOUND) from None


def _kept(directory: Any, set_name: str) -> Mapping:  # noqa: ANN401 - a DataDirectory
    from ledger.importing.listing import kept_mapping
    from ledger.sqlite.store import SqliteStore

    store = SqliteStore(directory.store, writable=False)
    try:
        with store.read() as reads:
            mapping = kept_mapping(reads, set_name)
    finally:
        store.close()
    if mapping is None:
        raise CommandError(f"no mapping was kept for the data set {plain(set_name)}", NOT_FOUND)
    return mapping


def _mapping(table: Table, file: Path, options: _Options, kept: Mapping | None) -> Mapping:
    import re

    import msgspec

    from ledger.directory.licences import licence_meant
    from ledger.importing.mapping import from_toml
    from ledger.importing.suggest import suggest

    if options.mapping:
        mapping = from_toml(_read(options.mapping).decode("utf-8", "replace"))
    elif kept is not None:
        mapping = kept
    else:
        name = re.sub(r"[^a-z0-9._-]+", "-", file.stem.lower()).strip("-")[:64]
        mapping = suggest(table, options.set_name or name or None)
    named = {
        "set": options.set_name,
        "licence": licence_meant(options.licence or "") or options.licence,
        "attribution": options.attribution,
        "kind": options.kind,
        "language": options.language,
    }
    mapping = msgspec.structs.replace(mapping, **{key: value for key, value in named.items() if value})
    gaps = mapping.gaps()
    if gaps:
        raise click.UsageError(
            "the mapping is not complete:\n  " + "\n  ".join(gaps) + "\nGive it as an option, or save the mapping with "
            "--save-mapping, edit it, and use it with --mapping."
        )
    return mapping


def _say_table(table: Table, mapping: Mapping) -> None:
    how = f"{table.format}, {table.encoding}"
    if table.delimiter:
        how += f", delimiter {'tab' if table.delimiter == chr(9) else table.delimiter}, decimal {table.decimal}"
    say(f"{len(table.rows):,} rows read ({how}); set {mapping.set}, kind {mapping.kind}, licence {mapping.licence}")
    for note in table.notes:
        say(f"  {plain(note)}")


def _refuse_mass_closing(found: Assessment, options: _Options) -> None:
    if found.too_much and not options.close_many and not options.dry_run:
        closing = sum(step.action == "closed" for step in found.steps)
        raise CommandError(
            f"this would close {closing:,} of {found.there:,} records of the set: is the file whole? If so, add "
            "--close-many; "
            "to keep them, --no-close. Nothing was written."
        )


def _write(target: Target, found: Assessment) -> None:
    """Opens the import unless it was begun before, writes what changes, closes it."""
    from ledger.importing.write import import_parts

    progress = Progress("importing", found.changes())
    try:
        for part in import_parts(found):
            target.write(part, progress.advance if len(part) > 1 else lambda _: None)
        target.settle()
    except KeyboardInterrupt:
        say("interrupted: what was written stays; run the same command again and it goes on from there")
        raise click.Abort from None
    finally:
        progress.close()


def _summary(report: dict[str, Any]) -> str:
    found = report["counts"]
    verb = "would be " if report["dry_run"] else ""
    return (
        f"{found['added']:,} {verb}added, {found['updated']:,} {verb}updated, {found['closed']:,} {verb}closed, "
        f"{found['kept']:,} unchanged, {found['refused']:,} refused, {found['warnings']:,} warnings"
    )


def _problem_lines(report: dict[str, Any], severity: str) -> list[str]:
    return [
        f"row {row['row']} ({plain(row['id']) or 'no id'}): {plain(problem['field'])}: {plain(problem['reason'])}"
        + (f" [{plain(problem['value'])}]" if problem["value"] else "")
        for row in report["rows"]
        for problem in row["problems"]
        if problem["severity"] == severity
    ]


def _likely_lines(report: dict[str, Any]) -> list[str]:
    return [
        f"row {one['row']} {plain(one['name'])}: {plain(one['other']['name'])} "
        + (f"(row {one['other']['row']})" if "row" in one["other"] else f"({one['other']['id'][:12]})")
        for one in report["likely_duplicates"]
    ]


def _show_report(report: dict[str, Any], options: _Options) -> None:
    for severity, title in (("error", "Refused"), ("warning", "Warnings")):
        lines = _problem_lines(report, severity)
        if lines:
            show(f"{title}:")
        for line in lines[:_PROBLEMS_SHOWN]:
            show(f"  {line}")
        if len(lines) > _PROBLEMS_SHOWN:
            more = "" if options.report else "; --report FILE lists them all"
            show(f"  and {len(lines) - _PROBLEMS_SHOWN:,} more{more}")
    lines = _likely_lines(report)
    if lines:
        show("Likely duplicates of what is here, or of each other:")
    for line in lines[:_PROBLEMS_SHOWN]:
        show(f"  {line}")
    if len(lines) > _PROBLEMS_SHOWN:
        show(f"  and {len(lines) - _PROBLEMS_SHOWN:,} more; folkmoot duplicates lists them side by side")
    show(_summary(report))
    if report["import"]:
        name = report["import"][:12]
        show(f"Import {name}, {report['state']}; to take it back: folkmoot import --undo {name}")


def _write_report(path: Path, report: dict[str, Any]) -> None:
    if path.suffix == ".json":
        import json

        text = json.dumps(report, indent=1, ensure_ascii=False)
    else:
        lines = [f"{report['file']}: {_summary(report)}", ""]
        for row in report["rows"]:
            lines.append(f"row {row['row']}\t{plain(row['id'])}\t{row['action']}")
            lines += [
                f"\t{p['severity']}: {p['field']}: {plain(p['reason'])} [{plain(p['value'])}]" for p in row["problems"]
            ]
        likely = _likely_lines(report)
        lines += ["", "likely duplicates of what is here, or of each other:", *likely] if likely else []
        text = "\n".join(lines)
    path.write_text(text + "\n", "utf-8")
    say(f"report written to {path}")


def _list(target: Target, *, as_json: bool) -> None:
    from ledger.importing.listing import SCHEMA, import_objects

    with target.store.read() as reads:
        found = import_objects(reads)
    if as_json:
        show_json({"schema": SCHEMA, "imports": found})
        return
    rows = [(one["id"][:12], one["set"], one["state"], one["changed"], when(one["at"])) for one in found]
    show_table(rows, ("import", "set", "state", "changed", "begun"))


def _undo(target: Target, prefix: str, *, as_json: bool) -> None:
    from ledger.errors import NotFoundError, RefusedError
    from ledger.importing.write import find_import, plan_undo_of, undo_parts

    target.settle()
    with target.store.read() as reads:
        try:
            row = find_import(reads, target.own[0], prefix)
        except NotFoundError as error:
            raise CommandError(f"{error}; see folkmoot import --list", NOT_FOUND) from None
        except RefusedError as error:
            raise CommandError(str(error), FAILED) from None
        undoing = plan_undo_of(reads, row)
    progress = Progress("undoing", len(undoing.statements))
    try:
        for part in undo_parts(undoing, row.id):
            target.write(part, progress.advance if len(part) > 1 else lambda _: None)
        target.settle()
    finally:
        progress.close()
    result = {
        "schema": "folkmoot.import-undo/1",
        "import": row.id.hex(),
        "state": target.state_of(),
        "restored": len(undoing.statements),
        "left": [record_id.hex() for record_id in undoing.changed_since],
    }
    if as_json:
        show_json(result)
        return
    show(f"{len(undoing.statements):,} records put back as they were before import {row.id.hex()[:12]}")
    if undoing.changed_since:
        show(f"{len(undoing.changed_since):,} were changed since and are left as they are")
