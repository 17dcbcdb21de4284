# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 21: decisions on proposals, their ids, and whose claims count."""

from collections.abc import Iterator

from tests.reference import messagepack, proposal, world
from tests.reference.cases.bodies import check_body
from tests.reference.cases.broken_records import SUBJECT, minimal
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes, signer
from tests.reference.statement import Statement, decode_statement
from tests.reference.vector import Fields, Group, hexes, vector_file

NAMES = ("put", "close", "circle", "decided")
ACCEPTED: dict[str, Value] = {
    "claim": seeded_bytes("claim", 16),
    "author": signer("somebody").public_key,
    "subject": SUBJECT,
    "outcome": "accepted",
    "state": seeded_bytes("state"),
}


def generate() -> bytes:
    """The file 21-proposals.json."""
    return vector_file("21", "Proposals", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield bodies(Group("body", "Read body_hex as the body of a statement of this kind, §2, as on receipt.", check_body))
    ids = Group("decision_ids", "The ids of what is entered with the claim of this id (§2).", check_ids)
    ids.valid("a claim", claim_id_hex=seeded_bytes("claim", 16).hex())
    ids.valid("all zeros", claim_id_hex=bytes(16).hex())
    yield ids
    states = Group("state", "The digest of the record record_hex that a decision accepts (§2).", check_state)
    contact: dict[str, Value] = {"email": "mill@mill.example", "visibility": "public"}
    for name, record in (
        ("minimal", minimal()),
        ("contact for everybody", minimal(contact=contact)),
        ("contact for members", minimal(contact=contact | {"visibility": "members"})),
    ):
        states.valid(name, record_hex=messagepack.encode(record).hex())
    yield states
    about = (
        "The verdict on the statement statement_hex with valid signatures by signers_hex, its author first, where"
        " writers_hex may write in the log (§1)."
    )
    yield verdicts(Group("verdict", about, check_verdict))


def check_ids(inputs: Fields) -> Fields:
    claim_id = bytes.fromhex(inputs["claim_id_hex"])
    return {f"{name}_id_hex": proposal.decision_id(claim_id, name).hex() for name in NAMES}


def check_state(inputs: Fields) -> Fields:
    return {"state_hex": proposal.state_of(messagepack.decode(bytes.fromhex(inputs["record_hex"]))).hex()}


def check_verdict(inputs: Fields) -> Fields:
    kind = decode_statement(bytes.fromhex(inputs["statement_hex"])).kind
    signers, writers = ([bytes.fromhex(key) for key in inputs[name]] for name in ("signers_hex", "writers_hex"))
    return {"verdict": proposal.verdict(kind, signers, writers)}


def bodies(group: Group) -> Group:
    def encoded(body: dict[str, Value]) -> str:
        return messagepack.encode(body).hex()

    def good(name: str, **changes: Value) -> None:
        group.valid(name, kind="claim.decided", body_hex=encoded(ACCEPTED | changes))

    def bad(name: str, body: dict[str, Value]) -> None:
        group.invalid(name, "malformed", kind="claim.decided", body_hex=encoded(body))

    stateless = {key: value for key, value in ACCEPTED.items() if key != "state"}
    good("accepted")
    good("edited", outcome="edited")
    for outcome in ("refused", "done", "nothing_to_do", "closed"):
        body = stateless | {"outcome": outcome}
        group.valid(outcome, kind="claim.decided", body_hex=encoded(body))
        bad(f"{outcome} with a state", body | {"state": bytes(32)})
    good("with all that may be said", reason="a" * 1_000, through="b" * 100, decision=seeded_bytes("decision", 16))
    good("with a field that is not known", colour="green")
    bad("accepted without a state", stateless)
    bad("edited without a state", stateless | {"outcome": "edited"})
    bad("an unknown outcome", stateless | {"outcome": "postponed"})
    bad("a reason without characters", ACCEPTED | {"reason": ""})
    bad("a reason of 1,001 characters", ACCEPTED | {"reason": "a" * 1_001})
    bad("through of 101 characters", ACCEPTED | {"through": "a" * 101})
    bad("through nobody", ACCEPTED | {"through": ""})
    bad("a state of 31 bytes", ACCEPTED | {"state": bytes(31)})
    bad("a decision of 32 bytes", ACCEPTED | {"decision": bytes(32)})
    for key in ("claim", "author", "subject", "outcome"):
        bad(f"without {key}", {name: value for name, value in ACCEPTED.items() if name != key})
        bad(f"{key} of another type", ACCEPTED | {key: [False]})
    return group


def verdicts(group: Group) -> Group:
    steward, other, stranger = (signer(name).public_key for name in ("steward", "other steward", "somebody"))
    correct: dict[str, Value] = {"subject": SUBJECT, "record": minimal()}
    report: dict[str, Value] = {"subject": SUBJECT, "type": "wrong"}
    endorse: dict[str, Value] = {"subject": SUBJECT}
    for name, kind, body, signers in (
        ("a stranger's proposal", "claim.correct", correct, [stranger]),
        ("a stranger's proposal, signed by a steward", "claim.correct", correct, [stranger, steward]),
        ("a stranger's report, signed by a steward", "claim.report", report, [stranger, steward]),
        ("a stranger's report, signed by another stranger", "claim.report", report, [stranger, bytes(32)]),
        ("a steward's proposal", "claim.correct", correct, [steward]),
        ("a steward's proposal, signed by a stranger", "claim.correct", correct, [steward, stranger]),
        ("a stranger's endorsement, signed by a steward", "claim.endorse", endorse, [stranger, steward]),
        ("a stranger's record, signed by a steward", "record.put", {"record": minimal()}, [stranger, steward]),
    ):
        made = Statement(world.log_id(), kind, seeded_bytes(name, 16), world.START, signers[0], body)
        group.valid(
            name,
            statement_hex=made.encode().hex(),
            signers_hex=hexes(signers),
            writers_hex=hexes([steward, other]),
        )
    return group
