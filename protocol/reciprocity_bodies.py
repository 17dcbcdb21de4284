# SPDX-License-Identifier: AGPL-3.0-or-later
"""What statements of the reciprocity ledger say: one type for each body (specs 17 §3, 19)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec

from protocol.amounts import Amount, Day, Month, Scale, UnitCode, UnsignedAmount
from protocol.clauses import Clauses, MemberClass
from protocol.record import Id, LogIdBytes, Seconds

LEGS_MAX = 2_048

_Meta = msgspec.Meta
Party = Annotated[bytes, _Meta(min_length=16, max_length=32)]
_Names = Annotated[dict[str, Annotated[str, _Meta(min_length=1, max_length=300)]], _Meta(min_length=1, max_length=32)]
_Count = Annotated[int, _Meta(ge=0)]
_Text = Annotated[str, _Meta(min_length=1, max_length=2_000)]
_Said = Annotated[str, _Meta(max_length=500)]
_Leg = tuple[Id, Amount]
AccountType = Literal["member", "pool", "fund", "reserve", "connector", "external"]
Action = Literal[
    "produce",
    "consume",
    "use",
    "work",
    "cite",
    "deliverService",
    "pickup",
    "dropoff",
    "accept",
    "modify",
    "combine",
    "separate",
    "transferAllRights",
    "transferCustody",
    "transfer",
    "move",
    "raise",
    "lower",
    "copy",
]


class Quantity(msgspec.Struct, frozen=True, gc=False):
    """How much of a unit, in its smallest part."""

    amount: Amount
    unit: UnitCode


class UnitDefine(msgspec.Struct, frozen=True, gc=False):
    """`unit.define`: what is counted."""

    code: UnitCode
    scale: Scale
    sort: Literal["money", "time", "credit", "share", "count", "energy", "co2e", "goods"]
    name: _Names


class MemberJoin(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`member.join`: somebody becomes a member."""

    key: LogIdBytes
    class_: MemberClass = msgspec.field(name="class")
    custody: Literal["own", "node"]
    votes: bool | None = None
    group: bool = False


