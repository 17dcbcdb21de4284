# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which epoch of a log the directory follows: the newest that is held up to a checkpoint (spec 04 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.values import Tree


def followed(trees: Iterable[Tree]) -> list[Tree]:
    """Of these trees the one of each log that the directory follows."""
    best: dict[bytes, Tree] = {}
    for tree in trees:
        log_id = tree.origin.log_id
        if log_id not in best or _rank(tree) > _rank(best[log_id]):
            best[log_id] = tree
    return list(best.values())


def is_followed(tree: Tree, epochs: Iterable[Tree]) -> bool:
    """Whether the directory follows this one of a log's epochs."""
    return max(epochs, key=_rank).tree == tree.tree


def _rank(tree: Tree) -> tuple[bool, int]:
    return tree.checkpoint_size > 0, tree.origin.epoch
