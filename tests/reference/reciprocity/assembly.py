# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposals, votes, decisions, disputes, spec 17 §8 and §9."""

from fractions import Fraction

from tests.reference.reciprocity.book import Book, Said, Thing
from tests.reference.rejection import require


def proposal(book: Book, said: Said, body: Thing) -> None:
    """The assembly is asked."""
    holder = book.all("key").get(said.author, {"of": b""})["of"]
    author = holder if holder and book.by(said, holder) else b""
    require(author or book.by_org(said), "not_authorised")
    book.all("proposal")[said.id] = {**body, "acts": body.get("acts", []), "by": author, "votes": {}, "decided": None}
    book.concern(author)


def vote(book: Book, said: Said, body: Thing) -> None:
    """A member's choice."""
    asked, member = book.need("proposal", body["proposal"]), book.need("member", body["member"])
    require(body["choice"] < len(asked["choices"]), "unknown_ref")
    require(book.by(said, body["member"]) and member["votes"], "not_authorised")
    require(asked["decided"] is None and said.day <= asked["closes"], "late")
    asked["votes"][body["member"]] = body["choice"]
    book.concern(body["member"])


def decision(book: Book, said: Said, body: Thing) -> None:
    """The outcome."""
    asked = book.need("proposal", body["proposal"])
    require(body["choice"] < len(asked["choices"]), "unknown_ref")
    require(book.by_org(said), "not_authorised")
    require(asked["decided"] is None, "already_resolved")
    voters = {key for key, one in book.all("member").items() if one["votes"] and one["status"] == "active"}
    chosen = [choice_of(book, asked, voter, voters) for voter in voters]
    counts = [chosen.count(choice) for choice in range(len(asked["choices"]))]
    abstained = chosen.count(None)
    require(said.day > asked["closes"] or not abstained, "not_in_force")
    cast, most = sum(counts), counts[body["choice"]]
    half = Fraction(1, 2)
    passed = cast and cast >= half * len(voters) and most > half * cast
    alone = all(one < most for number, one in enumerate(counts) if number != body["choice"])
    same = (list(body["counts"]), body["abstained"]) == (counts, abstained)
    require(same and passed and alone, "clause_mismatch")
    asked["decided"] = body["choice"]
    book.all("decision")[said.id] = {"proposal": body["proposal"], "choice": body["choice"], "used": []}
    book.concern(asked["by"])


def choice_of(book: Book, asked: Thing, voter: bytes, voters: set[bytes]) -> int | None:
    """What somebody votes, or their delegate."""
    for _ in range(17):
        if voter not in voters:
            return None
        if voter in asked["votes"]:
            return int(asked["votes"][voter])
        voter = book.all("member")[voter]["delegate"]
    return None


def subject(book: Book, about: bytes) -> tuple[str, Thing]:
    """What a dispute is about."""
    for sort in ("contract", "claim", "event", "commit"):
        if about in book.all(sort):
            return sort, book.all(sort)[about]
    return "post", book.need("post", about)


def sides(book: Book, sort: str, thing: Thing) -> set[bytes]:
    """The parties of it."""
    if sort == "contract":
        return {*thing["parties"], *thing["acceded"]}
    if sort == "claim":
        return {thing["debtor"], thing["creditor"], thing["for"]}
    if sort == "post":
        return {book.all("account")[account]["owner"] for account, _ in thing["legs"]}
    return {thing["provider"], thing["receiver"]}


def dispute_open(book: Book, said: Said, body: Thing) -> None:
    """A party objects."""
    sort, thing = subject(book, body["about"])
    who = sorted(party for party in sides(book, sort, thing) - {book.log} if book.by(said, party))
    require(who or book.by_org(said), "not_authorised")
    by = who[0] if who else book.log
    key = (body["about"], by)
    require(book.all("objection").get(key, {"state": ""})["state"] not in ("open", "decided"), "already_resolved")
    book.all("objection")[key] = {"state": "open"}
    book.all("dispute")[said.id] = {"about": body["about"], "by": by, "open": True}
    hold_up(book, body["about"], by, 1)


def dispute_close(book: Book, said: Said, body: Thing) -> None:
    """It ends."""
    dispute = book.need("dispute", body["dispute"])
    if "decision" in body:
        book.need("decision", body["decision"])
    else:
        require(book.by(said, dispute["by"]) and body["outcome"] != "upheld", "not_authorised")
    book.decided(said, body.get("decision"))
    require(dispute["open"], "already_resolved")
    dispute["open"] = False
    state = "decided" if "decision" in body else "closed"
    book.all("objection")[dispute["about"], dispute["by"]] = {"state": state}
    hold_up(book, dispute["about"], dispute["by"], -1)


def hold_up(book: Book, about: bytes, by: bytes, more: int) -> None:
    """One dispute more or less about a thing."""
    sort, thing = subject(book, about)
    book.concern(by)
    if sort == "contract":
        book.concern(*thing["parties"])
        if by in thing["acceded"]:
            thing["held"][by] = thing["held"].get(by, 0) + more
            return
    elif sort != "post":
        book.concern(*sides(book, sort, thing))
    thing["disputes"] += more
