# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot assembly`: what the members are asked, their votes, and what they decide."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.carrying import read_in
from cli.failure import CommandError
from cli.output import json_option, plain, show, show_json, show_table
from cli.speaking import How, log_option, looking, says, speaking
from cli.written import language_map, read_day

if TYPE_CHECKING:
    from protocol.encoding import Value

_FILE = click.Path(path_type=Path, dir_okay=False)
_YES_NO = {"fr": ("oui", "non"), "en": ("yes", "no")}
_WEEK = 7


@click.group("assembly", short_help="Proposals, votes, decisions; one member, one vote.")
def command() -> None:
    """The assembly: one member, one vote. A reserve, a loss, a dividend move by its decision alone.

    What it is to permit is written first with --out FILE by the command that would do it, named by --permits when it is
    asked, and done with `enact` when it has decided.
    """


@command.command("propose", short_help="Ask the assembly something.")
@click.argument("titles", nargs=-1, required=True, metavar="TITLE...")
@click.option("--choice", "choices", multiple=True, help="A choice; repeat it. yes and no if not given.")
@click.option("--closes", help="The last day to vote; a week from now if not given.")
@click.option(
    "--permits", type=_FILE, multiple=True, help="What the first choice permits: a file from --out; repeat it."
)
@click.option("--by", default="org", show_default=True, help="Who asks: a member, or org.")
@says
@click.pass_obj
def propose(data_dir: str | None, /, titles: tuple[str, ...], *, how: How, **given: Any) -> None:  # noqa: ANN401 - texts
    """Asks the assembly TITLE; fr=TITLE in another language."""
    from ledger.reciprocity.decisions import act_digest
    from ledger.showing.naming import find_party

    acts: list[Value] = []
    for path in given["permits"]:
        said = read_in(path).said
        acts.append([said.kind, act_digest(said.read_body())])
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            author = find_party(view, given["by"])
            choices = given["choices"] or _YES_NO.get(view.language, _YES_NO["en"])
            title = language_map(titles, view.language)
        body: dict[str, Value] = {
            "title": title,
            "choices": [*choices],
            "closes": read_day(given["closes"]) if given["closes"] else read_day(None) + _WEEK,
        }
        body |= {"acts": acts} if acts else {}
        speaker.report(speaker.say("proposal", body, [author]), plain(titles[0]))


@command.command("vote", short_help="Vote for a member.")
@click.argument("proposal")
@click.argument("member")
@click.argument("choice")
@says
@click.pass_obj
def vote(data_dir: str | None, proposal: str, member: str, choice: str, *, how: How) -> None:
    """Votes on PROPOSAL for MEMBER: CHOICE is its text, or its number from 1. The last vote before the end counts."""
    from ledger.reciprocity.state import ProposalState
    from ledger.showing.naming import find_member, find_proposal

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            proposal_id, member_id = find_proposal(view, proposal), find_member(view, member)
            choices = view.book.need(ProposalState, proposal_id).choices
        if choice in choices:
            number = choices.index(choice)
        elif choice.isdigit() and 1 <= int(choice) <= len(choices):
            number = int(choice) - 1
        else:
            raise click.UsageError(f"the choices are {', '.join(map(plain, choices))}")
        body: dict[str, Value] = {"proposal": proposal_id, "member": member_id, "choice": number}
        speaker.report(speaker.say("vote", body, [member_id]), plain(f"{member} votes {choices[number]}"))


@command.command("decide", short_help="Write down what the votes decide.")
@click.argument("proposal")
@says
@click.pass_obj
def decide(data_dir: str | None, proposal: str, *, how: How) -> None:
    """Writes down what the votes on PROPOSAL decide: when all have voted, or the last day is over."""
    from ledger.reciprocity.assembly import count
    from ledger.reciprocity.state import ProposalState
    from ledger.showing.assembly import rules_object
    from ledger.showing.naming import find_proposal

    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            proposal_id = find_proposal(view, proposal)
            asked = view.book.need(ProposalState, proposal_id)
            votes = count(view.book, proposal_id, asked)
            outcome, organisation = votes.outcome(view.book.rules), view.log_id
            if outcome is None:
                raise CommandError(f"nothing is decided: {rules_object(view)['says']}")
        counts: list[Value] = [*votes.counts]
        body: dict[str, Value] = {"proposal": proposal_id, "choice": outcome, "counts": counts}
        body["abstained"] = votes.abstained
        speaker.report(speaker.say("decision", body, [organisation]), plain(asked.choices[outcome]))


