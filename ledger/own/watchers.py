# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who must say what they last saw of the own log before it is signed after a start (spec 06 §5)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ledger.held.state import witnesses_of
from ledger.own.recovery import Watchers
from protocol.errors import Malformed
from protocol.identity import parse_log_id, show_log_id

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot, Transaction
    from protocol.charter import LogKeys


def watchers_of(reads: Snapshot, keys: LogKeys) -> Watchers:
    """The witnesses that the charter names, or that the operator chose; without any, the known peers.

    Whose log is not admitted here counts only where there is nobody else: strangers could otherwise answer in place of
    those who hold the log, or leave for ever and so keep it from being signed.
    """
    witnesses = witnesses_of(reads, reads.tree_numbered(int(reads.fact("own") or 0)))
    if witnesses.chosen:
        return Watchers.witnesses([witness.key.name for witness in witnesses.chosen], witnesses.needed)
    known = [(url, log_id) for url, log_id in reads.met() if log_id != keys.log_id]
    admitted = [(url, log_id) for url, log_id in known if url or _is_held(reads, log_id)]
    return Watchers.peers(peer_name(url, log_id) for url, log_id in admitted or known)


def _is_held(reads: Snapshot, log_id: bytes) -> bool:
    """Whether a log is here, and neither waits to be admitted nor is denied."""
    return any(not tree.hidden for tree in reads.epochs(log_id))


def forget_peer(change: Transaction, name: str) -> bool:
    """Whether there was a peer of this URL or log id; it is not known any more, and need not answer."""
    with suppress(Malformed):
        log_id = parse_log_id(name)
        change.unmeet_log(log_id)
        return change.forget_peer(log_id)
    url = name.rstrip("/")
    change.unmeet(url)
    return change.remove_peer(url)


def peer_name(url: str, log_id: bytes) -> str:
    """What a peer is called among those who watch: its log, or its address as long as it has not proved whose it is."""
    return show_log_id(log_id) if log_id else url
