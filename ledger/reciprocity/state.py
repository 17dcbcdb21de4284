# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is derived from a log of the reciprocity ledger, one value for each thing (spec 17). Amounts in smallest parts.

Each is a cell of the store: `SORT` and the key name it. Nothing in a cell grows without a bound.
"""

from __future__ import annotations

from typing import ClassVar, TypeVar

import msgspec

from protocol.clauses import Clause


class Cell(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value under a key."""

    SORT: ClassVar[str] = ""


class Unit(Cell, frozen=True, array_like=True):
    """What is counted; the key is its code."""

    SORT: ClassVar[str] = "unit"
    scale: int
    sort: str
    name: dict[str, str]


class Leaf(msgspec.Struct, array_like=True, gc=False):
    """What has a leaf in the state: its number there, and its chain, `count` and `head` (§10).

    The chain goes on in place, once a statement has been applied; all else is replaced.
    """

    SORT: ClassVar[str] = ""

    number: int
    count: int = 0
    head: bytes = bytes(32)


class Member(Leaf, array_like=True, gc=False, kw_only=True):
    """A member."""

    SORT: ClassVar[str] = "member"
    key: bytes
    class_: str
    custody: str
    votes: bool
    group: bool = False
    status: str = "active"
    delegate: bytes = b""
    consent: int = 0


class Holder(Cell, frozen=True, array_like=True):
    """Whose key in force a public key is; empty if it was given up."""

    SORT: ClassVar[str] = "key"
    member: bytes


class Account(Leaf, array_like=True, gc=False, kw_only=True):
    """An account; limits are None where there is none. `pending` is on its way to a neighbour through a connector."""

    SORT: ClassVar[str] = "account"
    owner: bytes
    unit: str
    type: str
    floor: int | None
    ceiling: int | None
    peer: bytes = b""
    state: str = "open"
    posted: int = 0
    reserved: int = 0
    pending: int = 0
    title: dict[str, str] = {}


class Contract(Cell, frozen=True, array_like=True):
    """A contract as offered, and who has signed. Days are None where there is none."""

    SORT: ClassVar[str] = "contract"
    parties: list[bytes]
    accede: list[str]
    clauses: list[Clause]
    from_: int
    until: int | None
    supersedes: bytes
    terms: bytes
    title: dict[str, str]
    author: bytes = b""
    signed: list[bytes] = []
    ended: int | None = None
    replaced_from: int | None = None
    disputes: int = 0


class Accession(Cell, frozen=True, array_like=True):
    """Somebody who signed a contract because their class may; key contract, member. `left` is the last day, or None."""

    SORT: ClassVar[str] = "accession"
    left: int | None = None
    disputes: int = 0


class ClaimState(Cell, frozen=True, array_like=True):
    """What is owed on a claim found in force on a day; `closed` is empty, `paid` or `written_off`.

    `last` is the last payment that stands.
    """

    SORT: ClassVar[str] = "claim"
    debtor: bytes
    creditor: bytes
    amount: int
    unit: str
    account: bytes
    for_: bytes
    contract: bytes
    day: int
    due: int | None
    paid: int = 0
    last: bytes = b""
    advanced: bool = False
    waged: bool = False
    closed: str = ""
    reinvested: bool = False
    disputes: int = 0


class Payment(Cell, frozen=True, array_like=True):
    """A payment on a claim; the key is the post. What was paid before and by which post, and by how much it grew."""

    SORT: ClassVar[str] = "payment"
    before: int
    last: bytes
    amount: int
    contributed: int


class Call(Cell, frozen=True, array_like=True):
    """What each pledge of a clause bore by a guarantee call, in their order; `paid` of the claim at the time."""

    SORT: ClassVar[str] = "call"
    paid: int
    borne: list[int]


class Borne(Cell, frozen=True, array_like=True):
    """What each pledge of a clause has borne in all; key contract, index of the clause."""

    SORT: ClassVar[str] = "borne"
    amounts: list[int]


class EventState(Cell, frozen=True, array_like=True):
    """What happened, and what was said of it since."""

    SORT: ClassVar[str] = "event"
    action: str
    provider: bytes
    receiver: bytes
    on: int
    resource: bytes
    to: bytes
    quantity: tuple[int, str] | None
    effort: tuple[int, str] | None
    contract: bytes
    fulfils: bytes
    stream: str
    gift: bool
    says: list[str] = []
    corrected: bool = False
    used: bool = False
    disputes: int = 0
    footprint: list[tuple[int, str]] = []
    class_: str = ""


class Commitment(Cell, frozen=True, array_like=True):
    """What was promised; `state` is active, fulfilled or cancelled; `by_receiver`: the receiver has signed it."""

    SORT: ClassVar[str] = "commit"
    action: str
    provider: bytes
    receiver: bytes
    resource: bytes
    quantity: tuple[int, str] | None
    begin: int | None
    end: int | None
    due: int | None
    contract: bytes
    by_receiver: bool = False
    state: str = "active"
    charged: bool = False
    class_: str = ""
    disputes: int = 0


