# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clauses of a contract: a closed set of terms that everybody can evaluate (spec 18).

A value of one of these types keeps every rule of the page that a clause alone can break. What clauses yield is
reckoned by the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, field

from protocol.amounts import PositiveAmount, Rate, UnitCode, UnsignedAmount, Weight
from protocol.encoding import Value
from protocol.errors import Malformed
from protocol.record import Id

CLAUSES_MAX, SHARES_MAX, WAGE_LINES_MAX = 32, 32, 16
BUDGET, RESIDUAL = "budget", "residual"
"""Names that a line of a wage cannot take: what it begins with, and what is left of it."""

MemberClass = Literal["worker", "user", "commoner", "coop", "union", "city", "nonprofit", "for_profit"]
Shares = Annotated[list[tuple[Id, Weight]], Meta(min_length=1, max_length=SHARES_MAX)]
_LineName = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,64}\Z")]
_LineNames = Annotated[list[_LineName], Meta(max_length=WAGE_LINES_MAX)]


class RateContribution(msgspec.Struct, frozen=True, tag_field="kind", tag="rate_contribution"):
    """A part of each claim goes to these accounts (spec 18 §1)."""

    of: Literal["claim"]
    rate: Rate
    to: Shares

    def __post_init__(self) -> None:
        _check_part(self.rate, "rate")
        _check_shares(self.to, "to")


class GuaranteedPayment(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="guaranteed_payment"):
    """A fund pays in time, whether or not the client has paid (spec 18 §1)."""

    days: Annotated[int, Meta(ge=0, le=366)]
    calendar: Literal["days", "working"]
    fund: Id
    cap: PositiveAmount | None = None


class WageLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of a wage: the sum of `base` less the sum of `less`, times `rate`; paid if it says to whom."""

    name: _LineName
    base: Annotated[_LineNames, Meta(min_length=1)]
    rate: Rate
    less: _LineNames = []
    to: Id | None = None


class WageConversion(msgspec.Struct, frozen=True, tag_field="kind", tag="wage_conversion"):
    """The budget of a claim becomes a wage (spec 18 §2)."""

    lines: Annotated[list[WageLine], Meta(min_length=1, max_length=WAGE_LINES_MAX)]

    def __post_init__(self) -> None:
        known = {BUDGET}
        for line in self.lines:
            if line.name in known or line.name == RESIDUAL:
                raise ValueError(f"lines: the name {line.name!r} is taken")
            for names in (line.base, line.less):
                if len(set(names)) != len(names) or not known.issuperset(names):
                    raise ValueError(f"lines: {line.name!r} rests on what is not an earlier line, or twice")
            known.add(line.name)


class InKind(msgspec.Struct, frozen=True):
    """What may be returned in kind: at what price for one unit, and up to which part."""

    unit: UnitCode
    price: PositiveAmount
    cap: Rate


class Reinvest(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="reinvest"):
    """A part of a contract's income goes back to the commons, in money or in kind (spec 18 §3)."""

    rate: Rate
    from_: Id = field(name="from")
    to: Shares
    in_kind: InKind | None = None

    def __post_init__(self) -> None:
        _check_part(self.rate, "rate")
        _check_shares(self.to, "to")
        if self.in_kind is not None:
            _check_part(self.in_kind.cap, "in_kind.cap")


class Access(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="access"):
    """What the use of a resource costs each class (spec 18 §4)."""

    resource: Id
    unit_price: UnsignedAmount
    unit: UnitCode
    per: Literal["day", "hour", "use"]
    by_class: Annotated[dict[MemberClass, Rate | Literal["deny"]], Meta(min_length=1)]
    to: Id
    deposit: PositiveAmount | None = None


