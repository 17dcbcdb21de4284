# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verdict on each entry, from earlier entries of its log alone (spec 10 §3). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from protocol import directory
from protocol.charter import LogKeys, establish, found
from protocol.directory import (
    Body,
    Circle,
    ClaimCorrect,
    ClaimReport,
    Erase,
    Override,
    Receipt,
    Role,
    Vouch,
)
from protocol.errors import Malformed
from protocol.kinds import PUBLIC_KINDS
from protocol.merkle import leaf_hash
from protocol.reciprocity import RECIPROCITY_BODIES, read_reciprocity
from protocol.reciprocity_bodies import ReciprocityBody
from protocol.roles import covers
from protocol.statement import (
    SCOPE_PUBLIC,
    Opaque,
    Opened,
    Statement,
    commit,
    open_payload,
    parse_entry,
    parse_payload,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from protocol.identity import Origin


@dataclass
class Authority:
    """Who may speak for a log at the position reached: grows as its entries are judged, in order."""

    log_id: bytes
    keys: LogKeys | None = None
    stewards: dict[bytes, str] = field(default_factory=dict)
    helpers: dict[bytes, str] = field(default_factory=dict)
    epoch: int = 1
    openings: list[tuple[int, LogKeys]] = field(default_factory=list)

    @classmethod
    def at_start(cls, origin: Origin, charters: Sequence[bytes]) -> Authority:
        """Who may speak before the first entry of an epoch; `charters` are those of the log, as far as known.

        The charters that opened epochs come in force where what was accepted of the epoch before ends (spec 04 §6).
        """
        authority = cls(origin.log_id, epoch=origin.epoch)
        if origin.epoch > 1:
            keys = establish(charters)
            end = 2**63
            for epoch in range(origin.epoch, 1, -1):
                then = keys.at_opening(epoch)
                assert then.charter.opens is not None
                end = min(end, then.charter.opens.size)
                authority.openings.insert(0, (end, then))
        return authority

    def reach(self, position: int) -> None:
        """Comes to a position: what was accepted of earlier epochs may have ended there."""
        while self.openings and self.openings[0][0] <= position:
            self.keys = self.openings.pop(0)[1]

    def take_charter(self, position: int, payload: bytes, opened: Opened) -> None:
        """Takes in the charter at a position. Raises Malformed if it is none that counts there."""
        if position == 0 and self.epoch > 1:
            opening = self.openings[-1][1].payloads
            if parse_payload(payload).statement != parse_payload(opening[-1]).statement:
                raise Malformed("epoch", "not the charter that opened this epoch")
            self.keys = establish(opening[:1])
        elif position == 0:
            self.keys = found(payload)
        elif self.keys is None:
            raise Malformed("body", "the first charter is not here, or not valid: nothing can be amended")
        else:
            keys = self.keys.amended(payload, opened)
            if keys.charter.opens:
                raise Malformed("epoch", "a charter that opens an epoch stands at its beginning")
            self.keys = keys

    def resume(self, position: int, payload: bytes) -> None:
        """Takes in a charter that was found valid at its position before."""
        self.reach(position)
        self.take_charter(position, payload, open_payload(payload, commit(payload), self.log_id, position, self.epoch))

    def appoint(self, body: Role) -> None:
        """Takes in what an operating key says of somebody's role."""
        self.stewards.pop(body.key, None)
        self.helpers.pop(body.key, None)
        if body.role == "steward":
            self.stewards[body.key] = body.name
        elif body.role != "none":
            self.helpers[body.key] = body.role

    def may_decide(self, key: bytes) -> bool:
        """Whether a key is an operating key in force."""
        return self.keys is not None and key in self.keys.charter.keys

    def may_write(self, key: bytes) -> bool:
        """Whether a key may make statements in the organisation's name."""
        return self.may_decide(key) or key in self.stewards

    def may_say(self, key: bytes, kind: str) -> bool:
        """Whether a key may make statements of a kind in the organisation's name."""
        return self.may_write(key) or covers(self.helpers.get(key, "none"), kind)


class Spoken(NamedTuple):
    """A statement of the reciprocity ledger, with all that its verdict depends on beside what was said before.

    `signers` are the keys whose signatures are on it, `at` is the entry's time, `leaf` its hash in the tree.
    """

    body: ReciprocityBody
    signers: frozenset[bytes]
    at: int
    leaf: bytes


class Reading(NamedTuple):
    """What an entry says by itself, before it is known who may say it: a verdict that is certain, or what to judge.

    A charter is judged by all that was signed, so only there is the payload kept; `spoken` is there, instead of a body,
    for the kinds of the reciprocity ledger. `seconded` are the keys other than the author's that have signed a claim
    which anybody may make.
    """

    verdict: str = ""
    payload: bytes = b""
    opened: Opened | None = None
    statement: Statement | None = None
    body: Body | None = None
    scope: int = SCOPE_PUBLIC
    spoken: Spoken | None = None
    seconded: tuple[bytes, ...] = ()


class Judged(NamedTuple):
    """The verdict on an entry; statement, body and the entry's scope only if it was applied."""

    verdict: str
    statement: Statement | None = None
    body: Body | None = None
    scope: int = SCOPE_PUBLIC


def read_entry(log_id: bytes, position: int, entry: bytes, payload: bytes | None, epoch: int = 1) -> Reading:
    """What an entry says; `payload` is None where it is not here."""
    try:
        header = parse_entry(entry)
        if isinstance(header, Opaque):
            return Reading("opaque")
        if payload is None:
            return Reading("withheld")
        opened = open_payload(payload, header.commitment, log_id, position, epoch)
        statement = opened.statement
        if isinstance(statement, Opaque):
            return Reading("opaque")
        if header.scope != SCOPE_PUBLIC and statement.kind in PUBLIC_KINDS:
            return Reading("scope")
        if statement.kind == "charter":
            return Reading("", payload, opened, statement)
        if statement.kind in RECIPROCITY_BODIES:
            signers = frozenset([signature.key for signature in opened.payload.signatures])
            spoken = Spoken(read_reciprocity(statement), signers, header.at, leaf_hash(entry))
            return Reading("", b"", None, statement, None, header.scope, spoken)
        body = directory.read_body(statement)
    except Malformed as error:
        return Reading(error.reason if error.reason in _ENTRY_REASONS else "malformed")
    others = opened.payload.signatures[1:] if isinstance(body, _OF_ANYBODY) else ()
    seconded = tuple(signature.key for signature in others)
    return Reading("" if body else "opaque", statement=statement, body=body, scope=header.scope, seconded=seconded)


_OF_ANYBODY = (ClaimCorrect, ClaimReport)
"""What anybody may propose, if somebody who may write signs it as well (spec 21 §1)."""


_ENTRY_REASONS = frozenset(
    {
        "entry_form",
        "scope",
        "commitment",
        "payload_form",
        "signature_order",
        "statement_form",
        "wrong_log",
        "author_signature",
    }
)


def judge(authority: Authority, position: int, reading: Reading, author_of: Callable[[int], bytes | None]) -> Judged:
    """The verdict on the next entry of a log; `authority` takes in what it says of keys and roles.

    `author_of(position)` gives the author of an earlier entry.
    """
    authority.reach(position)
    if reading.verdict or reading.statement is None:
        return Judged(reading.verdict)
    if reading.opened is not None:
        return _judge_charter(authority, position, reading.payload, reading.opened)
    return _judge_body(authority, position, reading, reading.statement, author_of)


def _judge_charter(authority: Authority, position: int, payload: bytes, opened: Opened) -> Judged:
    try:
        authority.take_charter(position, payload, opened)
    except Malformed:
        return Judged("not_authorised")
    assert isinstance(opened.statement, Statement)
    return Judged("applied", opened.statement)


_DECISIONS = (Role, Circle, Override, Receipt, Vouch)
"""What only an operating key may say. (A tuple: `A | B` would be made anew for each entry.)"""


def _judge_body(
    authority: Authority,
    position: int,
    reading: Reading,
    statement: Statement,
    author_of: Callable[[int], bytes | None],
) -> Judged:
    author, body = statement.author, reading.body
    if isinstance(body, Erase):
        if not 0 < body.position < position:
            return Judged("unknown_ref")
        allowed = authority.may_decide(author) or author_of(body.position) == author
    elif isinstance(body, _DECISIONS):
        allowed = authority.may_decide(author)
    else:
        allowed = any(authority.may_say(key, statement.kind) for key in (author, *reading.seconded))
    if not allowed:
        return Judged("not_authorised")
    if isinstance(body, Receipt) and body.log == authority.log_id:
        return Judged("malformed")
    if isinstance(body, Role):
        authority.appoint(body)
    return Judged("applied", statement, body, reading.scope)
