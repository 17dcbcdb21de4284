# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 03 §4: all that a holder checks of an entry."""

from tests.reference import messagepack, statement, world
from tests.reference.cases.template import changed, statement_template
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.statement import Payload
from tests.reference.vector import Fields, Group


def check_holding(inputs: Fields) -> Fields:
    entry, payload, log_id = (bytes.fromhex(inputs[name]) for name in ("entry_hex", "payload_hex", "log_id_hex"))
    statement.check_entry(entry, payload, log_id, inputs["position"], inputs["at_before"])
    return {}


def holding(payload: bytes, position: int = 1, at_before: int = world.START, **changes: str) -> Fields:
    """The inputs of a case: the payload in an entry at a position of the log."""
    made = {
        "log_id_hex": world.log_id().hex(),
        "position": position,
        "at_before": at_before,
        "entry_hex": world.make_entry(payload, position).encode().hex(),
        "payload_hex": payload.hex(),
    }
    return made | changes


def holdings(group: Group) -> Group:
    first = world.first_payload().encode()
    payload = world.make_payload("held")
    data = payload.encode()
    group.valid("the first entry", **holding(first, 0, 0))
    group.valid("a later entry", **holding(data))
    group.valid("no payload", **holding(data, payload_hex=""))
    group.valid("the same time as before", **holding(data, at_before=world.START + 60))
    group.valid("unknown kind", **holding(world.make_payload("unknown", kind="something.new").encode()))
    author, others = world.OPERATOR, [signer(f"co-signer {number}") for number in range(15)]
    several = statement.seal(world.make_statement("several"), bytes(32), author, others)
    group.valid("sixteen signatures", **holding(several.encode()))
    group.invalid("earlier than before", "at_decreases", **holding(data, at_before=world.START + 61))
    group.invalid("entry torn", "entry_form", **holding(data, entry_hex=world.make_entry(data).encode().hex()[:-2]))
    later = messagepack.encode([2, world.START + 60, 0, statement.commitment(data)]).hex()
    group.invalid("entry of version 2", "entry_version", **holding(data, entry_hex=later))
    scope = world.make_entry(data, scope=3).encode().hex()
    group.invalid("scope 3", "scope", **holding(data, entry_hex=scope))
    other = world.make_entry(first).encode().hex()
    group.invalid("entry of another payload", "commitment", **holding(data, entry_hex=other))
    resalted = Payload(bytes(32), payload.statement, payload.signatures).encode().hex()
    group.invalid("another salt", "commitment", **holding(data, payload_hex=resalted))
    group.invalid("payload with a byte behind", "payload_form", **holding(data + b"\0"))
    group.invalid("payload torn", "payload_form", **holding(data[:-1]))
    add_bad_statements_held(group)
    add_bad_signatures(group, several)
    return group


def sealed(data: bytes, author: Signer = world.OPERATOR) -> bytes:
    """A payload around any bytes as its statement."""
    return Payload(bytes(32), data, [(author.public_key, author.sign(statement.STATEMENT_PURPOSE + data))]).encode()


def add_bad_statements_held(group: Group) -> None:
    template = statement_template()
    for name, reason, data in (
        ("statement empty", "statement_form", ""),
        ("statement at 2^40", "statement_form", changed(4, 2**40, template)),
        ("statement of version 2", "statement_version", changed(0, 2, template)),
        ("statement of another log", "wrong_log", changed(1, seeded_bytes("another log"), template)),
        ("statement with an empty log_id, not the first", "wrong_log", changed(1, b"", template)),
        ("author is another", "author_signature", changed(5, signer("another").public_key, template)),
    ):
        group.invalid(name, reason, **holding(sealed(bytes.fromhex(data))))
    again = world.first_payload().encode()
    group.invalid("the first charter again", "wrong_log", **holding(again, 1))
    group.invalid("a first entry that names its log", "wrong_log", **holding(world.make_payload("held").encode(), 0, 0))
    stranger = world.charter_statement(world.charter_body(licence="CC-BY-4.0"))
    group.invalid("first charter of another log", "wrong_log", **holding(sealed(stranger.encode()), 0, 0))


def add_bad_signatures(group: Group, several: Payload) -> None:
    author, *others = several.signatures
    key, signature = author
    for name, reason, signatures in (
        ("author second", "author_signature", [others[0], author]),
        ("author missing", "author_signature", others),
        ("others not ascending", "signature_order", [author, *others[::-1]]),
        ("two others the wrong way round", "signature_order", [author, others[1], others[0]]),
        ("author twice", "signature_order", [author, author]),
        ("other twice", "signature_order", [author, others[0], others[0]]),
        (
            "bit flipped in the author's",
            "bad_signature",
            [(key, signature[:32] + bytes([signature[32] ^ 1]) + signature[33:])],
        ),
        ("other's signature is the author's", "bad_signature", [author, (others[0][0], signature)]),
        ("signature of zeros", "bad_signature", [(key, bytes(64))]),
        ("other's key is of small order", "bad_signature", [author, (bytes(32), bytes(64))]),
    ):
        changed_payload = Payload(several.salt, several.statement, signatures)
        group.invalid(name, reason, **holding(changed_payload.encode()))
    for name, message in (
        ("signed without the purpose", several.statement),
        ("signed for another purpose", b"folkmoot/auth/1\0" + several.statement),
        ("signed with a purpose that lacks its zero byte", b"folkmoot/statement/1" + several.statement),
    ):
        pair = (key, world.OPERATOR.sign(message))
        group.invalid(name, "bad_signature", **holding(Payload(several.salt, several.statement, [pair]).encode()))
