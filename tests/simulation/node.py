# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node in virtual time: the program's exchange, conversations and log over a disk in memory and a virtual network."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ledger.errors import LedgerError
from ledger.held.charters import take_charters
from ledger.own.amending import _append
from node.peering.conversation import Conversation
from node.peering.errors import UnreachableError
from node.peering.exchange import Exchange
from node.peering.recovering import Recovering
from protocol.identity import witness_name
from protocol.note import TYPE_COSIGNATURE, VerifierKey
from protocol.session import State
from tests.builders import START, amend, make_charter, signing_key
from tests.simulation.memory import Disk, VirtualLedger
from tests.simulation.world import Killed, Process, Promise

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from random import Random

    from ledger.own.log import OwnLog
    from ledger.own.recovery import Recovery
    from ledger.sqlite.store import Snapshot, Transaction
    from protocol.identity import Origin
    from protocol.session import Session
    from tests.simulation.memory import Image
    from tests.simulation.network import End, Network
    from tests.simulation.world import VirtualTask, World

_Result = TypeVar("_Result")
NETWORK = "simulation"
TICK_S = 15.0
SIGN_S = 1.0


class VirtualRuntime:
    """The world's time and chance; threads and the writer take a little while and never stand still."""

    def __init__(self, process: Process, ledger: VirtualLedger) -> None:
        self.random: Random = process.world.random
        self._process = process
        self._ledger = ledger
        self._writes_at = 0.0

    def now(self) -> float:
        """Seconds since the beginning of the run."""
        return self._process.world.now

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        promise: Promise[None] = Promise()
        self._process.after(seconds, lambda: promise.keep(None))
        await promise

    async def compute(self, function: Callable[[], _Result]) -> _Result:
        """What a function gives, a moment later."""
        await self.sleep(self.random.random() * 0.002)
        return function()

    async def read(self, function: Callable[[Snapshot], _Result]) -> _Result:
        """What a function reads; others may have written when the answer is here."""
        early = self.random.random() < 0.5
        if not early:
            await self.sleep(self.random.random() * 0.005)
        if not self._process.alive:
            raise Killed
        with self._ledger.store.read() as reads:
            result = function(reads)
        if early:
            await self.sleep(self.random.random() * 0.005)
        return result

    def write(self, function: Callable[[Transaction], _Result]) -> Promise[_Result]:
        """Queues a transaction behind the others."""
        promise: Promise[_Result] = Promise()

        def write() -> None:
            future = self._ledger.writer.run(function)
            error = future.exception()
            promise.fail(error) if error else promise.keep(future.result())

        self._queue(promise, write)
        return promise

    def write_own(self, function: Callable[[OwnLog, Transaction], Recovery]) -> Promise[Recovery]:
        """Changes the own log, behind the transactions before."""
        promise: Promise[Recovery] = Promise()

        def write() -> None:
            future = self._ledger.writer.change_own(function)
            error = future.exception()
            promise.fail(error) if error else promise.keep(future.result())
            own = self._ledger.own
            if own.signed_size < own.size and not own.signing_refused:  # what has waited for it
                self._process.after(SIGN_S, self._ledger.writer.sign)

        self._queue(promise, write)
        return promise

    def _queue(self, promise: Promise[_Result], write: Callable[[], None]) -> None:
        if not self._process.alive:
            promise.fail(Killed())
            return
        now = self.now()
        self._writes_at = max(self._writes_at, now) + self.random.random() * 0.01
        self._process.after(self._writes_at - now, write)


