# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where `folkmoot bundle import` takes logs from, and where it takes them to."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cli.failure import FALSE, NETWORK, CommandError
from cli.output import say
from cli.target import LocalTarget, RemoteTarget, open_target
from ledger.carried.folder import Opened, read_disk, read_folder
from ledger.carried.intake import Begun, Importer, Taker
from ledger.errors import RefusedError
from protocol.bundle import encode_piece, read_header, read_items
from protocol.errors import Malformed
from protocol.frames import Entries, HeadField

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.data_directory import DataDirectory

PIECE_BYTES_MAX = 256 * 1024
"""What a running node takes in one request."""


@contextmanager
def open_source(source: str) -> Iterator[Opened]:
    """What a bundle, a folder of tiles, or the URL of either holds, and its frames. Raises CommandError."""
    try:
        if source == "-":
            yield _read(sys.stdin.buffer.read)
        elif source.startswith(("http://", "https://")):
            from node.peering.web_source import open_web

            with open_web(source) as opened:
                yield opened
        elif Path(source).is_dir():
            yield read_folder(read_disk(Path(source)))
        else:
            with Path(source).open("rb") as file:
                yield _read(file.read)
    except Malformed as error:
        raise CommandError(f"{source} cannot be taken in: {error}", FALSE) from None
    except ConnectionError as error:
        raise CommandError(f"{error}; what came is kept, and importing again goes on from there", NETWORK) from None


def _read(read: Callable[[int], bytes]) -> Opened:
    return Opened(read_header(read), read_items(read))


class Delivery(Protocol):
    """A place that logs are taken in to."""

    taker: Taker

    def settle(self) -> None:
        """Sees to it that what was taken can be searched."""


class _Here:
    def __init__(self, target: LocalTarget) -> None:
        ledger = target.ledger
        self.taker: Taker = Importer(ledger.store, ledger.writer, ledger.log_id)
        self._target = target

    def settle(self) -> None:
        say("making it searchable ...")
        self._target.settle()


class _Running:
    """The running node: every range is handed to its API as a bundle of its own."""

    def __init__(self, target: RemoteTarget) -> None:
        self.taker: Taker = self
        self._target = target
        self._head: HeadField | None = None

    def begin(self, head: HeadField) -> Begun:
        self._head = head
        answer = self._send(encode_piece(head))
        return Begun(answer["held"], answer["state"] == "taken")

    def take(self, entries: Entries) -> int:
        assert self._head is not None
        return int(self._send(encode_piece(self._head, entries))["taken"])

    def settle(self) -> None:
        say("the running node makes it searchable and tells its peers")

    def _send(self, piece: bytes) -> dict[str, Any]:
        if len(piece) > PIECE_BYTES_MAX:
            raise RefusedError("a part of it is too large for a running node: stop the node and import again")
        answer = self._target.post_bytes("/v1/bundle", piece, "application/octet-stream")
        (outcome,) = answer["logs"]
        if outcome["reason"] == "unwanted":
            raise RefusedError(outcome["why"])
        if outcome["state"] == "refused":
            raise Malformed(outcome["reason"], outcome["why"])
        return dict(outcome)


@contextmanager
def deliver(directory: DataDirectory) -> Iterator[Delivery]:
    """The data directory, or the node that runs on it."""
    with open_target(directory) as target:
        if isinstance(target, LocalTarget):
            yield _Here(target)
        elif isinstance(target, RemoteTarget):
            yield _Running(target)
