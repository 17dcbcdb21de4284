# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the whole looks like: a ring for each unit with the names beside it, and the table that says the same. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from node.reciprocity.pictures import Stream
from node.reciprocity.ring import draw_ring
from protocol.amounts import parse_amount, show_amount

if TYPE_CHECKING:
    from node.reciprocity.ring import Ring
    from node.web.words import Words

NAMED_MAX = 12
"""So many stand for themselves in a picture; the others are drawn as one."""
OTHERS = "others"
_STREAMS = frozenset({"livelihood", "care", "love"})


class Party(NamedTuple):
    """Who gives or takes: a name in words, whose it is (empty: that is plain), an address or nothing."""

    name: str
    of: str
    url: str


class Row(NamedTuple):
    """A line of the table."""

    source: Party
    target: Party
    what: str
    gift: bool
    amount: str
    unit: str
    times: str


class Key(NamedTuple):
    """One of a picture by its number: what it gave and received, in words or empty."""

    number: int
    party: Party
    gave: str
    received: str


class Picture(NamedTuple):
    """The flows of one unit: `said` are the bands in words, in the order of the bands."""

    title: str
    unit: str
    ring: Ring
    keys: list[Key]
    said: list[str]
    marks: list[str]
    inner: str


def party_of(value: dict[str, str], logs: dict[str, str], words: Words) -> Party:
    """Who is meant, in words; of which organisation only where several tell."""
    of = logs.get(value["log"], "") if len(logs) > 1 else ""
    short = value["id"].rpartition("/")[2][:8]
    match value["type"]:
        case "outside":
            return Party(words("Outside"), "", "")
        case "members":
            return Party(words.label("class_many", value["class"]), of, f"/ledger/{value['log']}/members")
        case "organisation":
            held = value["log"] in logs
            return Party(value["name"] or value["log"][:8], "", f"/ledger/{value['log']}" if held else "")
    member = value["id"].rpartition("/")[2]
    kind = "" if value["class"] == "collective" else value["class"]
    plain = value["name"] or (words.label("class", kind) if kind else words("Collective")) + f" {short}"
    return Party(plain, of, f"/ledger/{value['log']}/member/{member}")


def rows_of(whole: dict[str, Any], words: Words) -> list[Row]:
    """All flows as a table."""
    logs, known = _logs(whole), {}
    rows = []
    for flow in whole["flows"]:
        for end in (flow["from"], flow["to"]):
            if end["id"] not in known:
                known[end["id"]] = party_of(end, logs, words)
        what = words.label("stream" if flow["what"] in _STREAMS else "post", flow["what"])
        ends = known[flow["from"]["id"]], known[flow["to"]["id"]]
        amount, count = words.amount(flow["amount"]), words.number(flow["count"])
        rows.append(Row(*ends, what, flow["gift"], amount, _unit_name(flow, logs), count))
    return rows


def _logs(whole: dict[str, Any]) -> dict[str, str]:
    return {one["log"]: one["name"] for one in whole["logs"]}


def _unit_name(flow: dict[str, Any], logs: dict[str, str]) -> str:
    """The code; with whose it is where several ledgers tell and the code may mean something else in each."""
    return f"{flow['unit']} ({logs[flow['of']]})" if flow["of"] and len(logs) > 1 else str(flow["unit"])


def whole_pictures(whole: dict[str, Any], words: Words) -> list[Picture]:
    """A picture for each unit, in the order of the flows."""
    units: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for flow in whole["flows"]:
        units.setdefault((flow["sort"], flow["unit"], flow["of"]), []).append(flow)
    return [_picture(flows, _logs(whole), words) for flows in units.values()]


def _picture(flows: list[dict[str, Any]], logs: dict[str, str], words: Words) -> Picture:
    scale, unit = flows[0]["scale"], _unit_name(flows[0], logs)
    parties = {end["id"]: party_of(end, logs, words) for flow in flows for end in (flow["from"], flow["to"])}
    shown = _named(flows)
    parties[OTHERS] = Party(words.count("{number} other", "{number} others", len(parties) - len(shown)), "", "")
    sums: dict[tuple[str, str, str], int] = {}
    inner = 0
    for flow in flows:
        source, target = (end["id"] if end["id"] in shown else OTHERS for end in (flow["from"], flow["to"]))
        amount = parse_amount(flow["amount"], scale)
        if source == target:
            inner += amount
            continue
        sums[source, target, flow["kind"]] = sums.get((source, target, flow["kind"]), 0) + amount
    ring = draw_ring([Stream(*key[:2], amount, key[2]) for key, amount in sorted(sums.items())])

    def said(amount: int) -> str:
        return f"{words.amount(show_amount(amount, scale))}\u00a0{unit}"

    keys = []
    for arc in ring.arcs:
        gave = sum(amount for (source, _, _), amount in sums.items() if source == arc.name)
        received = sum(amount for (_, target, _), amount in sums.items() if target == arc.name)
        keys.append(Key(arc.number, parties[arc.name], said(gave) if gave else "", said(received) if received else ""))
    bands = [
        f"{parties[one.source].name} → {parties[one.target].name}: {said(one.amount)}, {words.label('flow', one.mark)}"
        for one in (band.stream for band in ring.bands)
    ]
    title = words.label("sort", flows[0]["sort"])
    marks = [kind for kind in ("money", "time", "goods", "gift", "care") if any(key[2] == kind for key in sums)]
    return Picture(title, unit, ring, keys, bands, marks, said(inner) if inner else "")


def _named(flows: list[dict[str, Any]]) -> set[str]:
    """Who stands for itself: those through whom most flows."""
    through: dict[str, int] = {}
    for flow in flows:
        amount = parse_amount(flow["amount"], flow["scale"])
        for end in (flow["from"], flow["to"]):
            through[end["id"]] = through.get(end["id"], 0) + amount
    order = sorted(through, key=lambda name: (-through[name], name))
    return set(order if len(order) <= NAMED_MAX else order[: NAMED_MAX - 1])
