# SPDX-License-Identifier: AGPL-3.0-or-later
"""The federation as a net: who witnesses whom and when it last did, how fresh each log is, who vouches for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.held.denying import title_of
from ledger.held.state import witnesses_of
from ledger.proofs.proving import log_object
from protocol.checkpoint import check_cosignature
from protocol.errors import Malformed
from protocol.identity import log_id_of_witness, show_log_id
from protocol.note import parse_note
from protocol.witness import cosigned_by

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree

NET_SCHEMA = "folkmoot.net/1"


def net_object(reads: Snapshot, now: int) -> dict[str, Any]:
    """The newest epoch of each log that may be shown, the own one first; `now` in UTC seconds.

    `seen` is when somebody last told of its newest checkpoint (UTC seconds, to the hour; 0: not known).
    """
    newest: dict[bytes, Tree] = {}
    for tree in reads.trees():
        log_id = tree.origin.log_id
        if not tree.hidden and (log_id not in newest or newest[log_id].origin.epoch < tree.origin.epoch):
            newest[log_id] = tree
    own, vouches = reads.own_log(), reads.vouches()
    logs = [_node(reads, tree, now, own, vouches.get(log_id, set())) for log_id, tree in newest.items()]
    return {
        "schema": NET_SCHEMA,
        "logs": sorted(logs, key=lambda one: (not one["own"], sorted(one["name"].values()), one["log"])),
    }


def _node(reads: Snapshot, tree: Tree, now: int, own: bytes, vouched: set[bytes]) -> dict[str, Any]:
    told = log_object(reads, tree, now, own)
    names = ("log", "epoch", "name", "own", "state", "fork_proof", "size", "head_size", "published_size", "quorum")
    return {name: told[name] for name in names} | {
        "seen": now if told["own"] else reads.seen(tree.tree),
        "witnesses": _witnesses(reads, tree, own=told["own"]),
        "vouches": [show_log_id(log_id) for log_id in sorted(vouched)],
    }


def _witnesses(reads: Snapshot, tree: Tree, *, own: bool) -> list[dict[str, Any]]:
    """The witnesses of a log, each with when it cosigned the newest published checkpoint (0: it has not).

    Those that only this operator chose are witnesses of others' logs as far as they have cosigned.
    """
    found = witnesses_of(reads, tree)
    _, note = reads.published(tree.tree)
    times: dict[str, int] = {}
    if note:
        parsed = parse_note(note)
        for key, line in cosigned_by(parsed, found.quorum.keys).items():
            try:
                times[str(key)] = check_cosignature(parsed, line, key)
            except Malformed:
                continue
    rows = []
    for one in found.chosen:
        at, log_id = times.get(str(one.key), 0), log_id_of_witness(one.key.name)
        if at or own or found.by_charter:
            name = title_of(reads, log_id) if log_id else ""
            log = show_log_id(log_id) if log_id else ""
            rows.append({"log": log, "name": name or one.key.name, "key": str(one.key), "cosigned_at": at})
    return rows
