# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of pairs that wait for a decision, and of decisions; what narrows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import urlencode

from ledger.directory.present import read_record
from ledger.directory.restoring import statement_at
from ledger.duplicates.queue import decision_objects, decisions
from ledger.places import gazetteer
from ledger.places.geography import distance_m
from node.directory.listing import record_url
from node.upkeep.page_number import page_of
from node.upkeep.pairs import why
from node.web.languages import Text, choose
from node.web.words import date_text
from protocol.charter import establish
from protocol.identity import parse_log_id, show_log_id
from protocol.record import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.duplicates.finding import Pair
    from ledger.sqlite.store import Snapshot
    from ledger.values import RecordRow
    from node.directory.listing import Reader

ROWS_SHOWN = 20
VERDICTS = ("duplicate", "perhaps", "decided")
RADII_KM = (5, 10, 25, 50)
_NEAR_MAX = 100


class Filter(NamedTuple):
    """What of the queue is shown."""

    verdict: str = ""
    kind: str = ""
    near: str = ""
    radius: int = 25
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """What an address or a form says; what makes no sense in it counts for nothing."""
        verdict, kind = query.get("verdict", ""), query.get("kind", "")
        radius = query.get("radius", "")
        return cls(
            verdict if verdict in VERDICTS else "",
            kind if kind in KINDS else "",
            query.get("near", "").strip()[:_NEAR_MAX],
            int(radius) if radius in {str(km) for km in RADII_KM} else 25,
            page_of(query),
        )

    def query(self, page: int = 0) -> str:
        """As a query string, of another page if one is named."""
        values = {"verdict": self.verdict, "kind": self.kind, "near": self.near}
        values |= {"radius": str(self.radius)} if self.near else {}
        number = page or self.page
        values |= {"page": str(number)} if number > 1 else {}
        return urlencode({name: value for name, value in values.items() if value})


class Part(NamedTuple):
    """A page of the list: rows, how many there are in all, addresses of the pages before and after, or empty."""

    rows: list[dict[str, Any]]
    total: str
    before: str
    after: str
    fault: str = ""


def waiting_part(reads: Snapshot, pairs: Sequence[Pair], asked: Filter, reader: Reader) -> Part:
    """Pairs that wait, of the sort that is asked for, most likely first."""
    circle = None
    if asked.near:
        circle = gazetteer.find(asked.near)
        if circle is None:
            fault = reader.words("No town “{name}” is known here. Try its name in another language.", name=asked.near)
            return Part([], "", "", "", fault)
    rows = reads.records(sorted({rid for pair in pairs for rid in pair[:2]}))

    def fits(pair: Pair) -> bool:
        two = rows[pair.one], rows[pair.other]
        if asked.verdict and pair.comparison.verdict != asked.verdict:
            return False
        if asked.kind and asked.kind not in {row.kind for row in two}:
            return False
        return circle is None or any(_within(row, circle, asked.radius * 1000) for row in two)

    chosen = [pair for pair in pairs if pair.one in rows and pair.other in rows and fits(pair)]
    begin = (asked.page - 1) * ROWS_SHOWN
    logs = {tree.tree: show_log_id(tree.origin.log_id) for tree in reads.trees()}
    made = [
        _pair_row(reads, pair, [rows[pair.one], rows[pair.other]], logs, asked, reader)
        for pair in chosen[begin : begin + ROWS_SHOWN]
    ]
    return _part(made, len(chosen), asked, reader)


def _within(row: RecordRow, place: gazetteer.Place, radius_m: int) -> bool:
    if row.lat is None or row.lon is None:
        return False
    return distance_m(row.lat, row.lon, place.lat, place.lon) <= radius_m


def _pair_row(
    reads: Snapshot, pair: Pair, two: Sequence[RecordRow], logs: Mapping[int, str], asked: Filter, reader: Reader
) -> dict[str, Any]:
    records = [read_record(reads, row)[0] for row in two]
    one, other = two
    metres = None
    if one.lat is not None and one.lon is not None and other.lat is not None and other.lon is not None:
        metres = distance_m(one.lat, one.lon, other.lat, other.lon)
    query = f"?{asked.query()}" if asked.query() else ""
    return {
        "names": [choose(record.name, reader.languages) for record in records],
        "towns": [record.address.locality if record.address else "" for record in records],
        "kinds": [reader.words.label("kind", row.kind) for row in two],
        "apart": reader.words.distance(metres) if metres is not None else "",
        "why": why(pair.comparison, reader.words),
        "sure": pair.comparison.verdict == "duplicate",
        "url": pair_url(*(part for row in two for part in (logs[row.tree], row.id.hex())))
        + (f"?{query}" if query else ""),
    }


def pair_url(log: str, record_id: str, other_log: str, other_id: str) -> str:
    """Where two records are side by side."""
    return f"/steward/duplicates/{log}/{record_id}/{other_log}/{other_id}"


def decided_part(reads: Snapshot, asked: Filter, reader: Reader) -> Part:
    """Decisions, latest first."""
    said = decisions(reads)
    made = decision_objects(said)
    begin = (asked.page - 1) * ROWS_SHOWN
    trees = {(one.position, show_log_id(one.subject[0]), one.subject[1].hex()): one.tree for one in said.own.values()}
    rows = []
    for one in made[begin : begin + ROWS_SHOWN]:
        two = one["subject"], one["other"]
        tree = trees[one["position"], two[0]["log"], two[0]["id"]]
        statement = statement_at(reads, tree, one["position"])
        log, epoch = (origin := reads.tree_numbered(tree).origin).log_id, origin.epoch
        rows.append(
            {
                "decision": one["decision"],
                "names": [_name(reads, key["log"], key["id"], reader) for key in two],
                "records": [record_url(key["log"], key["id"]) for key in two],
                "date": date_text(statement.at, reader.words) if statement else "",
                "position": reader.words.number(one["position"]),
                "proof": f"/v1/log/{show_log_id(log)}/{epoch}/proofs/{one['position']}",
                "undo": pair_url(*(key[part] for key in two for part in ("log", "id"))) + "/undo",
            }
        )
    return _part(rows, len(made), asked, reader)


def _part(rows: list[dict[str, Any]], total: int, asked: Filter, reader: Reader) -> Part:
    more = asked.page * ROWS_SHOWN < total
    count = (
        reader.words.count("{number} decision", "{number} decisions", total)
        if asked.verdict == "decided"
        else reader.words.count("{number} pair", "{number} pairs", total)
    )
    return Part(
        rows,
        count,
        "?" + asked.query(asked.page - 1) if asked.page > 1 else "",
        "?" + asked.query(asked.page + 1) if more else "",
    )


def _name(reads: Snapshot, log: str, record_id: str, reader: Reader) -> Text:
    for tree in reads.epochs(parse_log_id(log)):
        row = reads.records_by_id(tree.tree, [bytes.fromhex(record_id)]).get(bytes.fromhex(record_id))
        if row is not None:
            return choose(read_record(reads, row)[0].name, reader.languages)
    return Text(f"{log[:8]}/{record_id[:8]}", "")


def log_names(reads: Snapshot, logs: set[str], reader: Reader) -> dict[str, str]:
    """What the organisations of logs are called."""
    names = {}
    for tree in reads.trees():
        log = show_log_id(tree.origin.log_id)
        if log in logs:
            charter = establish(reads.charters(tree.tree)).charter
            names[log] = choose(charter.name, (*reader.languages, *charter.languages)).text
    return names
