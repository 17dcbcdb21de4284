# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who must say what they last saw of the own log before it is signed after a start (spec 06 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.recovery import Watchers
from protocol.identity import show_log_id
from protocol.note import VerifierKey

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot
    from protocol.charter import LogKeys


def watchers_of(reads: Snapshot, keys: LogKeys) -> Watchers:
    """The witnesses that the charter names; without any, the known peers."""
    charter = keys.charter
    if charter.witnesses:
        return Watchers.witnesses([VerifierKey.parse(text).name for text in charter.witnesses], charter.quorum)
    return Watchers.peers(peer_name(url, log_id) for url, log_id in reads.met() if log_id != keys.log_id)


def peer_name(url: str, log_id: bytes) -> str:
    """What a peer is called among those who watch: its log, or its address as long as it has not proved whose it is."""
    return show_log_id(log_id) if log_id else url
