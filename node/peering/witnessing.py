# SPDX-License-Identifier: AGPL-3.0-or-later
"""Asking the own log's witnesses after each checkpoint, and answering those who ask. No IO, clock or asyncio."""

from __future__ import annotations

import logging
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from ledger.errors import LedgerError, NotSigningError
from ledger.held.state import ChosenWitness, Witnesses, add_cosignatures, witnesses_of
from ledger.held.tree import prove_consistency
from node.peering.errors import UnreachableError
from protocol import frames
from protocol.charter import establish
from protocol.checkpoint import Checkpoint, parse_checkpoint
from protocol.errors import Malformed
from protocol.identity import log_id_of_witness
from protocol.note import Note, SignatureLine
from protocol.session import State
from protocol.witness import (
    Answer,
    cosigned_by,
    make_request,
    read_answer,
    read_cosignature,
    resend_from,
    write_request,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from ledger.held.witness import Witness
    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree
    from node.peering.conversation import Conversation
    from node.peering.exchange import Exchange
    from node.peering.runtime import Runtime

log = logging.getLogger("folkmoot.witness")

PATH = "/witness"
ANSWER_S = 10.0
"""How long a witness may take: the others' newer checkpoints wait for it."""
RESENDS_MAX = 3
_BACKOFF_FIRST_S, _BACKOFF_MAX_S = 1.0, 300.0
_PAUSE_S = 0.05


async def answer_witness_request(
    runtime: Runtime, witness: Witness, old: int, proof: Sequence[bytes], note: bytes
) -> Answer:
    """What this node's witness answers, however it was asked (spec 11 §2); a 200 is durable before it is given."""
    try:
        request = make_request(old, proof, note)
    except Malformed:
        return Answer(400)
    try:
        answer = await runtime.read(lambda reads: witness.look(reads, request))
        if answer.code == 200:  # a refusal costs no writing
            answer = await runtime.write(lambda change: witness.cosign(change, request))
            await runtime.compute(witness.remember)
    except LedgerError as error:
        log.warning("cannot cosign %s: %s", request.checkpoint.origin, error)
        return Answer(503)
    return answer


async def hear_witness_frame(link: Conversation, frame: frames.Witness | frames.Cosignature) -> None:
    """Answers WITNESS, or takes the answer to it (spec 09 §6)."""
    if isinstance(frame, frames.Cosignature):
        link.hub.witnessing.hear(link, frame)
        return
    try:
        size = parse_checkpoint(frame.checkpoint)[0].size
    except Malformed:
        size = 0
    answer = await answer_witness_request(link.runtime, link.hub.witness, frame.old, frame.proof, frame.checkpoint)
    link.say(frames.Cosignature(frame.log, frame.epoch, size, answer.code, answer.old, answer.lines))


class Place(NamedTuple):
    """Where a witness is asked: the node of a log, a submission prefix, or both; whether the operator named it."""

    log_id: bytes
    url: str
    named: bool


class Target(NamedTuple):
    """A checkpoint of the own log to be cosigned, by whom, and where they are asked."""

    tree: Tree
    checkpoint: Checkpoint
    note: Note
    witnesses: Witnesses
    published: int
    places: dict[str, Place]


class Trouble(NamedTuple):
    """Why a witness did not cosign, how often in a row, and when it is asked again (the runtime's seconds)."""

    text: str
    times: int
    again: float


class Witnessing:
    """Keeps the own log's newest checkpoint cosigned: one checkpoint at a time, all witnesses at once.

    They are asked about the same checkpoint, or no quorum would come together while much is written.
    """

    def __init__(self, hub: Exchange) -> None:
        self.troubles: dict[str, Trouble] = {}
        self.post: Callable[[str, bytes, bool], Awaitable[tuple[int, str, bytes]]] | None = None
        """Posts a text to an address that is trusted or not: status, media type, body. Raises UnreachableError."""
        self._hub = hub
        self._known: dict[str, int] = {}
        self._asked: dict[tuple[Conversation, int], Answer | None] = {}
        self._news = self._running = False
        self._open = 0
        self._alarm = inf

    def wake(self) -> None:
        """Asks about what is new."""
        self._news = True
        if not self._running:
            self._running = True
            self._hub.start_beside(self._run())

    def choose_anew(self) -> None:
        """The witnesses have changed: asks at once, also those that did not answer."""
        self.troubles.clear()
        self.wake()

    def meet(self, log_id: bytes) -> None:
        """A node has been connected to: if it is a witness that did not answer, asks it again."""
        for key in [key for key in self.troubles if log_id_of_witness(key.partition("+")[0]) == log_id]:
            del self.troubles[key]
            self.wake()

    def hear(self, link: Conversation, frame: frames.Cosignature) -> None:
        """Takes the answer to WITNESS, if it was asked."""
        slot = link, frame.size
        if slot in self._asked:
            self._asked[slot] = Answer(frame.code, frame.old, frame.lines)

    async def _run(self) -> None:
        try:
            while self._news:
                self._news = False
                await self._hub.runtime.sleep(_PAUSE_S)  # what is written at once is cosigned at once
                try:
                    await self._round()
                except LedgerError as error:
                    log.warning("the witnesses cannot be asked: %s", error)
                    self._set_alarm(self._hub.runtime.now() + _BACKOFF_MAX_S)
        finally:
            self._running = False

    async def _round(self) -> None:
        """Asks all whose time has come about the newest checkpoint."""
        target = await self._hub.runtime.read(self._target)
        if target is None:
            return
        have = cosigned_by(target.note, target.witnesses.quorum.keys)
        lacking = [witness for witness in target.witnesses.chosen if witness.key not in have]
        now, collected = self._hub.runtime.now(), list(have.values())
        if target.published < target.checkpoint.size and target.witnesses.quorum.reached(target.note):
            await self._store(target, collected)  # fewer are needed than when they cosigned
        due = [w for w in lacking if str(w.key) not in self.troubles or self.troubles[str(w.key)].again <= now]
        self._open = len(due)
        for witness in due:
            self._hub.start_beside(self._collect(target, witness, collected))
        while self._open:
            await self._hub.runtime.sleep(_PAUSE_S)
        waiting = [self.troubles[str(w.key)].again for w in lacking if str(w.key) in self.troubles]
        if waiting:
            self._set_alarm(min(waiting))

    def _set_alarm(self, at: float) -> None:
        if at < self._alarm:
            self._alarm = at
            self._hub.start_beside(self._ring(at))

    async def _ring(self, at: float) -> None:
        await self._hub.runtime.sleep(max(0.0, at - self._hub.runtime.now()))
        if self._alarm == at:
            self._alarm = inf
            self.wake()

    def _target(self, reads: Snapshot) -> Target | None:
        own = self._hub.ledger.own
        tree = reads.tree_numbered(own.tree)
        witnesses = witnesses_of(reads, tree)
        if not tree.checkpoint or not witnesses.chosen or own.signing_refused:
            return None
        places = {str(witness.key): place_of(reads, witness) for witness in witnesses.chosen}
        published, _ = reads.published(tree.tree)
        checkpoint, note = parse_checkpoint(tree.checkpoint)
        return Target(tree, checkpoint, note, witnesses, published, places)

    async def _collect(self, target: Target, witness: ChosenWitness, collected: list[SignatureLine]) -> None:
        """Asks one witness; its cosignature is stored, or why there is none is kept in `troubles`."""
        key = str(witness.key)
        try:
            line = await self._ask_until_final(target, witness)
            collected.append(line)
            await self._store(target, collected)
            self.troubles.pop(key, None)
        except UnreachableError as error:
            self._trouble(key, f"cannot be reached: {error}")
        except Malformed as error:
            self._trouble(key, f"answers with what is no cosignature: {error}")
        except LedgerError as error:
            self._trouble(key, str(error))
        finally:
            self._open -= 1

    async def _store(self, target: Target, lines: list[SignatureLine]) -> None:
        """Keeps the cosignatures of a checkpoint; peers are told if it is still the newest one."""
        note = Note(target.note.text, (*target.note.signatures, *lines))
        number, size = target.tree.tree, target.checkpoint.size
        grown = await self._hub.runtime.write(
            lambda change: add_cosignatures(change, change.tree_numbered(number), note, size)
        )
        if grown:
            self._hub.tell_news()

    async def _ask_until_final(self, target: Target, witness: ChosenWitness) -> SignatureLine:
        key, size = str(witness.key), target.checkpoint.size
        old = min(self._known.get(key, 0), size)
        for _ in range(RESENDS_MAX):
            answer = await self._ask(target, target.places[key], old)
            if answer.code == 200:
                line = read_cosignature(answer.lines, target.note.text, witness.key)
                self._known[key] = size
                return line
            told = resend_from(answer, old, size)
            if told is None:
                break
            self._known[key] = old = told
        raise NotSigningError(_explain(answer, size))

    async def _ask(self, target: Target, place: Place, old: int) -> Answer:
        """One request: over an open session if there is one, else over HTTP."""
        tree, size = target.tree.tree, target.checkpoint.size
        proof = await self._hub.runtime.read(lambda reads: prove_consistency(reads, tree, old, size))
        link = self._hub.connected_to(place.log_id) if place.log_id else None
        if link is not None:
            return await self._ask_in_session(link, target, old, proof)
        if not place.url or self.post is None:
            raise UnreachableError("it is not connected, and no address of it is known: name one with --url")
        body = write_request(old, proof, bytes(target.note))
        return read_answer(*await self.post(f"{place.url}/add-checkpoint", body, place.named))

    async def _ask_in_session(self, link: Conversation, target: Target, old: int, proof: list[bytes]) -> Answer:
        runtime, slot = self._hub.runtime, (link, target.checkpoint.size)
        deadline = runtime.now() + ANSWER_S
        self._asked[slot] = None
        try:
            link.say(frames.Witness(*target.tree.origin, old, proof, bytes(target.note)))
            while (answer := self._asked[slot]) is None:
                if runtime.now() > deadline or link.session.state is not State.OPEN:
                    raise UnreachableError(f"{link.name} has not answered")
                await runtime.sleep(_PAUSE_S)
            return answer
        finally:
            del self._asked[slot]

    def _trouble(self, key: str, text: str) -> None:
        times = self.troubles[key].times + 1 if key in self.troubles else 1
        wait = min(_BACKOFF_MAX_S, _BACKOFF_FIRST_S * 2 ** min(times - 1, 16))
        self.troubles[key] = Trouble(text, times, self._hub.runtime.now() + wait)


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
        503: "it cannot cosign at the moment",
    }
    return f"refuses: {meaning.get(answer.code, 'without a reason that is known here')} ({answer.code})"


def place_of(reads: Snapshot, witness: ChosenWitness) -> Place:
    """Where a witness is asked. The address that its own charter tells is not one that the operator named."""
    log_id = log_id_of_witness(witness.key.name)
    if witness.url:
        return Place(
            log_id, witness.url if not log_id or witness.url.endswith(PATH) else witness.url + PATH, named=True
        )
    for tree in reads.trees():
        charters = reads.charters(tree.tree) if tree.origin.log_id == log_id else []
        endpoints = establish(charters).charter.endpoints if charters else []
        if endpoints:
            return Place(log_id, endpoints[0].rstrip("/") + PATH, named=False)
    return Place(log_id, "", named=False)