class Resource(Cell, frozen=True, array_like=True):
    """How much of a resource somebody holds in one unit; the key is its id, the holder and the unit's code."""

    SORT: ClassVar[str] = "resource"
    accounting: int = 0
    on_hand: int = 0


class Bookings(Cell, frozen=True, array_like=True):
    """Active bookings that touch one month: (begin, end, commitment), ascending. Key: provider, resource, month."""

    SORT: ClassVar[str] = "bookings"
    times: list[tuple[int, int, bytes]] = []


class PostMark(Cell, frozen=True, array_like=True):
    """What became of a post after it was made.

    Of a correction also `root`, the post at the beginning of a chain of corrections, and `undone`: whether that is
    taken back by it.
    """

    SORT: ClassVar[str] = "post"
    corrected: bool = False
    disputes: int = 0
    root: bytes = b""
    undone: bool = False


class ProposalState(Cell, frozen=True, array_like=True):
    """What the assembly is asked; `decided` is the chosen index, or None."""

    SORT: ClassVar[str] = "proposal"
    choices: list[str]
    closes: int
    acts: list[tuple[str, bytes]]
    author: bytes
    title: dict[str, str]
    decided: int | None = None


class Ballot(Cell, frozen=True, array_like=True):
    """A member's vote; the key is proposal and member."""

    SORT: ClassVar[str] = "vote"
    choice: int


class DecisionState(Cell, frozen=True, array_like=True):
    """A decision, and which of the acts that it permits have been used."""

    SORT: ClassVar[str] = "decision"
    proposal: bytes
    choice: int
    used: list[int] = []


class Dispute(Cell, frozen=True, array_like=True):
    """A disagreement; `outcome` is empty while it is open."""

    SORT: ClassVar[str] = "dispute"
    about: bytes
    by: bytes
    outcome: str = ""


class Disputed(Cell, frozen=True, array_like=True):
    """A party's dispute about a thing; key thing, party. `state` is open, closed, or decided: by the assembly."""

    SORT: ClassVar[str] = "disputed"
    state: str


class DividendState(Cell, frozen=True, array_like=True):
    """A surplus to be shared out, and the legs of the post that does it."""

    SORT: ClassVar[str] = "dividend"
    contract: bytes
    clause: int
    from_: int
    until: int
    surplus: int
    pool: bytes
    legs: list[tuple[bytes, int]]
    posted: bool = False


class Connector(Cell, frozen=True, array_like=True):
    """The account of a neighbour; the key is the neighbour's log and the unit's code."""

    SORT: ClassVar[str] = "connector"
    account: bytes


class Outgoing(Cell, frozen=True, array_like=True):
    """A payment to another log; the key is the id of its reservation.

    `state`: reserved, posted, void, or given_up: void by a decision, which an acceptance can still overtake.
    """

    SORT: ClassVar[str] = "outgoing"
    log: bytes
    account: bytes
    connector: bytes
    to: bytes
    amount: int
    unit: str
    deadline: int
    position: int
    state: str = "reserved"
    answer: int = 0


class Incoming(Cell, frozen=True, array_like=True):
    """A payment from another log; the key is that log and the id there. `state`: accepted or refused."""

    SORT: ClassVar[str] = "incoming"
    account: bytes
    connector: bytes
    amount: int
    unit: str
    state: str
    position: int


class Totals(Cell, frozen=True, array_like=True):
    """What a member did in a month, in one unit. Key: month, unit (12 bytes, filled up with zeros), member."""

    SORT: ClassVar[str] = "totals"
    contributions: int = 0
    purchases: int = 0
    hours: int = 0


class Footprint(Cell, frozen=True, array_like=True):
    """What flowed beside money under a contract in a month. Key: contract (zeros: none), month, unit."""

    SORT: ClassVar[str] = "footprint"
    amount: int


class Progress(Cell, frozen=True, array_like=True):
    """Positions: of the last entry that concerned anybody, and of the last `state`; -1 before the first; its author.

    `leaves` is how many members and accounts there are.
    """

    SORT: ClassVar[str] = "progress"
    moved: int = -1
    stated: int = -1
    author: bytes = b""
    leaves: int = 0


class Stated(Cell, frozen=True, array_like=True):
    """A `state` that was applied; the key is its position as 8 bytes, big-endian."""

    SORT: ClassVar[str] = "stated"
    leaves: int


class Used(Cell, frozen=True, array_like=True):
    """A thing that serves once has served: the key says which. `by` is empty if that was taken back."""

    SORT: ClassVar[str] = "used"
    by: bytes


AnyCell = TypeVar("AnyCell", bound=Cell | Leaf)
