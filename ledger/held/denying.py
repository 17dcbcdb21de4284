# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is denied here: the operator's own word, then what the own log and those subscribed to say (spec 16 §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.charter import establish
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Denial


def moderators(reads: Snapshot) -> set[bytes]:
    """Logs whose denials and labels count here: the own one, and those subscribed to."""
    return reads.subscriptions() | {reads.own_log()}


def denials_in_force(reads: Snapshot) -> list[Denial]:
    """What block lists deny here: that of the own log, and those subscribed to."""
    counting = moderators(reads)
    return [denial for denial in reads.denials() if denial.by in counting]


def denied_logs(reads: Snapshot) -> set[bytes]:
    """Logs of which nothing is taken in, served or shown. Never the own one."""
    listed = {denial.log_id for denial in denials_in_force(reads) if not denial.id}
    rulings = reads.rulings()
    denied = {log_id for log_id in listed if rulings.get(log_id, True)}
    return (denied | {log_id for log_id, is_denied in rulings.items() if is_denied}) - {reads.own_log()}


def denied_ids(reads: Snapshot) -> set[tuple[bytes, bytes]]:
    """(log id, record id) of single records that are not shown here, whether they are held or not."""
    return {(denial.log_id, denial.id) for denial in denials_in_force(reads) if denial.id}


def denied_records(reads: Snapshot) -> set[int]:
    """Row ids of single records that are not shown here."""
    wanted: dict[bytes, list[bytes]] = {}
    for log_id, record_id in sorted(denied_ids(reads)):
        wanted.setdefault(log_id, []).append(record_id)
    found: set[int] = set()
    for log_id, ids in wanted.items():
        for tree in reads.epochs(log_id):
            found.update(row.rid for row in reads.records_by_id(tree.tree, ids).values())
    return found


def label_objects(reads: Snapshot, log_id: bytes, record_id: bytes = b"") -> list[dict[str, str]]:
    """The labels that count here on a record, or on a log as a whole, with who put them there, as JSON."""
    labels = reads.labels(log_id, record_id)
    counting = moderators(reads) if labels else set()
    return [
        {"label": label.label, "by": show_log_id(label.by), "by_name": title_of(reads, label.by)}
        for label in labels
        if label.by in counting
    ]


def title_of(reads: Snapshot, log_id: bytes) -> str:
    """What the organisation of a log is called; empty if its charter is not here."""
    for tree in reversed(reads.epochs(log_id)):
        charters = reads.charters(tree.tree)
        if charters:
            return establish(charters).charter.title()
    return ""


def follow_denials(change: Transaction) -> None:
    """Hides and shows logs if what is denied may have changed; after every change of scopes, in its transaction."""
    if change.hidden_version() != change.scopes_version():
        change.set_denied_records(denied_ids(change))
        change.set_hidden(denied_logs(change))
