# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 12: fork proofs. Two histories always prove it, one history never does, whoever makes up what."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import merkle
from protocol.charter import LogKeys, establish, found
from protocol.checkpoint import Checkpoint, cosign
from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.fork import (
    FORK_PROOF_BYTES_MAX,
    HEADER,
    ForkFinding,
    ForkProof,
    ForkVerdict,
    judge_fork,
    parse_fork_proof,
    write_fork_proof,
)
from protocol.merkle import Node, Peaks, consistency_nodes, fold_nodes, node_hash
from protocol.note import Note, sign_note
from protocol.policy import parse_policy
from protocol.signature import SigningKey
from protocol.statement import parse_payload
from tests.builders import (
    amend,
    found_organisation,
    make_charter,
    seeded,
    signing_key,
    witness_key,
)
from tests.drawing import draws
from tests.protocol.strategies import damaged, flips, hostile, refused_or_same
from tests.protocol.vectors import Case, agreed, bytes_of, hex_of, join_runs, vectors

MOOT = found_organisation()
KEYS = found(MOOT.payload)


class History(NamedTuple):
    """A tree of leaves made from labels; two of them may begin alike."""

    leaves: tuple[bytes, ...]

    def root(self, size: int) -> bytes:
        """The root of its first entries."""
        peaks = Peaks()
        for leaf in self.leaves[:size]:
            peaks.append(leaf)
        return peaks.root()

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the first `old` are the beginning of the first `new`."""
        hashes: dict[Node, bytes] = {}
        peaks = Peaks()
        for number, leaf in enumerate(self.leaves[:new]):
            hashes[Node(0, number)] = leaf
            peaks.append(leaf, lambda level, at, value: hashes.update({Node(level, at): value}))
        return fold_nodes(consistency_nodes(old, new), hashes)

    def note(self, size: int, key: SigningKey = MOOT.key) -> bytes:
        """Its signed checkpoint."""
        return signed(size, self.root(size), key)


@cache
def history(label: str, size: int, shared: int = 0) -> History:
    """A history whose first entries are those that all have in common."""
    return History(tuple(seeded(f"{'shared' if at < shared else label} {at}") for at in range(size)))


def signed(size: int, root: bytes, key: SigningKey = MOOT.key, origin: str = str(MOOT.origin)) -> bytes:
    text = Checkpoint(origin, size, root).text
    return bytes(Note(text, (sign_note(text, origin, key),)))


def meet(one: History, size: int, other: History, other_size: int, keys: LogKeys = KEYS) -> bytes:
    """The proof that two nodes make when they meet, each with so many entries of its history."""
    if size > other_size:
        return meet(other, other_size, one, size, keys)
    notes = one.note(size), other.note(other_size)
    return write_fork_proof(keys, notes, other.root(size), other.consistency(size, other_size))


def write(proof: ForkProof) -> bytes:
    notes = [bytes(note) for note in proof.notes]
    return HEADER + encode([list(proof.charters), *notes, proof.root, list(proof.hashes)])


@vectors("12-fork-proof", "fork_proof_form")
def test_form_vectors(case: Case) -> None:
    data = bytes.fromhex(case["fork_proof_hex"])
    with agreed(case):
        proof = parse_fork_proof(data)
        assert hex_of(proof.charters) == case["charters_hex"]
        assert [bytes(note).decode() for note in proof.notes] == [case["first"], case["second"]]
        assert (proof.root.hex(), hex_of(proof.hashes)) == (case["root_hex"], case["hashes_hex"])
        assert write(proof) == data


@vectors("12-fork-proof", "fork_proof_size")
def test_size_vectors(case: Case) -> None:
    with agreed(case):
        assert len(parse_fork_proof(join_runs(case["fork_proof_runs_hex"])).charters) == case["charters"]


@vectors("12-fork-proof", "verdict", "verdict_known", "verdict_trust")
def test_verdict_vectors(case: Case) -> None:
    trusted = parse_policy(case["trust"].encode()).logs if "trust" in case else None
    known = bytes_of(case.get("known_hex", []))
    finding = judge_fork(bytes.fromhex(case["fork_proof_hex"]), trusted=trusted, charters=known)
    assert (finding.verdict.word, finding.verdict.exit_code) == (case["verdict"], case["exit"]), finding.why


sizes = st.integers(1, 70)


@draws(150)
@given(sizes, sizes, st.data())
def test_any_two_that_meet_on_two_histories_can_prove_it(size: int, other_size: int, data: st.DataObject) -> None:
    shared = data.draw(st.integers(0, min(size, other_size) - 1))
    one, other = history("one", size, shared), history("other", other_size, shared)
    proof = meet(one, size, other, other_size)
    assert proof == meet(other, other_size, one, size)
    finding = judge_fork(proof)
    assert finding.verdict is ForkVerdict.TRUE, finding.why
    assert finding.keys == KEYS


@draws(150)
@given(sizes, sizes, st.data())
def test_one_history_signed_in_whatever_way_proves_nothing(size: int, other_size: int, data: st.DataObject) -> None:
    size, other_size = sorted((size, other_size))
    honest, made_up = history("one", 70), history("made up", 70, data.draw(st.integers(0, 70)))
    roots = [honest.root(size), made_up.root(size), honest.root(other_size), bytes(32)]
    path = data.draw(
        st.sampled_from([honest.consistency(size, other_size), made_up.consistency(size, other_size), []])
        | st.lists(st.sampled_from([*roots, *honest.leaves[:8]]), max_size=8)
    )
    notes = honest.note(size), honest.note(other_size)
    proof = write_fork_proof(KEYS, notes, data.draw(st.sampled_from(roots)), path)
    assert judge_fork(proof).verdict in {ForkVerdict.CONSISTENCY, ForkVerdict.SAME_HISTORY}


@draws(150)
@given(hostile | damaged(st.just(meet(history("one", 5), 5, history("other", 9, 3), 9))))
def test_any_bytes_are_refused_or_one_spelling(data: bytes) -> None:
    refused_or_same(parse_fork_proof, write, data)
    assert judge_fork(data).verdict.exit_code in {0, 3, 7}


def test_no_bit_of_a_proof_can_be_flipped_but_in_the_salt_of_a_charter() -> None:
    good = meet(history("one", 5), 5, history("other", 9, 3), 9)
    for other in flips(good)[::7]:
        finding = judge_fork(other)
        if finding.verdict is ForkVerdict.TRUE:
            assert finding.proof is not None
            (charter,) = finding.proof.charters
            assert parse_payload(charter).signatures == parse_payload(MOOT.payload).signatures
            assert finding.proof._replace(charters=()) == parse_fork_proof(good)._replace(charters=())


def verdict(proof: bytes, **known: object) -> ForkVerdict:
    finding: ForkFinding = judge_fork(proof, **known)  # type: ignore[arg-type] # keywords of a test
    return finding.verdict


def test_the_form_does_not_depend_on_who_made_it_or_who_cosigned() -> None:
    one, other = history("one", 5), history("other", 5)
    notes = one.note(5), other.note(5)
    assert write_fork_proof(KEYS, notes) == write_fork_proof(KEYS, notes[::-1])
    witness = signing_key("north")
    text = Checkpoint(str(MOOT.origin), 5, one.root(5))
    cosigned = notes[0] + f"{cosign(text, witness_key('north').name, witness, 5)}\n".encode()
    assert write_fork_proof(KEYS, (cosigned, notes[1])) == write_fork_proof(KEYS, notes)


def test_two_keys_of_one_charter_are_one_log() -> None:
    second = signing_key("second")
    both = found_organisation("both", keys=[signing_key("both").public, second.public])
    notes = [
        signed(5, history(label, 5).root(5), key, str(both.origin))
        for label, key in (("one", both.key), ("other", second))
    ]
    assert verdict(write_fork_proof(found(both.payload), (notes[0], notes[1]))) is ForkVerdict.TRUE


def test_a_key_that_was_removed_accuses_nobody() -> None:
    new = signing_key("new")
    chain = [MOOT.payload, amend(MOOT, make_charter("moot", 1, keys=[new.public]))]
    amended = establish(chain)
    old = meet(history("one", 5), 5, history("other", 9, 3), 9)
    assert verdict(old) is ForkVerdict.TRUE
    assert verdict(old, charters=chain) is ForkVerdict.REMOVED_KEY
    assert verdict(write(parse_fork_proof(old)._replace(charters=tuple(chain)))) is ForkVerdict.REMOVED_KEY
    other = history("other", 9, 3)
    mixed = history("one", 5).note(5), other.note(9, new)
    everybody = amended._replace(charters=(make_charter("moot", 1, keys=[new.public, MOOT.key.public]),))
    proof = write_fork_proof(everybody, mixed, other.root(5), other.consistency(5, 9))
    assert verdict(proof) is ForkVerdict.REMOVED_KEY
    by_new = history("one", 5).note(5, new), other.note(9, new)
    proof = write_fork_proof(amended, by_new, other.root(5), other.consistency(5, 9))
    assert verdict(proof) is ForkVerdict.TRUE
    assert verdict(proof, charters=[MOOT.payload]) is ForkVerdict.TRUE
    bare = write(parse_fork_proof(proof)._replace(charters=()))
    assert verdict(bare, charters=[MOOT.payload]) is ForkVerdict.UNKNOWN_LOG
    assert verdict(bare, charters=chain) is ForkVerdict.TRUE


def test_a_trust_file_alone_decides_whose_keys_count() -> None:
    proof = meet(history("one", 5), 5, history("other", 9, 3), 9)
    assert verdict(proof, trusted=[MOOT.verifier_key]) is ForkVerdict.TRUE
    assert verdict(proof, trusted=[]) is ForkVerdict.UNKNOWN_LOG
    stranger = MOOT.verifier_key._replace(public=signing_key("stranger").public)
    assert verdict(proof, trusted=[stranger]) is ForkVerdict.UNKNOWN_LOG


def tall_path(old: int, new: int) -> tuple[bytes, bytes, list[bytes]]:
    """Roots of `old` and `new` entries, too many to be made, with a consistency proof of made-up siblings."""
    shift = (old & -old).bit_length() - 1
    sides = merkle._sides((old - 1) >> shift, (new - 1) >> shift)  # the walk of RFC 9162 that the check takes
    path = [seeded(f"sibling {number}") for number in range(len(sides) + 1)]
    assert len(path) == len(consistency_nodes(old, new))
    old_root = new_root = path[0]
    for left, sibling in zip(sides, path[1:], strict=True):
        old_root = node_hash(sibling, old_root) if left else old_root
        new_root = node_hash(sibling, new_root) if left else node_hash(new_root, sibling)
    return old_root, new_root, path


@pytest.mark.parametrize("new", [2**40 + 1, 2**62 + 12_345])
def test_a_proof_is_small_however_large_the_log(new: int) -> None:
    old = 2**39 + 2**20 + 3
    root, second, path = tall_path(old, new)
    assert len(path) >= 40
    payloads, names = [MOOT.payload], {f"en-x{number}": "n" * 200 for number in range(8)}
    payloads += [amend(MOOT, make_charter("moot", kseq, name=names)) for kseq in range(1, 64)]
    notes = signed(old, seeded("another")), signed(new, second)
    small = write_fork_proof(KEYS, notes, root, path)
    assert verdict(small) is ForkVerdict.TRUE
    proof = write_fork_proof(establish(payloads), notes, root, path)
    assert len(proof) < 4_096
    assert parse_fork_proof(proof).charters == ()
    assert verdict(proof) is ForkVerdict.UNKNOWN_LOG
    assert verdict(proof, charters=payloads) is ForkVerdict.TRUE
    assert verdict(proof, trusted=[MOOT.verifier_key]) is ForkVerdict.TRUE


def test_a_proof_that_is_too_long_is_not_even_read() -> None:
    with pytest.raises(Malformed, match="size"):
        parse_fork_proof(HEADER + bytes(FORK_PROOF_BYTES_MAX))
