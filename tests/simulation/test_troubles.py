# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of the table of spec 06 §5, a stolen key, and how soon all agree where packets are lost."""

from __future__ import annotations

import pytest

from ledger.held import replica
from ledger.own import recovery
from tests.simulation.check import HEALING_PERIODS, PERIOD_S, BrokenPromiseError, Checker
from tests.simulation.liar import Liar
from tests.simulation.network import Network
from tests.simulation.node import VirtualNode
from tests.simulation.world import World

LOSS = 0.3


class Machines:
    """Nodes by name, each with the names of those that it dials."""

    def __init__(self, *, seed: int = 1, **peers: tuple[str, ...]) -> None:
        self.world = World(seed)
        self.network, self.checker = Network(self.world), Checker()
        self.nodes = {name: VirtualNode(self.world, self.network, name, known) for name, known in peers.items()}
        for node in self.nodes.values():
            self.checker.watch(node)

    def start(self) -> None:
        """Starts all and lets them meet."""
        for node in self.nodes.values():
            node.start()
        self.wait(60)

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self.world.run_until(self.world.now + seconds)

    def write(self, *nodes: VirtualNode) -> None:
        """Lets each write an entry and sign it, if it may."""
        for node in nodes:
            node.write()
        self.wait(30)

    def copy(self, node: VirtualNode) -> VirtualNode:
        """Starts a copy of a machine."""
        copy = node.copy()
        self.checker.watch_copy(copy)
        copy.start()
        return copy

    def put_back(self, node: VirtualNode) -> None:
        """Writes two entries and puts the whole disk back to before; what is written then comes after."""
        image = node.disk.image()
        self.write(node)
        self.write(node)
        node.kill()
        node.put_back(image)
        self.checker.put_back(node)
        node.start()


def _refused(node: VirtualNode) -> str:
    assert node.hub is not None
    return node.hub.ledger.own.signing_refused


def test_a_whole_disk_that_was_put_back_is_not_noticed_where_nobody_watches() -> None:
    machines = Machines(one=())
    machines.start()
    one = machines.nodes["one"]
    machines.put_back(one)
    machines.write(one)
    assert _refused(one) == ""
    assert machines.checker.has_forked(one.log_id)


def test_a_whole_disk_that_was_put_back_gets_back_what_its_known_peer_holds() -> None:
    machines = Machines(one=("two",), two=())
    machines.start()
    one = machines.nodes["one"]
    machines.put_back(one)
    machines.write(one)
    machines.wait(120)
    assert not machines.checker.has_forked(one.log_id)
    assert machines.checker.disagreement() == ""
    assert len(machines.checker.truth[one.log_id].entries) == 4


@pytest.mark.parametrize("asks", [True, False])
def test_without_its_known_peer_it_signs_nothing(monkeypatch: pytest.MonkeyPatch, asks: bool) -> None:  # noqa: FBT001 - a parameter
    if not asks:  # and that the check notices what would be otherwise
        monkeypatch.setattr(recovery, "needed_peers", lambda _: 0)
    machines = Machines(one=("two",), two=())
    machines.start()
    one = machines.nodes["one"]
    machines.put_back(one)
    machines.network.side = {"one": 1}
    machines.write(one)
    assert bool(_refused(one)) == asks
    assert machines.checker.has_forked(one.log_id) != asks


def test_a_copy_beside_the_original_signs_nothing_while_their_one_peer_has_the_original() -> None:
    machines = Machines(one=("two",), two=())
    machines.start()
    one = machines.nodes["one"]
    copy = machines.copy(one)
    machines.write(one, copy)
    assert "have said what they last saw" in _refused(copy)
    one.kill()
    machines.wait(300)
    assert _refused(copy) == ""
    assert not machines.checker.has_forked(one.log_id)
    with copy.disk.store.read() as reads:
        assert reads.tree_numbered(1).checkpoint_size == 3


@pytest.mark.parametrize("witnessed", [False, True])
def test_what_original_and_copy_both_sign_is_proved_to_all_and_never_published_twice(witnessed: bool) -> None:  # noqa: FBT001 - a parameter
    machines = Machines(one=("two",), two=("three",), three=())
    one, two, _ = machines.nodes.values()
    if witnessed:
        one.choose_witness(two)
    machines.start()
    copy = machines.copy(one)
    machines.network.side = {"one": 1}
    machines.wait(400)
    assert (_refused(one), _refused(copy)) == ("", "")
    machines.write(one, copy)
    assert machines.checker.has_forked(one.log_id)
    published = machines.checker.published.get(one.log_id)
    assert (len(published.entries) if published else 0) == (2 if witnessed else 0)
    copy.kill()
    machines.checker.retire(copy)
    machines.network.side = {}
    machines.wait(HEALING_PERIODS * PERIOD_S)
    assert machines.checker.disagreement() == ""
    assert machines.checker.proved_forks() == 1
    assert "has forked" in _refused(one)


def _robbed() -> Machines:
    """One has changed its key, two knows, and a thief has the old one."""
    machines = Machines(one=("two",), two=())
    machines.start()
    one, two = machines.nodes.values()
    machines.write(one)
    one.kill()
    one.change_key()
    machines.checker.changed_keys.add(one.log_id)
    one.start()
    machines.wait(120)
    assert two.knows_charters(one.disk.organisation.origin) == 2
    thief = Liar(machines.world, machines.network, "thief", ("one", "two"), machines.checker)
    thief.stolen = one.disk.organisation
    thief.start()
    return machines


def test_what_a_thief_signs_with_a_removed_key_is_taken_by_nobody() -> None:
    machines = _robbed()
    one, two = machines.nodes.values()
    for _ in range(10):
        machines.write(one, two)
        machines.wait(60)
    assert machines.checker.disagreement() == ""
    assert machines.checker.proved_forks() == 0
    assert len(machines.checker.truth[one.log_id].entries) == 13


def test_and_the_check_notices_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "in_force", lambda *_: True)
    machines = _robbed()
    with pytest.raises(BrokenPromiseError):
        machines.wait(3600)


@pytest.mark.long
def test_all_agree_within_five_periods_where_three_packets_in_ten_are_lost() -> None:
    """Seven nodes in a ring, parted for ten minutes in which all write; half an hour of loss before and after."""
    lost, slowest = [0, 0], 0.0
    names = [f"node{number}" for number in range(7)]
    for seed in range(60):
        machines = Machines(seed=seed, **{name: (names[number - 1],) for number, name in enumerate(names)})
        machines.network.loss = LOSS
        machines.start()
        machines.wait(1800)
        machines.network.side = {name: machines.world.random.randrange(2) for name in names}
        for _ in range(20):
            machines.write(machines.world.random.choice(list(machines.nodes.values())))
        machines.network.side, healed = {}, machines.world.now
        while machines.checker.disagreement():
            machines.wait(1)
            assert machines.world.now - healed <= HEALING_PERIODS * PERIOD_S, seed
        slowest = max(slowest, machines.world.now - healed)
        lost = [lost[0] + machines.network.lost, lost[1] + machines.network.packets]
    assert lost[0] / lost[1] == pytest.approx(LOSS, abs=0.01)
    assert slowest > 0
