# SPDX-License-Identifier: AGPL-3.0-or-later
"""What statements of the ledger move, spec 20 §2; of their bodies as much as that takes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.reference.messagepack import Value
from tests.reference.rejection import require
from tests.reference.shape import is_array, is_bytes, is_integer
from tests.reference.statement import Statement

AMOUNT_MAX = 10**15


def is_id(value: Value) -> bool:
    """A name of 16 bytes."""
    return is_bytes(value, 16)


def is_party(value: Value) -> bool:
    """A member or the organisation."""
    return is_bytes(value, 16) or is_bytes(value, 32)


def is_amount(value: Value) -> bool:
    """An amount."""
    return is_integer(value, -AMOUNT_MAX, AMOUNT_MAX)


def is_legs(value: Value) -> bool:
    """Pairs of account and amount, ascending by account."""
    if not is_array(value, 0, 2_048) or not all(is_array(leg, 2, 2) for leg in value):
        return False
    accounts = [account for account, _ in value]
    return all(is_id(account) and is_amount(amount) for account, amount in value) and accounts == sorted(set(accounts))


Check = Callable[[Value], bool]
# The fields that matter here, and what they have to be.
KINDS: dict[str, dict[str, Check]] = {
    "member.join": {"key": lambda value: is_bytes(value, 32)},
    "member.set": {"member": is_id},
    "member.profile": {"member": is_id},
    "account.open": {"owner": is_party},
    "event": {"provider": is_party, "receiver": is_party},
    "post": {"code": lambda value: value in ("opening", "transfer", "correction"), "legs": is_legs},
    "note": {"about": is_id},
    "state": {"size": is_integer, "leaves": is_integer, "root": lambda value: is_bytes(value, 32)},
    "xfer.reserve": {"account": is_id, "connector": is_id, "amount": is_amount},
    "xfer.accept": {"account": is_id, "connector": is_id, "amount": is_amount},
    "xfer.post": {"transfer": is_id},
    "xfer.void": {"transfer": is_id},
}


def read_body(said: Statement) -> dict[str, Value] | None:
    """The body, if it is of a kind that is known here and of its form."""
    fields = KINDS.get(said.kind)
    if fields is None or not all(name in said.body and check(said.body[name]) for name, check in fields.items()):
        return None
    return said.body


@dataclass
class Moving:
    """Remembers payments to other logs from one statement to the next."""

    reserves: dict[bytes, dict[str, Value]] = field(default_factory=dict)
    void: set[bytes] = field(default_factory=set)

    def moves(self, kind: str, identity: bytes, body: dict[str, Value]) -> list[tuple[bytes, int, int]]:
        """(account, posted, reserved), or `false: balance` for an answer to what was not reserved."""
        if kind == "post":
            return [(account, amount, 0) for account, amount in body["legs"]]
        if kind == "xfer.reserve":
            self.reserves[identity] = body
            return [(body["account"], 0, body["amount"])]
        if kind == "xfer.accept":
            return [(body["account"], body["amount"], 0), (body["connector"], -body["amount"], 0)]
        if kind not in ("xfer.post", "xfer.void"):
            return []
        require(body["transfer"] in self.reserves, "false: balance")
        reserve = self.reserves[body["transfer"]]
        amount = reserve["amount"]
        if kind == "xfer.void":
            self.void.add(body["transfer"])
            return [(reserve["account"], 0, -amount)]
        held = 0 if body["transfer"] in self.void else amount
        return [(reserve["account"], -amount, -held), (reserve["connector"], amount, 0)]
