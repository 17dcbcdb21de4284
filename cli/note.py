# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot note`: words about something in the ledger, private unless somebody chooses otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import json_option, plain, printable, show, show_json, when
from cli.speaking import How, log_option, looking, says, speaking

if TYPE_CHECKING:
    from protocol.encoding import Value

_PART = 2**20


@click.group("note", short_help="Words about something: private, erasable.")
def command() -> None:
    """Notes about a member, account, contract, claim, event, post: nothing hangs on them, and they can be erased."""


@command.command("add", short_help="Note something about something.")
@click.argument("about")
@click.argument("text")
@click.option("--shows", default="", help="What it shows: an address, or a file, of which the hash is kept.")
@click.option("--by", default="org", show_default=True, help="A member, or org.")
@click.option("--public", is_flag=True, help="For everybody. Else it stays with this node.")
@says
@click.pass_obj
def add(data_dir: str | None, about: str, text: str, shows: str, by: str, *, public: bool, how: How) -> None:
    """Notes TEXT about ABOUT, which is named by its id. `folkmoot log erase ENTRY` takes it back for good."""
    from ledger.showing.naming import find_party, find_thing

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            thing, party = find_thing(view, about), find_party(view, by)
        body: dict[str, Value] = {"about": thing, "text": text}
        body |= {"shows": shown_by(shows)} if shows else {}
        saved = speaker.say("note", body, [party], scope=0 if public else 2)
        speaker.report(saved, f"note about {plain(about)}, {'public' if public else 'private'}")


def shown_by(text: str) -> str:
    """What a note shows: of a file its name and hash, of anything else the text itself."""
    from hashlib import sha256

    path = Path(text)
    if not path.is_file():
        return text
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(_PART):
            digest.update(part)
    return f"{path.name} sha256:{digest.hexdigest()}"


@command.command("list")
@click.argument("about")
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, about: str, log: str, *, as_json: bool) -> None:
    """Lists the notes about ABOUT that are known here."""
    from ledger.showing.assembly import NOTES_SCHEMA, note_objects
    from ledger.showing.naming import find_thing

    with looking(data_dir, log) as view:
        notes = note_objects(view, find_thing(view, about))
    if as_json:
        show_json({"schema": NOTES_SCHEMA, "notes": notes})
        return
    for note in notes:
        scope = "" if note["scope"] == "public" else f", {note['scope']}"
        show(f"{when(note['at'])}, {plain(note['by']['name'])}{scope}, entry {note['position']}")
        show(f"  {printable(note['text'])}")
        if note["shows"]:
            show(f"  shows {plain(note['shows'])}")
