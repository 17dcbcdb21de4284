# SPDX-License-Identifier: AGPL-3.0-or-later
"""The steward's desk: what waits for a decision today, one line of `SORTS` for each sort of thing that can wait.

Whoever makes something that waits for a steward adds a line with a function that looks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from ledger.directory.present import read_record
from ledger.own.amending import read_own
from ledger.own.kept_amendment import kept_amendment
from ledger.proposals.present import waiting_list
from ledger.reciprocity.state import Contract, Member
from ledger.showing.assembly import dispute_objects, proposal_objects
from ledger.showing.contracts import claim_objects, contract_state
from ledger.showing.transfers import transfer_objects
from node.contribute.rows import names_of, waiting_row
from node.directory.duplicates_api import QUEUE
from node.directory.listing import STALE_S, record_url
from node.keys import CONFIG, LEDGER
from node.reciprocity.booked import over, timed
from node.steward.backups import BACKUPS, OLD_S
from node.web.languages import choose
from node.web.words import date_text, message
from protocol.amounts import parse_day
from protocol.charter import establish
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiohttp import web

    from ledger.showing.view import LedgerView
    from node.directory.listing import Reader

    Look = Callable[["Desk"], "Waiting | None"]

SHOWN = 4
"""Of each sort so many are named on the desk."""
SOON_DAYS = 7


class Desk(NamedTuple):
    """Who looks, at what: the running node, the own ledger as it stands, the reader, the day.

    Not `private`: what is for stewards alone is left out.
    """

    app: web.Application
    view: LedgerView
    reader: Reader
    today: int
    private: bool = True

    @property
    def base(self) -> str:
        """Where the pages of the own ledger are."""
        return f"/ledger/{show_log_id(self.view.log_id)}"


class Item(NamedTuple):
    """One thing that waits: what people call it, where it is decided, a remark in the reader's language."""

    text: str
    url: str
    remark: str = ""


class Waiting(NamedTuple):
    """How many wait, and the first of them."""

    number: int
    first: Sequence[Item] = ()


class Sort(NamedTuple):
    """A sort of thing that can wait. `title` and `todo`, what is to be done, are messages; at `url` all of them are.

    An empty `url` is the ledger's page `page`. What takes `long` to find is not waited for. `kinds`: it waits as
    well for those who act by a key of their own, if their role covers statements of all these kinds.
    """

    name: str
    title: str
    todo: str
    look: Look
    url: str = ""
    page: str = ""
    long: bool = False
    kinds: tuple[str, ...] = ()


def _proposals(desk: Desk) -> Waiting:
    found = []
    for one in proposal_objects(desk.view, desk.today):
        if one["state"] == "decided":
            continue
        left = parse_day(one["closes"]) - desk.today
        can_be = one["outcome"] is not None
        if not can_be and (left > SOON_DAYS or left < 0):
            continue
        words = desk.reader.words
        remark = words("can be decided") if can_be else words("the last day is {day}", day=words.day(one["closes"]))
        found.append(Item(one["name"], f"{desk.base}/proposal/{one['id']}", remark))
    return Waiting(len(found), found[:SHOWN])


def _claims(desk: Desk) -> Waiting:
    found = []
    words = desk.reader.words
    for one in claim_objects(desk.view, desk.today, unpaid=True):
        by = one.get("payable_by")
        soon = by is not None and parse_day(by) - desk.today <= SOON_DAYS
        if one.get("can_advance") and soon:
            form, remark = "claim-advance", words("the fund can pay it now")
        elif one["state"] == "late":
            form = "claim-settle"
            remark = words("advanced, to be got back from the client") if one["advanced"] else words("late")
        else:
            continue
        sum_ = f"{words.amount(one['open'])}\u00a0{one['unit']}"
        found.append(Item(one["debtor"]["name"], f"/steward/do/{form}?claim={one['id']}", f"{sum_}, {remark}"))
    return Waiting(len(found), found[:SHOWN])


def _transfers(desk: Desk) -> Waiting:
    found = []
    for one in transfer_objects(desk.view):
        if one["state"] == "waiting":
            sum_ = f"{desk.reader.words.amount(one['amount'])}\u00a0{one['unit']}"
            name = one["name"] or one["log"][:8]
            found.append(Item(name, f"/steward/do/neighbour-accept?payment={one['id']}", sum_))
    return Waiting(len(found), found[:SHOWN])


