# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gossip session as a state machine: frames and time in, actions out (spec 09). No IO, no clock, no randomness.

    OPENING   HELLO sent                -> HELLO received: AUTH sent            -> AUTHENTICATING
    AUTHENTICATING                      -> AUTH received and holds: RESUME sent -> OPEN
    OPEN      RESUME HEADS CURSOR WANT ENTRIES MISSING BUSY PING; errands, which change nothing here
    any       REJECT, BYE, a malformed frame, silence                          -> CLOSED

The driver carries out the actions and tells the session what came of them (`heads`, `cursor`, `entries`, `want`).
"""

from __future__ import annotations

from enum import Enum, auto
from hashlib import sha256
from typing import TYPE_CHECKING

from protocol.actions import (
    Action,
    Close,
    FetchEnded,
    Hear,
    Me,
    Opened,
    Send,
    Serve,
    TakeCursor,
    TakeHeads,
    TakeRange,
    TellSince,
)
from protocol.charter import LogKeys, establish
from protocol.errors import Malformed
from protocol.fetch import Fetch
from protocol.frames import (
    FRAME_BYTES_MAX,
    HEADS_MAX,
    RANGE_BYTES_MAX,
    Auth,
    Busy,
    Bye,
    Cursor,
    Entries,
    Errand,
    Frame,
    HeadField,
    Heads,
    Hello,
    Missing,
    Ping,
    Reject,
    Resume,
    Want,
    auth_message,
    decode_frame,
    encode_frame,
)
from protocol.identity import Origin
from protocol.reconcile import session_salt
from protocol.sealing import Seal
from protocol.signature import verify

if TYPE_CHECKING:
    from collections.abc import Sequence


VERSION = 1
OPENING_S, SILENCE_S, PING_S, RESUME_S = 10.0, 90.0, 30.0, 60.0
PROBE_S = 10.0
FETCHES_MAX, _HEADS_BYTES = 10_000, FRAME_BYTES_MAX * 3 // 4


class State(Enum):
    """Where a session stands."""

    OPENING = auto()
    AUTHENTICATING = auto()
    OPEN = auto()
    CLOSED = auto()


class Session:
    """One conversation between two nodes, from this side. `peer`: who the other proved to be; `hello`: what it said."""

    def __init__(self, me: Me, now: float) -> None:
        self.me = me
        self.state = State.OPENING
        self.peer: LogKeys | None = None
        self._claimed: LogKeys | None = None
        self._began = self._heard = self._sent = self._heads_heard = now
        self._probed: float | None = None
        self._resume: Resume | None = None
        self._fetches: dict[Origin, Fetch] = {}
        self._given_up: set[Origin] = set()
        self._pushed: dict[Origin, bytes] = {}
        self.hello: Hello | None = None
        self._seal: Seal | None = None

    def start(self) -> list[Action]:
        """The first frame; both sides send it at once."""
        me, charters = self.me, list(self.me.charters)
        return [self._send(Hello([VERSION], me.network, me.log, me.nonce, me.role, list(me.features), charters))]

    def receive(self, data: bytes, now: float) -> list[Action]:
        """What to do about a frame."""
        if self.state is State.CLOSED:
            return []
        self._heard = now
        try:
            frame = decode_frame(data)
        except Malformed:
            return self._close("malformed", fault=True)
        if frame is None:
            return []
        if isinstance(frame, Reject | Bye):
            self.state = State.CLOSED
            return [Close(frame.code, fault=False, retry_s=frame.retry if isinstance(frame, Bye) else 0)]
        if self.state is State.OPENING:
            return self._receive_hello(frame)
        if self.state is State.AUTHENTICATING:
            return self._receive_auth(frame)
        return self._receive_open(frame, now)

    def tick(self, now: float) -> list[Action]:
        """What the passing of time asks for; to be called every few seconds."""
        if self.state is State.CLOSED:
            return []
        if self.state is not State.OPEN:
            return self._close("timeout", fault=False) if now - self._began > OPENING_S else []
        unanswered = self._probed is not None and self._heard < self._probed < now - PROBE_S
        if unanswered or now - self._heard > SILENCE_S:
            return self._close("timeout", fault=False)
        if self._resume is not None and now - self._heads_heard > RESUME_S:
            self._heads_heard = now
            return [self._send(self._resume)]
        if now - max(self._heard, self._sent) > PING_S:
            self._sent = now
            return [self._send(Ping(int(now), reply=False))]
        return []

    # What the driver says.

    def resume(self, store: bytes, cursor: int) -> list[Action]:
        """Asks for changes since a cursor with this peer: after Opened, and whenever the cursor has moved on."""
        first, self._resume = self._resume is None, Resume("all", store, cursor)
        return [self._send(self._resume)] if first else []

    def tell(self, heads: Sequence[HeadField], store: bytes, upto: int) -> list[Action]:
        """Answers TellSince."""
        actions = self._send_heads(heads)
        return [*actions, self._send(Cursor(store, upto))] if self.state is State.OPEN else []

    def inform(self, heads: Sequence[HeadField]) -> list[Action]:
        """Tells of checkpoints that were asked for, known or not."""
        return self._send_heads(heads) if self.state is State.OPEN else []

    def probe(self, now: float) -> list[Action]:
        """Asks whether the other side is still there; `tick` ends the session if it says nothing for PROBE_S."""
        if self.state is not State.OPEN or (self._probed is not None and self._heard < self._probed):
            return []
        self._probed = now
        return [self._send(Ping(int(now), reply=False))]

    def push(self, heads: Sequence[HeadField]) -> list[Action]:
        """Tells of new checkpoints; one that the other side told us itself, or knows, is left out."""
        if self.state is not State.OPEN:
            return []
        new = [head for head in heads if self._pushed.get(Origin(head.log, head.epoch)) != _digest(head)]
        return self._send_heads(new)

    def fetch(self, origin: Origin, held: int, size: int) -> list[Action]:
        """Begins to fetch a log, or does nothing if it is being fetched or too many are."""
        if self.state is not State.OPEN or origin in self._fetches or len(self._fetches) >= FETCHES_MAX:
            return []
        self._fetches[origin] = Fetch(origin, held, size)
        return self._ask()

    def say(self, frame: Entries | Missing | Busy | Errand) -> list[Action]:
        """Answers Serve, and asks or answers what leaves the session as it is."""
        return [self._send(frame)] if self.state is State.OPEN else []

    def stored(self, origin: Origin) -> list[Action]:
        """A range was stored: asks for more, or ends the fetch."""
        fetch = self._fetches.get(origin)
        if fetch is None or self.state is not State.OPEN:
            return []
        if fetch.done:
            del self._fetches[origin]
            return [FetchEnded(origin, complete=True), *self._ask()]
        return self._ask()

    def give_up(self, origin: Origin, retry_s: int = 0) -> list[Action]:
        """Ends a fetch that does not move, is not served, or brings what does not join what is held (spec 12 §5)."""
        if self._fetches.pop(origin, None) is None:
            return []
        self._given_up.add(origin)
        return [FetchEnded(origin, complete=False, retry_s=retry_s), *self._ask()]

    @property
    def seal(self) -> Seal:
        """The key shared with the other side. Raises Malformed (`seal`) if none can be agreed."""
        if self._seal is None:
            assert self.hello is not None
            self._seal = Seal(self.me.role, self.me.secret, self.hello.nonce)
        return self._seal

    @property
    def salt(self) -> bytes:
        """What makes the short items of this session its own (spec 13 §2)."""
        assert self.hello is not None
        mine, theirs = self.me.nonce, self.hello.nonce
        return session_salt((theirs, mine) if self.me.role else (mine, theirs))

    def refuse(self, code: str) -> list[Action]:
        """Ends the session because the other side sent something false."""
        return self._close(code, fault=True)

    def close(self, code: str, retry_s: int = 0) -> list[Action]:
        """Ends the session for a reason of our own."""
        return self._close(code, fault=False, retry_s=retry_s)

    # The table of transitions.

    def _receive_hello(self, frame: Frame) -> list[Action]:
        if not isinstance(frame, Hello):
            return self._close("unexpected", fault=True)
        me = self.me
        for wrong, code in (
            (VERSION not in frame.versions, "version"),
            (frame.network != me.network, "network"),
            (frame.log == me.log, "self"),
            (frame.role == me.role, "role"),
        ):
            if wrong:
                return self._reject(code)
        try:
            self._claimed = establish(frame.charters)
        except Malformed:
            return self._reject("charter")
        if self._claimed.log_id != frame.log:
            return self._reject("charter")
        self.hello = frame
        self.state = State.AUTHENTICATING
        message = auth_message(me.network, me.role, me.log, me.nonce, frame.log, frame.nonce)
        return [self._send(Auth(me.key.public, me.key.sign(message)))]

    def _receive_auth(self, frame: Frame) -> list[Action]:
        hello, me = self.hello, self.me
        if not isinstance(frame, Auth) or hello is None or self._claimed is None:
            return self._close("unexpected", fault=True)
        message = auth_message(me.network, hello.role, hello.log, hello.nonce, me.log, me.nonce)
        if frame.key not in self._claimed.charter.keys or not verify(frame.key, message, frame.signature):
            return self._reject("auth")
        self.peer = self._claimed
        self.state = State.OPEN
        return [Opened(self.peer)]

    def _receive_open(self, frame: Frame, now: float) -> list[Action]:
        match frame:
            case Resume(store=store, cursor=cursor):
                return [TellSince(store, cursor)]
            case Heads(heads=heads):
                self._heads_heard = now
                self._remember(heads)
                return [TakeHeads(heads)]
            case Cursor(store=store, upto=upto):
                self._heads_heard = now
                return [TakeCursor(store, upto)]
            case Want():
                return [Serve(frame)]
            case Entries():
                return self._receive_entries(frame)
            case Missing(log=log, epoch=epoch) | Busy(log=log, epoch=epoch):
                return self.give_up(Origin(log, epoch), frame.retry if isinstance(frame, Busy) else 0)
            case Ping(time=time, reply=False):
                return [self._send(Ping(time, reply=True))]
            case Ping():
                return []
        if isinstance(frame, Errand):
            return [Hear(frame)]
        return self._close("unexpected", fault=True)

    def _receive_entries(self, frame: Entries) -> list[Action]:
        fetch = self._fetches.get(Origin(frame.log, frame.epoch))
        if fetch is None:
            return []
        if not fetch.take(frame):  # unless it was asked for in a fetch that has ended since
            return [] if fetch.origin in self._given_up else self._close("unasked", fault=True)
        ready: list[Action] = [TakeRange(fetch.origin, entries) for entries in fetch.in_order()]
        return [*self._ask(), *ready]

    def _ask(self) -> list[Action]:
        """Asks for the next ranges of the first log that is being fetched: one after the other, each at full speed."""
        for fetch in self._fetches.values():
            log_id, epoch = fetch.origin
            return [
                self._send(Want(log_id, epoch, fetch.size, span.begin, span.end, RANGE_BYTES_MAX, payloads=True))
                for span in fetch.asks()
            ]
        return []

    def _send_heads(self, heads: Sequence[HeadField]) -> list[Action]:
        self._remember(heads)
        parts: list[list[HeadField]] = [[]]
        room = _HEADS_BYTES
        for head in heads:
            size = len(head.checkpoint) + sum(map(len, head.charters)) + 128
            if parts[-1] and (size > room or len(parts[-1]) == HEADS_MAX):
                parts.append([])
                room = _HEADS_BYTES
            parts[-1].append(head)
            room -= size
        return [self._send(Heads(part)) for part in parts if part]

    def _remember(self, heads: Sequence[HeadField]) -> None:
        """Notes what both sides know; beyond a limit, what is told twice costs less than the memory."""
        for head in heads:
            origin = Origin(head.log, head.epoch)
            if origin in self._pushed or len(self._pushed) < FETCHES_MAX:
                self._pushed[origin] = _digest(head)

    def _send(self, frame: Frame) -> Send:
        return Send(encode_frame(frame))

    def _reject(self, code: str) -> list[Action]:
        self.state = State.CLOSED
        return [self._send(Reject(code)), Close(code, fault=False)]

    def _close(self, code: str, *, fault: bool, retry_s: int = 0) -> list[Action]:
        if self.state is State.CLOSED:
            return []
        self.state = State.CLOSED
        return [self._send(Bye(code, retry_s)), Close(code, fault=fault, retry_s=retry_s)]


def _digest(head: HeadField) -> bytes:
    return sha256(head.checkpoint).digest()
