# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole at a glance: which organisations gave what to which, over a period, in one log or in all that are held.

Persons are counted together, by their class; organisations and collectives that are members stand for themselves. Units
that different ledgers define are one only where they cannot but mean the same: money, time, energy, emissions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.held.denying import title_of
from ledger.reciprocity.state import Member
from ledger.showing.flows import ORGANISATION, STEP_ENTRIES, TRANSFER, Flow, Flows
from ledger.showing.known import SHORT_DIGITS
from protocol.amounts import show_amount, show_month
from protocol.identity import parse_log_id, show_log_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.reciprocity.book import Book
    from ledger.reciprocity.state import Account
    from ledger.showing.view import LedgerView
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree

WHOLE_SCHEMA = "folkmoot.whole/1"
KINDS = ("money", "time", "goods", "gift", "care")
"""What flows, by what it means to people: gifts and care before what they are counted in."""
PERIODS = {"month": 1, "quarter": 3, "year": 12, "all": 0}
OUTSIDE = "outside"
PERSONS = frozenset({"worker", "user", "commoner"})
"""The classes of members that are people."""

_SHARED = frozenset({"money", "time", "energy", "co2e"})
_MONEY = frozenset({"money", "credit", "share"})
_SORTS = ("money", "time")
_MEMBERS, _PARTY, _LOG = "members/", "party/", "log/"


class PartyFlows(Flows):
    """The flows of one log between the organisation, its members by class, those that stand for themselves, others.

    `times` counts of how many movements each is made.
    """

    def __init__(self) -> None:
        super().__init__()
        self.times: dict[int, dict[Flow, int]] = {}

    def party(self, book: Book, party: bytes) -> str:
        """An organisation or collective itself, a person as one of their class."""
        if party == book.log_id:
            return ORGANISATION
        member = book.get(Member, party)
        if member is None:
            return OUTSIDE
        return f"{_MEMBERS}{member.class_}" if member.class_ in PERSONS and not member.group else _PARTY + party.hex()

    def holder(self, book: Book, account: Account) -> str:
        """Whoever owns an account; a neighbour's is the neighbour."""
        if account.type == "connector":
            return _LOG + account.peer.hex()
        return OUTSIDE if account.type == "external" else self.party(book, account.owner)

    def place(self, group: str) -> int:
        """What comes from outside first, the organisation last."""
        return (OUTSIDE, _LOG, _MEMBERS, _PARTY, ORGANISATION).index(group.partition("/")[0] + "/" * ("/" in group))

    def _count_legs(self, book: Book, on: int, what: str, legs: Iterable[tuple[bytes, int]], sign: int = 1) -> None:
        if what != "opening":  # what somebody had before the ledger began has not moved
            super()._count_legs(book, on, what, legs, sign)

    def _add(self, month: int, flow: Flow, amount: int) -> None:
        if flow.source == flow.target:
            return  # within an organisation, or among its members
        super()._add(month, flow, amount)
        times = self.times.setdefault(month, {})
        times[flow] = times.get(flow, 0) + (1 if amount > 0 else -1)

    def advance(self, reads: Snapshot, tree: Tree, entries: int = STEP_ENTRIES) -> int:
        """Takes in what is new, at most so many entries; how many are left."""
        if tree.derived < self.taken:
            self.times = {}
        return super().advance(reads, tree, entries)


class Unit(NamedTuple):
    """What amounts are counted in. `log`: whose unit it is, empty where all mean the same by it."""

    sort: str
    code: str
    log: str


class Line(NamedTuple):
    """What goes from one to another. `kind` is one of KINDS; `what` the code of a post or the stream of an event."""

    unit: Unit
    kind: str
    what: str
    gift: bool
    source: str
    target: str


class Told(NamedTuple):
    """What one log tells: its ledger, its flows, how many entries are not counted yet."""

    view: LedgerView
    flows: PartyFlows
    left: int


def shown_trees(reads: Snapshot) -> list[Tree]:
    """The newest epoch of each log that is held here and may be shown, the own one first."""
    newest: dict[bytes, Tree] = {}
    for tree in reads.trees():
        log_id = tree.origin.log_id
        if not tree.hidden and (log_id not in newest or newest[log_id].origin.epoch < tree.origin.epoch):
            newest[log_id] = tree
    own = reads.own_log()
    return sorted(newest.values(), key=lambda tree: (tree.origin.log_id != own, tree.origin.log_id))


def span(period: str, month: int, told: Iterable[Told]) -> tuple[int, int]:
    """The months of the calendar's month, quarter or year in which a month lies, or all of which there is something."""
    length = PERIODS[period]
    if length:
        first = month // length * length
        return first, first + length - 1
    months = [number for one in told for number in one.flows.months]
    return min(months, default=month), max(months, default=month)


def newest_month(told: Iterable[Told], today: int) -> int:
    """The newest month of which a log tells something."""
    return max((number for one in told for number in one.flows.months), default=today)


