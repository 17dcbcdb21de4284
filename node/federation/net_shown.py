# SPDX-License-Identifier: AGPL-3.0-or-later
"""The net of the federation prepared for its page: the picture, the names beside it, the table that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from node.federation.net_picture import SHOWN_MAX, Net, Tie, draw_net
from node.web.languages import Text, choose
from node.web.words import date_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from node.directory.listing import Reader
    from node.web.words import Words

_HOUR_S, _DAY_S = 3_600, 86_400
_TROUBLES = ("forked", "revoked", "stale", "healed")


class Witnessing(NamedTuple):
    """A witness of a log: its name, and when it last cosigned, in words."""

    name: str
    at: str


class Row(NamedTuple):
    """A log in the net. `number` is that in the picture, 0 if it is not drawn."""

    number: int
    id: str
    name: Text
    own: bool
    state: str
    trouble: bool
    heard: str
    entries: str
    watched: str
    witnesses: list[Witnessing]
    watches: list[str]
    vouches: list[str]
    proof: str


class Shown(NamedTuple):
    """What the page shows; `left` logs stand in the table only."""

    net: Net
    rows: list[Row]
    said: list[str]
    left: int


def net_shown(told: dict[str, Any], reader: Reader, connected: Sequence[str]) -> Shown:
    """The picture and the table. `connected` are the logs of the nodes that this one talks to now."""
    logs = sorted(told["logs"], key=lambda one: _weight(one, connected))
    names = {one["log"]: choose(one["name"], reader.languages) for one in logs}
    own = logs[0]["log"] if logs else ""
    ties = [(own, log, "talk") for log in dict.fromkeys(connected)] + _ties(logs)
    net = draw_net([(one["log"], _mark(one)) for one in logs], ties)
    numbers = {spot.id: spot.number for spot in net.spots}
    watches: dict[str, list[str]] = {}
    for one in logs:
        for witness in one["witnesses"]:
            watches.setdefault(witness["log"], []).append(names[one["log"]].text)
    rows = [_row(one, numbers, names, watches, reader) for one in logs]
    said = [_said(tie, names, reader.words) for tie in net.ties]
    return Shown(net, rows, said, max(0, len(logs) - SHOWN_MAX))


def _said(tie: Tie, names: dict[str, Text], words: Words) -> str:
    one, other = names[tie.source].text, names[tie.target].text
    if tie.mark == "talk":
        return words("{one} and {other} are connected", one=one, other=other)
    if tie.mark == "vouch":
        return words("{one} vouches for {other}", one=one, other=other)
    return words("{one} witnesses {other}", one=one, other=other)


def _weight(one: dict[str, Any], connected: Sequence[str]) -> tuple[object, ...]:
    """The own log first, then what is in trouble, what has to do with witnesses, what is connected."""
    busy = bool(one["witnesses"]) or bool(one["vouches"])
    return not one["own"], one["state"] != "forked", not busy, one["log"] not in connected, one["log"]


def _mark(one: dict[str, Any]) -> str:
    state = one["state"] if one["state"] in _TROUBLES else "fresh"
    return f"own {state}" if one["own"] else str(state)


def _ties(logs: Sequence[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(From, to, class): who witnesses whom, pale where it has not cosigned yet; who vouches for whom."""
    ties = []
    for one in logs:
        ties += [
            (witness["log"], one["log"], "watch" if witness["cosigned_at"] else "watch silent")
            for witness in one["witnesses"]
        ]
        ties += [(one["log"], other, "vouch") for other in one["vouches"]]
    return ties


def _row(
    one: dict[str, Any],
    numbers: dict[str, int],
    names: dict[str, Text],
    watches: dict[str, list[str]],
    reader: Reader,
) -> Row:
    words = reader.words
    state = "" if one["state"] == "ok" else words.label("log_state", one["state"])
    proof = f"/v1/log/{one['log']}/{one['epoch']}/fork-proof" if one["fork_proof"] else ""
    published = words.number(one["published_size"])
    entries = words("{published} of {size} published", published=published, size=words.number(one["size"]))
    witnesses = [
        Witnessing(witness["name"], ago(witness["cosigned_at"], reader) if witness["cosigned_at"] else words("not yet"))
        for witness in one["witnesses"]
    ]
    vouches = [names[log].text if log in names else log[:8] for log in one["vouches"]]
    heard = words("here") if one["own"] else ago(one["seen"], reader) if one["seen"] else words("not known")
    return Row(
        numbers.get(one["log"], 0),
        one["log"],
        names[one["log"]],
        one["own"],
        state,
        one["state"] in _TROUBLES,
        heard,
        entries,
        words.count("{number} witness", "{number} witnesses", len(witnesses)) if witnesses else words("no witness"),
        witnesses,
        sorted(watches.get(one["log"], [])),
        vouches,
        proof,
    )


def ago(at: int, reader: Reader) -> str:
    """How long ago something was, as precisely as it matters for freshness."""
    words: Words = reader.words
    past = max(0, reader.now - at)
    if past < 2 * _HOUR_S:
        return words("within two hours")
    if past < 2 * _DAY_S:
        return words("{number} hours ago", number=words.number(past // _HOUR_S))
    if past < 60 * _DAY_S:
        return words("{number} days ago", number=words.number(past // _DAY_S))
    return date_text(at, words)
