# SPDX-License-Identifier: AGPL-3.0-or-later
"""Payments between two logs, spec 19."""

from typing import Any, NamedTuple

from tests.reference import charter, checkpoint, note, tree
from tests.reference.messagepack import Value
from tests.reference.reciprocity.body import KINDS, check_body
from tests.reference.reciprocity.book import AMOUNT_MAX, Book, Said, Thing
from tests.reference.rejection import RejectionError, require
from tests.reference.statement import (
    Statement,
    check_signatures,
    commitment,
    decode_entry,
    decode_payload,
    decode_statement,
)
from tests.reference.verifier_key import LOG_TYPE, VerifierKey


class Proven(NamedTuple):
    """The entry's time, and what was said."""

    at: int
    statement: Statement


def check_proof(proof: Any, log: bytes) -> Proven:
    """What a proof shows of a log, or a reason why it shows nothing."""
    named: dict[int, set[bytes]] = {}
    for number in range(1, len(proof["charters"]) + 1):
        chain = charter.chain_of(proof["charters"][:number])
        named.setdefault(chain.epoch, set()).update(chain.charter.keys)
    require(charter.chain_of(proof["charters"]).log_id == log, "wrong_log")
    signed = note.parse_note(proof["note"])
    claimed = checkpoint.parse_checkpoint(signed.text)
    log_id, epoch = checkpoint.parse_origin(claimed.origin)
    require(log_id == log, "wrong_log")
    known = [VerifierKey(claimed.origin, LOG_TYPE, key) for key in sorted(named.get(epoch, set()))]
    note.verify_note(signed, known)
    leaf = tree.leaf_hash(proof["entry"])
    tree.check_inclusion(proof["index"], claimed.size, leaf, proof["hashes"], claimed.root)
    entry = decode_entry(proof["entry"])
    require(entry.scope == 0, "scope")
    require(commitment(proof["payload"]) == entry.commitment, "commitment")
    payload = decode_payload(proof["payload"])
    said = decode_statement(payload.statement)
    if proof["index"] == 0 and epoch == 1:
        require(said.log_id == b"" and charter.log_id_of(payload.statement) == log, "wrong_log")
    else:
        require(said.log_id == log, "wrong_log")
    check_signatures(payload, said.author)
    return Proven(entry.at, said)


def shown(proof: Value, log: bytes, kind: str) -> tuple[Proven, Any]:
    """A statement of a kind that a proof shows, or `clause_mismatch`."""
    try:
        proven = check_proof(proof, log)
        require(proven.statement.kind == kind and kind in KINDS, "malformed")
        check_body(kind, proven.statement.body)
    except RejectionError:
        raise RejectionError("clause_mismatch") from None
    return proven, proven.statement.body


def connector(book: Book, key: bytes, log: bytes) -> Thing:
    """The account of a neighbour."""
    account = book.need("account", key)
    require(account["type"] == "connector" and account["peer"] == log, "unknown_ref")
    return account


def reserve(book: Book, said: Said, body: Thing) -> None:
    """An amount is set aside."""
    account, other = book.need("account", body["account"]), connector(book, body["connector"], body["log"])
    require(book.by(said, account["owner"]) and account["type"] in ("member", "pool", "fund"), "not_authorised")
    require(body["amount"] > 0, "bad_amount")
    require(account["unit"] == other["unit"] == body["unit"], "wrong_unit")
    require(body["scale"] == book.all("unit")[body["unit"]]["scale"], "wrong_unit")
    require(other["state"] == "open", other["state"])
    book.move(body["account"], 0, body["amount"])
    other["pending"] += body["amount"]
    ceiling = AMOUNT_MAX if other["ceiling"] is None else other["ceiling"]
    require(other["posted"] + other["pending"] <= ceiling, "ceiling")
    book.all("outgoing")[said.id] = {**body, "position": said.position, "state": "reserved"}
    book.touch(body["connector"])