class VirtualLink(Conversation):
    """A conversation over a virtual connection."""

    def __init__(self, hub: VirtualHub, end: End, session: Session, address: str) -> None:
        self._process = hub.process
        super().__init__(hub, session, address)
        self._end = end
        self._ended: Promise[None] = Promise()
        self._tasks: list[VirtualTask] = []
        end.on_end = lambda: self._ended.keep(None)
        end.on_frame = self._hear

    async def run(self) -> None:
        """Carries the session until it ends."""
        try:
            self._process.after(TICK_S * self.runtime.random.random(), self._tick)
            self.begin()
            await self._ended
        finally:
            self._ended.keep(None)
            for task in self._tasks:
                task.cancel()
            if self._process.alive:
                self._end.close()

    def start(self, work: Coroutine[object, object, None]) -> VirtualTask:
        """Runs something beside, at most until the connection ends."""
        task = self._process.start(work)
        self._tasks = [other for other in self._tasks if not other.done()]
        self._tasks.append(task)
        return task

    def send(self, data: bytes) -> None:
        """Sends a frame."""
        if self._process.alive:
            self._end.send(data)

    def hang_up(self) -> None:
        """Ends the connection; what was sent still arrives."""
        if self._process.alive:
            self._end.close()
            self._ended.keep(None)

    def die(self, *, told: bool) -> None:
        """The process is gone; the machine that is left tells the other side, or is off as well."""
        self._end.lose()
        if told:
            self._process.world.after(0.1, self._end.other.fall)

    async def taken(self) -> None:
        """The network takes everything."""

    def _hear(self, data: bytes) -> None:
        if self._process.alive:
            try:
                self.receive(data)
            except Killed:
                self._process.kill()
            if self.session.state is State.CLOSED:
                self._ended.keep(None)

    def _tick(self) -> None:
        if not self._ended.done:
            self.tick()
            self._process.after(TICK_S, self._tick)


class VirtualHub(Exchange):
    """The gossip of one node. `on_fault` hears whom it blames, and for what."""

    def __init__(self, node: VirtualNode, process: Process, ledger: VirtualLedger) -> None:
        super().__init__(ledger, NETWORK, VirtualRuntime(process, ledger))
        self.process = process
        self._node = node

    def start_beside(self, work: Coroutine[object, object, None]) -> VirtualTask:
        """Runs something beside, at most until the node stops."""
        return self.process.start(work)

    async def converse(self, url: str, *, trusted: bool) -> VirtualLink:  # noqa: ARG002 - all machines are
        """Dials a machine, whose name is its address, and carries the connection until it has ended."""
        end = await self._node.network.connect(self._node.name, url)
        if end is None:
            raise UnreachableError(f"{url} does not answer")
        link = VirtualLink(self, end, self.session(role=0), url)
        await self.carry(link)
        return link

    def accept(self, end: End) -> None:
        """Serves a connection that somebody else opened."""
        if not self.process.alive or not self.has_room():
            end.close()
        else:
            self.start_beside(self.carry(VirtualLink(self, end, self.session(role=1), end.other.owner)))

    def tell_problem(self, who: str, what: str) -> None:
        """Notes what went wrong with a peer."""
        super().tell_problem(who, what)
        self._node.on_problem(what)

    def _ban(self, log_id: bytes) -> None:
        super()._ban(log_id)
        self._node.on_ban(log_id)


