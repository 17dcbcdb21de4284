# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 10 §1: bodies of statements."""

from collections.abc import Iterator

from tests.reference import body, messagepack
from tests.reference.cases.broken_records import SUBJECT, minimal
from tests.reference.messagepack import Value
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group

IMPORT = seeded_bytes("import id", 16)
# Kinds whose body may hold a note.
NOTED = ("claim.checked", "claim.report", "claim.endorse", "claim.correct")


def check_body(inputs: Fields) -> Fields:
    body.check_body(inputs["kind"], messagepack.decode(bytes.fromhex(inputs["body_hex"])))
    return {}


def bodies(group: Group) -> Group:
    good: dict[str, dict[str, Value]] = {
        "record.put": {"record": minimal()},
        "record.close": {"id": SUBJECT["id"], "reason": "closed"},
        "claim.checked": {"subject": SUBJECT, "finding": "right"},
        "claim.same": {"subject": SUBJECT, "other": SUBJECT | {"id": bytes(16)}},
        "claim.different": {"subject": SUBJECT, "other": SUBJECT | {"id": bytes(16)}},
        "claim.report": {"subject": SUBJECT, "type": "not_there"},
        "claim.endorse": {"subject": SUBJECT},
        "claim.correct": {"subject": SUBJECT, "record": minimal()},
        "import.start": {"id": IMPORT, "set": "farms", "file": bytes(32), "name": "Farms", "licence": "CC0-1.0"},
        "import.done": {"id": IMPORT, "added": 1, "updated": 0, "closed": 2**40, "kept": 3, "refused": 0},
        "import.undo": {"id": IMPORT},
        "circle": {"log": bytes(32), "member": True},
        "receipt": {"log": bytes(32), "epoch": 1, "positions": [1, 2, 2**40]},
    }
    for kind, content in good.items():
        group.valid(f"{kind} plain", kind=kind, body_hex=messagepack.encode(content).hex())
        for key in content:
            less = {k: v for k, v in content.items() if k != key}
            group.invalid(f"{kind} without {key}", "malformed", kind=kind, body_hex=messagepack.encode(less).hex())
            other = messagepack.encode(content | {key: [False]}).hex()
            group.invalid(f"{kind}: {key} of another type", "malformed", kind=kind, body_hex=other)
    for name, kind, changes in optional_parts():
        group.valid(f"{kind} {name}", kind=kind, body_hex=messagepack.encode(good[kind] | changes).hex())
    for name, kind, changes in broken_parts():
        group.invalid(
            f"{kind}: {name}", "malformed", kind=kind, body_hex=messagepack.encode(good[kind] | changes).hex()
        )
    return group


def optional_parts() -> Iterator[tuple[str, str, dict[str, Value]]]:
    """Name, kind, and what else a body may hold."""
    yield "of an import", "record.put", {"import": IMPORT}
    yield "of an import", "record.close", {"import": IMPORT, "reason": "gone"}
    for reason in ("duplicate", "mistake", "undone"):
        yield f"for {reason}", "record.close", {"reason": reason}
    for finding in ("changed", "closed"):
        yield f"found {finding}", "claim.checked", {"finding": finding}
    for sort in ("wrong", "against_charter", "duplicate"):
        yield f"of {sort}", "claim.report", {"type": sort}
    for kind in NOTED:
        yield "with a note of 2,000 characters", kind, {"note": "a" * 2_000}
    yield "no longer", "circle", {"member": False, "name": "Neighbours"}
    for kind in ("claim.same", "claim.different"):
        yield "taken back", kind, {"withdrawn": True}
        yield "not taken back", kind, {"withdrawn": False}
    yield "of one position", "receipt", {"positions": [7], "epoch": 2**32}
    yield "of 1,024 positions", "receipt", {"positions": list(range(1, 1_025))}
    yield "for two parties", "record.put", {"parties": [bytes(32), b"\1" * 32]}
    yield "with attribution and a long set", "import.start", {"attribution": "The farmers", "set": "a.b_c-" + "9" * 58}


def broken_parts() -> Iterator[tuple[str, str, dict[str, Value]]]:
    """Name, kind, and what is wrong."""
    yield "import of 15 bytes", "record.put", {"import": bytes(15)}
    yield "record without a name", "record.put", {"record": {k: v for k, v in minimal().items() if k != "name"}}
    yield (
        "proposed record at (0, 0)",
        "claim.correct",
        {"record": minimal(point={"lat": 0, "lon": 0, "precision": 0, "method": "gps"})},
    )
    yield "id of 17 bytes", "record.close", {"id": bytes(17)}
    for kind in NOTED:
        yield "note of 2,001 characters", kind, {"note": "a" * 2_001}
    yield "subject's id of 15 bytes", "claim.endorse", {"subject": SUBJECT | {"id": bytes(15)}}
    yield "subject's log empty", "claim.endorse", {"subject": SUBJECT | {"log": b""}}
    yield "other is bytes", "claim.same", {"other": bytes(16)}
    yield "withdrawn is 1", "claim.same", {"withdrawn": 1}
    yield "withdrawn is a text", "claim.different", {"withdrawn": "yes"}
    yield "set in upper case", "import.start", {"set": "Farms"}
    yield "set empty", "import.start", {"set": ""}
    yield "set of 65 characters", "import.start", {"set": "a" * 65}
    yield "file of 31 bytes", "import.start", {"file": bytes(31)}
    yield "added negative", "import.done", {"added": -1}
    yield "log of 31 bytes", "circle", {"log": bytes(31)}
    yield "member is 1", "circle", {"member": 1}
    yield "log of 33 bytes", "receipt", {"log": bytes(33)}
    yield "epoch 0", "receipt", {"epoch": 0}
    yield "no positions", "receipt", {"positions": []}
    yield "1,025 positions", "receipt", {"positions": list(range(1, 1_026))}
    yield "position 0", "receipt", {"positions": [0, 1]}
    yield "descending positions", "receipt", {"positions": [2, 1]}
    yield "a position twice", "receipt", {"positions": [1, 2, 2]}
    yield "a position that is true", "receipt", {"positions": [True, 2]}
    yield "id of 15 bytes", "import.undo", {"id": bytes(15)}