def whole_object(told: Sequence[Told], first: int, last: int, kinds: Sequence[str] = KINDS) -> dict[str, Any]:
    """All that flowed over the months first..last as JSON: money first, and the largest of each unit first."""
    scales = _scales(told)
    sums: dict[Line, tuple[int, int]] = {}
    for one in told:
        for line, amount, times in _lines(one, first, last, {other.view.log_id for other in told}):
            exact = amount * 10 ** (scales[line.unit] - one.view.unit(line.unit.code).scale)
            before = sums.get(line, (0, 0))
            sums[line] = before[0] + exact, before[1] + times
    rows = sorted((item for item in sums.items() if item[0].kind in kinds and item[1][0] > 0), key=_order)
    names = _Names(told)
    return {
        "schema": WHOLE_SCHEMA,
        "from": show_month(first),
        "until": show_month(last),
        "logs": [{"log": show_log_id(one.view.log_id), "name": one.view.organisation} for one in told],
        "lag": sum(one.left for one in told),
        "flows": [
            {
                "from": names.of(line.source),
                "to": names.of(line.target),
                "kind": line.kind,
                "what": line.what,
                "gift": line.gift,
                "unit": line.unit.code,
                "sort": line.unit.sort,
                "of": line.unit.log,
                "scale": scales[line.unit],
                "amount": show_amount(amount, scales[line.unit]),
                "count": times,
            }
            for line, (amount, times) in rows
        ],
    }


def _order(item: tuple[Line, tuple[int, int]]) -> tuple[object, ...]:
    line, (amount, _) = item
    return (*(line.unit.sort != sort for sort in _SORTS), line.unit, -amount, line)


def _scales(told: Iterable[Told]) -> dict[Unit, int]:
    """The decimals in which each unit is summed up: those of the ledger that has most."""
    scales: dict[Unit, int] = {}
    for one in told:
        for code in {flow.unit for flows in one.flows.months.values() for flow in flows}:
            unit = _unit(one.view, code)
            scales[unit] = max(scales.get(unit, 0), one.view.unit(code).scale)
    return scales


def _unit(view: LedgerView, code: str) -> Unit:
    sort = view.unit(code).sort
    return Unit(sort, code, "" if sort in _SHARED else show_log_id(view.log_id))


def _lines(one: Told, first: int, last: int, logs: set[bytes]) -> Iterable[tuple[Line, int, int]]:
    """What one log tells. A payment between two of the `logs` is told by the one that paid."""
    for month in range(max(first, min(one.flows.months, default=last + 1)), last + 1):
        for flow, amount in one.flows.months.get(month, {}).items():
            other = flow.source.removeprefix(_LOG)
            if flow.what == TRANSFER and other != flow.source and bytes.fromhex(other) in logs:
                continue
            unit = _unit(one.view, flow.unit)
            source, target = (_global(one.view, name) for name in (flow.source, flow.target))
            line = Line(unit, _kind(flow, unit.sort), flow.what, flow.gift, source, target)
            yield line, amount, one.flows.times[month][flow]


def _kind(flow: Flow, sort: str) -> str:
    if flow.gift:
        return "gift"
    if flow.what in {"care", "love"}:
        return "care"
    return "money" if sort in _MONEY else sort if sort == "time" else "goods"


def _global(view: LedgerView, name: str) -> str:
    """A name in one log as it is used for all: an organisation is known by its log everywhere."""
    log = show_log_id(view.log_id)
    if name == OUTSIDE:
        return OUTSIDE
    if name == ORGANISATION:
        return log
    if name.startswith(_LOG):
        return show_log_id(bytes.fromhex(name.removeprefix(_LOG)))
    return f"{log}/{name.removeprefix(_PARTY)}"


class _Names:
    """What those who give and take are called."""

    def __init__(self, told: Iterable[Told]) -> None:
        self._views: Mapping[str, LedgerView] = {show_log_id(one.view.log_id): one.view for one in told}
        self._known: dict[str, dict[str, str]] = {}

    def of(self, name: str) -> dict[str, str]:
        """As JSON; `log` is where it is known, `name` empty for what is only known by its `class`."""
        if name not in self._known:
            self._known[name] = {"id": name} | self._find(name)
        return self._known[name]

    def _find(self, name: str) -> dict[str, str]:
        log, _, part = name.partition("/")
        view = self._views.get(log)
        if name == OUTSIDE:
            return {"type": OUTSIDE, "name": "", "log": "", "class": ""}
        if not part:
            return {"type": ORGANISATION, "name": self._organisation(log), "log": log, "class": ""}
        assert view is not None
        if part.startswith(_MEMBERS):
            return {"type": "members", "name": "", "log": log, "class": part.removeprefix(_MEMBERS)}
        party = bytes.fromhex(part)
        class_ = "collective" if view.member(party).group else view.member(party).class_
        name = view.name(party)
        known = "" if name == party.hex()[:SHORT_DIGITS] else name
        return {"type": "member", "name": known, "log": log, "class": class_}

    def _organisation(self, log: str) -> str:
        """What the organisation of a log is called, as far as that is held here."""
        if log in self._views:
            return self._views[log].organisation
        any_view = next(iter(self._views.values()), None)
        return title_of(any_view.reads, parse_log_id(log)) if any_view else ""
