# SPDX-License-Identifier: AGPL-3.0-or-later
"""A surplus is declared, spec 17 §8 and 18 §7."""

from datetime import date

from tests.reference import yields
from tests.reference.reciprocity.book import Book, Said, Thing
from tests.reference.reciprocity.contracts import is_in_force
from tests.reference.rejection import require


def dividend(book: Book, said: Said, body: Thing) -> None:
    """What it yields is worked out now."""
    contract, pool = book.need("contract", body["contract"]), book.need("account", body["pool"])
    book.need("decision", body["decision"])
    require(book.by_org(said), "not_authorised")
    book.decided(said, body["decision"])
    require(pool["owner"] == book.log and pool["type"] in ("pool", "fund"), "not_authorised")
    months = range(body["from"], body["until"])
    require(body["surplus"] > 0 and 0 < len(months) <= 60, "bad_amount")
    require(is_in_force(contract, last_day(body["until"] - 1)), "not_in_force")
    require(not contract["disputes"], "frozen")
    clause = yields.of_kind(contract["clauses"], body["clause"], "patronage")
    found: dict[bytes, int] = {}
    for (base, member, month, unit), total in book.all("total").items():
        if (base, unit) == (clause["base"], clause["unit"]) and month in months:
            found[member] = found.get(member, 0) + total["amount"]
    totals = [[member, total, account_of(book, member, pool["unit"])] for member, total in found.items() if total]
    require(len(totals) <= 2_048, "clause_mismatch")
    lines = yields.patronage(contract["clauses"], body["clause"], body["surplus"], body["pool"], totals)
    legs = yields.legs(lines)
    require(len(legs) <= 2_048, "clause_mismatch")
    book.all("dividend")[said.id] = {**body, "legs": legs, "posted": False}
    book.touch(body["pool"])


def account_of(book: Book, member: bytes, unit: str) -> bytes:
    """The first open account of type member that a member has in a unit."""
    wanted = {"owner": member, "unit": unit, "type": "member", "state": "open"}
    accounts = book.all("account").items()
    return min((key for key, one in accounts if wanted.items() <= one.items()), default=b"")


def last_day(month: int) -> int:
    """The last day of a month."""
    year, number = divmod(month, 12)
    following = (year + 1, 1) if number == 11 else (year, number + 2)
    if following[0] > 9_999:
        return 2_932_896
    return (date(*following, 1) - date(1970, 1, 1)).days - 1
