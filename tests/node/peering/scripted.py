# SPDX-License-Identifier: AGPL-3.0-or-later
"""A peer that says what a test tells it to: true things and false ones, over a real WebSocket."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, TypeVar

from aiohttp import ClientSession, WSMsgType

from node.peering.gossip import SUBPROTOCOL
from protocol.frames import (
    Auth,
    Bye,
    Cursor,
    Entries,
    Frame,
    HeadField,
    Heads,
    Hello,
    Reject,
    Resume,
    Want,
    auth_message,
    decode_frame,
    encode_frame,
)
from tests.builders import Log, Organisation, found_organisation, seeded
from tests.node.running import NETWORK, WAIT_S

if TYPE_CHECKING:
    from aiohttp import ClientWebSocketResponse

STORE = seeded("store", 16)
_Kind = TypeVar("_Kind", bound=Frame)


def head_field(log: Log, note: bytes = b"", epoch: int = 1) -> HeadField:
    """The head of a log as it is now."""
    organisation = log.organisation
    return HeadField(organisation.log_id, epoch, note or bytes(log.note()), [organisation.payload])


def range_of(log: Log, begin: int, end: int) -> Entries:
    """A true answer to a WANT."""
    proof = log.prove_consistency(end) if end < log.size else []
    return Entries(log.organisation.log_id, 1, log.size, begin, log.entries[begin:end], proof)


class ScriptedPeer:
    """An organisation that dials a node and speaks frames."""

    def __init__(self, url: str, label: str = "liar", size: int = 1) -> None:
        self.url = url
        self.organisation: Organisation = found_organisation(label)
        self.log = Log(self.organisation).grow(size)
        self.heard: list[Frame] = []
        self._client = ClientSession()
        self._socket: ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._socket is not None:
            await self._socket.close()
        await self._client.close()

    @property
    def socket(self) -> ClientWebSocketResponse:
        """The connection."""
        assert self._socket is not None
        return self._socket

    async def connect(self) -> Hello:
        """Connects; the HELLO of the node."""
        self._socket = await self._client.ws_connect(f"{self.url}/gossip", protocols=(SUBPROTOCOL,))
        return await self.receive(Hello)

    async def greet(self, organisation: Organisation | None = None) -> tuple[Hello, bytes]:
        """Connects and says HELLO, as oneself or as somebody else; the node's HELLO and one's own nonce."""
        hello = await self.connect()
        me, nonce = organisation or self.organisation, seeded("nonce")
        await self.send(Hello([1], NETWORK, me.log_id, nonce, 0, [], [me.payload]))
        return hello, nonce

    async def greet_and_authenticate(self) -> None:
        """Connects and proves who it is."""
        hello, nonce = await self.greet()
        me = self.organisation
        message = auth_message(NETWORK, 0, me.log_id, nonce, hello.log, hello.nonce)
        await self.send(Auth(me.key.public, me.key.sign(message)))

    async def open(self) -> Resume:
        """Connects and authenticates; the RESUME of the node."""
        await self.greet_and_authenticate()
        return await self.receive(Resume)

    async def send(self, *frames: Frame) -> None:
        """Sends frames."""
        for frame in frames:
            await self.socket.send_bytes(encode_frame(frame))

    async def announce(self, upto: int = 1) -> None:
        """Tells of its log, and that this is all there is to tell."""
        await self.send(Heads([head_field(self.log)]), Cursor(STORE, upto))

    async def receive(self, kind: type[_Kind]) -> _Kind:
        """The next frame of a kind; others are remembered and left out."""
        async with asyncio.timeout(WAIT_S):
            while True:
                message = await self.socket.receive()
                if message.type is not WSMsgType.BINARY:
                    raise AssertionError(f"no {kind.__name__} came: {message}, after {self.heard[-3:]}")
                frame = decode_frame(message.data)
                assert frame is not None
                self.heard.append(frame)
                if isinstance(frame, kind):
                    return frame

    async def serve(self) -> None:
        """Answers every WANT truly until the whole log has been asked for."""
        reached = 0
        while reached < self.log.size:
            want = await self.receive(Want)
            reached = max(reached, want.to)
            await self.send(range_of(self.log, want.from_, want.to))

    async def ended(self) -> str:
        """The code with which the node ends the connection, empty if without a word."""
        code = ""
        async with asyncio.timeout(WAIT_S):
            while (message := await self.socket.receive()).type is WSMsgType.BINARY:
                frame = decode_frame(message.data)
                if isinstance(frame, Bye | Reject):
                    code = frame.code
        return code
