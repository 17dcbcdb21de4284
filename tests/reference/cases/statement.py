# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 03: statements, payloads, entries, and all that a holder checks."""

from collections.abc import Iterator

from tests.reference import messagepack, statement, world
from tests.reference.cases import holder
from tests.reference.cases.template import changed, statement_template
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.statement import Payload
from tests.reference.tree import leaf_hash
from tests.reference.vector import Fields, Group, join_runs, split_runs, vector_file


def generate() -> bytes:
    """The file 03-statement.json."""
    return vector_file("03", "Statement, payload, entry", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield statements(
        Group(
            "statement",
            "Read statement_hex by §1 alone (whether it is for the right log is not looked at). Gives its fields, with"
            " body_hex the encoded body, and signed_message_hex, over which its authors sign.",
            check_statement,
        )
    )
    yield payloads(
        Group(
            "payload",
            "Read payload_hex by §2 alone: the statement inside, the order of the signatures and whether they hold are"
            " not looked at. Gives salt_hex, statement_hex, signatures_hex ([key, signature] pairs) and"
            " commitment_hex.",
            check_payload,
        )
    )
    yield entries(Group("entry", "Read entry_hex. Gives its fields and leaf_hash_hex (spec 05 §1).", check_entry))
    yield holder.holdings(
        Group(
            "holder",
            "All that §4 asks of an entry under a checkpoint, but for the tree: entry_hex at position in the log"
            " log_id_hex,"
            " payload_hex (empty when it is not there), at_before the time of the entry before (0 for the first). Every"
            " signature is checked. An invalid case breaks one rule; where one rule implies another, the reason is the"
            " earlier in the list of §4.",
            holder.check_holding,
        )
    )
    yield sizes(
        Group(
            "size",
            "The largest statement (statement_runs_hex) and payload (payload_runs_hex) and the smallest that are"
            " too large."
            " The bytes are the pieces, each [hexadecimal, how many times], joined. Valid ones give no fields.",
            check_size,
        )
    )
    yield erasures(
        Group(
            "erase_body",
            "The body of a statement of kind erase, §5, as body_hex. Its reason word is the verdict malformed of"
            " spec 10 §3.",
            check_erase,
        )
    )
    yield overrides(
        Group(
            "override_body",
            "The body of a statement of kind override, §6, as body_hex. Its reason word is the verdict malformed of"
            " spec 10 §3.",
            check_override,
        )
    )


def check_statement(inputs: Fields) -> Fields:
    data = bytes.fromhex(inputs["statement_hex"])
    read = statement.decode_statement(data)
    return {
        "log_id_hex": read.log_id.hex(),
        "kind": read.kind,
        "id_hex": read.id.hex(),
        "at": read.at,
        "author_hex": read.author.hex(),
        "body_hex": messagepack.encode(read.body).hex(),
        "signed_message_hex": (statement.STATEMENT_PURPOSE + data).hex(),
    }


def check_payload(inputs: Fields) -> Fields:
    data = bytes.fromhex(inputs["payload_hex"])
    read = statement.decode_payload(data)
    return {
        "salt_hex": read.salt.hex(),
        "statement_hex": read.statement.hex(),
        "signatures_hex": [[key.hex(), signature.hex()] for key, signature in read.signatures],
        "commitment_hex": statement.commitment(data).hex(),
    }


def check_entry(inputs: Fields) -> Fields:
    data = bytes.fromhex(inputs["entry_hex"])
    read = statement.decode_entry(data)
    return {
        "at": read.at,
        "scope": read.scope,
        "commitment_hex": read.commitment.hex(),
        "leaf_hash_hex": leaf_hash(data).hex(),
    }


def check_size(inputs: Fields) -> Fields:
    if "statement_runs_hex" in inputs:
        statement.decode_statement(join_runs(inputs["statement_runs_hex"]))
    else:
        statement.decode_payload(join_runs(inputs["payload_runs_hex"]))
    return {}


def check_erase(inputs: Fields) -> Fields:
    body = messagepack.decode(bytes.fromhex(inputs["body_hex"]))
    statement.check_erase_body(body)
    return {}


def check_override(inputs: Fields) -> Fields:
    statement.check_override_body(messagepack.decode(bytes.fromhex(inputs["body_hex"])))
    return {}


def statements(group: Group) -> Group:
    template = statement_template()
    good = messagepack.encode(template)
    group.valid("plain", statement_hex=good.hex())
    group.valid("first of a log: empty log_id", statement_hex=world.first_payload().statement.hex())
    for name, index, value in (
        ("kind of one character", 2, "x"),
        ("kind of 64 characters", 2, "a" * 64),
        ("kind with every sort of character", 2, "az09._-"),
        ("unknown kind", 2, "something.new"),
        ("at zero", 4, 0),
        ("at 2^40 - 1", 4, 2**40 - 1),
        ("empty body", 6, {}),
        ("nested body", 6, {"a": [{"b": [1, True, b"\0", "\u00e9"]}]}),
    ):
        group.valid(name, statement_hex=changed(index, value, template))
    add_bad_statements(group, template)
    return group


def add_bad_statements(group: Group, template: list[Value]) -> None:
    for name, index, value in (
        ("version is text", 0, "1"),
        ("version is true", 0, True),
        ("log_id of 31 bytes", 1, bytes(31)),
        ("log_id of 33 bytes", 1, bytes(33)),
        ("log_id is text", 1, "a" * 32),
        ("kind empty", 2, ""),
        ("kind of 65 characters", 2, "a" * 65),
        ("kind in upper case", 2, "Record.put"),
        ("kind with a space", 2, "record put"),
        ("kind with a newline at its end", 2, "record.put\n"),
        ("kind not ASCII", 2, "caf\u00e9"),
        ("kind with another digit", 2, "record.\u0661"),
        ("kind is bytes", 2, b"record.put"),
        ("id of 15 bytes", 3, bytes(15)),
        ("id of 17 bytes", 3, bytes(17)),
        ("id empty", 3, b""),
        ("at negative", 4, -1),
        ("at 2^40", 4, 2**40),
        ("at is text", 4, "0"),
        ("at is false", 4, False),
        ("author of 31 bytes", 5, bytes(31)),
        ("author empty", 5, b""),
        ("body is an array", 6, []),
        ("body is text", 6, ""),
        ("body is bytes", 6, b"\x80"),
    ):
        group.invalid(name, "statement_form", statement_hex=changed(index, value, template))
    encode = messagepack.encode
    good = encode(template)
    deep: Value = [[[[[[0]]]]]]
    group.valid("body as deep as may be", statement_hex=changed(6, {"a": deep}, template))
    deep = [deep]
    group.invalid("empty", "statement_form", statement_hex="")
    group.invalid("empty array", "statement_form", statement_hex="90")
    group.invalid("a map", "statement_form", statement_hex="80")
    group.invalid("six elements", "statement_form", statement_hex=encode(template[:6]).hex())
    group.invalid("eight elements", "statement_form", statement_hex=encode([*template, 0]).hex())
    group.invalid("a byte behind", "statement_form", statement_hex=good.hex() + "00")
    group.invalid("the last byte missing", "statement_form", statement_hex=good.hex()[:-2])
    group.invalid("version in a longer form", "statement_form", statement_hex=(good[:1] + b"\xcc\x01" + good[2:]).hex())
    group.invalid("body too deep", "statement_form", statement_hex=changed(6, {"a": deep}, template))
    group.invalid("version 2", "statement_version", statement_hex=changed(0, 2, template))
    group.invalid("version 2 of another shape", "statement_version", statement_hex=encode([2, "anything"]).hex())
    group.invalid("version 2^63 - 1", "statement_version", statement_hex=changed(0, 2**63 - 1, template))


def payloads(group: Group) -> Group:
    payload = world.make_payload("payload")
    template = messagepack.decode(payload.encode())
    pair = template[2][0]
    group.valid("one signature", payload_hex=payload.encode().hex())
    group.valid("the first of a log", payload_hex=world.first_payload().encode().hex())
    pairs = [pair, *sorted([signer(f"co-signer {number}").public_key, pair[1]] for number in range(16))]
    group.valid("sixteen signatures", payload_hex=changed(2, pairs[:16], template))
    group.valid("an empty statement is not looked at", payload_hex=changed(1, b"", template))
    group.valid("statement that is not one", payload_hex=changed(1, b"\xc0", template))
    for name, index, value in (
        ("salt of 31 bytes", 0, bytes(31)),
        ("salt of 33 bytes", 0, bytes(33)),
        ("salt empty", 0, b""),
        ("salt is text", 0, "a" * 32),
        ("statement is an array", 1, statement_template()),
        ("statement is text", 1, "a"),
        ("no signatures", 2, []),
        ("seventeen signatures", 2, pairs),
        ("signatures are a map", 2, {}),
        ("pair is a map", 2, [{}]),
        ("pair of one", 2, [pair[:1]]),
        ("pair of three", 2, [[*pair, b""]]),
        ("pair the wrong way round", 2, [pair[::-1]]),
        ("key of 31 bytes", 2, [[pair[0][1:], pair[1]]]),
        ("signature of 63 bytes", 2, [[pair[0], pair[1][1:]]]),
        ("signature is text", 2, [[pair[0], "a" * 64]]),
    ):
        group.invalid(name, "payload_form", payload_hex=changed(index, value, template))
    group.invalid("empty", "payload_form", payload_hex="")
    group.invalid("two elements", "payload_form", payload_hex=messagepack.encode(template[:2]).hex())
    group.invalid("four elements", "payload_form", payload_hex=messagepack.encode([*template, 0]).hex())
    group.invalid("a byte behind", "payload_form", payload_hex=payload.encode().hex() + "00")
    longer = bytes([payload.encode()[0]]) + b"\xc5\x00\x20" + payload.encode()[3:]
    group.invalid("salt in a longer form", "payload_form", payload_hex=longer.hex())
    return group


def entries(group: Group) -> Group:
    template: list[Value] = [1, world.START, 0, seeded_bytes("commitment")]
    for scope, name in enumerate(("public", "circle", "private")):
        group.valid(name, entry_hex=changed(2, scope, template))
    group.valid("at zero", entry_hex=changed(1, 0, template))
    group.valid("at 2^40 - 1", entry_hex=changed(1, 2**40 - 1, template))
    for name, index, value in (
        ("version is text", 0, "1"),
        ("at negative", 1, -1),
        ("at 2^40", 1, 2**40),
        ("at is bytes", 1, b"\0"),
        ("scope is text", 2, "public"),
        ("scope is false", 2, False),
        ("commitment of 31 bytes", 3, bytes(31)),
        ("commitment of 33 bytes", 3, bytes(33)),
        ("commitment empty", 3, b""),
        ("commitment is text", 3, "a" * 32),
    ):
        group.invalid(name, "entry_form", entry_hex=changed(index, value, template))
    good = messagepack.encode(template).hex()
    group.invalid("empty", "entry_form", entry_hex="")
    group.invalid("empty array", "entry_form", entry_hex="90")
    group.invalid("three elements", "entry_form", entry_hex=messagepack.encode(template[:3]).hex())
    group.invalid("five elements", "entry_form", entry_hex=messagepack.encode([*template, 0]).hex())
    group.invalid("a byte behind", "entry_form", entry_hex=good + "00")
    group.invalid("at in a longer form", "entry_form", entry_hex="9401ce0000000100" + good[-68:])
    group.invalid("version 2", "entry_version", entry_hex=changed(0, 2, template))
    group.invalid("version 2 of another shape", "entry_version", entry_hex=messagepack.encode([2]).hex())
    group.invalid("scope 3", "scope", entry_hex=changed(2, 3, template))
    group.invalid("scope -1", "scope", entry_hex=changed(2, -1, template))
    return group


def sizes(group: Group) -> Group:
    def of_size(size: int) -> bytes:
        room = size - len(world.make_statement("size", {"text": "a" * 60_000}).encode())
        return world.make_statement("size", {"text": "a" * (60_000 + room)}).encode()

    group.valid("statement of 61,440 bytes", statement_runs_hex=split_runs(of_size(61_440), b"a"))
    too_long = split_runs(of_size(61_441), b"a")
    group.invalid("statement of 61,441 bytes", "statement_form", statement_runs_hex=too_long)
    pair = (world.OPERATOR.public_key, bytes(64))
    room = 65_536 - len(Payload(bytes(32), b"z" * 65_000, [pair]).encode())
    for excess in (0, 1):
        data = Payload(bytes(32), b"z" * (65_000 + room + excess), [pair]).encode()
        runs = split_runs(data, b"z")
        if excess:
            group.invalid("payload of 65,537 bytes", "payload_form", payload_runs_hex=runs)
        else:
            group.valid("payload of 65,536 bytes", payload_runs_hex=runs)
    return group


def erasures(group: Group) -> Group:
    encode = messagepack.encode
    for reason in ("request", "expired", "mistake", "law"):
        group.valid(reason, body_hex=encode({"position": 3, "reason": reason}).hex())
    for name, body in (
        ("no position", {"reason": "law"}),
        ("no reason", {"position": 3}),
        ("another reason", {"position": 3, "reason": "because"}),
        ("position negative", {"position": -1, "reason": "law"}),
        ("position is text", {"position": "3", "reason": "law"}),
        ("reason is bytes", {"position": 3, "reason": b"law"}),
    ):
        group.invalid(name, "malformed", body_hex=encode(body).hex())
    return group


def overrides(group: Group) -> Group:
    encode = messagepack.encode
    good: dict[str, Value] = {"size": 12, "root": bytes(range(32)), "reason": "the old machine has burnt"}
    right: list[tuple[str, str, Value]] = [
        ("plain", "size", 12),
        ("nothing signed yet", "size", 0),
        ("reason of one character", "reason", "x"),
        ("reason of 500 characters", "reason", "\u00e9" * 500),
    ]
    for name, field, value in right:
        group.valid(name, body_hex=encode({**good, field: value}).hex())
    for left_out in good:
        body = {key: value for key, value in good.items() if key != left_out}
        group.invalid(f"no {left_out}", "malformed", body_hex=encode(body).hex())
    wrong: list[tuple[str, str, Value]] = [
        ("size negative", "size", -1),
        ("size is text", "size", "12"),
        ("root of 31 bytes", "root", bytes(31)),
        ("root is text", "root", "x" * 32),
        ("reason empty", "reason", ""),
        ("reason of 501 characters", "reason", "x" * 501),
        ("reason is bytes", "reason", b"fire"),
    ]
    for name, field, value in wrong:
        group.invalid(name, "malformed", body_hex=encode({**good, field: value}).hex())
    return group
