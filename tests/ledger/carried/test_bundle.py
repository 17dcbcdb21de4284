# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles (spec 14): what comes out goes in, again and again; what is wrong with one log harms no other."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO

import pytest

from ledger.carried.bundle import Chosen, choose, ranges, write_bundle
from ledger.carried.intake import Importer, Intake, Outcome
from ledger.errors import NotFoundError
from ledger.keeping.audit import audit
from ledger.own.writer import Writer
from ledger.sqlite.store import SqliteStore
from ledger.values import Stored
from protocol.bundle import TAG, Part, encode_header, encode_item, encode_record, read_header, read_items
from protocol.errors import Malformed
from protocol.frames import Entries, HeadField, Heads, decode_frame
from protocol.identity import Origin
from tests.builders import Log, found_organisation, seeded
from tests.ledger.making import hold
from tests.protocol.vectors import Case, vectors

NewStore = Callable[[], SqliteStore]
OWN = bytes(32)


@vectors("14-bundle", "take")
def test_take_vectors(new_store: NewStore, case: Case) -> None:
    store = new_store()
    for before in case["before_hex"]:
        assert take(store, bytes.fromhex(before))[1] is None
    outcomes, fault = take(store, bytes.fromhex(case["bundle_hex"]))
    found = [
        {
            "log_hex": outcome.origin.log_id.hex(),
            "epoch": outcome.origin.epoch,
            "state": outcome.state,
            "reason": outcome.reason,
            "taken": outcome.taken,
            "held": outcome.held if outcome.held >= 0 else None,
        }
        for outcome in outcomes
    ]
    assert found == case["logs"]
    assert (fault and fault.reason) == case["fault"]


@vectors("14-bundle", "cut")
def test_cut_vectors(new_store: NewStore, monkeypatch: pytest.MonkeyPatch, case: Case) -> None:
    store, sizes = new_store(), case["sizes"]
    origin = Origin(seeded("cut"), 1)
    with store.write() as change:
        tree = change.add_tree(origin).tree
        change.add_entries(tree, [Stored(at, bytes(size), None) for at, size in enumerate(sizes)])
        change.set_size(tree, len(sizes))
    monkeypatch.setattr("ledger.held.serving.prove_consistency", lambda *_: [])
    note = f"{origin}\n{len(sizes)}\n{b64encode(bytes(32)).decode()}\n\n\u2014 x {b64encode(bytes(68)).decode()}\n"
    chosen = Chosen(Part(*origin, 0, len(sizes)), HeadField(*origin, note.encode(), []))
    assert [entries.from_ + len(entries.entries) for entries in ranges(store, chosen)] == case["ends"]


@cache
def log_of(label: str, size: int) -> Log:
    return Log(found_organisation(label)).grow(size)


LABELS = ("alder", "birch", "cedar")


def source_of(new_store: NewStore, size: int = 400, labels: tuple[str, ...] = LABELS) -> SqliteStore:
    store = new_store()
    for label in labels:
        hold(store, log_of(label, size))
    return store


def bundle_of(store: SqliteStore, since: int = 0) -> bytes:
    with store.read() as reads:
        chosen = choose(reads, (), since)
    return b"".join(write_bundle(store, chosen))


def take(store: SqliteStore, data: bytes, own: bytes = OWN) -> tuple[list[Outcome], Malformed | None]:
    stream, outcomes = BytesIO(data), list[Outcome]()
    writer = Writer(store, None)
    try:
        intake = Intake(read_header(stream.read), Importer(store, writer, own), outcomes.append)
        return outcomes, intake.run(read_items(stream.read))
    finally:
        writer.close()


def states(outcomes: list[Outcome]) -> list[str]:
    return [outcome.reason or outcome.state for outcome in outcomes]


def dump(store: SqliteStore) -> dict[str, list[tuple[bytes, bytes | None]]]:
    with store.read() as reads:
        return {
            str(tree.origin): [(entry, payload) for _, entry, payload in reads.entries(tree.tree, 0, tree.size)]
            for tree in reads.trees()
        }


