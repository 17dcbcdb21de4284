# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node without a network, disk or clock: one side of a session, and what it does about the session's actions."""

from __future__ import annotations

from protocol.actions import (
    Action,
    Close,
    FetchEnded,
    Me,
    Opened,
    Send,
    Serve,
    TakeCursor,
    TakeHeads,
    TakeRange,
    TellSince,
)
from protocol.charter import establish
from protocol.checkpoint import parse_checkpoint
from protocol.errors import Malformed
from protocol.frames import Entries, Frame, HeadField, Missing, Want, decode_frame
from protocol.identity import Origin
from protocol.merkle import Peaks, check_consistency, leaf_hash
from protocol.note import verified_by
from protocol.sealing import session_nonce
from protocol.session import Session, State
from tests.builders import Log, Organisation, seeded


class Replica:
    """A foreign log as far as it has come: every range is verified before it is kept."""

    def __init__(self, size: int, root: bytes) -> None:
        self.size, self.root = size, root
        self.peaks = Peaks()
        self.entries: list[tuple[bytes, bytes]] = []

    def grow(self, answer: Entries) -> None:
        """Keeps a range. Raises Malformed if it does not follow or does not lead to the root (spec 09 §5)."""
        peaks = self.peaks.copy()
        for entry, _ in answer.entries:
            peaks.append(leaf_hash(entry))
        if answer.from_ != self.peaks.size:
            raise Malformed("range", "a range that does not follow")
        check_consistency(peaks.size, self.size, peaks.root(), self.root, answer.proof)
        self.peaks = peaks
        self.entries += [(bytes(entry), bytes(payload)) for entry, payload in answer.entries]


class Peer:
    """One side. `sent` are frames that the other has yet to get; `done` is all that it was asked to do."""

    def __init__(
        self,
        organisation: Organisation,
        role: int,
        logs: tuple[Log, ...] = (),
        *,
        network: str = "folkmoot",
        nonce: str = "",
        fits: int = 1000,
    ) -> None:
        self.organisation = organisation
        self.logs = {log.organisation.origin: log for log in logs}
        self.store = seeded(f"{organisation.label} store", 16)
        self.cursor = (b"", 0)
        self.fits = fits
        self.replicas: dict[Origin, Replica] = {}
        self.sent: list[bytes] = []
        self.done: list[Action] = []
        secret = seeded(f"{organisation.label} nonce {nonce}")
        charters = (organisation.payload,)
        own = session_nonce(secret)
        self.session = Session(Me(network, organisation.log_id, organisation.key, charters, role, own, secret), 0.0)

    @property
    def closed(self) -> Close | None:
        """How the session ended here."""
        return next((action for action in self.done if isinstance(action, Close)), None)

    @property
    def is_open(self) -> bool:
        """Whether the other side is known and may be talked to."""
        return self.session.state is State.OPEN

    def frames(self) -> list[Frame | None]:
        """What is on its way to the other side."""
        return [decode_frame(data) for data in self.sent]

    def heads(self) -> list[HeadField]:
        """What is served here."""
        return [HeadField(*origin, bytes(log.note()), [log.organisation.payload]) for origin, log in self.logs.items()]

    def do(self, actions: list[Action]) -> None:
        """Carries out what the session asks for."""
        for action in actions:
            if isinstance(action, Send):
                self.sent.append(action.data)
            else:
                self.done.append(action)
                self._carry_out(action)

    def _carry_out(self, action: Action) -> None:
        session = self.session
        match action:
            case Opened():
                self.do(session.resume(*self.cursor))
            case TellSince(store=store, cursor=cursor):
                known = cursor if store == self.store else 0
                self.do(session.tell(self.heads()[known:], self.store, len(self.logs)))
            case TakeHeads(heads=heads):
                for head in heads:
                    self._take_head(head)
            case TakeCursor(store=store, upto=upto):
                self.cursor = (store, upto)
            case Serve(want=want):
                self.do(session.say(self._serve(want)))
            case TakeRange(origin=origin, entries=entries):
                try:
                    self.replicas[origin].grow(entries)
                except Malformed:
                    self.do(session.refuse("false_range"))
                else:
                    self.do(session.stored(origin))

    def _take_head(self, head: HeadField) -> None:
        checkpoint, note = parse_checkpoint(head.checkpoint)
        verified_by(note, establish(head.charters).verifier_keys(head.epoch))
        origin = Origin(head.log, head.epoch)
        replica = self.replicas.setdefault(origin, Replica(checkpoint.size, checkpoint.root))
        replica.size, replica.root = checkpoint.size, checkpoint.root
        self.do(self.session.fetch(origin, replica.peaks.size, replica.size))

    def _serve(self, want: Want) -> Entries | Missing:
        log = self.logs.get(Origin(want.log, want.epoch))
        if log is None:
            return Missing(want.log, want.epoch, want.from_, "unknown_log")
        end = min(want.to, want.from_ + self.fits)
        entries = log.entries[want.from_ : end]
        return Entries(want.log, want.epoch, want.size, want.from_, entries, log.prove_consistency(end))


def deliver(one: Peer, other: Peer, now: float = 0.0) -> None:
    """Carries frames, in turns, until neither side has anything more to say."""
    while one.sent or other.sent:
        for sender, receiver in ((one, other), (other, one)):
            if sender.sent:
                receiver.do(receiver.session.receive(sender.sent.pop(0), now))


def connect(one: Peer, other: Peer) -> None:
    """Opens the session and lets it run until both are silent."""
    one.do(one.session.start())
    other.do(other.session.start())
    deliver(one, other)


def ended(peer: Peer) -> list[FetchEnded]:
    """The fetches that ended here."""
    return [action for action in peer.done if isinstance(action, FetchEnded)]
