# SPDX-License-Identifier: AGPL-3.0-or-later
"""Posts, what they do beside their legs, and corrections, spec 17 §7."""

from collections.abc import Callable
from typing import Any

from tests.reference.reciprocity.book import Book, Said, Thing, month_of
from tests.reference.reciprocity.contracts import is_party
from tests.reference.reciprocity.terms import YIELDS, check_held_up
from tests.reference.rejection import require

OF_NOTHING = ("writeoff", "reinvest", "guarantee_call", "correction")
SORTS = {
    "contract": "contract",
    "claim": "claim",
    "event": "event",
    "commit": "commit",
    "dividend": "dividend",
    "post": "post",
}


def post(book: Book, said: Said, body: Thing) -> None:
    """A post."""
    basis: Thing = body.get("basis", {})
    accounts = {account: book.need("account", account) for account, _ in body["legs"]}
    for name, sort in SORTS.items():
        if name in basis:
            book.need(sort, basis[name])
    for event in basis.get("events", []):
        book.need("event", event)
    if "decision" in basis:
        book.need("decision", basis["decision"])
    require(all(amount for _, amount in body["legs"]), "bad_amount")
    for unit in {account["unit"] for account in accounts.values()}:
        require(sum(amount for one, amount in body["legs"] if accounts[one]["unit"] == unit) == 0, "unbalanced")
    require(len(body["legs"]) >= 2 or (not body["legs"] and body["code"] in OF_NOTHING), "unbalanced")
    book.decided(said, basis.get("decision"))
    made = {**body, "basis": basis, "corrected": False, "disputes": 0, "root": said.id, "undone": False}
    book.all("post")[said.id] = made
    carried = correct(book, made, accounts) if body["code"] == "correction" else carry(book, said, made, accounts)
    for account_id, amount in body["legs"]:
        account = accounts[account_id]
        require(account["type"] != "connector" or "decision" in basis, "not_authorised")
        if amount < 0:
            require(account["type"] != "reserve" or "decision" in basis, "indivisible")
            require(account["owner"] in carried or book.by(said, account["owner"]), "not_authorised")
    require(body["code"] != "exchange" or len({one["unit"] for one in accounts.values()}) == 2, "wrong_unit")
    for account_id, amount in body["legs"]:
        book.move(account_id, amount)


def carry(book: Book, said: Said, made: Thing, accounts: dict[bytes, Thing]) -> set[bytes]:
    """Checks the legs; the owners whom the basis speaks for."""
    basis, carried = made["basis"], set[bytes]()
    if made["code"] in YIELDS and basis.keys() & {"contract", "claim"}:
        found = YIELDS[made["code"]](book, said, made)
        require(found.legs is None or found.legs == [tuple(leg) for leg in made["legs"]], "clause_mismatch")
        same = all(account["unit"] == found.unit for account in accounts.values())
        require(not found.unit or same, "wrong_unit")
        if "contract" in basis and found.day is not None:
            contract_id, day = basis["contract"], found.day
            holders = [one["of"] for key, one in book.all("key").items() if key in said.signers]
            parties = [party for party in holders if book.by(said, party) and is_party(book, contract_id, party, day)]
            require(book.by_org(said) or parties, "not_authorised")
            held = book.all("contract")[contract_id]["held"]
            for owner in {accounts[account]["owner"] for account, amount in made["legs"] if amount < 0}:
                if found.speaks is None or owner in found.speaks:
                    require(not held.get(owner), "frozen")
                    carried |= {owner} if is_party(book, contract_id, owner, day) else set()
    take_in(book, said.id, made, back=False)
    concern(book, basis)
    return carried


def correct(book: Book, made: Thing, accounts: dict[bytes, Thing]) -> set[bytes]:
    """Takes a post back, or does it again."""
    before = book.all("post")[made["basis"]["post"]]
    root = book.all("post")[before["root"]]
    require(not before["disputes"] and not root["disputes"], "frozen")
    check_held_up(book, root["basis"])
    require(not before["corrected"], "already_resolved")
    require(
        [list(leg) for leg in made["legs"]] == [[one, -amount] for one, amount in before["legs"]], "clause_mismatch"
    )
    before["corrected"], made["root"], made["undone"] = True, before["root"], not before["undone"]
    take_in(book, before["root"], root, back=made["undone"])
    concern(book, root["basis"])
    return {account["owner"] for account in accounts.values()} if "decision" in made["basis"] else set()


def concern(book: Book, basis: Thing) -> None:
    """The parties of what a basis names."""
    if "claim" in basis:
        claimed = book.all("claim")[basis["claim"]]
        book.concern(claimed["debtor"], claimed["creditor"], claimed["for"])
    for sort, names in (
        ("event", basis.get("events", [])),
        ("event", [basis.get("event")]),
        ("commit", [basis.get("commit")]),
    ):
        for name in names:
            if name is not None:
                book.concern(book.all(sort)[name]["provider"], book.all(sort)[name]["receiver"])


