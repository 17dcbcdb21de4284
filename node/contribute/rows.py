# SPDX-License-Identifier: AGPL-3.0-or-later
"""Proposals and decisions as the pages show them. Pure, but for the names that are looked up in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.directory.present import read_record
from ledger.proposals.present import is_personal
from node.directory.listing import record_url
from node.web.languages import Text, choose
from node.web.words import date_text
from protocol.charter import establish
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.proposals.deciding import Decided, Waiting
    from ledger.sqlite.store import Snapshot
    from node.directory.listing import Reader
    from node.web.words import Words


class WaitingRow(NamedTuple):
    """What waits, in a list."""

    url: str
    name: Text
    what: str
    date: str
    by: str
    voting: bool


class DecidedRow(NamedTuple):
    """What was decided; `record` is the address of the entry, empty where none is held here."""

    url: str
    name: Text
    outcome: str
    good: bool
    reason: str
    date: str
    decider: str
    by: str
    record: str
    proof: str
    position: str
    ballot: str


class Names(NamedTuple):
    """The keys that write here, or did once, and what they are called; the organisation's own key and log, as texts."""

    writers: Mapping[bytes, str]
    own: bytes
    log: str
    epoch: int


def names_of(reads: Snapshot, own_tree: int, own_key: bytes, reader: Reader) -> Names:
    """Who decides here."""
    charter = establish(reads.charters(own_tree)).charter
    title = choose(charter.name, (*reader.languages, *charter.languages)).text
    origin = reads.tree_numbered(own_tree).origin
    called = {key: name or key.hex()[:8] for key, name in reads.called(own_tree).items()}
    writers = called | dict.fromkeys(charter.keys, title)
    return Names(writers, own_key, show_log_id(origin.log_id), origin.epoch)


def author_text(author: bytes, through: str, names: Names, words: Words) -> str:
    """Whose proposal it is, as far as that is known."""
    if through:
        return words("{name}, by a link of a steward", name=through)
    if author == names.own:
        return words("somebody who stays unnamed")
    if author in names.writers:
        return names.writers[author]
    return words("somebody with the key {key}", key=author.hex()[:8])


def waiting_row(found: Waiting, names: Names, reader: Reader, *, private: bool = False) -> WaitingRow:
    """A proposal that waits; of persons only to whom it is `private`."""
    words, claim = reader.words, found.claim
    hidden = is_personal(found) and not private
    return WaitingRow(
        url=f"/proposals/{found.row.id.hex()}",
        name=Text(words("about a person"), words.language)
        if hidden
        else name_of(found.result or found.present, reader),
        what=what_of(found, words),
        date=date_text(found.row.at, words),
        by=author_text(claim.statement.author, found.row.through, names, words),
        voting=bool(found.row.ballot),
    )


def what_of(found: Waiting, words: Words) -> str:
    """What is wanted: something new, a change, or what a report says."""
    if found.result is None:
        return words.label("report", getattr(found.claim.body, "type", ""))
    return words("Something new") if found.present is None else words("A change")


def name_of(record: Mapping[str, Any] | None, reader: Reader) -> Text:
    """What a record is called, empty if there is none."""
    return choose(record["name"], reader.languages) if record else Text("", "")


def decided_row(reads: Snapshot, decided: Decided, names: Names, reader: Reader) -> DecidedRow:
    """A decision."""
    words, body = reader.words, decided.body
    trees = [tree.tree for tree in reads.trees() if tree.origin.log_id == body.subject.log and not tree.hidden]
    rows = [reads.records_by_id(tree, [body.subject.id]).get(body.subject.id) for tree in trees]
    row = next((one for one in rows if one is not None), None)
    log = show_log_id(body.subject.log)
    return DecidedRow(
        url=f"/proposals/{body.claim.hex()}",
        name=choose(read_record(reads, row)[0].name, reader.languages) if row else Text("", ""),
        outcome=words.label("outcome_of_claim", body.outcome),
        good=body.outcome not in {"refused", "nothing_to_do"},
        reason=body.reason or "",
        date=date_text(decided.at, words),
        decider=names.writers.get(decided.author, decided.author.hex()[:8]),
        by=author_text(body.author, body.through or "", names, words),
        record=record_url(log, body.subject.id.hex()) if row else "",
        proof=f"/v1/log/{names.log}/{names.epoch}/proofs/{decided.position}",
        position=words.number(decided.position),
        ballot=body.decision.hex() if body.decision else "",
    )
