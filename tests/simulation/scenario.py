# SPDX-License-Identifier: AGPL-3.0-or-later
"""One run: nodes and liars, hours of faults, and after each of them a while in which all must come to agree."""

from __future__ import annotations

import gc
import logging
import os
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from node.peering import errands, recovering, witnessing
from tests.simulation.check import HEALING_PERIODS, PERIOD_S, BrokenPromiseError, Checker
from tests.simulation.liar import Liar
from tests.simulation.network import Network
from tests.simulation.node import VirtualNode
from tests.simulation.trouble import Troubles
from tests.simulation.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

TEN_YEARS_S = 10 * 365 * 86_400.0
HEALING_LOSS = 0.3
FAULT_EVERY_S = 240.0
PHASE_S = (600.0, 3600.0)
WITNESSED = 0.4
"""The share of runs in which the nodes are each other's witnesses."""


class Verdict(NamedTuple):
    """How a run went. `broken` says which promise did not hold; empty if all did.

    `lost` is the share of packets that were lost while all healed; `entries` were signed by honest nodes; `silent` is
    how often one of them was not signing when all agreed; `honest_forks` is how many of their logs a copied or put back
    machine has forked.
    """

    seed: int
    honest: int
    liars: int
    hours: float
    healings: int
    slowest_s: float
    lost: float
    trouble: str
    entries: int
    silent: int
    forks: int
    honest_forks: int
    happened: int
    checks: int
    digest: str
    broken: str

    def __str__(self) -> str:
        """One line."""
        went = f"FAILED after {self.hours:.2f} h: {self.broken}" if self.broken else f"agreed over {self.hours:.2f} h"
        return (
            f"seed {self.seed}: {went}; {self.honest} honest nodes, {self.liars} liars, {self.trouble}; "
            f"{self.healings} healings at {100 * self.lost:.0f} % loss, slowest {self.slowest_s:.0f} s = "
            f"{self.slowest_s / PERIOD_S:.1f} periods; {self.entries} entries, {self.silent} times silent, "
            f"{self.forks} forks proved, {self.honest_forks} of honest logs; {self.happened} events, "
            f"{self.checks} checks, hash {self.digest}"
        )


def run(seed: int, nodes: int = 7, hours: float = 6.0) -> Verdict:
    """Runs one seed to its end, or to the first broken promise."""
    gc.set_threshold(200_000, 20, 50)  # as the node does
    scenario = Scenario(seed, nodes)
    broken, forks = "", 0
    try:
        with _faults_heard(), _fewer_ticks(), _chance_of(scenario.world.random):
            scenario.play(hours * 3600)
        forks = scenario.checker.proved_forks()
    except BrokenPromiseError as error:
        broken = str(error)
    except Exception as error:  # noqa: BLE001 - whatever the program lets out is its fault
        traceback.print_exc()
        broken = f"a fault: {error!r}"
    finally:
        scenario.end()
    world, checker = scenario.world, scenario.checker
    return Verdict(
        seed,
        len(scenario.nodes),
        len(scenario.liars),
        world.now / 3600,
        scenario.healings,
        scenario.slowest_s,
        scenario.lost / max(1, scenario.packets),
        scenario.troubles.name,
        sum(len(history.entries) for history in checker.truth.values()),
        scenario.silent,
        forks,
        sum(map(checker.has_forked, checker.truth)),
        world.happened,
        checker.checks,
        world.digest,
        broken,
    )


