# SPDX-License-Identifier: AGPL-3.0-or-later
"""The verdict on each statement of a ledger, and its effect, spec 17 §5."""

import copy
from collections.abc import Callable
from typing import Any

from tests.reference import messagepack
from tests.reference.reciprocity import assembly, contracts, dividends, members, posts, things, transfers
from tests.reference.reciprocity.body import check_body
from tests.reference.reciprocity.book import Book, Said, Thing
from tests.reference.rejection import RejectionError, require

HANDLERS: dict[str, Callable[[Book, Said, Any], None]] = {
    "unit.define": members.unit_define,
    "member.join": members.member_join,
    "member.set": members.member_set,
    "account.open": members.account_open,
    "account.set": members.account_set,
    "contract.offer": contracts.contract_offer,
    "contract.sign": contracts.contract_sign,
    "contract.end": contracts.contract_end,
    "commit": things.commit,
    "commit.cancel": things.commit_cancel,
    "event": things.event,
    "ack": things.ack,
    "correct": things.correct,
    "claim": contracts.claim,
    "advance": contracts.advance,
    "post": posts.post,
    "dividend": dividends.dividend,
    "proposal": assembly.proposal,
    "vote": assembly.vote,
    "decision": assembly.decision,
    "dispute.open": assembly.dispute_open,
    "dispute.close": assembly.dispute_close,
    "xfer.reserve": transfers.reserve,
    "xfer.accept": transfers.accept,
    "xfer.refuse": transfers.refuse,
    "xfer.post": transfers.post,
    "xfer.void": transfers.void,
}


class Fold:
    """A ledger, one statement after the other."""

    def __init__(self, log: bytes, operators: frozenset[bytes]) -> None:
        self.book = Book(log, operators)
        self.ids: dict[bytes, tuple[str, bytes, bytes]] = {}

    def hear(self, said: Said, leaf: bytes) -> str:
        """The verdict on the next statement; `leaf` is the hash of its entry. A rejected one leaves nothing behind."""
        try:
            check_body(said.kind, said.body)
        except RejectionError as error:
            return error.reason
        if said.kind in ("member.profile", "note"):
            return self.words(said)
        what = (said.kind, said.author, messagepack.encode(said.body))
        if said.id in self.ids:
            return "duplicate" if self.ids[said.id] == what else "id_reused"
        self.ids[said.id] = what
        before = copy.deepcopy((self.book.things, self.book.leaves))
        self.book.concerned = set()
        try:
            if said.kind == "state":
                self.state(said, said.body)
            else:
                HANDLERS[said.kind](self.book, said, said.body)
        except RejectionError as error:
            self.book.things, self.book.leaves = before
            return error.reason
        self.book.go_on(leaf, said.position)
        self.made(said)
        return "applied"

    def made(self, said: Said) -> None:
        """A note may be about it."""
        self.book.all("made")[said.id] = {}

    def state(self, said: Said, body: Thing) -> None:
        """What is stated is what follows."""
        require(self.book.by_org(said), "not_authorised")
        found = (said.position, len(self.book.leaves), self.book.root())
        require((body["size"], body["leaves"], body["root"]) == found, "state_mismatch")

    def words(self, said: Said) -> str:
        """The verdict on a profile or a note, which move nothing."""
        book, body = self.book, said.body
        if said.kind == "member.profile":
            known = body["member"] in book.all("member")
            may = book.by_org(said) or (known and book.by(said, body["member"]))
        else:
            known = body["about"] in book.all("made")
            may = book.by_org(said) or any(book.by(said, member) for member in book.all("member"))
        if not known:
            return "unknown_ref"
        return "applied" if may else "not_authorised"
