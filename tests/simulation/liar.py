# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node that speaks the protocol well and lies: about its own log, about those of others, and with its time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from protocol.actions import Close, Hear, Me, Opened, Send, Serve, TakeHeads, TellSince
from protocol.checkpoint import Checkpoint
from protocol.frames import (
    Busy,
    Cosignature,
    Entries,
    GetHeads,
    HeadField,
    Heads,
    Missing,
    Payloads,
    Peers,
    Ping,
    Resume,
    Skip,
    Tunnel,
    Want,
    Witness,
    encode_frame,
)
from protocol.identity import Origin
from protocol.merkle import consistency_nodes, fold_nodes
from protocol.note import Note, sign_note
from protocol.rangeframes import Items, Ranges
from protocol.ranges import FINGERPRINT_BYTES, SHORT_BYTES
from protocol.session import Session
from tests.builders import Log
from tests.simulation.check import FORK_AT, Checker, History
from tests.simulation.memory import organisation_of
from tests.simulation.node import NETWORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.actions import Action
    from protocol.frames import Frame
    from tests.builders import Organisation
    from tests.simulation.network import End, Network
    from tests.simulation.world import World

LIES = ("truth", "rollback", "freeze", "withhold", "flood", "false_proof", "fast_forward", "split_view")

REDIAL_S = 60.0
FLOOD_FRAMES = 20
LARGEST = 2**63 - 1
ENTRIES_MAX = 40


class Liar:
    """A machine of somebody who cheats. `lie` is what it does at present."""

    def __init__(self, world: World, network: Network, name: str, peers: tuple[str, ...], checker: Checker) -> None:
        self.world = world
        self.network = network
        self.name = name
        self.peers = peers
        self.lie = "truth"
        self.organisation = organisation_of(name)
        self.logs = [Log(self.organisation).grow(FORK_AT), Log(self.organisation).grow(FORK_AT)]
        self.logs[1].append(organisation_of("nobody").payload)  # from here on another history than the first one
        self.notes: list[list[bytes]] = [[], []]
        self.heard: dict[Origin, list[HeadField]] = {}
        self.stolen: Organisation | None = None
        """Whose operating key it has, which was removed when that was noticed."""
        self.histories = [History(entry for entry, _ in log.entries) for log in self.logs]
        checker.lies[self.organisation.log_id] = self.histories
        self.grow()

    def start(self) -> None:
        """Listens and dials, and does so again for ever."""
        self.network.listening[self.name] = lambda end: self._open(end, 1)
        for name in self.peers:
            self._dial(name)

    def change(self) -> None:
        """Thinks of another lie, and goes on with its log."""
        self.lie = self.world.random.choice(LIES)
        self.world.note(f"{self.name} {self.lie}".encode())
        self.grow()

    def grow(self) -> None:
        """Writes an entry into each of its histories and signs both."""
        for number, log in enumerate(self.logs):
            if log.size < ENTRIES_MAX:
                begin = log.size
                log.grow(begin + 1)
                self.histories[number].append(log.entries[begin][0])
                self.notes[number].append(bytes(log.note()))

    def _dial(self, name: str) -> None:
        promise = self.network.connect(self.name, name)

        def dialled() -> None:
            end = promise.value
            if end is not None:
                self._open(end, 0)
                end.on_end = lambda: self.world.after(REDIAL_S, lambda: self._dial(name))
            else:
                self.world.after(REDIAL_S, lambda: self._dial(name))

        promise.then(dialled)

    def _open(self, end: End, role: int) -> None:
        _Lying(self, end, role)