class _Faults(logging.Handler):
    """A fault that the program catches and logs is a fault."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= logging.ERROR:
            raise BrokenPromiseError(f"a fault: {record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")


@contextmanager
def _faults_heard() -> Iterator[None]:
    logger = logging.getLogger("folkmoot")
    handler = _Faults()
    before = logger.propagate, logger.level
    logger.addHandler(handler)
    logger.propagate, logger.level = False, logging.ERROR
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate, logger.level = before


@contextmanager
def _fewer_ticks() -> Iterator[None]:
    """What only looks whether something has happened looks less often.

    All payloads are public here and come with their entries: nobody lacks any.
    """
    before = errands.LOOK_AGAIN_S, recovering.TICK_S, witnessing._PAUSE_S
    errands.LOOK_AGAIN_S, recovering.TICK_S, witnessing._PAUSE_S = 1800.0, 10.0, 0.5
    try:
        yield
    finally:
        errands.LOOK_AGAIN_S, recovering.TICK_S, witnessing._PAUSE_S = before


@contextmanager
def _chance_of(random: Random) -> Iterator[None]:
    """What the program takes from the machine's chance, such as the id of a store, comes from the run's."""
    plain, os.urandom = os.urandom, random.randbytes
    try:
        yield
    finally:
        os.urandom = plain


class Scenario:
    """The machines of one run and what befalls them."""

    def __init__(self, seed: int, count: int) -> None:
        self.world = world = World(seed)
        self.network = Network(world)
        self.checker = Checker()
        self.healings = 0
        self.slowest_s = 0.0
        self.lost = self.packets = self.silent = 0
        random = world.random
        self._names = names = [f"node {number}" for number in range(count)]
        lying = seed % (count // 3 + 1)
        honest, liars = names[lying:], names[:lying]
        witnessed = random.random() < WITNESSED
        self.nodes = []
        for number, name in enumerate(honest):
            ring = [*honest[number + 1 :], *honest[:number]]
            known = ring[: 3 if witnessed else 1]  # whoever is honest knows one more, in a ring
            others = [other for other in (*honest, *liars) if other not in (name, *known)]
            known += random.sample(others, random.randint(0, 1))
            self.nodes.append(VirtualNode(world, self.network, name, tuple(known)))
        self.liars = [
            Liar(world, self.network, name, tuple(random.sample(honest, len(honest) // 2 + 1)), self.checker)
            for name in liars
        ]
        for node in self.nodes:
            self.checker.watch(node)
        self.troubles = Troubles(self.world, self.checker, self.nodes, self.liars)
        if witnessed:
            self.troubles.choose_witnesses()

    def play(self, seconds: float) -> None:
        """Lets it all happen."""
        for node in self.nodes:
            node.start()
        for liar in self.liars:
            liar.start()
        while self.world.now < seconds:
            self._disturb(min(seconds, self.world.now + self.world.random.uniform(*PHASE_S)))
            self._heal()

    def end(self) -> None:
        """Gives back what is left."""
        self.troubles.retire()
        for node in self.nodes:
            node.kill()
            node.disk.store.close()

    def _disturb(self, until: float) -> None:
        world, random = self.world, self.world.random
        self.network.loss = random.choice([0.0, 0.05, 0.3])
        self.network.breaks = random.choice([0.0, 0.002, 0.02])
        for liar in self.liars:
            liar.change()
        while world.now < until:
            world.run_until(min(until, world.now + random.expovariate(1 / FAULT_EVERY_S)))
            fault = random.choice(
                [
                    self._write,
                    self._write,
                    self._write,
                    self._divide,
                    self._join,
                    self._kill,
                    self._kill_at_write,
                    self._start,
                    self._start,
                    self.troubles.save,
                    self.troubles.come,
                    self.troubles.change_key,
                    self._set_clock,
                    self._lie,
                ]
            )
            fault()

    def _heal(self) -> None:
        """Faults end, but for packets that are lost; then all honest nodes agree within a few gossip periods."""
        world, network = self.world, self.network
        self.troubles.retire()
        network.side, network.loss, network.breaks = {}, HEALING_LOSS, 0.001
        for node in self.nodes:
            node.killed_at_write = 0
            if not node.running:
                self._boot(node)
        begun, lost, packets = world.now, network.lost, network.packets
        end = begun + HEALING_PERIODS * PERIOD_S
        while (differing := self.checker.disagreement() or self._silent()) and world.now < end:
            world.run_until(world.now + 1.0)
        took = world.now - begun
        self.lost += network.lost - lost
        self.packets += network.packets - packets
        if differing:
            raise BrokenPromiseError(f"no agreement {took:.0f} s after healing: {differing}")
        for node in self.nodes:
            self.checker.look_again(node)
        self.silent += sum(node.hub is not None and bool(node.hub.ledger.own.signing_refused) for node in self.nodes)
        self.troubles.after_healing()
        self.healings += 1
        self.slowest_s = max(self.slowest_s, took)

    def _silent(self) -> str:
        """Who does not sign, although all who watch its log are honest and there; empty if all do."""
        silent = []
        for node in self.nodes:
            own = node.hub.ledger.own if node.hub is not None else None
            watched_well = node.witnessed or not self.liars
            lost = own is not None and own.recovery.owed > self.checker.most_held(own.origin)  # it takes an override
            may = lost or self.checker.has_forked(node.log_id)
            if own is None or (watched_well and own.signing_refused and not may):
                silent.append(f"{node.name} does not sign: {own.signing_refused if own else 'it is off'}")
        return "; ".join(silent)

    def _any(self) -> VirtualNode:
        return self.world.random.choice([*self.nodes, *self.troubles.copies])

    def _write(self) -> None:
        for _ in range(self.world.random.choice([1, 1, 1, 5])):
            self._any().write()

    def _divide(self) -> None:
        for name in [*self._names, *(copy.name for copy in self.troubles.copies)]:
            self.network.side[name] = self.world.random.randrange(2)

    def _join(self) -> None:
        self.network.side = {}

    def _kill(self) -> None:
        self.world.random.choice(self.nodes).kill()

    def _kill_at_write(self) -> None:
        node = self.world.random.choice(self.nodes)
        node.killed_at_write = self.world.random.randint(1, 12)
        node.write()

    def _start(self) -> None:
        off = [node for node in self.nodes if not node.running]
        if off:
            self._boot(self.world.random.choice(off))

    def _boot(self, node: VirtualNode) -> None:
        self.checker.look_again(node)
        node.start()

    def _set_clock(self) -> None:
        random = self.world.random
        self._any().clock_offset = random.choice([0.0, TEN_YEARS_S, -TEN_YEARS_S, random.uniform(-3600, 3600)])

    def _lie(self) -> None:
        if self.liars:
            self.world.random.choice(self.liars).change()