class MemberSet(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`member.set`: something about a member changes."""

    member: Id
    key: LogIdBytes | None = None
    custody: Literal["own", "node"] | None = None
    class_: MemberClass | None = msgspec.field(default=None, name="class")
    status: Literal["active", "paused", "left"] | None = None
    votes: bool | None = None
    delegate: Annotated[bytes, _Meta(max_length=16)] | None = None
    consent: UnsignedAmount | None = None
    decision: Id | None = None


class MemberProfile(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`member.profile`: who a member is, for those who may know."""

    member: Id
    name: _Said = ""
    contact: _Said = ""
    languages: Annotated[list[Annotated[str, _Meta(max_length=35)]], _Meta(max_length=16)] = []
    about: _Said = ""


class AccountOpen(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`account.open`: where amounts of a unit are held."""

    owner: Party
    unit: UnitCode
    type: AccountType
    floor: Amount | None = None
    ceiling: Amount | None = None
    peer: LogIdBytes | None = None
    title: _Names | None = None


class AccountSet(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`account.set`: its limits or its state change."""

    account: Id
    floor: Amount | None = None
    ceiling: Amount | None = None
    state: Literal["open", "frozen", "closed"] | None = None
    decision: Id | None = None


class ContractOffer(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`contract.offer`: terms that parties may sign; the clauses are those of spec 18."""

    parties: Annotated[list[Party], _Meta(min_length=1, max_length=16)]
    clauses: Clauses
    from_: Day = msgspec.field(name="from")
    title: _Names
    accede: Annotated[list[MemberClass], _Meta(max_length=8)] = []
    until: Day | None = None
    supersedes: Id | None = None


class ContractSign(msgspec.Struct, frozen=True, gc=False):
    """`contract.sign`: assent to the exact offer; `terms` is the hash of its body."""

    contract: Id
    party: Party
    terms: LogIdBytes


class ContractEnd(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`contract.end`: it ends on a day."""

    contract: Id
    on: Day
    decision: Id | None = None


class Commit(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`commit`: a promised event; with a resource, begin and end a booking."""

    action: Action
    provider: Party
    receiver: Party
    resource: Id | None = None
    quantity: Quantity | None = None
    begin: Seconds | None = None
    end: Seconds | None = None
    due: Day | None = None
    contract: Id | None = None


class CommitCancel(msgspec.Struct, frozen=True, gc=False):
    """`commit.cancel`: it will not take place."""

    commit: Id


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`event`: what happened."""

    action: Action
    provider: Party
    receiver: Party
    on: Day
    stream: Literal["livelihood", "love", "care"]
    expects: Literal["reciprocity", "none"]
    resource: Id | None = None
    to: Id | None = None
    quantity: Quantity | None = None
    effort: Quantity | None = None
    fulfils: Id | None = None
    contract: Id | None = None
    footprint: Annotated[list[Quantity], _Meta(max_length=8)] = []


class Ack(msgspec.Struct, frozen=True, gc=False):
    """`ack`: the receiver answers."""

    event: Id
    says: Literal["thanks", "confirmed", "used"]


class Correct(msgspec.Struct, frozen=True, gc=False):
    """`correct`: an event is taken back."""

    event: Id


class Claim(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`claim`: money owed; what is paid goes to `account` unless a contract says otherwise."""

    debtor: Party
    creditor: Party
    amount: Amount
    unit: UnitCode
    account: Id
    ended: Day | None = None
    due: Day | None = None
    contract: Id | None = None
    for_: Party | None = msgspec.field(default=None, name="for")


class Advance(msgspec.Struct, frozen=True, gc=False):
    """`advance`: the fund pays before the client does, and takes over the claim."""

    claim: Id
    on: Day


class Basis(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a post rests on: ids, and the index of a clause."""

    contract: Id | None = None
    clause: Annotated[int, _Meta(ge=0, lt=32)] | None = None
    claim: Id | None = None
    event: Id | None = None
    events: Annotated[list[Id], _Meta(min_length=1, max_length=256)] | None = None
    commit: Id | None = None
    dividend: Id | None = None
    post: Id | None = None
    period: _Count | None = None
    decision: Id | None = None


PostCode = Literal[
    "opening",
    "transfer",
    "contribution",
    "exchange",
    "demurrage",
    "share_in",
    "share_out",
    "settle",
    "wage",
    "guarantee_call",
    "writeoff",
    "reinvest",
    "access_fee",
    "dividend",
    "rent",
    "host_fee",
    "correction",
]


class Post(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`post`: a zero-sum movement; legs are (account, amount)."""

    code: PostCode
    legs: Annotated[list[_Leg], _Meta(max_length=LEGS_MAX)]
    on: Day
    basis: Basis | None = None


class Dividend(msgspec.Struct, frozen=True, gc=False):
    """`dividend`: a surplus is to be shared out over the members' totals of some months."""

    contract: Id
    clause: Annotated[int, _Meta(ge=0, lt=32)]
    from_: Month = msgspec.field(name="from")
    until: Month
    surplus: Amount
    pool: Id
    decision: Id


class Proposal(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`proposal`: what the assembly is asked; `acts` are (kind, hash of a body) that choice 0 permits."""

    title: _Names
    choices: Annotated[list[Annotated[str, _Meta(min_length=1, max_length=200)]], _Meta(min_length=2, max_length=16)]
    closes: Day
    acts: Annotated[list[tuple[Annotated[str, _Meta(max_length=64)], LogIdBytes]], _Meta(max_length=16)] = []
    rule: Annotated[str, _Meta(max_length=64)] = ""


class Vote(msgspec.Struct, frozen=True, gc=False):
    """`vote`: a member's choice; the last one before the decision counts."""

    proposal: Id
    member: Id
    choice: Annotated[int, _Meta(ge=0, lt=16)]


class Decision(msgspec.Struct, frozen=True, gc=False):
    """`decision`: the outcome, with the counts that anybody can recompute."""

    proposal: Id
    choice: Annotated[int, _Meta(ge=0, lt=16)]
    counts: Annotated[list[_Count], _Meta(max_length=16)]
    abstained: _Count


class DisputeOpen(msgspec.Struct, frozen=True, gc=False):
    """`dispute.open`: nothing that rests on it moves until it is closed."""

    about: Id


class DisputeClose(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`dispute.close`: how it ended."""

    dispute: Id
    outcome: Literal["upheld", "withdrawn", "settled"]
    decision: Id | None = None


class State(msgspec.Struct, frozen=True, gc=False):
    """`state`: the root of the state of all members and accounts after the first `size` entries (spec 17 §10)."""

    size: _Count
    leaves: _Count
    root: LogIdBytes


class Remark(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`note`: words about something, for those who may read them."""

    about: Id
    text: _Text
    shows: Annotated[str, _Meta(max_length=2_000)] = ""


class ProvenEntry(msgspec.Struct, frozen=True, gc=False):
    """An entry of another log with all that it takes to believe it (spec 19)."""

    charters: Annotated[list[bytes], _Meta(min_length=1, max_length=64)]
    note: bytes
    index: _Count
    hashes: Annotated[list[LogIdBytes], _Meta(max_length=63)]
    entry: bytes
    payload: bytes


class TransferReserve(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`xfer.reserve`: an amount is set aside for an account of another log."""

    account: Id
    connector: Id
    log: LogIdBytes
    to: Id
    amount: Amount
    unit: UnitCode
    scale: Scale
    deadline: Seconds
    last: tuple[_Count, LogIdBytes] | None = None


class TransferAccept(msgspec.Struct, frozen=True, gc=False):
    """`xfer.accept`: it is taken; the commit point."""

    transfer: Id
    log: LogIdBytes
    account: Id
    connector: Id
    amount: Amount
    unit: UnitCode
    proof: ProvenEntry


class TransferRefuse(msgspec.Struct, frozen=True, gc=False):
    """`xfer.refuse`: it is not taken."""

    transfer: Id
    log: LogIdBytes
    why: Literal["limit", "unwanted", "unknown", "late", "unit"]
    proof: ProvenEntry


class TransferPost(msgspec.Struct, frozen=True, gc=False):
    """`xfer.post`: it was taken, and leaves the payer's account."""

    transfer: Id
    proof: ProvenEntry


class TransferVoid(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """`xfer.void`: it was not taken, and the amount is free again."""

    transfer: Id
    proof: ProvenEntry | None = None
    decision: Id | None = None


ReciprocityBody: TypeAlias = (
    UnitDefine
    | MemberJoin
    | MemberSet
    | MemberProfile
    | AccountOpen
    | AccountSet
    | ContractOffer
    | ContractSign
    | ContractEnd
    | Commit
    | CommitCancel
    | Event
    | Ack
    | Correct
    | Claim
    | Advance
    | Post
    | Dividend
    | Proposal
    | Vote
    | Decision
    | DisputeOpen
    | DisputeClose
    | State
    | Remark
    | TransferReserve
    | TransferAccept
    | TransferRefuse
    | TransferPost
    | TransferVoid
)