class _Lying:
    """One connection of a liar."""

    def __init__(self, liar: Liar, end: End, role: int) -> None:
        self._liar = liar
        self._end = end
        me = liar.organisation
        nonce = liar.world.random.randbytes(32)
        self._session = Session(Me(NETWORK, me.log_id, me.key, (me.payload,), role, nonce), liar.world.now)
        end.on_frame = self._hear
        self._do(self._session.start())
        self._tick()

    def _tick(self) -> None:
        if self._end.open:
            self._do(self._session.tick(self._liar.world.now))
            self._liar.world.after(20.0, self._tick)

    def _hear(self, data: bytes) -> None:
        self._do(self._session.receive(data, self._liar.world.now))

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Send(data=data):
                    self._end.send(data)
                case Close():
                    self._end.close()
                    self._end.on_end()
                case Opened():
                    self._do(self._session.resume(b"", 0))
                case TakeHeads(heads=heads):
                    for head in heads:
                        self._liar.heard.setdefault(Origin(head.log, head.epoch), []).append(head)
                case TellSince():
                    self._tell()
                case Serve(want=want):
                    self._serve(want)
                case Hear(frame=GetHeads(logs=logs)):
                    self._answer(logs)
                case _:
                    pass

    def _answer(self, logs: list[bytes]) -> None:
        """Says what it has heard of some logs, or something older, or that it knows nothing."""
        random = self._liar.world.random
        heads = [random.choice(heard) for origin, heard in self._liar.heard.items() if origin.log_id in logs]
        if self._liar.lie == "truth":
            heads = [heard[-1] for origin, heard in self._liar.heard.items() if origin.log_id in logs]
        elif self._liar.lie == "withhold" or random.random() < 0.3:
            heads = []
        self._say(Heads(heads) if heads else Skip(logs, "unknown"))

    def _say(self, frame: Frame) -> None:
        self._end.send(encode_frame(frame))

    def _tell(self) -> None:
        """Tells what suits it."""
        liar = self._liar
        random, lie = liar.world.random, liar.lie
        pick: Callable[[list[HeadField]], HeadField] = {
            "rollback": random.choice,
            "freeze": lambda heads: heads[0],
        }.get(lie, lambda heads: heads[-1])
        heads = [pick(known) for known in liar.heard.values()]
        heads.append(self._own_head())
        if liar.stolen is not None:
            heads.append(self._stolen_head(liar.stolen))
        random.shuffle(heads)
        upto = LARGEST if lie == "fast_forward" else random.randrange(100)
        self._do(self._session.tell(heads, liar.organisation.log_id[:16], upto))
        if lie == "flood":
            self._flood()

    def _own_head(self) -> HeadField:
        liar = self._liar
        me, notes = liar.organisation, liar.notes[self._history()]
        note = {"rollback": liar.world.random.choice(notes), "freeze": notes[0]}.get(liar.lie, notes[-1])
        if liar.lie == "fast_forward":
            size = liar.world.random.choice([LARGEST, LARGEST - 1, 2**62, 2**40])
            checkpoint = Checkpoint(str(me.origin), size, liar.world.random.randbytes(32))
            note = bytes(Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, me.key),)))
        return HeadField(me.log_id, 1, note, [me.payload])

    def _stolen_head(self, victim: Organisation) -> HeadField:
        """Another history of somebody else's log, signed with the removed key: of what they hold, or of more."""
        random, heard = self._liar.world.random, self._liar.heard.get(victim.origin, [])
        size = random.choice([1, 2, 5, 20, 200])
        checkpoint = Checkpoint(str(victim.origin), size, random.randbytes(32))
        note = bytes(Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, victim.key),)))
        charters = max((head.charters for head in heard), key=len, default=[]) if random.random() < 0.5 else []
        return HeadField(victim.log_id, 1, note, charters or [victim.payload])

    def _history(self) -> int:
        """Which of its histories it shows to this peer."""
        peer = self._session.peer
        return peer.log_id[0] & 1 if peer and self._liar.lie == "split_view" else 0

    def _flood(self) -> None:
        random, me = self._liar.world.random, self._liar.organisation
        for _ in range(FLOOD_FRAMES):
            log = random.choice([me.log_id, *(origin.log_id for origin in self._liar.heard)])
            number = random.choice([0, 1, random.randrange(50), LARGEST])
            frames: list[Frame] = [
                Ping(number, reply=False),
                Want(log, 1, number, 0, max(1, number), 262_144, payloads=True),
                Resume("all", random.randbytes(16), number),
                Missing(log, 1, number, "size"),
                Busy(random.randrange(1000), log, 1, number),
                *self._errands(log, number),
            ]
            self._say(random.choice(frames))

    def _errands(self, log: bytes, number: int) -> list[Frame]:
        """Frames of the right form without sense: each may cost whoever hears it time, and nothing else."""
        random, me = self._liar.world.random, self._liar.organisation
        peer = self._session.peer
        target = peer.log_id if peer is not None and random.random() < 0.5 else log
        small, noise = min(number, 1000), random.randbytes(random.randrange(200))
        hashes = [random.randbytes(32) for _ in range(random.randrange(4))]
        prefix = f"{random.randrange(256):02x}"
        note = self._own_head().checkpoint if random.random() < 0.5 else noise
        codes: list[Literal["open", "data", "close", "refused"]] = ["open", "data", "close", "refused"]
        return [
            Payloads(log, 1, [small, number], [(number, noise), (small, b"")]),
            Payloads(target, 1, list(range(small % 50)), []),
            Tunnel(target, random.choice([me.log_id, log]), small % 20, random.choice(codes), noise),
            Witness(log, 1, number, hashes, note),
            Cosignature(log, 1, number, random.choice([200, 403, 409]), number, noise),
            Ranges([(prefix, random.randbytes(16 * FINGERPRINT_BYTES))], more=random.random() < 0.5),
            Ranges([("", random.randbytes(256 * FINGERPRINT_BYTES))], more=False),
            Items([(prefix, random.randbytes(4 * SHORT_BYTES))], [(log, 1, number)], [], more=False),
            Items([], [(random.randbytes(32), 1, number)], [(prefix, random.randbytes(SHORT_BYTES))], more=True),
            GetHeads([log, random.randbytes(32), target]),
            Skip([log, target], "unknown"),
            Peers(ask=True, records=[noise]),
        ]

    def _serve(self, want: Want) -> None:
        """Answers, or not, or with what is not so."""
        liar = self._liar
        random = liar.world.random
        if liar.lie == "withhold":
            answer: Entries | Missing | Busy | None = random.choice(
                [None, Busy(random.randrange(60), want.log, want.epoch, want.from_), None]
            )
        elif want.log != liar.organisation.log_id:
            answer = Missing(want.log, want.epoch, want.from_, "unknown_log")
            if liar.lie == "false_proof":
                answer = Entries(want.log, want.epoch, want.size, want.from_, [(random.randbytes(50), b"")], [])
        else:
            answer = self._range(want)
        if answer is not None:
            self._do(self._session.say(answer))

    def _range(self, want: Want) -> Entries | Missing:
        log = self._liar.logs[self._history()]
        end = min(want.to, log.size)
        if not want.from_ < end or want.size > log.size:
            return Missing(want.log, want.epoch, want.from_, "range")
        entries = log.entries[want.from_ : end]
        proof = fold_nodes(consistency_nodes(end, want.size), log._hashes)
        if self._liar.lie == "false_proof":
            proof = [self._liar.world.random.randbytes(32) for _ in range(3)]
        return Entries(want.log, want.epoch, want.size, want.from_, entries, proof)
