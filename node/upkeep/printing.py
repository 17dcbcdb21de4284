# SPDX-License-Identifier: AGPL-3.0-or-later
"""A list to go round with, as a file that needs nothing beside itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.directory.listing import Reader
from node.upkeep.given import list_values
from node.web.assets import asset
from node.web.languages import choose
from node.web.rendering import render_file
from node.web.words import choose_words
from protocol.charter import establish

if TYPE_CHECKING:
    from ledger.sqlite.store import Snapshot


def write_list(reads: Snapshot, batch: bytes, base: str, now: int, language: str) -> str:
    """The links of a batch as an HTML document."""
    reader = Reader((language,), choose_words((language,)), now)
    own = reads.epochs(reads.own_log())[-1]
    charter = establish(reads.charters(own.tree)).charter
    return render_file(
        "upkeep_list_file.html",
        reader.words,
        style="\n".join(asset(name).content.decode() for name in ("folkmoot.css", "upkeep.css")),
        organisation=choose(charter.name, (language, *charter.languages)),
        action="",
        csrf="",
        **list_values(reads, reads.check_batch(batch), base, now, reader),
    )
