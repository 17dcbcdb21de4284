# SPDX-License-Identifier: AGPL-3.0-or-later
"""`folkmoot proposal`: what anybody has proposed or reported; deciding on it; links for proposing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.failure import NOT_FOUND, CommandError
from cli.output import json_option, plain, say, show, show_json, show_table, when

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory
    from ledger.ledger import Ledger
    from ledger.sqlite.store import Snapshot

_SHORT = 12
_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_reason = click.option("--reason", default="", help="Why: everybody can read it.")


@click.group("proposal", short_help="What anybody has proposed or reported: look, decide, ask the assembly.")
def command() -> None:
    """Proposals and reports of anybody wait beside the log until they are decided on. Decisions are entries of it."""


@command.command("list")
@click.option("--decided", is_flag=True, help="Show what was decided instead, latest first.")
@json_option
@click.pass_obj
def list_proposals(data_dir: str | None, *, decided: bool, as_json: bool) -> None:
    """Lists what waits for a decision, latest first."""
    from ledger.proposals.present import proposals_object

    with _reading(data_dir) as reads:
        told = proposals_object(reads, _own(reads), private=True)
    if as_json:
        show_json(told)
        return
    if decided:
        rows = [
            (one["id"][:_SHORT], when(one["at"]), one["outcome"], plain(one["reason"] or "")) for one in told["decided"]
        ]
        show_table(rows, ("proposal", "at", "outcome", "reason"))
        return
    waits = [(one["id"][:_SHORT], when(one["at"]), _what(one), plain(_name(one))) for one in told["waiting"]]
    if not waits:
        say("nothing waits for a decision; anybody proposes at /propose, on the pages of the node")
        return
    show_table(waits, ("proposal", "at", "what", "name"))
    say(f"{told['total']:,} wait; folkmoot proposal show, accept, refuse, answer, vote")


@command.command("show")
@click.argument("proposal")
@json_option
@click.pass_obj
def show_proposal(data_dir: str | None, proposal: str, *, as_json: bool) -> None:
    """Shows PROPOSAL: what would be different, and what was decided on it."""
    from ledger.proposals.present import proposal_object

    with _reading(data_dir) as reads:
        told = proposal_object(reads, _own(reads), _find(reads, proposal), private=True)
    if as_json:
        show_json(told)
        return
    if told["state"] == "decided":
        show(f"{told['outcome']} at {when(told['at'])}, entry {told['position']}" + _because(told["reason"]))
        return
    by = plain(told["through"] or "") or f"key {told['author'][:_SHORT]}"
    show(f"{_what(told)}: {plain(_name(told))}, by {by}, at {when(told['at'])}")
    before, after = told["present"] or {}, told.get("record") or {}
    for field in sorted({*before, *after}) if after else ():
        if before.get(field) != after.get(field):
            show(f"  {field}: {_json(before.get(field))} -> {_json(after.get(field))}")
    if told["note"]:
        show(f"  note: {plain(told['note'])}")


@command.command("accept")
@click.argument("proposal")
@_reason
@click.option("--record", type=_FILE, help="Accept the record in this JSON file instead.")
@json_option
@click.pass_obj
def accept(data_dir: str | None, proposal: str, *, reason: str, record: Path | None, as_json: bool) -> None:
    """Puts the record as PROPOSAL would have it, on the state that it has by now."""
    more: dict[str, Any] = {"record": json.loads(record.read_text("utf-8"))} if record else {}
    _decide(data_dir, proposal, {"outcome": "accepted", "reason": reason, **more}, as_json=as_json)


@command.command("refuse")
@click.argument("proposal")
@_reason
@click.option("--hold-back", is_flag=True, help="Do not enter what was proposed, only the decision: for spam.")
@json_option
@click.pass_obj
def refuse(data_dir: str | None, proposal: str, *, reason: str, hold_back: bool, as_json: bool) -> None:
    """Refuses PROPOSAL."""
    _decide(data_dir, proposal, {"outcome": "refused", "reason": reason, "hold_back": hold_back}, as_json=as_json)


@command.command("answer")
@click.argument("report")
@click.argument("outcome", type=click.Choice(("done", "nothing_to_do", "closed")))
@_reason
@json_option
@click.pass_obj
def answer(data_dir: str | None, report: str, outcome: str, *, reason: str, as_json: bool) -> None:
    """Answers REPORT: it is done, there is nothing to do, or the record is closed by it."""
    _decide(data_dir, report, {"outcome": outcome, "reason": reason}, as_json=as_json)


@command.command("vote")
@click.argument("proposal")
@click.option("--days", type=click.IntRange(1, 90), default=7, show_default=True, help="How long the vote is open.")
@json_option
@click.pass_obj
def vote(data_dir: str | None, proposal: str, *, days: int, as_json: bool) -> None:
    """Lets the assembly decide on PROPOSAL: a running node carries out what that has decided."""
    _decide(data_dir, proposal, {"outcome": "vote", "days": days}, as_json=as_json)


@command.command("count")
@click.argument("proposal")
@json_option
@click.pass_obj
def count(data_dir: str | None, proposal: str, *, as_json: bool) -> None:
    """Counts the votes on PROPOSAL and does what was decided."""
    _decide(data_dir, proposal, {"outcome": "count"}, as_json=as_json)


@command.command("link")
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True)
@click.option("--proposals", type=click.IntRange(1, 1_000), default=50, show_default=True)
@json_option
@click.pass_obj
def link(data_dir: str | None, name: str, *, days: int, proposals: int, as_json: bool) -> None:
    """Makes a link by which somebody proposes as NAME, without a key. It is shown once."""
    from cli.target import LocalTarget, RemoteTarget, open_target
    from ledger.proposals.inbox import invite

    with open_target(_directory(data_dir)) as target:
        if isinstance(target, RemoteTarget):
            order = {"name": name, "days": days, "proposals": proposals}
            path = target.post("/v1/proposal-links", order)["path"]
        else:
            assert isinstance(target, LocalTarget)
            path = f"/propose?link={invite(target.ledger, name, days, proposals)}"
    if as_json:
        show_json({"schema": "folkmoot.proposal-link/1", "path": path})
        return
    show(path)
    say("put the address of this node before it, and send it to whom it is for")


def _decide(data_dir: str | None, proposal: str, order: dict[str, Any], *, as_json: bool) -> None:
    """Decides through the running node, or in the data directory."""
    from cli.target import LocalTarget, RemoteTarget, open_target

    with open_target(_directory(data_dir)) as target:
        with target.store.read() as reads:
            proposal_id = _find(reads, proposal)
        if isinstance(target, RemoteTarget):
            told = target.post(f"/v1/proposals/{proposal_id.hex()}/decision", order)
        else:
            assert isinstance(target, LocalTarget)
            told = {"schema": "folkmoot.decided/1", **_decide_here(target.ledger, proposal_id, order)}
        target.settle()
    if as_json:
        show_json(told)
    elif "ballot" in told:
        show(f"the assembly is asked: proposal {told['ballot'][:_SHORT]}; folkmoot assembly vote")
    else:
        show(f"decided, at position {told['position']}")


def _decide_here(ledger: Ledger, proposal_id: bytes, order: dict[str, Any]) -> dict[str, Any]:
    from ledger.jsonform import from_json
    from ledger.proposals.deciding import Verdict, decide
    from ledger.proposals.voting import carry_out
    from node.reciprocity.asking_assembly import put_to_vote

    outcome = order["outcome"]
    if outcome == "vote":
        return {"ballot": put_to_vote(ledger, proposal_id, order["days"]).hex()}
    if outcome == "count":
        return {"position": carry_out(ledger, proposal_id, "the assembly did not vote for it")}
    record = from_json(order["record"]) if "record" in order else None
    verdict = Verdict(outcome, order["reason"], order.get("hold_back", False), record)
    return {"position": decide(ledger, proposal_id, verdict)}


def _directory(data_dir: str | None) -> DataDirectory:
    from node.config import data_directory

    return data_directory(data_dir)


def _reading(data_dir: str | None) -> Any:  # noqa: ANN401 - a context manager
    from ledger.sqlite.store import SqliteStore

    return SqliteStore(_directory(data_dir).store, writable=False).read()


def _own(reads: Snapshot) -> int:
    return int(reads.fact("own") or 0)


def _find(reads: Snapshot, name: str) -> bytes:
    """The proposal that the beginning of an id names, whether it waits or was decided on. Raises CommandError."""
    from ledger.proposals.present import decided_list, waiting_list

    known = {one.row.id for one in waiting_list(reads, _own(reads))}
    known |= {one.body.claim for one in decided_list(reads, _own(reads))}
    found = [one for one in sorted(known) if one.hex().startswith(name.lower())]
    if len(found) != 1:
        raise CommandError(f"{'no' if not found else 'more than one'} proposal {plain(name)}", NOT_FOUND)
    return found[0]


def _what(told: dict[str, Any]) -> str:
    if told["kind"] == "claim.report":
        return f"report: {told['type']}"
    return "new" if told["new"] else "change"


def _name(told: dict[str, Any]) -> str:
    names = (told.get("record") or told["present"] or {"name": {"und": "?"}})["name"]
    return str(names[min(names)])


def _because(reason: str | None) -> str:
    return f": {plain(reason)}" if reason else ""


def _json(value: object) -> str:
    return "-" if value is None else plain(json.dumps(value, ensure_ascii=False))
