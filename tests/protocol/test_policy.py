# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 08 §2: the trust file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Malformed
from protocol.note import TYPE_COSIGNATURE, TYPE_ED25519, VerifierKey
from protocol.policy import LINES_MAX, POLICY_BYTES_MAX, Policy, parse_policy
from tests.builders import found_organisation, signing_key, witness_key
from tests.drawing import draws
from tests.protocol.strategies import damaged, hostile
from tests.protocol.vectors import Case, agreed, vectors

WITNESSES = ("north", "south", "east", "west")


def write(policy: Policy) -> bytes:
    """A trust file of a policy: a group is written once all its members are."""
    lines = [f"log {key}" for key in policy.logs]
    lines += [f"witness {name} {key}" for name, key in policy.witnesses.items()]
    lines += [f"group {name} {group.threshold} {' '.join(group.members)}" for name, group in policy.groups.items()]
    return "".join(f"{line}\n" for line in [*lines, f"quorum {policy.quorum or 'none'}"]).encode("latin-1")


@vectors("08-proof", "trust")
def test_trust_vectors(case: Case) -> None:
    data = case["trust"].encode() if "trust" in case else bytes.fromhex(case["trust_hex"])
    with agreed(case):
        policy = parse_policy(data)
        assert list(map(str, policy.logs)) == case["logs"]
        named = {name.encode("latin-1").decode(): str(key) for name, key in policy.witnesses.items()}
        assert list(map(list, named.items())) == case["witnesses"]
        groups = [[name, group.threshold, list(group.members)] for name, group in policy.groups.items()]
        assert groups == case["groups"]
        assert (policy.quorum or "none").encode("latin-1").decode() == case["quorum"]
        assert parse_policy(write(policy)) == policy


@vectors("08-proof", "quorum")
def test_quorum_vectors(case: Case) -> None:
    policy = parse_policy(case["trust"].encode())
    assert policy.reached(case["cosigners"]) is case["satisfied"]


def trust(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


WITNESS_LINES = tuple(f"witness {name} {witness_key(name)}" for name in WITNESSES)
LOG_LINE = f"log {found_organisation().verifier_key} https://moot.example/"
WHOLE = trust(LOG_LINE, *WITNESS_LINES, "group pair all north south", "group g 2 pair east west", "quorum g")


@given(hostile | damaged(st.just(WHOLE)))
@draws(200)
def test_any_bytes_are_refused_or_a_policy(data: bytes) -> None:
    try:
        policy = parse_policy(data)
    except Malformed:
        return
    assert parse_policy(write(policy)) == policy


@given(st.data())
def test_a_group_is_satisfied_by_so_many_of_its_members(data: st.DataObject) -> None:
    outer = data.draw(st.integers(1, 3))
    inner = data.draw(st.integers(1, 2))
    witnessed = data.draw(st.sets(st.sampled_from([*WITNESSES, "stranger", "pair"])))
    groups = (f"group pair {inner} north south", f"group g {outer} pair east west", "quorum g")
    policy = parse_policy(trust(*WITNESS_LINES, *groups))
    pair = len(witnessed & {"north", "south"}) >= inner
    assert policy.reached(witnessed) is (pair + len(witnessed & {"east", "west"}) >= outer)


def test_a_policy_comes_back_with_its_groups() -> None:
    policy = parse_policy(WHOLE)
    assert parse_policy(write(policy)) == policy
    assert policy.groups["pair"].threshold == 2
    assert not policy.reached({"north", "east"})
    assert policy.reached({"north", "south", "east"})
    assert policy.reached({"east", "west"})


def test_lines_may_be_empty_spaced_and_commented_but_not_unfinished() -> None:
    data = b"\n  \t\n# quorum g\n" + WHOLE.replace(b"group pair", b" \tgroup \t pair ")
    assert parse_policy(data) == parse_policy(WHOLE)
    with pytest.raises(Malformed, match="line"):
        parse_policy(WHOLE.removesuffix(b"\n"))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["quorum none", "quorum none"], "quorum"),
        ([], "quorum"),
        (["quorum g"], "name"),
        ([LOG_LINE, LOG_LINE, "quorum none"], "duplicate"),
        ([WITNESS_LINES[0], WITNESS_LINES[0].replace("witness north", "witness other"), "quorum none"], "duplicate"),
        ([WITNESS_LINES[0], f"witness north {witness_key('south')}", "quorum none"], "name"),
        (["witness none " + str(witness_key("north")), "quorum none"], "name"),
        ([*WITNESS_LINES, "group a any north south", "group b any north east", "quorum b"], "member"),
        ([*WITNESS_LINES, "group a any north north", "quorum a"], "member"),
        (["group a any north", *WITNESS_LINES, "quorum a"], "name"),
        ([*WITNESS_LINES, "group a any a", "quorum a"], "name"),
        ([*WITNESS_LINES, "group a 0 north", "quorum a"], "threshold"),
        ([*WITNESS_LINES, "group a 2 north", "quorum a"], "threshold"),
        ([*WITNESS_LINES, "group a 01 north", "quorum a"], "threshold"),
        ([f"log {witness_key('north')}", "quorum none"], "key_type"),
        ([f"witness a {found_organisation().verifier_key}", "quorum none"], "key_type"),
        (["log nothing", "quorum none"], "verifier_key"),
        (["logs a", "quorum none"], "line"),
        ([LOG_LINE + " more", "quorum none"], "line"),
        (["group a any", "quorum none"], "line"),
        (["quorum none\r"], "character"),
        (["# \x00", "quorum none"], "character"),
    ],
)
def test_what_breaks_the_page_is_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(Malformed) as refusal:
        parse_policy(trust(*lines))
    assert refusal.value.reason == reason


def key_lines(kind: int, count: int) -> list[str]:
    keys = [VerifierKey(f"key/{number}", kind, signing_key(f"many {number}").public) for number in range(count)]
    return [f"log {key}" if kind == TYPE_ED25519 else f"witness w{key.name[4:]} {key}" for key in keys]


@pytest.mark.parametrize("kind", [TYPE_ED25519, TYPE_COSIGNATURE])
def test_there_are_so_many_lines_of_a_sort_and_no_more(kind: int) -> None:
    lines = key_lines(kind, LINES_MAX + 1)
    policy = parse_policy(trust(*lines[:-1], "quorum none"))
    assert len(policy.logs) + len(policy.witnesses) == LINES_MAX
    with pytest.raises(Malformed, match="line"):
        parse_policy(trust(*lines, "quorum none"))


def test_a_file_that_is_too_long_is_refused() -> None:
    assert parse_policy(b"quorum none\n".rjust(POLICY_BYTES_MAX, b"\n")).quorum is None
    with pytest.raises(Malformed, match="too long"):
        parse_policy(b"quorum none\n".rjust(POLICY_BYTES_MAX + 1, b"\n"))
