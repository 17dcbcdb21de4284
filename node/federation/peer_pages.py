# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pages of the federation: whose logs are here and why, and what an organisation decided."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from node.federation.api import read_federation, read_net
from node.federation.net_shown import net_shown
from node.keys import HUB
from node.routes import Route
from node.web.languages import choose
from node.web.rendering import reader_of, render
from node.web.words import date_text

if TYPE_CHECKING:
    from aiohttp import web

    from node.directory.listing import Reader
    from node.web.words import Words


async def _peers(request: web.Request) -> web.Response:
    reader = reader_of(request)
    words = reader.words
    held = await asyncio.to_thread(read_federation, request)
    told = await asyncio.to_thread(read_net, request)
    names = {log["log"]: choose(log["name"], reader.languages).text for log in held["logs"]}
    peers = [{"name": peer.name, "log": peer.log, "outbound": peer.outbound} for peer in request.app[HUB].peers()]
    return render(
        request,
        "peers.html",
        reader,
        count=words.count("{number} log is held here", "{number} logs are held here", len(held["logs"])),
        logs=[_log_row(log, names, reader) for log in held["logs"]],
        waiting=[_waiting_row(row, reader) for row in held["waiting"]],
        denied=[_denied_row(row, words) for row in held["denied"]],
        subscriptions=[row["name"] or row["log"][:8] for row in held["subscriptions"]],
        regions=held["regions"],
        vouched=[row["name"] or row["log"][:8] for row in held["vouched"]],
        peers=peers,
        shown=net_shown(told, reader, [str(peer["log"]) for peer in peers]),
        known=words.count(
            "The address of {number} node is known.", "The addresses of {number} nodes are known.", len(held["records"])
        )
        if held["records"]
        else "",
    )


def _log_row(log: dict[str, Any], names: dict[str, str], reader: Reader) -> dict[str, Any]:
    words = reader.words
    held = words("Completely")
    if log["quota"]:
        held = words("Its quota is full: {size} entries", size=words.number(log["size"]))
    elif not log["whole"]:
        held = words("Its newest checkpoint only")
    elif not log["complete"]:
        held = words("{held} of {size}", held=words.number(log["size"]), size=words.number(log["head_size"]))
    return {
        "id": log["log"],
        "name": choose(log["name"], reader.languages),
        "labels": log["labels"],
        "why": words.label("log_mode", log["mode"]),
        "through": ", ".join(names.get(by, by[:8]) for by in log["through"]),
        "held": held,
        "state": "" if log["state"] == "ok" else words.label("log_state", log["state"]),
        "decisions": f"/moderation/{log['log']}/{log['epoch']}",
    }


def _waiting_row(row: dict[str, Any], reader: Reader) -> dict[str, Any]:
    own = row["told_by"] == row["log"]
    return {
        "id": row["log"],
        "name": choose(row["name"], reader.languages),
        "entries": reader.words.number(row["size"]),
        "told_by": "" if own else row["told_by_name"] or row["told_by"][:8],
        "since": date_text(row["at"], reader.words),
    }


def _denied_row(row: dict[str, Any], words: Words) -> dict[str, Any]:
    decisions = [{"by": item["by_name"], "reason": words.label("denial", item["reason"])} for item in row["decisions"]]
    return {"id": row["log"], "name": row["name"], "decisions": decisions}


ROUTES = (Route("GET", "/peers", _peers, "The federation as this node sees it", "text/html", statuses=(200,)),)
