# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which peers are connected to: nobody fills the outbound side from outside, no network does, a seed fixes a run."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from node.peering.peer_table import (
    EXCHANGE_S,
    INBOUND_MAX,
    INBOUND_NETWORK_MAX,
    OUTBOUND,
    PEERS_MAX,
    REMEMBERED,
    PeerTable,
    may_enter,
    network_of,
)
from node.peering.way import Way
from tests.builders import seeded
from tests.drawing import draws

UNTIL = 10**10


def log(number: int) -> bytes:
    return seeded(f"peer {number}")


def table(count: int, seed: int = 1) -> PeerTable:
    """That many peers, each in a network of its own."""
    made = PeerTable(Random(seed))
    for number in range(count):
        made.learn(log(number), [f"http://{1 + number // 200}.{number % 200}.0.1:7450"], UNTIL)
    return made


def networks(made: PeerTable) -> list[str]:
    return [
        network for chosen in made.chosen for address in made.addresses(chosen) for network in [network_of(address)]
    ]


def test_networks() -> None:
    assert network_of("http://192.0.2.77:7450") == network_of("192.0.2.1") == "192.0.2.0/24"
    assert network_of("http://[2001:db8:1:2::5]:1") == network_of("2001:db8:1:9::1") == "2001:db8:1::/48"
    assert network_of("::ffff:192.0.2.9") == "192.0.2.0/24"
    assert network_of("https://a.example.org/x") == network_of("http://b.example.org") == "example.org"
    assert network_of(str(Way(log(1), log(2)))) == network_of(str(Way(log(1), log(3))))


def test_eight_are_chosen_and_those_named_take_their_place() -> None:
    assert len(table(100).adjust(0, 0, ()).begin) == OUTBOUND
    assert len(table(100).adjust(0, 5, ()).begin) == OUTBOUND - 5
    assert table(100).adjust(0, 20, ()).begin == []
    made = table(100)
    made.adjust(0, 0, ())
    assert len(made.adjust(1, 6, ()).end) == 6, "slots that the operator's own peers need are given up"
    assert len(made.chosen) == 2


def test_two_that_worked_are_remembered() -> None:
    made = table(200)
    for number in range(50):
        made.learn(log(1000 + number), [f"http://9.{number}.0.1"], UNTIL, worked=5 + number)
    begun = made.adjust(0, 0, ()).begin
    remembered = [chosen for chosen in begun if made.chosen[chosen]]
    assert remembered == [log(1049), log(1048)], "those that worked last"
    assert len(remembered) == REMEMBERED


def test_one_is_exchanged_every_ten_minutes() -> None:
    made = table(100)
    first = set(made.adjust(0, 0, ()).begin)
    assert made.adjust(EXCHANGE_S - 1, 0, ()) == ([], [])
    changes = made.adjust(EXCHANGE_S, 0, ())
    assert (len(changes.begin), len(changes.end)) == (1, 1)
    assert set(made.chosen) == (first - set(changes.end)) | set(changes.begin)
    assert changes.begin != changes.end
    assert made.adjust(EXCHANGE_S + 1, 0, ()) == ([], [])


def test_a_failure_rests_and_the_score_decays() -> None:
    made = table(OUTBOUND)
    made.adjust(0, 0, ())
    made.judge(log(1), 0, good=False)
    made.end(log(1), 0)
    assert made.adjust(1, 0, ()).begin == []
    assert made.adjust(61, 0, ()).begin == [log(1)]
    assert made.score(log(1), 86_400) == -0.5
    made.judge(log(1), 86_400, good=True, at=5)
    assert made.score(log(1), 86_400) == 0.5


def test_who_dials_in_takes_no_slot() -> None:
    """An attacker that dials in as often as it likes leaves the outbound side as it was."""
    made = table(300)
    before = made.adjust(0, 0, ()).begin
    inbound = [log(number) for number in range(300) if log(number) not in before][:INBOUND_MAX]
    assert made.adjust(1, 0, inbound) == ([], [])
    changes = made.adjust(2, 0, [*inbound, before[0]])
    assert (len(changes.begin), changes.end) == (1, [before[0]]), (
        "whoever is connected anyway gives its slot to another"
    )
    assert len(made.chosen) == OUTBOUND
    assert not set(made.chosen) & set(inbound)


@draws(30)
@given(seed=st.integers(0, 10**6), honest=st.integers(8, 60), hostile=st.integers(0, 1_500))
def test_one_network_gets_one_slot_and_cannot_push_others_out(seed: int, honest: int, hostile: int) -> None:
    made = table(honest, seed)
    gone = [
        lost
        for number in range(hostile)
        for lost in made.learn(seeded(f"evil {number}"), [f"http://203.0.113.{number % 250}:{number}"], UNTIL)
    ]
    assert not set(gone) & {log(number) for number in range(honest)}
    assert len(made) == min(PEERS_MAX, honest + hostile)
    made.adjust(0, 0, ())
    assert len(made.chosen) >= min(OUTBOUND, honest)
    assert networks(made).count("203.0.113.0/24") <= 1
    assert len(set(networks(made))) == len(made.chosen)


@draws(20)
@given(seed=st.integers(0, 10**6), steps=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 9)), max_size=30))
def test_one_seed_gives_one_run(seed: int, steps: list[tuple[int, int]]) -> None:
    def run() -> list[object]:
        made, now, seen = table(60, seed), 0.0, []
        for pause, named in steps:
            now += pause
            changes = made.adjust(now, named, [log(named)])
            for begun in changes.begin[::2]:
                made.judge(begun, now, good=False)
                made.end(begun, now)
            seen.append((changes, dict(made.chosen)))
            assert len(made.chosen) <= max(0, OUTBOUND - named)
        return seen  # type: ignore[return-value] # what happened, in order

    assert run() == run()


def test_expired_records_are_forgotten() -> None:
    made = table(3)
    made.learn(log(7), ["http://8.8.8.8"], 100)
    assert made.expired(100) == [log(7)]
    made.forget(made.expired(100))
    assert (len(made), made.addresses(log(7))) == (3, ())


def test_who_may_come_in() -> None:
    public = ["8.8.8.1", "8.8.8.2", "8.8.8.3"]
    assert may_enter("8.8.8.4", public)
    assert not may_enter("8.8.8.5", [*public, "8.8.8.4"])
    assert may_enter("8.8.9.1", [*public, "8.8.8.4"])
    six = [f"2606:4700:1:{number}::1" for number in range(INBOUND_NETWORK_MAX)]
    assert not may_enter("2606:4700:1:ffff::1", six)
    assert may_enter("2606:4700:2::1", six)
    for near in ("127.0.0.1", "192.168.1.7", "::1", "fe80::1", ""):
        assert may_enter(near, [near] * (INBOUND_MAX - 1)), "many nodes stand behind one such address"
        assert not may_enter(near, [near] * INBOUND_MAX)
    assert not may_enter("8.8.8.8", [f"9.9.{number}.1" for number in range(INBOUND_MAX)])
