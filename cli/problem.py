# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot problem`: what does not work, and how it was solved."""

from __future__ import annotations

import os
from typing import Any

import click
import msgspec

from cli.failure import CommandError
from cli.knowing import (
    LICENCE,
    add_list,
    add_show_and_take_back,
    find_subject,
    knowing,
    own_language,
    read_place,
    state,
)
from cli.output import json_option
from cli.written import language_map, read_day

STATES = ("open", "partly", "solved")


@click.group("problem", short_help="Problems: open, solved, how and by whom.")
def command() -> None:
    """Problems of the territory: which are open, which were solved, how and by whom."""


@command.command("put", short_help="Write down a problem.")
@click.argument("titles", nargs=-1, required=True, metavar="TITLE...")
@click.option("--description", "descriptions", multiple=True, help="More about it; fr=TEXT in another language.")
@click.option("--place", default="", help="Where it is.")
@click.option("--state", "reached", type=click.Choice(STATES), default="open", show_default=True)
@click.option("--licence", default=LICENCE, show_default=True)
@json_option
@click.pass_obj
def put(data_dir: str | None, /, titles: tuple[str, ...], *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Writes down a problem that is called TITLE; fr=TITLE in another language."""
    from ledger.territory.knowledge import first_title

    with knowing(data_dir) as knowledge:
        language = own_language(knowledge)
    body: dict[str, Any] = {"id": os.urandom(16), "title": language_map(titles, language), "state": given["reached"]}
    body |= {"description": language_map(given["descriptions"], language)} if given["descriptions"] else {}
    body |= {**read_place(given["place"]), "licence": given["licence"]}
    state(data_dir, [("problem.put", body)], first_title(body["title"]), as_json=as_json)


@command.command("solve", short_help="Add how a problem was solved.")
@click.argument("problem")
@click.argument("how", nargs=-1, required=True, metavar="HOW...")
@click.option("--who", default="", help="By whom, as it may be shown to everybody.")
@click.option("--by", default="", help="A record of the directory: LOG/ID, as `folkmoot search` prints it.")
@click.option("--evidence", default="", help="The address of a page.")
@click.option("--on", default="", help="The day, such as 2026-03-02.")
@click.option("--state", "reached", type=click.Choice(STATES), default="solved", show_default=True)
@json_option
@click.pass_obj
def solve(data_dir: str | None, /, problem: str, how: tuple[str, ...], *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Adds HOW PROBLEM was solved; fr=HOW in another language."""
    with knowing(data_dir) as knowledge:
        known = knowledge.named("problem", problem)
        if known.log_id != knowledge.reads.own_log():
            raise CommandError("another organisation has written it down: only they can add to it")
        made: dict[str, Any] = {"how": language_map(how, own_language(knowledge))}
        made |= {name: given[name] for name in ("who", "evidence") if given[name]}
        made |= {"by": find_subject(knowledge, given["by"])} if given["by"] else {}
        made |= {"on": read_day(given["on"])} if given["on"] else {}
    body = msgspec.to_builtins(known.body, builtin_types=(bytes,))
    body |= {"solutions": [*body.get("solutions", []), made], "state": given["reached"]}
    state(data_dir, [("problem.put", body)], f"{given['reached']}: {how[0]}", as_json=as_json)


add_list(command, "problems", "Lists problems of all organisations.")
add_show_and_take_back(command, "problems", "PROBLEM", "its title")
