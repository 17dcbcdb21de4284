# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs of the simulator: safety after every step, agreement after healing; and that planted faults are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ledger.held import replica
from node.peering import conversation, patience
from tests.simulation.check import BrokenPromiseError, Checker
from tests.simulation.network import Network
from tests.simulation.node import VirtualNode
from tests.simulation.scenario import Verdict, run
from tests.simulation.world import Killed, Process, Promise, World

if TYPE_CHECKING:
    from collections.abc import Callable

LONG_SEEDS, LONG_HOURS = 200, 6.0


def _two(seed: int = 1) -> tuple[World, Checker, VirtualNode, VirtualNode]:
    """Two nodes that know each other and hold each other's log."""
    world = World(seed)
    network, checker = Network(world), Checker()
    nodes = [VirtualNode(world, network, name, (other,)) for name, other in (("one", "two"), ("two", "one"))]
    for node in nodes:
        checker.watch(node)
        node.start()
    world.run_until(30)
    assert checker.disagreement() == ""
    return world, checker, nodes[0], nodes[1]


def test_a_run_can_be_repeated() -> None:
    first, again = run(8, 5, 0.6), run(8, 5, 0.6)
    assert first == again
    assert first.happened > 100
    assert run(9, 5, 0.6).digest != first.digest


@pytest.mark.parametrize("seed", range(2))
def test_some_seeds_of_an_hour(seed: int) -> None:
    verdict = run(seed, 7, 1.0)
    assert verdict.broken == "", verdict
    assert verdict.healings > 0


def test_liars_that_tell_two_histories_are_found_out() -> None:
    """Two seeds with two liars each, of whom some split their view."""
    verdicts = [run(seed, 7, 0.5) for seed in (5, 8)]
    assert [(verdict.broken, verdict.forks > 0) for verdict in verdicts] == [("", True)] * 2


@pytest.mark.long
@pytest.mark.parametrize("begin", range(0, LONG_SEEDS, 20))
def test_many_seeds_of_many_hours(begin: int) -> None:
    broken = [str(verdict) for seed in range(begin, begin + 20) if (verdict := run(seed, 7, LONG_HOURS)).broken]
    assert broken == []


def test_a_node_that_was_killed_has_what_it_acknowledged() -> None:
    world, checker, one, _ = _two()
    for number in range(1, 12):
        one.killed_at_write = number
        for _ in range(4):
            one.write()
            world.run_until(world.now + 5)
        if not one.running:
            checker.look_again(one)
            one.start()
        one.killed_at_write = 0
        world.run_until(world.now + 200)
        assert checker.disagreement() == ""
    assert len(one.acknowledged) > 10
    checker.look_again(one)


def test_a_restored_backup_gets_back_what_was_signed_and_goes_on_from_there() -> None:
    world, checker, one, two = _two()
    image = one.disk.store.image()
    one.write()
    world.run_until(world.now + 10)
    one.kill()
    one.restore(image)
    checker.renew(one)
    one.start()
    for _ in range(3):
        one.write()
        two.write()
        world.run_until(world.now + 100)
    assert checker.disagreement() == ""
    assert len(checker.truth[one.log_id].entries) == 5  # the charter, the one that came back, and the three new ones


def test_a_lost_entry_is_noticed() -> None:
    world, checker, one, _ = _two()
    one.write()
    world.run_until(world.now + 10)
    with one.disk.store.write() as change:
        change._db.execute("DELETE FROM accepted")
    with pytest.raises(BrokenPromiseError, match="lost an entry"):
        checker.look_again(one)


def test_an_entry_that_its_owner_never_signed_is_noticed() -> None:
    _, checker, one, two = _two()
    with one.disk.store.write() as change:
        change._db.execute("UPDATE entry SET entry = x'00' WHERE tree = 2")
    with pytest.raises(BrokenPromiseError, match="never signed"):
        checker.look_again(one)
    assert two.running


def _first_broken(most: int = 12) -> Verdict | None:
    """The first of some seeds that breaks a promise."""
    seeds = (seed for seed in range(2, 100) if seed % 3 == 2)  # those with two liars
    verdicts = (run(seed, 7, 3.0) for _, seed in zip(range(most), seeds, strict=False))
    return next((verdict for verdict in verdicts if verdict.broken), None)


def _believe_every_proof(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(replica, "check_consistency", lambda *_: None)


def _wait_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(patience, "STALL_S", 10.0**9)


def _ban_whoever_is_busy(patch: pytest.MonkeyPatch) -> None:
    plain = conversation.Conversation._end_fetch

    async def end(self: Any, ended: Any) -> None:
        if not ended.complete:
            self._do(self.session.refuse("busy"))
        await plain(self, ended)

    patch.setattr(conversation.Conversation, "_end_fetch", end)


@pytest.mark.long
@pytest.mark.parametrize(
    ("plant", "promise"),
    [
        (_believe_every_proof, "never signed"),
        (_wait_for_ever, "no agreement"),
        (_ban_whoever_is_busy, "banned an honest node"),
    ],
)
def test_a_planted_fault_is_found(plant: Callable[[pytest.MonkeyPatch], None], promise: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        verdict = _first_broken()
    assert verdict is not None
    assert promise in verdict.broken


def test_what_is_due_at_one_time_happens_in_the_order_in_which_it_was_asked_for() -> None:
    world = World(1)
    happened: list[int] = []
    for number, delay in enumerate((2.0, 1.0, 2.0, 1.0)):
        world.after(delay, lambda number=number: happened.append(number))  # type: ignore[misc] # bound now
    world.run_until(5)
    assert (happened, world.now) == ([1, 3, 0, 2], 5)


def test_a_killed_process_does_nothing_more() -> None:
    world = World(1)
    process, promise = Process(world), Promise[None]()
    said: list[str] = []

    async def work() -> None:
        try:
            await promise
            said.append("went on")
        except Killed:
            said.append("killed")
            raise

    process.start(work())
    world.run_until(1)
    process.kill()
    promise.keep(None)
    process.after(1, lambda: said.append("later"))
    world.run_until(5)
    assert said == ["killed"]