def accept(book: Book, said: Said, body: Thing) -> None:
    """It is taken."""
    account, other = book.need("account", body["account"]), connector(book, body["connector"], body["log"])
    require(account["type"] != "connector", "unknown_ref")
    owner = book.all("member").get(account["owner"], {"status": "", "consent": 0})
    agreed = owner["status"] == "active" and book.by_org(said) and body["amount"] <= owner["consent"]
    require(book.by(said, account["owner"]) or agreed, "not_authorised")
    require(body["amount"] > 0, "bad_amount")
    require(account["unit"] == other["unit"] == body["unit"], "wrong_unit")
    key = (body["log"], body["transfer"])
    require(key not in book.all("incoming"), "already_resolved")
    reserved = reserved_there(book, body)
    same = (reserved["to"], reserved["amount"], reserved["unit"]) == (body["account"], body["amount"], body["unit"])
    require(same, "clause_mismatch")
    require(reserved["scale"] == book.all("unit")[body["unit"]]["scale"], "wrong_unit")
    require(said.at <= reserved["deadline"], "late")
    book.move(body["connector"], -body["amount"])
    book.move(body["account"], body["amount"])
    book.all("incoming")[key] = {"state": "accepted"}


def reserved_there(book: Book, body: Thing) -> Any:
    """The reservation that a proof shows."""
    proven, reserved = shown(body["proof"], body["log"], "xfer.reserve")
    require(proven.statement.id == body["transfer"] and reserved["log"] == book.log, "clause_mismatch")
    return reserved


def refuse(book: Book, said: Said, body: Thing) -> None:
    """It is not taken."""
    key = (body["log"], body["transfer"])
    require(key not in book.all("incoming"), "already_resolved")
    target = reserved_there(book, body)["to"]
    account = book.all("account").get(target)
    require(book.by_org(said) or (account is not None and book.by(said, account["owner"])), "not_authorised")
    book.all("incoming")[key] = {"state": "refused"}
    if account is not None:
        book.touch(target)


def post(book: Book, said: Said, body: Thing) -> None:
    """It leaves the payer's account."""
    transfer = book.need("outgoing", body["transfer"])
    require(book.by_org(said), "not_authorised")
    require(transfer["state"] in ("reserved", "given up"), "already_resolved")
    proven, accepted = shown(body["proof"], transfer["log"], "xfer.accept")
    require((accepted["log"], accepted["transfer"]) == (book.log, body["transfer"]), "clause_mismatch")
    same = (accepted["account"], accepted["amount"], accepted["unit"]) == (
        transfer["to"],
        transfer["amount"],
        transfer["unit"],
    )
    require(same and accepted["proof"]["index"] == transfer["position"], "clause_mismatch")
    require(proven.at <= transfer["deadline"], "clause_mismatch")
    amount, held = transfer["amount"], transfer["amount"] if transfer["state"] == "reserved" else 0
    book.all("account")[transfer["connector"]]["pending"] -= held
    book.move(transfer["account"], -amount, -held, promised=True)
    book.move(transfer["connector"], amount, promised=True)
    transfer["state"] = "posted"


def void(book: Book, said: Said, body: Thing) -> None:
    """The amount is free again."""
    transfer = book.need("outgoing", body["transfer"])
    if "decision" in body:
        book.need("decision", body["decision"])
    require(book.by_org(said), "not_authorised")
    book.decided(said, body.get("decision"))
    require(transfer["state"] == "reserved", "already_resolved")
    if "proof" in body:
        _, refused = shown(body["proof"], transfer["log"], "xfer.refuse")
        require((refused["log"], refused["transfer"]) == (book.log, body["transfer"]), "clause_mismatch")
    book.all("account")[transfer["connector"]]["pending"] -= transfer["amount"]
    book.move(transfer["account"], 0, -transfer["amount"], promised=True)
    transfer["state"] = "void" if "proof" in body else "given up"
    book.touch(transfer["connector"])
