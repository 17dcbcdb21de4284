# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events, commitments, resources, spec 17 §6."""

from tests.reference.reciprocity.book import AMOUNT_MAX, Book, Said, Thing, month_of, months_of
from tests.reference.reciprocity.contracts import is_in_force, is_party
from tests.reference.rejection import require

# Of each action: accounting, on hand; what `-+` takes from `resource`, it adds to `to`.
EFFECTS = {
    "produce": (1, 1), "raise": (1, 1), "consume": (-1, -1), "lower": (-1, -1), "pickup": (0, -1), "accept": (0, -1),
    "combine": (0, -1), "dropoff": (0, 1), "modify": (0, 1), "separate": (0, 1),
}  # fmt: skip
MOVES = {"transfer": (1, 1), "move": (1, 1), "transferAllRights": (1, 0), "transferCustody": (0, 1)}


def event(book: Book, said: Said, body: Thing) -> None:
    """An event."""
    provider, receiver = body["provider"], body["receiver"]
    book.know(provider, receiver)
    quantities = [body[name] for name in ("quantity", "effort") if name in body]
    for quantity in [*quantities, *body.get("footprint", [])]:
        book.need("unit", quantity["unit"])
    if "contract" in body:
        book.need("contract", body["contract"])
    commitment = book.need("commit", body["fulfils"]) if "fulfils" in body else None
    if commitment is not None:
        same = all(commitment.get(name) == body.get(name) for name in ("provider", "receiver", "action", "resource"))
        require(same, "unknown_ref")
    book.active(receiver)
    require(book.by(said, provider), "not_authorised")
    if "contract" in body:
        sides = any(is_party(book, body["contract"], side, body["on"]) for side in (provider, receiver))
        require(sides, "not_authorised")
    require(all(quantity["amount"] > 0 for quantity in quantities), "bad_amount")
    require(all(quantity["amount"] for quantity in body.get("footprint", [])), "bad_amount")
    if "effort" in body:
        require(book.all("unit")[body["effort"]["unit"]]["sort"] == "time", "wrong_unit")
    if commitment is not None:
        require(not commitment["disputes"], "frozen")
        require(commitment["state"] == "active", "already_resolved")
        commitment["state"] = "fulfilled"
    book.all("event")[said.id] = {
        **body, "says": [], "corrected": False, "used": False, "disputes": 0, "class": class_of(book, receiver),
    }  # fmt: skip
    take_effect(book, body, 1)
    book.concern(provider, receiver)


def class_of(book: Book, party: bytes) -> str:
    """The class of a party; the organisation has none."""
    return str(book.all("member").get(party, {"class": ""})["class"])


def take_effect(book: Book, body: Thing, sign: int) -> None:
    """What an event does to quantities and footprints, or takes back."""
    action = body["action"]
    if "quantity" in body:
        amount, unit = sign * body["quantity"]["amount"], body["quantity"]["unit"]
        if action in EFFECTS:
            holder = body["provider"] if min(EFFECTS[action]) < 0 else body["receiver"]
            hold(book, body.get("resource"), holder, unit, [amount * one for one in EFFECTS[action]])
        elif action in MOVES:
            hold(book, body.get("resource"), body["provider"], unit, [-amount * one for one in MOVES[action]])
            hold(book, body.get("to"), body["receiver"], unit, [amount * one for one in MOVES[action]])
        elif action == "copy":
            hold(book, body.get("to"), body["receiver"], unit, [amount, amount])
    for quantity in body.get("footprint", []):
        key = (body.get("contract", bytes(16)), month_of(body["on"]), quantity["unit"])
        book.add("footprint", key, sign * quantity["amount"])


def hold(book: Book, resource: bytes | None, holder: bytes, unit: str, amounts: list[int]) -> None:
    """Somebody has more or less of a resource."""
    if resource is not None and any(amounts):
        for name, amount in zip(("accounting", "on hand"), amounts, strict=True):
            book.add("holding", (resource, holder, unit, name), amount, AMOUNT_MAX)


