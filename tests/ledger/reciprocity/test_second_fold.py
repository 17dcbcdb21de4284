# SPDX-License-Identifier: AGPL-3.0-or-later
"""The same verdicts and the same root as the second implementation of the fold, over ledgers that nobody thought of."""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING

import pytest

from ledger.reciprocity.state_check import state_tree
from tests.ledger.reciprocity.inventing import Invented, Inventor
from tests.ledger.reciprocity.neighbours import Moot
from tests.ledger.reciprocity.test_laws_between import Trade
from tests.ledger.reciprocity.town import Town
from tests.reference import statement as reference
from tests.reference.reciprocity.book import Said
from tests.reference.reciprocity.fold import Fold

if TYPE_CHECKING:
    from collections.abc import Callable


def folded_again(town: Town, begin: int = 0) -> tuple[Fold, list[str]]:
    """The second fold after all statements of a town, the first of which stands at `begin`, and its verdicts."""
    fold, verdicts = Fold(town.log_id, frozenset({town.org.public})), []
    for position, entry in enumerate(town.entries, begin):
        said = reference.decode_statement(entry.data)
        heard = Said(said.kind, said.id, said.body, said.author, entry.signers, position, entry.at)
        verdicts.append(fold.hear(heard, entry.leaf))
    return fold, verdicts


def compare(seed: int, size: int) -> None:
    town = Invented()
    inventor = Inventor(town, Random(seed))
    for _ in range(size):
        town.apply(inventor.draw())
    fold, verdicts = folded_again(town)
    assert verdicts == town.verdicts
    assert fold.book.root() == state_tree(town.book).root()


@pytest.mark.parametrize("seed", range(4))
def test_both_folds_agree(seed: int) -> None:
    compare(seed, 50)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 160))
def test_both_folds_agree_for_long(seed: int) -> None:
    compare(seed, 250)


def trade(seed: int, steps: int) -> Trade:
    """Two neighbours after so many things that one of them does."""
    chance, made = Random(seed), Trade()
    for _ in range(steps):
        side, number = chance.randrange(2), chance.randrange(2**32)
        pay = partial(made.pay, side, chance.choice([1, 900, 2_500, 4_000]), soon=chance.random() < 0.3)
        often: list[Callable[[], None]] = [pay, partial(made.answer, side, number), partial(made.finish, side, number)]
        seldom: list[Callable[[], None]] = [
            partial(made.give_up, side, number),
            partial(made.wait, side, chance.randint(1, 50)),
            partial(made.meddle, side, number),
            partial(made.finish_again, side, number),
        ]
        chance.choice([*often, *often, *seldom])()
    return made


def compare_sides(moot: Moot) -> None:
    fold, verdicts = folded_again(moot, 1)
    assert verdicts == moot.verdicts
    assert fold.book.root() == state_tree(moot.book).root()


def test_both_folds_agree_on_payments_between_two_logs() -> None:
    compare_sides(trade(3, 12).sides[1].moot)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(8))
def test_both_folds_agree_on_very_many_payments(seed: int) -> None:
    for side in trade(seed, 60).sides:
        compare_sides(side.moot)
