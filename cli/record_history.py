# SPDX-License-Identifier: AGPL-3.0-or-later
"""A record's history with what each step changed, and what others say of it, in the terminal."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cli.output import plain, show, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.directory.difference import Piece


def show_history(reads: Snapshot, row: RecordRow, history: Sequence[dict[str, Any]]) -> None:
    """The steps, latest first; of the latest ones with the fields that they changed."""
    from ledger.directory.present import record_states
    from node.directory.difference import difference
    from node.directory.listing import Reader
    from node.directory.profile_steps import COMPARED_MAX
    from node.web.words import words_in

    states = record_states(reads, row, COMPARED_MAX + 1)
    puts = [step["position"] for step in history if step["kind"] == "record.put"]
    before = dict(pairwise(puts))
    reader = Reader(("en",), words_in("en"), 0)
    for step in history:
        position = step["position"]
        show(f"  {when(step['at'])}  {step['kind']} at {position} by {step['author'][:16]}")
        earlier = before.get(position, -1)
        if position in states and earlier in states:
            for change in difference(states[earlier], states[position], reader):
                show(f"      {plain(change.label)}: {_text(change.before)} -> {_text(change.after)}")


def show_around(reads: Snapshot, record: dict[str, Any], row: RecordRow) -> None:
    """What was said of it in any log, and what points at it."""
    from ledger.directory.around import pointing_objects
    from ledger.directory.claims import claim_objects
    from node.directory.profile_around import CLAIMS
    from protocol.identity import parse_log_id

    log_id = parse_log_id(record["log"])
    for one in claim_objects(reads, log_id, row.id, CLAIMS):
        said = one.get("finding") or one.get("outcome") or ""
        note = one.get("note") or one.get("reason") or ""
        who = one["author_name"] or one["author"][:16]
        what = f"{one['kind']} {said}".strip()
        show(f"said: {plain(what)}, {when(one['at'])}, {plain(who)} in {one['log'][:8]} {plain(note)}".rstrip())
    for predicate, other in pointing_objects(reads, log_id, row.id):
        show(f"pointed at: {plain(predicate)} by {other['log'][:8]}/{other['id'][:8]} {plain(other['name'])}")


def _text(pieces: Sequence[Piece]) -> str:
    return plain("".join(piece.text for piece in pieces)) or "(nothing)"
