# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the entries of a member statement are those that the member's leaves stand for (spec 20 §2)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from protocol.chain import SORT_ACCOUNT, START, StateLeaf, link
from protocol.errors import Malformed
from protocol.movement import Movements
from protocol.proof import Graded
from protocol.reciprocity_bodies import AccountOpen, MemberJoin, MemberProfile, MemberSet, ReciprocityBody, Remark
from protocol.statement import Entry, Opaque, Statement


class MemberVerdict(Graded):
    """What can be said of a member statement."""

    MALFORMED = ("malformed", 3)
    CHARTERS = ("false: charters", 3)
    UNKNOWN_LOG = ("unknown log", 7)
    SIGNATURE = ("false: signature", 3)
    NOT_WITNESSED = ("not witnessed", 7)
    INCLUSION = ("false: inclusion", 3)
    COMMITMENT = ("false: commitment", 3)
    STATEMENT = ("false: statement", 3)
    STATE = ("false: state", 3)
    CHAIN = ("false: chain", 3)
    BALANCE = ("false: balance", 3)
    NO_PAYLOAD = ("no payload", 7)
    TRUE = ("true", 0)


class Failed(Exception):  # noqa: N818 - it is a verdict, not a fault of the program
    """A check that did not hold: the verdict, and what differs."""

    def __init__(self, verdict: MemberVerdict, why: str) -> None:
        super().__init__(why)
        self.verdict = verdict
        self.why = why


class Told(NamedTuple):
    """One entry; `leaf` is its hash in the tree. `statement` is None if it is not shown, `body` if it is unknown."""

    position: int
    entry: Entry | Opaque
    leaf: bytes
    concerns: tuple[int, ...]
    statement: Statement | None = None
    body: ReciprocityBody | None = None
    signers: tuple[bytes, ...] = ()


def replay(member: bytes, told: Sequence[Told], leaves: Sequence[StateLeaf], operating: Collection[bytes]) -> None:
    """Raises Failed unless the entries, but for the last one, are exactly those of the leaves, and make their balances.

    `operating` are the operating keys in force: they may speak of the member beside the member's own keys.
    """
    ledger = [one for one in told[:-1] if one.concerns]
    _check_chains(ledger, leaves)
    hidden = [one.position for one in ledger if one.body is None]
    if hidden:
        why = f"what entry {hidden[0]} says is not in this file, or of a kind that this program does not know"
        raise Failed(MemberVerdict.NO_PAYLOAD, f"{why} (one of {len(hidden)})" if len(hidden) > 1 else why)
    keys = {*operating, *member_keys(member, [(one.statement.id, one.body) for one in ledger if one.statement])}
    _check_beside([one for one in told[:-1] if not one.concerns], member, keys)
    _check_accounts(member, ledger, leaves)
    for leaf, (posted, reserved) in zip(leaves, _sum(ledger, leaves), strict=True):
        if (leaf.posted, leaf.reserved) != (posted, reserved):
            why = f"account {leaf.id.hex()}: its entries make {posted}, of which {reserved} reserved; the state says "
            raise Failed(MemberVerdict.BALANCE, f"{why}{leaf.posted} and {leaf.reserved}")


def _check_chains(ledger: Sequence[Told], leaves: Sequence[StateLeaf]) -> None:
    counts, heads = [0] * len(leaves), [START] * len(leaves)
    for one in ledger:
        for number in one.concerns:
            counts[number] += 1
            heads[number] = link(heads[number], one.leaf, one.position)
    for leaf, count, head in zip(leaves, counts, heads, strict=True):
        what = f"{'account' if leaf.sort == SORT_ACCOUNT else 'member'} {leaf.id.hex()}"
        if count != leaf.count:
            lost = "something was left out" if count < leaf.count else "something was added"
            why = f"{what}: {leaf.count} entries concern it, {count} are in this file: {lost}"
            raise Failed(MemberVerdict.CHAIN, why)
        if head != leaf.head:
            why = f"{what}: the {count} entries in this file are not those that concern it, or not in their order"
            raise Failed(MemberVerdict.CHAIN, why)


def member_keys(member: bytes, said: Iterable[tuple[bytes, ReciprocityBody | None]]) -> set[bytes]:
    """The keys that a member has had, by what was said of it: ids of statements and their bodies."""
    keys = set()
    for statement_id, body in said:
        match body:
            case MemberJoin(key=key) if statement_id == member:
                keys.add(key)
            case MemberSet(member=about, key=bytes(key)) if about == member:
                keys.add(key)
    return keys


def may_stand_beside(body: ReciprocityBody | None, member: bytes, signers: Iterable[bytes], keys: set[bytes]) -> bool:
    """Whether a statement that concerns nobody is words about a member: a note, or a profile by one of these keys."""
    match body:
        case MemberProfile(member=about):
            return about == member and not keys.isdisjoint(signers)
        case Remark():
            return True
    return False


def _check_beside(beside: Sequence[Told], member: bytes, keys: set[bytes]) -> None:
    """Of anything but words it could not be told whether it had an effect."""
    for one in beside:
        if not may_stand_beside(one.body, member, one.signers, keys):
            why = "concerns nobody here, and is neither a note nor a profile by those who may write it"
            raise Failed(MemberVerdict.CHAIN, f"entry {one.position} {why}")


def _check_accounts(member: bytes, ledger: Sequence[Told], leaves: Sequence[StateLeaf]) -> None:
    """The accounts among the leaves are those that were opened for the member."""
    opened = {
        one.statement.id
        for one in ledger
        if one.statement and isinstance(one.body, AccountOpen) and one.body.owner == member
    }
    given = {leaf.id for leaf in leaves if leaf.sort == SORT_ACCOUNT}
    for account in sorted(opened - given):
        raise Failed(MemberVerdict.CHAIN, f"account {account.hex()} of the member was left out")
    for account in sorted(given - opened):
        raise Failed(MemberVerdict.CHAIN, f"account {account.hex()} was never opened for the member")


def _sum(ledger: Sequence[Told], leaves: Sequence[StateLeaf]) -> list[tuple[int, int]]:
    """Posted and reserved of each leaf as its entries move it."""
    movements, numbers = Movements(), {leaf.id: number for number, leaf in enumerate(leaves)}
    sums = [(0, 0)] * len(leaves)
    for one in ledger:
        assert one.statement is not None
        assert one.body is not None
        try:
            moved = movements.of(one.statement.id, one.body)
        except Malformed as error:
            raise Failed(MemberVerdict.BALANCE, f"entry {one.position}: {error.text}") from None
        for movement in moved:
            number = numbers.get(movement.account)
            if number is None:
                continue
            if number not in one.concerns:
                why = f"entry {one.position} moves account {movement.account.hex()}, but is said not to concern it"
                raise Failed(MemberVerdict.CHAIN, why)
            posted, reserved = sums[number]
            sums[number] = posted + movement.posted, reserved + movement.reserved
    return sums
