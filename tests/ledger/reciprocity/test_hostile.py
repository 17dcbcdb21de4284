# SPDX-License-Identifier: AGPL-3.0-or-later
"""Statements with something in them changed at random: each gets a verdict, the same from both folds, and no fault."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from ledger.reciprocity.state_check import state_tree
from protocol.errors import Malformed
from protocol.statement import make_statement
from tests.ledger.reciprocity.inventing import PEER, Invented, Inventor
from tests.ledger.reciprocity.test_second_fold import folded_again

WORDS = ("EUR", "h", "part", "transfer", "wage", "settle", "correction", "access_fee", "used", "pool", "closed", "x")
NUMBERS = (0, 1, -1, 32, 10**15, 10**15 - 1, -(10**15), 2**40 - 1, 2**63 - 1, 2_932_896, -719_162, 119_999)


def changed(value: Any, chance: Random, ids: list[bytes]) -> Any:
    """A value with one thing in it replaced or left out."""
    if isinstance(value, dict) and value:
        key = chance.choice(list(value))
        rest = {name: part for name, part in value.items() if name != key}
        return rest if chance.random() < 0.1 else {**rest, key: changed(value[key], chance, ids)}
    if isinstance(value, list) and value:
        at = chance.randrange(len(value))
        return [*value[:at], changed(value[at], chance, ids), *value[at + 1 :]]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return chance.choice([value + 1, value - 1, -value, *NUMBERS])
    if isinstance(value, bytes):
        return chance.choice(ids)
    return chance.choice(WORDS) if isinstance(value, str) else value


def meddle(seed: int, size: int) -> None:
    chance = Random(seed)
    town = Invented()
    inventor = Inventor(town, chance)
    for _ in range(size):
        made = inventor.draw()
        town.apply(made)
        ids = [one for known in town.known.values() for one in known[-9:]]
        ids += [town.bank, town.issue, town.connector, *town.holdings, town.log_id, bytes(16), PEER]
        body = changed(changed(made.body, chance, ids), chance, ids)
        if made.kind == "post" and isinstance(body.get("legs"), list):
            body["legs"] = sorted(body["legs"])
        try:
            data = make_statement(town.log_id, made.kind, town.next_id(), town.at, made.signers[0].public, body)
            town.enter(data, made.signers)
        except Malformed:
            continue
    fold, verdicts = folded_again(town)
    assert verdicts == town.verdicts
    assert fold.book.root() == state_tree(town.book).root()


@pytest.mark.parametrize("seed", range(3))
def test_what_is_changed_at_random_gets_a_verdict(seed: int) -> None:
    meddle(seed, 60)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 160))
def test_so_does_very_much_of_it(seed: int) -> None:
    meddle(seed, 250)
