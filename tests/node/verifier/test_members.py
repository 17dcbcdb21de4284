# SPDX-License-Identifier: AGPL-3.0-or-later
"""Member statements, balances and short forms have the verdict of the program, whatever is changed in them."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from protocol.balance import judge_balance
from protocol.digits import to_digits
from protocol.errors import Malformed
from protocol.member_statement import MemberStatement, write_member_statement
from protocol.member_verdict import judge_member
from protocol.policy import parse_policy
from protocol.short import unpack
from tests.ledgers import year
from tests.node.verifier.damage import damage, verdict
from tests.node.verifier.running import ask_node, vector_files

if TYPE_CHECKING:
    from pathlib import Path

YEAR, ANA = year()
STATEMENT = YEAR.statement(ANA)
FILE = write_member_statement(STATEMENT)


def cases(group: str) -> list[Any]:
    groups = vector_files()["20-member-statement"]["groups"]
    found: list[Any] = next(one["cases"] for one in groups if one["name"] == group)
    return found


def tampered(chance: random.Random) -> bytes:
    """The statement, changed by somebody who can write one: the proof is honest again for what is left."""
    entries = list(STATEMENT.entries)
    for _ in range(chance.choice([1, 1, 2])):
        at = chance.randrange(len(entries))
        position, entry, payload, concerns = entries[at]
        other = entries[chance.randrange(len(entries))]
        match chance.randrange(7):
            case 0:
                entries[at] = (position, entry, b"", concerns)
            case 1:
                entries[at] = (position, entry, payload, other[3])
            case 2:
                entries[at] = (position, *YEAR.log.entries[position], chance.choice([[], [0], [0, 1], [0, 1, 2], [2]]))
            case 3:
                entries[at] = (position, other[1], other[2], concerns)
            case 4:
                more = chance.randrange(YEAR.log.size)
                entries.append((more, *YEAR.log.entries[more], concerns))
                entries = sorted({one[0]: one for one in entries}.values())
            case _:
                del entries[at]
    shown = [position for position, *_ in entries]
    hashes = YEAR.log.prove_many(shown)
    return write_member_statement(msgspec.structs.replace(STATEMENT, entries=entries, hashes=hashes))


def test_tampered_statements_have_the_verdict_of_the_program(tmp_path: Path) -> None:
    chance = random.Random(20)
    asked, wanted = [], []
    vectors = [bytes.fromhex(case["statement_hex"]) for case in cases("verdict")]
    for data in [*vectors, *(tampered(chance) for _ in range(60))]:
        changed = damage(data, chance) if chance.random() < 0.3 else data
        asked.append(changed.hex())
        wanted.append(verdict(partial(judged, changed)))
    assert ask_node(tmp_path, "judgeMembers", asked, "vectors.js") == wanted
    assert len(set(wanted)) > 8


def judged(data: bytes) -> str:
    return judge_member(data).verdict.word


def test_damaged_balances_have_the_verdict_of_the_program(tmp_path: Path) -> None:
    chance = random.Random(3)
    asked, wanted = [], []
    for case in cases("balance") * 12:
        proof = damage(case["proof"].encode(), chance)
        asked.append([proof.hex(), case["trust"].encode().hex()])
        wanted.append(judge_balance(proof, parse_policy(case["trust"].encode())).verdict.word)
    assert ask_node(tmp_path, "judgeBalances", asked, "vectors.js") == wanted
    assert len(set(wanted)) > 4


def test_damaged_short_forms_unpack_to_the_same_or_to_nothing(tmp_path: Path) -> None:
    chance = random.Random(9)
    asked, wanted = [], []
    for case in [case for case in cases("short_form") if case["valid"]] * 60:
        short = damage(bytes.fromhex(case["short_hex"]), chance)
        asked.append([short.hex(), to_digits(short)])
        wanted.append(verdict(partial(unpacked, short)))
    assert ask_node(tmp_path, "unpackAll", asked, "vectors.js") == wanted
    assert 1 < sum(not text.startswith("refused") for text in wanted) < len(wanted)


def unpacked(short: bytes) -> str:
    return unpack(short).hex()


def test_sums_are_exact_beyond_what_a_number_holds(tmp_path: Path) -> None:
    """Amounts are at most 10^15, but what they add up to may be more than 2^53."""
    amounts = [10**15] * 4_000 + [-1] * 7 + [10**15 - 1] * 4_000 + [-(10**15)] * 9
    total = sum(amounts)
    asked = {"amounts": amounts, "totals": [str(total), str(total + 1), str(total - 1), "0"]}
    assert ask_node(tmp_path, "sumAll", asked, "vectors.js") == [True, False, False, False]


def test_a_statement_is_of_its_form(tmp_path: Path) -> None:
    fields = msgspec.to_builtins(STATEMENT, builtin_types=(bytes,))
    assert set(fields) == set(MemberStatement.__struct_fields__)
    files = [FILE[:-1], FILE + b"\0", FILE[1:], b"", FILE.replace(b"\xa4path", b"\xa5paths"), FILE]
    asked = [changed.hex() for changed in files]
    assert ask_node(tmp_path, "judgeMembers", asked, "vectors.js") == [*["malformed"] * 5, "true"]


def test_refusals_are_told_apart() -> None:
    def refuse() -> str:
        raise Malformed("why", "because")

    assert verdict(refuse) == "refused: why"
