# SPDX-License-Identifier: AGPL-3.0-or-later
"""The running node: store, pages and API, gossip, discovery; from start to a clean stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
from typing import TYPE_CHECKING

from aiohttp import web
from yarl import URL

from ledger.held.state import witnesses_of
from ledger.held.witness import Witness
from ledger.keeping.scrub import Place, scrub_step
from ledger.ledger import Ledger
from ledger.own.keys import write_private
from node.api import bundles, openapi, publishing
from node.api import v1 as api
from node.config import witnessed_logs
from node.contribute.ballots import carry_out_ballots
from node.contribute.openness import OPENNESS, Openness
from node.directory import (
    duplicates_api,
    tiles,
)
from node.directory.finder import Finder
from node.directory.matcher import MATCHER, Matcher
from node.importing.running import run_imports
from node.keys import CONFIG, FINDER, HUB, LEDGER, TOKEN
from node.peering.asking import ask_witnesses
from node.peering.client import Client
from node.peering.discovery import Discovery
from node.peering.gossip import GOSSIP_PATH, SUBPROTOCOL, Hub
from node.peering.lan import lan_addresses
from node.peering.neighbours import Neighbours
from node.peering.receipts import Receipts
from node.peering.recovering import Recovering
from node.peering.tls import server_context, write_certificate
from node.peering.witnessing import ANSWER_S, place_of
from node.reciprocity.ledgers import FLOWS, WHOLE, FlowKeeper, WholeKeeper
from node.restarting import RESTARTING, Restarting
from node.routes import Route
from node.served import DESCRIBED, PAGES
from node.steward.backups import BACKUPS, Backups
from node.steward.running import run_steward
from node.upkeep import table as upkeep
from node.web.challenges import CHALLENGES, Challenges
from node.web.downloading import Downloads
from node.web.guard import BODY_BYTES_MAX, GuardedRunner, guard
from node.web.problem import problem
from node.web.session import MEMBERS, ROLE_SESSIONS, SESSIONS
from protocol import __version__
from protocol.frames import FRAME_BYTES_MAX
from protocol.identity import short_log_id
from protocol.witness import LINES_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from ssl import SSLContext

    from ledger.data_directory import DataDirectory
    from ledger.deriving.derive import Derived
    from ledger.sqlite.store import Snapshot
    from node.config import Config
    from node.peering.recovering import Said
    from protocol.note import VerifierKey

log = logging.getLogger("folkmoot")

STOP_S = 8.0
GARBAGE_THRESHOLDS = (20_000, 20, 50)
"""How rarely Python looks for cycles of garbage: with its own 700 objects, one hostile frame of a million empty arrays
holds the event loop for half a second (P9)."""

SCRUB_S = 1.0
"""Between two steps of the scrub, of 256 entries each."""


class Node:
    """One organisation's node."""

    def __init__(
        self,
        directory: DataDirectory,
        config: Config,
        say: Callable[[str], None],
        restarting: Restarting | None = None,
    ) -> None:
        self.config = config
        self.restarting = restarting or Restarting()
        self.say = say
        self.ledger = Ledger(directory)
        self.finder = Finder(self.ledger.store)
        self.neighbours = Neighbours(self.ledger)
        self.url = ""
        self.damage = ""
        self.discovery: Discovery | None = None
        self._runner: GuardedRunner | None = None
        self._tasks: set[asyncio.Task[object]] = set()

    async def start(self) -> None:
        """Listens, tells where, begins to gossip and to look around. If that fails, nothing is left open."""
        gc.set_threshold(*GARBAGE_THRESHOLDS)
        self.client = Client(f"folkmoot/{__version__}")
        self.hub = Hub(self.ledger, self.client, self.config.network)
        self.hub.on_event = self.say
        self.hub.witness = Witness(self.ledger, witnessed_logs(self.config))
        self.hub.witnessing.post = self._post
        self.hub.tunnels.carries = self.config.relay
        self.hub.scoping.book.policy = self.config.policy
        self.hub.connecting.addresses = (
            *filter(None, (self.config.public_url.rstrip("/"),)),
            *self.ledger.keys.charter.endpoints,
        )
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        config, ledger = self.config, self.ledger
        tiles.check_ground(config, ledger.directory.path)
        self.restarting.token = token = _steward_token(ledger.directory, self.restarting.token)
        app = make_application(ledger, self.finder, self.hub, config, token, self.restarting)
        self._runner = GuardedRunner(app, shutdown_timeout=STOP_S / 2)
        await self._runner.setup()
        tls = self._certificate() if config.tls else None
        await self._listen(self._runner, tls)
        port = self.port
        self.url = str(URL.build(scheme="https" if config.tls else "http", host=self._shown_host, port=port))
        write_private(ledger.directory.url, f"{self.url}\n".encode())
        self.hub.start()
        ledger.writer.on_derived = self._derived
        self.recovering = Recovering(self.hub, self._ask_witnesses)
        self.recovering.start()
        with ledger.store.read() as reads:
            peers = reads.peers()
        for url in (*config.seeds, *peers):
            self.hub.dial(url, trusted=True)
        title = ledger.keys.charter.title()
        self.discovery = Discovery(ledger.log_id, title, config.host, port, self._found, self.hub.lose, tls=config.tls)
        if config.mdns:
            self._later(self._discover(self.discovery))
        self._later(asyncio.to_thread(self.finder.warm_up))
        self._later(self._scrub())
        self._later(Receipts(ledger).run())
        self._later(self.neighbours.run())
        self._later(carry_out_ballots(ledger))

    @property
    def port(self) -> int:
        """The port on which it listens."""
        return int(self._runner.addresses[0][1]) if self._runner is not None else self.config.port

    async def _listen(self, runner: GuardedRunner, tls: SSLContext | None) -> None:
        """Takes connections, where the node before this one did if there was one: nobody is turned away in between."""
        restarting = self.restarting
        if restarting.sockets:
            for one in restarting.sockets:
                await web.SockSite(runner, one.dup(), ssl_context=tls).start()
            return
        site = web.TCPSite(runner, self.config.host, self.config.port, ssl_context=tls)
        await site.start()
        if restarting.possible and isinstance(site._server, asyncio.Server):  # noqa: SLF001 - it has no other name
            restarting.sockets = [one.dup() for one in site._server.sockets]  # noqa: SLF001 - as above

    def _derived(self, derived: Derived) -> None:
        """Tells of what the writing thread has folded."""
        self.finder.on_derived(derived)
        self.hub.on_derived(derived)
        self.neighbours.on_derived(derived)

    @property
    def _shown_host(self) -> str:
        """Where this machine reaches itself."""
        host = self.config.host
        return {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared

    async def _ask_witnesses(self) -> list[Said]:
        """What those witnesses say of the own log that are reached over HTTP."""
        ledger = self.ledger

        def places(reads: Snapshot) -> list[tuple[VerifierKey, str]]:
            chosen = witnesses_of(reads, reads.tree_numbered(ledger.own.tree)).chosen
            return [(witness.key, place_of(reads, witness).url) for witness in chosen]

        where = await self.hub.runtime.read(places)
        return await ask_witnesses(self.client, where, ledger.own.origin, ledger.keys.payloads)

    def _certificate(self) -> SSLContext:
        """A certificate made anew, for the names and addresses that this machine has now."""
        config, ledger = self.config, self.ledger
        public = URL(config.public_url).host if config.public_url else None
        names = {"localhost", "127.0.0.1", *lan_addresses(config.host), self._shown_host, *([public] if public else [])}
        write_certificate(ledger.directory.certificate, ledger.log_id, ledger.key, sorted(names), ledger.clock())
        return server_context(ledger.directory.certificate)

    async def stop(self) -> None:
        """Says goodbye, finishes what was begun, closes the store."""
        if self.discovery is not None:
            await self.discovery.stop()
        await self.hub.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        await self.client.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.ledger.directory.url.unlink(missing_ok=True)
        await asyncio.to_thread(self.ledger.close)

    async def _post(self, url: str, body: bytes, trusted: bool) -> tuple[int, str, bytes]:  # noqa: FBT001 - as witnesses are asked
        return await self.client.post_text(url, body, LINES_BYTES_MAX, ANSWER_S, trusted=trusted)

    async def _scrub(self) -> None:
        """Goes through what is stored, slowly and for ever: a flipped bit is noticed before it matters."""
        place = Place()
        while True:
            await asyncio.sleep(SCRUB_S)
            place, wrong = await asyncio.to_thread(self._scrub_step, place)
            if wrong and wrong != self.damage:
                self.damage = wrong
                log.error("DAMAGED: %s; run `folkmoot log audit`, and fetch the log from a peer again", wrong)

    def _scrub_step(self, place: Place) -> tuple[Place, str]:
        with self.ledger.store.read() as reads:
            return scrub_step(reads, place)

    async def _discover(self, discovery: Discovery) -> None:
        await discovery.start()
        if discovery.problem:
            self.say(discovery.problem)

    def _found(self, url: str, log_id: bytes) -> None:
        if url.rstrip("/") != self.url.rstrip("/"):
            self.say(f"found {short_log_id(log_id)} at {url} on the local network")
            self.hub.dial(url, trusted=True, found=True)

    def _later(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload] # a coroutine
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def make_application(
    ledger: Ledger, finder: Finder, hub: Hub, config: Config, token: str, restarting: Restarting | None = None
) -> web.Application:
    """The HTTP application over the parts of a node."""
    restarting = restarting or Restarting()
    names = frozenset(filter(None, {URL(config.public_url).host} if config.public_url else set()))
    streams = frozenset((route.method, route.path) for route in (*DESCRIBED, *PAGES) if route.streams)
    app = web.Application(middlewares=[guard(names, streams)], client_max_size=BODY_BYTES_MAX)
    app[LEDGER], app[FINDER], app[HUB], app[CONFIG], app[TOKEN] = ledger, finder, hub, config, token
    app[FLOWS], app[SESSIONS], app[MEMBERS] = FlowKeeper(), restarting.sessions, restarting.members
    app[ROLE_SESSIONS], app[CHALLENGES] = restarting.roles, Challenges()
    app[RESTARTING] = restarting
    app[MATCHER] = Matcher(ledger.store, finder)
    app[WHOLE] = WholeKeeper()
    app[BACKUPS] = Backups(ledger.directory, config.backup_folder)
    app[bundles.DOWNLOADS] = Downloads()
    app[OPENNESS] = Openness()
    duplicates_api.prepare(app)
    upkeep.prepare(app)
    app[publishing.EXPORTS] = Downloads(publishing.EXPORTS_PER_ADDRESS_MAX)
    app.cleanup_ctx.append(run_imports)
    app.cleanup_ctx.append(run_steward)
    document = openapi.describe(DESCRIBED)

    async def describe(_: web.Request) -> web.Response:
        return api.json_answer(document)

    own_route = Route("GET", "/openapi.json", describe, "This description")
    for route in (*DESCRIBED, *PAGES, own_route):
        path = route.path.replace("{tile}", "{tile:.+}")
        handler = _for_stewards(route) if route.steward else route.handler
        app.router.add_route(route.method, path, handler)
        if route.method == "GET":
            app.router.add_route("HEAD", path, handler)
    app.router.add_get(GOSSIP_PATH, _gossip)
    return app


def _for_stewards(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handler(request: web.Request) -> web.StreamResponse:
        if not api.is_steward(request):
            return problem(401, "Not authorised", "this takes the steward's token")
        return await route.handler(request)

    return handler


async def _gossip(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse(
        protocols=(SUBPROTOCOL,), compress=False, max_msg_size=FRAME_BYTES_MAX, timeout=5.0, writer_limit=2**20
    )
    if not socket.can_prepare(request).ok:
        return problem(426, "Upgrade required", "this is where nodes talk to each other, over a WebSocket")
    await socket.prepare(request)
    await request.app[HUB].accept(socket, request.remote or "")
    return socket


def _steward_token(directory: DataDirectory, before: str) -> str:
    """The token that lets local commands write through the API; made anew at each start of the program."""
    token = before or secrets.token_urlsafe(32)
    write_private(directory.token, f"{token}\n".encode())
    return token
