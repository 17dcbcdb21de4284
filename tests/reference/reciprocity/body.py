# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of the ledger's statements, specs 17 §3, §7 and 19."""

from collections.abc import Callable
from typing import Any

from tests.reference import messagepack
from tests.reference.clause_form import AMOUNT_MAX, CLASSES, is_code, is_id, one_of, read_clauses, whole
from tests.reference.messagepack import Value
from tests.reference.record import Check, fields, langs, text
from tests.reference.rejection import RejectionError, require
from tests.reference.shape import is_array, is_bytes, is_language_tag, is_text

ACTIONS = (
    "produce", "consume", "use", "work", "cite", "deliverService", "pickup", "dropoff", "accept", "modify", "combine",
    "separate", "transferAllRights", "transferCustody", "transfer", "move", "raise", "lower", "copy",
)  # fmt: skip
SORTS = ("money", "time", "credit", "share", "count", "energy", "co2e", "goods")
TYPES = ("member", "pool", "fund", "reserve", "connector", "external")
# What a basis has beside a decision: all of the first, some of the second, one of the third.
CLAUSE = {"contract", "clause"}
NOTHING: set[str] = set()
BASES: dict[str, tuple[set[str], set[str], set[str]]] = {
    **dict.fromkeys(("opening", "transfer", "contribution", "exchange", "demurrage"), (NOTHING, NOTHING, NOTHING)),
    **dict.fromkeys(("share_in", "share_out"), (NOTHING, CLAUSE, NOTHING)),
    "settle": ({"claim"}, {"contract"}, NOTHING),
    **dict.fromkeys(("wage", "guarantee_call"), (CLAUSE | {"claim"}, NOTHING, NOTHING)),
    "writeoff": ({"claim"}, NOTHING, NOTHING),
    "reinvest": (CLAUSE | {"claim"}, {"events"}, NOTHING),
    "access_fee": (CLAUSE, NOTHING, {"event", "commit"}),
    "dividend": (CLAUSE | {"dividend"}, NOTHING, NOTHING),
    "rent": (CLAUSE | {"period"}, NOTHING, NOTHING),
    "host_fee": (CLAUSE | {"post"}, NOTHING, NOTHING),
    "correction": ({"post"}, NOTHING, NOTHING),
}

amount, count = whole(-AMOUNT_MAX, AMOUNT_MAX), whole(0, 2**63 - 1)
day, seconds, month = whole(-719_162, 2_932_896), whole(0, 2**40 - 1), whole(12, 119_999)
member_class = one_of(*CLASSES)
names = langs(300, 1)


def key(value: Value) -> bool:
    """32 bytes."""
    return is_bytes(value, 32)


def party(value: Value) -> bool:
    """A member or the organisation."""
    return is_bytes(value, 16) or is_bytes(value, 32)


def boolean(value: Value) -> bool:
    """True or false."""
    return isinstance(value, bool)


def many(check: Check, low: int, high: int) -> Check:
    """So many of these."""
    return lambda value: is_array(value, low, high) and all(check(one) for one in value)


def ascending(check: Check, low: int, high: int) -> Check:
    """So many of these in order, none twice."""
    return lambda value: many(check, low, high)(value) and list(value) == sorted(set(value))


def pair(first: Check, second: Check) -> Check:
    """An array of two."""
    return lambda value: is_array(value, 2, 2) and first(value[0]) and second(value[1])


def are_clauses(value: Value) -> bool:
    """The clauses of a contract, spec 18."""
    try:
        read_clauses(messagepack.encode(value))
    except RejectionError:
        return False
    return True


def are_legs(value: Value) -> bool:
    """Pairs of account and amount in ascending order of account."""
    accounts = [leg[0] for leg in value] if many(pair(is_id, amount), 0, 2_048)(value) else [b"", b""]
    return accounts == sorted(set(accounts))


