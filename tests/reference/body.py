# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of the directory's statements, spec 10 §1."""

import re

from tests.reference.messagepack import Value
from tests.reference.record import SUBJECT, Check, check_record, fields, integer, text
from tests.reference.rejection import RejectionError, require
from tests.reference.shape import is_bytes, is_integer


def is_id(value: Value) -> bool:
    """An id of 16 bytes."""
    return is_bytes(value, 16)


def is_log(value: Value) -> bool:
    """A LogId."""
    return is_bytes(value, 32)


def is_boolean(value: Value) -> bool:
    """True or false."""
    return isinstance(value, bool)


def is_positions(value: Value) -> bool:
    """Positions of erased entries, spec 03 §7."""
    if not isinstance(value, list) or not 1 <= len(value) <= 1_024:
        return False
    numbers = [one for one in value if is_integer(one, 1)]
    return len(numbers) == len(value) and sorted(set(numbers)) == numbers


def is_record(value: Value) -> bool:
    """A record that may be received."""
    try:
        check_record(value)
    except RejectionError:
        return False
    return True


def is_set_name(value: Value) -> bool:
    """The short name of a data set, spec 10 §4."""
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z0-9._-]{1,64}", value))


NOTE = {"note": text(2_000)}
OUTCOMES = ("accepted", "edited", "refused", "done", "nothing_to_do", "closed")
IS_DECIDED = fields(
    {"claim": is_id, "author": is_log, "subject": SUBJECT, "outcome": lambda value: value in OUTCOMES},
    {"state": is_log, "reason": text(1_000, 1), "through": text(100, 1), "decision": is_id},
)


def has_its_state(value: Value) -> bool:
    """Whether a decision holds the digest of a state where it accepts one, and only there: spec 21 §2."""
    return isinstance(value, dict) and ("state" in value) == (value["outcome"] in OUTCOMES[:2])


COUNTS = dict.fromkeys(("added", "updated", "closed", "kept", "refused"), integer())
BODIES: dict[str, Check] = {
    "record.put": fields({"record": is_record}, {"import": is_id}),
    "record.close": fields({"id": is_id, "reason": text()}, {"import": is_id}),
    "claim.checked": fields({"subject": SUBJECT, "finding": text()}, NOTE),
    "claim.same": fields({"subject": SUBJECT, "other": SUBJECT}, {"withdrawn": is_boolean}),
    "claim.different": fields({"subject": SUBJECT, "other": SUBJECT}, {"withdrawn": is_boolean}),
    "claim.report": fields({"subject": SUBJECT, "type": text()}, NOTE),
    "claim.endorse": fields({"subject": SUBJECT}, NOTE),
    "claim.correct": fields({"subject": SUBJECT, "record": is_record}, NOTE),
    "claim.decided": lambda value: IS_DECIDED(value) and has_its_state(value),
    "import.start": fields(
        {
            "id": is_id,
            "set": is_set_name,
            "file": lambda value: is_bytes(value, 32),
            "name": text(),
            "licence": text(),
        },
        {"attribution": text()},
    ),
    "import.done": fields({"id": is_id, **COUNTS}),
    "import.undo": fields({"id": is_id}),
    "vouch": fields({"log": is_log, "vouched": is_boolean}, NOTE),
    "deny": fields({"log": is_log, "denied": is_boolean, "reason": text()}, {"id": is_id, **NOTE}),
    "label": fields(
        {"subject": fields({"log": is_log}, {"id": is_id}), "label": text(64, 1), "set": is_boolean},
        NOTE,
    ),
    "circle": fields({"log": lambda value: is_bytes(value, 32), "member": is_boolean}, {"name": text()}),
    "receipt": fields({"log": lambda value: is_bytes(value, 32), "epoch": integer(1), "positions": is_positions}),
}


def check_body(kind: str, body: Value) -> None:
    """Accept the body of a statement of a known kind, or `malformed`."""
    require(BODIES[kind](body), "malformed")
