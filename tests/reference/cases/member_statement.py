# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 20: the state's proofs, member statements, balance proofs, the short form."""

from collections.abc import Iterator
from typing import Any

from tests.reference import member_statement, world
from tests.reference.cases import short, state, trust
from tests.reference.cases.charter import amendment
from tests.reference.ledger import (
    ANA,
    BO,
    CONNECTOR,
    MEMBER,
    PURSE,
    TILL,
    Ledger,
    answer,
    begin,
    common,
    encode,
    post,
    reserve,
)
from tests.reference.messagepack import Value
from tests.reference.multiproof import prove
from tests.reference.note import Note, sign_line
from tests.reference.rejection import reject
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group, vector_file


def generate() -> bytes:
    """The file 20-member-statement.json."""
    return vector_file("20", "Member statement", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield from state.groups()
    told = " A case is valid when the verdict is true; of the others the reason is the verdict."
    about = (
        "Check statement_hex by §2 under the trust file `trust`, or its own if there is none. Gives verdict and exit."
    )
    yield verdicts(Group("verdict", about + told, check_verdict))
    yield from short.groups()


def check_verdict(inputs: Fields) -> Fields:
    trusted = trust.read(inputs) if "trust" in inputs else None
    verdict = member_statement.judge(bytes.fromhex(inputs["statement_hex"]), trusted)
    if verdict != "true":
        reject(verdict)
    return {"verdict": verdict, "exit": member_statement.EXITS[verdict]}


def judged(group: Group, name: str, verdict: str, value: dict[str, Value] | str, **inputs: object) -> None:
    """Add a case with its verdict."""
    data = value if isinstance(value, str) else encode(value)
    if verdict == "true":
        group.valid(name, statement_hex=data, **inputs)
        return
    group.invalid(f"{verdict}: {name}", verdict, statement_hex=data, **inputs)
    group.cases[-1] |= {"verdict": verdict, "exit": member_statement.EXITS[verdict]}


def verdicts(group: Group) -> Group:
    good = common().statement()
    judged(group, "by its own trust file", "true", good)
    judged(group, "by the reader's", "true", good, trust=f"{trust.LOG}quorum none\n")
    cosigned = common(note=False).statement(witnesses="north")
    north = f"{trust.LOG}{trust.NORTH}quorum north\n"
    judged(group, "cosigned", "true", cosigned, trust=north)
    judged(group, "no cosignature", "not witnessed", good, trust=north)
    judged(group, "no key listed", "unknown log", good, trust="quorum none\n")
    judged(group, "every sort of movement", "true", busy().statement())
    forms(group, good)
    foundations(group, good)
    entries(group, good)
    operators(group)
    return group


def busy() -> Ledger:
    """A payment that is made, one that is void, one that is void and made, and one that comes in."""
    ledger = begin()
    post(ledger, 900)
    first, second, third = (reserve(ledger, amount) for amount in (10, 20, 40))
    answer(ledger, "xfer.post", first, -10, -10)
    answer(ledger, "xfer.void", second, 0, -20)
    answer(ledger, "xfer.void", third, 0, -40)
    answer(ledger, "xfer.post", third, -40, 0)
    ledger.move(PURSE, 7)
    accept: dict[str, Value] = {
        "transfer": bytes(16), "log": bytes(32), "account": PURSE, "connector": CONNECTOR, "amount": 7, "unit": "EUR",
        "proof": {"charters": [b"c"], "note": b"n", "index": 0, "hashes": [], "entry": b"e", "payload": b"p"},
    }  # fmt: skip
    ledger.say("accept", "xfer.accept", accept, {PURSE, MEMBER}, ANA)
    ledger.state()
    return ledger


def forms(group: Group, good: dict[str, Any]) -> None:
    """What is not a member statement."""
    data = encode(good)
    judged(group, "empty", "malformed", "")
    judged(group, "header of another version", "malformed", data.replace(b"/1\n".hex(), b"/2\n".hex(), 1))
    judged(group, "a byte behind", "malformed", data + "00")
    judged(group, "an unknown key", "malformed", good | {"more": 1})
    judged(group, "no leaves", "malformed", good | {"leaves": []})
    told = good["entries"]
    judged(group, "entries descend", "malformed", good | {"entries": told[::-1]})
    judged(group, "concerns a leaf that is not there", "malformed", changed(good, 0, 3, [0, 2]))
    judged(group, "concerns descend", "malformed", changed(good, 1, 3, [1, 0]))
    judged(group, "a leaf of another form", "malformed", good | {"leaves": [[0, b""], *good["leaves"][1:]]})
    judged(group, "a payload of another form", "malformed", changed(good, 0, 2, b"\x90"))


def changed(good: dict[str, Any], number: int, part: int, value: Value) -> dict[str, Value]:
    """A statement with one part of one entry changed."""
    told = [list(one) for one in good["entries"]]
    told[number][part] = value
    return good | {"entries": told}


def foundations(group: Group, good: dict[str, Any]) -> None:
    """Charters, checkpoint and state that do not carry it."""
    other = amendment(1)
    judged(group, "another log", "false: charters", good | {"log": bytes(32)})
    judged(group, "an epoch that was never opened", "false: charters", good | {"epoch": 2})
    judged(group, "an amendment without its beginning", "false: charters", good | {"charters": [bytes.fromhex(other)]})
    stranger = world.log_key().__class__(world.origin(), 1, BO.public_key)
    text = common().note().text
    by_stranger = signed(text, stranger)
    judged(
        group,
        "by a key of no charter",
        "false: charters",
        good | {"note": by_stranger},
        trust=f"log {stranger}\nquorum none\n",
    )
    spoilt = good["note"].replace(text.encode(), str(begin().checkpoint()).encode())
    judged(group, "the signature of another checkpoint", "false: signature", good | {"note": spoilt})
    judged(group, "a checkpoint of fewer entries", "false: inclusion", good | {"note": str(begin().note()).encode()})
    judged(group, "a hash left over", "false: inclusion", good | {"hashes": [*good["hashes"], bytes(32)]})
    judged(group, "another member", "false: state", good | {"member": bytes(16)})
    judged(group, "a path that is too long", "false: state", good | {"path": [*good["path"], bytes(32)]})
    ledger = common()
    ledger.move(PURSE, 1)
    forged = ledger.ordered()
    index = [leaf.id for leaf in forged].index(PURSE)
    raised = [[at, forged[at].encode() if at == index else leaf] for at, leaf in good["leaves"]]
    judged(group, "another balance", "false: state", good | {"leaves": raised})


def signed(text: str, key: Any) -> bytes:
    """A note by another signer."""
    return str(Note(text, [sign_line(text, key, BO)])).encode()


def entries(group: Group, good: dict[str, Any]) -> None:
    """Entries that are left out, exchanged, or said to be something else."""
    told, ledger = good["entries"], common()

    def with_entries(entries: list[list[Value]]) -> dict[str, Value]:
        positions = [one[0] for one in entries]
        return good | {"entries": entries, "hashes": list[Value](prove(positions, ledger.hashes()))}

    names = [one[0] for one in told]
    post_at = len(names) - 3
    judged(group, "left out with its hashes", "false: inclusion", good | {"entries": [*told[:2], *told[3:]]})
    judged(group, "the post left out", "false: chain", with_entries([*told[:post_at], *told[post_at + 1 :]]))
    judged(group, "the state left out", "false: state", with_entries(told[:-1]))
    judged(group, "the note left out: words may be", "true", with_entries([*told[:2], *told[3:]]))
    added = sorted([*told, [2, *ledger.entries[2], [0]]])
    judged(group, "an entry of others added", "false: chain", with_entries(added))
    beside = sorted([*told, [2, *ledger.entries[2], []]])
    judged(group, "an entry of others beside", "false: chain", with_entries(beside))
    judged(group, "the entry of another position", "false: inclusion", changed(good, 0, 1, told[1][1]))
    judged(group, "the payload of another entry", "false: commitment", changed(good, 0, 2, told[1][2]))
    judged(
        group, "the post does not concern the account", "false: chain", changed(good, post_at, 3, [told[post_at][3][0]])
    )
    judged(group, "the post is not shown", "no payload", changed(good, post_at, 2, b""))
    judged(group, "the state is not shown", "no payload", changed(good, len(told) - 1, 2, b""))


def operators(group: Group) -> None:
    """What an operator might state falsely."""
    for name, posted, reserved in (("posted", 1, 0), ("reserved", 0, 1)):
        ledger = common(note=False)
        ledger.move(PURSE, posted, reserved)
        ledger.state()
        judged(group, f"{name} is higher than it should be", "false: balance", ledger.statement())
    ledger = common(note=False)
    judged(group, "an account is kept back", "false: chain", ledger.statement((MEMBER,)))
    judged(group, "an account of others", "false: chain", ledger.statement((MEMBER, PURSE, TILL)))
    ledger.state(BO, world.OPERATOR)
    judged(group, "by another author", "false: state", ledger.statement())
    ledger.state(size=3)
    judged(group, "of another size", "false: state", ledger.statement())
    stray = begin()
    legs: list[Value] = [list(leg) for leg in sorted([(TILL, -5), (PURSE, 5)])]
    stray.say("stray", "post", {"code": "transfer", "legs": legs, "on": 1}, {MEMBER})
    stray.state()
    judged(group, "an account moves and is not concerned", "false: chain", stray.statement())
    unanswered = begin()
    answer(unanswered, "xfer.void", seeded_bytes("never", 16), 0, 0)
    unanswered.state()
    judged(group, "an answer to nothing", "false: balance", unanswered.statement())
    later = begin()
    later.say("later", "post.later", {}, {MEMBER})
    later.state()
    judged(group, "a kind of later", "no payload", later.statement())
    for signer, verdict in ((ANA, "true"), (BO, "false: chain")):
        profiled = begin()
        profiled.say("profile", "member.profile", {"member": MEMBER, "name": "Ana"}, set(), signer)
        profiled.state()
        who = "the member" if signer is ANA else "somebody else"
        judged(group, f"a profile by {who}", verdict, profiled.statement())
