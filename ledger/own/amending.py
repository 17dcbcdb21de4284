# SPDX-License-Identifier: AGPL-3.0-or-later
"""Changing the charter of the own log: drafting an amendment, and applying one that the holders signed (spec 04)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from ledger.errors import NotSigningError, RefusedError, StoreUnusableError
from ledger.held.charters import take_charters
from ledger.held.tree import Growth, last_time, load_peaks
from ledger.ledger import Ledger
from ledger.own.epoch import open_epoch
from ledger.own.head import HeadFile
from ledger.own.keys import read_key
from ledger.own.log import digest_of, submission
from ledger.own.operating import destroy_key, operating_key
from ledger.own.tail import carry_queue
from ledger.sqlite.store import SqliteStore
from ledger.values import Stored
from protocol.amendment import Amendment, begin
from protocol.charter import Charter, LogKeys, RecoverySet, establish, recovery_key
from protocol.encoding import decode
from protocol.errors import Malformed
from protocol.identity import Origin
from protocol.merkle import EMPTY_ROOT, leaf_hash
from protocol.statement import (
    SCOPE_PUBLIC,
    commit,
    make_entry,
    make_statement,
    sign_statement,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.data_directory import DataDirectory
    from ledger.sqlite.store import Snapshot, Transaction
    from ledger.values import Tree
    from protocol.signature import SigningKey


class Own(NamedTuple):
    """The own log as an amendment finds it: its tree, its charters, and the public recovery keys that are known.

    `coming` has a set of public keys for each generation, empty where it is not known.
    """

    tree: Tree
    keys: LogKeys
    coming: list[list[bytes]]


class Applied(NamedTuple):
    """What became of an amendment: where it stands, and whether a checkpoint covers it already."""

    keys: LogKeys
    epoch: int
    position: int
    signed: bool


def read_own(reads: Snapshot) -> Own:
    """The own log of a store. Raises StoreUnusableError if it has none."""
    number = int(reads.fact("own") or 0)
    if not number:
        raise StoreUnusableError("this store has no log of its own")
    fact = reads.fact("recovery")
    coming: Any = decode(fact) if fact else []
    return Own(reads.tree_numbered(number), establish(reads.charters(number)), coming)


def draft(own: Own, changes: dict[str, Any], author: SigningKey, secrets: Sequence[bytes], now: int) -> Amendment:
    """An amendment with these fields of the charter changed, signed by its author alone.

    `secrets` are those of the holders at hand: their keys may be needed to know the coming recovery sets. Raises
    RefusedError if these cannot be known, Malformed if a field is wrong.
    """
    old = own.keys.charter
    if any(recovery_key(secret, old.kseq).public not in old.recovery.keys for secret in secrets):
        raise RefusedError("a sheet is not one of the recovery sheets of this organisation, or not of the set in force")
    recovery = _coming_set(own, secrets)
    following = _keys_of(own, secrets, old.kseq + 2)
    if len(following) < recovery.threshold:
        raise RefusedError("the recovery set after the next cannot be made: too few sheets are at hand")
    fields = {name: getattr(old, name) for name in old.__struct_fields__ if name != "opens"} | {
        "kseq": old.kseq + 1,
        "recovery": recovery,
        "next": RecoverySet(following, recovery.threshold).digest(),
    }
    charter = Charter(**(fields | changes))
    statement = make_statement(own.keys.log_id, "charter", os.urandom(16), now, author.public, charter.body())
    return begin(own.keys, statement)._replace(signatures=(sign_statement(statement, author),))


def _coming_set(own: Own, secrets: Sequence[bytes]) -> RecoverySet:
    """The recovery set that the charter in force names by its digest."""
    charter = own.keys.charter
    found = RecoverySet(_keys_of(own, secrets, charter.kseq + 1), charter.recovery.threshold)
    if found.digest() != charter.next:
        raise RefusedError(
            "the public keys of the next recovery set are not known here: name the files of more recovery sheets "
            "(--sheet), or those of all holders"
        )
    return found


def _keys_of(own: Own, secrets: Sequence[bytes], generation: int) -> list[bytes]:
    """The public recovery keys of a generation, as far as they are known."""
    stored = own.coming[generation] if generation < len(own.coming) else []
    return sorted({*stored, *(recovery_key(secret, generation).public for secret in secrets)})


def with_known(own: Own, sets: dict[int, list[bytes]]) -> Own:
    """With the public keys that a sheet names for some generations."""
    coming = [*own.coming, *([] for _ in range(len(own.coming), max(sets, default=-1) + 1))]
    return own._replace(coming=[sorted({*known, *sets.get(number, [])}) for number, known in enumerate(coming)])


def apply(directory: DataDirectory, payload: bytes, now: int) -> Applied:
    """Puts a valid amendment in force: it is appended, or opens its epoch, and the operating key is changed.

    Raises StoreLockedError while the node runs, RefusedError if the amendment does not follow the charter in force or
    none of its keys is here.
    """
    with directory.locked():
        store = SqliteStore(directory.store)
        try:
            with store.read() as reads:
                own = read_own(reads)
            keys = _follow(own.keys, payload)
            key = _key_here(directory, keys)
            opens = keys.charter.opens
            head = HeadFile(directory.head)
            if opens:
                head.add(str(Origin(keys.log_id, opens.epoch)), EMPTY_ROOT)
            with store.write() as change:
                tree = change.tree_numbered(own.tree.tree)
                position = 0
                if opens:  # which nobody can have signed elsewhere: this instance begins it
                    new = open_epoch(change, tree, opens, payload)
                    removed = {key for charter in keys.charters for key in charter.keys} - set(keys.charter.keys)
                    carry_queue(change, tree, new, removed, key, now, digest_of)
                    change.set_fact("instance", head.nonce(str(Origin(keys.log_id, opens.epoch))))
                else:
                    position = _append(change, tree, payload, now)
                take_charters(change, tree.origin, keys.payloads)
        finally:
            store.close()
        operating_key(directory, keys)
    return Applied(keys, keys.epoch, position, signed=_sign(directory, position))


def put_in_force(
    directory: DataDirectory, amendment: Amendment, now: int, *, destroy: bool = False
) -> tuple[Applied, list[Path]]:
    """Applies an amendment that the holders have signed; the files of removed keys that are kept aside.

    `destroy`: none is kept. Raises RefusedError, also if too few have signed, and StoreLockedError.
    """
    if any(amendment.lacking()):
        raise RefusedError(
            f"too few signatures: {max(amendment.lacking())} more of the holders must sign it with `folkmoot key sign`"
        )
    try:
        payload = amendment.payload(os.urandom(32))
    except Malformed as error:
        raise RefusedError(error.text) from None
    applied = apply(directory, payload, now)
    gone = [key for key in amendment.keys.charter.keys if key not in applied.keys.charter.keys]
    kept = [path for path in map(directory.removed_key, gone) if path.exists()]
    if destroy:
        for path in kept:
            destroy_key(path)
    return applied, [] if destroy else kept


def _follow(keys: LogKeys, payload: bytes) -> LogKeys:
    try:
        return establish([*keys.payloads, payload])
    except Malformed as error:
        texts = {
            "kseq": f"it was made for another charter than the one in force, which is number {keys.charter.kseq}: make "
            "a new amendment",
            "old_threshold": "too few holders have signed with the set in force",
            "new_threshold": "too few holders have signed with the set that follows",
            "log_id": "it is for another log",
        }
        raise RefusedError(f"the amendment cannot be applied: {texts.get(error.reason, error.text)}") from None


def _key_here(directory: DataDirectory, keys: LogKeys) -> SigningKey:
    """The operating key of this data directory from the amendment on."""
    present = [read_key(directory.key)] if directory.key.exists() else []
    coming = [read_key(path) for key in keys.charter.keys if (path := directory.coming_key(key)).exists()]
    for key in (*present, *coming):
        if key.public in keys.charter.keys:
            return key
    raise RefusedError(
        "none of the amendment's operating keys is in this data directory: apply it where the new key was made"
    )


def _append(change: Transaction, tree: Tree, payload: bytes, now: int) -> int:
    """Appends to the own log whether or not it may sign: what is not covered by a checkpoint yet waits for one."""
    if tree.size < tree.head_size:
        raise RefusedError(
            f"{tree.head_size - tree.size:,} entries that were signed are missing here: start the node, so that they "
            "come back from peers, and amend the charter then"
        )
    growth = Growth(load_peaks(change, tree.tree, tree.size))
    entry = make_entry(max(now, last_time(change, tree)), SCOPE_PUBLIC, commit(payload))
    growth.append([leaf_hash(entry)])
    change.add_entries(tree.tree, [Stored(tree.size, entry, payload)])
    change.add_subtrees(tree.tree, growth.full)
    change.set_size(tree.tree, growth.peaks.size)
    item = submission(payload)
    change.add_accepted(tree.tree, [(item.id, tree.size, item.digest)])
    return tree.size


def _sign(directory: DataDirectory, position: int) -> bool:
    """Signs with the new key, if this store may and can; whether a checkpoint covers a position now.

    The amendment is in force in any case, so trouble here is not its failure: the next start meets it again.
    """
    try:
        with Ledger(directory) as ledger:
            ledger.writer.settle()
            return ledger.own.signed_size > position
    except (NotSigningError, StoreUnusableError):
        return False
