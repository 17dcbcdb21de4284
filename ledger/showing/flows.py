# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who gave what to whom, in groups and by month: money, time, goods, gifts, care.

It is summed up from what was applied, in the order of the log, and goes on where it stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.deriving.books import open_book
from ledger.exporting.journal import applied
from ledger.reciprocity.state import Account, EventState, Member, Outgoing
from protocol.amounts import month_of, show_month
from protocol.reciprocity_bodies import Correct, Event, Post, TransferAccept, TransferPost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.exporting.journal import Told
    from ledger.reciprocity.book import Book
    from ledger.showing.view import LedgerView
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree

FLOWS_SCHEMA = "folkmoot.flows/1"
ORGANISATION, MEMBERS, COLLECTIVES = "organisation", "members", "collectives"
GROUPS = ("outside", "neighbours", MEMBERS, COLLECTIVES, ORGANISATION, "fund", "reserve")
"""Who gives and takes, in the order in which they are shown."""
TRANSFER = "transfer_between_logs"
STEP_ENTRIES = 20_000
"""So many entries are taken in before somebody is answered; the rest when they ask again."""

_OF_ACCOUNT = {"pool": ORGANISATION, "fund": "fund", "reserve": "reserve", "connector": "neighbours"}
_DAY_S = 86_400


class Flow(NamedTuple):
    """What goes one way. `what` is the code of a post or the stream of an event; `gift`: it expects nothing."""

    unit: str
    what: str
    gift: bool
    source: str
    target: str


class Flows:
    """The flows of one log, up to an entry: the amounts of each month, in smallest parts of the unit."""

    def __init__(self) -> None:
        self.taken = 0
        """So many entries are taken in."""
        self.months: dict[int, dict[Flow, int]] = {}

    def advance(self, reads: Snapshot, tree: Tree, entries: int = STEP_ENTRIES) -> int:
        """Takes in what is new, at most so many entries; how many are left."""
        if tree.derived < self.taken:  # it was folded anew
            self.taken, self.months = 0, {}
        end = min(tree.derived, self.taken + entries)
        book = open_book(reads, tree)
        for told in applied(reads, tree, self.taken, end):
            self._take(book, told)
        self.taken = end
        return tree.derived - end

    def between(self, first: int, last: int) -> dict[Flow, int]:
        """The sums over the months first..last, both included; what was taken back altogether is left out."""
        sums: dict[Flow, int] = {}
        for month in range(max(first, min(self.months, default=last + 1)), min(last, max(self.months, default=-1)) + 1):
            for flow, amount in self.months.get(month, {}).items():
                sums[flow] = sums.get(flow, 0) + amount
        return {flow: amount for flow, amount in sorted(sums.items(), key=lambda item: _order(item[0])) if amount > 0}

    def _take(self, book: Book, told: Told) -> None:
        said = told.said
        match said:
            case Event():
                event = book.get(EventState, told.statement.id)
                if event is not None:
                    self._count_event(book, event, 1)
            case Correct(event=event_id):
                event = book.get(EventState, event_id)
                if event is not None:
                    self._count_event(book, event, -1)
            case Post():
                self._count_post(book, said)
            case TransferAccept(account=account, connector=connector, amount=amount):
                self._count_legs(book, told.at // _DAY_S, TRANSFER, [(connector, -amount), (account, amount)])
            case TransferPost(transfer=transfer):
                sent = book.get(Outgoing, transfer)
                if sent is not None:
                    legs = [(sent.account, -sent.amount), (sent.connector, sent.amount)]
                    self._count_legs(book, told.at // _DAY_S, TRANSFER, legs)

    def _count_event(self, book: Book, event: EventState, sign: int) -> None:
        source, target = self.party(book, event.provider), self.party(book, event.receiver)
        for amount, unit in filter(None, (event.effort, event.quantity)):
            flow = Flow(unit, event.stream, event.gift, source, target)
            self._add(month_of(event.on), flow, sign * amount)

    def _count_post(self, book: Book, said: Post) -> None:
        """A correction takes back from the flows of what it corrects."""
        code, legs, sign, at = said.code, said.legs, 1, said
        while at.code == "correction" and at.basis is not None and at.basis.post is not None:
            found = book.said(at.basis.post)
            before = book.recall(found.position) if found else None
            if not isinstance(before, Post):
                return
            code, legs, sign, at = before.code, before.legs, -sign, before
        self._count_legs(book, said.on, code, legs, sign)

    def _count_legs(self, book: Book, on: int, what: str, legs: Iterable[tuple[bytes, int]], sign: int = 1) -> None:
        by_unit: dict[str, list[tuple[str, int]]] = {}
        for account_id, amount in legs:
            account = book.get(Account, account_id)
            if account is not None:
                by_unit.setdefault(account.unit, []).append((self.holder(book, account), amount))
        for unit, amounts in by_unit.items():
            for source, target, amount in pair_up(amounts, self.place):
                self._add(month_of(on), Flow(unit, what, gift=False, source=source, target=target), sign * amount)

    def party(self, book: Book, party: bytes) -> str:
        """As whom a party is counted."""
        return _group_of_party(book, party)

    def holder(self, book: Book, account: Account) -> str:
        """As whose an account is counted."""
        if account.type == "member":
            return self.party(book, account.owner)
        return _OF_ACCOUNT.get(account.type, "outside")

    def place(self, group: str) -> int:
        """Who gives first where several give and several take."""
        return GROUPS.index(group)

    def _add(self, month: int, flow: Flow, amount: int) -> None:
        amounts = self.months.setdefault(month, {})
        amounts[flow] = amounts.get(flow, 0) + amount


def pair_up(
    amounts: Sequence[tuple[str, int]], place: Callable[[str], int] = GROUPS.index
) -> list[tuple[str, str, int]]:
    """(From, to, amount) of a movement among groups: what each gives and takes stays exact.

    Where several give and several take, the first to give gives to the first to take; nobody can say more.
    """
    ordered = sorted(amounts, key=lambda item: place(item[0]))
    takers = iter([(group, amount) for group, amount in ordered if amount > 0])
    target, room = next(takers, ("", 0))
    sums: dict[tuple[str, str], int] = {}
    for source, amount in ordered:
        left = max(0, -amount)
        while left and room:
            part = min(left, room)
            sums[source, target] = sums.get((source, target), 0) + part
            left, room = left - part, room - part
            if not room:
                target, room = next(takers, ("", 0))
    return [(source, target, amount) for (source, target), amount in sums.items()]


def _group_of_party(book: Book, party: bytes) -> str:
    if party == book.log_id:
        return ORGANISATION
    member = book.get(Member, party)
    return COLLECTIVES if member is not None and member.group else MEMBERS


def _order(flow: Flow) -> tuple[object, ...]:
    return flow.unit, flow.gift, flow.what, GROUPS.index(flow.source), GROUPS.index(flow.target)


def flows_object(view: LedgerView, flows: Flows, first: int, last: int, left: int) -> dict[str, Any]:
    """The flows over the months first..last as JSON; `lag` is how many entries are not counted yet."""
    rows = [
        {**flow._asdict(), "amount": view.show(amount, flow.unit), "sort": view.unit(flow.unit).sort}
        for flow, amount in flows.between(first, last).items()
    ]
    return {
        "schema": FLOWS_SCHEMA,
        "from": show_month(first),
        "until": show_month(last),
        "lag": left,
        "flows": rows,
    }
