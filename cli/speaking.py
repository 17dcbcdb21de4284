# SPDX-License-Identifier: AGPL-3.0-or-later
"""Saying something in the reciprocity ledger: by whose keys it is signed, where it goes, what becomes of it."""

from __future__ import annotations

import functools
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cli.failure import CommandError
from cli.output import json_option, say, show, show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cli.target import Target
    from ledger.ledger import DataDirectory
    from ledger.showing.view import LedgerView
    from protocol.encoding import Value
    from protocol.signature import SigningKey

_FILE = click.Path(path_type=Path, dir_okay=False)


class How(NamedTuple):
    """How something is said: key files of members who sign here; whether the answer is JSON."""

    keys: tuple[Path, ...]
    as_json: bool


class Saved(NamedTuple):
    """What was said: its id, which names what it made, and where it stands."""

    kind: str
    id: bytes
    position: int
    state: str


def says(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that says something in the ledger; they come in as `how`."""

    @click.option("--key", "keys", type=_FILE, multiple=True, help="Key file of a member who signs; repeat it.")
    @json_option
    @functools.wraps(command)
    def run(*arguments: Any, keys: tuple[Path, ...], as_json: bool, **options: Any) -> Any:  # noqa: ANN401 - click's
        return command(*arguments, how=How(keys, as_json), **options)

    return run


class Speaker:
    """Whoever says something in the ledger of this node, with the keys that are at hand."""

    def __init__(self, directory: DataDirectory, target: Target, how: How) -> None:
        self.directory = directory
        self._target = target
        self._how = how
        self._keys: dict[bytes, SigningKey] = {}

    @contextmanager
    def view(self) -> Iterator[LedgerView]:
        """The ledger as it stands now; all that this machine knows of it."""
        from ledger.showing.view import LedgerView, own_tree

        with self._target.store.read() as reads:
            yield LedgerView(reads, own_tree(reads), private=True)

    def say(
        self,
        kind: str,
        body: dict[str, Value],
        parties: Sequence[bytes],
        *,
        statement_id: bytes = b"",
        scope: int = 0,
        also: Sequence[SigningKey] = (),
    ) -> Saved:
        """Says it for these parties, the first of which is its author. `also` are keys of nobody who is known yet.

        Raises CommandError if a key is not at hand, or if it had no effect.
        """
        from protocol.kinds import check_body
        from protocol.statement import make_payload, make_statement, sign_statement

        check_body(kind, body)
        with self.view() as view:
            signers = [self._key_of(view, party) for party in dict.fromkeys(parties)] + list(also)
            log_id = view.log_id
        one_id = statement_id or os.urandom(16)
        statement = make_statement(log_id, kind, one_id, int(time.time()), signers[0].public, body)
        signatures = [sign_statement(statement, key) for key in {key.public: key for key in signers}.values()]
        return self.submit(kind, one_id, make_payload(os.urandom(32), statement, signatures), scope)

    def submit(self, kind: str, statement_id: bytes, payload: bytes, scope: int) -> Saved:
        """Writes what is signed, and looks what has become of it. Raises CommandError if it had no effect."""
        position = self._target.submit(payload, scope)
        self._target.settle()
        state = self._target.state_of(position)
        if not self._target.queued:
            with self._target.store.read() as reads:
                verdict = reads.verdicts(self._target.own[0], position, position + 1).get(position, "applied")
            if verdict not in {"applied", "duplicate"}:
                raise CommandError(f"entry {position} says so, but it has no effect: {verdict}")
        return Saved(kind, statement_id, position, state)

    def _key_of(self, view: LedgerView, party: bytes) -> SigningKey:
        """The key of a party, if it is at hand."""
        from ledger.keys import read_key
        from ledger.member_keys import kept_member_key
        from ledger.reciprocity.state import Member

        if party == view.log_id:
            return read_key(self.directory.key)
        member = view.book.need(Member, party)
        key = kept_member_key(self.directory, member.key) or self._given().get(member.key)
        if key is None:
            raise CommandError(f"this takes the word of {view.name(party)}, whose key is not kept here: add --key FILE")
        return key

    def only_key(self) -> SigningKey:
        """The key in the one file that was named."""
        (key,) = self._given().values()
        return key

    def _given(self) -> dict[bytes, SigningKey]:
        """The keys in the files that were named."""
        if not self._keys:
            self._keys = {key.public: key for key in map(open_key, self._how.keys)}
        return self._keys

    def report(self, saved: Saved, text: str, **more: object) -> None:
        """Tells what was said and where it stands."""
        if self._how.as_json:
            value = {"schema": "folkmoot.said/1", **saved._asdict(), "id": saved.id.hex(), **more}
            show_json(value)
        else:
            show(f"{saved.state}: {text}; entry {saved.position}")
            show(saved.id.hex())


def open_key(path: Path) -> SigningKey:
    """The key in a member's key file; its passphrase is asked for."""
    from ledger.member_keys import read_member_key

    return read_member_key(path, lambda: str(click.prompt(f"Passphrase of {path}", hide_input=True, err=True)))


@contextmanager
def speaking(data_dir: str | None, how: How) -> Iterator[Speaker]:
    """What a command says something with."""
    from cli.target import open_target
    from node.config import data_directory

    directory = data_directory(data_dir)
    with open_target(directory) as target:
        yield Speaker(directory, target, how)


@contextmanager
def looking(data_dir: str | None, log: str = "") -> Iterator[LedgerView]:
    """The ledger of this node, or of another log that is held here, to look at."""
    from ledger.private import find_log
    from ledger.showing.view import LedgerView, held_ledger, own_tree
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory

    store = SqliteStore(data_directory(data_dir).store, writable=False)
    try:
        with store.read() as reads:
            tree = held_ledger(reads, find_log(reads, log)) if log else own_tree(reads)
            if tree.derived < tree.size:
                say(f"{tree.size - tree.derived:,} entries are stored and not counted here yet")
            yield LedgerView(reads, tree, private=True)
    finally:
        store.close()


log_option = click.option(
    "--log", default="", help="The ledger of another log that is held here; the beginning of its id."
)


def language_map(texts: Sequence[str], language: str) -> dict[str, Value]:
    """A text in several languages from `tag=text`; without a tag it is in the organisation's language."""
    import re

    named: dict[str, Value] = {}
    for text in texts:
        found = re.fullmatch(r"([a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)=(.+)", text)
        named[found[1] if found else language] = found[2] if found else text
    return named