def take_in(book: Book, post_id: bytes, made: Thing, *, back: bool) -> None:
    """What a post does beside its legs, or takes back."""
    if made["code"] in OUTCOMES:
        OUTCOMES[made["code"]](book, post_id, made, back)


def serve(thing: Thing, name: str, *, back: bool) -> None:
    """What serves once is free, or has served."""
    require(bool(thing.get(name)) == back, "already_resolved")
    thing[name] = not back


def settled(book: Book, post_id: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
    claimed, payment = book.all("claim")[made["basis"]["claim"]], made["payment"]
    require(claimed["closed"] != "written_off", "already_resolved")
    stack = claimed["payments"]
    require(stack == [*payment["under"], post_id] if back else stack == payment["under"], "conflict")
    sign = -1 if back else 1
    claimed["payments"] = payment["under"] if back else [*stack, post_id]
    claimed["paid"] += sign * payment["amount"]
    claimed["closed"] = "paid" if claimed["paid"] == claimed["amount"] else ""
    if claimed["for"] != book.log and payment["contributed"]:
        key = ("contributions", claimed["for"], month_of(made["on"]), claimed["unit"])
        book.add("total", key, sign * payment["contributed"])


def waged(book: Book, _: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
    serve(book.all("claim")[made["basis"]["claim"]], "waged", back=back)


def written_off(book: Book, _: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
    claimed = book.all("claim")[made["basis"]["claim"]]
    require(claimed["closed"] == ("written_off" if back else ""), "already_resolved")
    claimed["closed"] = "" if back else "written_off"


def called(book: Book, post_id: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
    basis, call = made["basis"], made["call"]
    pledges = book.all("contract")[basis["contract"]]["clauses"][basis["clause"]]["pledges"]
    borne = book.all("borne").setdefault((basis["contract"], basis["clause"]), {"amounts": [0] * len(pledges)})
    sign = -1 if back else 1
    after = [gone + sign * share for gone, share in zip(borne["amounts"], call["shares"], strict=True)]
    if not back:
        within = all(gone <= weight for gone, (_, weight) in zip(after, pledges, strict=True))
        require(within and book.all("claim")[basis["claim"]]["paid"] == call["paid"], "conflict")
    borne["amounts"] = after
    written_off(book, post_id, made, back)


def reinvested(book: Book, _: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
    serve(book.all("claim")[made["basis"]["claim"]], "reinvested", back=back)
    for one in made["basis"].get("events", []):
        require(not book.all("event")[one]["corrected"], "already_resolved")
        serve(book.all("event")[one], "used", back=back)


def charged(book: Book, _: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
    commit_id = made["basis"].get("commit")
    if "event" in made["basis"]:
        event = book.all("event")[made["basis"]["event"]]
        require(not event["corrected"], "already_resolved")
        serve(event, "used", back=back)
        commit_id = event.get("fulfils")
    if commit_id is not None:
        serve(book.all("commit")[commit_id], "charged", back=back)
    bought(book, b"", made, back)


def shared_out(book: Book, _: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
    serve(book.all("dividend")[made["basis"]["dividend"]], "posted", back=back)


def once(*names: str) -> Callable[[Book, bytes, Thing, bool], None]:
    """What is paid once for these parts of the basis."""

    def outcome(book: Book, _: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
        key = (made["code"], *(made["basis"][name] for name in names))
        serve(book.all("served").setdefault(key, {}), "served", back=back)

    return outcome


def bought(book: Book, _: bytes, made: Thing, back: bool) -> None:  # noqa: FBT001 - all outcomes are called alike
    sides = [(book.all("account")[account], amount) for account, amount in made["legs"]]
    tills = [
        account["owner"] == book.log and account["type"] in ("pool", "fund", "reserve")
        for account, amount in sides
        if amount > 0
    ]
    for account, amount in sides:
        if amount < 0 and all(tills) and account["owner"] != book.log:
            key = ("purchases", account["owner"], month_of(made["on"]), account["unit"])
            book.add("total", key, amount if back else -amount)


OUTCOMES: dict[str, Callable[[Book, bytes, Any, bool], None]] = {
    "transfer": bought,
    "settle": settled,
    "wage": waged,
    "writeoff": written_off,
    "guarantee_call": called,
    "reinvest": reinvested,
    "access_fee": charged,
    "dividend": shared_out,
    "rent": once("contract", "clause", "period"),
    "host_fee": once("contract", "clause", "post"),
}