class Patronage(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind", tag="patronage"):
    """A surplus goes to the reserve, to the commons, and to the members by what they gave (spec 18 §7)."""

    base: Literal["contributions", "purchases", "hours"]
    unit: UnitCode
    reserve: Rate
    reserve_to: Id
    commons: Rate
    commons_to: Id
    min: PositiveAmount | None = None

    def __post_init__(self) -> None:
        (reserve, reserve_of), (commons, commons_of) = self.reserve, self.commons
        if reserve * commons_of + commons * reserve_of > reserve_of * commons_of:
            raise ValueError("reserve and commons together are more than the whole")


class MutualGuarantee(msgspec.Struct, frozen=True, tag_field="kind", tag="mutual_guarantee"):
    """Pledges bear the loss of a claim that was advanced (spec 18 §6). The weights are the amounts pledged."""

    pool: Id
    pledges: Shares

    def __post_init__(self) -> None:
        _check_shares(self.pledges, "pledges")


class Share(msgspec.Struct, frozen=True, tag_field="kind", tag="share"):
    """Shares in the organisation: what one costs, and what comes back (spec 18 §8)."""

    shares: UnitCode
    nominal: PositiveAmount
    unit: UnitCode
    min: Annotated[int, Meta(ge=1, le=10**9)]
    refund: Literal["nominal", "none"]
    notice_days: Annotated[int, Meta(ge=0, le=3_660)]

    def __post_init__(self) -> None:
        if self.shares == self.unit:
            raise ValueError("shares are not paid in shares: `shares` and `unit` are two units")


class Lease(msgspec.Struct, frozen=True, tag_field="kind", tag="lease"):
    """A resource is let for years (spec 18 §8)."""

    resource: Id
    years: Annotated[int, Meta(ge=1, le=99)]
    rent: UnsignedAmount
    from_: Id = field(name="from")
    to: Id
    every: Literal["month", "year"]


class Gift(msgspec.Struct, frozen=True, tag_field="kind", tag="gift"):
    """What is given for nothing; `ack` says what the giver wishes for (spec 18 §8)."""

    ack: Literal["wanted", "required"]


class HostFee(msgspec.Struct, frozen=True, tag_field="kind", tag="host_fee"):
    """A part of what a collective's fund takes in goes to its host (spec 18 §8)."""

    fund: Id
    rate: Rate
    to: Id

    def __post_init__(self) -> None:
        _check_part(self.rate, "rate")
        if self.fund == self.to:
            raise ValueError("the fee goes from the fund to itself")


Clause: TypeAlias = (
    RateContribution
    | GuaranteedPayment
    | WageConversion
    | Reinvest
    | Access
    | Patronage
    | MutualGuarantee
    | Share
    | Lease
    | Gift
    | HostFee
)
Clauses = Annotated[list[Clause], Meta(min_length=1, max_length=CLAUSES_MAX)]

CLAUSE_KINDS: dict[str, type[Clause]] = {
    "rate_contribution": RateContribution,
    "guaranteed_payment": GuaranteedPayment,
    "wage_conversion": WageConversion,
    "reinvest": Reinvest,
    "access": Access,
    "patronage": Patronage,
    "mutual_guarantee": MutualGuarantee,
    "share": Share,
    "lease": Lease,
    "gift": Gift,
    "host_fee": HostFee,
}


def kind_of(clause: Clause) -> str:
    """The word by which a clause says what it is."""
    return str(clause.__struct_config__.tag)


def read_clauses(value: Value) -> list[Clause]:
    """The clauses of somebody else's contract: unknown keys are let pass. Raises Malformed (`malformed`)."""
    try:
        clauses = msgspec.convert(value, Clauses, builtin_types=(bytes,))
    except msgspec.ValidationError as error:
        raise Malformed("malformed", f"clauses: {error}") from None
    check_together(clauses)
    return clauses


def check_clauses(value: Value) -> list[Clause]:
    """Clauses that are about to be signed: nothing unknown, nothing empty that can be left out.

    Raises Malformed (`malformed`), or (`clause`) for what a reader would let pass.
    """
    clauses = read_clauses(value)
    assert isinstance(value, list)
    for index, (clause, said) in enumerate(zip(clauses, value, strict=True)):
        if body_of(clause) != said:
            fields = ", ".join(item.encode_name for item in msgspec.structs.fields(clause))
            text = f"clause {index} ({kind_of(clause)}): there is more in it than its fields {fields}, or an empty one"
            raise Malformed("clause", text)
    return clauses


def body_of(clause: Clause) -> dict[str, Value]:
    """The map that is signed: fields without a value left out."""
    body = msgspec.msgpack.decode(msgspec.msgpack.encode(clause))
    assert isinstance(body, dict)
    return body


def check_together(clauses: Sequence[Clause]) -> None:
    """What the clauses of one contract owe to each other. Raises Malformed (`malformed`)."""
    if sum(isinstance(clause, GuaranteedPayment) for clause in clauses) > 1:
        raise Malformed("malformed", "clauses: at most one guaranteed_payment stands in a contract")


def accounts_of(clause: Clause) -> frozenset[bytes]:  # noqa: C901 - one branch for each kind of clause
    """Every account that a clause names."""
    match clause:
        case RateContribution():
            return _accounts(clause.to)
        case GuaranteedPayment():
            return frozenset({clause.fund})
        case WageConversion():
            return frozenset(line.to for line in clause.lines if line.to is not None)
        case Reinvest():
            return _accounts(clause.to) | {clause.from_}
        case Access():
            return frozenset({clause.to})
        case Patronage():
            return frozenset({clause.reserve_to, clause.commons_to})
        case MutualGuarantee():
            return _accounts(clause.pledges) | {clause.pool}
        case Lease():
            return frozenset({clause.from_, clause.to})
        case HostFee():
            return frozenset({clause.fund, clause.to})
        case Share() | Gift():
            return frozenset()


def units_of(clause: Clause) -> frozenset[str]:
    """Every unit that a clause names."""
    match clause:
        case Access() | Patronage():
            return frozenset({clause.unit})
        case Reinvest() if clause.in_kind is not None:
            return frozenset({clause.in_kind.unit})
        case Share():
            return frozenset({clause.shares, clause.unit})
    return frozenset()


def debited_accounts(clause: Clause) -> frozenset[bytes]:
    """The accounts that a clause names and takes from. Of what depends on the trigger, none is named here."""
    match clause:
        case GuaranteedPayment() | HostFee():
            return frozenset({clause.fund})
        case Reinvest() | Lease():
            return frozenset({clause.from_})
        case MutualGuarantee():
            return _accounts(clause.pledges)
    return frozenset()


def _accounts(shares: Sequence[tuple[bytes, int]]) -> frozenset[bytes]:
    return frozenset(account for account, _ in shares)


def _check_part(rate: tuple[int, int], name: str) -> None:
    """Of what is there, at most all of it is taken."""
    if rate[0] > rate[1]:
        raise ValueError(f"{name}: {rate[0]}/{rate[1]} is more than the whole")


def _check_shares(shares: Sequence[tuple[bytes, int]], name: str) -> None:
    """Ties of a split go to the first: so there is one order."""
    if not all(one[0] < other[0] for one, other in pairwise(shares)):
        raise ValueError(f"{name}: the accounts are not in ascending order, or one stands twice")
    if not any(weight for _, weight in shares):
        raise ValueError(f"{name}: all weights are 0")
