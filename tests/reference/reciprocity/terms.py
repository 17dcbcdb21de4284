# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the basis of a post yields, spec 17 §7: lines or legs, whom it speaks for, on which day, in which unit."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.reference import yields
from tests.reference.reciprocity.book import Book, Said, Thing
from tests.reference.reciprocity.contracts import clauses_of, is_held_up, is_in_force, is_party
from tests.reference.reciprocity.things import accepted
from tests.reference.rejection import require

INCOMES = ("opening", "transfer", "contribution", "settle", "exchange")


@dataclass
class Yielded:
    """`legs`: what the post must be, None if that was checked; `speaks`: the owners carried, None for any party."""

    legs: list[tuple[bytes, int]] | None
    day: int | None = None
    speaks: tuple[bytes, ...] | None = ()
    unit: str = ""


def check_held_up(book: Book, basis: Thing) -> None:
    """Nothing that a basis names is in dispute."""
    if "contract" in basis:
        require(not book.all("contract")[basis["contract"]]["disputes"], "frozen")
    if "claim" in basis:
        require(not is_held_up(book, book.all("claim")[basis["claim"]]), "frozen")
    for event in [*basis.get("events", []), *([basis["event"]] if "event" in basis else [])]:
        require(not book.all("event")[event]["disputes"], "frozen")
    if "commit" in basis:
        require(not book.all("commit")[basis["commit"]]["disputes"], "frozen")
    if "post" in basis:
        require(not book.all("post")[basis["post"]]["disputes"], "frozen")


def of_claim(book: Book, basis: Thing) -> Thing:
    """The claim, under its own contract."""
    claimed = book.all("claim")[basis["claim"]]
    require(claimed.get("contract") == basis.get("contract"), "clause_mismatch")
    return claimed


def settle(book: Book, said: Said, post: Thing) -> Yielded:
    """A payment."""
    del said
    basis, legs = post["basis"], post["legs"]
    claimed = of_claim(book, basis)
    check_held_up(book, basis)
    require(not claimed["closed"], "already_resolved")
    payment = -sum(amount for _, amount in legs if amount < 0)
    clauses = clauses_of(book, claimed)
    lines = yields.settlement(clauses, claimed["amount"], claimed["account"], claimed["paid"], payment)
    require(yields.legs(lines) == [tuple(leg) for leg in legs if leg[1] > 0], "clause_mismatch")
    accounts = [(book.all("account")[account], amount) for account, amount in legs]
    require(all(account["unit"] == claimed["unit"] for account, _ in accounts), "wrong_unit")
    payers = [account for account, amount in accounts if amount < 0]
    may = all(account["type"] == "external" or account["owner"] == claimed["debtor"] for account in payers)
    require(may, "not_authorised")
    contributed = sum(line.amount for line in lines if line.kind == "rate_contribution")
    post["payment"] = {"amount": payment, "before": claimed["paid"], "contributed": contributed}
    post["payment"]["under"] = list(claimed["payments"])
    return Yielded(None)


def wage(book: Book, _: Said, post: Thing) -> Yielded:
    """The budget becomes a wage."""
    basis = post["basis"]
    claimed = of_claim(book, basis)
    clauses = clauses_of(book, claimed)
    budget = yields.contribution(clauses, claimed["amount"])[1]
    require(claimed["advanced"] or claimed["paid"] >= budget, "not_in_force")
    check_held_up(book, basis)
    require(not claimed["waged"], "already_resolved")
    lines = yields.wage(clauses, basis["clause"], claimed["amount"], claimed["account"])
    return Yielded(yields.legs(lines), claimed["day"], None, claimed["unit"])


