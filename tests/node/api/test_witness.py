# SPDX-License-Identifier: AGPL-3.0-or-later
"""A node as a witness over HTTP: every answer code, a third-party log, rollbacks, many at once, a kill."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest_asyncio

from ledger.held.witness import witness_verifier
from protocol.checkpoint import parse_checkpoint
from protocol.note import parse_note, verified_by
from protocol.witness import cosigned_by, read_cosignature, write_request
from tests.node.peering.witnesses import LOG, LOG_KEY, ThirdLog
from tests.node.running import RunningNode, found

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ADD = "/witness/add-checkpoint"


async def ask(node: RunningNode, body: bytes) -> tuple[int, str, bytes]:
    """Status, type and body of a witness's answer."""
    async with node.client.post(node.url + ADD, data=body) as answer:
        return answer.status, answer.content_type, await answer.read()


@pytest_asyncio.fixture
async def witness(tmp_path: Path) -> AsyncIterator[RunningNode]:
    """A node that is a witness for one third-party log as well."""
    running = await RunningNode(found(tmp_path / "witness", "Watcher"), witness_logs=(str(LOG_KEY),)).start()
    try:
        yield running
    finally:
        await running.stop()


async def test_a_third_party_log_is_witnessed(witness: RunningNode) -> None:
    log = ThirdLog().grow(5)
    key = witness_verifier(witness.ledger)
    code, kind, lines = await ask(witness, log.request(0))
    assert (code, kind) == (200, "text/plain")
    read_cosignature(lines, parse_note(log.note()).text, key)
    log.grow(300)
    code, _, lines = await ask(witness, log.request(5))
    assert code == 200
    line = read_cosignature(lines, parse_note(log.note()).text, key)
    digest = sha256(LOG.encode()).hexdigest()
    async with witness.client.get(f"{witness.url}/witness/{digest}/checkpoint") as answer:
        assert answer.status == 200
        checkpoint, note = parse_checkpoint(await answer.read())
    assert checkpoint.size == 300
    assert verified_by(note, [LOG_KEY]) == [LOG_KEY]
    assert cosigned_by(note, [key]) == {key: line}
    assert (await ask(witness, log.request(300)))[0] == 200, "the same one may be cosigned once more"


async def test_every_refusal(witness: RunningNode) -> None:
    log = ThirdLog().grow(7)
    assert (await ask(witness, log.request(0)))[0] == 200
    log.grow(9)
    forked = ThirdLog().grow(7, "other").grow(9)
    stranger = ThirdLog("log.example/stranger").grow(3)
    for code, body in (
        (400, b""),
        (400, b"old 7\n\nnot a note"),
        (400, b"old 07\n\n" + log.note()),
        (400, b"old 7\nAAAA\n\n" + log.note()),
        (400, log.request(10, [])),
        (403, log.request(7, note=log.note("thief"))),
        (403, log.request(7, note=log.note().replace(b" A", b" B", 1).replace(b"\n9\n", b"\n8\n"))),
        (404, stranger.request(0)),
        (409, log.request(0)),
        (409, log.request(8)),
        (422, log.request(7, [])),
        (422, log.request(7, [bytes(32)] * 3)),
        (422, forked.request(7)),
        (422, ThirdLog().grow(7, "other").request(7)),
    ):
        status, kind, answer = await ask(witness, body)
        assert status == code, (code, body, answer)
        if code == 409:
            assert (kind, answer) == ("text/x.tlog.size", b"7\n")
    assert (await ask(witness, b"x" * 300_000))[0] == 413
    assert (await ask(witness, log.request(7)))[0] == 200, "nothing of this has changed what was seen"
    for path, code in ((f"/witness/{'0' * 64}/checkpoint", 404), ("/witness/x/checkpoint", 404)):
        assert (await witness.get(path))[0] == code


async def test_a_rollback_is_refused_for_ever(witness: RunningNode) -> None:
    old, log = ThirdLog().grow(4).note(), ThirdLog().grow(4)
    assert (await ask(witness, log.request(0)))[0] == 200
    assert (await ask(witness, log.grow(6).request(4)))[0] == 200
    assert (await ask(witness, write_request(0, [], old)))[:1] == (409,)
    assert (await ask(witness, write_request(4, [], old)))[2] == b"6\n"
    assert (await ask(witness, write_request(6, [], old)))[0] == 400
    await witness.stop()
    await witness.start()
    assert (await ask(witness, ThirdLog().grow(6, "other").request(0)))[2] == b"6\n"


async def test_of_many_at_once_for_one_origin_one_history_is_cosigned(witness: RunningNode) -> None:
    branches = [ThirdLog().grow(5 + number, f"branch {number}") for number in range(12)]
    answers = await asyncio.gather(*(ask(witness, branch.request(0)) for branch in branches))
    assert sorted(code for code, _, _ in answers) == [200] + [409] * 11
    size = 5 + next(number for number, answer in enumerate(answers) if answer[0] == 200)
    assert {body for code, _, body in answers if code == 409} == {f"{size}\n".encode()}
