# SPDX-License-Identifier: AGPL-3.0-or-later
"""Verdicts on member statements and on balances, in words for people and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cli.output import plain, show, when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.balance import BalanceFinding
    from protocol.chain import StateLeaf
    from protocol.member_replay import Told
    from protocol.member_verdict import MemberFinding

WORD = {0: "TRUE", 3: "FALSE", 7: "CANNOT TELL"}


def show_member(finding: MemberFinding) -> None:
    """What a member statement says, and what was checked of it."""
    code, statement = finding.verdict.exit_code, finding.statement
    if code:
        show(f"{WORD[code]}: {plain(finding.why)}")
    else:
        show("TRUE: all that this log recorded about this member up to then is here; nothing was left out or changed.")
    if statement is None:
        return
    _show_log(statement.log, statement.epoch)
    if finding.keys is not None:
        show(f"  name        {plain(finding.keys.charter.title())}, as its own charter says")
    show(f"  member      {statement.member.hex()}{_profile(finding)}")
    if code:
        return
    assert finding.checkpoint is not None
    last = finding.told[-1]
    show(
        f"  up to       {when(_time(last))}, by the log's own clock:"
        f" entry {last.position:,} of {finding.checkpoint.size:,}"
    )
    show("              What came later is not in this file.")
    kinds = Counter(one.statement.kind for one in finding.told[:-1] if one.statement)
    counted = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    show(f"  entries     {len(finding.told) - 1:,}: {counted}")
    for leaf in finding.leaves:
        if leaf.sort:
            show(f"  balance     {_amount(leaf)} (account {leaf.id.hex()})")
    show("  checked     that these entries stand in the signed log; every signature on them; that they are all there")
    show("              are, by the chains that the log's signed state names; and that the amounts add up.")
    show("              Nobody was asked; no clock was read.")
    show_witnesses(finding.witnesses)
    if finding.own_trust:
        show("  trust       your trust file says whose keys to believe.")
    else:
        show(
            "  trust       the trust file inside the statement. Anybody can make a log: compare the log's id above with"
        )
        show("              what the organisation told you, or say with --trust whose keys you believe.")


def show_balance(finding: BalanceFinding) -> None:
    """What a balance proof says, and what was checked of it."""
    code, checkpoint = finding.verdict.exit_code, finding.proof.checkpoint
    show(f"{WORD[code]}: {plain(finding.why)}" if code else "TRUE: this log states this balance.")
    if checkpoint is not None:
        show(f"  log         {plain(checkpoint.origin)}")
    if finding.leaf is None or checkpoint is None or finding.proof.entry is None:
        return
    leaf = finding.leaf
    what = "account" if leaf.sort else "member"
    show(f"  {what:<11} {leaf.id.hex()}")
    if leaf.sort:
        show(f"  balance     {_amount(leaf)}")
    show(f"  entries     {leaf.count:,} concern it")
    at = when(finding.proof.entry.at)
    show(f"  up to       {at}, by the log's own clock: entry {finding.proof.position:,} of {checkpoint.size:,}")
    show(
        "  checked     the log's signature, the way from its stated balances to the signed root, and the way from this"
    )
    show("              one to them. That it adds up, a member statement shows. Nobody was asked; no clock was read.")
    show_witnesses(finding.proof.witnesses)


def show_witnesses(witnesses: Iterable[tuple[str, int]]) -> None:
    """Who cosigned, and when."""
    for name, time in witnesses:
        show(f"  witness     {plain(name)} saw this log at {when(time)}")
    if not witnesses:
        show("  witnesses   none asked for by the trust file: a log that shows others something else is not excluded.")


def member_object(finding: MemberFinding) -> dict[str, Any]:
    """A verdict on a member statement as JSON."""
    from ledger.jsonform import to_json
    from protocol.identity import show_log_id

    statement, checkpoint = finding.statement, finding.checkpoint
    value: dict[str, Any] = {
        "schema": "folkmoot.member-verdict/1",
        "verdict": finding.verdict.word,
        "exit": finding.verdict.exit_code,
        "why": finding.why,
        "trusted_by": "reader" if finding.own_trust else "statement",
        "witnesses": [{"name": name, "time": time} for name, time in finding.witnesses],
    }
    if statement is not None:
        value |= {"log": show_log_id(statement.log), "epoch": statement.epoch, "member": statement.member.hex()}
    if checkpoint is not None:
        value["size"] = checkpoint.size
    if finding.keys is not None:
        value["name"] = finding.keys.charter.name
    if finding.told:
        value["stated"] = {"position": finding.told[-1].position, "at": _time(finding.told[-1])}
        value["accounts"] = [_leaf_object(leaf) for leaf in finding.leaves if leaf.sort]
        value["entries"] = [
            {
                "position": one.position,
                "at": _time(one),
                "kind": one.statement.kind,
                "id": one.statement.id.hex(),
                "concerns": [finding.leaves[number].id.hex() for number in one.concerns],
                "signers": [key.hex() for key in one.signers],
                "body": to_json(one.statement.read_body()),
            }
            for one in finding.told[:-1]
            if one.statement
        ]
    return value


def balance_object(finding: BalanceFinding) -> dict[str, Any]:
    """A verdict on a balance proof as JSON."""
    value: dict[str, Any] = {
        "schema": "folkmoot.balance-verdict/1",
        "verdict": finding.verdict.word,
        "exit": finding.verdict.exit_code,
        "why": finding.why,
        "witnesses": [{"name": name, "time": time} for name, time in finding.proof.witnesses],
    }
    if finding.proof.checkpoint is not None:
        value["origin"], value["size"] = finding.proof.checkpoint.origin, finding.proof.checkpoint.size
    if finding.leaf is not None and finding.proof.entry is not None:
        value["stated"] = {"position": finding.proof.position, "at": finding.proof.entry.at}
        value["leaf"] = _leaf_object(finding.leaf)
    return value


def _leaf_object(leaf: StateLeaf) -> dict[str, Any]:
    from protocol.amounts import show_amount

    value: dict[str, Any] = {"id": leaf.id.hex(), "entries": leaf.count}
    if leaf.sort:
        posted, reserved = (show_amount(amount, leaf.scale) for amount in (leaf.posted, leaf.reserved))
        value |= {"posted": posted, "reserved": reserved, "unit": leaf.unit}
    return value


def _amount(leaf: StateLeaf) -> str:
    from protocol.amounts import show_amount

    text = f"{show_amount(leaf.posted, leaf.scale)} {leaf.unit}"
    reserved = f", of which {show_amount(leaf.reserved, leaf.scale)} are set aside for payments under way"
    return text + (reserved if leaf.reserved else "")


def _show_log(log_id: bytes, epoch: int) -> None:
    from protocol.identity import show_log_id

    show(f"  log         {show_log_id(log_id)} (epoch {epoch})")


def _profile(finding: MemberFinding) -> str:
    """The name in the newest profile, if there is one."""
    from protocol.reciprocity_bodies import MemberProfile

    names = [one.body.name for one in finding.told if isinstance(one.body, MemberProfile) and one.body.name]
    return f", {plain(names[-1])} by the profile" if names else ""


def _time(one: Told) -> int:
    from protocol.statement import Entry

    return one.entry.at if isinstance(one.entry, Entry) else 0
