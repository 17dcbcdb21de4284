# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 10 §5: merges, and what counts of what was said on pairs of records."""

from collections.abc import Iterator

from tests.reference import duplicates
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group


def groups() -> Iterator[Group]:
    """The groups about duplicates."""
    merges = Group(
        "merge_ids",
        "The ids of the record.put and the record.close of a merge, from the id of its claim.same (§5).",
        check_merge,
    )
    merges.valid("a claim", claim_id_hex=seeded_bytes("claim", 16).hex())
    merges.valid("all zeros", claim_id_hex=bytes(16).hex())
    yield merges
    pairs = Group(
        "pairs",
        "What counts of claims, in the order of their logs: the pairs kept apart, and the records not shown by search,"
        " at the node of the log `own`, where the records `open` are open. Records are written log/id, and are in the"
        " order of their texts (§5).",
        check_pairs,
    )
    for name, claims in CASES.items():
        pairs.valid(name, own="a", claims=[claim(*one) for one in claims], open=OPEN)
    closed = [record for record in OPEN if record != "a/2"]
    pairs.valid("the one to keep is closed", own="a", claims=[claim("a", "same", "a/1", "a/2")], open=closed)
    yield pairs


OPEN = ["a/1", "a/2", "a/3", "b/1", "c/1"]
CASES: dict[str, list[tuple[str, ...]]] = {
    "nothing said": [],
    "the same": [("a", "same", "a/1", "a/2")],
    "the same, named the other way": [("a", "same", "a/2", "a/1")],
    "the same, and taken back": [("a", "same", "a/1", "a/2"), ("a", "same", "a/2", "a/1", "withdrawn")],
    "taken back by another kind": [("a", "same", "a/1", "a/2"), ("a", "different", "a/1", "a/2", "withdrawn")],
    "first the same, then different": [("a", "same", "a/1", "a/2"), ("a", "different", "a/2", "a/1")],
    "first different, then the same": [("a", "different", "a/1", "a/2"), ("a", "same", "a/1", "a/2")],
    "three in a row": [("a", "same", "a/1", "a/2"), ("a", "same", "a/2", "a/3")],
    "three in a ring": [("a", "same", "a/1", "a/2"), ("a", "same", "a/2", "a/3"), ("a", "same", "a/3", "a/1")],
    "two to keep": [("a", "same", "a/1", "a/3"), ("a", "same", "a/1", "b/1")],
    "of another log": [("a", "same", "a/1", "b/1")],
    "said by another log": [("b", "same", "a/1", "b/1")],
    "kept apart by the log of one": [("b", "different", "a/1", "b/1")],
    "kept apart by a third log": [("c", "different", "a/1", "b/1")],
    "kept apart by another, the same here": [("b", "different", "a/1", "b/1"), ("a", "same", "b/1", "a/1")],
    "kept apart by another, taken back here": [
        ("b", "different", "a/1", "b/1"),
        ("a", "same", "b/1", "a/1", "withdrawn"),
    ],
    "a record and itself": [("a", "same", "a/1", "a/1"), ("a", "different", "a/2", "a/2")],
}  # fmt: skip


def claim(by: str, kind: str, subject: str, other: str, withdrawn: str = "") -> Fields:
    """A claim as the vectors tell it."""
    return {"by": by, "kind": kind, "subject": subject, "other": other, "withdrawn": bool(withdrawn)}


def check_merge(inputs: Fields) -> Fields:
    claim_id = bytes.fromhex(inputs["claim_id_hex"])
    return {f"{what}_id_hex": duplicates.merge_id(claim_id, what).hex() for what in ("put", "close")}


def check_pairs(inputs: Fields) -> Fields:
    return {
        "kept_apart": duplicates.kept_apart(inputs["claims"], inputs["own"]),
        "not_shown": duplicates.not_shown(inputs["claims"], inputs["own"], inputs["open"]),
    }
