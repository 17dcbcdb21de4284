# SPDX-License-Identifier: AGPL-3.0-or-later
"""The values that go into a store and come out of it, whatever its back end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from protocol.identity import Origin


class Tree(NamedTuple):
    """One epoch of one log as it is held here. Notes are signed checkpoints as bytes, empty where there is none.

    `bytes` is what its entries and payloads take; `hidden`: the log is denied, so nothing of it is served or shown.
    """

    tree: int
    origin: Origin
    size: int
    checkpoint: bytes
    checkpoint_size: int
    head: bytes
    head_size: int
    arrival: int
    derived: int
    bytes: int = 0
    hidden: bool = False


class Fork(NamedTuple):
    """What is known of a fork of one epoch (spec 12): the proof, empty if only its healing is known here.

    `arrival` is the order in which forks became known; `healed` what the opening of the next epoch names, or None.
    """

    tree: int
    arrival: int
    proof: bytes
    healed: bytes | None


class Stored(NamedTuple):
    """One entry as it is stored; the payload is None where it is not here."""

    position: int
    entry: bytes
    payload: bytes | None


class Queued(NamedTuple):
    """A statement of the own log that has no place in it at present, and where it stood, if it did."""

    position: int | None
    id: bytes
    digest: bytes
    scope: int
    commitment: bytes
    payload: bytes | None


class RecordRow(NamedTuple):
    """The present state of a record, as far as it is searched by (see migrations 0008, 0013 and 0017).

    `scope` is that of the entry that put it: a record has a public state, and apart from it one that is not (spec 15
    §4).
    """

    rid: int
    tree: int
    id: bytes
    put: int
    latest: int
    kind: str
    status: str
    sort_key: bytes
    lat: int | None
    lon: int | None
    country: str
    licence: str
    source: str
    outside_id: str
    checked_at: int | None
    scope: int = 0
    direction: str = ""
    terms: str = ""
    valid_until: int | None = None
    hours: str = ""
    said_at: int = 0


class CheckRow(NamedTuple):
    """A link by which somebody checks a record of the own log (see migration 0017); the last answer through it."""

    code: str
    batch: bytes
    id: bytes
    given_to: str
    made_at: int
    until: int
    revoked: int = 0
    answers: int = 0
    finding: str = ""
    note: str = ""
    position: int | None = None
    handled: int = 0


class RecordIndex(NamedTuple):
    """What a record is found by: folded name, other folded text, categories, (predicate, log, id) of its relations."""

    rid: int
    name: str
    text: str
    categories: tuple[str, ...]
    relations: tuple[tuple[str, bytes, bytes], ...] = ()


class HistoryRow(NamedTuple):
    """A statement that changed a record, and the one before it."""

    tree: int
    position: int
    id: bytes
    previous: int | None
    import_id: bytes | None


class PairRow(NamedTuple):
    """What a log said of two records: `same`, `different`, or nothing any more (spec 10 §5)."""

    tree: int
    position: int
    kind: str
    log_id: bytes
    id: bytes
    other_log: bytes
    other_id: bytes


class KnowledgeRow(NamedTuple):
    """What a log says of its territory under a key (spec 22 §2): the statement's body as it was signed.

    `at` is when its author says that it was said, UTC seconds; `about` are the log and id of what it is about.
    """

    tree: int
    position: int
    sort: str
    key: bytes
    kind: str
    at: int
    withdrawn: bool
    about_log: bytes
    about_id: bytes
    body: bytes


class ImportRow(NamedTuple):
    """An import as the log tells it: positions of its start, end and undoing."""

    tree: int
    id: bytes
    start: int
    done: int | None
    undone: int | None
    source: str
    file: bytes


class PeerRow(NamedTuple):
    """A peer record as it is kept (spec 16 §1); `worked`: when its node was last reached, UTC seconds, or 0."""

    log_id: bytes
    sequence: int
    until: int
    record: bytes
    worked: int


class WaitingRow(NamedTuple):
    """A log that nobody here knows anybody of, by its head alone; who told of it, and when (UTC seconds)."""

    log_id: bytes
    note: bytes
    charters: tuple[bytes, ...]
    told_by: bytes
    at: int


class Denial(NamedTuple):
    """A log (`id` empty) or record that the organisation of the log `by` does not show."""

    by: bytes
    log_id: bytes
    id: bytes
    reason: str
    position: int


class LabelRow(NamedTuple):
    """A label that the organisation of the log `by` has put on a log (`id` empty) or a record."""

    by: bytes
    log_id: bytes
    id: bytes
    label: str
    position: int


class ProposalRow(NamedTuple):
    """What somebody has proposed or reported, and nobody has decided on (spec 21 §3).

    `base` is the position at which the record was put that it began from, -1 if there was none; `ballot` names what the
    assembly is asked about it. `origin` tells who sent it from others, without saying who.
    """

    id: bytes
    statement: bytes
    signature: bytes
    through: str
    origin: bytes
    at: int
    base: int
    ballot: bytes


class InvitationRow(NamedTuple):
    """A link by which somebody proposes under a name: hash of its token, until when, and how many more it takes."""

    token: bytes
    name: str
    at: int
    until: int
    room: int
