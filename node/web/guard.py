# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every request passes before it is answered, and every connection before it is heard.

Against slow and endless requests, rebinding, cross-site posts and compressed bombs; with headers that let no foreign
script act on the node's pages.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from ledger.errors import LedgerError
from node.peering.gossip import GOSSIP_PATH
from node.web.crowd import Turns, gives_way, network_of
from node.web.policy import content_policy
from node.web.problem import Problem, problem, problem_of
from node.web.rendering import error_page, wants_html
from node.web.session import COOKIES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("folkmoot.http")

BODY_BYTES_MAX = 256 * 1024
LINE_BYTES_MAX = 4096
HEADERS_S = 15
"""From the opening of a connection, or the last answer on it, to the end of the next request's headers."""
BODY_S = 10.0
ANSWER_S = 60.0
"""For working an answer out, and once more for the other side to take it."""
UPLOAD_S = 1800.0
"""For a file to come in from a slow network."""
CONNECTIONS_MAX = 512

_HEADERS = {
    "Content-Security-Policy": content_policy(),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with less, a browser says of its own forms that they come from nowhere
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Paced(web.StreamResponse):
    """An answer of any length, which keeps deadlines of its own while it is sent."""


class GuardedHandler(RequestHandler):
    """One connection, which hears no more once what came is no HTTP; the operator is told of our faults only."""

    __slots__ = ("address",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins; whose it is stays known."""
        self.address = _address(transport)
        super().connection_made(transport)

    @property
    def idle(self) -> bool:
        """Whether it waits for a request."""
        return self._waiter is not None

    def data_received(self, data: bytes) -> None:
        """Takes what has come. After a faulty piece each further one would be kept with an error of its own."""
        super().data_received(data)
        if self.transport is not None and self._messages and isinstance(self._messages[-1][0], _ErrInfo):
            self.transport.pause_reading()

    def log_exception(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as aiohttp has it
        """Tells of a fault of ours."""
        if not isinstance(options.get("exc_info"), HttpProcessingError | ConnectionError):
            super().log_exception(*args, **options)


class GuardedServer(web.Server):
    """A server with room for so many connections: who has most of them loses one when others come."""

    def __call__(self) -> RequestHandler:
        """One connection."""
        return GuardedHandler(self, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Takes a connection in, and hangs up on one if that is one too many."""
        super().connection_made(handler, transport)
        if len(self._connections) > CONNECTIONS_MAX:
            held = [one for one in self._connections if isinstance(one, GuardedHandler)]
            # Not at once: who has just come begins to listen in this turn of the loop, and would fail at having gone.
            self._loop.call_soon(self._connections.pop(gives_way(held, held[-1])).abort)
        _give_up_on_who_takes_nothing(transport)


def _give_up_on_who_takes_nothing(transport: asyncio.Transport) -> None:
    """Lets the system end a connection whose other side takes none of what is sent, also while it is being closed."""
    connection = transport.get_extra_info("socket")
    if connection is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(ANSWER_S * 1000))


def _address(transport: asyncio.BaseTransport) -> str:
    name = transport.get_extra_info("peername")
    return network_of(str(name[0])) if name else ""


class GuardedRunner(web.AppRunner):
    """Runs an application on a guarded server."""

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        return GuardedServer(
            plain.request_handler,
            request_factory=plain.request_factory,
            access_log=None,
            keepalive_timeout=HEADERS_S,
            lingering_time=2.0,
            max_line_size=LINE_BYTES_MAX,
            max_field_size=LINE_BYTES_MAX,
            auto_decompress=False,
            tcp_keepalive=True,
        )


def guard(names: frozenset[str], streams: frozenset[tuple[str, str]] = frozenset()) -> Any:  # noqa: ANN401 - what aiohttp takes for a middleware
    """The middleware. `names` are host names under which this node may be asked, beside addresses and localhost.

    `streams` are (method, path) of what takes its body itself, with deadlines for each piece.
    """
    turns = Turns()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = _refuse(request, names)
        if refused is not None:
            return _finished(request, refused)
        if request.path == GOSSIP_PATH and request.headers.get("Upgrade", "").lower() == "websocket":
            return await handler(request)  # has deadlines and limits of its own
        try:
            async with turns.take(network_of(request.remote or ""), ANSWER_S):
                return await answer(request, handler)
        except TimeoutError:
            busy = problem(503, "Too much at once", "more is asked from this address than can be answered")
            busy.headers["Retry-After"] = "10"
            return _finished(request, busy)

    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await _answered(request, handler, streams=(request.method, request.path) in streams)
        if isinstance(response, Problem) and wants_html(request):
            response = error_page(request, response.status, response.title, response.detail)
        return await _sent(request, _finished(request, response))

    return middleware


async def _answered(request: web.Request, handler: Handler, *, streams: bool) -> web.StreamResponse:
    """The answer of a handler in time, or the problem that kept it from answering."""
    try:
        if request.can_read_body and not streams:
            try:
                async with asyncio.timeout(BODY_S):
                    await request.read()
            except ConnectionError:  # whoever asked has gone
                return problem(400, "Bad request", "the body has not come")
        async with asyncio.timeout(UPLOAD_S if streams else ANSWER_S):
            response = await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = problem(error.status, error.reason)
        response.headers.update({name: error.headers[name] for name in ("Allow",) if name in error.headers})
    except TimeoutError:
        response = problem(408, "Request timeout", "the request took too long")
        response.force_close()
    except (LedgerError, ValueError) as error:
        response = problem_of(error)
    except Exception as error:
        log.exception("fault while answering %s %s", request.method, request.path)
        response = problem_of(error)
    return response


async def _sent(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Sends an answer, and hangs up on whoever does not take it in time."""
    try:
        with contextlib.suppress(ConnectionError):  # whoever asked has gone
            async with asyncio.timeout(None if isinstance(response, Paced) else ANSWER_S):
                await response.prepare(request)
                await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


def _finished(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """An answer with the headers that all have; what may be for one person alone is kept by nobody on the way."""
    if not response.prepared:
        if "Authorization" in request.headers or COOKIES & request.cookies.keys():
            response.headers.setdefault("Cache-Control", "no-store")
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def _refuse(request: web.Request, names: frozenset[str]) -> web.Response | None:
    """Why a request is not even looked at, or None."""
    if not _is_ours(request.host, names):
        return problem(421, "Misdirected request", "this node is not known under that host name; set public_url")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        return problem(415, "Unsupported content encoding", "send the body as it is")
    origin = request.headers.get("Origin")
    if origin is not None and (request.method not in {"GET", "HEAD"} or "Upgrade" in request.headers):
        scheme, _, host = origin.partition("://")
        if scheme not in {"http", "https"} or host != request.host:
            return problem(403, "Cross-site request", "requests that change something come from this node's own pages")
    return None


def _is_ours(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header can mean this node: an address, localhost, a .local name, or a name that was configured.

    A page elsewhere that points its own name at this address (DNS rebinding) is thereby refused.
    """
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and not host.endswith("]") else host
    name = name.strip("[]").lower()
    if name in names or name == "localhost" or name.endswith(".local"):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
