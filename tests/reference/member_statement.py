# SPDX-License-Identifier: AGPL-3.0-or-later
"""Member statements and their verdicts, spec 20."""

from dataclasses import dataclass
from typing import Any

from tests.reference import messagepack, multiproof, statement, tree
from tests.reference.charter import chain_of, log_id_of, read_charter, to_base32
from tests.reference.checkpoint import Checkpoint, parse_checkpoint
from tests.reference.messagepack import Limits, Value
from tests.reference.moving import Moving, read_body
from tests.reference.note import Note, parse_note, verify_note
from tests.reference.proof import cosigners
from tests.reference.rejection import RejectionError, reject, require
from tests.reference.shape import is_array, is_bytes, is_integer, is_map
from tests.reference.state import START, Leaf, decode_leaf, link
from tests.reference.statement import Statement
from tests.reference.trust import Trust, parse_trust

HEADER = b"folkmoot/member-statement/1\n"
LIMITS = Limits(input_bytes=8_388_608 - len(HEADER), string_bytes=65_536, array_elements=100_000, depth=4)
FIELDS = {"log", "epoch", "member", "charters", "note", "trust", "entries", "hashes", "leaves", "path"}
UNKNOWN = 7
EXITS = {
    "malformed": 3,
    "false: charters": 3,
    "unknown log": UNKNOWN,
    "false: signature": 3,
    "not witnessed": UNKNOWN,
    "false: inclusion": 3,
    "false: commitment": 3,
    "false: statement": 3,
    "false: state": 3,
    "false: chain": 3,
    "false: balance": 3,
    "no payload": UNKNOWN,
    "true": 0,
}


@dataclass(frozen=True)
class Told:
    """An entry, what it concerns, and what it says if that is shown and known."""

    position: int
    entry: bytes
    payload: bytes
    concerns: list[int]
    said: Statement | None = None
    body: dict[str, Value] | None = None
    signers: tuple[bytes, ...] = ()


@dataclass
class Parsed:
    """A statement of which every part is of its form."""

    value: dict[str, Any]
    note: Note
    checkpoint: Checkpoint
    told: list[Told]
    leaves: list[Leaf]
    trust: Trust


def encode(value: dict[str, Value]) -> bytes:
    """The file."""
    return HEADER + messagepack.encode(value)


def judge(data: bytes, trust: Trust | None = None) -> str:
    """The verdict, in the order of spec 20 §2; `trust` is the reader's."""
    try:
        parsed = parse(data, trust)
    except RejectionError:
        return "malformed"
    try:
        keys = check_checkpoint(parsed)
        check_inclusion(parsed)
        parsed.told = [open_entry(parsed, one) for one in parsed.told]
        check_state(parsed, keys)
        check_ledger(parsed, keys)
    except RejectionError as error:
        return error.reason
    return "true"


def parse(data: bytes, trust: Trust | None) -> Parsed:
    """The parts, or any reason."""
    require(data.startswith(HEADER), "header")
    value = messagepack.decode(data.removeprefix(HEADER), LIMITS)
    require(is_map(value) and value.keys() == FIELDS, "form")
    require(is_bytes(value["log"], 32) and is_integer(value["epoch"], 1) and is_bytes(value["member"], 16), "form")
    require(is_array(value["charters"], 1, 64) and all(is_bytes(one) for one in value["charters"]), "form")
    require(is_bytes(value["note"]) and is_bytes(value["trust"]), "form")
    for name in ("hashes", "path"):
        require(is_array(value[name], 0, 100_000) and all(is_bytes(one, 32) for one in value[name]), "form")
    require(is_array(value["entries"], 1, 100_000) and is_array(value["leaves"], 1, 100_000), "form")
    leaves = []
    for one in value["leaves"]:
        require(is_array(one, 2, 2) and is_integer(one[0]) and is_bytes(one[1]), "form")
        leaves.append(decode_leaf(one[1]))
    require_ascending([index for index, _ in value["leaves"]])
    told = [parse_told(one, len(leaves)) for one in value["entries"]]
    require_ascending([one.position for one in told])
    note = parse_note(value["note"])
    trusted = trust or parse_trust(value["trust"])
    return Parsed(value, note, parse_checkpoint(note.text), told, leaves, trusted)


def parse_told(value: Value, leaves: int) -> Told:
    """One of the entries."""
    require(is_array(value, 4, 4), "form")
    position, entry, payload, concerns = value
    require(is_integer(position) and is_bytes(entry) and is_bytes(payload), "form")
    require(is_array(concerns, 0, leaves) and all(is_integer(one, 0, leaves - 1) for one in concerns), "form")
    require_ascending(concerns)
    try:
        statement.decode_entry(entry)
        if payload:
            signed = statement.decode_payload(payload)
            statement.check_signature_order(signed, signed.signatures[0][0])
            statement.decode_statement(signed.statement)
    except RejectionError as error:
        require(error.reason in {"entry_version", "statement_version"}, "form")
    return Told(position, entry, payload, concerns)


def require_ascending(numbers: list[int]) -> None:
    """Refuse numbers of which one is not above the one before."""
    require(numbers == sorted(set(numbers)), "order")


def check_checkpoint(parsed: Parsed) -> list[bytes]:
    """The operating keys in force; or what is wrong with charters and checkpoint."""
    value, checkpoint = parsed.value, parsed.checkpoint
    try:
        chain = chain_of(value["charters"])
        charters = [read_charter(payload)[2] for payload in value["charters"]]
    except RejectionError:
        reject("false: charters")
    require(chain.log_id == value["log"], "false: charters")
    epochs, epoch = [], 1
    for charter in charters:
        epoch = charter.opens or epoch
        epochs.append(epoch)
    during = [charter for charter, number in zip(charters, epochs, strict=True) if number == value["epoch"]]
    require(during, "false: charters")
    require(checkpoint.origin == f"folkmoot/{to_base32(value['log'])}/{value['epoch']}", "false: charters")
    signers = check_trusted(parsed)
    require({key for charter in during for key in charter.keys} & signers, "false: charters")
    return during[-1].keys


