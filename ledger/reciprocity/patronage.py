# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a surplus is shared: the reserve, the commons, and the members by what they gave (spec 18 §7). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ledger.reciprocity.lines import TIMES, Line, braced, clause_at, lowest, require_amount, yielding
from protocol.amounts import multiply, split
from protocol.clauses import Clause, Patronage


class Total(NamedTuple):
    """What a member gave of the clause's base in the months of the dividend, and the account of their share, if any."""

    member: bytes
    amount: int
    account: bytes | None


def patronage(
    clauses: Sequence[Clause],
    index: int,
    surplus: int,
    pool: bytes,
    totals: Sequence[Total],
    sources: tuple[bytes, ...] = (),
) -> list[Line]:
    """The lines of a dividend. The member is the last of the sources of their line. Raises ClauseError."""
    clause = clause_at(clauses, index, Patronage)
    require_amount(surplus > 0, "there is no surplus to share")
    make = yielding(index, clause, sources)
    whole = braced(surplus)

    def part(rate: tuple[int, int]) -> tuple[str, tuple[int, int]]:
        return f"{whole} {TIMES} {rate[0]}/{rate[1]}", (surplus * rate[0], rate[1])

    reserve = multiply(surplus, *clause.reserve)
    commons = min(multiply(surplus, *clause.commons), surplus - reserve)
    rest = surplus - reserve - commons
    members = sorted(totals, key=lambda total: total.member)
    weights = [max(0, total.amount) for total in members]
    given = sum(weights)
    lines = [
        make.line("surplus", pool, -surplus, f"-{whole}"),
        make.line("reserve", clause.reserve_to, reserve, *part(clause.reserve)),
        make.line("commons", clause.commons_to, commons, *part(clause.commons)),
    ]
    if not given:
        return [*lines, make.line("nobody", clause.commons_to, rest, braced(rest))]
    shown = braced(rest)
    for total, weight, amount in zip(members, weights, split(rest, weights), strict=True):
        name, account = _reached(clause, total, amount)
        rule = f"{shown} {TIMES} {braced(weight)}/{braced(given)}"
        fraction = lowest(rest * weight, given)
        lines.append(Line(index, make.kind, name, account, amount, rule, fraction, (*sources, total.member)))
    return lines


def _reached(clause: Patronage, total: Total, amount: int) -> tuple[str, bytes]:
    """The name of a member's line, and the account that it goes to."""
    if total.account is None:
        return "no_account", clause.commons_to
    if clause.min is not None and amount < clause.min:
        return "below_min", clause.commons_to
    return "patronage", total.account