def count_hours(book: Book, made: Thing, sign: int) -> None:
    """Work for the organisation counts for dividends, spec 18 §7."""
    if "effort" in made and made["expects"] == "reciprocity" and made["receiver"] == book.log != made["provider"]:
        key = ("hours", made["provider"], month_of(made["on"]), made["effort"]["unit"])
        book.add("total", key, sign * made["effort"]["amount"])


def accepted(made: Thing) -> bool:
    """Whether the receiver stands by it."""
    return bool({"confirmed", "used"} & set(made["says"]))


def ack(book: Book, said: Said, body: Thing) -> None:
    """The receiver's answer."""
    made = book.need("event", body["event"])
    require(book.by(said, made["receiver"]), "not_authorised")
    require(not made["disputes"], "frozen")
    require(not made["corrected"] and body["says"] not in made["says"], "already_resolved")
    before = accepted(made)
    made["says"].append(body["says"])
    if accepted(made) and not before:
        count_hours(book, made, 1)
    book.concern(made["provider"], made["receiver"])


def correct(book: Book, said: Said, body: Thing) -> None:
    """An event is taken back."""
    made = book.need("event", body["event"])
    both = book.by_org(said) and book.by(said, made["receiver"])
    require(book.by(said, made["provider"]) or both, "not_authorised")
    require(not made["disputes"], "frozen")
    require(not made["corrected"] and not made["used"], "already_resolved")
    take_effect(book, made, -1)
    if accepted(made):
        count_hours(book, made, -1)
    made["corrected"] = True
    book.concern(made["provider"], made["receiver"])


def commit(book: Book, said: Said, body: Thing) -> None:
    """A promise or a booking."""
    provider, receiver = body["provider"], body["receiver"]
    book.know(provider, receiver)
    if "contract" in body:
        book.need("contract", body["contract"])
    if "quantity" in body:
        book.need("unit", body["quantity"]["unit"])
    book.active(provider, receiver)
    if not book.by(said, provider):
        check_access(book, said, body)
    require("quantity" not in body or body["quantity"]["amount"] > 0, "bad_amount")
    made = {
        **body, "state": "active", "charged": False, "disputes": 0, "class": class_of(book, receiver),
        "by_receiver": book.by(said, receiver),
    }  # fmt: skip
    if "begin" in body and "resource" in body:
        taken = [other for other in book.all("commit").values() if is_beside(other, made)]
        apart = all(other["end"] <= made["begin"] or made["end"] <= other["begin"] for other in taken)
        require(apart, "conflict")
        for month in months_of(made["begin"], made["end"]):
            inside = [other for other in taken if month in months_of(other["begin"], other["end"])]
            require(len(inside) < 2_048, "ceiling")
    book.all("commit")[said.id] = made
    book.concern(provider, receiver)


def is_beside(other: Thing, made: Thing) -> bool:
    """Whether another active booking is of the same provider and resource."""
    same = other.get("resource") == made["resource"] and other["provider"] == made["provider"]
    return same and other["state"] == "active" and "begin" in other


def check_access(book: Book, said: Said, body: Thing) -> None:
    """The receiver books what a contract gives access to."""
    receiver = body["receiver"]
    require(book.by(said, receiver) and "contract" in body and "begin" in body, "not_authorised")
    contract, day = book.all("contract")[body["contract"]], body["begin"] // 86_400
    require(is_in_force(contract, day), "not_in_force")
    require(not contract["disputes"], "frozen")
    require(receiver in book.all("member"), "not_authorised")
    require(all(is_party(book, body["contract"], side, day) for side in (body["provider"], receiver)), "not_authorised")
    clauses = [
        one for one in contract["clauses"] if one["kind"] == "access" and one["resource"] == body.get("resource")
    ]
    rates = [clause["by_class"].get(class_of(book, receiver), "deny") for clause in clauses]
    require(any(rate != "deny" for rate in rates), "not_authorised")


def commit_cancel(book: Book, said: Said, body: Thing) -> None:
    """It will not take place."""
    made = book.need("commit", body["commit"])
    require(book.by(said, made["provider"]) or book.by(said, made["receiver"]), "not_authorised")
    require(not made["disputes"], "frozen")
    require(made["state"] == "active", "already_resolved")
    made["state"] = "cancelled"
    book.concern(made["provider"], made["receiver"])
