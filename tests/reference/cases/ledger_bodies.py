# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of specs 17 §3 and 19: bodies of the ledger's statements."""

from collections.abc import Iterator
from typing import Any

from tests.reference import messagepack
from tests.reference.messagepack import Value
from tests.reference.reciprocity.body import ACTIONS, BASES, KINDS, check_body
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group

LOG, OTHER = seeded_bytes("a log"), seeded_bytes("another log")
ONE, TWO, THREE = sorted(seeded_bytes(f"id {number}", 16) for number in range(3))
DAY, MONTH, TIME = 20_509, 24_313, 1_772_000_000
PROOF: dict[str, Value] = {
    "charters": [b"c"], "note": b"n", "index": 0, "hashes": [bytes(32)], "entry": b"e", "payload": b"p",
}  # fmt: skip
NAME: dict[str, Value] = {"en": "Euro", "fr": "Euro"}
GIFT: dict[str, Value] = {"kind": "gift", "ack": "wanted"}
TRANSFER: dict[str, Value] = {
    "account": ONE, "connector": TWO, "log": OTHER, "to": THREE, "amount": 5, "unit": "EUR", "scale": 2,
    "deadline": TIME,
}  # fmt: skip
PLAIN: dict[str, dict[str, Value]] = {
    "unit.define": {"code": "EUR", "scale": 2, "sort": "money", "name": NAME},
    "member.join": {"key": OTHER, "class": "worker", "custody": "own"},
    "member.set": {"member": ONE, "status": "paused"},
    "member.profile": {"member": ONE},
    "account.open": {"owner": ONE, "unit": "EUR", "type": "member"},
    "account.set": {"account": ONE, "state": "frozen"},
    "contract.offer": {"parties": [ONE, TWO], "clauses": [GIFT], "from": DAY, "title": NAME},
    "contract.sign": {"contract": ONE, "party": TWO, "terms": OTHER},
    "contract.end": {"contract": ONE, "on": DAY},
    "commit": {"action": "work", "provider": ONE, "receiver": LOG},
    "commit.cancel": {"commit": ONE},
    "event": {
        "action": "work", "provider": ONE, "receiver": LOG, "on": DAY, "stream": "care", "expects": "none",
    },
    "ack": {"event": ONE, "says": "thanks"},
    "correct": {"event": ONE},
    "claim": {"debtor": ONE, "creditor": LOG, "amount": 5, "unit": "EUR", "account": TWO},
    "advance": {"claim": ONE, "on": DAY},
    "post": {"code": "transfer", "legs": [[ONE, -5], [TWO, 5]], "on": DAY},
    "dividend": {
        "contract": ONE, "clause": 0, "from": MONTH, "until": MONTH + 12, "surplus": 5, "pool": TWO, "decision": THREE,
    },
    "proposal": {"title": NAME, "choices": ["yes", "no"], "closes": DAY},
    "vote": {"proposal": ONE, "member": TWO, "choice": 0},
    "decision": {"proposal": ONE, "choice": 0, "counts": [3, 1], "abstained": 2},
    "dispute.open": {"about": ONE},
    "dispute.close": {"dispute": ONE, "outcome": "withdrawn"},
    "state": {"size": 7, "leaves": 3, "root": OTHER},
    "note": {"about": ONE, "text": "Well done"},
    "xfer.reserve": TRANSFER,
    "xfer.accept": {
        "transfer": ONE, "log": OTHER, "account": TWO, "connector": THREE, "amount": 5, "unit": "EUR", "proof": PROOF,
    },
    "xfer.refuse": {"transfer": ONE, "log": OTHER, "why": "limit", "proof": PROOF},
    "xfer.post": {"transfer": ONE, "proof": PROOF},
    "xfer.void": {"transfer": ONE, "proof": PROOF},
}  # fmt: skip


def check(inputs: Fields) -> Fields:
    check_body(inputs["kind"], messagepack.decode(bytes.fromhex(inputs["body_hex"])))
    return {}


def bodies(group: Group, *, transfers: bool) -> Group:
    """Each kind of one of the two pages: plain, without each of its fields, with each of another type, and more."""
    kinds = [kind for kind in KINDS if kind.startswith("xfer.") == transfers]
    for kind in kinds:
        plain = PLAIN[kind]
        valid(group, kind, "plain", plain)
        valid(group, kind, "with a field that nobody knows", plain | {"later": 1})
        for key in plain:
            less = {name: part for name, part in plain.items() if name != key}
            invalid(group, kind, f"without {key}", less)
            invalid(group, kind, f"{key} of another type", plain | {key: [False]})
    for kind, name, changes in optional_parts():
        if kind in kinds:
            valid(group, kind, name, PLAIN[kind] | changes)
    for kind, name, changes in BROKEN:
        if kind in kinds:
            invalid(group, kind, name, PLAIN[kind] | changes)
    return group


def valid(group: Group, kind: str, name: str, body: dict[str, Value]) -> None:
    group.valid(f"{kind} {name}", kind=kind, body_hex=messagepack.encode(body).hex())


