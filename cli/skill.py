# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot skill`: who knows how to do what."""

from __future__ import annotations

from typing import Any

import click

from cli.knowing import find_subject, knowing, state
from cli.output import json_option, show_json, show_table


@click.group("skill", short_help="Who knows how to do what, by whose word.")
def command() -> None:
    """Who knows how to do what: an organisation's own word, and those who vouch for it."""


@command.command("add", short_help="Say that somebody is good at something.")
@click.argument("record")
@click.argument("skill")
@click.option("--term", default="", help="The word in the glossary that explains it.")
@click.option("--note", default="")
@click.option("--withdrawn", is_flag=True, help="It is not so any more.")
@json_option
@click.pass_obj
def add(data_dir: str | None, /, record: str, skill: str, *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Says that RECORD (LOG/ID, as `folkmoot search` prints it) knows SKILL: plain words, or scheme:code.

    Of a record of one's own log it is one's own word; of another one it vouches for it.
    """
    code = skill if ":" in skill else "skill:" + " ".join(skill.casefold().split())
    with knowing(data_dir) as knowledge:
        body: dict[str, Any] = {"subject": find_subject(knowledge, record), "skill": code}
        if given["term"]:
            log_id, thing = knowledge.named("term", given["term"]).name
            body["term"] = {"log": log_id, "id": thing}
    body |= {"note": given["note"]} if given["note"] else {}
    body |= {"withdrawn": True} if given["withdrawn"] else {}
    state(data_dir, [("claim.skill", body)], code, as_json=as_json)


@command.command("list")
@click.argument("text", default="")
@click.option("--near", default="", help="A town, such as Lille or Gent, BE.")
@click.option("--radius", default="", help="Around it, such as 5km; 10km if not given.")
@json_option
@click.pass_obj
def list_(data_dir: str | None, text: str, near: str, radius: str, *, as_json: bool) -> None:
    """Lists who knows how to do what; TEXT is the beginning of words of skills or names."""
    from ledger.directory.query import parse_query
    from ledger.territory.showing import experts_object

    named = {name: [value] for name, value in (("near", near), ("radius", radius)) if value}
    with knowing(data_dir) as knowledge:
        value = experts_object(knowledge, text, "", parse_query(named, 0).circle)
    if as_json:
        show_json(value)
        return
    rows = [
        (f"{one['log'][:8]}/{one['id'][:8]}", min(one["name"].items())[1], said["skill"], str(len(said["says"])))
        for one in value["experts"]
        for said in one["skills"]
    ]
    show_table(rows, ("record", "who", "skill", "say so"))
