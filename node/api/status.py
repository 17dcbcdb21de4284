# SPDX-License-Identifier: AGPL-3.0-or-later
"""How the node is: alive, ready, and in numbers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.process_collector import ProcessCollector

from ledger.directory.present import lag
from ledger.errors import LedgerError
from ledger.held.forks import why_not_signing
from node.api.v1 import json_answer
from node.keys import HUB, LEDGER
from node.routes import Route
from node.web.problem import problem
from protocol import __version__
from protocol.identity import show_log_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.ledger import Ledger
    from node.peering.gossip import Hub


async def _alive(_: web.Request) -> web.Response:
    return json_answer({"schema": "folkmoot.health/1", "alive": True, "version": __version__})


async def _ready(request: web.Request) -> web.Response:
    """Ready: the store is open and the log was checked against its head."""
    ledger = request.app[LEDGER]

    def look() -> tuple[dict[str, object], str]:
        with ledger.store.read() as reads:
            numbers: dict[str, object] = {"logs": len(reads.trees()), "lag": lag(reads)}
            return numbers, why_not_signing(reads, ledger.own.tree) or ledger.own.signing_refused

    try:
        found, refused = await asyncio.to_thread(look)
    except LedgerError as error:
        return problem(503, "Not ready", str(error))
    state = ledger.own.recovery.state.value
    signing = {"signing": not refused, "state": state, **({"why": refused} if refused else {})}
    return json_answer(
        {"schema": "folkmoot.ready/1", "ready": True, **signing, **found, "problem": ledger.writer.failure}
    )


class _Numbers:
    """What /metrics tells, read when asked."""

    def __init__(self, ledger: Ledger, hub: Hub) -> None:
        self._ledger = ledger
        self._hub = hub

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The present numbers."""
        of = ["log", "epoch"]
        entries = GaugeMetricFamily("folkmoot_entries", "Entries held", labels=of)
        behind = GaugeMetricFamily("folkmoot_entries_missing", "Entries known of and not yet held", labels=of)
        about = "Entries under a checkpoint that a quorum of witnesses cosigned"
        published = GaugeMetricFamily("folkmoot_entries_published", about, labels=of)
        with self._ledger.store.read() as reads:
            for tree in reads.trees():
                label = [show_log_id(tree.origin.log_id)[:8], str(tree.origin.epoch)]
                entries.add_metric(label, tree.size)
                behind.add_metric(label, max(0, tree.head_size - tree.size))
                published.add_metric(label, reads.published(tree.tree)[0])
            yield entries
            yield behind
            yield published
            forked = sum(fork.healed is None for fork in reads.forks_since(0))
            yield GaugeMetricFamily("folkmoot_forked_logs", "Logs that have forked and are not healed", value=forked)
            yield GaugeMetricFamily("folkmoot_lag_entries", "Entries stored but not yet searchable", value=lag(reads))
            refused = why_not_signing(reads, self._ledger.own.tree) or self._ledger.own.signing_refused
            yield GaugeMetricFamily("folkmoot_records", "Records, closed ones included", value=reads.record_count())
        yield GaugeMetricFamily("folkmoot_peers", "Open gossip connections", value=len(self._hub.peers()))
        signing = 0 if refused else 1
        yield GaugeMetricFamily("folkmoot_signing", "1 if this node signs its log", value=signing)


async def _metrics(request: web.Request) -> web.Response:
    registry = CollectorRegistry()
    registry.register(_Numbers(request.app[LEDGER], request.app[HUB]))
    ProcessCollector(registry=registry)
    body = await asyncio.to_thread(generate_latest, registry)
    return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


ROUTES = (
    Route("GET", "/healthz", _alive, "Whether the process is alive"),
    Route("GET", "/readyz", _ready, "Whether the store is open and the log was checked", statuses=(200, 503)),
    Route("GET", "/metrics", _metrics, "Numbers for Prometheus", "text/plain"),
)
