# SPDX-License-Identifier: AGPL-3.0-or-later
"""The dry run of a template: what its section [last_year] tells, as triggers, and what would have been owed. Pure.

[[last_year.claim]]     on, amount, paid (left out: all), in_kind
[[last_year.use]]       on, resource, class, hours or days
[[last_year.income]]    on, fund, amount
[[last_year.shares]]    on, number (below 0: given back)
[[last_year.surplus]]   on, amount, unit (of the totals), totals = { who = "123.45" }
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from ledger.reciprocity.patronage import Total
from ledger.reciprocity.rehearsal import (
    CLAIMANT,
    SHARE_ISSUE,
    SHAREHOLDER,
    SURPLUS,
    TILL,
    USER,
    Owed,
    PastClaim,
    PastIncome,
    PastShares,
    PastSurplus,
    PastUse,
    Setting,
    Trigger,
    rehearse,
    stand_in,
)
from ledger.reciprocity.template import Names, Place, Template, clauses_of
from ledger.reciprocity.template_clause import (
    Convert,
    Desk,
    Fault,
    account,
    amount,
    day,
    resource,
    table,
    text,
    whole,
)
from ledger.reciprocity.yields_use import SECONDS
from protocol.amounts import first_day, month_of
from protocol.clauses import Clause, Patronage, Reinvest, read_clauses
from protocol.encoding import Value

OWN_NAMES = {
    CLAIMANT: "whoever made the claim",
    USER: "whoever used it",
    SHAREHOLDER: "whoever took shares",
    SHARE_ISSUE: "shares issued",
    TILL: "the till",
    SURPLUS: "the surplus",
}
"""What the accounts are called that follow from who does something."""


class Rehearsal(NamedTuple):
    """What would have been owed, in order of days, and what accounts are called."""

    owed: list[Owed]
    names: dict[bytes, str]


def rehearse_template(template: Template, names: Names = Names()) -> Rehearsal:  # noqa: B008 - an empty tuple of maps
    """The dry run of a template with its own [last_year]. Names without an id get one for the time being.

    Raises TemplateError for what is wrong in the contract or in [last_year].
    """
    known = _with_stand_ins(template, names)
    clauses = read_clauses(cast("Value", clauses_of(template, known)))
    desk = Desk(known.accounts, known.resources, template.section("units"), template.unit)
    triggers = list(_triggers(template, clauses, desk))
    if triggers:
        begin = first_day(12 * (month_of(min(trigger.on for trigger in triggers)) // 12))
    else:
        begin = _first_day(template, desk)
    owed = rehearse(Setting(clauses, template.unit, desk.scales), begin, triggers)
    shown = {known_id: name for name, known_id in known.accounts.items()}
    gave = {stand_in(f"account of {name}"): name for name in _givers(template)}
    return Rehearsal(owed, OWN_NAMES | gave | shown)


def _with_stand_ins(template: Template, names: Names) -> Names:
    def filled(section: str, given: Mapping[str, bytes]) -> dict[str, bytes]:
        return {name: given.get(name, stand_in(name)) for name in template.section(section)}

    return names._replace(accounts=filled("accounts", names.accounts), resources=filled("resources", names.resources))


def _first_day(template: Template, desk: Desk) -> int:
    try:
        return cast("int", day(template.tables["from"], desk))
    except Fault as fault:
        raise template.error(Fault(fault.text, "from")) from None


def _triggers(template: Template, clauses: list[Clause], desk: Desk) -> Iterator[Trigger]:
    for sort, told in template.section("last_year").items():
        if sort not in _SORTS or not isinstance(told, list):
            listed = ", ".join(f"[[last_year.{known}]]" for known in _SORTS)
            raise template.error(Fault(f"there are the sections {listed}", "last_year", sort))
        for number, one in enumerate(told, 1):
            try:
                yield _SORTS[sort](one, clauses, desk)
            except Fault as fault:
                raise template.error(fault, Place(f"last_year.{sort}", number)) from None


def _read(one: object, desk: Desk, required: Mapping[str, Convert], optional: Mapping[str, Convert]) -> dict[str, Any]:
    return table(one, {**required, **optional}, desk, needed=list(required))


def _claim(one: object, clauses: list[Clause], desk: Desk) -> PastClaim:
    units = [clause.in_kind.unit for clause in clauses if isinstance(clause, Reinvest) and clause.in_kind is not None]

    def quantity(value: object, desk: Desk) -> Value:
        if not units:
            raise Fault("no clause of this contract takes anything in kind")
        return amount(value, desk._replace(unit=units[0]))

    found = _read(one, desk, {"on": day, "amount": amount}, {"paid": amount, "in_kind": quantity})
    if found["amount"] <= 0:
        raise Fault("a claim is of more than nothing", "amount")
    return PastClaim(found["on"], found["amount"], found.get("paid", found["amount"]), found.get("in_kind", 0))


def _use(one: object, _: list[Clause], desk: Desk) -> PastUse:
    found = _read(one, desk, {"on": day, "resource": resource, "class": text}, {"hours": whole, "days": whole})
    seconds = found.get("hours", 0) * SECONDS["hour"] + found.get("days", 0) * SECONDS["day"]
    return PastUse(found["on"], found["resource"], found["class"], seconds)


def _income(one: object, _: list[Clause], desk: Desk) -> PastIncome:
    found = _read(one, desk, {"on": day, "fund": account, "amount": amount}, {})
    if found["amount"] <= 0:
        raise Fault("an income is of more than nothing", "amount")
    return PastIncome(found["on"], found["fund"], found["amount"])


def _shares(one: object, _: list[Clause], desk: Desk) -> PastShares:
    found = _read(one, desk, {"on": day, "number": whole}, {})
    return PastShares(found["on"], found["number"])


def _surplus(one: object, clauses: list[Clause], desk: Desk) -> PastSurplus:
    counted = next((clause.unit for clause in clauses if isinstance(clause, Patronage)), desk.unit)

    def totals(value: object, desk: Desk) -> Value:
        return table(
            value, dict.fromkeys(value, amount) if isinstance(value, dict) else {}, desk._replace(unit=counted)
        )

    found = _read(one, desk, {"on": day, "amount": amount, "totals": totals}, {})
    if found["amount"] <= 0:
        raise Fault("a surplus is of more than nothing", "amount")
    gave = tuple(
        Total(stand_in(name), total, stand_in(f"account of {name}")) for name, total in found["totals"].items()
    )
    return PastSurplus(found["on"], found["amount"], gave)


def _givers(template: Template) -> list[str]:
    return [name for one in template.section("last_year").get("surplus", []) for name in one["totals"]]


_SORTS: dict[str, Callable[[object, list[Clause], Desk], Trigger]] = {
    "claim": _claim,
    "use": _use,
    "income": _income,
    "shares": _shares,
    "surplus": _surplus,
}
