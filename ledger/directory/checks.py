# SPDX-License-Identifier: AGPL-3.0-or-later
"""Checking records through links given out: unguessable codes, what somebody answers, what was not seen for long."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ledger.directory.present import read_record
from ledger.errors import LedgerError, NotFoundError, RefusedError
from ledger.held.denying import denied_records
from ledger.own.trial import wait_until_folded
from ledger.text import fold
from ledger.values import CheckRow
from protocol.errors import Malformed
from protocol.kinds import check_body

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.ledger import Ledger
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import RecordRow
    from protocol.encoding import Value

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without letters that are taken for others on paper."""
_MISTAKEN = str.maketrans("OIL", "011")
CODE_LETTERS, _GROUP = 12, 4
FINDINGS = ("right", "changed", "closed")
GIVEN_TO_MAX, NOTE_MAX = 100, 1_000
DAYS, DAYS_MAX, LINKS_MAX = 180, 730, 500
ANSWERS_MAX = 5
"""Somebody may correct themselves; a link is no way to fill a log."""
STALE_S = 365 * 86_400
_READ_MAX = 20_000
"""Of so many records that were not seen for long the town is looked up, of all after them not."""


class Stale(NamedTuple):
    """A record that nobody has put or checked for a year: its row, its town, when it was last seen."""

    row: RecordRow
    locality: str
    seen_at: int


def new_code() -> str:
    """A code of 60 random bits: guessed by nobody, and typed from paper."""
    number = int.from_bytes(os.urandom(8), "big")
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(CODE_LETTERS))


def read_code(text: str) -> str:
    """A code as somebody typed it; empty for what is none."""
    code = text.upper().replace("-", "").replace(" ", "").translate(_MISTAKEN)
    return code if len(code) == CODE_LETTERS and not set(code) - set(_ALPHABET) else ""


def show_code(code: str) -> str:
    """A code in groups."""
    return "-".join(code[n : n + _GROUP] for n in range(0, CODE_LETTERS, _GROUP))


def give_out(
    run: Callable[[Callable[[Transaction], None]], object],
    reads: Snapshot,
    record_ids: Sequence[bytes],
    given_to: str,
    days: int,
    now: int,
) -> tuple[bytes, list[CheckRow]]:
    """Makes links for records of the own log, which somebody gets; `run` runs a transaction. Raises Malformed."""
    given_to = " ".join(given_to.split())
    if not 1 <= len(given_to) <= GIVEN_TO_MAX or not given_to.isprintable():
        raise Malformed("given_to", f"say whom the links are given to, in 1 to {GIVEN_TO_MAX} characters")
    if not 1 <= days <= DAYS_MAX or not 1 <= len(record_ids) <= LINKS_MAX:
        raise Malformed("form", f"links are for 1 to {LINKS_MAX} records and good for 1 to {DAYS_MAX} days")
    for record_id in record_ids:
        own_record(reads, record_id)
    batch = os.urandom(16)
    rows = [
        CheckRow(new_code(), batch, record_id, given_to, now, now + days * 86_400)
        for record_id in dict.fromkeys(record_ids)
    ]
    run(lambda change: change.add_check_links(rows))
    return batch, rows


def own_record(reads: Snapshot, record_id: bytes) -> RecordRow:
    """A public record of the own log. Raises NotFoundError."""
    for tree in reversed(reads.epochs(reads.own_log())):
        row = reads.records_by_id(tree.tree, [record_id]).get(record_id)
        if row is not None:
            return row
    raise NotFoundError(f"no record {record_id.hex()} of this organisation")


def standing(row: CheckRow, now: int) -> str:
    """Whether a link can be used: `open`, `revoked`, `over` (its time), `used` (too many answers)."""
    if row.revoked:
        return "revoked"
    if now >= row.until:
        return "over"
    return "used" if row.answers >= ANSWERS_MAX else "open"


def note_of(given_to: str, said: str) -> str:
    """The note on an answer (spec 10 §6)."""
    told = f"checked through the link given out to {given_to}"
    return f"{told}: {said}" if said else told


def answer(ledger: Ledger, code: str, finding: str, said: str) -> int:
    """Enters what somebody answers through a link; its position. Blocks.

    Raises NotFoundError, RefusedError, Malformed.
    """
    with ledger.store.read() as reads:
        row = reads.check_link(code)
        if row is None:
            raise NotFoundError("there is no such link")
        own_record(reads, row.id)
    said = said.strip()
    if finding not in FINDINGS or len(said) > NOTE_MAX:
        raise Malformed(
            "form", f"an answer is one of {', '.join(FINDINGS)}, with a note of up to {NOTE_MAX} characters"
        )
    subject: dict[str, Value] = {"log": ledger.log_id, "id": row.id}
    body: dict[str, Value] = {"subject": subject, "finding": finding, "note": note_of(row.given_to, said)}
    check_body("claim.checked", body)
    now = int(ledger.clock())
    ledger.writer.run(lambda change: _take_turn(change, code, now)).result()
    try:
        (receipt,) = ledger.writer.append([ledger.state("claim.checked", body)]).result()
    except LedgerError:
        with suppress(LedgerError):
            ledger.writer.run(lambda change: change.count_check_answer(code, -1)).result()
        raise
    ledger.writer.run(lambda change: change.answer_check_link(code, finding, said, receipt.position)).result()
    wait_until_folded(ledger.store, ledger.own.tree)
    return int(receipt.position)


def _take_turn(change: Transaction, code: str, now: int) -> None:
    """Counts an answer before it is entered: many that come at once, or a kill, make no more of them."""
    row = change.check_link(code)
    if row is None or standing(row, now) != "open":
        raise RefusedError("this link is not good any more")
    change.count_check_answer(code, 1)


def stale_records(reads: Snapshot, before: int) -> list[Stale]:
    """Open records of the own log that were not seen since a moment, by town, longest ago first in each."""
    own, denied = reads.epochs(reads.own_log()), denied_records(reads)
    rows = [row for tree in own for row in reads.unchecked_records(tree.tree, before) if row.rid not in denied]
    if len(own) > 1:
        rows.sort(key=lambda row: (seen_at(row), row.rid))
    found = [Stale(row, _locality(reads, row), seen_at(row)) for row in rows[:_READ_MAX]]
    named = sorted((one for one in found if one.locality), key=lambda one: fold(one.locality))
    unnamed = [one for one in found if not one.locality]
    return [*named, *unnamed, *(Stale(row, "", seen_at(row)) for row in rows[_READ_MAX:])]


def seen_at(row: RecordRow) -> int:
    """When a record was last put or found right."""
    return max(row.said_at, row.checked_at or 0)


def _locality(reads: Snapshot, row: RecordRow) -> str:
    address = read_record(reads, row)[0].address
    return address.locality if address else ""
