# SPDX-License-Identifier: AGPL-3.0-or-later
"""Contracts, claims, advances, dividends, spec 17 §8."""

import hashlib
from typing import Any

from tests.reference import messagepack, yields
from tests.reference.reciprocity.book import Book, Said, Thing
from tests.reference.rejection import require


def accounts_of(clause: Thing) -> set[bytes]:
    """The accounts that a clause names."""
    single = {name: clause[name] for name in ("fund", "from", "pool", "reserve_to", "commons_to") if name in clause}
    shares = clause.get("pledges", []) + (clause["to"] if isinstance(clause.get("to"), list) else [])
    found = {account for account, _ in shares} | set(single.values())
    if isinstance(clause.get("to"), bytes):
        found.add(clause["to"])
    return found | {line["to"] for line in clause.get("lines", []) if "to" in line}


def units_of(clause: Thing) -> set[str]:
    """The units that a clause names."""
    found = {clause[name] for name in ("unit", "shares") if isinstance(clause.get(name), str)}
    return found | ({clause["in_kind"]["unit"]} if "in_kind" in clause else set())


def contract_offer(book: Book, said: Said, body: Thing) -> None:
    """Terms."""
    book.know(*body["parties"])
    before = book.need("contract", body["supersedes"]) if "supersedes" in body else None
    for clause in body["clauses"]:
        for account in accounts_of(clause):
            book.need("account", account)
        for unit in units_of(clause):
            book.need("unit", unit)
    require(book.by_org(said) or any(book.by(said, party) for party in body["parties"]), "not_authorised")
    book.active(*body["parties"])
    require(before is None or set(before["parties"]) <= set(body["parties"]), "not_authorised")
    book.all("contract")[said.id] = {
        **body, "terms": hashlib.sha256(messagepack.encode(body)).digest(), "signed": set(), "acceded": {}, "held": {},
        "ended": None, "replaced": None, "disputes": 0,
    }  # fmt: skip
    book.concern(*body["parties"])


def contract_sign(book: Book, said: Said, body: Thing) -> None:
    """Assent."""
    contract, party = book.need("contract", body["contract"]), body["party"]
    book.know(party)
    require(book.by(said, party), "not_authorised")
    named = party in contract["parties"]
    may = book.all("member").get(party, {"class": ""})["class"] in contract.get("accede", [])
    require(named or may, "not_authorised")
    before = book.all("contract")[contract["supersedes"]] if "supersedes" in contract else None
    require(not contract["disputes"] and not (before and before["disputes"]), "frozen")
    joined = party in contract["acceded"] and contract["acceded"][party] is None
    require(party not in contract["signed"] and not joined, "already_resolved")
    require(contract["ended"] is None and contract["replaced"] is None, "not_in_force")
    require(body["terms"] == contract["terms"], "clause_mismatch")
    if named:
        contract["signed"].add(party)
        if before and contract["signed"] == set(contract["parties"]):
            begins = [one for one in (before["replaced"], contract["from"]) if one is not None]
            before["replaced"] = min(begins)
    else:
        contract["acceded"][party] = None
    book.concern(party, *contract["parties"])


def contract_end(book: Book, said: Said, body: Thing) -> None:
    """It ends, for all or for who leaves it."""
    contract = book.need("contract", body["contract"])
    if "decision" in body:
        book.need("decision", body["decision"])
    named = any(book.by(said, party) for party in contract["parties"])
    leaving = [] if named else [party for party in contract["acceded"] if book.by(said, party)]
    require(named or leaving, "not_authorised")
    book.decided(said, body.get("decision"))
    require(not contract["disputes"] and not any(contract["held"].get(party) for party in leaving), "frozen")
    gone = any(contract["acceded"][party] is not None for party in leaving)
    require(contract["ended"] is None and not gone, "already_resolved")
    require(body["on"] >= said.day - 1, "late")
    if named:
        contract["ended"] = body["on"]
    for party in leaving:
        contract["acceded"][party] = body["on"]
    book.concern(*leaving, *contract["parties"])


def is_in_force(contract: Thing, day: int) -> bool:
    """Whether a contract is in force on a day."""
    ends = [last for last in (contract.get("until"), contract["ended"]) if last is not None]
    if contract["replaced"] is not None:
        ends.append(contract["replaced"] - 1)
    signed = contract["signed"] == set(contract["parties"])
    return signed and contract["from"] <= day and all(day <= last for last in ends)


def is_party(book: Book, contract_id: bytes, party: bytes, day: int) -> bool:
    """Whether somebody is a party on a day."""
    contract = book.all("contract")[contract_id]
    if party in contract["signed"]:
        return True
    return party in contract["acceded"] and (contract["acceded"][party] is None or day <= contract["acceded"][party])


def claim(book: Book, said: Said, body: Thing) -> None:
    """Money owed."""
    whom = bytes(body.get("for") or body["creditor"])
    book.know(body["debtor"], body["creditor"], whom)
    book.need("unit", body["unit"])
    account = book.need("account", body["account"])
    contract = book.need("contract", body["contract"]) if "contract" in body else None
    day = body.get("ended", said.day)
    require(book.by(said, body["creditor"]) and body["debtor"] != body["creditor"], "not_authorised")
    book.active(body["debtor"], whom)
    require(account["owner"] in (body["creditor"], whom), "not_authorised")
    if contract is not None:
        sides = any(is_party(book, body["contract"], side, day) for side in (body["creditor"], whom))
        require(sides, "not_authorised")
    require(body["amount"] > 0, "bad_amount")
    require(account["unit"] == body["unit"], "wrong_unit")
    if contract is not None:
        require(is_in_force(contract, day), "not_in_force")
        require(not contract["disputes"], "frozen")
    book.all("claim")[said.id] = {
        **body, "for": whom, "day": day, "paid": 0, "payments": [], "advanced": False, "waged": False,
        "reinvested": False, "closed": "", "disputes": 0,
    }  # fmt: skip
    book.concern(body["debtor"], body["creditor"], whom)


def clauses_of(book: Book, claimed: Thing) -> list[Any]:
    """The clauses under which a claim stands."""
    return list(book.all("contract")[claimed["contract"]]["clauses"]) if "contract" in claimed else []


def is_held_up(book: Book, claimed: Thing) -> bool:
    """Whether a claim, or its contract, is in dispute."""
    contract = book.all("contract")[claimed["contract"]] if "contract" in claimed else {"disputes": 0}
    return bool(claimed["disputes"] or contract["disputes"])


def advance(book: Book, said: Said, body: Thing) -> None:
    """The fund takes over a claim."""
    claimed = book.need("claim", body["claim"])
    clauses = clauses_of(book, claimed)
    index = yields.first(clauses, "guaranteed_payment")
    require(book.by_org(said), "not_authorised")
    if index is not None:
        require(book.by(said, book.all("account")[clauses[index]["fund"]]["owner"]), "not_authorised")
    require(not is_held_up(book, claimed), "frozen")
    require(not claimed["closed"] and not claimed["advanced"], "already_resolved")
    require(index is not None, "clause_mismatch")
    assert index is not None
    _, budget = yields.contribution(clauses, claimed["amount"])
    require(budget <= clauses[index].get("cap", budget), "ceiling")
    claimed["advanced"] = True
    book.concern(claimed["debtor"], claimed["creditor"], claimed["for"])
