# SPDX-License-Identifier: AGPL-3.0-or-later
"""A transparency log and a witness that are none of ours, as third parties write them."""

from __future__ import annotations

from hashlib import sha256

from aiohttp import web

from protocol.checkpoint import Checkpoint, cosign
from protocol.identity import Origin
from protocol.merkle import Node, Peaks, check_consistency, consistency_nodes, fold_nodes, leaf_hash
from protocol.note import TYPE_COSIGNATURE, TYPE_ED25519, Note, VerifierKey, sign_note, verified_by
from protocol.witness import parse_request, write_request
from tests.builders import START, signing_key

LOG = "log.example/third"
LOG_KEY = VerifierKey(LOG, TYPE_ED25519, signing_key(LOG).public)


class ThirdLog:
    """A transparency log that is none of ours."""

    def __init__(self, name: str = LOG, branch: str = "") -> None:
        self.name, self.branch = name, branch
        self._peaks = Peaks()
        self._hashes: dict[Node, bytes] = {}

    def grow(self, size: int, branch: str = "") -> ThirdLog:
        """Adds leaves; those of another branch differ."""
        for number in range(self._peaks.size, size):
            leaf = leaf_hash(f"leaf {number} {branch}".encode())
            self._hashes[Node(0, number)] = leaf
            self._peaks.append(leaf, lambda level, at, value: self._hashes.update({Node(level, at): value}))
        return self

    def note(self, key: str = "") -> bytes:
        """Its signed checkpoint."""
        checkpoint = Checkpoint(self.name, self._peaks.size, self._peaks.root())
        return bytes(Note(checkpoint.text, (sign_note(checkpoint.text, self.name, signing_key(key or self.name)),)))

    def request(self, old: int, proof: list[bytes] | None = None, note: bytes = b"") -> bytes:
        """What a witness is sent."""
        if proof is None:
            proof = fold_nodes(consistency_nodes(old, self._peaks.size), self._hashes)
        return write_request(old, proof, note or self.note())


class ThirdWitness:
    """A small witness that is none of ours: it keeps one size and root for one log."""

    def __init__(self, name: str, origin: Origin, log_key: bytes) -> None:
        self.signer = signing_key("a witness elsewhere")
        self.key = VerifierKey(name, TYPE_COSIGNATURE, self.signer.public)
        self.log_key = VerifierKey(str(origin), TYPE_ED25519, log_key)
        self.size, self.root = 0, sha256().digest()
        self.asked: list[int] = []
        self.broken: web.Response | None = None

    async def start(self) -> str:
        """Listens; its submission prefix."""
        app = web.Application()
        app.router.add_post("/some/prefix/add-checkpoint", self.add)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}/some/prefix"

    async def stop(self) -> None:
        """Listens no more."""
        await self.runner.cleanup()

    async def add(self, request: web.Request) -> web.Response:
        """Cosigns what follows what it saw."""
        asked = parse_request(await request.read())
        self.asked.append(asked.old)
        if self.broken is not None:
            return web.Response(status=self.broken.status, body=self.broken.body)
        verified_by(asked.note, [self.log_key])
        if asked.old != self.size:
            return web.Response(status=409, body=f"{self.size}\n", content_type="text/x.tlog.size")
        check_consistency(self.size, asked.checkpoint.size, self.root, asked.checkpoint.root, asked.proof)
        self.size, self.root = asked.checkpoint.size, asked.checkpoint.root
        stranger = cosign(asked.checkpoint, "stranger", signing_key("stranger"), START)
        mine = cosign(asked.checkpoint, self.key.name, self.signer, START)
        return web.Response(text=f"{stranger}\n{mine}\n")
