# SPDX-License-Identifier: AGPL-3.0-or-later
"""The statement kinds of the directory: their bodies, read and checked (specs 10, 16, 03 §5, 04 §5)."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

import msgspec

from protocol.encoding import Value
from protocol.errors import Malformed
from protocol.knowledge import KNOWLEDGE_BODIES, KnowledgeBody, check_knowledge, read_knowledge
from protocol.record import Id, LogIdBytes, Note, Record, Subject, check_limits, check_record
from protocol.statement import Statement

_Count = Annotated[int, msgspec.Meta(ge=0)]
_SetName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9._-]{1,64}\Z")]
_Name = Annotated[str, msgspec.Meta(max_length=200)]
PARTIES_MAX, LOG_ID_BYTES = 16, 32
POSITIONS_MAX = 1_024
_Position = Annotated[int, msgspec.Meta(ge=1)]
_Positions = Annotated[list[_Position], msgspec.Meta(min_length=1, max_length=POSITIONS_MAX)]
_Parties = Annotated[list[LogIdBytes], msgspec.Meta(min_length=1, max_length=PARTIES_MAX)]


class RecordPut(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`record.put`: the record as it is from now on."""

    record: Record
    import_: Id | None = msgspec.field(default=None, name="import")


class RecordClose(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`record.close`: the record has ended."""

    id: Id
    reason: Literal["closed", "duplicate", "mistake", "gone", "undone"]
    import_: Id | None = msgspec.field(default=None, name="import")


class ClaimChecked(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`claim.checked`: somebody looked."""

    subject: Subject
    finding: Literal["right", "changed", "closed"]
    note: Note = ""


class ClaimPair(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`claim.same`, `claim.different`: two records describe one thing, or do not; `withdrawn` takes that back."""

    subject: Subject
    other: Subject
    withdrawn: bool = False


class ClaimReport(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`claim.report`: something is wrong with a record."""

    subject: Subject
    type: Literal["not_there", "wrong", "against_charter", "duplicate"]
    note: Note = ""


class ClaimEndorse(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`claim.endorse`: an endorsement."""

    subject: Subject
    note: Note = ""


class ClaimCorrect(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`claim.correct`: another state is proposed."""

    subject: Subject
    record: Record
    note: Note = ""


class ClaimDecided(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`claim.decided`: what came of a proposal or a report (spec 21 §2)."""

    claim: Id
    author: LogIdBytes
    subject: Subject
    outcome: Literal["accepted", "edited", "refused", "done", "nothing_to_do", "closed"]
    state: LogIdBytes | None = None
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)] | None = None
    through: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None = None
    decision: Id | None = None


class ImportStart(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`import.start`: a file begins to be imported."""

    id: Id
    set: _SetName
    file: LogIdBytes
    name: Annotated[str, msgspec.Meta(max_length=300)]
    licence: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    attribution: Annotated[str, msgspec.Meta(max_length=500)] = ""


class ImportDone(msgspec.Struct, frozen=True, gc=False):
    """`import.done`: what became of its rows."""

    id: Id
    added: _Count
    updated: _Count
    closed: _Count
    kept: _Count
    refused: _Count


class ImportUndo(msgspec.Struct, frozen=True, gc=False):
    """`import.undo`: the states before it have been put back."""

    id: Id


class Role(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`role`: who may write in the organisation's name (spec 04 §5)."""

    key: LogIdBytes
    role: Literal["steward", "moderator", "editor", "none"]
    name: _Name = ""


class Circle(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`circle`: which logs are in this log's circle (spec 15 §2)."""

    log: LogIdBytes
    member: bool
    name: _Name = ""


class Vouch(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`vouch`: this organisation stands in for a log, or no longer does (spec 16 §2)."""

    log: LogIdBytes
    vouched: bool
    note: Note = ""


class Deny(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`deny`: this organisation does not show a log, or one record of it (spec 16 §4)."""

    log: LogIdBytes
    denied: bool
    reason: Literal["spam", "false", "against_charter", "illegal", "duplicate", "not_there", "request"]
    id: Id | None = None
    note: Note = ""


class Marked(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a label is put on: a log, or a record of it."""

    log: LogIdBytes
    id: Id | None = None


class Label(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`label`: a word put on a log or a record, or taken off (spec 16 §4)."""

    subject: Marked
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    set: bool
    note: Note = ""


class Erase(msgspec.Struct, frozen=True, gc=False):
    """`erase`: drop the payload of an entry (spec 03 §5)."""

    position: _Count
    reason: Literal["request", "expired", "mistake", "law"]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """`receipt`: the payloads of these entries of another log, which it has erased, are not kept here (spec 03 §7)."""

    log: LogIdBytes
    epoch: Annotated[int, msgspec.Meta(ge=1)]
    positions: _Positions


class Override(msgspec.Struct, frozen=True, gc=False):
    """`override`: signing goes on from here without an answer of those who watch the log (spec 06 §5)."""

    size: _Count
    root: LogIdBytes
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


Body: TypeAlias = (
    RecordPut
    | RecordClose
    | ClaimChecked
    | ClaimPair
    | ClaimReport
    | ClaimEndorse
    | ClaimCorrect
    | ClaimDecided
    | ImportStart
    | ImportDone
    | ImportUndo
    | Role
    | Circle
    | Vouch
    | Deny
    | Label
    | Erase
    | Receipt
    | Override
    | KnowledgeBody
)

BODIES: dict[str, type[Body]] = {
    "record.put": RecordPut,
    "record.close": RecordClose,
    "claim.checked": ClaimChecked,
    "claim.same": ClaimPair,
    "claim.different": ClaimPair,
    "claim.report": ClaimReport,
    "claim.endorse": ClaimEndorse,
    "claim.correct": ClaimCorrect,
    "claim.decided": ClaimDecided,
    "import.start": ImportStart,
    "import.done": ImportDone,
    "import.undo": ImportUndo,
    "role": Role,
    "circle": Circle,
    "vouch": Vouch,
    "deny": Deny,
    "label": Label,
    "erase": Erase,
    "receipt": Receipt,
    "override": Override,
}
"""The kinds that this program knows, beside `charter`."""

PUBLIC_KINDS = frozenset(
    {
        "charter",
        "role",
        "circle",
        "erase",
        "receipt",
        "claim.decided",
        "import.start",
        "import.done",
        "import.undo",
        "vouch",
        "deny",
        "label",
    }
)
"""Kinds on which the effect of other statements hangs, or what others may see: they count in public entries only
(spec 15 §2)."""


_sorted_encoder = msgspec.msgpack.Encoder(order="sorted")
_json_encoder = msgspec.json.Encoder()
_decoders = {kind: msgspec.msgpack.Decoder(body) for kind, body in BODIES.items()}


def read_body(statement: Statement) -> Body | None:
    """What somebody else's statement says, or None for a kind that this program does not know.

    Raises Malformed if the encoding is not that of spec 01, a type is wrong or a limit broken.
    """
    if statement.kind in KNOWLEDGE_BODIES:
        return read_knowledge(statement)
    decoder = _decoders.get(statement.kind)
    if decoder is None:
        return None
    if statement.kind == "record.put":
        put = _read_put(bytes(statement.body))
        if put is not None:
            return put
    statement.read_body()
    try:
        body = decoder.decode(bytes(statement.body))
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed("malformed", f"{statement.kind}: {error}") from None
    if isinstance(body, RecordPut | ClaimCorrect):
        check_limits(body.record)
    if isinstance(body, Receipt) and not _ascends(body.positions):
        raise Malformed("malformed", "receipt: the positions are not in ascending order, or one stands twice")
    if isinstance(body, ClaimDecided) and not _has_its_state(body):
        raise Malformed("malformed", _WITH_STATE)
    return body


_WITH_STATE = "claim.decided: a state stands with what was accepted, and only there"


def _has_its_state(body: ClaimDecided) -> bool:
    return (body.outcome in {"accepted", "edited"}) == (body.state is not None)


def _ascends(positions: list[int]) -> bool:
    return all(one < next_one for one, next_one in pairwise(positions))


def parties_of(statement: Statement) -> frozenset[bytes]:
    """The logs that a statement names as its parties (spec 15 §2); none if the field is not of its form."""
    named = statement.read_body().get("parties")
    if not isinstance(named, list) or not 1 <= len(named) <= PARTIES_MAX:
        return frozenset()
    logs = [log for log in named if isinstance(log, bytes) and len(log) == LOG_ID_BYTES]
    return frozenset(logs) if logs == named == sorted(set(logs)) else frozenset()


def _read_put(data: bytes) -> RecordPut | None:
    """The body of a `record.put`, or None for one that needs a closer look.

    These are nearly all that is read. Their types bound every number and count, and what encodes to the same bytes
    again holds nothing unknown, no nil and no second spelling. There remains the normal form of texts: in JSON they all
    stand between quotation marks, with which no accent combines. Control characters are there as they are, or escaped.
    """
    try:
        put = _decoders["record.put"].decode(data)
        if _sorted_encoder.encode(put) != data:
            return None
        texts = _json_encoder.encode(put).decode()
        if not texts.isascii() and not unicodedata.is_normalized("NFC", texts):
            return None
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    assert isinstance(put, RecordPut)
    check_limits(put.record, printable=texts.isprintable() and "\\" not in texts)
    return put


def check_body(kind: str, value: dict[str, Value]) -> Body:
    """What is about to be signed. Raises Malformed if anything in it is unknown or wrong."""
    if kind in KNOWLEDGE_BODIES:
        return check_knowledge(kind, value)
    shape = BODIES.get(kind)
    if shape is None:
        raise Malformed("kind", f"no statement kind {kind[:70]!r}; known are {', '.join(BODIES)}")
    try:
        body = msgspec.convert(value, shape, builtin_types=(bytes,))
        parties = msgspec.convert(value.get("parties", [bytes(LOG_ID_BYTES)]), _Parties, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed("body", f"{kind}: {error}") from None
    if parties != sorted(set(parties)):
        raise Malformed("body", f"{kind}: the parties are not in ascending order, or one stands twice")
    if isinstance(body, Receipt) and not _ascends(body.positions):
        raise Malformed("body", f"{kind}: the positions are not in ascending order, or one stands twice")
    if isinstance(body, ClaimDecided) and not _has_its_state(body):
        raise Malformed("body", _WITH_STATE)
    unknown = set(value) - {"parties"} - {field.encode_name for field in msgspec.structs.fields(shape)}
    if unknown:
        raise Malformed("body", f"{kind}: no field {', '.join(sorted(unknown))[:100]}")
    if isinstance(body, RecordPut | ClaimCorrect):
        check_record(value["record"])
    return body