def check_trusted(parsed: Parsed) -> set[bytes]:
    """The listed log keys that signed; or `unknown log`, `false: signature`, `not witnessed`."""
    note, trust, origin = parsed.note, parsed.trust, parsed.checkpoint.origin
    named = {(line.name, line.key_id) for line in note.lines}
    listed = [key for key in trust.logs if key.name == origin and (key.name, key.key_id) in named]
    require(listed, "unknown log")
    try:
        verified = verify_note(note, [*trust.logs, *trust.witnesses.values()])
    except RejectionError:
        reject("false: signature")
    require(trust.is_satisfied(cosigners(verified, trust)), "not witnessed")
    return {key.public_key for key in listed}


def check_inclusion(parsed: Parsed) -> None:
    """Refuse unless all entries are at their positions."""
    positions = [one.position for one in parsed.told]
    hashes = [tree.leaf_hash(one.entry) for one in parsed.told]
    try:
        multiproof.check(positions, hashes, parsed.checkpoint.size, parsed.value["hashes"], parsed.checkpoint.root)
    except RejectionError:
        reject("false: inclusion")


def open_entry(parsed: Parsed, one: Told) -> Told:
    """The entry with what it says."""
    try:
        entry = statement.decode_entry(one.entry)
    except RejectionError:
        return one
    if not one.payload:
        return one
    require(statement.commitment(one.payload) == entry.commitment, "false: commitment")
    signed = statement.decode_payload(one.payload)
    try:
        said = statement.decode_statement(signed.statement)
    except RejectionError:
        return one
    try:
        if one.position == 0 and parsed.value["epoch"] == 1:
            require(said.log_id == b"" and log_id_of(signed.statement) == parsed.value["log"], "wrong_log")
        else:
            require(said.log_id == parsed.value["log"], "wrong_log")
        statement.check_signatures(signed, said.author)
    except RejectionError:
        reject("false: statement")
    signers = tuple(key for key, _ in signed.signatures)
    return Told(one.position, one.entry, one.payload, one.concerns, said, read_body(said), signers)


def check_state(parsed: Parsed, keys: list[bytes]) -> None:
    """Refuse unless the last entry states the leaves that are given."""
    last = parsed.told[-1]
    require(last.said, "no payload")
    assert last.said
    require(last.said.kind == "state" and last.body is not None and not last.concerns, "false: state")
    assert last.body
    require(last.said.author in keys and last.body["size"] == last.position, "false: state")
    indexes = [index for index, _ in parsed.value["leaves"]]
    hashes = [tree.leaf_hash(leaf) for _, leaf in parsed.value["leaves"]]
    try:
        multiproof.check(indexes, hashes, last.body["leaves"], parsed.value["path"], last.body["root"])
    except RejectionError:
        reject("false: state")
    require([leaf.id for leaf in parsed.leaves if leaf.sort == 0] == [parsed.value["member"]], "false: state")


def check_ledger(parsed: Parsed, operating: list[bytes]) -> None:
    """Refuse unless the entries are those of the leaves, and make up their balances."""
    member, leaves = parsed.value["member"], parsed.leaves
    ledger = [one for one in parsed.told[:-1] if one.concerns]
    for number, leaf in enumerate(leaves):
        mine = [one for one in ledger if number in one.concerns]
        head = START
        for one in mine:
            head = link(head, tree.leaf_hash(one.entry), one.position)
        require((len(mine), head) == (leaf.count, leaf.head), "false: chain")
    require(all(one.body is not None for one in ledger), "no payload")
    said = [(one.said.kind, one.said.id, one.body) for one in ledger if one.said and one.body is not None]
    keys = {body["key"] for kind, identity, body in said if kind == "member.join" and identity == member}
    keys |= {
        body["key"] for kind, _, body in said if kind == "member.set" and body["member"] == member and "key" in body
    }
    for one in parsed.told[:-1]:
        if not one.concerns:
            require(may_stand_beside(one, member, keys | set(operating)), "false: chain")
    opened = {identity for kind, identity, body in said if kind == "account.open" and body["owner"] == member}
    require(opened == {leaf.id for leaf in leaves if leaf.sort == 1}, "false: chain")
    check_balances(ledger, leaves)


def may_stand_beside(one: Told, member: bytes, keys: set[bytes]) -> bool:
    """Whether an entry that concerns nobody is words that may be there."""
    if one.said is None or one.body is None:
        return False
    if one.said.kind == "member.profile":
        return bool(one.body["member"] == member and keys & set(one.signers))
    return one.said.kind == "note"


def check_balances(ledger: list[Told], leaves: list[Leaf]) -> None:
    """Refuse unless each account has what its entries move."""
    moving, numbers = Moving(), {leaf.id: number for number, leaf in enumerate(leaves)}
    sums = {leaf.id: [0, 0] for leaf in leaves}
    for one in ledger:
        assert one.said
        assert one.body is not None
        for account, posted, reserved in moving.moves(one.said.kind, one.said.id, one.body):
            if account in numbers:
                require(numbers[account] in one.concerns, "false: chain")
                sums[account][0] += posted
                sums[account][1] += reserved
    require(all(sums[leaf.id] == [leaf.posted, leaf.reserved] for leaf in leaves), "false: balance")
