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
from cli.key_file import open_key
from cli.output import json_option, plain, say, show, show_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cli.target import Target
    from ledger.data_directory import DataDirectory
    from ledger.showing.view import LedgerView
    from ledger.sqlite.store import SqliteStore
    from protocol.encoding import Value
    from protocol.signature import SigningKey

_FILE = click.Path(path_type=Path, dir_okay=False)
_WRITTEN = "written"


class How(NamedTuple):
    """How something is said.

    Key files of members who sign here; where to write it instead of submitting it, and for which log; whether the
    answer is JSON.
    """

    keys: tuple[Path, ...]
    out: Path | None
    log: str
    as_json: bool


class Saved(NamedTuple):
    """What was said: its id, which names what it made, where it stands, and who has yet to sign it."""

    kind: str
    id: bytes
    position: int
    state: str
    lacking: tuple[str, ...] = ()


log_option = click.option("--log", default="", help="The ledger of another log held here: its id, or the beginning.")


def says(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that says something in the ledger; they come in as `how`."""

    @click.option("--key", "keys", type=_FILE, multiple=True, help="Key file of a member who signs here; repeat it.")
    @click.option("--out", type=_FILE, help="Write it to a file to be signed elsewhere; names of those in it go along.")
    @click.option("--log", default="", help="With --out: for the ledger of another log that is held here.")
    @json_option
    @functools.wraps(command)
    def run(
        *arguments: Any,  # noqa: ANN401 - click's
        keys: tuple[Path, ...],
        out: Path | None,
        log: str,
        as_json: bool,
        **options: Any,  # noqa: ANN401 - click's
    ) -> Any:  # noqa: ANN401 - click's
        if log and out is None:
            raise click.UsageError("only this node's own ledger can be written to: write it with --out, and carry it")
        return command(*arguments, how=How(keys, out, log, as_json), **options)

    return run


class Speaker:
    """Whoever says something in a ledger, with the keys that are at hand. Without a target it is written to a file."""

    def __init__(self, directory: DataDirectory, store: SqliteStore, target: Target | None, how: How) -> None:
        self.directory = directory
        self._store = store
        self._target = target
        self._how = how
        self._keys: dict[bytes, SigningKey] = {}

    @contextmanager
    def view(self) -> Iterator[LedgerView]:
        """The ledger as it stands now; all that this machine knows of it."""
        from ledger.held.private import find_log
        from ledger.showing.view import LedgerView, held_ledger, own_tree

        log = self._how.log
        with self._store.read() as reads:
            yield LedgerView(reads, held_ledger(reads, find_log(reads, log)) if log else own_tree(reads), private=True)

    def say(
        self,
        kind: str,
        body: dict[str, Value],
        parties: Sequence[bytes],
        *,
        statement_id: bytes = b"",
        scope: int = 0,
        also: Sequence[SigningKey] = (),
        terms: bytes = b"",
    ) -> Saved:
        """Says it for these parties, the first of which is its author. `also` are keys of nobody who is known yet.

        Raises CommandError if a key is not at hand and it is not to be signed elsewhere, or if it had no effect.
        """
        from ledger.showing.carrying import carry
        from protocol.carried import Carried, sign_carried
        from protocol.kinds import check_body
        from protocol.statement import make_statement

        check_body(kind, body)
        one_id = statement_id or os.urandom(16)
        with self.view() as view:
            keys = {key.public: key for key in also}
            publics = {party: self._public_of(view, party) for party in dict.fromkeys(parties)}
            lacking = []
            for party, public in publics.items():
                key = self._key(view, party, public)
                if key is not None:
                    keys[public] = key
                else:
                    lacking.append(view.name(party))
            if lacking and self._target is not None:
                who = " and ".join(map(plain, lacking))
                raise CommandError(
                    f"this takes the word of {who}, whose key is not kept here: add --key FILE; or write it with --out "
                    "FILE, have it signed with `folkmoot member sign`, and bring it back with `folkmoot submit`"
                )
            author = next(iter(publics.values()), None) or next(iter(keys))
            statement = make_statement(view.log_id, kind, one_id, int(time.time()), author, body)
            carried = carry(view, statement, scope, terms) if self._target is None else Carried(statement, scope)
        for key in keys.values():
            carried = sign_carried(carried, key)
        if self._target is not None:
            return self.submit(kind, one_id, carried.payload(os.urandom(32)), scope)
        from cli.carrying import write_out

        assert self._how.out is not None, "without a target it is written"
        write_out(self._how.out, carried)
        return Saved(kind, one_id, 0, _WRITTEN, tuple(lacking))

    def submit(self, kind: str, statement_id: bytes, payload: bytes, scope: int) -> Saved:
        """Writes what is signed, and looks what has become of it. Raises CommandError if it had no effect."""
        target = self._target
        assert target is not None, "what is to be written is not submitted"
        position = target.submit(payload, scope)
        target.settle()
        state = target.state_of(position)
        if not target.queued:
            with target.store.read() as reads:
                verdict = reads.verdicts(target.own[0], position, position + 1).get(position, "applied")
            if verdict not in {"applied", "duplicate"}:
                raise CommandError(f"entry {position} says so, but it has no effect: {verdict}")
        return Saved(kind, statement_id, position, state)

    def _public_of(self, view: LedgerView, party: bytes) -> bytes:
        """The public key by which a party speaks."""
        from ledger.reciprocity.state import Member

        if party == view.log_id:
            return view.charter.keys[0]
        return view.book.need(Member, party).key

    def _key(self, view: LedgerView, party: bytes, public: bytes) -> SigningKey | None:
        """The key of a party, if it is at hand."""
        from ledger.own.keys import read_key
        from ledger.own.member_keys import kept_member_key

        if party == view.log_id:
            return None if self._how.log else read_key(self.directory.key)
        return kept_member_key(self.directory, public) or self._given().get(public)

    def only_key(self) -> SigningKey:
        """The key in the one file that was named."""
        (key,) = self._given().values()
        return key

    def given_keys(self) -> list[SigningKey]:
        """The keys in the files that were named."""
        return list(self._given().values())

    def _given(self) -> dict[bytes, SigningKey]:
        """The keys in the files that were named."""
        if not self._keys:
            self._keys = {key.public: key for key in map(open_key, self._how.keys)}
        return self._keys

    def report(self, saved: Saved, text: str, *, to_be_decided: bool = False, **more: object) -> None:
        """Tells what was said and where it stands. `to_be_decided`: what was written is for the assembly to permit."""
        written = saved.state == _WRITTEN
        place = {"file": str(self._how.out), "lacking": saved.lacking} if written else {"position": saved.position}
        if self._how.as_json:
            value = {"schema": "folkmoot.said/1", "state": saved.state, "kind": saved.kind, "id": saved.id.hex()}
            show_json({**value, **place, **more})
            return
        tell = say if str(self._how.out) == "-" else show
        tell(f"{saved.state}: {text}" + (f"; {self._how.out}" if written else f"; entry {saved.position}"))
        tell(saved.id.hex())
        if saved.lacking:
            say(f"Yet to sign it: {', '.join(map(plain, saved.lacking))} (folkmoot member sign {self._how.out})")
        if written and to_be_decided:
            say(f"Next: folkmoot assembly propose TITLE --permits {self._how.out}")
        elif written:
            say(f"Then, where the log is kept: folkmoot submit {self._how.out}")


@contextmanager
def speaking(data_dir: str | None, how: How) -> Iterator[Speaker]:
    """What a command says something with."""
    from cli.target import open_target
    from ledger.sqlite.store import SqliteStore
    from node.config import data_directory

    directory = data_directory(data_dir)
    if how.out is None:
        with open_target(directory) as target:
            yield Speaker(directory, target.store, target, how)
        return
    store = SqliteStore(directory.store, writable=False)
    try:
        yield Speaker(directory, store, None, how)
    finally:
        store.close()


@contextmanager
def looking(data_dir: str | None, log: str = "") -> Iterator[LedgerView]:
    """The ledger of this node, or of another log that is held here, to look at."""
    from ledger.held.private import find_log
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
