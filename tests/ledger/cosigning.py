# SPDX-License-Identifier: AGPL-3.0-or-later
"""Logs of others, in several histories, and asking a witness to cosign them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.witness import make_request
from tests.builders import Log, found_organisation

if TYPE_CHECKING:
    from ledger.held.witness import Witness
    from ledger.ledger import Ledger
    from protocol.witness import Answer, Request


def ask(witness: Witness, ledger: Ledger, request: Request) -> Answer:
    """As the node does it: a look first, then the writing thread."""
    with ledger.store.read() as reads:
        seen = witness.look(reads, request)
    if seen.code != 200:
        return seen
    answer = ledger.writer.run(lambda change: witness.cosign(change, request)).result()
    witness.remember()
    return answer


def request(log: Log, old: int) -> Request:
    """Asks for the present checkpoint of a log."""
    return make_request(old, log.prove_consistency(old) if old < log.size else [], bytes(log.note()))


def grown(size: int, label: str = "other", branch: str = "") -> Log:
    """A log of that size; another branch of it has another second entry."""
    log = Log(found_organisation(label))
    if branch:
        log.append(branch.encode())
    return log.grow(size)
