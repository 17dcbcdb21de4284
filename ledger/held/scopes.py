# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which logs this node admits, holds whole, holds by their heads, or lets wait (spec 16 §2, §3)."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import NotFoundError, RefusedError
from ledger.held.denying import denied_logs, follow_denials
from ledger.own.neighbours import neighbour_logs
from ledger.text import words
from ledger.values import WaitingRow
from protocol.charter import establish
from protocol.checkpoint import parse_checkpoint
from protocol.errors import Malformed
from protocol.identity import Origin, parse_log_id, show_log_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.held.replica import VerifiedHead
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree

VOUCHES_MAX = 3
"""The longest chain of vouches by which a log is admitted."""
WAITING_MAX = 256
SEEDED_MAX = 1_000
SEED = "seed"
"""The mode of a log that is admitted because a seed told of it."""
MODES = ("follow", "mirror", "admit")


class Policy(NamedTuple):
    """What the operator set for all logs.

    `open`: every log that is heard of is admitted. `whole`: every admitted log is held whole. Quotas are in bytes of
    entries and payloads, of one log and of all; 0 is none.
    """

    open: bool = True
    whole: bool = True
    log_bytes: int = 0
    total_bytes: int = 0


class Standing(NamedTuple):
    """What a log is here. `why` is one word of spec 16 §2; `through` are the logs of the chain that vouches for it."""

    admitted: bool
    whole: bool
    why: str
    through: tuple[bytes, ...] = ()


class Scopes(NamedTuple):
    """Who is admitted, and why, as it stood at one moment."""

    own: bytes
    policy: Policy
    choices: Mapping[bytes, str]
    met: frozenset[bytes]
    chains: Mapping[bytes, tuple[bytes, ...]]
    regions: tuple[frozenset[str], ...]
    denied: frozenset[bytes]
    neighbours: frozenset[bytes] = frozenset()

    def standing(self, log_id: bytes, charters: Sequence[bytes]) -> Standing:
        """What a log is here; its charters tell its territory."""
        if log_id in self.denied:
            return Standing(admitted=False, whole=False, why="denied")
        why, through = self._why(log_id)
        if not why:
            return Standing(admitted=False, whole=False, why="waiting")
        whole = self.policy.whole or why in {"own", "follow", "mirror", "neighbour"}
        if not whole and self.regions and self._in_region(charters):
            return Standing(admitted=True, whole=True, why="region", through=through)
        return Standing(admitted=True, whole=whole, why=why, through=through)

    def _why(self, log_id: bytes) -> tuple[str, tuple[bytes, ...]]:
        if log_id == self.own:
            return "own", ()
        chosen = self.choices.get(log_id, "")
        if chosen not in {"", SEED}:
            return chosen, ()
        if log_id in self.neighbours:
            return "neighbour", ()
        if log_id in self.met:
            return "met", ()
        if log_id in self.chains:
            return "vouched", self.chains[log_id]
        if chosen:
            return SEED, ()
        return ("open" if self.policy.open else ""), ()

    def _in_region(self, charters: Sequence[bytes]) -> bool:
        territory = frozenset(words(establish(charters).charter.territory))
        return any(region <= territory for region in self.regions)


