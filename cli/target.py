# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a command writes: into the data directory, or, while the node runs, through its API."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from base64 import b64encode
from typing import TYPE_CHECKING, Any, Self
from urllib.error import HTTPError, URLError
from urllib.request import Request

from cli.failure import NETWORK, NOT_FOUND, STORE, CommandError
from cli.output import say
from cli.running import node_opener
from ledger.errors import StoreLockedError
from ledger.jsonform import to_json
from ledger.ledger import Ledger
from ledger.own.log import submission
from ledger.own.submitting import check_signed_payload, try_ledger
from ledger.own.writer import GROUP_ENTRIES
from ledger.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ledger.data_directory import DataDirectory
    from ledger.importing.plan import Statement

_REQUEST_BYTES = 200_000
_IN_FLIGHT = 4


class Target(ABC):
    """A place to write statements of the organisation to, and the store to read from."""

    store: SqliteStore
    queued = False
    """Whether some of what was written may not be signed yet."""

    @property
    def own(self) -> tuple[int, bytes]:
        """The number of the own tree, and the log's id."""
        with self.store.read() as reads:
            number = int(reads.fact("own") or 0)
            return number, reads.tree_numbered(number).origin.log_id

    @abstractmethod
    def write(self, statements: Sequence[Statement], advance: Callable[[int], None] = lambda _: None) -> list[int]:
        """Writes statements, in order; their positions. Durable when it returns."""

    @abstractmethod
    def submit(self, payload: bytes, scope: int) -> int:
        """Writes a payload that was signed before; its position. Durable when it returns."""

    def state_of(self, position: int | None = None) -> str:
        """The state of what stands at a position of the own log; of all of it if none is named."""
        from ledger.held.state import position_state, written_state

        if self.queued:
            return "queued"
        number, _ = self.own
        with self.store.read() as reads:
            tree = reads.tree_numbered(number)
            return written_state(reads, tree) if position is None else position_state(reads, tree, position)

    @abstractmethod
    def settle(self) -> None:
        """Waits until what was written is in the directory."""

    @abstractmethod
    def why_queued(self) -> str:
        """Why something that was written is not signed at once, for the operator."""

    @abstractmethod
    def close(self) -> None:
        """Lets go."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        why = self.why_queued() if self.queued else ""
        self.close()
        if why:
            say(f"queued: what was written is saved here and not signed yet. {why}")


class LocalTarget(Target):
    """The data directory itself."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.store = ledger.store

    def write(self, statements: Sequence[Statement], advance: Callable[[int], None] = lambda _: None) -> list[int]:
        """Writes in groups, a few under way at a time."""
        positions: list[int] = []
        waiting: list[Any] = []
        for part in _parts(statements, lambda _: 0):
            group = [self.ledger.state(item.kind, item.body, item.id, item.scope) for item in part]
            waiting.append(self.ledger.writer.append(group))
            if len(waiting) >= _IN_FLIGHT:
                positions += self._finish(waiting.pop(0), advance)
        for future in waiting:
            positions += self._finish(future, advance)
        return positions

    def submit(self, payload: bytes, scope: int) -> int:
        """Checks it as the node's API does, and writes it."""
        check_signed_payload(self.ledger, payload, scope)
        said = submission(payload, scope)
        try_ledger(self.ledger, [said])
        return self._finish(self.ledger.writer.append([said]), lambda _: None)[0]

    def _finish(self, future: Any, advance: Callable[[int], None]) -> list[int]:  # noqa: ANN401 - a Future
        receipts = future.result()
        advance(len(receipts))
        self.queued |= any(receipt.state == "queued" for receipt in receipts)
        return [receipt.position for receipt in receipts]

    def settle(self) -> None:
        """Signs and derives."""
        self.ledger.writer.settle()

    def why_queued(self) -> str:
        """What the own log says."""
        watched = self.ledger.own.recovery.watchers.needed
        return f"{self.ledger.own.signing_refused}{' `folkmoot serve` asks them.' if watched else ''}"

    def close(self) -> None:
        """Closes the ledger."""
        self.ledger.close()