class VirtualNode:
    """A machine with its disk. It can be started, killed, restored, and its clock is not to be trusted."""

    def __init__(
        self,
        world: World,
        network: Network,
        name: str,
        peers: tuple[str, ...],
        *,
        signed: bool = True,
        disk: Disk | None = None,
    ) -> None:
        self.world = world
        self.network = network
        self.name = name
        self.peers = peers
        self.disk = disk or Disk(name, world.random, signed=signed)
        self.clock_offset = 0.0
        self.hub: VirtualHub | None = None
        self.acknowledged: dict[bytes, int] = {}
        """Statement ids that were answered as saved, with their position then."""
        self.restored = False
        """An older copy was put back."""
        self.witnessed = False
        """Whether it has chosen witnesses."""
        self.killed_at_write = 0
        """The process is killed at this one of its next writes, before or after it is durable; 0 for none."""
        self.on_commit: Callable[[], None] = lambda: None
        self.on_ban: Callable[[bytes], None] = lambda _: None
        self.on_problem: Callable[[str], None] = lambda _: None
        self._written = 0
        if signed and disk is None:
            with self.disk.store.write() as change:
                for url in peers:
                    change.add_peer(url, START)
        self.disk.store.on_write = self._wrote_entries
        self.disk.head.on_write = self._wrote

    @property
    def log_id(self) -> bytes:
        """The identity of its log."""
        return self.disk.organisation.log_id

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self.hub is not None and self.hub.process.alive

    def start(self) -> None:
        """Starts the program and dials the peers that it was told of."""
        self.world.note(b"start " + self.name.encode())
        process = Process(self.world)
        ledger = VirtualLedger(self.disk, lambda: START + self.world.now + self.clock_offset)
        self.hub = hub = VirtualHub(self, process, ledger)
        process.on_kill = lambda: self._died(hub)
        ledger.writer.on_checkpoint = hub.hear_checkpoint
        hub.begin()
        if self.disk.signed:
            Recovering(hub).start()
        self.network.listening[self.name] = hub.accept
        for name in self.peers:
            hub.dial(name, trusted=True)
        if self.disk.signed:
            process.after(SIGN_S, ledger.writer.sign)

    def kill(self) -> None:
        """Switches the machine off."""
        if self.hub is not None:
            self.hub.process.kill()

    def _died(self, hub: VirtualHub) -> None:
        """Nothing is left of the process; its peers may hear of that or not."""
        self.world.note(b"kill " + self.name.encode())
        self.network.listening.pop(self.name, None)
        self.hub = None
        told = self.world.random.random() < 0.5
        for link in hub.links:
            if isinstance(link, VirtualLink):
                link.die(told=told)

    def restore(self, image: bytes) -> None:
        """Puts a backup back while the machine is off."""
        assert not self.running
        self.disk.restore(image, self.world.random)
        self._forget_lost()

    def put_back(self, image: Image) -> None:
        """Makes the whole disk what it was, head file and all."""
        assert not self.running
        self.disk.put_back(image)
        self._forget_lost()

    def copy(self) -> VirtualNode:
        """A second machine with a copy of the disk; not started yet."""
        name, disk = f"{self.name} copy", self.disk.copy()
        node = VirtualNode(self.world, self.network, name, self.peers, signed=disk.signed, disk=disk)
        node.witnessed = self.witnessed
        return node

    def choose_witness(self, other: VirtualNode) -> None:
        """Has the own log's checkpoints cosigned by another node."""
        key = VerifierKey(witness_name(other.log_id), TYPE_COSIGNATURE, other.disk.witness_key.public)
        with self.disk.store.write() as change:
            change.add_witness(str(key), "", START)
        self.witnessed = True

    def change_key(self) -> None:
        """Replaces the operating key by an amendment, while the machine is off, as `folkmoot key rotate` does."""
        assert not self.running
        disk, me = self.disk, self.disk.organisation
        disk.key = signing_key(f"{self.name} second key")
        payload = amend(me, make_charter(me.label, kseq=1, keys=[disk.key.public]))
        with disk.store.write() as change:
            own = change.tree_numbered(int(change.fact("own") or 0))
            _append(change, own, payload, int(START + self.world.now))
            take_charters(change, own.origin, [me.payload, payload])

    def knows_charters(self, origin: Origin) -> int:
        """How many charters of a log it knows."""
        with self.disk.store.read() as reads:
            tree = reads.tree(origin)
            return len(reads.charters(tree.tree)) if tree is not None else 0

    def _forget_lost(self) -> None:
        self.restored = True
        with self.disk.store.read() as reads:  # what came after the backup and reached nobody is lost with the disk
            own, ids = int(reads.fact("own") or 0), list(self.acknowledged)
            there = reads.accepted(own, ids).keys() | reads.queued_ids(own, ids).keys()
        self.acknowledged = {one: at for one, at in self.acknowledged.items() if one in there}

    def _wrote_entries(self, when: str) -> None:
        if when == "after":
            self.on_commit()
        self._wrote(when)

    def _wrote(self, _: str) -> None:
        if self.killed_at_write and self.running:
            self.killed_at_write -= 1
            if not self.killed_at_write:
                raise Killed

    def write(self) -> None:
        """Somebody saves an entry here."""
        hub = self.hub
        if hub is None or not hub.process.alive:
            return
        self._written += 1
        hub.process.after(0, lambda: self._append(hub))

    def _append(self, hub: VirtualHub) -> None:
        ledger = hub.ledger
        assert isinstance(ledger, VirtualLedger)
        item = ledger.claim(self._written, self.world.random)
        try:
            receipt = ledger.writer.append([item], max(0, int(ledger.clock()))).result()[0]
        except LedgerError:
            return  # refused: nothing was acknowledged
        self.acknowledged[item.id] = receipt.position
        hub.process.after(SIGN_S, ledger.writer.sign)