@command.command("enact", short_help="Do what a decision permits.")
@click.argument("file", type=_FILE)
@click.option("--also", multiple=True, help="A member who has to sign it, too; repeat it.")
@says
@click.pass_obj
def enact(data_dir: str | None, file: Path, also: tuple[str, ...], *, how: How) -> None:
    """Does what stands in FILE, which a decision of the assembly permits."""
    from ledger.reciprocity.decisions import act_digest
    from ledger.showing.assembly import permitting
    from ledger.showing.naming import find_member
    from ledger.showing.wording import WHAT

    said = read_in(file).said
    body = said.read_body()
    with speaking(data_dir, how) as speaker:
        with speaker.view() as view:
            decision = permitting(view, said.kind, act_digest(body))
            parties = [view.log_id, *(find_member(view, one) for one in also)]
        if said.kind == "post":
            basis = body.get("basis", {})
            assert isinstance(basis, dict)
            body["basis"] = {**basis, "decision": decision}
        else:
            body["decision"] = decision
        saved = speaker.say(said.kind, body, parties, scope=0, also=speaker.given_keys())
        speaker.report(saved, f"{WHAT.get(said.kind, said.kind)}, as decided")


@command.command("list")
@log_option
@json_option
@click.pass_obj
def list_(data_dir: str | None, log: str, *, as_json: bool) -> None:
    """Lists proposals, and how they stand."""
    from ledger.showing.assembly import PROPOSALS_SCHEMA, proposal_objects

    with looking(data_dir, log) as view:
        proposals = proposal_objects(view, read_day(None))
    if as_json:
        show_json({"schema": PROPOSALS_SCHEMA, "proposals": proposals})
        return
    rows = [
        (
            one["id"][:8],
            one["name"],
            one["closes"],
            one["state"],
            ", ".join(f"{choice['text']} {choice['votes']}" for choice in one["choices"]),
            f"{one['members'] - one['abstained']}/{one['members']}",
        )
        for one in proposals
    ]
    show_table(rows, ("id", "proposal", "until", "state", "votes", "voted"))


@command.command("show")
@click.argument("proposal")
@log_option
@json_option
@click.pass_obj
def show_(data_dir: str | None, proposal: str, log: str, *, as_json: bool) -> None:
    """Shows a proposal with its votes."""
    from ledger.showing.assembly import PROPOSAL_SCHEMA, proposal_object
    from ledger.showing.naming import find_proposal

    with looking(data_dir, log) as view:
        value = proposal_object(view, find_proposal(view, proposal), read_day(None))
    if as_json:
        show_json({"schema": PROPOSAL_SCHEMA, "proposal": value})
        return
    show(plain(value["name"]))
    show(f"  asked by {plain(value['by']['name'])}, until {value['closes']}: {value['state']}")
    for number, choice in enumerate(value["choices"]):
        mark = " <- decided" if value["decision"] and number == value["outcome"] else ""
        show(f"  {number + 1}. {plain(choice['text'])}: {choice['votes']}{mark}")
    show(f"  {value['abstained']} of {value['members']} have not voted")
    for act in value["permits"]:
        show(f"  permits {act['kind']} {act['hash'][:16]}{', done' if act['used'] else ''}")


@command.command("rules", short_help="Show or change quorum and majority.")
@click.option("--quorum", help="Members that have to vote: 1/2, or 50 %.")
@click.option("--majority", help="Votes that a choice needs more than: 1/2, or 50 %.")
@click.option("--sheet", "sheets", type=_FILE, multiple=True, help="File of a recovery sheet; else they are typed in.")
@click.option("--out", type=_FILE, help="Write the amendment to a file for the holders of sheets to sign.")
@json_option
@click.pass_obj
def rules(
    data_dir: str | None,
    *,
    quorum: str | None,
    majority: str | None,
    sheets: tuple[Path, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Shows the rules of the assembly, or changes them.

    They stand in the charter, so holders of recovery sheets have to sign a change. Stop the node first.
    """
    from cli.signing import carry_out, directory_of, own_of
    from ledger.own.charter_plans import change_fields
    from ledger.showing.assembly import rules_object
    from protocol.charter import Assembly

    with looking(data_dir) as view:
        value, before = rules_object(view), view.book.rules
    if quorum is None and majority is None:
        if as_json:
            show_json(value)
        else:
            show(value["says"])
        return
    wanted = Assembly(
        quorum=read_rate(quorum) if quorum else before.quorum,
        majority=read_rate(majority) if majority else before.majority,
    )
    directory = directory_of(data_dir)
    plan = change_fields(directory, own_of(directory), {"assembly": wanted})
    carry_out(directory, plan, sheets, out, destroy=False, as_json=as_json)


def read_rate(text: str) -> tuple[int, int]:
    """A rate as people write it: 13/200, or 6.5 %."""
    import re

    found = re.fullmatch(r"([0-9]{1,6})/([1-9][0-9]{0,5})", text.strip())
    if found:
        return int(found[1]), int(found[2])
    found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,4}))? ?%", text.strip())
    if found is None:
        raise click.UsageError(f"{text[:40]!r} is not a rate: write it like 13/200, or 6.5 %")
    decimals = found[2] or ""
    return int(found[1] + decimals), 100 * 10 ** len(decimals)
