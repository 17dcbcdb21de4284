# SPDX-License-Identifier: AGPL-3.0-or-later
"""What this node holds of the federation and why, and what organisations decided: as JSON, for commands and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.deriving.fold import read_entry
from ledger.held.denying import denials_in_force, label_objects, moderators, title_of
from ledger.held.scopes import over_quota, read_scopes
from ledger.jsonform import to_json
from ledger.proofs.proving import log_object
from protocol.charter import establish
from protocol.checkpoint import parse_checkpoint
from protocol.identity import show_log_id
from protocol.statement import SCOPE_PUBLIC, Entry, parse_entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.held.scopes import Policy, Scopes
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree, WaitingRow

DECISIONS = frozenset(
    {
        *("deny", "label", "record.close", "erase", "claim.same", "claim.different", "claim.decided"),
        *("import.undo", "role", "vouch"),
    }
)
"""The kinds of statement that are a moderation log (spec 16 §4)."""

DECISIONS_MAX = 500


def federation_object(reads: Snapshot, policy: Policy, now: int) -> dict[str, Any]:
    """Logs with their mode and state at `now` (UTC seconds), the pool, what is denied, followed and subscribed to."""
    scopes, own = read_scopes(reads, policy), reads.own_log()
    denied = {}
    for log_id, is_denied in reads.rulings().items():
        if is_denied:
            denied[log_id] = [{"by": "", "by_name": "", "reason": ""}]
    for denial in denials_in_force(reads):
        if not denial.id and denial.log_id in scopes.denied:
            who = {"by": show_log_id(denial.by), "by_name": title_of(reads, denial.by), "reason": denial.reason}
            denied.setdefault(denial.log_id, []).append(who)
    return {
        "schema": "folkmoot.federation/1",
        "log": show_log_id(own),
        "policy": policy._asdict(),
        "bytes": reads.held_bytes(),
        "logs": [_held(reads, tree, scopes, now) for tree in reads.trees() if not tree.hidden],
        "waiting": [_waiting(reads, row) for row in reads.waiting()],
        "denied": [
            {"log": show_log_id(log_id), "name": title_of(reads, log_id), "decisions": decisions}
            for log_id, decisions in sorted(denied.items())
        ],
        "allowed": [show_log_id(log_id) for log_id, is_denied in reads.rulings().items() if not is_denied],
        "regions": reads.regions(),
        "subscriptions": _named(reads, sorted(moderators(reads) - {own})),
        "vouched": _named(reads, sorted(reads.vouches().get(own, set()))),
        "records": [
            {"log": show_log_id(row.log_id), "name": title_of(reads, row.log_id), "until": row.until}
            for row in reads.peer_records(now)
        ],
    }


def _named(reads: Snapshot, logs: Sequence[bytes]) -> list[dict[str, str]]:
    return [{"log": show_log_id(log_id), "name": title_of(reads, log_id)} for log_id in logs]


def _held(reads: Snapshot, tree: Tree, scopes: Scopes, now: int) -> dict[str, Any]:
    """A held log with why it is held. `quota` names the quota that leaves no room for what it lacks."""
    charters = reads.charters(tree.tree)
    standing = scopes.standing(tree.origin.log_id, charters)
    lacks = tree.size < tree.head_size
    return {
        **log_object(reads, tree, now, scopes.own),
        "mode": standing.why,
        "whole": standing.whole,
        "through": [show_log_id(log_id) for log_id in standing.through],
        "bytes": tree.bytes,
        "quota": over_quota(reads, tree, scopes.policy) if lacks and standing.whole else "",
        "territory": establish(charters).charter.territory,
        "labels": label_objects(reads, tree.origin.log_id),
    }


def _waiting(reads: Snapshot, row: WaitingRow) -> dict[str, Any]:
    charter = establish(row.charters).charter
    return {
        "log": show_log_id(row.log_id),
        "name": charter.name,
        "kind": charter.kind,
        "size": parse_checkpoint(row.note)[0].size,
        "told_by": show_log_id(row.told_by),
        "told_by_name": title_of(reads, row.told_by),
        "at": row.at,
    }


def moderation_log(
    reads: Snapshot, tree: Tree, before: int | None = None, limit: int = DECISIONS_MAX
) -> list[dict[str, Any]]:
    """What an organisation decided, the latest first: positions in its log by which anybody can check it.

    `before`: only what stands before this position. `by` is what is known of whose key it is.
    """
    found: list[dict[str, Any]] = []
    log_id = tree.origin.log_id
    own = dict.fromkeys(establish(reads.charters(tree.tree)).charter.keys, title_of(reads, log_id))
    names = reads.called(tree.tree) | own
    for position in reads.decisions(tree.tree, limit, before):
        stored = next(reads.entries(tree.tree, position, position + 1))
        header = parse_entry(stored.entry)
        if not isinstance(header, Entry) or header.scope != SCOPE_PUBLIC:
            continue
        statement = read_entry(log_id, position, stored.entry, stored.payload).statement
        if statement is None or statement.kind not in DECISIONS:
            continue
        found.append(
            {
                "position": position,
                "kind": statement.kind,
                "at": statement.at,
                "author": statement.author.hex(),
                "by": names.get(statement.author, ""),
                "body": to_json(statement.read_body()),
            }
        )
    return found
