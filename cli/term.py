# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot term`: the glossary, in as many languages as people know."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.knowing import (
    LICENCE,
    add_show_and_take_back,
    knowing,
    list_known,
    own_language,
    read_place,
    state,
)
from cli.output import json_option, plain, say, show, show_json
from cli.written import language_map

if TYPE_CHECKING:
    from protocol.encoding import Value

RELATIONS = ("broader", "narrower", "related", "same", "differs")


@click.group("term", short_help="The glossary: words, what they mean, where.")
def command() -> None:
    """The glossary: words in many languages, what they mean here, and how they hang together."""


@command.command("put", short_help="Explain a word, or change that.")
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@click.option(
    "--definition", "definitions", multiple=True, help="What it means; fr=TEXT in another language; repeat it."
)
@click.option("--place", default="", help="Where it means that.")
@click.option("--see", multiple=True, help="A linked word, such as broader=WORD; repeat it.")
@click.option("--id", "thing", default="", help="The id of the term that is changed; a new one if not given.")
@click.option("--licence", default=LICENCE, show_default=True)
@json_option
@click.pass_obj
def put(data_dir: str | None, /, words: tuple[str, ...], *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Explains WORD; fr=WORD in another language."""
    from ledger.territory.knowledge import first_title

    with knowing(data_dir) as knowledge:
        language = own_language(knowledge)
        see = []
        for text in given["see"]:
            relation, _, name = text.partition("=")
            if relation not in RELATIONS or not name:
                raise click.UsageError(f"--see is one of {', '.join(RELATIONS)}, then = and the word")
            log_id, other = knowledge.named("term", name).name
            see.append({"relation": relation, "term": {"log": log_id, "id": other}})
    body: dict[str, Any] = {
        "id": bytes.fromhex(given["thing"]) if given["thing"] else os.urandom(16),
        "term": language_map(words, language),
        **read_place(given["place"]),
        "licence": given["licence"],
    }
    body |= {"definition": language_map(given["definitions"], language)} if given["definitions"] else {}
    body |= {"see": see} if see else {}
    state(data_dir, [("term.put", body)], first_title(body["term"]), as_json=as_json)


@command.command("list")
@click.option("--search", "text", default="", help="Words in any language; accents and case do not count.")
@json_option
@click.pass_obj
def list_(data_dir: str | None, text: str, *, as_json: bool) -> None:
    """Lists the words that are known here, of all organisations."""
    from ledger.territory.glossary import search

    found = None
    if text.strip():
        with knowing(data_dir) as knowledge:
            found = search(knowledge.all("term"), text)
    list_known(data_dir, "terms", found, as_json=as_json)


@command.command("import", short_help="Read a glossary from a table.")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--licence", default=LICENCE, show_default=True, help="Of what is in the file.")
@click.option("--dry-run", is_flag=True, help="Only say what would be written.")
@json_option
@click.pass_obj
def import_(data_dir: str | None, file: Path, licence: str, *, dry_run: bool, as_json: bool) -> None:
    """Reads terms from FILE (CSV, ODS, XLSX) with columns term, term:fr, definition, definition:nl, place, broader.

    The same file read again changes the terms that it made.
    """
    from ledger.territory.glossary_file import read_glossary

    with knowing(data_dir) as knowledge:
        made = read_glossary(file.read_bytes(), knowledge.reads.own_log(), own_language(knowledge), licence)
        known = {one.name: one for one in knowledge.all("term")}
        own = knowledge.reads.own_log()
    said: list[tuple[str, dict[str, Value]]] = []
    for body in made.bodies:
        before = known.get((own, body["id"]))  # type: ignore[arg-type] # an id is bytes
        if before is None or before.row.body != _encoded(body):
            said.append(("term.put", body))
    if said and not dry_run:
        state(data_dir, said, f"{len(said)} terms", as_json=False) if not as_json else _write(data_dir, said)
    for row, why in made.refused:
        say(f"row {row}: {plain(why)}")
    same = len(made.bodies) - len(said)
    if as_json:
        counts = {"written": len(said), "same": same, "refused": len(made.refused), "dry_run": dry_run}
        show_json({"schema": "folkmoot.glossary-import/1", **counts})
    else:
        show(f"{len(said)} {'would be ' if dry_run else ''}written, {same} as they were, {len(made.refused)} refused")


def _write(data_dir: str | None, said: list[tuple[str, dict[str, Value]]]) -> None:
    from cli.target import open_target
    from ledger.importing.plan import Statement
    from node.config import data_directory

    with open_target(data_directory(data_dir)) as target:
        target.write([Statement(kind, body, os.urandom(16), 0) for kind, body in said])
        target.settle()


def _encoded(body: dict[str, Value]) -> bytes:
    from protocol.encoding import encode

    return encode(body)


@command.command("export")
@click.option("--base", default="", help="The address of the node, for the names of the terms.")
@click.pass_obj
def export(data_dir: str | None, base: str) -> None:
    """Writes all terms as SKOS concepts (JSON-LD) to stdout."""
    from ledger.territory.linked import glossary_document

    with knowing(data_dir) as knowledge:
        show_json(glossary_document(knowledge, knowledge.all("term"), base.rstrip("/") or "urn:folkmoot"))


add_show_and_take_back(command, "terms", "TERM", "a word")
