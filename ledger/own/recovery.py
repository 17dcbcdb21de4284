# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the own log may be signed: a value that follows from what others say of it (spec 06 §5). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class State(Enum):
    """What the own log may do."""

    SIGNING = "signing"
    UNSURE = "unsure"
    """Asks; what is written waits unsigned."""
    BEHIND = "behind"
    """Others hold signed entries that are not here: they are fetched."""
    FORKED = "forked"
    """Two histories were signed, or the epoch has ended: never again under this one."""


class Relation(Enum):
    """What a verified note of the own log says beside what is held here."""

    KNOWN = "known"
    """It covers a beginning of what is held here, or nothing."""
    AHEAD = "ahead"
    """It covers entries that are not here."""
    CONTRADICTS = "contradicts"
    """It and what was signed here cannot both be true."""


def relate(signed: int, size: int, *, agrees: bool | None) -> Relation:
    """The relation of a note over `size` entries to a log of which `signed` entries stand under a checkpoint.

    `agrees` is whether the root over the first `size` entries held here is that of the note; None if fewer are held.
    What is not signed yet binds nobody: a note that differs from it is ahead, and it makes room.
    """
    if agrees:
        return Relation.KNOWN
    return Relation.CONTRADICTS if size <= signed else Relation.AHEAD


def needed_witnesses(count: int, quorum: int) -> int:
    """How many of `count` witnesses must answer, where a checkpoint counts as published with `quorum` of them.

    Any such number shares one with every quorum that cosigned before, and is a quorum itself.
    """
    return min(count, max(quorum, count - quorum + 1))


def needed_peers(count: int) -> int:
    """How many of `count` known peers must answer, where there are no witnesses."""
    return min(count, 3) // 2 + 1 if count else 0


class Watchers(NamedTuple):
    """Who watches the own log: names, and how many of them must have answered. None needed: nobody watches it."""

    names: frozenset[str] = frozenset()
    needed: int = 0

    @classmethod
    def peers(cls, names: Iterable[str]) -> Watchers:
        """Known peers, where there are no witnesses."""
        known = frozenset(names)
        return cls(known, needed_peers(len(known)))

    @classmethod
    def witnesses(cls, names: Iterable[str], quorum: int) -> Watchers:
        """Witnesses with the quorum that makes a checkpoint published."""
        known = frozenset(names)
        return cls(known, needed_witnesses(len(known), quorum))


UNWATCHED = Watchers()


@dataclass(frozen=True)
class Recovery:
    """Where the own log stands between a start and signing. Each event gives the next value."""

    watchers: Watchers = UNWATCHED
    doubt: str = ""
    """Why the head file does not vouch for this store; empty if it does."""
    answers: Mapping[str, int] = field(default_factory=dict)
    """Who has answered since signing was last in question, with the size they knew."""
    granted: bool = False
    """Whether the quorum has answered, or an operator has overridden it."""
    target: int = 0
    """The size of a verified note of the own log whose entries are being fetched; 0 if there is none."""
    owed: int = 0
    """The size that the head file says was signed here, where the store holds less: nothing is signed below it."""
    fork: str = ""
    """What cannot be true together with what was signed here; empty if nothing is known."""

    @property
    def state(self) -> State:
        """What the own log may do."""
        if self.fork:
            return State.FORKED
        if self.target:
            return State.BEHIND
        return State.SIGNING if self.granted and not self.doubt else State.UNSURE

    @property
    def counted(self) -> int:
        """How many of those who must answer have answered."""
        return len(self.watchers.names & self.answers.keys())

    def watched_by(self, watchers: Watchers) -> Recovery:
        """Others have to answer from now on. Where signing is allowed already, that asks for nothing anew."""
        return _decided(replace(self, watchers=watchers))

    def answered(self, watcher: str, size: int, relation: Relation) -> Recovery:
        """Somebody told their newest verified note of the own log; size 0 if they know none.

        A contradiction is no answer; whether it proves a fork, and so leads to `forked`, is for others to say.
        """
        if self.fork or relation is Relation.CONTRADICTS:
            return self
        if relation is Relation.AHEAD:
            return replace(self, target=max(self.target, size), granted=False, answers={})
        return _decided(replace(self, answers={**self.answers, watcher: size}))

    def forked(self, why: str) -> Recovery:
        """Two histories were signed: what shows it is kept elsewhere (spec 12)."""
        return replace(self, fork=why, granted=False)

    def superseded(self, watcher: str, epoch: int) -> Recovery:
        """Somebody holds a later epoch of the log: this one has ended, and nothing in it may be signed."""
        return replace(self, fork=f"{watcher} holds epoch {epoch} of this log, which has ended this one", granted=False)

    def caught_up(self, size: int) -> Recovery:
        """All that the target covers is here. Who knew it has to say so again, for there may be more by now."""
        owed = self.owed if size < self.owed else 0
        return replace(self, target=0, owed=owed, granted=False, answers={})

    def doubted(self, why: str) -> Recovery:
        """Something says that another instance signs, or that this one was put back: asks anew."""
        return replace(self, doubt=why, granted=False, answers={})

    def overridden(self) -> Recovery:
        """An operator takes it on themselves that nothing was signed elsewhere."""
        return self if self.fork or self.target else replace(self, granted=True, owed=0)

    def vouched(self) -> Recovery:
        """The head file has been made anew and vouches for this store."""
        return replace(self, doubt="")