def invalid(group: Group, kind: str, name: str, body: dict[str, Value]) -> None:
    group.invalid(f"{kind}: {name}", "malformed", kind=kind, body_hex=messagepack.encode(body).hex())


def optional_parts() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Kind, name, and what else a body may hold."""
    yield "unit.define", "of 12 characters and scale 9", {"code": "A-z_0.9abcde", "scale": 9}
    for sort in ("time", "credit", "share", "count", "energy", "co2e", "goods"):
        yield "unit.define", f"of sort {sort}", {"sort": sort}
    yield "member.join", "with a vote", {"class": "city", "custody": "node", "votes": True}
    yield "member.join", "of a group", {"group": True, "votes": False}
    yield "member.set", "with everything", {
        "key": OTHER, "custody": "node", "class": "coop", "status": "left", "votes": True, "delegate": TWO,
        "consent": 0, "decision": THREE,
    }  # fmt: skip
    yield "member.set", "without a delegate", {"delegate": b""}
    yield (
        "member.profile",
        "with everything",
        {
            "name": "Ada",
            "contact": "a\nb",
            "languages": ["en"],
            "about": "x" * 500,
        },
    )
    yield "account.open", "with limits and title", {"floor": -(10**15), "ceiling": 10**15, "title": NAME}
    yield "account.open", "of a neighbour", {"owner": LOG, "type": "connector", "peer": OTHER}
    yield "account.set", "of all", {"floor": -5, "ceiling": 5, "decision": TWO}
    yield "contract.offer", "with everything", {"accede": ["user", "coop"], "until": DAY, "supersedes": THREE}
    yield "contract.end", "by decision", {"decision": TWO}
    yield "commit", "of a time", {"begin": TIME, "end": TIME + 400 * 86_400, "resource": TWO, "contract": THREE}
    yield "commit", "of a quantity", {"quantity": {"amount": -5, "unit": "kg"}, "due": DAY}
    for action in ACTIONS:
        yield "event", f"of action {action}", {"action": action}
    quantity = {"amount": 7, "unit": "kg"}
    yield "event", "with everything", {
        "resource": TWO, "to": THREE, "quantity": quantity, "effort": quantity, "fulfils": TWO, "contract": THREE,
        "stream": "livelihood", "expects": "reciprocity", "footprint": [quantity] * 8,
    }  # fmt: skip
    yield "claim", "with everything", {"ended": DAY, "due": DAY + 30, "contract": THREE, "for": ONE}
    yield "claim", "of nothing: that is for the ledger to refuse", {"amount": 0}
    yield "post", "of no legs", {"legs": []}
    yield "post", "of legs that do not balance: that is for the ledger to refuse", {"legs": [[ONE, 5], [TWO, 0]]}
    for code, (needs, may, either) in BASES.items():
        names = [*sorted(needs | may), *sorted(either)[:1]]
        basis = {name: PARTS.get(name, ONE) for name in names} | {"decision": THREE}
        yield "post", f"of code {code}", {"code": code, "basis": basis}
    yield "proposal", "with everything", {"acts": [["post", OTHER]] * 16, "rule": "simple", "choices": ["a"] * 16}
    yield "dispute.close", "by decision", {"outcome": "upheld", "decision": TWO}
    yield "note", "with what it shows", {"text": "x" * 2_000, "shows": "a receipt"}
    yield "xfer.reserve", "with what is known of the other", {"last": [7, OTHER]}
    yield "xfer.reserve", "of less than nothing: that is for the ledger to refuse", {"amount": -5}
    yield "xfer.accept", "with a proof of 64 charters and 63 hashes", {
        "proof": PROOF | {"charters": [b"c"] * 64, "hashes": [bytes(32)] * 63}
    }  # fmt: skip


PARTS: dict[str, Value] = {"clause": 31, "period": 2**63 - 1, "events": [ONE, TWO]}


ACCESS: dict[str, Value] = {"contract": ONE, "clause": 0}
USED: dict[str, Value] = {"contract": ONE, "clause": 0, "claim": ONE}
# Kind, name, and what is wrong.
BROKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("unit.define", "code of 13 characters", {"code": "a" * 13}),
    ("unit.define", "code with a space", {"code": "E R"}),
    ("unit.define", "code with a newline behind it", {"code": "EUR\n"}),
    ("unit.define", "scale 10", {"scale": 10}),
    ("unit.define", "an unknown sort", {"sort": "gold"}),
    ("unit.define", "no name", {"name": {}}),
    ("unit.define", "a name without a language tag", {"name": {"": "Euro"}}),
    ("unit.define", "a name with a tab", {"name": {"en": "Eu\tro"}}),
    ("unit.define", "a name of 301 characters", {"name": {"en": "a" * 301}}),
    ("member.join", "a key of 31 bytes", {"key": bytes(31)}),
    ("member.join", "an unknown class", {"class": "king"}),
    ("member.join", "a group with a vote", {"group": True, "votes": True}),
    ("member.join", "votes is 1", {"votes": 1}),
    ("member.set", "a delegate of 15 bytes", {"delegate": bytes(15)}),
    ("member.set", "a consent below 0", {"consent": -1}),
    ("member.set", "a status that there is not", {"status": "gone"}),
    ("member.profile", "a name of 501 characters", {"name": "a" * 501}),
    ("member.profile", "17 languages", {"languages": ["en"] * 17}),
    ("member.profile", "a language with a space", {"languages": ["e n"]}),
    ("account.open", "an owner of 17 bytes", {"owner": bytes(17)}),
    ("account.open", "a floor below the range", {"floor": -(10**15) - 1}),
    ("account.open", "a connector without a peer", {"type": "connector"}),
    ("account.open", "a peer of a pool", {"type": "pool", "peer": OTHER}),
    ("account.set", "a ceiling above the range", {"ceiling": 10**15 + 1}),
    ("contract.offer", "parties in descending order", {"parties": [TWO, ONE]}),
    ("contract.offer", "a party twice", {"parties": [ONE, ONE]}),
    ("contract.offer", "17 parties", {"parties": sorted(seeded_bytes(f"{n}", 16) for n in range(17))}),
    ("contract.offer", "no clauses", {"clauses": []}),
    ("contract.offer", "a clause of an unknown kind", {"clauses": [{"kind": "tax"}]}),
    ("contract.offer", "until before from", {"until": DAY - 1}),
    ("contract.offer", "a day after 9999", {"from": 2_932_897}),
    ("commit", "begin without end", {"begin": TIME}),
    ("commit", "end without begin", {"end": TIME}),
    ("commit", "end is begin", {"begin": TIME, "end": TIME}),
    ("commit", "over 400 days", {"begin": TIME, "end": TIME + 400 * 86_400 + 1}),
    ("commit", "a quantity without a unit", {"quantity": {"amount": 5}}),
    ("event", "an unknown action", {"action": "eat"}),
    ("event", "an unknown stream", {"stream": "duty"}),
    ("event", "nine footprints", {"footprint": [{"amount": 1, "unit": "kg"}] * 9}),
    ("ack", "an unknown word", {"says": "meh"}),
    ("claim", "an amount above the range", {"amount": 10**15 + 1}),
    ("claim", "for 20 bytes", {"for": bytes(20)}),
    ("post", "an unknown code", {"code": "gift"}),
    ("post", "legs in descending order", {"legs": [[TWO, -5], [ONE, 5]]}),
    ("post", "an account twice", {"legs": [[ONE, -5], [ONE, 5]]}),
    ("post", "a leg of three parts", {"legs": [[ONE, -5, 1], [TWO, 5]]}),
    ("post", "a transfer that rests on a claim", {"basis": {"claim": ONE}}),
    ("post", "a settlement without its claim", {"code": "settle", "basis": {"contract": ONE}}),
    ("post", "a settlement without a basis", {"code": "settle"}),
    (
        "post",
        "a wage that rests on an event",
        {"code": "wage", "basis": {"contract": ONE, "clause": 0, "claim": TWO, "event": THREE}},
    ),
    ("post", "a fee for nothing", {"code": "access_fee", "basis": ACCESS}),
    ("post", "a fee for two things", {"code": "access_fee", "basis": ACCESS | {"event": TWO, "commit": THREE}}),
    ("post", "shares under a contract without a clause", {"code": "share_in", "basis": {"contract": ONE}}),
    ("post", "clause 32", {"code": "rent", "basis": {"contract": ONE, "clause": 32, "period": 0}}),
    ("post", "events in descending order", {"code": "reinvest", "basis": USED | {"events": [TWO, ONE]}}),
    ("post", "no events", {"code": "reinvest", "basis": USED | {"events": []}}),
    ("dividend", "month 11", {"from": 11}),
    ("proposal", "one choice", {"choices": ["yes"]}),
    ("proposal", "17 choices", {"choices": ["a"] * 17}),
    ("proposal", "an empty choice", {"choices": ["yes", ""]}),
    ("proposal", "17 acts", {"acts": [["post", OTHER]] * 17}),
    ("proposal", "an act of 31 bytes", {"acts": [["post", bytes(31)]]}),
    ("vote", "choice 16", {"choice": 16}),
    ("decision", "abstained below 0", {"abstained": -1}),
    ("dispute.close", "an unknown outcome", {"outcome": "won"}),
    ("state", "a root of 31 bytes", {"root": bytes(31)}),
    ("note", "no text", {"text": ""}),
    ("note", "2,001 characters", {"text": "a" * 2_001}),
    ("note", "a bell", {"text": "ding\a"}),
    ("xfer.reserve", "scale 10", {"scale": 10}),
    ("xfer.reserve", "a log of 16 bytes", {"log": bytes(16)}),
    ("xfer.reserve", "a deadline of 2^40", {"deadline": 2**40}),
    (
        "xfer.accept",
        "a proof without a note",
        {"proof": {name: part for name, part in PROOF.items() if name != "note"}},
    ),
    ("xfer.accept", "a proof without charters", {"proof": PROOF | {"charters": []}}),
    ("xfer.accept", "a proof with a hash of 31 bytes", {"proof": PROOF | {"hashes": [bytes(31)]}}),
    ("xfer.refuse", "an unknown reason", {"why": "mood"}),
    ("xfer.void", "both a proof and a decision", {"decision": TWO}),
]
