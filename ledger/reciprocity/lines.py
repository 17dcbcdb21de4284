# SPDX-License-Identifier: AGPL-3.0-or-later
"""A line of what a clause yields: how much, for whom, by which rule, and what it rests on (spec 18 §9)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import gcd
from typing import NamedTuple, TypeVar

from ledger.errors import LedgerError
from protocol.amounts import show_amount
from protocol.clauses import Clause, kind_of

TIMES = "\N{MULTIPLICATION SIGN}"
NOBODY = b""
"""The account of a line that only names an amount for the lines after it."""

_AMOUNTS = re.compile(r"\{(-?[0-9]+)\}")


class ClauseError(LedgerError):
    """A clause yields nothing here; `verdict` is the word of spec 17 for a statement that says it does."""

    def __init__(self, verdict: str, text: str) -> None:
        super().__init__(text)
        self.verdict = verdict


class Line(NamedTuple):
    """A line that a clause yields. A negative amount is taken from the account.

    `rule` has the numbers in it; amounts stand in braces, as whole numbers: `show_rule` writes them with decimals.
    `fraction` is what there was before rounding, in lowest terms. `sources` are ids of statements.
    """

    clause: int
    kind: str
    name: str
    account: bytes
    amount: int
    rule: str
    fraction: tuple[int, int]
    sources: tuple[bytes, ...] = ()


Kind = TypeVar("Kind", bound=Clause)


class Yielding(NamedTuple):
    """Makes the lines of one clause: what they all have in common."""

    clause: int
    kind: str
    sources: tuple[bytes, ...]

    def line(self, name: str, account: bytes, amount: int, rule: str, exact: tuple[int, int] | None = None) -> Line:
        """One line; `exact` is (numerator, denominator) if it was rounded or limited."""
        fraction = lowest(*exact) if exact is not None else (amount, 1)
        return Line(self.clause, self.kind, name, account, amount, rule, fraction, self.sources)

    def move(self, name: str, source: bytes, target: bytes, amount: int, rule: str) -> list[Line]:
        """The two lines of what goes from one account to another."""
        return [self.line(name, source, -amount, f"-({rule})"), self.line(name, target, amount, rule)]

    def shares(self, name: str, shares: Sequence[tuple[bytes, int]], parts: Sequence[int], total: int) -> list[Line]:
        """A line for each share of a split, whose parts these are."""
        whole = sum(weight for _, weight in shares)
        shown = braced(total)
        return [
            self.line(name, account, part, f"{shown} {TIMES} {weight}/{whole}", (total * weight, whole))
            for (account, weight), part in zip(shares, parts, strict=True)
        ]


def yielding(index: int, clause: Clause, sources: tuple[bytes, ...]) -> Yielding:
    """The maker of a clause's lines."""
    return Yielding(index, kind_of(clause), sources)


def clause_at(clauses: Sequence[Clause], index: int, shape: type[Kind]) -> Kind:
    """The clause with this index, which must be of this kind. Raises ClauseError (`clause_mismatch`)."""
    clause = clauses[index] if 0 <= index < len(clauses) else None
    if not isinstance(clause, shape):
        wanted = shape.__struct_config__.tag
        found = kind_of(clause) if clause is not None else f"none: the contract has {len(clauses)}"
        raise ClauseError("clause_mismatch", f"clause {index} is to be a {wanted}, it is {found}")
    return clause


def require_amount(condition: bool, text: str) -> None:  # noqa: FBT001 - reads like the rule that it is
    """Raises ClauseError (`bad_amount`) unless the condition holds."""
    if not condition:
        raise ClauseError("bad_amount", text)


def legs_of(lines: Sequence[Line]) -> list[tuple[bytes, int]]:
    """The legs of a post with these lines: sums for each account in ascending order, none of them 0."""
    sums: dict[bytes, int] = {}
    for line in lines:
        sums[line.account] = sums.get(line.account, 0) + line.amount
    sums.pop(NOBODY, None)
    return sorted((account, amount) for account, amount in sums.items() if amount)


def lowest(numerator: int, denominator: int) -> tuple[int, int]:
    """A fraction in lowest terms, its denominator positive."""
    common = gcd(numerator, denominator)
    return numerator // common, denominator // common


def braced(amount: int) -> str:
    """An amount as it stands in a rule."""
    return f"{{{amount}}}"


def show_rule(rule: str, scale: int, show: Callable[[int, int], str] = show_amount) -> str:
    """A rule with its amounts as they are written at the unit's scale."""
    return _AMOUNTS.sub(lambda found: show(int(found[1]), scale), rule)
