# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is published: by whose cosignatures, of which logs, and what is kept of a checkpoint that others pass on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.held.replica import accept_head, verify_head
from ledger.held.state import add_cosignatures, position_state, witnesses_of, written_state
from ledger.proofs.proving import log_object, prove_entry, trust_file
from ledger.sqlite.store import SqliteStore
from protocol.note import TYPE_COSIGNATURE, Note, SignatureLine, VerifierKey, parse_note
from protocol.policy import parse_policy
from protocol.proof import Verdict, judge
from protocol.witness import cosigned_by
from tests.builders import START, Log, Organisation, found_organisation, witness_key
from tests.ledger.making import hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.values import Tree

NORTH, SOUTH = witness_key("north"), witness_key("south")


def organisation(*witnesses: str, quorum: int = 0) -> Organisation:
    """One whose charter names these witnesses."""
    return found_organisation("watched", witnesses=[str(witness_key(label)) for label in witnesses], quorum=quorum)


def choose(store: SqliteStore, *keys: VerifierKey) -> None:
    """The operator's choice."""
    with store.write() as change:
        for number, key in enumerate(keys):
            change.add_witness(str(key), "", number)


def tell(store: SqliteStore, log: Log, note: Note) -> Tree:
    """A peer tells of a checkpoint."""
    with store.write() as change:
        return accept_head(change, verify_head(bytes(note), [log.organisation.payload]))


@pytest.fixture
def store(new_store: Callable[[], SqliteStore]) -> SqliteStore:
    """An empty store."""
    return new_store()


def held(store: SqliteStore, log: Log) -> Tree:
    """What is held of a log."""
    with store.read() as reads:
        tree = reads.tree(log.organisation.origin)
        assert tree is not None
        return tree


def states(store: SqliteStore, log: Log) -> list[str]:
    """The state of every position."""
    tree = held(store, log)
    with store.read() as reads:
        return [position_state(reads, tree, position) for position in range(tree.size)]


def test_without_a_witness_nothing_is_published(store: SqliteStore) -> None:
    log = Log(organisation()).grow(4)
    hold(store, log)
    tell(store, log, log.note(("north",)))
    assert states(store, log) == ["saved"] * 4
    assert held(store, log).checkpoint == bytes(log.note()), "and of strangers' lines nothing is kept"


@pytest.mark.parametrize(("cosigned", "published"), [((), 0), (("north",), 0), (("north", "south"), 4), (("west",), 0)])
def test_the_charters_witnesses_win(store: SqliteStore, cosigned: tuple[str, ...], published: int) -> None:
    log = Log(organisation("north", "south", "east", quorum=2)).grow(4)
    choose(store, witness_key("west"))
    hold(store, log)
    tell(store, log, log.note(cosigned))
    assert states(store, log) == ["published"] * published + ["saved"] * (4 - published)
    with store.read() as reads:
        found = witnesses_of(reads, held(store, log))
        assert (len(found.chosen), found.needed, found.by_charter) == (3, 2, True)
        shown = log_object(reads, held(store, log), START)
        assert (shown["published_size"], shown["quorum"], len(shown["witnesses"])) == (published, 2, 3)


def test_of_those_that_the_operator_chose_more_than_half_are_needed(store: SqliteStore) -> None:
    log = Log(organisation()).grow(3)
    choose(store, NORTH, SOUTH, VerifierKey("north.again", TYPE_COSIGNATURE, NORTH.public))
    hold(store, log)
    tree = tell(store, log, log.note(("north",)))
    with store.read() as reads:
        assert witnesses_of(reads, tree).needed == 2, "one public key is one witness"
        assert written_state(reads, tree) == "saved"
    arrival = tree.arrival
    tree = tell(store, log, log.note(("south",)))
    assert tree.arrival > arrival, "others are to hear of it"
    assert len(cosigned_by(parse_note(tree.checkpoint), (NORTH, SOUTH))) == 2, "cosignatures add up"
    assert states(store, log) == ["published"] * 3
    again = tell(store, log, log.note(("north",)))
    assert again == tree, "nothing new changes nothing"


def test_a_quorum_of_nought_still_takes_one(store: SqliteStore) -> None:
    log = Log(organisation("north", "south")).grow(2)
    hold(store, log)
    assert states(store, log) == ["saved"] * 2
    tell(store, log, log.note(("south",)))
    assert states(store, log) == ["published"] * 2


def test_false_lines_that_somebody_added_do_no_harm(store: SqliteStore) -> None:
    log = Log(organisation("north", quorum=1)).grow(3)
    hold(store, log)
    false = SignatureLine(NORTH.name, NORTH.key_id, bytes(72))
    note = log.note(("north",))
    tell(store, log, Note(note.text, (note.signatures[0], false, *log.note(("stranger",)).signatures[1:])))
    assert states(store, log) == ["saved"] * 3
    tell(store, log, Note(note.text, (note.signatures[0], false, note.signatures[1])))
    assert held(store, log).checkpoint in {bytes(note), bytes(log.note())}
    tell(store, log, note)
    assert states(store, log) == ["published"] * 3
    with store.read() as reads:
        tree = held(store, log)
        finding = judge(prove_entry(reads, tree, 2), parse_policy(trust_file(reads, tree)))
    assert finding.verdict is Verdict.TRUE
    assert [name for name, _ in finding.witnesses] == [NORTH.name]


def test_what_is_published_stays_so_while_the_log_grows(store: SqliteStore) -> None:
    log = Log(organisation("north", quorum=1)).grow(3)
    hold(store, log)
    old = log.note(("north",))
    tell(store, log, old)
    hold(store, log.grow(6))
    assert states(store, log) == ["published"] * 3 + ["saved"] * 3
    with store.read() as reads:
        tree = held(store, log)
        policy = parse_policy(trust_file(reads, tree))
        assert judge(prove_entry(reads, tree, 1), policy).verdict is Verdict.TRUE, "under the published checkpoint"
        assert judge(prove_entry(reads, tree, 4), policy).verdict is Verdict.NOT_WITNESSED
    with store.write() as change:
        assert not add_cosignatures(change, held(store, log), log.note(), 6)
    tell(store, log, log.note(("north",)))
    assert states(store, log) == ["published"] * 6


def test_a_cosigned_checkpoint_counts_once_its_entries_are_there(store: SqliteStore) -> None:
    log = Log(organisation("north", quorum=1)).grow(5)
    tell(store, log, log.note())
    tell(store, log, log.note(("north",)))
    assert states(store, log) == []
    hold(store, log)
    assert states(store, log) == ["published"] * 5


def test_logs_with_other_witnesses_stay_out_of_a_trust_file(store: SqliteStore) -> None:
    watched, other = Log(organisation("north", quorum=1)).grow(2), Log(found_organisation("other")).grow(2)
    hold(store, watched)
    hold(store, other)
    with store.read() as reads:
        strict = parse_policy(trust_file(reads, held(store, watched)))
        loose = parse_policy(trust_file(reads, held(store, other)))
    assert [key.name for key in strict.logs] == [str(watched.organisation.origin)]
    assert len(loose.logs) == 2
    assert (strict.quorum, loose.quorum) == ("witnesses", None)
