# SPDX-License-Identifier: AGPL-3.0-or-later
"""The question that the assembly is asked about a proposal, in the languages of the organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.proposals.deciding import waiting
from ledger.proposals.voting import Question, ask
from node.web.languages import choose
from node.web.words import choose_words

if TYPE_CHECKING:
    from ledger.ledger import Ledger

_TITLE_MAX = 200


def put_to_vote(ledger: Ledger, proposal_id: bytes, days: int) -> bytes:
    """Asks the assembly whether a proposal is to be accepted; the id of the question. Raises NotFoundError."""
    languages = tuple(ledger.keys.charter.languages)
    with ledger.store.read() as reads:
        found = waiting(reads, ledger.own.tree, proposal_id)
    record = found.result or found.present or {}
    names = record.get("name")
    told = {tag: text for tag, text in names.items() if isinstance(text, str)} if isinstance(names, dict) else {}
    title = {}
    for language in languages:
        words, name = choose_words((language,)), choose(told or {"und": "?"}, (language,)).text[:_TITLE_MAX]
        title[language] = (
            words("Add “{name}” to the directory?", name=name)
            if found.present is None
            else words("Change “{name}” as proposed?", name=name)
        )
    words = choose_words(languages)
    return ask(ledger, proposal_id, Question(title, (words("yes"), words("no")), days))
