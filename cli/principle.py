# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot principle`: what organisations hold themselves to, and how far they keep to it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failure import CommandError
from cli.knowing import (
    add_show_and_take_back,
    find_subject,
    knowing,
    list_known,
    own_language,
    state,
)
from cli.output import json_option, show
from cli.written import language_map, read_day

if TYPE_CHECKING:
    from ledger.territory.knowledge import Knowledge

ANSWERS = ("yes", "partly", "no")


@click.group("principle", short_help="Principles: declared, reviewed, endorsed, disputed.")
def command() -> None:
    """Principles: sets of them, who holds to which, how far they keep to them, and who says otherwise."""


@command.command("templates")
@click.argument("name", required=False)
def templates(name: str | None) -> None:
    """Lists the sets that come with the program, or prints the file of one, to be copied and changed."""
    from importlib.resources import files

    from ledger.territory.principles import TEMPLATES, template_body

    if name is None:
        for one in TEMPLATES:
            show(f"{one:<14} {template_body(one)['title']['en']}")
        return
    template_body(name)
    show((files("ledger.territory") / "sets" / f"{name}.toml").read_text("utf-8").rstrip())


@command.command("put", short_help="Take up a known set, or one of your own from a file.")
@click.argument("template", required=False)
@click.option("--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="A set as a TOML file.")
@click.option("--id", "thing", default="", help="The id of the set that is changed; a new one if not given.")
@json_option
@click.pass_obj
def put(data_dir: str | None, template: str | None, file: Path | None, thing: str, *, as_json: bool) -> None:
    """Takes up TEMPLATE (`folkmoot principle templates` lists them), or the set in a file like theirs."""
    from ledger.territory.principles import template_body

    if (template is None) == (file is None):
        raise click.UsageError("name a set that comes with the program, or a --file")
    if template is not None:
        body = template_body(template)
    else:
        assert file is not None
        try:
            body = {"id": bytes.fromhex(thing) if thing else os.urandom(16), **tomllib.loads(file.read_text("utf-8"))}
        except (tomllib.TOMLDecodeError, ValueError) as error:
            raise CommandError(f"{file}: {error}") from None
    state(data_dir, [("principle.put", body)], template or str(file), as_json=as_json)


def _set(knowledge: Knowledge, name: str) -> tuple[dict[str, bytes], list[str]]:
    """A set as a subject, and the codes of its principles."""
    from ledger.territory.principles import TEMPLATES, set_of, template_id

    known = next((one for one in knowledge.all("set") if name in TEMPLATES and one.id == template_id(name)), None)
    known = known or knowledge.named("set", name)
    return {"log": known.log_id, "id": known.id}, [one.code for one in set_of(known).principles]


@command.command("declare", short_help="Say that an organisation holds to a set.")
@click.argument("record")
@click.argument("name", metavar="SET")
@click.option("--only", "codes", multiple=True, help="Only this principle of it, by its code; repeat it.")
@click.option("--note", "notes", multiple=True, help="fr=TEXT in another language; repeat it.")
@json_option
@click.pass_obj
def declare(data_dir: str | None, /, record: str, name: str, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Says that RECORD (LOG/ID) of this log holds to SET: its title, its id, or the name of one of `templates`."""
    with knowing(data_dir) as knowledge:
        named, codes = _set(knowledge, name)
        body: dict[str, Any] = {"id": os.urandom(16), "subject": find_subject(knowledge, record), "set": named}
        language = own_language(knowledge)
    for code in given["codes"]:
        _need(code, codes)
    body |= {"codes": [*given["codes"]]} if given["codes"] else {}
    body |= {"note": language_map(given["notes"], language)} if given["notes"] else {}
    state(data_dir, [("principle.declare", body)], name, as_json=as_json)


def _need(code: str, codes: list[str]) -> None:
    if code not in codes:
        raise click.UsageError(f"the principles of that set are {', '.join(codes)}")


@command.command("review", short_help="Say how far a principle is kept to.")
@click.argument("record")
@click.argument("name", metavar="SET")
@click.argument("code")
@click.argument("answer", type=click.Choice(ANSWERS))
@click.option("--evidence", "evidence", multiple=True, help="What shows it; fr=TEXT in another language.")
@click.option("--link", "links", multiple=True, help="Where it can be seen; repeat it.")
@click.option("--on", default="", help="The day; today if not given.")
@json_option
@click.pass_obj
def review(data_dir: str | None, /, record: str, name: str, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Says whether RECORD keeps to the principle CODE of SET. Of one's own record it is a self-review."""
    with knowing(data_dir) as knowledge:
        named, codes = _set(knowledge, name)
        _need(given["code"], codes)
        body: dict[str, Any] = {"id": os.urandom(16), "subject": find_subject(knowledge, record), "set": named}
        language = own_language(knowledge)
    body |= {"code": given["code"], "answer": given["answer"], "on": read_day(given["on"] or None)}
    body |= {"evidence": language_map(given["evidence"], language)} if given["evidence"] else {}
    body |= {"links": [*given["links"]]} if given["links"] else {}
    state(data_dir, [("principle.review", body)], f"{given['code']}: {given['answer']}", as_json=as_json)


@command.command("endorse")
@click.argument("about")
@click.option("--note", default="")
@click.option("--withdrawn", is_flag=True, help="Take it back.")
@json_option
@click.pass_obj
def endorse(data_dir: str | None, about: str, note: str, *, withdrawn: bool, as_json: bool) -> None:
    """Endorses ABOUT: a declaration or review, by LOG/ID or the beginning of its id."""
    _say(data_dir, "principle.endorse", about, note, withdrawn=withdrawn, as_json=as_json)


@command.command("dispute")
@click.argument("about")
@click.option("--note", default="")
@click.option("--withdrawn", is_flag=True, help="Take it back.")
@json_option
@click.pass_obj
def dispute(data_dir: str | None, about: str, note: str, *, withdrawn: bool, as_json: bool) -> None:
    """Disputes ABOUT: a declaration or review, by LOG/ID or the beginning of its id."""
    _say(data_dir, "principle.dispute", about, note, withdrawn=withdrawn, as_json=as_json)


def _say(data_dir: str | None, kind: str, about: str, note: str, *, withdrawn: bool, as_json: bool) -> None:
    from contextlib import suppress

    from ledger.errors import NotFoundError

    found = None
    with knowing(data_dir) as knowledge:
        for sort in ("review", "declaration"):
            with suppress(NotFoundError):
                found = found or knowledge.named(sort, about)
    if found is None:
        raise NotFoundError(f"no declaration or review is known here as {about[:60]!r}")
    body: dict[str, Any] = {"about": {"log": found.log_id, "id": found.id}}
    body |= {"note": note} if note else {}
    body |= {"withdrawn": True} if withdrawn else {}
    state(data_dir, [(kind, body)], about, as_json=as_json)


@command.command("list")
@click.option(
    "--what",
    type=click.Choice(("principles", "declarations", "reviews", "opinions")),
    default="principles",
    show_default=True,
)
@json_option
@click.pass_obj
def list_(data_dir: str | None, what: str, *, as_json: bool) -> None:
    """Lists sets of principles, or what was declared, reviewed, endorsed and disputed."""
    list_known(data_dir, what, as_json=as_json)


add_show_and_take_back(command, "principles", "SET", "its title")
