# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot need`: what people need, and what the members want most."""

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
    knowing,
    own_language,
    read_place,
    state,
)
from cli.output import json_option, plain
from cli.speaking import How, says, speaking
from cli.written import language_map, read_day

STATES = ("voiced", "taken_up", "met", "declined")
_SAYS = {"for": 0, "against": 1, "back": 2}
_YEAR = 365


@click.group("need", short_help="What people need; members vote on it.")
def command() -> None:
    """Needs that people voice; members vote on them, one member one vote."""


@command.command("put", short_help="Write down a need, or what became of it.")
@click.argument("titles", nargs=-1, metavar="TITLE...")
@click.option("--description", "descriptions", multiple=True, help="More about it; fr=TEXT in another language.")
@click.option("--place", default="", help="Where it is.")
@click.option("--heard", default="", help="How it came to be known: at the market, by letter; no names.")
@click.option("--state", "reached", type=click.Choice(STATES))
@click.option("--answer", "answers", multiple=True, help="What became of it; fr=TEXT in another language.")
@click.option("--problem", default="", help="The problem that it was written down as.")
@click.option("--change", default="", help="The need that is changed, by its title or id.")
@click.option("--licence", default=LICENCE, show_default=True)
@json_option
@click.pass_obj
def put(data_dir: str | None, /, titles: tuple[str, ...], *, as_json: bool, **given: Any) -> None:  # noqa: ANN401 - texts
    """Writes down a need that is called TITLE; fr=TITLE in another language."""
    from ledger.territory.knowledge import first_title

    body: dict[str, Any] = {"id": os.urandom(16), "state": "voiced", "licence": given["licence"]}
    with knowing(data_dir) as knowledge:
        language = own_language(knowledge)
        if given["change"]:
            known = knowledge.named("need", given["change"])
            if known.log_id != knowledge.reads.own_log():
                raise CommandError("another organisation has written it down: only they can change it")
            body = msgspec.to_builtins(known.body, builtin_types=(bytes,))
        elif not titles:
            raise click.UsageError("say what it is called, or what is changed: --change NEED")
        if given["problem"]:
            log_id, thing = knowledge.named("problem", given["problem"]).name
            body["problem"] = {"log": log_id, "id": thing}
    body |= {"title": language_map(titles, language)} if titles else {}
    body |= {"description": language_map(given["descriptions"], language)} if given["descriptions"] else {}
    body |= {"answer": language_map(given["answers"], language)} if given["answers"] else {}
    body |= {**read_place(given["place"]), **({"heard": given["heard"]} if given["heard"] else {})}
    body |= {"state": given["reached"]} if given["reached"] else {}
    state(data_dir, [("need.put", body)], first_title(body["title"]), as_json=as_json)


@command.command("ask", short_help="Put a need to the vote of the members.")
@click.argument("need")
@click.option("--closes", help="The last day to vote; in a year if not given.")
@says
@click.pass_obj
def ask(data_dir: str | None, need: str, closes: str | None, *, how: How) -> None:
    """Puts NEED to the vote: for it, against it, or a vote taken back."""
    from ledger.territory.needs import choices_in

    with knowing(data_dir) as knowledge:
        known = knowledge.named("need", need)
        if known.log_id != knowledge.reads.own_log():
            raise CommandError("members vote on needs of their own organisation: write it down as your own")
    body = msgspec.to_builtins(known.body, builtin_types=(bytes,))
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            organisation, language = view.log_id, view.language
        question: dict[str, Any] = {
            "title": body["title"],
            "choices": [*choices_in(language)],
            "closes": read_day(closes) if closes else read_day(None) + _YEAR,
        }
        asked = speaker.say("proposal", question, [organisation])
        speaker.say("need.put", body | {"proposal": asked.id}, [organisation])
        speaker.report(asked, "the members can vote: folkmoot need vote")


@command.command("vote", short_help="Vote on a need, for a member.")
@click.argument("need")
@click.argument("member")
@click.argument("choice", type=click.Choice(tuple(_SAYS)))
@says
@click.pass_obj
def vote(data_dir: str | None, need: str, member: str, choice: str, *, how: How) -> None:
    """Votes on NEED for MEMBER; `back` takes the vote back. The last vote before the end counts."""
    from ledger.showing.naming import find_member
    from ledger.territory.needs import body_of

    with knowing(data_dir) as knowledge:
        proposal = body_of(knowledge.named("need", need)).proposal
    if proposal is None:
        raise CommandError("it was not put to the vote yet: folkmoot need ask")
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            member_id = find_member(view, member)
        body: dict[str, Any] = {"proposal": proposal, "member": member_id, "choice": _SAYS[choice]}
        speaker.report(speaker.say("vote", body, [member_id]), plain(f"{member}: {choice}"))


add_list(command, "needs", "Lists needs of all organisations, the most wanted first.")
add_show_and_take_back(command, "needs", "NEED", "its title")