def _contracts(desk: Desk) -> Waiting:
    view = desk.view
    found = [
        Item(view.words(one.title), f"{desk.base}/contract/{key.hex()}")
        for key, one in view.book.scan(Contract)
        if contract_state(one, desk.today) == "offered"
    ]
    return Waiting(len(found), found[:SHOWN])


def _disputes(desk: Desk) -> Waiting:
    found = [
        Item(
            one["about"]["name"] or desk.reader.words.label("said", one["about"]["kind"]),
            f"/steward/do/dispute-close?dispute={one['id']}",
            one["by"]["name"],
        )
        for one in dispute_objects(desk.view)
    ]
    return Waiting(len(found), found[:SHOWN])


def _bookings(desk: Desk) -> Waiting:
    found = over(desk.view, int(desk.app[LEDGER].clock()))
    zone = ZoneInfo(desk.app[CONFIG].zone)
    shown = timed(desk.view, found[:SHOWN], zone, desk.reader.words)
    return Waiting(
        len(found),
        [
            Item(
                one["resource"]["name"] or one["resource"]["id"][:8],
                f"{desk.base}/resource/{one['resource']['id']}#over",
                one["when"],
            )
            for one in shown
        ],
    )


def _requests(desk: Desk) -> Waiting:
    view, words = desk.view, desk.reader.words
    groups = {key.hex() for key, member in view.book.scan(Member) if member.group}
    found = [
        Item(
            one["debtor"]["name"],
            f"/steward/do/collective-approve?claim={one['id']}",
            f"{words.amount(one['open'])}\u00a0{one['unit']}, {words('asked by {name}', name=one['creditor']['name'])}",
        )
        for one in (claim_objects(view, desk.today, unpaid=True) if groups else ())
        if one["debtor"]["id"] in groups and not one["disputes"]
    ]
    return Waiting(len(found), found[:SHOWN])


def _duplicates(desk: Desk) -> Waiting | None:
    pairs, looking = desk.app[QUEUE].find(desk.app[LEDGER].store)
    return None if looking and not pairs else Waiting(len(pairs))


def _answers(desk: Desk) -> Waiting:
    return Waiting(desk.view.reads.check_answers(0)[0])


def _unchecked(desk: Desk) -> Waiting:
    since = desk.reader.now - STALE_S
    count, rids = desk.view.reads.unchecked(desk.view.tree.tree, since, SHOWN)
    return Waiting(count, _records(desk, rids, checked=True))


def _unplaced(desk: Desk) -> Waiting:
    count, rids = desk.view.reads.unplaced(desk.view.tree.tree, SHOWN)
    return Waiting(count, _records(desk, rids, checked=False))


def _records(desk: Desk, rids: Sequence[int], *, checked: bool) -> list[Item]:
    rows, words = desk.view.reads.records(rids), desk.reader.words
    found = []
    for rid in rids:
        row = rows[rid]
        name = choose(read_record(desk.view.reads, row)[0].name, desk.reader.languages).text
        at = row.checked_at
        remark = "" if not checked else date_text(at, words) if at else words("never checked")
        found.append(Item(name, record_url(show_log_id(desk.view.log_id), row.id.hex()), remark))
    return found


def _newcomers(desk: Desk) -> Waiting:
    rows = desk.view.reads.waiting()
    found = []
    for row in rows[:SHOWN]:
        name = choose(establish(row.charters).charter.name, desk.reader.languages).text
        found.append(Item(name, "/steward/federation#logs", date_text(row.at, desk.reader.words)))
    return Waiting(len(rows), found)


def _claims_of_anybody(desk: Desk) -> Waiting:
    """What anybody has proposed or reported (spec 21)."""
    names = names_of(desk.view.reads, desk.view.tree.tree, b"", desk.reader)
    found = [
        Item(row.name.text or row.what, row.url, row.what)
        for row in (
            waiting_row(one, names, desk.reader, private=desk.private)
            for one in waiting_list(desk.view.reads, desk.view.tree.tree, SHOWN)
        )
    ]
    return Waiting(desk.view.reads.proposals_size()[0], found)


def _imports(desk: Desk) -> Waiting:
    rows = [row for row in desk.view.reads.imports(desk.view.tree.tree) if row.done is None and row.undone is None]
    return Waiting(len(rows), [Item(row.source, "") for row in rows[:SHOWN]])