class RemoteTarget(Target):
    """The running node, through its API; reading is from the store directly."""

    def __init__(self, directory: DataDirectory) -> None:
        self.url = directory.url.read_text().strip()
        self._token = directory.token.read_text().strip()
        self._open = node_opener(directory).open
        self.store = SqliteStore(directory.store, writable=False)

    def post(self, path: str, value: object) -> Any:  # noqa: ANN401 - any JSON value
        """The answer to a JSON request. Raises CommandError with the node's own words."""
        return self.post_bytes(path, json.dumps(value).encode(), "application/json")

    def post_bytes(self, path: str, body: bytes, media_type: str) -> Any:  # noqa: ANN401 - any JSON value
        """The JSON answer to a request with any body. Raises CommandError with the node's own words."""
        return self._ask("POST", path, body, media_type)

    def delete(self, path: str) -> Any:  # noqa: ANN401 - any JSON value
        """The answer when something is to be taken away. Raises CommandError with the node's own words."""
        return self._ask("DELETE", path, None, "application/json")

    def _ask(self, method: str, path: str, body: bytes | None, media_type: str) -> Any:  # noqa: ANN401 - any JSON value
        headers = {"Content-Type": media_type, "Authorization": f"Bearer {self._token}"}
        request = Request(self.url + path, body, headers, method=method)  # noqa: S310 - the node's own URL
        try:
            with self._open(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError as error:
            detail = json.loads(error.read() or b"{}").get("detail", error.reason)
            code = {404: NOT_FOUND, 503: STORE, 507: STORE}.get(error.code, 1)
            raise CommandError(f"the node refused: {detail}", code) from None
        except (URLError, OSError) as error:
            raise CommandError(f"the node at {self.url} does not answer: {error}", NETWORK) from None

    def write(self, statements: Sequence[Statement], advance: Callable[[int], None] = lambda _: None) -> list[int]:
        """Sends in groups."""
        positions: list[int] = []
        for part in _parts(statements, lambda item: len(json.dumps(to_json(item.body))) + 100):
            entries = [
                {"kind": item.kind, "body": to_json(item.body), "id": item.id.hex(), "scope": item.scope}
                for item in part
            ]
            answer = self.post("/v1/entries", {"entries": entries})
            receipts = answer["receipts"]
            self.queued |= answer["state"] == "queued"
            positions += [receipt["position"] for receipt in receipts]
            advance(len(part))
        return positions

    def submit(self, payload: bytes, scope: int) -> int:
        """Sends it."""
        sent = {"payload": b64encode(payload).decode(), "scope": scope}
        answer = self.post("/v1/entries", {"payloads": [sent]})
        self.queued |= answer["state"] == "queued"
        return int(answer["receipts"][0]["position"])

    def settle(self) -> None:
        """Waits for the node to derive."""
        for _ in range(600):
            with self.store.read() as reads:
                tree = reads.tree_numbered(int(reads.fact("own") or 0))
            if tree.derived >= tree.size:
                return
            time.sleep(0.05)

    def why_queued(self) -> str:
        """Where the node says it; by now it may have been signed."""
        return f"The node says why at {self.url}/readyz; `folkmoot log list` shows what waits."

    def close(self) -> None:
        """Closes the reading side."""
        self.store.close()


def open_target(directory: DataDirectory) -> Target:
    """The data directory for writing; through the running node if there is one."""
    try:
        return LocalTarget(Ledger(directory))
    except StoreLockedError:
        if directory.url.exists() and directory.token.exists():
            return RemoteTarget(directory)
        raise


def _parts(statements: Iterable[Statement], size: Callable[[Statement], int]) -> Iterable[list[Statement]]:
    """Groups that can be written or sent as one."""
    part: list[Statement] = []
    room = _REQUEST_BYTES
    for item in statements:
        needed = size(item)
        if part and (len(part) >= GROUP_ENTRIES // 2 or needed > room):
            yield part
            part, room = [], _REQUEST_BYTES
        part.append(item)
        room -= needed
    if part:
        yield part