quantity = fields({"amount": amount, "unit": is_code})
basis = fields(
    {},
    {
        "contract": is_id, "clause": whole(0, 31), "claim": is_id, "event": is_id, "events": ascending(is_id, 1, 256),
        "commit": is_id, "dividend": is_id, "post": is_id, "period": count, "decision": is_id,
    },
)  # fmt: skip
proof = fields(
    {
        "charters": many(is_bytes, 1, 64), "note": is_bytes, "index": count, "hashes": many(key, 0, 63),
        "entry": is_bytes, "payload": is_bytes,
    }
)  # fmt: skip
decided: dict[str, Check] = {"decision": is_id}
KINDS: dict[str, Check] = {
    "unit.define": fields({"code": is_code, "scale": whole(0, 9), "sort": one_of(*SORTS), "name": names}),
    "member.join": fields(
        {"key": key, "class": member_class, "custody": one_of("own", "node")}, {"votes": boolean, "group": boolean}
    ),
    "member.set": fields(
        {"member": is_id},
        {
            "key": key, "custody": one_of("own", "node"), "class": member_class,
            "status": one_of("active", "paused", "left"), "votes": boolean, "consent": whole(0, AMOUNT_MAX),
            "delegate": lambda value: is_id(value) or value == b"", **decided,
        },
    ),
    "member.profile": fields(
        {"member": is_id},
        {
            "name": text(500), "contact": text(500), "about": text(500),
            "languages": many(lambda value: is_text(value, 0, 35) and is_language_tag(value), 0, 16),
        },
    ),
    "account.open": fields(
        {"owner": party, "unit": is_code, "type": one_of(*TYPES)},
        {"floor": amount, "ceiling": amount, "peer": key, "title": names},
    ),
    "account.set": fields(
        {"account": is_id}, {"floor": amount, "ceiling": amount, "state": one_of("open", "frozen", "closed"), **decided}
    ),
    "contract.offer": fields(
        {"parties": ascending(party, 1, 16), "clauses": are_clauses, "from": day, "title": names},
        {"accede": many(member_class, 0, 8), "until": day, "supersedes": is_id},
    ),
    "contract.sign": fields({"contract": is_id, "party": party, "terms": key}),
    "contract.end": fields({"contract": is_id, "on": day}, decided),
    "commit": fields(
        {"action": one_of(*ACTIONS), "provider": party, "receiver": party},
        {"resource": is_id, "quantity": quantity, "begin": seconds, "end": seconds, "due": day, "contract": is_id},
    ),
    "commit.cancel": fields({"commit": is_id}),
    "event": fields(
        {
            "action": one_of(*ACTIONS), "provider": party, "receiver": party, "on": day,
            "stream": one_of("livelihood", "love", "care"), "expects": one_of("reciprocity", "none"),
        },
        {
            "resource": is_id, "to": is_id, "quantity": quantity, "effort": quantity, "fulfils": is_id,
            "contract": is_id, "footprint": many(quantity, 0, 8),
        },
    ),
    "ack": fields({"event": is_id, "says": one_of("thanks", "confirmed", "used")}),
    "correct": fields({"event": is_id}),
    "claim": fields(
        {"debtor": party, "creditor": party, "amount": amount, "unit": is_code, "account": is_id},
        {"ended": day, "due": day, "contract": is_id, "for": party},
    ),
    "advance": fields({"claim": is_id, "on": day}),
    "post": fields({"code": one_of(*BASES), "legs": are_legs, "on": day}, {"basis": basis}),
    "dividend": fields(
        {
            "contract": is_id, "clause": whole(0, 31), "from": month, "until": month, "surplus": amount, "pool": is_id,
            **decided,
        }
    ),
    "proposal": fields(
        {"title": names, "choices": many(text(200, 1), 2, 16), "closes": day},
        {"acts": many(pair(lambda value: is_text(value, 0, 64), key), 0, 16), "rule": text(64)},
    ),
    "vote": fields({"proposal": is_id, "member": is_id, "choice": whole(0, 15)}),
    "decision": fields({"proposal": is_id, "choice": whole(0, 15), "counts": many(count, 0, 16), "abstained": count}),
    "dispute.open": fields({"about": is_id}),
    "dispute.close": fields({"dispute": is_id, "outcome": one_of("upheld", "withdrawn", "settled")}, decided),
    "state": fields({"size": count, "leaves": count, "root": key}),
    "note": fields({"about": is_id, "text": text(2_000, 1)}, {"shows": text(2_000)}),
    "xfer.reserve": fields(
        {
            "account": is_id, "connector": is_id, "log": key, "to": is_id, "amount": amount, "unit": is_code,
            "scale": whole(0, 9), "deadline": seconds,
        },
        {"last": pair(count, key)},
    ),
    "xfer.accept": fields(
        {
            "transfer": is_id, "log": key, "account": is_id, "connector": is_id, "amount": amount, "unit": is_code,
            "proof": proof,
        }
    ),
    "xfer.refuse": fields(
        {
            "transfer": is_id, "log": key, "why": one_of("limit", "unwanted", "unknown", "late", "unit"),
            "proof": proof,
        }
    ),
    "xfer.post": fields({"transfer": is_id, "proof": proof}),
    "xfer.void": fields({"transfer": is_id}, {"proof": proof, **decided}),
}  # fmt: skip


def basis_fits(body: dict[str, Any]) -> bool:
    """Whether the basis of a post has what its code needs, and nothing else."""
    needs, may, either = BASES[body["code"]]
    known = {"contract", "clause", "claim", "event", "events", "commit", "dividend", "post", "period"}
    named = body.get("basis", {}).keys() & known
    halves = len(named & CLAUSE) == 1 and may == CLAUSE
    return needs <= named <= needs | may | either and len(named & either) == min(1, len(either)) and not halves


def sets_something(*keys: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a body has at least one of these."""
    return lambda body: bool(body.keys() & set(keys))


def time_fits(body: dict[str, Any]) -> bool:
    """Whether a commitment has no time, or a begin and a later end."""
    if not body.keys() & {"begin", "end"}:
        return True
    return {"begin", "end"} <= body.keys() and body["begin"] < body["end"] <= body["begin"] + 400 * 86_400


TOGETHER: dict[str, Callable[[dict[str, Any]], bool]] = {
    "post": basis_fits,
    "member.join": lambda body: not (body.get("group") and body.get("votes")),
    "member.set": sets_something("key", "custody", "class", "status", "votes", "delegate", "consent"),
    "account.open": lambda body: (body["type"] == "connector") == ("peer" in body),
    "account.set": sets_something("floor", "ceiling", "state"),
    "contract.offer": lambda body: body["from"] <= body.get("until", body["from"]),
    "commit": time_fits,
    "xfer.void": lambda body: ("proof" in body) != ("decision" in body),
}


def check_body(kind: str, body: Value) -> None:
    """Accept the body of a statement of a kind of the ledger, or `malformed`."""
    require(KINDS[kind](body), "malformed")
    require(kind not in TOGETHER or TOGETHER[kind](body), "malformed")