def records(data: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of every record after the header, but for the end mark."""
    at = len(TAG)
    while at < len(data) - 12:
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if at > len(TAG):
            yield at, end
        at = end


def test_what_comes_out_goes_in_and_again(new_store: NewStore) -> None:
    source, target = source_of(new_store), new_store()
    data = bundle_of(source)
    assert data == bundle_of(source)
    outcomes, fault = take(target, data)
    assert (states(outcomes), fault) == (["taken"] * 3, None)
    assert [outcome.taken for outcome in outcomes] == [400] * 3
    assert dump(target) == dump(source)
    assert audit(target).faults == []
    outcomes, fault = take(target, data)
    assert (states(outcomes), fault) == (["held"] * 3, None)
    assert [(outcome.taken, outcome.held) for outcome in outcomes] == [(0, 400)] * 3
    assert bundle_of(target) == data


def test_only_what_is_named_and_only_from_there_on(new_store: NewStore) -> None:
    source, target = source_of(new_store), new_store()
    birch = log_of("birch", 400).organisation.log_id
    with source.read() as reads:
        (chosen,) = choose(reads, [birch], 150)
        assert (chosen.part.log, chosen.part.from_, chosen.part.to) == (birch, 150, 400)
        assert choose(reads, [birch], 9_999)[0].part.from_ == 400
        with pytest.raises(NotFoundError):
            choose(reads, [birch, bytes(32)])
    data = b"".join(write_bundle(source, [chosen]))
    assert states(take(target, data)[0]) == ["gap"]
    hold(target, log_of("birch", 150))
    assert states(take(target, data)[0]) == ["taken"]
    assert dump(target)[str(chosen.part.origin)] == dump(source)[str(chosen.part.origin)]


def test_a_log_that_has_grown_is_brought_up_to_date(new_store: NewStore) -> None:
    target = new_store()
    for size in (1, 255, 257, 400):
        source = source_of(new_store, size, ("alder",))
        (outcome,), fault = take(target, bundle_of(source))
        assert (outcome.state, outcome.held, fault) == ("taken", size, None)
    older = bundle_of(source_of(new_store, 257, ("alder",)))
    assert states(take(target, older)[0]) == ["held"]
    assert audit(target).faults == []


def test_a_bundle_cut_anywhere_is_seen_and_the_whole_one_goes_on_from_there(new_store: NewStore) -> None:
    source = source_of(new_store)
    data, rng = bundle_of(source), random.Random(14)
    whole = dump(source)
    target = new_store()
    for cut in sorted(rng.sample(range(1, len(data)), 25)):
        try:
            outcomes, fault = take(target, data[:cut])
        except Malformed as error:
            outcomes, fault = [], error
        assert fault is not None
        assert fault.reason == "truncated"
        assert all(outcome.reason == "truncated" for outcome in outcomes if outcome.state == "refused")
    outcomes, fault = take(target, data)
    assert fault is None
    assert {outcome.state for outcome in outcomes} <= {"taken", "held"}
    assert dump(target) == whole


@pytest.mark.parametrize("seed", range(30))
def test_a_flipped_bit_never_gets_in(new_store: NewStore, seed: int) -> None:
    source, target, rng = source_of(new_store, 90), new_store(), random.Random(seed)
    data = bytearray(bundle_of(source))
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    try:
        outcomes, fault = take(target, bytes(data))
    except Malformed as error:
        outcomes, fault = [], error
    assert fault is not None or "refused" in {outcome.state for outcome in outcomes}
    whole = dump(source)
    for origin, rows in dump(target).items():
        assert rows == whole[origin][: len(rows)]
    take(target, bundle_of(source))
    assert dump(target) == whole


def test_one_damaged_record_harms_its_own_log_only(new_store: NewStore) -> None:
    data = bundle_of(source_of(new_store))
    places = list(records(data))
    assert len(places) > 6
    refused = set()
    for begin, end in places:
        hurt = bytearray(data)
        hurt[(begin + end) // 2] ^= 1
        outcomes, fault = take(new_store(), bytes(hurt))
        assert fault is None
        assert sorted(states(outcomes)) == ["damaged", "taken", "taken"]
        refused.add(states(outcomes).index("damaged"))
    assert refused == {0, 1, 2}


def test_a_record_left_out_or_moved_harms_its_own_log_only(new_store: NewStore) -> None:
    data, rng = bundle_of(source_of(new_store)), random.Random(7)
    places = list(records(data))
    pieces = [data[begin:end] for begin, end in places]
    before, after = data[: places[0][0]], data[places[-1][1] :]
    for at in range(len(pieces)):
        outcomes, _ = take(new_store(), before + b"".join(pieces[:at] + pieces[at + 1 :]) + after)
        assert sorted(states(outcomes))[1:] == ["taken", "taken"]
        assert states(outcomes) != ["taken"] * 3
    for _ in range(10):
        rng.shuffle(pieces)
        outcomes, _ = take(new_store(), before + b"".join(pieces) + after)
        assert len(outcomes) == 3


def test_a_length_beyond_all_measure_is_not_read(new_store: NewStore) -> None:
    data = bundle_of(source_of(new_store, 40))
    begin, _ = list(records(data))[2]
    asked = []
    for length in (2**32 - 1, 2**20 + 1):
        stream = BytesIO(data[:begin] + length.to_bytes(4, "big") + data[begin + 4 :])

        def read(size: int, stream: BytesIO = stream) -> bytes:
            asked.append(size)
            return stream.read(size)

        read_header(read)
        with pytest.raises(Malformed, match="record_size"):
            list(read_items(read))
    assert max(asked) <= 2**20 + 8


def replaced(data: bytes, change: Callable[[Heads | Entries], Heads | Entries]) -> bytes:
    """The bundle with every frame changed and framed again."""
    places = list(records(data))
    made = []
    for begin, end in places:
        frame = decode_frame(data[begin + 4 : end - 8])
        assert isinstance(frame, Heads | Entries)
        made.append(encode_item(change(frame)))
    return data[: places[0][0]] + b"".join(made) + data[places[-1][1] :]


def test_lies_are_refused_with_their_reason(new_store: NewStore) -> None:
    import msgspec  # noqa: PLC0415 - here only

    data = bundle_of(source_of(new_store, 40, ("alder",)))
    stranger = log_of("birch", 40)

    def first(frame: Heads | Entries, **changes: object) -> Heads | Entries:
        if isinstance(frame, Entries):
            return frame
        return Heads([msgspec.structs.replace(frame.heads[0], **changes)])

    def entry(frame: Heads | Entries) -> Heads | Entries:
        if isinstance(frame, Heads):
            return frame
        pairs = [*frame.entries[:5], stranger.entries[5], *frame.entries[6:]]
        return msgspec.structs.replace(frame, entries=pairs)

    note = bytes(stranger.note())
    lies: dict[str, Callable[[Heads | Entries], Heads | Entries]] = {
        "root": entry,
        "origin": lambda frame: first(frame, checkpoint=note),
        "no_signatures": lambda frame: first(frame, checkpoint=b"nothing"),
        "order": lambda frame: first(frame, epoch=2),
    }
    for reason, lie in lies.items():
        outcomes, fault = take(new_store(), replaced(data, lie))
        assert (states(outcomes), fault) == ([reason], None)
    changed = replaced(data, lambda frame: first(frame, charters=[stranger.organisation.payload]))
    assert states(take(new_store(), changed)[0]) == ["origin"]


def test_a_payload_that_is_not_the_entrys_is_set_aside(new_store: NewStore) -> None:
    import msgspec  # noqa: PLC0415 - here only

    def swap(frame: Heads | Entries) -> Heads | Entries:
        if isinstance(frame, Heads):
            return frame
        pairs = list(frame.entries)
        pairs[3] = (pairs[3][0], pairs[4][1])
        return msgspec.structs.replace(frame, entries=pairs)

    target = new_store()
    assert states(take(target, replaced(bundle_of(source_of(new_store, 40, ("alder",))), swap))[0]) == ["taken"]
    with target.read() as reads:
        assert list(reads.lacking(1, 0, 40)) == [3]


def other_branch(size: int, changed_at: int) -> Log:
    """The log of alder as it went on for somebody else."""
    log, longer = Log(found_organisation("alder")), log_of("alder", 900)
    for position in range(1, size):
        log.append(longer.entries[position + 400 if position >= changed_at else position][1])
    return log


@pytest.mark.parametrize("size", [60, 90, 300])
def test_the_other_branch_of_a_fork_is_refused(new_store: NewStore, size: int) -> None:
    forked, target = new_store(), new_store()
    hold(forked, other_branch(size, 50))
    hold(target, log_of("alder", 90))
    before = dump(target)
    outcomes, fault = take(target, bundle_of(forked))
    assert (states(outcomes), fault) == (["fork"], None)
    assert dump(target) == before
    assert audit(target).faults == []
    with target.read() as reads:  # where no entry of the other history is needed to prove it
        assert len(reads.forks_since(0)) == (size <= 90)


def test_a_forked_log_that_is_held_is_passed_over(new_store: NewStore) -> None:
    target, data = new_store(), bundle_of(source_of(new_store, 40, ("alder",)))
    hold(target, log_of("alder", 40))
    forked = new_store()
    hold(forked, other_branch(40, 30))
    assert states(take(target, bundle_of(forked))[0]) == ["fork"]
    assert states(take(target, data)[0]) == ["held"]


def test_the_own_log_is_not_taken_from_a_bundle(new_store: NewStore) -> None:
    data = bundle_of(source_of(new_store, 40, ("alder",)))
    own = log_of("alder", 40).organisation.log_id
    target = new_store()
    assert states(take(target, data, own)[0]) == ["unwanted"]
    hold(target, log_of("alder", 40))
    assert states(take(target, data, own)[0]) == ["held"]


def test_what_stands_after_the_end_is_named(new_store: NewStore) -> None:
    data = bundle_of(source_of(new_store, 40, ("alder",)))
    outcomes, fault = take(new_store(), data + b"x")
    assert states(outcomes) == ["taken"]
    assert fault is not None
    assert fault.reason == "trailing"


def test_frames_that_are_not_known_are_passed_over(new_store: NewStore) -> None:
    data = bundle_of(source_of(new_store, 40, ("alder",)))
    begin, _ = list(records(data))[1]
    unknown = encode_record(bytes([0x92, 0x63, 0x80]))
    outcomes, fault = take(new_store(), data[:begin] + unknown + data[begin:])
    assert (states(outcomes), fault) == (["taken"], None)
    assert take(new_store(), encode_header([]) + encode_record(b"")) == ([], None)
