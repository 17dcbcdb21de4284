# SPDX-License-Identifier: AGPL-3.0-or-later
"""Folkmoot as one of the peers of a comparison: three verbs, each printing one JSON line when it is done.

write DIR N PAYLOAD         appends N signed records to a new log in DIR, one in ten signed by a member
serve DIR PORT              prints {"ready": true, "key"}, serves, prints its statistics on SIGTERM
pull DIR PORT KEY N         replicates the log into the empty DIR: verified and durable when it ends
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.data_directory import DataDirectory
from ledger.ledger import Ledger
from ledger.own.founding import found_log
from ledger.own.log import Receipt, Submission, submission
from node.config import Config
from node.server import Node
from protocol.identity import parse_log_id, show_log_id
from protocol.signature import SigningKey
from protocol.statement import make_payload, make_statement, sign_statement
from tests.benchmarks.measure import cpu_s, current_mb, peak_mb, read_payloads, record_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MEMBERS = 10
_GROUP = 64
_NETWORK = "benchmark"


def found(path: Path, name: str) -> DataDirectory:
    """A new data directory."""
    directory = DataDirectory(path)
    fields = {
        "name": {"en": name},
        "kind": "association",
        "languages": ["en"],
        "endpoints": [],
        "licence": "CC0-1.0",
    }
    found_log(directory, fields, [os.urandom(32)], 1, int(time.time()))
    return directory


def members(ledger: Ledger) -> list[SigningKey]:
    """Keys of members who may write, made known in the log."""
    keys = [SigningKey.from_seed(bytes([number]) * 32) for number in range(MEMBERS)]
    roles = [ledger.state("role", {"key": key.public, "role": "steward"}) for key in keys]
    ledger.writer.append(roles).result()
    return keys


def signed(ledger: Ledger, record: dict[str, Any], number: int, keys: list[SigningKey]) -> Submission:
    """A record as a signed statement: every tenth by a member, the others by the organisation."""
    if number % 10:
        return ledger.state("record.put", {"record": record}, record["id"])
    key = keys[number // 10 % MEMBERS]
    body: dict[str, Any] = {"record": record}
    statement = make_statement(ledger.log_id, "record.put", record["id"], int(time.time()), key.public, body)
    return submission(make_payload(os.urandom(32), statement, [sign_statement(statement, key)]))


def append_all(ledger: Ledger, records: Iterable[dict[str, Any]]) -> int:
    """Signs (in two threads) and appends; how many. A bounded number of groups is under way at a time."""
    keys = members(ledger)
    numbered = enumerate(records)
    waiting: list[Future[list[Receipt]]] = []
    count = 0

    def groups() -> Iterator[list[tuple[int, dict[str, Any]]]]:
        while group := [item for _, item in zip(range(_GROUP), numbered, strict=False)]:
            yield group

    def sign(group: list[tuple[int, dict[str, Any]]]) -> list[Submission]:
        return [signed(ledger, record, number, keys) for number, record in group]

    with ThreadPoolExecutor(2) as pool:
        made: list[Future[list[Submission]]] = []
        for group in groups():
            made.append(pool.submit(sign, group))
            if len(made) >= 6:
                waiting.append(ledger.writer.append(made.pop(0).result()))
            while len(waiting) > 6:
                count += len(waiting.pop(0).result())
        waiting += [ledger.writer.append(future.result()) for future in made]
        count += sum(len(future.result()) for future in waiting)
    return count


def _say(count: int, wall: float, **more: object) -> None:
    told = {"n": count, "wall": wall, "rate": count / wall if wall else 0, "cpu": cpu_s()}
    print(json.dumps({**told, "peak_mb": peak_mb(), **more}), flush=True)


def write(path: Path, count: int, payload: str) -> None:
    """The verb write."""
    records = [record_of(data, number) for number, data in enumerate(read_payloads(payload, count))]
    with Ledger(found(path, "Writer")) as ledger:
        begun = time.perf_counter()
        append_all(ledger, records)
        wall = time.perf_counter() - begun
        ledger.writer.settle()
        key = show_log_id(ledger.log_id)
    _say(count, wall, key=key)


async def serve(path: Path, port: int) -> None:
    """The verb serve."""
    node = Node(DataDirectory(path), Config(port=port, mdns=False, network=_NETWORK), lambda _: None)
    await node.start()
    print(json.dumps({"ready": True, "key": show_log_id(node.ledger.log_id)}), flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    begun = time.perf_counter()
    await stop.wait()
    _say(0, time.perf_counter() - begun)
    await node.stop()


async def pull(path: Path, port: int, key: str, count: int) -> None:
    """The verb pull."""
    node = Node(found(path, "Puller"), Config(port=0, mdns=False, network=_NETWORK), lambda _: None)
    await node.start()
    wanted = parse_log_id(key)
    begun, spent = time.perf_counter(), cpu_s()
    node.hub.dial(f"http://127.0.0.1:{port}", trusted=True)

    def held() -> tuple[int, int]:
        with node.ledger.store.read() as reads:
            tree = next((tree for tree in reads.trees() if tree.origin.log_id == wanted), None)
        return (tree.checkpoint_size, tree.derived) if tree else (0, 0)

    while held()[0] < count:  # noqa: ASYNC110 - it watches a database
        await asyncio.sleep(0.01)
    wall, replicating = time.perf_counter() - begun, cpu_s() - spent
    memory = current_mb()
    while held()[1] < count:  # noqa: ASYNC110 - it watches a database
        await asyncio.sleep(0.02)
    page = await asyncio.to_thread(node.finder.find, {"q": ["river"]}, int(time.time()))
    more = {
        "ok": held()[0] >= count,
        "cpu_replicating_s": replicating,
        "searchable_after_s": time.perf_counter() - begun - wall,
        "cpu_until_searchable_s": cpu_s() - spent - replicating,
        "hits": page["total"],
        "held_mb": memory,
    }
    _say(count, wall, **more)
    await node.stop()


def main() -> None:
    """Runs a verb."""
    verb, folder, *rest = sys.argv[1:]
    path = Path(folder)
    if verb == "write":
        write(path, int(rest[0]), rest[1])
    elif verb == "serve":
        asyncio.run(serve(path, int(rest[0])))
    else:
        asyncio.run(pull(path, int(rest[0]), rest[1], int(rest[2])))


if __name__ == "__main__":
    main()