def _decided(recovery: Recovery) -> Recovery:
    """Allows signing where enough have answered, or where there is nobody to ask and nothing to doubt."""
    if recovery.granted or recovery.fork or recovery.target or recovery.owed:
        return recovery
    watchers = recovery.watchers
    enough = recovery.counted >= watchers.needed if watchers.needed else not recovery.doubt
    return replace(recovery, granted=True) if enough else recovery


def start(watchers: Watchers, doubt: str = "", target: int = 0, fork: str = "", owed: int = 0) -> Recovery:
    """The state of the own log after a start: signing at once only if nobody ever watched it and the head vouches."""
    return _decided(Recovery(watchers, doubt, {}, granted=False, target=target, owed=owed, fork=fork))


def explain(recovery: Recovery, held: int) -> str:
    """Why nothing is signed, and what happens next, for the operator; empty while signing. `held`: entries here."""
    state = recovery.state
    if state is State.SIGNING:
        return ""
    safe = "What is written is saved and queued; reading, searching and verifying go on."
    if state is State.FORKED:
        return (
            f"{recovery.fork}. Keep this data directory as it is. Nothing more is written; reading, searching and "
            "verifying go on."
        )
    because = f"{recovery.doubt}. " if recovery.doubt else ""
    if state is State.BEHIND:
        return (
            f"{because}Others hold {recovery.target:,} signed entries of this log, and this store {held:,} of them: it "
            "was put back from an older copy, or another instance signs with its key. The missing entries are fetched "
            "from peers and verified, then what was written since is entered again. If nobody holds them any more, "
            "look for a newer copy or bundle; only if there is none, open a new epoch with the recovery sheets "
            "(`folkmoot key epoch`), which gives up what is missing. " + safe
        )
    if not recovery.watchers.needed:
        return (
            f"{because}Nothing is signed, so that the log cannot fork, and nobody is known who could say what was "
            "signed last. Add a peer who holds this log (`folkmoot peer add URL`); or, if you are certain that this "
            "is the newest copy and the only one, `folkmoot log override --reason TEXT`. " + safe
        )
    if recovery.owed and recovery.counted >= recovery.watchers.needed:
        return (
            f"{because}Those who have answered do not hold the missing entries either. Nothing is signed until the "
            f"log is here up to {recovery.owed:,} entries; or, if they are lost for good, "
            "`folkmoot log override --reason TEXT`, which forks the log if anybody holds them after all. " + safe
        )
    if recovery.granted:
        return because + safe
    silent = sorted(recovery.watchers.names - recovery.answers.keys())
    shown = ", ".join(silent[:5]) + (f" and {len(silent) - 5} more" if len(silent) > 5 else "")
    return (
        f"{because}After a start nothing is signed until {recovery.watchers.needed} of {len(recovery.watchers.names)} "
        f"who watch this log have said what they last saw of it; {recovery.counted} have. Not yet: {shown}. " + safe
    )


def unwatched(recovery: Recovery) -> str:
    """What to say of a log that is signed while nobody watches it; empty if somebody does."""
    if recovery.watchers.needed:
        return ""
    return "nobody watches this log: a restored or copied data directory could not be noticed. Add a peer or a witness."
