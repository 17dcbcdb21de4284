# SPDX-License-Identifier: AGPL-3.0-or-later
"""The fold of the reciprocity ledger: from entries as they are stored to balances and the root of the state.

Signatures are not checked: that has been done when an entry is stored. Beside it, what every reader has to do at least
for the same entries: one hash over each payload, and decoding it and its statement.
"""

from __future__ import annotations

import gc
import random
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ledger.deriving.fold import read_entry
from ledger.reciprocity.applying import apply
from ledger.reciprocity.book import Book
from ledger.reciprocity.hearing import Heard
from ledger.reciprocity.state_check import state_tree
from node.server import GARBAGE_THRESHOLDS
from protocol.signature import SigningKey
from protocol.statement import Payload, Statement, commit, make_entry
from tests.benchmarks.measure import cpu_s, current_mb
from tests.builders import seeded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ledger.reciprocity.book import Said

ENTRIES, CHUNK = 1_000_000, 5_000
MEMBERS = 500
AT = 1_772_000_000
DAY = AT // 86_400
LOG_ID = seeded("a log")
_encode = msgspec.msgpack.Encoder(order="sorted").encode


class Cells:
    """What a store keeps between chunks."""

    def __init__(self) -> None:
        self.data: dict[tuple[str, bytes], bytes] = {}

    def cell(self, sort: str, key: bytes) -> bytes | None:
        """A cell."""
        return self.data.get((sort, key))

    def cells(self, sort: str, prefix: bytes) -> Iterable[tuple[bytes, bytes]]:
        """Cells of a sort."""
        return [(key, data) for (name, key), data in self.data.items() if name == sort and key.startswith(prefix)]

    def said(self, statement_id: bytes) -> Said | None:
        """No id is used twice here."""

    def recall(self, position: int) -> None:
        """Nothing here points back."""


class Members(NamedTuple):
    """Their keys, and an account of each."""

    keys: list[bytes]
    accounts: list[bytes]


class Writing:
    """Makes entries as they are stored; signatures are of the right size and nothing else."""

    def __init__(self) -> None:
        self.organisation = SigningKey.from_seed(seeded("organisation")).public
        self._rng = random.Random(1)
        self._said = 0

    def entry(self, kind: str, body: dict[str, Any], *keys: bytes, statement_id: bytes = b"") -> tuple[bytes, bytes]:
        """The entry and the payload of a statement by these keys."""
        self._said += 1
        one = statement_id or self._rng.randbytes(16)
        statement = _encode([1, LOG_ID, kind, one, AT, keys[0], msgspec.Raw(_encode(body))])
        author, *others = keys
        signed = [[key, bytes(64)] for key in (author, *sorted(others))]
        payload = _encode([self._rng.randbytes(32), statement, signed])
        return make_entry(AT, 0, commit(payload)), payload

    def beginning(self) -> tuple[Members, list[tuple[bytes, bytes]]]:
        """A unit, members with an account each that may owe."""
        org = self.organisation
        entries = [self.entry("unit.define", {"code": "EUR", "scale": 2, "sort": "money", "name": {"en": "E"}}, org)]
        members = Members([], [])
        for _ in range(MEMBERS):
            key, member, account = self._rng.randbytes(32), self._rng.randbytes(16), self._rng.randbytes(16)
            join = {"key": key, "class": "worker", "custody": "own"}
            entries.append(self.entry("member.join", join, org, key, statement_id=member))
            opened = {"owner": member, "unit": "EUR", "type": "member", "floor": -(10**14)}
            entries.append(self.entry("account.open", opened, org, key, statement_id=account))
            members.keys.append(key)
            members.accounts.append(account)
        return members, entries

    def transfers(self, members: Members, count: int) -> Iterator[tuple[bytes, bytes]]:
        """Posts of two legs, signed by whoever pays."""
        rng = self._rng
        for _ in range(count):
            payer, payee = rng.sample(range(MEMBERS), 2)
            amount = rng.randrange(1, 100_000)
            legs = sorted([[members.accounts[payer], -amount], [members.accounts[payee], amount]])
            yield self.entry("post", {"code": "transfer", "legs": legs, "on": DAY}, members.keys[payer])


def fold(book: Book, cells: Cells, position: int, entries: list[tuple[bytes, bytes]], organisation: bytes) -> None:
    """Reads a chunk and takes it in."""
    for place, (entry, payload) in enumerate(entries, position):
        reading = read_entry(LOG_ID, place, entry, payload)
        spoken, statement = reading.spoken, reading.statement
        assert spoken is not None
        assert statement is not None
        heard = Heard(statement, spoken.body, spoken.signers, place, spoken.at, organisation.__eq__)
        verdict = apply(book, heard, spoken.leaf)
        assert verdict == "applied", verdict
    cells.data |= {(sort, key): value for sort, key, value in book.changes().cells}
    state_tree(book).root()


def decode(entries: list[tuple[bytes, bytes]]) -> None:
    """The least that a reader does."""
    payloads, statements = msgspec.msgpack.Decoder(Payload), msgspec.msgpack.Decoder(Statement)
    for _, payload in entries:
        sha256(payload).digest()
        statements.decode(payloads.decode(payload).statement)


def run(entries: int = ENTRIES) -> dict[str, Any]:
    """The figures."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    writing, cells = Writing(), Cells()
    book = Book(LOG_ID, cells)
    members, begin = writing.beginning()
    fold(book, cells, 1, begin, writing.organisation)
    position, folded, decoded, memory = 1 + len(begin), 0.0, 0.0, 0.0
    for done in range(0, entries, CHUNK):
        chunk = list(writing.transfers(members, CHUNK))
        begun = cpu_s()
        fold(book, cells, position, chunk, writing.organisation)
        middle = cpu_s()
        decode(chunk)
        folded += middle - begun
        decoded += cpu_s() - middle
        position += CHUNK
        if done == entries // 10 // CHUNK * CHUNK:
            memory = current_mb()
    return {
        "entries folded to balances and root /s of CPU": entries / folded,
        "hashed and decoded only /s of CPU": entries / decoded,
        "ratio": folded / decoded,
        "memory grown from the first tenth to the end MB": current_mb() - memory,
    }
