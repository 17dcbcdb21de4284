# SPDX-License-Identifier: AGPL-3.0-or-later
"""The inbox: what anybody proposes or reports is checked, and waits beside the log for a decision (spec 21 §3)."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import RefusedError, TooMuchError
from ledger.values import InvitationRow, ProposalRow
from protocol.directory import ClaimCorrect, ClaimReport, check_body
from protocol.errors import Malformed
from protocol.proposal import decision_ids
from protocol.record import is_plain_text
from protocol.signature import verify
from protocol.statement import Statement, make_statement, parse_statement, sign_statement, signed_message

if TYPE_CHECKING:
    from ledger.ledger import Ledger
    from ledger.sqlite.store import Snapshot, Transaction
    from protocol.encoding import Value

WAITING_MAX, WAITING_BYTES_MAX = 2_000, 16 * 2**20
STRANGERS_MAX, STRANGERS_BYTES_MAX = 1_500, 12 * 2**20
FROM_ONE_MAX, FROM_AROUND_MAX = 20, 100
"""What waits at most: in all, and its bytes; of that what came without a link, so that strangers leave room for who
was given one; and what came without one from one address, and from the addresses around it."""
ORIGIN_BYTES = 16
LINK_PROPOSALS, LINK_PROPOSALS_MAX, LINK_DAYS, LINK_DAYS_MAX, LINKS_MAX = 50, 1_000, 30, 366, 500
KINDS = ("claim.correct", "claim.report")
_DAY_S = 86_400
_NAME_MAX = 100


class Sent(NamedTuple):
    """What somebody has sent: a statement's bytes, its author's signature, the token of a link or empty.

    `origin` tells who sends it from others; empty where that cannot be known. Its first half tells the addresses around
    theirs from others.
    """

    statement: bytes
    signature: bytes
    link: str = ""
    origin: bytes = b""


class Claim(NamedTuple):
    """A statement that proposes or reports something, with its body."""

    statement: Statement
    body: ClaimCorrect | ClaimReport


def read_claim(statement: bytes) -> Claim:
    """The claim in a statement that was taken in. Raises Malformed."""
    said = parse_statement(statement)
    if not isinstance(said, Statement) or said.kind not in KINDS:
        raise Malformed("kind", f"a proposal is of kind {KINDS[0]}, a report of kind {KINDS[1]}")
    body = check_body(said.kind, said.read_body())
    assert isinstance(body, ClaimCorrect | ClaimReport)
    return Claim(said, body)


def take(ledger: Ledger, sent: Sent) -> bytes:
    """Keeps what somebody proposes; its id. What is sent again is kept once.

    Raises Malformed, RefusedError, TooMuchError.
    """
    claim = read_claim(sent.statement)
    said, body = claim
    if said.log_id != ledger.log_id:
        raise Malformed("wrong_log", "this was made for another organisation: send it to their node")
    if len(sent.signature) != 64 or not verify(said.author, signed_message(sent.statement), sent.signature):
        raise Malformed("bad_signature", "the signature is not that of the author over this statement")
    if isinstance(body, ClaimCorrect) and (body.subject.log, body.subject.id) != (ledger.log_id, body.record.id):
        raise Malformed("body", "the subject is a record of this organisation's log, and the record has its id")
    if not is_plain_text(body.note):
        raise Malformed("body", "a note holds no control characters but line breaks")
    return ledger.writer.run(lambda change: _keep(change, ledger, sent, claim)).result()


def _keep(change: Transaction, ledger: Ledger, sent: Sent, claim: Claim) -> bytes:
    said, body = claim
    before = change.proposal(said.id)
    if before is not None and before.statement == sent.statement:
        return said.id
    taken = change.accepted(ledger.own.tree, [said.id, *decision_ids(said.id)])
    if before is not None or taken:
        raise RefusedError("this id has been taken: make a new proposal with a new one")
    now = int(ledger.clock())
    number, size = change.proposals_size()
    if number >= WAITING_MAX or size + len(sent.statement) > WAITING_BYTES_MAX:
        raise TooMuchError("too much waits for a decision here already: please come back in a few days")
    through = _use_link(change, sent.link, now)
    if not through:
        _check_stranger(change, sent)
    base = base_of(change, ledger.own.tree, body.subject.id) if body.subject.log == ledger.log_id else -1
    change.add_proposal(ProposalRow(said.id, sent.statement, sent.signature, through, sent.origin, now, base, b""))
    return said.id


def _check_stranger(change: Transaction, sent: Sent) -> None:
    """Raises TooMuchError if there is no room for what came without a link."""
    around = sent.origin[: ORIGIN_BYTES // 2]
    for origin, most in ((sent.origin, FROM_ONE_MAX), (around, FROM_AROUND_MAX)):
        if origin and change.proposals_from(origin) >= most:
            raise TooMuchError("as much waits from where you are as one may send: wait until it has been decided on")
    number, size = change.proposals_size(strangers=True)
    if number >= STRANGERS_MAX or size + len(sent.statement) > STRANGERS_BYTES_MAX:
        raise TooMuchError("too much waits for a decision here already: please come back in a few days")


def base_of(reads: Snapshot, tree: int, record_id: bytes) -> int:
    """Where the public record of a log was put last, -1 if there is none."""
    row = reads.records_by_id(tree, [record_id]).get(record_id)
    return -1 if row is None else row.put


def propose(ledger: Ledger, kind: str, body: dict[str, Value], statement_id: bytes, sent: Sent) -> bytes:
    """Keeps what somebody without a key proposes: the node is its author."""
    made = make_statement(ledger.log_id, kind, statement_id, int(ledger.clock()), ledger.key.public, body)
    with ledger.store.read() as reads:
        before = reads.proposal(statement_id)
    if before is not None and read_claim(before.statement).statement.author == ledger.key.public:
        return statement_id  # it was sent twice
    _, signature = sign_statement(made, ledger.key)
    return take(ledger, sent._replace(statement=made, signature=signature))


def invite(ledger: Ledger, name: str, days: int = LINK_DAYS, room: int = LINK_PROPOSALS) -> str:
    """Makes a link for somebody; its token, which is shown once. Raises Malformed, RefusedError."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= _NAME_MAX or not is_plain_text(name):
        raise Malformed("name", f"a link is for somebody: 1 to {_NAME_MAX} characters")
    if not (1 <= days <= LINK_DAYS_MAX and 1 <= room <= LINK_PROPOSALS_MAX):
        raise Malformed("link", f"a link is good for 1 to {LINK_DAYS_MAX} days and 1 to {LINK_PROPOSALS_MAX} proposals")
    token, now = secrets.token_urlsafe(18), int(ledger.clock())

    def keep(change: Transaction) -> None:
        for old in change.invitations():
            if old.until < now - _DAY_S * LINK_DAYS:
                change.drop_invitation(old.token)
        if len(change.invitations()) >= LINKS_MAX:
            raise RefusedError(f"there are {LINKS_MAX} links: take some back first")
        change.put_invitation(InvitationRow(token_hash(token), name, now, now + days * _DAY_S, room))

    ledger.writer.run(keep).result()
    return token


def token_hash(token: str) -> bytes:
    """What a link is known by here: whoever reads the store cannot use it."""
    return sha256(token.encode(errors="surrogateescape")).digest()


def find_link(reads: Snapshot, token: str, now: int) -> InvitationRow | None:
    """The link of a token, if it can be used."""
    found = reads.invitation(token_hash(token)) if token else None
    return found if found is not None and found.until > now and found.room > 0 else None


def _use_link(change: Transaction, token: str, now: int) -> str:
    if not token:
        return ""
    found = find_link(change, token, now)
    if found is None:
        raise RefusedError("this link is not good any more: ask for a new one, or propose without it")
    change.put_invitation(found._replace(room=found.room - 1))
    return found.name
