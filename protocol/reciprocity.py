# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statement kinds of the reciprocity ledger: their bodies, read and checked (specs 17 §3, 19)."""

from __future__ import annotations

import msgspec

from protocol.clauses import check_clauses
from protocol.encoding import Value
from protocol.errors import Malformed
from protocol.reciprocity_bodies import (
    AccountOpen,
    AccountSet,
    Ack,
    Advance,
    Basis,
    Claim,
    Commit,
    CommitCancel,
    ContractEnd,
    ContractOffer,
    ContractSign,
    Correct,
    Decision,
    DisputeClose,
    DisputeOpen,
    Dividend,
    Event,
    MemberJoin,
    MemberProfile,
    MemberSet,
    Post,
    Proposal,
    ProvenEntry,
    Quantity,
    ReciprocityBody,
    Remark,
    State,
    TransferAccept,
    TransferPost,
    TransferRefuse,
    TransferReserve,
    TransferVoid,
    UnitDefine,
    Vote,
)
from protocol.reciprocity_form import check_form, fields_of
from protocol.statement import Statement

RECIPROCITY_BODIES: dict[str, type[ReciprocityBody]] = {
    "unit.define": UnitDefine,
    "member.join": MemberJoin,
    "member.set": MemberSet,
    "member.profile": MemberProfile,
    "account.open": AccountOpen,
    "account.set": AccountSet,
    "contract.offer": ContractOffer,
    "contract.sign": ContractSign,
    "contract.end": ContractEnd,
    "commit": Commit,
    "commit.cancel": CommitCancel,
    "event": Event,
    "ack": Ack,
    "correct": Correct,
    "claim": Claim,
    "advance": Advance,
    "post": Post,
    "dividend": Dividend,
    "proposal": Proposal,
    "vote": Vote,
    "decision": Decision,
    "dispute.open": DisputeOpen,
    "dispute.close": DisputeClose,
    "state": State,
    "note": Remark,
    "xfer.reserve": TransferReserve,
    "xfer.accept": TransferAccept,
    "xfer.refuse": TransferRefuse,
    "xfer.post": TransferPost,
    "xfer.void": TransferVoid,
}

PERSONAL_KINDS = frozenset({"member.profile", "note"})
"""Kinds that hold what is said of persons: they move nothing, may be of any scope, and can be erased."""

_decoders = {kind: msgspec.msgpack.Decoder(body) for kind, body in RECIPROCITY_BODIES.items()}
_read_post = msgspec.msgpack.Decoder(Post).decode
_sorted_encode = msgspec.msgpack.Encoder(order="sorted").encode


def read_reciprocity(statement: Statement) -> ReciprocityBody:
    """What a statement of one of these kinds says. Raises Malformed."""
    if statement.kind == "post":
        post = _read_plain_post(bytes(statement.body))
        if post is not None:
            return post
    statement.read_body()
    try:
        body = _decoders[statement.kind].decode(bytes(statement.body))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed("malformed", f"{statement.kind}: {error}") from None
    check_form(statement.kind, body)
    return body


def _read_plain_post(data: bytes) -> Post | None:
    """The body of a post without a basis, or None for one that needs a closer look.

    These are nearly all that is read. Their types bound every number and text, and what encodes to the same bytes again
    holds nothing unknown and no second spelling (spec 01).
    """
    try:
        post = _read_post(data)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    if post.basis is not None or _sorted_encode(post) != data:
        return None
    check_form("post", post)
    return post


def check_reciprocity(kind: str, value: dict[str, Value]) -> ReciprocityBody:
    """What is about to be signed. Raises Malformed if anything in it is unknown or wrong."""
    shape: type[msgspec.Struct] = RECIPROCITY_BODIES[kind]
    try:
        body: ReciprocityBody = msgspec.convert(value, RECIPROCITY_BODIES[kind], builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed("body", f"{kind}: {error}") from None
    _check_known(kind, value, shape)
    check_form(kind, body)
    if kind == "contract.offer":
        check_clauses(value["clauses"])
    return body


_INNER: dict[str, type[msgspec.Struct]] = {
    "quantity": Quantity,
    "effort": Quantity,
    "basis": Basis,
    "proof": ProvenEntry,
}
"""Fields that are maps, wherever they stand."""


def _check_known(kind: str, value: dict[str, Value], shape: type[msgspec.Struct]) -> None:
    unknown = set(value) - set(fields_of(shape))
    if unknown:
        raise Malformed("body", f"{kind}: no field {', '.join(sorted(unknown))[:100]}")
    for name, inner in _INNER.items():
        part = value.get(name)
        if isinstance(part, dict):
            _check_known(f"{kind}, {name}", part, inner)
