# SPDX-License-Identifier: AGPL-3.0-or-later
"""Founding an organisation in an empty data directory: keys, charter, log, head (spec 04)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ledger.errors import RefusedError
from ledger.own.head import Head, HeadFile
from ledger.own.keys import witness_key, write_key
from ledger.own.log import OwnLog, submission
from ledger.own.writer import Writer
from ledger.sqlite.store import SqliteStore
from protocol.charter import Charter, LogKeys, coming_sets, found, recovery_key, recovery_set
from protocol.encoding import encode
from protocol.identity import Origin
from protocol.merkle import EMPTY_ROOT
from protocol.signature import SigningKey
from protocol.statement import SIGNATURES_MAX, make_payload, make_statement, sign_statement

if TYPE_CHECKING:
    from ledger.data_directory import DataDirectory

FIRST_EPOCH = 1


def found_log(
    directory: DataDirectory, fields: dict[str, Any], secrets: list[bytes], threshold: int, now: int
) -> LogKeys:
    """Founds an organisation in an empty data directory: keys, charter, log, head.

    `fields` are those of the charter but for the keys (spec 04 §2); `secrets` are the recovery holders'. Raises
    RefusedError if there
    is something already, Malformed if a field is wrong.
    """
    if directory.exists() or directory.head.exists() or directory.key.exists():
        raise RefusedError(f"{directory.path} holds a node already: nothing was changed")
    key = SigningKey.from_seed(os.urandom(32))
    charter = Charter(
        **fields,
        keys=[key.public],
        recovery=recovery_set(secrets, threshold, 0),
        next=recovery_set(secrets, threshold, 1).digest(),
        witnesses=[],
        quorum=0,
        kseq=0,
    )
    statement = make_statement(b"", "charter", os.urandom(16), now, key.public, charter.body())
    signers = [key, *(recovery_key(secret, 0) for secret in secrets[: SIGNATURES_MAX - 1])]
    payload = make_payload(os.urandom(32), statement, [sign_statement(statement, signer) for signer in signers])
    keys = found(payload)
    for folder in (directory.store, directory.head, directory.key):
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_key(directory.key, key)
    witness_key(directory.witness_key)
    origin = Origin(keys.log_id, FIRST_EPOCH)
    store = SqliteStore(directory.store)
    try:
        head = HeadFile.create(directory.head, Head(str(origin), 0, EMPTY_ROOT))
        with store.write() as change:
            tree = change.add_tree(origin)
            change.set_fact("own", str(tree.tree).encode())
            change.set_charters(tree.tree, [payload])
            change.set_fact("recovery", encode(coming_sets(secrets)))
        with store.read() as reads:
            own = OwnLog(reads.tree_numbered(tree.tree), head, key, reads)
        writer = Writer(store, own)
        writer.append([submission(payload)]).result()
        writer.settle()
        writer.close()
    finally:
        store.close()
    return keys
