# SPDX-License-Identifier: AGPL-3.0-or-later
"""Entries, logs and proofs of what is held, as others are given them."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ledger.errors import NotFoundError
from ledger.held.charters import signer_of
from ledger.held.following import is_followed
from ledger.held.forks import log_state
from ledger.held.receipts import erasure_object
from ledger.held.state import position_state, published_checkpoint, witnesses_of, written_state
from ledger.held.tree import prove_inclusion
from ledger.jsonform import to_json
from protocol.charter import establish
from protocol.errors import Malformed
from protocol.fork import fork_digest
from protocol.identity import show_log_id
from protocol.proof import write_proof
from protocol.statement import SCOPE_NAMES, SCOPE_PUBLIC, Entry, Opaque, parse_entry, parse_payload, parse_statement

if TYPE_CHECKING:
    from ledger.held.state import Witnesses
    from ledger.sqlite.store import Snapshot
    from ledger.values import Stored, Tree
    from protocol.charter import LogKeys
    from protocol.identity import Origin


def log_object(reads: Snapshot, tree: Tree, now: int, own: bytes | None = None) -> dict[str, Any]:
    """A held log as JSON; its state is that at `now`, UTC seconds."""
    keys = establish(reads.charters(tree.tree))
    fork, witnesses = reads.fork(tree.tree), witnesses_of(reads, tree)
    return {
        "log": show_log_id(tree.origin.log_id),
        "epoch": tree.origin.epoch,
        "name": keys.charter.name,
        "kind": keys.charter.kind,
        "own": tree.origin.log_id == own,
        "state": str(log_state(reads, tree, keys, now, own=tree.origin.log_id == own)),
        "fork_proof": fork_digest(fork.proof).hex() if fork and fork.proof else "",
        "size": tree.size,
        "checkpoint_size": tree.checkpoint_size,
        "head_size": tree.head_size,
        "complete": tree.size >= tree.head_size,
        "written": written_state(reads, tree),
        "published_size": reads.published(tree.tree)[0],
        "witnesses": [str(key) for key in witnesses.quorum.keys],
        "quorum": witnesses.needed,
        "derived": tree.derived,
        "checkpoint": tree.checkpoint.decode() if tree.checkpoint else "",
    }


def entry_object(reads: Snapshot, tree: Tree, position: int, *, private: bool = False) -> dict[str, Any]:
    """An entry with what it says, if that is here, and public or meant for the asker (`private`).

    Of an entry that is not public others learn no more than from a node that may not read it either.
    """
    stored = stored_entry(reads, tree, position)
    current = is_followed(tree, reads.epochs(tree.origin.log_id))
    lacking = reads.lacking(tree.tree, position, position + 1)
    verdict = reads.verdicts(tree.tree, position, position + 1).get(position)
    scope = _scope(stored)
    value: dict[str, Any] = {
        "schema": "folkmoot.entry/1",
        "log": show_log_id(tree.origin.log_id),
        "epoch": tree.origin.epoch,
        "position": position,
        "entry": b64encode(stored.entry).decode(),
        "scope": SCOPE_NAMES[scope],
        "verdict": verdict or ("applied" if position < tree.derived else "pending" if current else "superseded"),
        "state": position_state(reads, tree, position),
    }
    if verdict == "erased":
        value["erasure"] = erasure_object(reads, tree, position)
    payload = (stored.payload or b"") if private else public_payload(stored)
    if not payload:
        why = "erased" if verdict == "erased" else "not public" if scope else lacking.get(position, "not public")
        value["payload_missing"] = why
        if scope and why != "erased":
            value["verdict"] = "withheld"
        return value
    value["payload"] = b64encode(payload).decode()
    try:
        parsed = parse_payload(payload)
        statement = parse_statement(parsed.statement)
        if not isinstance(statement, Opaque):
            value["statement"] = {
                "kind": statement.kind,
                "id": statement.id.hex(),
                "at": statement.at,
                "author": statement.author.hex(),
                "body": to_json(statement.read_body()),
            }
            value["signers"] = [signature.key.hex() for signature in parsed.signatures]
    except Malformed as error:
        value["malformed"] = str(error)
    return value


def stored_entry(reads: Snapshot, tree: Tree, position: int) -> Stored:
    """An entry that is held. Raises NotFoundError."""
    stored = next(reads.entries(tree.tree, position, position + 1), None) if 0 <= position < tree.size else None
    if stored is None:
        raise NotFoundError(f"{show_log_id(tree.origin.log_id)[:8]} has {tree.size} entries here: none at {position}")
    return stored


def _scope(stored: Stored) -> int:
    """The scope of an entry; 0 of one that is malformed or of a version not known here, whose payload is not shown."""
    try:
        header = parse_entry(stored.entry)
    except Malformed:
        return SCOPE_PUBLIC
    return header.scope if isinstance(header, Entry) else SCOPE_PUBLIC


def public_payload(stored: Stored) -> bytes:
    """The payload of an entry if everybody may see it, else nothing."""
    if stored.payload is None:  # then the entry itself may be malformed
        return b""
    header = parse_entry(stored.entry)
    return stored.payload if isinstance(header, Entry) and header.scope == SCOPE_PUBLIC else b""


def prove_entry(reads: Snapshot, tree: Tree, position: int) -> bytes:
    """A proof file for an entry, under a published checkpoint if one covers it, else the newest (spec 08 §1)."""
    note, size = published_checkpoint(reads, tree, position)
    if position >= size:
        raise NotFoundError(
            f"position {position} is not under a checkpoint yet: the newest one covers {tree.checkpoint_size} entries"
        )
    stored = stored_entry(reads, tree, position)
    hashes = prove_inclusion(reads, tree.tree, position, size)
    return write_proof(stored.entry, public_payload(stored), position, hashes, note)


def fork_proof(reads: Snapshot, origin: Origin) -> bytes:
    """The proof that a held log has forked (spec 12). Raises NotFoundError if none is held."""
    tree = reads.tree(origin)
    fork = reads.fork(tree.tree) if tree else None
    if fork is None or not fork.proof:
        raise NotFoundError(f"no proof is held that {origin} has forked")
    return fork.proof


def newest_fork_proof(reads: Snapshot, log_id: bytes) -> bytes:
    """The proof that a log has forked, of its newest epoch that has. Raises NotFoundError if none is held."""
    origins = [tree.origin for tree in reads.trees() if tree.origin.log_id == log_id]
    for origin in sorted(origins, reverse=True):
        with suppress(NotFoundError):
            return fork_proof(reads, origin)
    raise NotFoundError(f"no proof is held that the log {show_log_id(log_id)[:8]} has forked")


def trust_file(reads: Snapshot, main: Tree | None = None, *, alone: bool = False) -> bytes:
    """A trust file for a log held here, its witnesses and their quorum (spec 08 §2); for the own one if none is named.

    Other logs stand in it too, unless it is for that one `alone`, if the same witnesses cosign them, or if none are
    asked for: there is one quorum in a file. Whoever takes it should compare the ids by another way. Keys that were
    removed stand as comments: whoever trusts one believes what its thief signs, too.
    """
    trees = [main] if main and alone else [tree for tree in reads.trees() if not tree.hidden]
    main = main or reads.tree_numbered(int(reads.fact("own") or trees[0].tree))
    asked = witnesses_of(reads, main)
    lines = ["# Trust file: the logs whose keys this node knows. Compare the ids with what their people told you.", ""]
    left_out = []
    for tree in trees:
        keys = establish(reads.charters(tree.tree))
        title = "".join(character if character.isprintable() else " " for character in keys.charter.title())
        name = f"# {title}: {show_log_id(tree.origin.log_id)}"
        witnessed = witnesses_of(reads, tree) == asked and reads.published(tree.tree)[0]
        if tree == main or witnessed or not asked.chosen:
            lines += [name, *_key_lines(keys, tree)]
        else:
            left_out.append(name)
    if left_out:
        lines += ["", "# Left out, because the witnesses below have not cosigned them:", *left_out]
    return "\n".join([*lines, "", *_quorum_lines(asked), ""]).encode()


_GROUP = "witnesses"


def _quorum_lines(asked: Witnesses) -> list[str]:
    """The witnesses of a trust file and how many of them it takes."""
    if not asked.chosen:
        return ["# No witness is asked for.", "quorum none"]
    names = [one.key.name for one in asked.chosen]
    if len({"none", _GROUP, *names}) < len(names) + 2:
        names = [f"w{number}" for number in range(1, len(names) + 1)]
    lines = [f"witness {name} {one.key} {one.url}".rstrip() for name, one in zip(names, asked.chosen, strict=True)]
    return [*lines, f"group {_GROUP} {asked.needed} {' '.join(names)}", f"quorum {_GROUP}"]


def _key_lines(keys: LogKeys, tree: Tree) -> list[str]:
    """The keys of a log in a trust file: those in force, and the one by which the newest checkpoint held still is."""
    lines, named = [], keys.verifier_keys(tree.origin.epoch)
    signer = signer_of(keys, tree, tree.checkpoint)
    for key in keys.earlier_keys(tree.origin.epoch):
        if key.public == signer:
            named.append(key)
        else:
            lines.append(f"# removed; for proofs from before that: log {key}")
    return [*lines, *(f"log {key}" for key in named)]
