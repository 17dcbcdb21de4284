# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a clause may hold, spec 18: shapes first, then what the fields of one clause owe to each other."""

import re
import unicodedata
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.reference import messagepack
from tests.reference.messagepack import Value
from tests.reference.record import Check, fields
from tests.reference.rejection import require
from tests.reference.shape import is_array, is_bytes, is_integer

AMOUNT_MAX, RATE_MAX = 10**15, 10**9
CLASSES = ("worker", "user", "commoner", "coop", "union", "city", "nonprofit", "for_profit")


def whole(low: int, high: int) -> Check:
    """An integer in a range."""
    return lambda value: is_integer(value, low, high)


def one_of(*words: str) -> Check:
    """One of these words."""
    return lambda value: isinstance(value, str) and value in words


def is_id(value: Value) -> bool:
    """16 bytes."""
    return is_bytes(value, 16)


def is_code(value: Value) -> bool:
    """The code of a unit."""
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9._-]{1,12}", value, re.ASCII))


def is_rate(value: Value) -> bool:
    """[n, d]."""
    return is_array(value, 2, 2) and is_integer(value[0], 0, RATE_MAX) and is_integer(value[1], 1, RATE_MAX)


def is_part(value: Value) -> bool:
    """A rate of at most 1."""
    return is_rate(value) and Fraction(*value) <= 1


def are_shares(value: Value) -> bool:
    """[[account, weight], ...] in ascending order, something in all."""
    pairs = is_array(value, 1, 32) and all(is_array(pair, 2, 2) for pair in value)
    if not pairs or not all(is_id(account) and is_integer(weight, 0, RATE_MAX) for account, weight in value):
        return False
    accounts = [account for account, _ in value]
    return accounts == sorted(set(accounts)) and sum(weight for _, weight in value) > 0


def is_name(value: Value) -> bool:
    """A name of a wage line."""
    if not isinstance(value, str) or not 1 <= len(value) <= 64:
        return False
    return all(unicodedata.category(letter) != "Cc" for letter in value)


def names(low: int) -> Check:
    """Names, none twice."""
    return lambda value: (
        is_array(value, low, 16) and all(is_name(one) for one in value) and len(set(value)) == len(value)
    )


LINE = fields({"name": is_name, "base": names(1), "rate": is_rate}, {"less": names(0), "to": is_id})


def are_lines(value: Value) -> bool:
    """Wage lines, each resting on earlier ones."""
    if not is_array(value, 1, 16) or not all(LINE(line) for line in value):
        return False
    known = ["budget"]
    for line in value:
        if line["name"] in {*known, "residual"} or {*line["base"], *line.get("less", [])} - set(known):
            return False
        known.append(line["name"])
    return True


def are_classes(value: Value) -> bool:
    """{class: rate or deny}."""
    if not isinstance(value, dict) or not value:
        return False
    return all(name in CLASSES and (rate == "deny" or is_rate(rate)) for name, rate in value.items())


AMOUNT, FROM_NOTHING = whole(1, AMOUNT_MAX), whole(0, AMOUNT_MAX)
# kind: required fields, optional fields.
KINDS: dict[str, tuple[dict[str, Check], dict[str, Check]]] = {
    "rate_contribution": ({"of": one_of("claim"), "rate": is_part, "to": are_shares}, {}),
    "guaranteed_payment": (
        {"days": whole(0, 366), "calendar": one_of("days", "working"), "fund": is_id},
        {"cap": AMOUNT},
    ),
    "wage_conversion": ({"lines": are_lines}, {}),
    "reinvest": (
        {"rate": is_part, "from": is_id, "to": are_shares},
        {"in_kind": fields({"unit": is_code, "price": AMOUNT, "cap": is_part})},
    ),
    "access": (
        {
            "resource": is_id,
            "unit_price": FROM_NOTHING,
            "unit": is_code,
            "per": one_of("day", "hour", "use"),
            "by_class": are_classes,
            "to": is_id,
        },
        {"deposit": AMOUNT},
    ),
    "patronage": (
        {
            "base": one_of("contributions", "purchases", "hours"),
            "unit": is_code,
            "reserve": is_rate,
            "reserve_to": is_id,
            "commons": is_rate,
            "commons_to": is_id,
        },
        {"min": AMOUNT},
    ),
    "mutual_guarantee": ({"pool": is_id, "pledges": are_shares}, {}),
    "share": (
        {
            "shares": is_code,
            "nominal": AMOUNT,
            "unit": is_code,
            "min": whole(1, 10**9),
            "refund": one_of("nominal", "none"),
            "notice_days": whole(0, 3_660),
        },
        {},
    ),
    "lease": (
        {
            "resource": is_id,
            "years": whole(1, 99),
            "rent": FROM_NOTHING,
            "from": is_id,
            "to": is_id,
            "every": one_of("month", "year"),
        },
        {},
    ),
    "gift": ({"ack": one_of("wanted", "required")}, {}),
    "host_fee": ({"fund": is_id, "rate": is_part, "to": is_id}, {}),
}
TOGETHER: dict[str, Callable[[dict[str, Any]], bool]] = {
    "patronage": lambda clause: Fraction(*clause["reserve"]) + Fraction(*clause["commons"]) <= 1,
    "share": lambda clause: clause["shares"] != clause["unit"],
    "host_fee": lambda clause: clause["fund"] != clause["to"],
}


def read_clauses(data: bytes) -> list[dict[str, Any]]:
    """The clauses of somebody else's contract, or `malformed`."""
    value = messagepack.decode(data)
    require(is_array(value, 1, 32), "malformed")
    for clause in value:
        require(isinstance(clause, dict) and clause.get("kind") in KINDS, "malformed")
        required, optional = KINDS[clause["kind"]]
        require(fields(required, optional)(clause), "malformed")
        require(clause["kind"] not in TOGETHER or TOGETHER[clause["kind"]](clause), "malformed")
    require(sum(clause["kind"] == "guaranteed_payment" for clause in value) <= 1, "malformed")
    return list(value)


def is_signable(clauses: list[dict[str, Any]]) -> bool:
    """Whether clauses that may be received may be signed too."""
    for clause in clauses:
        required, optional = KINDS[clause["kind"]]
        if clause.keys() - required.keys() - optional.keys() - {"kind"}:
            return False
        if clause.get("in_kind", {}).keys() - {"unit", "price", "cap"}:
            return False
        for line in clause.get("lines", []):
            if line.keys() - {"name", "base", "rate", "less", "to"} or line.get("less", [""]) == []:
                return False
    return True