class ScopeBook:
    """The scopes as they are now: read again when something has changed. For any thread."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._scopes: Scopes | None = None
        self._version = -1
        self._lock = threading.Lock()

    def current(self, reads: Snapshot) -> Scopes:
        """The scopes, as this view of the store has them."""
        version = reads.scopes_version()
        with self._lock:
            if self._scopes is None or self._version != version or self._scopes.policy != self.policy:
                self._scopes, self._version = read_scopes(reads, self.policy), version
            return self._scopes


def read_scopes(reads: Snapshot, policy: Policy) -> Scopes:
    """The scopes from what the operator chose and what the logs say."""
    own, choices, met, denied = reads.own_log(), reads.choices(), reads.met_logs(), denied_logs(reads)
    roots = {own, *(log_id for log_id, mode in choices.items() if mode == "follow"), *met} - denied
    return Scopes(
        own,
        policy,
        choices,
        frozenset(met),
        vouch_chains(roots, reads.vouches(), denied),
        tuple(frozenset(words(name)) for name in reads.regions()),
        frozenset(denied),
        frozenset(neighbour_logs(reads, int(reads.fact("own") or 0))),
    )


def vouch_chains(
    roots: set[bytes], vouches: Mapping[bytes, set[bytes]], denied: set[bytes]
) -> dict[bytes, tuple[bytes, ...]]:
    """Of each log that a chain of vouches leads to, the logs of the shortest one, the root first."""
    chains: dict[bytes, tuple[bytes, ...]] = dict.fromkeys(sorted(roots), ())
    last = list(chains)
    for _ in range(VOUCHES_MAX):
        found: dict[bytes, tuple[bytes, ...]] = {}
        for by in last:
            for log_id in sorted(vouches.get(by, ())):
                if log_id not in chains and log_id not in found and log_id not in denied:
                    found[log_id] = (*chains[by], by)
        chains.update(found)
        last = list(found)
    return {log_id: chain for log_id, chain in chains.items() if chain}


def over_quota(reads: Snapshot, tree: Tree, policy: Policy) -> str:
    """Which quota leaves no room for more of a log: `log` or `total`; empty if there is room."""
    taken = sum(epoch.bytes for epoch in reads.epochs(tree.origin.log_id)) if policy.log_bytes else 0
    if policy.log_bytes and taken >= policy.log_bytes:
        return "log"
    return "total" if policy.total_bytes and reads.held_bytes() >= policy.total_bytes else ""


def take_from_seed(change: Transaction, head: VerifiedHead) -> bool:
    """Whether a log that nobody vouches for is admitted because a seed holds it: only so many are."""
    choices = change.choices()
    if sum(mode == SEED for mode in choices.values()) >= SEEDED_MAX:
        return False
    if head.origin.log_id not in choices:
        change.choose(head.origin.log_id, SEED)
    return True


def let_wait(change: Transaction, head: VerifiedHead, told_by: bytes, now: int) -> bool:
    """Puts a log that nobody here knows anybody of into the pool, by its head; whether it was not in it before.

    Its newest head stays: its own node asks for it after it was put back, and may have told an older one first. When
    the pool is full, the peer that told of most of them gives one up, its oldest: nobody can fill it alone.
    """
    rows = change.waiting()
    log_id = head.origin.log_id
    known = next((row for row in rows if row.log_id == log_id), None)
    if known is None and len(rows) >= WAITING_MAX:
        told: dict[bytes, list[WaitingRow]] = {}
        for row in rows:
            told.setdefault(row.told_by, []).append(row)
        most = max(told.values(), key=len)
        if len(told.get(told_by, ())) >= len(most):
            most = told[told_by]
        change.drop_waiting(most[0].log_id)
    if known is None:
        change.put_waiting(WaitingRow(log_id, head.note, head.charters, told_by, now))
    elif _age(head.note, head.charters) > _age(known.note, known.charters):
        change.put_waiting(known._replace(note=head.note, charters=head.charters))
    return known is None


def _age(note: bytes, charters: Sequence[bytes]) -> tuple[int, int, int]:
    """By what one head of a log is newer than another: what a key signs that was removed since is not."""
    checkpoint, _ = parse_checkpoint(note)
    return Origin.parse(checkpoint.origin).epoch, len(charters), checkpoint.size


def decide(change: Transaction, action: str, subject: bytes | str) -> None:
    """Carries out a decision of the operator about a log (its id) or a region (its name). Raises RefusedError."""
    if isinstance(subject, str):
        name = " ".join(words(subject))
        if not name:
            raise RefusedError(f"a region is named by words of its territory, not {subject[:40]!r}")
        change.set_region(name, followed=action == "region")
        return
    if subject == change.own_log():
        raise RefusedError("that is this node's own log: it is always held and shown")
    if action in MODES or action == "unfollow":
        change.choose(subject, "" if action == "unfollow" else action)
    elif action in {"deny", "allow"}:
        change.rule(subject, denied=action == "deny")
    else:
        change.subscribe(subject, subscribed=action == "subscribe")
    follow_denials(change)


LOG_ACTIONS = (*MODES, "unfollow", "deny", "allow", "subscribe", "unsubscribe")
REGION_ACTIONS = ("region", "unregion")


def find_log(reads: Snapshot, text: str) -> bytes:
    """The id of a log that is named by its 52 characters, or by the beginning of them if anything is known of it here.

    Raises NotFoundError.
    """
    with suppress(Malformed):
        return parse_log_id(text.lower())
    known = {tree.origin.log_id for tree in reads.trees()} | {row.log_id for row in reads.waiting()}
    known |= {*reads.choices(), *reads.rulings(), *reads.subscriptions()}
    found = sorted(log_id for log_id in known if text and show_log_id(log_id).startswith(text.lower()))
    if len(found) != 1:
        raise NotFoundError(f"{len(found)} logs known here begin with {text[:60]!r}; see `folkmoot log list`")
    return found[0]