def _amendment(desk: Desk) -> Waiting:
    ledger, words = desk.app[LEDGER], desk.reader.words
    kept = kept_amendment(ledger.directory, read_own(desk.view.reads).keys)
    if kept is None:
        return Waiting(0)
    lacking = max(kept.lacking())
    text = words("Charter number {number}", number=words.number(kept.charter.kseq))
    remark = (
        words("signatures lacking: {number}", number=words.number(lacking)) if lacking else words("can be put in force")
    )
    return Waiting(1, [Item(text, "/steward/charter#amendment", remark)])


def _backup(desk: Desk) -> Waiting:
    last = desk.app[BACKUPS].last()
    if last is not None and desk.reader.now - last.at <= OLD_S:
        return Waiting(0)
    words = desk.reader.words
    text = words("The last one is of {day}", day=date_text(last.at, words)) if last else words("There is none yet")
    return Waiting(1, [Item(text, "/steward/health#backups")])


SORTS: tuple[Sort, ...] = (
    Sort(
        "claims-of-anybody",
        message("Proposals and reports"),
        message("Look at what would be different, then accept it, refuse it, or put it to the vote."),
        _claims_of_anybody,
        "/proposals",
        kinds=("claim.decided",),
    ),
    Sort(
        "proposals",
        message("Questions to the assembly"),
        message("Count the votes and write down the decision, or remind those who have not voted."),
        _proposals,
        page="/assembly",
    ),
    Sort(
        "claims",
        message("Invoices to be advanced or got in"),
        message("Let the fund pay what is due, or book what has come in."),
        _claims,
        page="/claims",
    ),
    Sort(
        "bookings",
        message("Bookings that are over"),
        message("Say whether it was used as booked: then it counts, and thanks can be said for it."),
        _bookings,
        page="/bookings",
    ),
    Sort(
        "requests",
        message("Expense requests to collectives"),
        message("Look at the receipt, then approve the request or object to it."),
        _requests,
        page="/assembly",
    ),
    Sort(
        "transfers",
        message("Payments from neighbours"),
        message("Accept them, or let them lapse on their last day."),
        _transfers,
        page="/neighbours",
    ),
    Sort(
        "contracts",
        message("Contracts that not all have signed"),
        message("Remind the parties, or sign for those whose keys are kept here."),
        _contracts,
        page="/contracts",
    ),
    Sort(
        "disputes",
        message("Open disagreements"),
        message("What they are about stands still until somebody says how they ended."),
        _disputes,
        page="/assembly",
    ),
    Sort(
        "newcomers",
        message("Organisations that wait to be let in"),
        message("Let them in, or say that nothing of them is taken here."),
        _newcomers,
        "/steward/federation#logs",
    ),
    Sort(
        "duplicates",
        message("Records that may be one thing"),
        message("Compare them side by side: merge them, or keep them apart for good."),
        _duplicates,
        "/steward/duplicates",
        long=True,
        kinds=("claim.same", "claim.different", "record.put", "record.close"),
    ),
    Sort(
        "answers",
        message("Entries that somebody says have changed"),
        message("They answered through a link that was given out: change the entry, close it, or say that it is done."),
        _answers,
        "/steward/checks#answers",
        kinds=("claim.checked",),
    ),
    Sort(
        "unchecked",
        message("Records that nobody has checked for a year"),
        message("Ask somebody nearby whether they still hold, or print a list to go round with."),
        _unchecked,
        "/steward/checks",
        kinds=("claim.checked",),
    ),
    Sort(
        "unplaced",
        message("Records without a place on the map"),
        message("Put them where they are; until then only the list has them."),
        _unplaced,
        "/steward/places",
        kinds=("record.put",),
    ),
    Sort(
        "imports",
        message("Imports that were interrupted"),
        message("Import the same file again: it goes on where it stopped. Or take the import back."),
        _imports,
        "/steward/import",
    ),
    Sort(
        "amendment",
        message("An amendment of the charter"),
        message("Have the holders of recovery sheets sign it, then put it in force, or drop it."),
        _amendment,
        "/steward/charter#amendment",
    ),
    Sort(
        "backup",
        message("A backup to be made"),
        message("A week without one is a week that a broken disk takes away."),
        _backup,
        "/steward/health#backups",
    ),
)
