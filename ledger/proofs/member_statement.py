# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes member statements and balance proofs from what is held of a log (spec 20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ledger.deriving.books import open_book, read_said
from ledger.errors import NotFoundError, RefusedError
from ledger.held.tree import prove_inclusion, prove_many
from ledger.proofs.proving import stored_entry, trust_file
from ledger.proofs.stated import stated_leaf, stated_state
from ledger.reciprocity.state import Account
from protocol.balance import Balance, write_balance
from protocol.chain import SORT_MEMBER
from protocol.charter import establish
from protocol.errors import Malformed
from protocol.member_replay import MemberVerdict, may_stand_beside, member_keys
from protocol.member_statement import ENTRIES_MAX, MemberStatement, write_member_statement
from protocol.member_verdict import judge_member

if TYPE_CHECKING:
    from ledger.proofs.stated import StatedState
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree


class MadeStatement(NamedTuple):
    """A member statement as a file, and what whoever made it should know: the verdict by the log's own trust file."""

    data: bytes
    entries: int
    verdict: MemberVerdict


def make_member_statement(reads: Snapshot, tree: Tree, member: bytes, *, private: bool = True) -> MadeStatement:
    """The statement of a member; with profile and notes that are not public if `private`.

    Raises NotFoundError; RefusedError if the log cannot give one at present, or it would not hold.
    """
    stated = stated_state(reads, tree)
    if stated_leaf(stated, member).sort != SORT_MEMBER:
        raise NotFoundError(f"{member.hex()} is an account: a statement is about a member")
    statement = _gather(reads, tree, stated, member, private=private)
    try:
        data = write_member_statement(statement)
    except Malformed as error:
        raise RefusedError(f"the statement would be larger than anybody takes: {error.text}") from None
    finding = judge_member(data)
    if finding.verdict not in {MemberVerdict.TRUE, MemberVerdict.NOT_WITNESSED}:
        raise RefusedError(f"the statement would not hold ({finding.verdict.word}): {finding.why}")
    return MadeStatement(data, len(statement.entries), finding.verdict)


def _gather(reads: Snapshot, tree: Tree, stated: StatedState, member: bytes, *, private: bool) -> MemberStatement:
    book = open_book(reads, tree)
    owned = {thing for thing, account in book.scan(Account) if account.owner == member and thing in stated.leaves}
    things = sorted({member, *owned}, key=stated.tree.index)
    concerns: dict[int, list[int]] = {}
    for number, thing in enumerate(things):
        for position in reads.chain(tree.tree, thing):
            if position < stated.position:
                concerns.setdefault(position, []).append(number)
    concerns |= {position: [] for position in _beside(reads, tree, member, list(concerns), private=private)}
    shown = {position: concerns[position] for position in sorted(concerns) if position < stated.position}
    shown[stated.position] = []
    if len(shown) > ENTRIES_MAX:
        raise RefusedError(f"{len(shown):,} entries are more than the {ENTRIES_MAX:,} that a statement can hold")
    indexes = [stated.tree.index(thing) for thing in things]
    rows = [stored_entry(reads, tree, position) for position in shown]
    return MemberStatement(
        log=tree.origin.log_id,
        epoch=tree.origin.epoch,
        member=member,
        charters=list(reads.charters(tree.tree)),
        note=stated.note,
        trust=trust_file(reads, tree, alone=True),
        entries=[(row.position, row.entry, row.payload or b"", shown[row.position]) for row in rows],
        hashes=prove_many(reads, tree.tree, list(shown), stated.size),
        leaves=[(index, stated.leaves[thing].encode()) for index, thing in zip(indexes, things, strict=True)],
        path=stated.tree.prove(indexes),
    )


def _beside(reads: Snapshot, tree: Tree, member: bytes, positions: list[int], *, private: bool) -> list[int]:
    """Positions of the profiles of a member, and of notes about it or about what concerns it, that may be shown."""
    ledger = [one for position in positions if (one := read_said(reads, tree.tree, position))]
    keys = member_keys(member, [(one.id, one.body) for one in ledger])
    keys |= {key.public for key in establish(reads.charters(tree.tree)).verifier_keys(tree.origin.epoch)}
    about = dict.fromkeys([member, *(one.id for one in ledger)])
    found = []
    for position in [position for thing in about for position in reads.remarks(tree.tree, thing)]:
        words = read_said(reads, tree.tree, position)
        if words and (private or words.public) and may_stand_beside(words.body, member, words.signers, keys):
            found.append(position)
    return found


def make_balance(reads: Snapshot, tree: Tree, account: bytes) -> bytes:
    """The proof of what the log states of an account (or a member). Raises as above."""
    stated = stated_state(reads, tree)
    leaf = stated_leaf(stated, account)
    index = stated.tree.index(account)
    entry = stored_entry(reads, tree, stated.position)
    balance = Balance(index, leaf.encode(), tuple(stated.tree.prove_one(index)))
    hashes = prove_inclusion(reads, tree.tree, stated.position, stated.size)
    return write_balance(entry.entry, entry.payload or b"", balance, stated.position, hashes, stated.note)
