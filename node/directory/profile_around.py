# SPDX-License-Identifier: AGPL-3.0-or-later
"""What others say of a record, and what it has to do with other records and contracts, prepared for its page; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from node.directory.listing import record_url
from node.web.languages import Text, choose
from node.web.words import is_past

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from node.directory.difference import Change
    from node.directory.listing import Reader

DEALINGS = ("offer", "need")
CLAIMS = ("claim.checked", "claim.endorse", "claim.decided")
"""The kinds of claim that are told: proposals and reports with the decision on them."""


class Claim(NamedTuple):
    """What somebody said of the record: `by` is the organisation in whose log it stands, `who` the person, if known."""

    what: str
    note: str
    by: Text
    who: str
    date: str
    proof: str
    looked: int
    """When they found it right, in UTC seconds; 0 if that is not what they say."""


class Pointing(NamedTuple):
    """A record that states a relation to this one."""

    predicate: str
    name: Text
    kind: str
    url: str


class Dealing(NamedTuple):
    """An offer or a need of the record."""

    name: Text
    url: str
    direction: str
    terms: str
    until: str


class Agreement(NamedTuple):
    """A contract: its state in words, since when, the other parties' names, the ledger it stands in."""

    name: Text
    url: str
    state: str
    since: str
    parties: str
    ledger: Text


class Same(NamedTuple):
    """A record that is the same thing, in whose log it stands, and what it says differently."""

    name: Text
    url: str
    log: Text
    changes: Sequence[Change]
    summary: str


class Around(NamedTuple):
    """All of it."""

    claims: list[Claim]
    looked: Claim | None
    pointing: list[Pointing]
    dealings: list[Dealing]
    agreements: list[Agreement]
    same: list[Same]


def claims_told(claims: Sequence[Mapping[str, Any]], reader: Reader) -> list[Claim]:
    """Claim objects (ledger.directory.claims), latest first."""
    return [
        Claim(
            what=reader.words.label("claim", _said(one)),
            note=one.get("note") or one.get("reason") or "",
            by=choose(one["by"], reader.languages),
            who=one["author_name"],
            date=reader.words.date(one["at"]),
            proof=f"/v1/log/{one['log']}/{one['epoch']}/proofs/{one['position']}",
            looked=one["at"] if one["kind"] == "claim.checked" and one["finding"] == "right" else 0,
        )
        for one in claims
    ]


def _said(one: Mapping[str, Any]) -> str:
    """The code under which what a claim says has its words."""
    if one["kind"] == "claim.decided":
        return "closed by report" if one["outcome"] == "closed" else str(one["outcome"])
    return str(one.get("finding", "endorse"))


def pointing_told(
    pointing: Sequence[tuple[str, Mapping[str, Any]]], spell: Callable[[str], str], reader: Reader
) -> tuple[list[Pointing], list[Dealing]]:
    """What points at a record: offers and needs apart from the rest."""
    others, dealings = [], []
    for predicate, record in pointing:
        if record["kind"] in DEALINGS:
            if "valid_until" not in record or not is_past(record["valid_until"], reader.now):
                dealings.append(dealing(record, reader))
        else:
            name = choose(record["name"], reader.languages)
            kind = reader.words.label("kind", record["kind"])
            others.append(Pointing(spell(predicate), name, kind, record_url(record["log"], record["id"])))
    return others, dealings


def dealing(record: Mapping[str, Any], reader: Reader) -> Dealing:
    """An offer or need (a record object)."""
    words = reader.words
    until = record.get("valid_until")
    return Dealing(
        name=choose(record["name"], reader.languages),
        url=record_url(record["log"], record["id"]),
        direction=words.label("direction", record.get("direction", "")),
        terms=", ".join(words.label("terms", term) for term in record.get("terms", ())),
        until="" if until is None else words("until {date}", date=words.date(until)),
    )


def agreement(log: str, contract: Mapping[str, Any], ledger: Text, reader: Reader) -> Agreement:
    """A contract object (ledger.showing.contracts) of the ledger of a log."""
    words = reader.words
    return Agreement(
        name=choose(contract["title"], reader.languages),
        url=f"/ledger/{log}/contract/{contract['id']}",
        state=words.label("contract_state", contract["state"]),
        since=words.day(contract["from"]),
        parties=", ".join(party["name"] for party in contract["parties"][:6]),
        ledger=ledger,
    )
