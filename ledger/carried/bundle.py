# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bundles of what is held: which logs from where on, and their records one after the other (spec 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import NotFoundError, StoreDamagedError
from ledger.held.serving import head_field, serve_range
from protocol.bundle import END, RANGE_BYTES, Part, encode_header, encode_item
from protocol.checkpoint import parse_checkpoint
from protocol.frames import Entries, HeadField, Heads, Want
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from ledger.sqlite.store import Snapshot, SqliteStore


class Chosen(NamedTuple):
    """A log that goes into a bundle: which entries, and the head under which they stand."""

    part: Part
    head: HeadField


def choose(reads: Snapshot, logs: Collection[bytes] = (), since: int = 0) -> list[Chosen]:
    """All logs held completely up to a checkpoint, or these, each from position `since` on, in the order of a bundle.

    Raises NotFoundError if one that is named is not held so.
    """
    trees = [
        tree
        for tree in reads.trees()
        if tree.checkpoint and not tree.hidden and (not logs or tree.origin.log_id in logs)
    ]
    lacking = set(logs) - {tree.origin.log_id for tree in trees}
    if lacking:
        names = ", ".join(sorted(show_log_id(log_id) for log_id in lacking))
        raise NotFoundError(f"not held completely up to a checkpoint: {names}; see `folkmoot log list`")
    chosen = []
    for tree in sorted(trees, key=lambda tree: tree.origin):
        size = tree.checkpoint_size
        chosen.append(Chosen(Part(*tree.origin, min(since, size), size), head_field(reads, tree)))
    return chosen


def ranges(store: SqliteStore, chosen: Chosen) -> Iterator[Entries]:
    """The entries of a log in ranges as a bundle holds them.

    Each is read by itself: a snapshot as long as a slow reader takes would keep the store from tidying up.
    """
    part = chosen.part
    size, position = parse_checkpoint(chosen.head.checkpoint)[0].size, part.from_
    while position < part.to:
        want = Want(part.log, part.epoch, size, position, part.to, RANGE_BYTES, payloads=True)
        with store.read() as reads:
            answer = serve_range(reads, want)
        if not isinstance(answer, Entries):
            raise StoreDamagedError(f"{part.origin}: the entries from {position} on cannot be read: {answer.code}")
        yield answer
        position += len(answer.entries)


def write_bundle(
    store: SqliteStore, chosen: Sequence[Chosen], advance: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """The bytes of a bundle, a record at a time. Calls `advance` with the number of entries in each."""
    yield encode_header([one.part for one in chosen])
    for one in chosen:
        yield encode_item(Heads([one.head]))
        for entries in ranges(store, one):
            yield encode_item(entries)
            advance(len(entries.entries))
    yield END
