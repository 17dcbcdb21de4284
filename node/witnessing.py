# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking the own log's witnesses for cosignatures after each checkpoint, and answering those who ask this node."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import ClientError

from ledger.errors import LedgerError, NotSigningError
from ledger.state import ChosenWitness, Witnesses, add_cosignatures, witnesses_of
from ledger.tree import prove_consistency
from node.client import DialRefusedError
from protocol.charter import establish
from protocol.checkpoint import Checkpoint, parse_checkpoint
from protocol.errors import Malformed
from protocol.identity import parse_log_id
from protocol.note import Note, SignatureLine
from protocol.witness import (
    LINES_BYTES_MAX,
    Answer,
    cosigned_by,
    make_request,
    read_answer,
    read_cosignature,
    resend_from,
    write_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.ledger import Ledger
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree
    from ledger.witness import Witness
    from node.client import Client

log = logging.getLogger("folkmoot.witness")

PATH = "/witness"
ANSWER_S = 10.0
"""How long a witness may take: others and newer checkpoints wait for it."""
RESENDS_MAX = 3
_BACKOFF_FIRST_S, _BACKOFF_MAX_S = 1.0, 300.0
_PAUSE_S = 0.05


async def answer_witness_request(
    ledger: Ledger, witness: Witness, old: int, proof: Sequence[bytes], note: bytes
) -> Answer:
    """What this node's witness answers, however it was asked; a 200 is durable before it is given.

    A request that is malformed gets a 400. Raises LedgerError if the store cannot be used or must not cosign.
    """
    try:
        request = make_request(old, proof, note)
    except Malformed:
        return Answer(400)

    def look() -> Answer:
        with ledger.store.read() as reads:
            return witness.look(reads, request)

    seen = await asyncio.to_thread(look)  # a refusal costs no writing
    if seen.code != 200:
        return seen
    return await asyncio.wrap_future(ledger.writer.run(lambda change: witness.cosign(change, request)))


class Target(NamedTuple):
    """A checkpoint of the own log to be cosigned, by whom, and where they are asked."""

    tree: Tree
    checkpoint: Checkpoint
    note: Note
    witnesses: Witnesses
    published: int
    places: dict[str, tuple[str, bool]]


class Trouble(NamedTuple):
    """Why a witness did not cosign, how often in a row, and when it is asked again (monotonic seconds)."""

    text: str
    times: int
    again: float


class Witnessing:
    """Keeps the own log's newest checkpoint cosigned: one checkpoint at a time, all witnesses at once.

    They are asked about the same checkpoint, or no quorum would come together while much is written.
    """

    def __init__(self, ledger: Ledger, client: Client) -> None:
        self._ledger = ledger
        self._client = client
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._known: dict[str, int] = {}
        self._announce: Callable[[], None] = lambda: None
        self.troubles: dict[str, Trouble] = {}

    def start(self) -> None:
        """Begins, beside whoever is told of checkpoints already."""
        writer, loop = self._ledger.writer, asyncio.get_running_loop()
        self._announce = announce = writer.on_checkpoint

        def on_checkpoint() -> None:
            announce()
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._news.set)

        writer.on_checkpoint = on_checkpoint
        self._news.set()
        self._task = asyncio.create_task(self._run())

    def wake(self) -> None:
        """The witnesses have changed: asks at once, also those that did not answer."""
        self.troubles.clear()
        self._news.set()

    async def stop(self) -> None:
        """Ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._news.clear()
            wait = None
            try:
                wait = await self._round()
            except LedgerError as error:
                log.warning("the witnesses cannot be asked: %s", error)
                wait = _BACKOFF_MAX_S
            except Exception:
                log.exception("fault while asking the witnesses")
                wait = _BACKOFF_MAX_S
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(_PAUSE_S)  # what is written at once is cosigned at once

    async def _round(self) -> float | None:
        """Asks all whose time has come about the newest checkpoint; seconds until the next of the others."""
        target = await asyncio.to_thread(self._target)
        if target is None:
            return None
        have = cosigned_by(target.note, target.witnesses.quorum.keys)
        lacking = [witness for witness in target.witnesses.chosen if witness.key not in have]
        now, collected = time.monotonic(), list(have.values())
        if target.published < target.checkpoint.size and target.witnesses.quorum.reached(target.note):
            await self._store(target, collected)  # fewer are needed than when they cosigned
        due = [w for w in lacking if str(w.key) not in self.troubles or self.troubles[str(w.key)].again <= now]
        await asyncio.gather(*(self._collect(target, witness, collected) for witness in due))
        waiting = [self.troubles[str(w.key)].again for w in lacking if str(w.key) in self.troubles]
        return max(0.0, min(waiting) - time.monotonic()) if waiting else None

    def _target(self) -> Target | None:
        with self._ledger.store.read() as reads:
            tree = reads.tree_numbered(self._ledger.own.tree)
            witnesses = witnesses_of(reads, tree)
            if not tree.checkpoint or not witnesses.chosen or self._ledger.own.signing_refused:
                return None
            places = {str(witness.key): _place(reads, witness) for witness in witnesses.chosen}
            published, _ = reads.published(tree.tree)
        checkpoint, note = parse_checkpoint(tree.checkpoint)
        return Target(tree, checkpoint, note, witnesses, published, places)

    async def _collect(self, target: Target, witness: ChosenWitness, collected: list[SignatureLine]) -> None:
        line = await self._ask(target, witness)
        if line is not None:
            collected.append(line)
            await self._store(target, collected)

    async def _store(self, target: Target, lines: list[SignatureLine]) -> None:
        """Keeps the cosignatures of a checkpoint; peers are told if it is still the newest one."""
        note = Note(target.note.text, (*target.note.signatures, *lines))
        number, size = target.tree.tree, target.checkpoint.size
        grown = await asyncio.wrap_future(
            self._ledger.writer.run(lambda change: add_cosignatures(change, change.tree_numbered(number), note, size))
        )
        if grown:
            self._announce()

    async def _ask(self, target: Target, witness: ChosenWitness) -> SignatureLine | None:
        """A witness's cosignature; None if it gives none: why is kept in `troubles`."""
        key = str(witness.key)
        try:
            async with asyncio.timeout(ANSWER_S):
                line = await self._ask_until_final(target, witness)
        except (ClientError, OSError, TimeoutError, DialRefusedError) as error:
            self._trouble(key, f"cannot be reached: {str(error) or type(error).__name__}")
        except Malformed as error:
            self._trouble(key, f"answers with what is no cosignature: {error}")
        except NotSigningError as error:
            self._trouble(key, str(error))
        else:
            self.troubles.pop(key, None)
            return line
        return None

    async def _ask_until_final(self, target: Target, witness: ChosenWitness) -> SignatureLine:
        key, size = str(witness.key), target.checkpoint.size
        old = min(self._known.get(key, 0), size)
        for _ in range(RESENDS_MAX):
            proof = await asyncio.to_thread(self._prove, target.tree.tree, old, size)
            answer = await self._ask_over_http(target.places[key], write_request(old, proof, bytes(target.note)))
            if answer.code == 200:
                line = read_cosignature(answer.lines, target.note.text, witness.key)
                self._known[key] = size
                return line
            told = resend_from(answer, old, size)
            if told is None:
                break
            self._known[key] = old = told
        raise NotSigningError(_explain(answer, size))

    def _prove(self, tree: int, old: int, size: int) -> list[bytes]:
        with self._ledger.store.read() as reads:
            return prove_consistency(reads, tree, old, size)

    async def _ask_over_http(self, place: tuple[str, bool], body: bytes) -> Answer:
        url, trusted = place
        if not url:
            raise NotSigningError("no address of it is known: name one with --url")
        answer = await self._client.post_text(f"{url}/add-checkpoint", body, LINES_BYTES_MAX, trusted=trusted)
        return read_answer(*answer)

    def _trouble(self, key: str, text: str) -> None:
        times = self.troubles[key].times + 1 if key in self.troubles else 1
        wait = min(_BACKOFF_MAX_S, _BACKOFF_FIRST_S * 2 ** min(times - 1, 16))
        self.troubles[key] = Trouble(text, times, time.monotonic() + wait)