def guarantee_call(book: Book, _: Said, post: Thing) -> Yielded:
    """Pledges bear a loss."""
    basis = post["basis"]
    require("decision" in basis, "not_authorised")
    claimed = of_claim(book, basis)
    clauses = clauses_of(book, claimed)
    check_held_up(book, basis)
    require(not claimed["closed"], "already_resolved")
    index = basis["clause"]
    pledges = yields.of_kind(clauses, index, "mutual_guarantee")["pledges"]
    require(claimed["advanced"], "clause_mismatch")
    borne = book.all("borne").get((basis["contract"], index), {"amounts": [0] * len(pledges)})["amounts"]
    left = [[account, weight - gone] for (account, weight), gone in zip(pledges, borne, strict=True)]
    lines = []
    if any(weight for _, weight in left):
        rest = [{**one, "pledges": left} if number == index else one for number, one in enumerate(clauses)]
        lines = yields.loss(rest, index, claimed["amount"], claimed["paid"])
    shares = [-line.amount for line in lines if line.name == "pledge"]
    post["call"] = {"paid": claimed["paid"], "shares": shares or [0] * len(pledges)}
    return Yielded(yields.legs(lines), claimed["day"], None, claimed["unit"])


def writeoff(book: Book, _: Said, post: Thing) -> Yielded:
    """A claim is given up."""
    claimed = book.all("claim")[post["basis"]["claim"]]
    require("decision" in post["basis"], "not_authorised")
    check_held_up(book, post["basis"])
    require(not claimed["closed"], "already_resolved")
    require(not post["legs"], "clause_mismatch")
    return Yielded(None)


def reinvest(book: Book, _: Said, post: Thing) -> Yielded:
    """A part goes back to the commons."""
    basis = post["basis"]
    claimed = of_claim(book, basis)
    clauses = clauses_of(book, claimed)
    check_held_up(book, basis)
    require(not claimed["reinvested"], "already_resolved")
    clause = yields.of_kind(clauses, basis["clause"], "reinvest")
    unit = clause.get("in_kind", {}).get("unit", "")
    given = [in_kind(book, one, basis["contract"], unit) for one in basis.get("events", [])]
    scale = book.all("unit")[unit]["scale"] if unit else 0
    lines = yields.reinvestment(clauses, basis["clause"], claimed["amount"], given, scale)
    return Yielded(yields.legs(lines), claimed["day"], (claimed["creditor"],), claimed["unit"])


def in_kind(book: Book, event_id: bytes, contract_id: bytes, unit: str) -> int:
    """How much of a unit an event gave."""
    event = book.all("event")[event_id]
    require(not event["corrected"] and not event["used"], "already_resolved")
    amounts = [event[name]["amount"] for name in ("effort", "quantity") if event.get(name, {}).get("unit") == unit]
    fits = event.get("contract") == contract_id and event["expects"] == "reciprocity" and accepted(event)
    require(fits and is_party(book, contract_id, event["provider"], event["on"]) and amounts, "clause_mismatch")
    return int(amounts[0])


def access_fee(book: Book, _: Said, post: Thing) -> Yielded:
    """What a use costs."""
    basis = post["basis"]
    booked = "commit" in basis
    use = book.all("commit")[basis["commit"]] if booked else book.all("event")[basis["event"]]
    require(use.get("contract", basis["contract"]) == basis["contract"], "clause_mismatch")
    require(not booked or ("begin" in use and use["state"] != "cancelled"), "clause_mismatch")
    day = use["begin"] // 86_400 if booked else use["on"]
    contract = book.all("contract")[basis["contract"]]
    require(is_in_force(contract, day), "not_in_force")
    check_held_up(book, basis)
    require(not (use["charged"] if booked else use["used"] or use["corrected"]), "already_resolved")
    clause = yields.of_kind(contract["clauses"], basis["clause"], "access")
    require(clause["resource"] == use.get("resource"), "clause_mismatch")
    require(booked or use["expects"] == "reciprocity", "clause_mismatch")
    sides = (use["provider"], use["receiver"])
    require(all(is_party(book, basis["contract"], side, day) for side in sides), "clause_mismatch")
    payers = [account for account, amount in post["legs"] if amount < 0]
    require(len(payers) == 1 and book.all("account")[payers[0]]["owner"] == use["receiver"], "clause_mismatch")
    seconds = Fraction(use["end"] - use["begin"]) if booked else worked(book, use, clause)
    units = yields.units_of(clause["per"], seconds)
    lines = yields.access(contract["clauses"], basis["clause"], use["class"], units, payers[0])
    agreed = use["by_receiver"] if booked else accepted(use)
    return Yielded(yields.legs(lines), day, (use["receiver"],) if agreed else (), clause["unit"])


