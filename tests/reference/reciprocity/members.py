# SPDX-License-Identifier: AGPL-3.0-or-later
"""Units, members and accounts, spec 17 §4."""

from tests.reference.reciprocity.book import Book, Said, Thing
from tests.reference.rejection import require

VOTING = ("worker", "user", "commoner", "coop")


def unit_define(book: Book, said: Said, body: Thing) -> None:
    """A unit."""
    require(book.by_org(said), "not_authorised")
    require(body["code"] not in book.all("unit"), "already_resolved")
    book.all("unit")[body["code"]] = {"scale": body["scale"], "sort": body["sort"]}


def member_join(book: Book, said: Said, body: Thing) -> None:
    """A member."""
    require(book.by_org(said) and body["key"] in said.signers, "not_authorised")
    require(body["key"] not in book.all("key"), "already_resolved")
    votes = body.get("votes", body["class"] in VOTING) and not body.get("group", False)
    book.all("key")[body["key"]] = {"of": said.id}
    book.all("member")[said.id] = {
        "key": body["key"], "class": body["class"], "votes": votes, "group": body.get("group", False),
        "status": "active", "delegate": b"", "consent": 0,
    }  # fmt: skip
    book.add_leaf(said.id)
    book.concern(said.id)


def member_set(book: Book, said: Said, body: Thing) -> None:
    """Something about a member."""
    member = book.need("member", body["member"])
    if body.get("delegate"):
        book.need("member", body["delegate"])
    if "decision" in body:
        book.need("decision", body["decision"])
    org, own = book.by_org(said), book.by(said, body["member"])
    if body.keys() & {"class", "votes"}:
        require(org and not (member["group"] and body.get("votes")), "not_authorised")
    if "status" in body:
        require(org or (own and body["status"] == "left"), "not_authorised")
    if body.keys() & {"delegate", "consent"}:
        require(own, "not_authorised")
    key = body.get("key", member["key"])
    if body.keys() & {"key", "custody"}:
        require(key in said.signers and (own or (org and "decision" in body)), "not_authorised")
    book.decided(said, body.get("decision"))
    if key != member["key"]:
        require(key not in book.all("key"), "already_resolved")
        book.all("key")[member["key"]] = {"of": b""}
        book.all("key")[key] = {"of": body["member"]}
    for name in ("key", "class", "status", "votes", "delegate", "consent"):
        if name in body:
            member[name] = body[name]
    book.concern(body["member"])


def account_open(book: Book, said: Said, body: Thing) -> None:
    """An account."""
    book.need("unit", body["unit"])
    book.know(body["owner"])
    require(body.get("peer") != book.log, "unknown_ref")
    require(book.by_org(said), "not_authorised")
    book.active(body["owner"])
    require(body.get("floor", 0) >= 0 or book.by(said, body["owner"]), "not_authorised")
    require(body["type"] in ("member", "pool", "fund") or body["owner"] == book.log, "not_authorised")
    floor = body.get("floor", None if body["type"] in ("connector", "external") else 0)
    account = {
        "owner": body["owner"], "unit": body["unit"], "type": body["type"], "floor": floor, "state": "open",
        "ceiling": body.get("ceiling"), "peer": body.get("peer"), "posted": 0, "reserved": 0, "pending": 0,
    }  # fmt: skip
    check_limits(account)
    if "peer" in body:
        pair = (body["peer"], body["unit"])
        require(pair not in book.all("connector"), "already_resolved")
        book.all("connector")[pair] = {"account": said.id}
    book.all("account")[said.id] = account
    book.add_leaf(said.id)
    book.touch(said.id)


def account_set(book: Book, said: Said, body: Thing) -> None:
    """Limits or state of an account."""
    account = book.need("account", body["account"])
    if "decision" in body:
        book.need("decision", body["decision"])
    require(book.by_org(said), "not_authorised")
    floor, before = body.get("floor", 0), account["floor"]
    lower = floor < 0 and (before is None or floor < before)
    require(not lower or book.by(said, account["owner"]), "not_authorised")
    book.decided(said, body.get("decision"))
    require(account["state"] != "closed", "closed")
    for name in ("floor", "ceiling", "state"):
        if name in body:
            account[name] = body[name]
    check_limits(account)
    empty = not (account["posted"] or account["reserved"] or account["pending"])
    require(account["state"] != "closed" or empty, "conflict")
    book.touch(body["account"])


def check_limits(account: Thing) -> None:
    """The floor is not above the ceiling, and a reserve's is 0."""
    floor, ceiling = account["floor"], account["ceiling"]
    require(account["type"] != "reserve" or floor == 0, "bad_amount")
    require(floor is None or ceiling is None or floor <= ceiling, "bad_amount")