def _explain(answer: Answer, size: int) -> str:
    if answer.code == 409 and answer.old > size:
        return (
            f"has seen {answer.old} entries of this log, of which only {size} are here: this store is an older copy, "
            "or somebody else writes with this key"
        )
    meaning = {
        400: "it finds the request malformed",
        403: "it does not take the signature for this log's",
        404: "it does not know this log: it has to follow it, or name its key",
        409: "it has seen another state of this log",
        422: "the checkpoint contradicts what it has seen of this log",
    }
    return f"refuses: {meaning.get(answer.code, 'without a reason that is known here')} ({answer.code})"


def _place(reads: Snapshot, witness: ChosenWitness) -> tuple[str, bool]:
    """Where a witness is asked, and whether the operator named that address; ("", False) if none is known."""
    parts = witness.key.name.split("/")
    ours = len(parts) == 3 and parts[0] == "folkmoot" and parts[2] == "witness"
    if witness.url:
        return witness.url if not ours or witness.url.endswith(PATH) else witness.url + PATH, True
    try:
        log_id = parse_log_id(parts[1]) if ours else b""
    except Malformed:
        return "", False
    for tree in reads.trees():
        charters = reads.charters(tree.tree) if tree.origin.log_id == log_id else []
        endpoints = establish(charters).charter.endpoints if charters else []
        if endpoints:
            return endpoints[0].rstrip("/") + PATH, False
    return "", False