def worked(book: Book, event: Thing, clause: Thing) -> Fraction:
    """The seconds of an event's effort, in hours of its unit."""
    if clause["per"] == "use":
        return Fraction(0)
    require("effort" in event, "clause_mismatch")
    scale = book.all("unit")[event["effort"]["unit"]]["scale"]
    return Fraction(3_600 * event["effort"]["amount"], 10**scale)


def dividend(book: Book, _: Said, post: Thing) -> Yielded:
    """A dividend as it was declared."""
    basis = post["basis"]
    declared = book.all("dividend")[basis["dividend"]]
    same = (declared["contract"], declared["clause"]) == (basis["contract"], basis["clause"])
    require(same, "clause_mismatch")
    check_held_up(book, basis)
    require(not declared["posted"], "already_resolved")
    return Yielded(declared["legs"], 0, ())


def rent(book: Book, said: Said, post: Thing) -> Yielded:
    """A period of a lease."""
    basis = post["basis"]
    contract = book.all("contract")[basis["contract"]]
    yields.of_kind(contract["clauses"], basis["clause"], "lease")
    lines, due, _ = yields.rent(contract["clauses"], basis["clause"], contract["from"], basis["period"])
    require(due <= said.day and is_in_force(contract, due), "not_in_force")
    check_held_up(book, basis)
    return Yielded(yields.legs(lines), due, None)


def host_fee(book: Book, _: Said, post: Thing) -> Yielded:
    """A host's part of an income."""
    basis = post["basis"]
    contract, income = book.all("contract")[basis["contract"]], book.all("post")[basis["post"]]
    require(is_in_force(contract, income["on"]), "not_in_force")
    check_held_up(book, basis)
    clause = yields.of_kind(contract["clauses"], basis["clause"], "host_fee")
    taken = dict(tuple(leg) for leg in income["legs"]).get(clause["fund"], 0)
    require(income["code"] in INCOMES and taken > 0 and not income["corrected"], "clause_mismatch")
    lines = yields.host_fee(contract["clauses"], basis["clause"], taken)
    return Yielded(yields.legs(lines), income["on"], None)


def share(book: Book, _: Said, post: Thing) -> Yielded:
    """Shares and their price."""
    basis, legs = post["basis"], post["legs"]
    contract = book.all("contract")[basis["contract"]]
    require(is_in_force(contract, post["on"]), "not_in_force")
    check_held_up(book, basis)
    clause = yields.of_kind(contract["clauses"], basis["clause"], "share")
    units = {account: book.all("account")[account]["unit"] for account, _ in legs}
    require(set(units.values()) <= {clause["shares"], clause["unit"]}, "wrong_unit")
    sides = {(units[account] == clause["shares"], amount > 0): (account, amount) for account, amount in legs}
    require(len(legs) == len(sides) == 4, "clause_mismatch")
    given, taken = sides[True, False][0], sides[True, True][0]
    paid, got = sides[False, False][0], sides[False, True][0]
    count = sides[True, True][1]
    accounts = [given, taken, paid, got] if post["code"] == "share_in" else [taken, given, got, paid]
    signed = count if post["code"] == "share_in" else -count
    lines = yields.shares(contract["clauses"], basis["clause"], signed, accounts)
    issue, holding, payer, till = (book.all("account")[account]["owner"] for account in accounts)
    require(issue == till == book.log and holding == payer != book.log, "clause_mismatch")
    require(is_party(book, basis["contract"], holding, post["on"]), "clause_mismatch")
    return Yielded(yields.legs(lines), post["on"], (book.log,))


YIELDS: dict[str, Callable[[Book, Said, Any], Yielded]] = {
    "settle": settle,
    "wage": wage,
    "guarantee_call": guarantee_call,
    "writeoff": writeoff,
    "reinvest": reinvest,
    "access_fee": access_fee,
    "dividend": dividend,
    "rent": rent,
    "host_fee": host_fee,
    "share_in": share,
    "share_out": share,
}
