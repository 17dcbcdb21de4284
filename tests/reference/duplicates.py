# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is said of pairs of records, spec 10 §5. A record is the text "log/id" here, and ids are compared as such."""

import hashlib
from typing import Any

Claim = dict[str, Any]
Pair = frozenset[str]


def merge_id(statement_id: bytes, what: str) -> bytes:
    """The id of a statement that belongs to the merge of that claim, 16 bytes; `what`: put or close."""
    return hashlib.sha256(b"folkmoot/merge/1\0" + statement_id + what.encode()).digest()[:16]


def said_by(claims: list[Claim], log: str) -> dict[Pair, Claim]:
    """The last claim of a log on each pair, by the two records; without those that were taken back."""
    last: dict[Pair, Claim] = {}
    for claim in claims:
        if claim["by"] == log:
            last[frozenset((claim["subject"], claim["other"]))] = claim
    return {pair: claim for pair, claim in last.items() if not claim.get("withdrawn") and len(pair) == 2}


def kept_apart(claims: list[Claim], own: str) -> list[list[str]]:
    """The pairs that are not proposed again as duplicates because they are different, in order."""
    counting = said_by(claims, own)
    found = {pair for pair, claim in counting.items() if claim["kind"] == "different"}
    for log in {claim["by"] for claim in claims} - {own}:
        for pair, claim in said_by(claims, log).items():
            ours = any(record.startswith(f"{log}/") for record in pair)
            if claim["kind"] == "different" and ours and pair not in counting:
                found.add(pair)
    return sorted(sorted(pair) for pair in found)


def not_shown(claims: list[Claim], own: str, open_records: list[str]) -> list[str]:
    """The open records of which search shows another one, in order."""
    same = [claim for claim in said_by(claims, own).values() if claim["kind"] == "same"]
    groups = [{claim["subject"], claim["other"]} for claim in same]
    while True:
        meeting = [(one, two) for one in groups for two in groups if one is not two and one & two]
        if not meeting:
            break
        one, two = meeting[0]
        groups = [group for group in groups if group is not one and group is not two] + [one | two]
    subjects = {claim["subject"] for claim in same}
    hidden: set[str] = set()
    for group in groups:
        here = sorted(group & set(open_records))
        first = [record for record in here if record not in subjects] or here
        hidden |= set(here) - set(first[:1])
    return sorted(hidden)
